"""Exports of Weaviate to Parquet, in the layout of its writer: objects become records."""

from __future__ import annotations

import json

import numpy as np
import pytest

import vdb
from sources.records import names, payloads, vectors

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")
weaviate_export = pytest.importorskip("sources.weaviate_export")

ROWS = vectors()


def export(place, *, rows=slice(None), **columns):
    return weaviate_export.export(place, names()[rows], payloads()[rows], **columns)


def blobs(rows=slice(None)):
    return [row.astype("<f4").tobytes() for row in ROWS[rows]]


def texts(*pairs):
    return [
        json.dumps({name: row[:length].tolist() for name, length in pairs}).encode() for row in ROWS
    ]


@pytest.mark.parametrize("form", ["bytes", "named", "folder"])
def test_objects_become_records(tmp_path, form):
    place = tmp_path / "Document_s1_0000.parquet"
    if form == "named":
        export(place, named=texts(("body", 16)))
    elif form == "bytes":
        export(place, vector=blobs())
    else:
        export(place, vector=blobs(slice(0, 23)), rows=slice(0, 23))
        export(
            tmp_path / "Document_s2_0000.parquet", vector=blobs(slice(23, 40)), rows=slice(23, 40)
        )
        (tmp_path / "export_metadata.json").write_text("{}")
        place = tmp_path
    with vdb.temporary() as db:
        report = db.import_source(place, "docs", metric="cosine", batch_rows=7, verify=5)
        assert (report.added, report.refused, report.scores) == (40, 0, "weaviate")
        assert report.verification.agrees
        info = report.source
        assert (info.format, info.count, info.dim, info.ids) == ("weaviate", 40, 16, "str")
        records = db.collection("docs").get(names())
        assert np.array_equal([one.vector for one in records], ROWS)
        assert [one.payload for one in records] == payloads()
        assert list(db.check()) == []


def test_vectors_collections_and_tenants_are_asked_for_where_there_are_several(tmp_path):
    place = export(tmp_path / "a.parquet", named=texts(("title", 4), ("body", 16)))
    with pytest.raises(vdb.InvalidArgumentError, match=r"several vectors: .* title, body"):
        vdb.sources.open(place)
    assert vdb.sources.open(place, vector="title").info.dim == 4
    tenants = {"collection": "Other", "tenant": "t1"}
    export(tmp_path / "b.parquet", vector=blobs(), metadata=tenants)
    export(tmp_path / "c.parquet", vector=blobs(), metadata=tenants | {"tenant": "t2"})
    with pytest.raises(vdb.InvalidArgumentError, match=r"several collections: .* Document, Other"):
        vdb.sources.open(tmp_path)
    with pytest.raises(vdb.InvalidArgumentError, match=r"several tenants: .* t1, t2"):
        vdb.sources.open(tmp_path, collection="Other")
    assert vdb.sources.open(tmp_path, collection="Other", tenant="t2").info.count == 40


def test_objects_without_a_vector_are_told_or_taken(tmp_path):
    given = [None if row % 7 == 3 else one for row, one in enumerate(blobs())]
    place = export(tmp_path / "a.parquet", vector=given)
    batches = list(vdb.sources.open(place).batches(10))
    assert [one.place for batch in batches for one in batch.refusals] == [
        f"row {row}" for row in range(3, 40, 7)
    ]
    batches = list(vdb.sources.open(place, optional=True).batches())
    missing = np.concatenate([one.missing for one in batches])
    assert np.flatnonzero(missing).tolist() == list(range(3, 40, 7))
    place = export(tmp_path / "a.parquet", multi=[b'{"colbert": [[1, 2], [3, 4]]}'] * 40)
    with pytest.raises(vdb.InvalidArgumentError, match="several vectors under one name"):
        vdb.sources.open(place)


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        ({"vector": [*blobs()[:39], b"12345"]}, "row 39: a vector has 5 bytes"),
        ({"named": [*texts(("a", 16))[:39], b"[1]"]}, r"row 39: named_vectors is \[1\], no object"),
        ({"named": [*texts(("a", 16))[:39], b'{"a": [1, "x"]}']}, "x"),
    ],
)
def test_values_that_are_none_are_errors_with_their_place(tmp_path, parts, reason):
    place = export(tmp_path / "a.parquet", **parts)
    with pytest.raises(vdb.SourceError, match=reason) as caught:
        list(vdb.sources.open(place).batches())
    assert caught.value.path == str(place)


def test_a_file_that_is_cut_short_is_refused(tmp_path):
    place = export(tmp_path / "a.parquet", vector=blobs())
    whole = place.read_bytes()
    for length in range(4, len(whole), 211):
        place.write_bytes(whole[:length])
        with pytest.raises((vdb.SourceError, vdb.InvalidArgumentError)):
            list(vdb.sources.open(place, "weaviate").batches())
    with pytest.raises(vdb.InvalidArgumentError, match="a directory"):
        vdb.sources.open("redis://host", "weaviate")


@pytest.mark.parametrize("sparse", [False, True])
def test_the_form_that_pinecone_imports_needs_no_options(tmp_path, sparse):
    metadata = [None if one is None else json.dumps(one) for one in payloads()]
    columns = {"id": names(), "values": ROWS.tolist(), "metadata": metadata}
    if sparse:
        columns["sparse_values"] = [{"indices": [1], "values": [0.5]}] * 40
    place = tmp_path / "0.parquet"
    pq.write_table(pa.table(columns), place, row_group_size=9)
    with vdb.temporary() as db:
        report = db.import_source(place, "docs", metric="cosine", verify=5)
        assert (report.added, report.scores) == (40, "pinecone") and report.verification.agrees
        assert ("sparse_values are not read" in report.source.notes) == sparse
        records = db.collection("docs").get(names())
        assert np.array_equal([one.vector for one in records], ROWS)
        assert [one.payload for one in records] == payloads()
        assert list(db.check()) == []
    info = vdb.sources.open(place, payload="metadata").info
    assert info.convention == "native" and list(info.columns) == ["metadata"]
