"""Makes the files beside it, in an environment of either release: pip install chromadb==1.5.9, or

pip install chromadb==0.4.24 "numpy<2"; then run it in the root of the tree.
"""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import chromadb

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[2]))
from sources.records import names, payloads, vectors  # noqa: E402

rows, ids = vectors(), names()
OLD = chromadb.__version__.startswith("0.4")


def parameters(space, sync=1000):
    """hnsw:... of 0.4, and what newer releases take for it."""
    return {
        "hnsw:space": space,
        "hnsw:M": 8,
        "hnsw:construction_ef": 40,
        "hnsw:sync_threshold": sync,
        "hnsw:batch_size": 5,
    }


def fill(collection):
    """All records, then changes: three deleted, one replaced, one add and one update in vain."""
    documents = [f"text {number}" for number in range(len(ids))]
    for part in (slice(0, 20), slice(20, 40)):
        collection.add(
            ids=ids[part],
            embeddings=rows[part].tolist(),
            metadatas=payloads()[part],
            documents=documents[part] if part.start else None,
        )
    collection.delete(ids=[ids[1], ids[30]])
    collection.upsert(ids=[ids[2]], embeddings=[(rows[2] * 2).tolist()])
    collection.add(ids=[ids[3]], embeddings=[(rows[3] * 3).tolist()])
    collection.update(ids=["nobody"], embeddings=[rows[0].tolist()])
    collection.delete(ids=[ids[39]])
    collection.add(ids=[ids[39]], embeddings=[(rows[39] * 2).tolist()])


def make(place):
    """One directory of several collections."""
    client = chromadb.PersistentClient(
        place, settings=chromadb.Settings(anonymized_telemetry=False)
    )
    for space, sync in (("l2", 1000), ("ip", 10), ("cosine", 10)):
        fill(client.create_collection(f"docs-{space}", metadata=parameters(space, sync)))
    client.create_collection("empty")
    if not OLD:
        lists = client.create_collection("lists")
        lists.add(
            ids=["a"],
            embeddings=[[1.0, 2.0]],
            metadatas=[{"tags": ["x", "y"], "numbers": [1, 2], "document": "metadata's own"}],
            documents=["the document"],
            uris=["u:1"],
        )


if len(sys.argv) > 1:
    make(sys.argv[1])
else:
    with tempfile.TemporaryDirectory() as place:
        # In a program of its own, since the client has no close.
        subprocess.run([sys.executable, __file__, place], check=True)
        with sqlite3.connect(Path(place) / "chroma.sqlite3") as database:
            database.execute("PRAGMA journal_mode = DELETE")
            database.execute("PRAGMA page_size = 1024")
            database.execute("VACUUM")
        database.close()
        target = HERE / f"chroma-{chromadb.__version__}.zip"
        with zipfile.ZipFile(target, "w", zipfile.ZIP_LZMA) as archive:
            for path in sorted(Path(place).rglob("*")):
                if path.is_file():
                    archive.write(path, path.relative_to(place))
