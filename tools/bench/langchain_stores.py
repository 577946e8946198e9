"""LangChain's stores side by side: adding texts, and searching, through their adapters.

    python -m tools.bench langchain [--texts 10000] [--searches 1000] [--dim 384] [--rounds 3]

Needs langchain-core, and of langchain-chroma, langchain-qdrant, langchain-community with lancedb
those that shall be measured. Each measurement is a process of its own; stores take turns. Every
store is on disk with its own defaults under cosine. An embedder that has all vectors ready stands
in the place of a model, so that the time is that of the stores. Chroma's adapter takes 5,461 texts
a call, so all get 5,000. LanceDB's adapter makes no index: its searches compare all vectors.

Times are processor seconds of the process, and wall seconds behind them; recall is that of the 4
nearest, against all vectors.
"""

from __future__ import annotations

import argparse
import importlib
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

PROGRAM = "python -m tools.bench langchain"
STORES = ("vdb", "vdb flat", "chroma", "lancedb", "qdrant")
PART = 5_000  # texts of a call
K = 4
WHAT = ("add", "search")


def main() -> None:
    """Prints a line for each store."""
    parser = argparse.ArgumentParser(
        prog=PROGRAM, description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--texts", type=int, default=10_000)
    parser.add_argument("--searches", type=int, default=1_000)
    parser.add_argument("--dim", type=int, default=384)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--child", choices=STORES, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child is not None:
        print(json.dumps(_measure(options.child, options)))
        return
    measured: dict[str, list[dict[str, float]]] = {store: [] for store in STORES}
    for _ in range(options.rounds):
        for store, rounds in measured.items():
            command = [sys.executable, "-W", "ignore", "-m", "tools.bench", "langchain"]
            command += ["--child", store, "--texts", str(options.texts), "--dim", str(options.dim)]
            command += ["--searches", str(options.searches)]
            child = subprocess.run(command, check=False, capture_output=True, text=True)
            if child.returncode == 0:
                rounds.append(json.loads(child.stdout.splitlines()[-1]))
            elif not rounds:
                print(f"{store}: {child.stderr.strip().splitlines()[-1]}", file=sys.stderr)
    _report({store: rounds for store, rounds in measured.items() if rounds})


def _report(measured: dict[str, list[dict[str, float]]]) -> None:
    median = {
        store: {key: statistics.median(one[key] for one in rounds) for key in rounds[0]}
        for store, rounds in measured.items()
    }
    titles = ["store", "add s (wall)", "vdb's part", "search ms (wall)", "vdb's part", "recall"]
    print(f"| {' | '.join(titles)} |\n|---|{'---:|' * (len(titles) - 1)}")
    for store, one in median.items():
        row = [store]
        for what in WHAT:
            row.append(f"{one[what]:.2f} ({one[f'{what} wall']:.2f})")
            row.append(f"{median['vdb'][what] / one[what]:.2f}x")
        print(f"| {' | '.join(row)} | {one['recall']:.3f} |")


def _measure(name: str, options: argparse.Namespace) -> dict[str, float]:
    random = np.random.default_rng(0)
    count = options.texts + options.searches
    centres = random.normal(size=(200, options.dim))
    rows = centres[random.integers(200, size=count)] + 0.6 * random.normal(
        size=(count, options.dim)
    )
    rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    stored, queries = rows[: options.texts], rows[options.texts :]
    nearest = np.argsort(-(queries @ stored.T), axis=1)[:, :K]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        store = _store(name, Path(folder), _embedder(rows.tolist()), options.dim)
        start = time.perf_counter(), time.process_time()
        for first in range(0, options.texts, PART):
            numbers = range(first, min(first + PART, options.texts))
            metadata = [{"n": n, "kind": "odd" if n % 2 else "even"} for n in numbers]
            store.add_texts([f"text {n}" for n in numbers], metadata)
        adding = time.perf_counter() - start[0], time.process_time() - start[1]
        texts = [f"query {n}" for n in range(options.texts, count)]
        store.similarity_search(texts[0], K)
        start = time.perf_counter(), time.process_time()
        results = [store.similarity_search(text, K) for text in texts]
        searching = time.perf_counter() - start[0], time.process_time() - start[1]
    hits = sum(
        len({document.metadata["n"] for document in documents} & set(ids))
        for documents, ids in zip(results, nearest.tolist(), strict=True)
    )
    thousandth = 1000 / len(texts)
    return {
        "add": adding[1],
        "add wall": adding[0],
        "search": searching[1] * thousandth,
        "search wall": searching[0] * thousandth,
        "recall": hits / (K * len(texts)),
    }


def _embedder(rows: list[list[float]]) -> Any:
    """Embeddings of "text 17" and the like: the row of that number."""
    base = importlib.import_module("langchain_core.embeddings").Embeddings

    class Ready(base):  # type: ignore[misc,valid-type]
        def embed_documents(self, texts: list[str]) -> list[list[float]]:
            return [self.embed_query(text) for text in texts]

        def embed_query(self, text: str) -> list[float]:
            number = text.rpartition(" ")[2]
            return rows[int(number) if number.isdigit() else 0]

    return Ready()


def _store(name: str, folder: Path, embedder: Any, dim: int) -> Any:
    """An empty store of that name, on disk."""
    if name.startswith("vdb"):
        vdb = importlib.import_module("vdb")
        store = importlib.import_module("vdb.integrations.langchain").VdbVectorStore
        index = vdb.Flat() if name.endswith("flat") else None
        return store(embedder, folder / "texts.vdb", index=index)
    if name == "chroma":
        return importlib.import_module("langchain_chroma").Chroma(
            "texts",
            embedder,
            persist_directory=str(folder),
            collection_metadata={"hnsw:space": "cosine"},
        )
    if name == "lancedb":
        store = importlib.import_module("langchain_community.vectorstores").LanceDB
        # Its default, "overwrite", leaves only what the last call has added.
        return store(uri=str(folder), embedding=embedder, distance="cosine", mode="append")
    qdrant = importlib.import_module("qdrant_client")
    client = qdrant.QdrantClient(path=str(folder))
    vectors = qdrant.models.VectorParams(size=dim, distance=qdrant.models.Distance.COSINE)
    client.create_collection("texts", vectors_config=vectors)
    return importlib.import_module("langchain_qdrant").QdrantVectorStore(client, "texts", embedder)


if __name__ == "__main__":
    main()
