"""Makes the file beside it: run it in the root of the tree.

pip install milvus-lite==2.5.1 pymilvus==2.5.18 "setuptools<80" numpy
"""

from __future__ import annotations

import json
import sqlite3
import sys
import zipfile
from pathlib import Path

import numpy as np
from pymilvus import DataType, MilvusClient

sys.path.insert(0, str(Path(__file__).parents[3]))
from sources.recipes import Given, run, without
from sources.records import DIM

GONE = (1, 30)
DOUBLED = 3
NOTHING = {"i": -1, "title": "", "score": 0.0, "even": False}
"""In the place of no payload: no field is nullable."""


def payload_of(payloads, row):
    lists = {"numbers": [row, -1], "texts": ["a", f"ü{row}"] if row else []}
    more = {"dynamic": [row]} if row % 2 else {}
    return (
        {"j": {"a": [row, None]}, "small": -(row % 128)} | (payloads[row] or NOTHING) | lists | more
    )


def schema_of(kind):
    schema = MilvusClient.create_schema(enable_dynamic_field=True)
    schema.add_field("key", DataType[kind], is_primary=True, max_length=64)
    schema.add_field("v", DataType.FLOAT_VECTOR, dim=DIM)
    plain = {"j": "JSON", "small": "INT8", "i": "INT64", "score": "DOUBLE", "even": "BOOL"}
    for name, one in plain.items():
        schema.add_field(name, DataType[one])
    schema.add_field("title", DataType.VARCHAR, max_length=256)
    arrays = {"datatype": DataType.ARRAY, "max_capacity": 8}
    schema.add_field("numbers", element_type=DataType.INT64, **arrays)
    schema.add_field("texts", element_type=DataType.VARCHAR, max_length=9, **arrays)
    return schema


def fill(client, name, kind, ids, metric, records):
    """Records, some of them deleted or replaced."""
    rows, payloads = records.vectors(), records.payloads()

    def record(row, factor=1):
        return {"key": ids[row], "v": (rows[row] * factor).tolist()} | payload_of(payloads, row)

    client.create_collection(name, schema=schema_of(kind))
    client.insert(name, [record(row) for row in range(records.count)])
    if metric is not None:
        index(client, name, metric)
    client.delete(name, ids=[ids[row] for row in GONE])
    client.upsert(name, [record(DOUBLED, factor=2)])


def index(client, name, metric):
    parameters = client.prepare_index_params()
    kind = "BIN_FLAT" if metric in ("HAMMING", "JACCARD") else "FLAT"
    parameters.add_index("v", index_type=kind, metric_type=metric)
    client.create_index(name, parameters)


def fill_other(client, name, kind, keys, values, metric=None, **dim):
    schema = MilvusClient.create_schema()
    schema.add_field("key", DataType.INT64, is_primary=True)
    schema.add_field("v", DataType[kind], **dim)
    client.create_collection(name, schema=schema)
    made = zip(keys, values, strict=True)
    client.insert(name, [{"key": key, "v": value} for key, value in made])
    if metric is not None:
        index(client, name, metric)


def answers(client, name, query):
    client.load_collection(name)
    (hits,) = client.search(name, data=[query], limit=5)
    return [[dict(hit).get("key", dict(hit).get("id")), dict(hit)["distance"]] for hit in hits]


def make(folder, records):
    """One file, with a collection a metric, one with texts as keys, and other vectors."""
    path = folder / "milvus.db"
    path.unlink(missing_ok=True)
    client = MilvusClient(str(path))
    rows, codes, keys = records.vectors(), records.bits(), records.numbers().tolist()
    for metric in ("L2", "IP", "COSINE"):
        fill(client, metric, "INT64", keys, metric, records)
    fill(client, "texts", "VARCHAR", records.names(), None, records)
    halves = [row.astype(np.float16) for row in rows]
    fill_other(client, "halves", "FLOAT16_VECTOR", keys, halves, dim=DIM)
    upper = [(row.view(np.uint32) >> 16).astype(np.uint16) for row in rows]
    fill_other(
        client, "bfloats", "BFLOAT16_VECTOR", keys, [one.tobytes() for one in upper], dim=DIM
    )
    packed = [row.tobytes() for row in codes]
    fill_other(client, "codes", "BINARY_VECTOR", keys, packed, "HAMMING", dim=64)
    fill_other(client, "jaccard", "BINARY_VECTOR", keys, packed, "JACCARD", dim=64)
    fill_other(client, "sparse", "SPARSE_FLOAT_VECTOR", keys, [{1: 0.5, 7: 1.0}] * len(keys))
    said = {name: answers(client, name, rows[0].tolist()) for name in ("L2", "IP", "COSINE")}
    said["codes"] = answers(client, "codes", packed[0])
    client.close()
    with sqlite3.connect(path) as database:
        database.execute("VACUUM")
    database.close()
    if records.small:
        with zipfile.ZipFile(folder / "milvus-lite-2.zip", "w", zipfile.ZIP_LZMA) as archive:
            archive.write(path, path.name)
            archive.writestr("answers.json", json.dumps(said))
        path.unlink()
        (folder / "milvus.db.lock").unlink(missing_ok=True)
    doubled = rows.copy()
    doubled[DOUBLED] *= 2
    payloads = [payload_of(records.payloads(), row) for row in range(records.count)]
    for name in ("L2", "IP", "COSINE", "texts"):
        text = name == "texts"
        yield without(
            Given(
                path.name,
                records.names() if text else keys,
                doubled,
                None if text else name.lower(),
                payloads,
                asked="l2" if text else None,
                options={"collection": name},
            ),
            GONE,
        )
    wide = np.stack([(one.astype(np.uint32) << 16).view(np.float32) for one in upper])
    for name, vectors in (("halves", np.stack(halves)), ("bfloats", wide)):
        yield Given(path.name, keys, vectors, asked="l2", options={"collection": name})
    yield Given(path.name, keys, codes, "hamming", options={"collection": "codes"})


if __name__ == "__main__":
    run(make, __file__, "milvus-lite", "pymilvus")
