"""Makes the files beside it, in an environment of either release: pip install chromadb==1.5.9, or

pip install chromadb==0.4.24 "numpy<2"; then run it in the root of the tree.
"""

from __future__ import annotations

import shutil
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import chromadb

sys.path.insert(0, str(Path(__file__).parents[3]))
from sources.recipes import Given, apart, pack, run, without

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


def payloads_of(records):
    """Payloads with numbers of few digits: of others Chroma itself gives another last one."""
    return [
        one and one | {"score": float(f"{one['score']:.6g}") if abs(one["score"]) < 1e6 else 0.25}
        for one in records.payloads()
    ]


def fill(collection, records):
    """All records, then changes: three deleted, one replaced, one add and one update in vain."""
    rows, ids, half = records.vectors(), records.names(), records.count // 2
    documents = [f"text {number}" for number in range(len(ids))]
    for part in (slice(0, half), slice(half, len(ids))):
        collection.add(
            ids=ids[part],
            embeddings=rows[part].tolist(),
            metadatas=payloads_of(records)[part],
            documents=documents[part] if part.start else None,
        )
    collection.delete(ids=[ids[1], ids[30]])
    collection.upsert(ids=[ids[2]], embeddings=[(rows[2] * 2).tolist()])
    collection.add(ids=[ids[3]], embeddings=[(rows[3] * 3).tolist()])
    collection.update(ids=["nobody"], embeddings=[rows[0].tolist()])
    collection.delete(ids=[ids[-1]])
    collection.add(ids=[ids[-1]], embeddings=[(rows[-1] * 2).tolist()])


def write(place, records):
    """One directory of several collections."""
    client = chromadb.PersistentClient(
        str(place), settings=chromadb.Settings(anonymized_telemetry=False)
    )
    for space, sync in (("l2", 1000), ("ip", 10), ("cosine", 10)):
        fill(client.create_collection(f"docs-{space}", metadata=parameters(space, sync)), records)
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


def make(folder, records):
    """A directory of one collection a space, as the client leaves it."""
    place = folder / f"chroma-{chromadb.__version__}"
    shutil.rmtree(place, ignore_errors=True)
    apart(write, place, records)  # the client has no close
    if records.small:
        with closing(sqlite3.connect(place / "chroma.sqlite3")) as database:
            database.execute("PRAGMA journal_mode = DELETE")
            database.execute("PRAGMA page_size = 1024")
            database.execute("VACUUM")
        pack(place, place.with_suffix(place.suffix + ".zip"))
        shutil.rmtree(place)
    vectors, payloads = records.vectors(), payloads_of(records)
    vectors[2] *= 2
    vectors[-1] *= 2
    for row in range(records.count // 2, records.count - 1):
        payloads[row] = payloads[row] | {"document": f"text {row}"}
    for space in ("l2", "ip", "cosine"):
        given = Given(
            place.name,
            records.names(),
            vectors,
            space,
            payloads,
            deleted=None,
            options={"collection": f"docs-{space}"},
        )
        yield without(given, [1, 30])


if __name__ == "__main__":
    run(make, __file__, "chromadb")
