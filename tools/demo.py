"""vdb at work on the sample in docs/sample: import, index, query, score, filter, reopen, check.

Run by tools/demo. Takes a directory to keep the database in; without one it is made in a temporary
place and removed.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
import textwrap
import time
from pathlib import Path
from typing import Any

import numpy as np

import vdb

SAMPLE = Path(__file__).parent.parent / "docs" / "sample"
METRICS = ("cosine", "l2", "ip")
CONVENTIONS = ("native", "elasticsearch", "vespa", "vsag", "pgvector", "qdrant")
SHOWN = ("f-strings", "Type Hints: Generics", "except*", "Memory Allocators")
K = 10


def main() -> None:
    """Runs the demonstration; errors are one line."""
    try:
        sound = demonstrate(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
        sys.stdout.flush()
    except BrokenPipeError:  # whoever read the output has gone, `head` for instance
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
    except (vdb.VdbError, OSError) as error:
        sys.exit(f"tools/demo: {error}")
    if not sound:
        sys.exit(2)


def demonstrate(kept: Path | None) -> bool:
    """Everything in order, in a directory that is kept or a temporary one; whether it is sound."""
    place = kept or Path(tempfile.mkdtemp(prefix="vdb-demo-"))
    path = place / "peps.vdb"
    if path.exists():
        raise FileExistsError(f"{path} is there already; name another directory")
    try:
        records, vectors = load("paragraphs")
        questions, queries = load("queries")
        peps = len({record["pep"] for record in records})
        print(f"vdb {vdb.__version__} on {len(vectors):,} paragraphs of {peps} PEPs, ", end="")
        print(f"{vectors.shape[1]} dimensions, {len(queries)} queries\n", flush=True)
        with vdb.open(path) as db:
            print(f"{'metric':>8} {'indexed in':>12} {f'recall@{K}':>12} {'queries/s':>11}")
            for metric in METRICS:
                build(db, metric, records, vectors)
                measure(db.collection(metric), queries)
        print(f"recall@{K}: the share of the {K} nearest by exact search that the graph finds.")
        reopen(path, queries[0])
        print(
            "\nThe three nearest to some PEP titles and headings, by cosine. A * marks a paragraph"
        )
        print("that stands under that very heading.")
        with vdb.open(path, read_only=True) as db:
            for i in chosen(questions):
                show(db.collection("cosine"), questions[i], queries[i])
            score(db, queries[chosen(questions)[0]])
            only_some(db.collection("cosine"), queries[chosen(questions)[0]])
            problems = list(db.check())
        print("\ncheck:", *(problems or ["sound, every byte, link and count"]))
        if kept:
            print(f"The database is in {path}.")
    finally:
        if not kept:
            shutil.rmtree(place, ignore_errors=True)
    return not problems


def load(name: str) -> tuple[list[dict[str, Any]], np.ndarray]:
    """The lines and the vectors of one half of the sample."""
    with (SAMPLE / f"{name}.jsonl").open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines], np.load(SAMPLE / f"{name}.f16.npy")


def build(
    db: vdb.Database, metric: str, records: list[dict[str, Any]], vectors: np.ndarray
) -> None:
    """Makes and fills one collection in one commit."""
    began = time.perf_counter()
    with db.batch():
        made = db.create_collection(metric, dim=vectors.shape[1], metric=metric)
        ids = [record["id"] for record in records]
        made.add(ids, vectors, [{key: r[key] for key in r if key != "id"} for r in records])
    print(f"{metric:>8} {time.perf_counter() - began:>10.2f} s", end="")


def measure(collection: vdb.Collection, queries: np.ndarray) -> None:
    """Speed of one thread, and how many of the true nearest are found."""
    began = time.perf_counter()
    found = collection.search_many(queries, K, threads=1, with_payloads=False)
    seconds = time.perf_counter() - began
    true = collection.search_many(queries, K, exact=True, with_payloads=False)
    shared = [len(set(a.ids) & set(b.ids)) for a, b in zip(found, true, strict=True)]
    print(f" {np.mean(shared) / K:>12.3f} {len(queries) / seconds:>11,.0f}", flush=True)


def reopen(path: Path, query: np.ndarray) -> None:
    """Opens the closed database and searches it once, on the clock."""
    size = sum(file.stat().st_size for file in path.iterdir())
    began = time.perf_counter()
    with vdb.open(path, read_only=True) as db:
        db.collection("cosine").search(query, K)
        milliseconds = 1000 * (time.perf_counter() - began)
    print(f"\n{size / 1e6:.1f} MB on disk; opened again and searched in {milliseconds:.1f} ms.")


def chosen(questions: list[dict[str, Any]]) -> list[int]:
    """The queries that are printed."""
    return [i for part in SHOWN for i, q in enumerate(questions) if part in q["query"]][:4]


def show(collection: vdb.Collection, question: dict[str, Any], query: np.ndarray) -> None:
    """Prints the three nearest paragraphs; a star marks one that stands under that very heading."""
    print(f"\n{question['query']}")
    for hit in collection.search(query, 3):
        star = "*" if hit.id in question["relevant"] else " "
        place = f"PEP {hit.payload['pep']}, {hit.payload['section']}"
        text = textwrap.shorten(hit.payload["text"], 160, placeholder=" ...")
        lead = f"  {hit.score:.3f} {star} "
        print(
            textwrap.fill(f"{place}: {text}", 96, initial_indent=lead, subsequent_indent=" " * 10)
        )


def score(db: vdb.Database, query: np.ndarray) -> None:
    """Prints the score of what is nearest under each metric, as several engines say it."""
    print("\nThe score of what is nearest to the first of these, as other engines say it,")
    print("and whether higher or lower scores are closer:")
    print(f"\n{'':>14} " + " ".join(f"{metric:>18}" for metric in METRICS))
    for name in CONVENTIONS:
        cells = []
        for metric in METRICS:
            found = db.collection(metric).search(query, 1, scores=name)
            cells.append(f"{found[0].score:>11.6g} {found.direction:>6}")
        print(f"{name:>14} " + " ".join(cells))


def only_some(collection: vdb.Collection, query: np.ndarray) -> None:
    """Prints how many records a filter lets through, and the nearest of them."""
    where = (vdb.F.pep >= 600) & vdb.F.section.isin(["Abstract", "Motivation", "Rationale"])
    found = collection.search(query, 3, where=where)
    hits = ", ".join(f"{hit.id} {hit.score:.3f}" for hit in found)
    print(f"\nAmong abstracts, motivations and rationales from PEP 600 on: {hits}")
    print(f"  ({found.plan})")


if __name__ == "__main__":
    main()
