"""Bulk files and hits of Elasticsearch and OpenSearch: documents as they stand at the end."""

from __future__ import annotations

import json

import numpy as np
import pytest

import vdb
from sources.records import COUNT, bits, names, payloads, vectors

MAPPING = {
    "docs": {
        "mappings": {
            "properties": {
                "embedding": {
                    "type": "dense_vector",
                    "dims": 16,
                    "similarity": "max_inner_product",
                    "index_options": {"type": "int8_hnsw", "m": 12, "ef_construction": 80},
                },
                "i": {"type": "integer"},
                "title": {"type": "text"},
                "score": {"type": "double"},
                "even": {"type": "boolean"},
                "about": {"properties": {"made": {"type": "date"}}},
            }
        }
    }
}


def sources():
    return [
        {"embedding": row.tolist(), "about": {"made": "2024-01-02"}, **(payload or {})}
        for row, payload in zip(vectors(), payloads(), strict=True)
    ]


def lines(values):
    return "".join(f"{json.dumps(value)}\n" for value in values)


@pytest.fixture
def bulk(tmp_path):
    place = tmp_path / "docs.ndjson"
    rows = []
    for name, source in zip(names(), sources(), strict=True):
        rows += [{"index": {"_index": "docs", "_id": name}}, source]
    place.write_text(lines(rows))
    return place


@pytest.fixture
def mapping(tmp_path):
    place = tmp_path / "mapping.json"
    place.write_text(json.dumps(MAPPING))
    return place


def check_all(source):
    batches = list(source.batches(7))
    assert [one for batch in batches for one in batch.id_list()] == names()
    assert np.array_equal(np.concatenate([batch.vectors for batch in batches]), vectors())
    found = [one for batch in batches for one in batch.payload_list()]
    assert found == [{"about": {"made": "2024-01-02"}, **(one or {})} for one in payloads()]


def test_a_bulk_file_with_its_mapping_says_everything(bulk, mapping):
    with vdb.sources.open(bulk, mapping=mapping) as source:
        info = source.info
        assert (info.format, info.metric, info.convention) == (
            "elasticsearch",
            "ip",
            "elasticsearch",
        )
        assert (info.dim, info.ids, info.index) == (16, "str", vdb.HNSW(M=12, ef_construction=80))
        assert info.fields == {
            "i": "int", "score": "float", "even": "bool", "about.made": "datetime",
        }  # fmt: skip
        check_all(source)
    with vdb.temporary() as db:
        report = db.import_source(bulk, "docs", options={"mapping": str(mapping)}, verify=20)
        assert (report.added, report.refused) == (COUNT, 0) and report.verification.agrees
        docs = db.collection("docs")
        hit = docs.search(vectors()[3], k=1, where={"i": 3})[0]
        value = float(vectors()[3].astype("f8") @ vectors()[3])
        assert hit.score == pytest.approx(value + 1)  # as Elasticsearch scores inner products
        assert list(db.check()) == []


def test_hits_one_a_line_are_the_same(tmp_path, mapping):
    place = tmp_path / "hits.json"
    rows = zip(names(), sources(), strict=True)
    place.write_text(
        lines({"_index": "docs", "_id": name, "_score": 1, "_source": one} for name, one in rows)
    )
    with vdb.sources.open(place, mapping=mapping) as source:
        check_all(source)


def test_later_lines_replace_and_remove(tmp_path, bulk, mapping):
    rows = bulk.read_text()
    changed = {"embedding": [1.0] * 16, "i": -1}
    rows += lines(
        [
            {"index": {"_id": names()[3]}},
            changed,
            {"delete": {"_id": names()[5]}},
            {"delete": {"_id": names()[6]}},
            {"create": {"_id": names()[6]}},
            sources()[6],
            {"update": {"_id": names()[7]}},
            {"doc": {"i": 1}},
        ]
    )
    bulk.write_text(rows)
    with vdb.sources.open(bulk, mapping=mapping) as source:
        (batch,) = source.batches()
        assert dict(source.skipped) == {"superseded": 5, "deleted": 1}
    found = dict(zip(batch.id_list(), batch.payload_list(), strict=True))
    assert found[names()[3]] == {"i": -1} and names()[5] not in found
    assert found[names()[6]]["i"] == 6 and len(found) == COUNT - 2
    assert [(one.id, one.reason[:19]) for one in batch.refusals] == [
        (names()[7], "is a partial update")
    ]


