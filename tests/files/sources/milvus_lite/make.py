"""Makes the file beside it: pip install milvus-lite==3.2.2; run it in the root of the tree."""

from __future__ import annotations

import sys
import tempfile
import zipfile
from pathlib import Path

from milvus_lite import CollectionSchema, DataType, FieldSchema, MilvusLite

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[2]))
from sources.records import COUNT, DIM, names, numbers, payloads, vectors  # noqa: E402

rows = vectors()


def record(place, key, factor=1):
    payload = payloads()[place] or dict.fromkeys(("i", "title", "score", "even"))
    more = {"dynamic": [place]} if place % 2 else {}
    row = (rows[place] * factor).tolist()
    return {"key": key, "v": row, "j": {"a": [place]}, **payload, **more}


def fields(kind):
    """A key of that type, and fields of all types."""
    plain = {"i": "INT64", "title": "VARCHAR", "score": "DOUBLE", "even": "BOOL"}
    length = {"max_length": 64} if kind == "VARCHAR" else {}
    return [
        FieldSchema(name="key", dtype=DataType[kind], is_primary=True, **length),
        FieldSchema(name="v", dtype=DataType.FLOAT_VECTOR, dim=DIM),
        FieldSchema(name="j", dtype=DataType.JSON),
        *(
            FieldSchema(name=name, dtype=DataType[one], nullable=True, max_length=64)
            if one == "VARCHAR"
            else FieldSchema(name=name, dtype=DataType[one], nullable=True)
            for name, one in plain.items()
        ),
    ]


def fill(database, name, kind, ids, metric):
    """Records in files and in the log, some of them deleted or replaced in either."""
    schema = CollectionSchema(fields=fields(kind), enable_dynamic_field=True)
    collection = database.create_collection(name, schema)
    collection.insert([record(place, ids[place]) for place in range(20)])
    collection.flush()
    if metric is not None:
        parameters = {"M": 8, "efConstruction": 40}
        index = {"index_type": "HNSW", "metric_type": metric, "params": parameters}
        collection.create_index("v", index)
    collection.delete([ids[1]])
    collection.flush()
    collection.create_partition("other")
    rest = [record(place, ids[place]) for place in range(20, COUNT)]
    collection.insert(rest, partition_name="other")
    collection.delete([ids[2], ids[30]])
    collection.upsert([record(3, ids[3], factor=2), record(31, ids[31], factor=2)])
    collection.insert([record(2, ids[2], factor=3)])


with tempfile.TemporaryDirectory() as directory:
    database = MilvusLite(directory)
    for metric in ("L2", "IP", "COSINE"):
        fill(database, metric, "INT64", numbers().tolist(), metric)
    fill(database, "texts", "VARCHAR", names(), None)
    # Before it is closed, which empties the log.
    with zipfile.ZipFile(HERE / "milvus-lite-3.zip", "w", zipfile.ZIP_LZMA) as archive:
        for path in sorted(Path(directory).rglob("*")):
            if path.is_file() and path.name != "LOCK" and "indexes" not in path.parts:
                archive.write(path, path.relative_to(directory))
    database.close()
