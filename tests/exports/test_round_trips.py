"""What the formats that hold everything write is imported as the same collection."""

import numpy as np
import pytest

import vdb
from exports.collections import DIM, FIELDS, fill, require_round_trip
from vdb.model.dtypes import DTYPES
from vdb.model.metrics import METRICS

FORMATS = {"npy": None, "parquet": "pyarrow", "arrow": "pyarrow", "lance": "lance"}
pytestmark = pytest.mark.parametrize("file_format", FORMATS)


@pytest.fixture(autouse=True)
def library(file_format):
    if FORMATS[file_format] is not None:
        pytest.importorskip(FORMATS[file_format])


@pytest.mark.parametrize("ids", ["str", "int"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_vectors_of_every_dtype_and_payloads_of_every_kind(tmp_path, file_format, dtype, ids):
    with vdb.temporary() as db:
        require_round_trip(fill(db, dtype=dtype, ids=ids), tmp_path / "out", file_format)
        assert list(db.check()) == []


@pytest.mark.parametrize("metric", METRICS)
def test_every_metric(tmp_path, file_format, metric):
    dtype = "bit" if "bit" in METRICS[metric].dtypes else "float32"
    with vdb.temporary() as db:
        require_round_trip(fill(db, dtype=dtype, metric=metric), tmp_path / "out", file_format)


@pytest.mark.parametrize(
    "options",
    [
        {"index": vdb.Flat()},
        {"index": vdb.HNSW(M=7, ef_construction=33, codes="int8", seed=5)},
        {"index": vdb.HNSW(codes="int4")},
        {"model": "a model", "scores": "faiss"},
        {"fields": FIELDS},
        {"bare": (0, 5, 39)},
        {"bare": tuple(range(40))},
        {"count": 1},
        {"count": 0},
        {"count": 0, "bare": (0,), "fields": FIELDS},
    ],
    ids=str,
)
def test_every_configuration(tmp_path, file_format, options):
    with vdb.temporary() as db:
        require_round_trip(fill(db, **options), tmp_path / "out", file_format)


def test_a_collection_whose_dimension_is_open(tmp_path, file_format):
    if file_format == "lance":
        pytest.skip("a column of vectors has a length there")
    with vdb.temporary() as db:
        docs = db.create_collection("docs", dim="auto", metric="ip", optional_vectors=True)
        report = docs.export(tmp_path / "empty", file_format)
        assert report.records == 0
        docs.add(["a", "b"], None, [{"n": 1}, None])
        report = docs.export(tmp_path / "bare", file_format)
        assert (report.records, report.without_vector) == (2, 2)
        with vdb.temporary() as other:
            other.import_source(report.files[0], "again")
            again = other.collection("again")
            assert again.dim is None and again.get("a").payload == {"n": 1}
            again.add(["c"], np.ones((1, DIM), np.float32))
            assert list(other.check()) == []