def test_without_a_mapping_the_metric_is_asked_for(bulk):
    with vdb.sources.open(bulk, "elasticsearch") as source:
        assert source.info.metric is None and source.info.dim == 16
        check_all(source)
    with vdb.temporary() as db:
        with pytest.raises(vdb.InvalidArgumentError, match="metric must be given"):
            db.import_source(bulk, "docs")
        options = {"engine": "opensearch"}
        db.import_source(bulk, "docs", metric="cosine", options=options)
        assert db.collection("docs").info().scores == "opensearch"


@pytest.mark.parametrize("form", [list, bytes.hex])
def test_bits_and_bytes_come_as_numbers_or_as_hexadecimal(tmp_path, form):
    place, mapping = tmp_path / "bits.ndjson", tmp_path / "mapping.json"
    row = {"type": "dense_vector", "dims": 64, "element_type": "bit", "similarity": "l2_norm"}
    mapping.write_text(json.dumps({"properties": {"v": row}}))
    rows = []
    for name, code in zip(names(), bits(), strict=True):
        value = code.view(np.int8).tolist() if form is list else code.tobytes().hex()
        rows += [{"index": {"_id": name}}, {"v": value}]
    place.write_text(lines(rows))
    with vdb.sources.open(place, mapping=mapping) as source:
        assert (source.info.metric, source.info.dtype) == ("hamming", "bit")
        (batch,) = source.batches()
    assert np.array_equal(batch.vectors, bits())


def test_opensearch_says_its_space_in_the_method(tmp_path, bulk):
    mapping = tmp_path / "mapping.json"
    method = {
        "name": "hnsw",
        "space_type": "cosinesimil",
        "parameters": {"m": 24, "ef_construction": 128},
    }
    row = {"type": "knn_vector", "dimension": 16, "method": method}
    mapping.write_text(json.dumps({"docs": {"mappings": {"properties": {"embedding": row}}}}))
    with vdb.sources.open(bulk, mapping=mapping) as source:
        info = source.info
        assert (info.metric, info.convention) == ("cosine", "opensearch")
        assert info.index == vdb.HNSW(M=24, ef_construction=128)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('{"index": {"_id": "a"}}\n', "line 1"),
        ('{"index": {"_id": "a"}}\n[1]\n', "line 2"),
        ('{"index": {"_id": ["a"]}}\n{}\n', "line 1"),
        ('{"index": {"_id": "a"}}\n{"v": [1, 2]\n', "line 2"),
        ('{"other": 1}\n', "line 1"),
    ],
)
def test_what_is_no_dump_is_refused_with_its_line(tmp_path, text, place):
    file = tmp_path / "a.ndjson"
    file.write_text(text)
    with pytest.raises(vdb.SourceError) as caught:
        list(vdb.sources.open(file, "elasticsearch", vector="v").batches())
    assert caught.value.place == place


def test_documents_that_cannot_be_records_are_refused_with_their_line(tmp_path):
    file = tmp_path / "a.ndjson"
    bad = [[1, 2], [1, 2, 3], ["a", 2], None, {"x": 1}]
    rows = []
    for number, value in enumerate(bad):
        rows += [{"index": {"_id": str(number)}}, {"v": value}]
    file.write_text(lines([*rows, {"index": {}}, {"v": [1, 2]}]))
    with vdb.sources.open(file, "elasticsearch", vector="v") as source:
        (batch,) = source.batches()
    assert batch.id_list() == ["0"]
    assert [one.place for one in batch.refusals] == [f"line {n}" for n in (4, 6, 8, 10, 12)]
