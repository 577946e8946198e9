"""Makes the file beside it: pip install milvus-lite==3.2.2; run it in the root of the tree."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from milvus_lite import CollectionSchema, DataType, FieldSchema, MilvusLite

sys.path.insert(0, str(Path(__file__).parents[3]))
from sources.recipes import Given, pack, run, without
from sources.records import DIM

KEYS = ("i", "title", "score", "even")


def payload_of(payloads, row):
    """The payload of a record: nulls where it was given none, and fields of more kinds."""
    more = {"dynamic": [row]} if row % 2 else {}
    return {"j": {"a": [row]}, **(payloads[row] or dict.fromkeys(KEYS)), **more}


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


def fill(database, name, kind, ids, metric, records):
    """Records in files and in the log, some of them deleted or replaced in either."""
    rows, payloads = records.vectors(), records.payloads()

    def record(row, factor=1):
        vector = (rows[row] * factor).tolist()
        return {"key": ids[row], "v": vector, **payload_of(payloads, row)}

    schema = CollectionSchema(fields=fields(kind), enable_dynamic_field=True)
    collection = database.create_collection(name, schema)
    collection.insert([record(row) for row in range(20)])
    collection.flush()
    if metric is not None:
        parameters = {"M": 8, "efConstruction": 40}
        index = {"index_type": "HNSW", "metric_type": metric, "params": parameters}
        collection.create_index("v", index)
    collection.delete([ids[1]])
    collection.flush()
    collection.create_partition("other")
    rest = [record(row) for row in range(20, records.count)]
    collection.insert(rest, partition_name="other")
    collection.delete([ids[2], ids[30]])
    collection.upsert([record(3, factor=2), record(31, factor=2)])
    collection.insert([record(2, factor=3)])


def make(folder, records):
    """A directory of one collection a metric, and one with texts as keys."""
    place, numbers = folder / "milvus-lite-3", records.numbers().tolist()
    shutil.rmtree(place, ignore_errors=True)
    (folder / "open").mkdir()
    database = MilvusLite(str(folder / "open"))
    for metric in ("L2", "IP", "COSINE"):
        fill(database, metric, "INT64", numbers, metric, records)
    fill(database, "texts", "VARCHAR", records.names(), None, records)
    # Before it is closed, which empties the log.
    leave_out = ["LOCK", "indexes"] if records.small else ["LOCK"]
    if records.small:
        pack(folder / "open", folder / "milvus-lite-3.zip", leave_out=leave_out)
    else:
        shutil.copytree(folder / "open", place, ignore=shutil.ignore_patterns(*leave_out))
    database.close()
    shutil.rmtree(folder / "open")
    vectors = records.vectors()
    vectors[3] *= 2
    vectors[31] *= 2
    vectors[2] *= 3
    payloads = [payload_of(records.payloads(), row) for row in range(records.count)]
    for name in ("L2", "IP", "COSINE", "texts"):
        text = name == "texts"
        given = Given(
            place.name,
            records.names() if text else numbers,
            vectors,
            None if text else name.lower(),
            payloads,
            deleted=3,
            asked="l2" if text else None,
            options={"collection": name},
        )
        yield without(given, [1, 30])


if __name__ == "__main__":
    run(make, __file__, "milvus-lite")
