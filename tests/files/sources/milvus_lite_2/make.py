"""Makes the files beside it: run it in the root of the tree.

pip install milvus-lite==2.5.1 pymilvus==2.5.18 "setuptools<80" numpy
"""

from __future__ import annotations

import json
import sqlite3
import sys
import tempfile
import zipfile
from pathlib import Path

import numpy as np
from pymilvus import DataType, MilvusClient

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[2]))
from sources.records import COUNT, DIM, bits, names, numbers, payloads, vectors  # noqa: E402

rows = vectors()


def record(place, key, factor=1):
    payload = payloads()[place] or {"i": -1, "title": "", "score": 0.0, "even": False}
    more = {"dynamic": [place]} if place % 2 else {}
    row = (rows[place] * factor).tolist()
    lists = {"numbers": [place, -1], "texts": ["a", f"ü{place}"] if place else []}
    return (
        {"key": key, "v": row, "j": {"a": [place, None]}, "small": -place} | payload | lists | more
    )


def schema_of(kind):
    schema = MilvusClient.create_schema(enable_dynamic_field=True)
    schema.add_field("key", DataType[kind], is_primary=True, max_length=64)
    schema.add_field("v", DataType.FLOAT_VECTOR, dim=DIM)
    plain = {"j": "JSON", "small": "INT8", "i": "INT64", "score": "DOUBLE", "even": "BOOL"}
    for name, one in plain.items():
        schema.add_field(name, DataType[one])
    schema.add_field("title", DataType.VARCHAR, max_length=64)
    arrays = {"datatype": DataType.ARRAY, "max_capacity": 8}
    schema.add_field("numbers", element_type=DataType.INT64, **arrays)
    schema.add_field("texts", element_type=DataType.VARCHAR, max_length=9, **arrays)
    return schema


def fill(client, name, kind, ids, metric):
    """Records, some of them deleted or replaced."""
    client.create_collection(name, schema=schema_of(kind))
    client.insert(name, [record(place, ids[place]) for place in range(COUNT)])
    if metric is not None:
        index(client, name, metric)
    client.delete(name, ids=[ids[1], ids[30]])
    client.upsert(name, [record(3, ids[3], factor=2)])


def index(client, name, metric):
    parameters = client.prepare_index_params()
    kind = "BIN_FLAT" if metric in ("HAMMING", "JACCARD") else "FLAT"
    parameters.add_index("v", index_type=kind, metric_type=metric)
    client.create_index(name, parameters)


def fill_other(client, name, kind, values, metric=None, **dim):
    schema = MilvusClient.create_schema()
    schema.add_field("key", DataType.INT64, is_primary=True)
    schema.add_field("v", DataType[kind], **dim)
    client.create_collection(name, schema=schema)
    made = zip(numbers().tolist(), values, strict=True)
    client.insert(name, [{"key": key, "v": value} for key, value in made])
    if metric is not None:
        index(client, name, metric)


def answers(client, name, query):
    client.load_collection(name)
    (hits,) = client.search(name, data=[query], limit=5)
    return [[dict(hit).get("key", dict(hit).get("id")), dict(hit)["distance"]] for hit in hits]


with tempfile.TemporaryDirectory() as directory:
    path = Path(directory) / "milvus.db"
    client = MilvusClient(str(path))
    for metric in ("L2", "IP", "COSINE"):
        fill(client, metric, "INT64", numbers().tolist(), metric)
    fill(client, "texts", "VARCHAR", names(), None)
    halves = [row.astype(np.float16) for row in rows]
    fill_other(client, "halves", "FLOAT16_VECTOR", halves, dim=DIM)
    upper = [(row.view(np.uint32) >> 16).astype(np.uint16).tobytes() for row in rows]
    fill_other(client, "bfloats", "BFLOAT16_VECTOR", upper, dim=DIM)
    codes = [row.tobytes() for row in bits()]
    fill_other(client, "codes", "BINARY_VECTOR", codes, "HAMMING", dim=64)
    fill_other(client, "jaccard", "BINARY_VECTOR", codes, "JACCARD", dim=64)
    fill_other(client, "sparse", "SPARSE_FLOAT_VECTOR", [{1: 0.5, 7: 1.0}] * COUNT)
    said = {name: answers(client, name, rows[0].tolist()) for name in ("L2", "IP", "COSINE")}
    said["codes"] = answers(client, "codes", codes[0])
    client.close()
    with sqlite3.connect(path) as database:
        database.execute("VACUUM")
    database.close()
    with zipfile.ZipFile(HERE / "milvus-lite-2.zip", "w", zipfile.ZIP_LZMA) as archive:
        archive.write(path, path.name)
        archive.writestr("answers.json", json.dumps(said))
