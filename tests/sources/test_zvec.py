"""Collections of zvec: documents, fields and the metric are what it was given."""

from __future__ import annotations

import shutil
import subprocess
import sys

import numpy as np
import pytest

import vdb
from sources.records import names, vectors

pytest.importorskip("zvec")

MAKE = """
import sys
import zvec

sys.path.insert(0, sys.argv[2])
from sources.records import names, payloads, vectors

kinds = zvec.DataType
fields = [
    zvec.FieldSchema(name, kind, nullable=True)
    for name, kind in {
        "i": kinds.INT64, "title": kinds.STRING, "score": kinds.DOUBLE, "even": kinds.BOOL,
        "tags": kinds.ARRAY_STRING, "text": kinds.STRING,
    }.items()
]
for metric in ("L2", "IP", "COSINE"):
    index = zvec.HnswIndexParam(
        metric_type=getattr(zvec.MetricType, metric), m=8, ef_construction=40
    )
    columns = [
        zvec.VectorSchema("v", kinds.VECTOR_FP32, dimension=16, index_param=index),
    ]
    if metric == "IP":
        columns.append(
            zvec.VectorSchema("small", kinds.VECTOR_FP16, dimension=2, index_param=index)
        )
    schema = zvec.CollectionSchema(name="docs", fields=fields, vectors=columns)
    collection = zvec.create_and_open(path=f"{sys.argv[1]}/{metric}", schema=schema)

    def document(place, factor=1):
        payload = (payloads()[place] or {}) | {"tags": ["a", str(place)], "text": "x" * 300}
        rows = {"v": (vectors()[place] * factor).tolist()}
        if metric == "IP":
            rows["small"] = [place, 0.5]
        return zvec.Doc(id=names()[place], vectors=rows, fields=payload)

    collection.insert([document(place) for place in range(40)])
    collection.delete([names()[1], names()[30]])
    collection.upsert([document(2, 2)])
    collection.flush()
"""
METRICS = {"L2": "l2", "IP": "ip", "COSINE": "cosine"}


@pytest.fixture(scope="module")
def directory(tmp_path_factory, pytestconfig):
    place = tmp_path_factory.mktemp("zvec")
    # In a program of its own, which lets go of the files.
    arguments = [sys.executable, "-c", MAKE, str(place), str(pytestconfig.rootpath / "tests")]
    subprocess.run(arguments, check=True)
    return place


def contents(place):
    return {path: path.read_bytes() for path in place.rglob("*") if path.is_file()}


@pytest.mark.parametrize("metric", METRICS)
def test_documents_are_what_was_given_and_nothing_is_changed(directory, metric):
    before = contents(directory / metric)
    options = {"vector": "v"} if metric == "IP" else {}
    with vdb.sources.open(directory / metric, **options) as source:
        info = source.info
        records = {
            one: (row, payload)
            for batch in source.batches(7)
            for one, row, payload in zip(batch.ids, batch.vectors, batch.payloads, strict=True)
        }
    assert contents(directory / metric) == before
    assert (info.format, info.count, info.dim, info.metric) == ("zvec", 38, 16, METRICS[metric])
    assert any("1e-7" in note for note in info.notes) == (metric == "COSINE")
    assert (info.ids, info.convention) == ("str", "zvec")
    assert info.index == vdb.HNSW(M=8, ef_construction=40)
    assert info.fields == {
        "i": "int",
        "title": "keyword",
        "score": "float",
        "even": "bool",
        "tags": "keyword[]",
    }
    assert set(records) == set(names()) - {names()[1], names()[30]}
    for place, name in enumerate(names()):
        if name in records:
            row, payload = records[name]
            expected = vectors()[place] * (2 if place == 2 else 1)
            if metric == "COSINE":
                assert row == pytest.approx(expected, abs=1e-6)
            else:
                assert row.tolist() == expected.tolist()
            assert payload["tags"] == ["a", str(place)]
            assert payload.get("i") == (place if place < 39 else None)


@pytest.mark.parametrize("metric", METRICS)
def test_an_import_agrees_with_zvec_itself(directory, metric):
    with vdb.temporary() as db:
        options = {"vector": "v"} if metric == "IP" else {}
        report = db.import_source(directory / metric, "docs", options=options, verify=10)
        assert report.added == 38 and report.verification.agrees
        assert report.verification.engine.startswith("zvec")
        assert list(db.check()) == []


def test_columns_of_vectors_need_a_choice_and_keep_their_type(directory):
    with pytest.raises(vdb.InvalidArgumentError, match="vector=, one of"):
        vdb.sources.open(directory / "IP")
    with vdb.sources.open(directory / "IP", vector="small") as source:
        batches = list(source.batches())
        assert (source.info.dtype, source.info.dim) == ("float16", 2)
        assert "left out: v" in source.info.notes[0]
    rows = {
        one: row for batch in batches for one, row in zip(batch.ids, batch.vectors, strict=True)
    }
    assert rows[names()[7]].tolist() == [7, 0.5] and rows[names()[7]].dtype == np.float16


def test_a_collection_that_is_damaged_is_refused(directory, tmp_path):
    for name in ("manifest.*", "del.*", "*.ipc", "*.proxima"):
        place = tmp_path / name.strip("*.")
        shutil.copytree(directory / "L2", place)
        (path,) = place.rglob(name)
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
        with pytest.raises(vdb.SourceError) as caught:
            list(vdb.sources.open(place).batches())
        assert caught.value.path == str(place)
        shutil.rmtree(place)
