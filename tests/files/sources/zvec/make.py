"""Makes directories of zvec: pip install zvec==0.8.0; none are held here, being large."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import numpy as np
import zvec

sys.path.insert(0, str(Path(__file__).parents[3]))
from sources.recipes import Given, apart, run, without

KINDS = {
    "i": zvec.DataType.INT64,
    "title": zvec.DataType.STRING,
    "score": zvec.DataType.DOUBLE,
    "even": zvec.DataType.BOOL,
    "tags": zvec.DataType.ARRAY_STRING,
    "text": zvec.DataType.STRING,
}


def payloads_of(records):
    """Payloads with a list and a long text."""
    more = [{"tags": ["a", str(row)], "text": "x" * 300} for row in range(records.count)]
    return [(one or {}) | two for one, two in zip(records.payloads(), more, strict=True)]


def write(place, metric, records):
    """A collection of all records, some of them deleted or replaced; under IP, of two vectors."""
    index = zvec.HnswIndexParam(
        metric_type=getattr(zvec.MetricType, metric), m=8, ef_construction=40
    )
    columns = [
        zvec.VectorSchema("v", zvec.DataType.VECTOR_FP32, dimension=16, index_param=index),
        zvec.VectorSchema("small", zvec.DataType.VECTOR_FP16, dimension=2, index_param=index),
    ]
    fields = [zvec.FieldSchema(name, kind, nullable=True) for name, kind in KINDS.items()]
    columns = columns if metric == "IP" else columns[:1]
    schema = zvec.CollectionSchema(name="docs", fields=fields, vectors=columns)
    collection = zvec.create_and_open(path=str(place), schema=schema)
    rows, names, payloads = records.vectors(), records.names(), payloads_of(records)

    def document(row, factor=1):
        vectors = {"v": (rows[row] * factor).tolist()}
        if metric == "IP":
            vectors["small"] = [row, 0.5]
        return zvec.Doc(id=names[row], vectors=vectors, fields=payloads[row])

    for start in range(0, records.count, 100):
        rest = range(start, min(start + 100, records.count))
        collection.insert([document(row) for row in rest])
    collection.delete([names[1], names[30]])
    collection.upsert([document(2, 2)])
    collection.flush()


def make(folder, records):
    """A collection of each metric."""
    vectors = records.vectors()
    vectors[2] *= 2
    for metric in ("L2", "IP", "COSINE"):
        shutil.rmtree(folder / metric, ignore_errors=True)
        apart(write, folder / metric, metric, records)
        options = {"vector": "v"} if metric == "IP" else {}
        given = Given(
            metric,
            records.names(),
            vectors,
            metric.lower(),
            payloads_of(records),
            None,
            options=options,
        )
        yield without(given, [1, 30])
    small = np.stack([np.arange(records.count), np.full(records.count, 0.5)], axis=1)
    small = Given("IP", records.names(), small.astype(np.float16), "ip", payloads_of(records))
    small.deleted, small.options = None, {"vector": "small"}
    yield without(small, [1, 30])


if __name__ == "__main__":
    run(make, __file__, "zvec")
