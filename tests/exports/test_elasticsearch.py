"""Exports to Elasticsearch and OpenSearch: the bulk file, the mapping, and the way back."""

from __future__ import annotations

import json

import numpy as np
import pytest

import vdb
from exports.collections import DIM, FIELDS, contents, fill, require_round_trip, vectors

ENGINES = ("elasticsearch", "opensearch")


def mapping_of(docs, tmp_path, **options):
    """The body of the index."""
    report = docs.export(tmp_path / "docs", "elasticsearch", options=options, overwrite=True)
    return json.loads(report.files[1].read_text())


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("dtype", ["float32", "float16", "int8", "bit"])
@pytest.mark.parametrize("ids", ["str", "int"])
def test_all_of_it_comes_back(db, tmp_path, engine, dtype, ids):
    more = {"scores": engine, "model": "a model", "fields": FIELDS}
    docs = fill(db, dtype=dtype, ids=ids, bare=(0, 9), **more)
    report = require_round_trip(docs, tmp_path / "docs", "elasticsearch", engine=engine)
    assert [file.name for file in report.files] == ["docs.ndjson", "docs.mapping.json"]
    notes = [report.notes[0].partition(";")[0]]
    notes += report.notes[1:]
    assert notes == [
        "in the payload only, and not indexed: n",
        *(["float16 numbers are widened to float32, which holds them all"] * (dtype == "float16")),
        *(["ids are texts, as each _id is; the mapping says that they were ints"] * (ids == "int")),
    ]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    "options",
    [
        {"metric": "ip"}, {"metric": "dot"}, {"metric": "cosine"}, {"index": vdb.Flat()},
        {"index": vdb.HNSW(M=256, ef_construction=9000, codes="int4", seed=5)},
        {"bare": tuple(range(40))}, {"count": 1},
    ],
    ids=str,
)  # fmt: skip
def test_every_configuration_comes_back(db, tmp_path, engine, options):
    docs = fill(db, scores=engine, **options)
    require_round_trip(docs, tmp_path / "docs", "elasticsearch", engine=engine)


def test_no_record_comes_back_as_an_empty_collection(db, tmp_path):
    docs = fill(db, count=0, metric="ip", scores="elasticsearch", fields=FIELDS)
    report = require_round_trip(docs, tmp_path / "docs", "elasticsearch")
    assert report.files[0].read_bytes() == b""
    report.files[1].unlink()
    with pytest.raises(vdb.InvalidArgumentError, match="a file with nothing in it"):
        vdb.sources.open(report.files[0])


def test_numbers_of_every_size_come_back(db, tmp_path):
    info = np.finfo(np.float32)
    docs = db.create_collection("docs", dim=4, metric="l2", scores="elasticsearch")
    rows = [[info.smallest_subnormal, -0.0, 1 / 3, 2 / 3], [1e17, info.tiny, info.eps, -1e-40]]
    docs.add([1, 2], np.array(rows, np.float32))
    require_round_trip(docs, tmp_path / "docs", "elasticsearch")


def test_a_document_has_the_vector_the_declared_fields_and_the_payload(db, tmp_path):
    fields = {"year": "int", "lang.de": "keyword[]", "made": "datetime", "seen": "datetime[]"}
    docs = db.create_collection("docs", dim=2, metric="l2", fields=fields, optional_vectors=True)
    payload = {
        "year": 7, "lang": {"de": ["ü"], "en": 1}, "made": "2024-05-06 07:08:09,5+02:00",
        "seen": ["2024-05-06"], "other": None,
    }  # fmt: skip
    docs.add(["a", "b", "c"], [[1, 0.1], None, [0, 2]], [payload, [1], None])
    report = docs.export(tmp_path / "docs.ndjson")
    lines = [json.loads(line) for line in report.files[0].read_text().splitlines()]
    assert lines[0::2] == [{"index": {"_id": one}} for one in "abc"]
    assert lines[1] == {
        "embedding": [1, 0.100000001],
        "year": 7,
        "lang": {"de": ["ü"]},
        "made": "2024-05-06T05:08:09.500000+00:00",
        "seen": ["2024-05-06T00:00:00+00:00"],
        "payload": payload,
    }
    assert lines[3:] == [{"payload": [1]}, {"index": {"_id": "c"}}, {"embedding": [0, 2]}]
    mappings = json.loads(report.files[1].read_text())["mappings"]
    assert mappings["dynamic"] is False
    assert mappings["properties"]["year"] == {"type": "long"}
    assert mappings["properties"]["lang"] == {
        "properties": {"de": {"type": "keyword", "ignore_above": 8191}}
    }
    assert mappings["properties"]["made"] == mappings["properties"]["seen"] == {"type": "date"}
    assert mappings["properties"]["payload"] == {"type": "object", "enabled": False}


def test_bits_are_hexadecimal_or_signed_bytes(db, tmp_path):
    docs = db.create_collection("docs", dim=16, metric="hamming", dtype="bit")
    docs.add([1], np.array([[255, 1]], np.uint8))
    for engine, value in (("elasticsearch", "ff01"), ("opensearch", [-1, 1])):
        place = docs.export(tmp_path / engine, "elasticsearch", options={"engine": engine}).files[0]
        assert json.loads(place.read_text().splitlines()[1]) == {"embedding": value}


@pytest.mark.parametrize(
    ("build", "similarity", "space"),
    [
        ({"metric": "l2"}, "l2_norm", "l2"),
        ({"metric": "ip"}, "max_inner_product", "innerproduct"),
        ({"metric": "dot"}, "dot_product", "innerproduct"),
        ({"metric": "cosine", "dtype": "int8"}, "cosine", "cosinesimil"),
        ({"dtype": "bit"}, "l2_norm", "hamming"),
    ],
    ids=str,
)
def test_the_mapping_is_that_of_the_metric_and_the_dtype(db, tmp_path, build, similarity, space):
    docs = fill(db, index=vdb.HNSW(M=9, ef_construction=44), **build)
    dtype = build.get("dtype", "float32")
    own = mapping_of(docs, tmp_path)["mappings"]["properties"]["embedding"]
    assert own == {
        "type": "dense_vector",
        "dims": DIM,
        "element_type": {"float32": "float", "int8": "byte", "bit": "bit"}[dtype],
        "index": True,
        "similarity": similarity,
        "index_options": {"type": "hnsw", "m": 9, "ef_construction": 44},
    }
    body = mapping_of(docs, tmp_path, engine="opensearch")
    assert body["settings"] == {"index": {"knn": True}}
    assert body["mappings"]["properties"]["embedding"] == {
        "type": "knn_vector",
        "dimension": DIM,
        "data_type": {"float32": "float", "int8": "byte", "bit": "binary"}[dtype],
        "space_type": space,
        "method": {
            "name": "hnsw",
            "engine": "faiss" if dtype == "bit" else "lucene",
            "parameters": {"m": 9, "ef_construction": 44},
        },
    }


@pytest.mark.parametrize(
    ("index", "options", "expected"),
    [
        (vdb.HNSW(codes="int8"), {}, {"type": "int8_hnsw", "m": 16, "ef_construction": 200}),
        (vdb.HNSW(codes="int4"), {"M": 4}, {"type": "int4_hnsw", "m": 4, "ef_construction": 200}),
        (vdb.Flat(), {}, {"type": "flat"}),
        (vdb.Flat(), {"M": 5}, {"type": "hnsw", "m": 5, "ef_construction": 200}),
        (vdb.HNSW(ef_construction=3201), {}, {"type": "hnsw", "m": 16, "ef_construction": 3200}),
    ],
    ids=str,
)
def test_the_index_is_that_of_the_collection(db, tmp_path, index, options, expected):
    docs = fill(db, index=index)
    report = docs.export(tmp_path / "docs.ndjson", options=options)
    note = "the graph has ef_construction 3,200, the most of Lucene"
    assert report.notes == ((note,) if expected.get("ef_construction") == 3200 else ())
    own = json.loads(report.files[1].read_text())["mappings"]["properties"]["embedding"]
    assert own["index_options"] == expected


def test_what_the_engines_lack_of_an_index_is_a_note(db, tmp_path):
    odd = db.create_collection("odd", dim=3, metric="l2", index=vdb.HNSW(codes="int4"))
    report = odd.export(tmp_path / "odd.ndjson", dry_run=True)
    assert report.notes == ("the graph has no int4 codes",)
    options = {"engine": "opensearch"}
    report = odd.export(tmp_path / "odd.ndjson", dry_run=True, options=options)
    assert report.notes == ("the graph has no int4 codes",)
    flat = db.create_collection("flat", dim=3, metric="l2", index=vdb.Flat())
    report = flat.export(tmp_path / "odd.ndjson", dry_run=True, options=options)
    assert report.notes[0].startswith("OpenSearch builds a graph all the same")


def test_fields_that_an_index_cannot_have_are_in_the_payload_only(db, tmp_path):
    names = [
        "embedding",
        "payload.x",
        "_id",
        r"a\.b",
        "c",
        "c.d",
        "e.f",
        "e.f.g",
        "ok",
        " x",
        "g..h",
    ]
    fields = {}
    for name in names:
        try:
            db.create_collection("try", dim=2, metric="l2", fields={name: "keyword"})
        except vdb.InvalidArgumentError:
            continue
        db.drop_collection("try")
        fields[name] = "keyword"
    docs = db.create_collection("docs", dim=2, metric="l2", fields=fields, scores="elasticsearch")
    docs.add([1], [[1, 2]], [{"embedding": "x", "ok": "y", "e": {"f": "z"}}])
    report = require_round_trip(docs, tmp_path / "docs", "elasticsearch")
    properties = json.loads(report.files[1].read_text())["mappings"]["properties"]
    assert sorted(properties) == ["c", "e", "embedding", "ok", "payload"]
    assert properties["e"] == {"properties": {"f": {"type": "keyword", "ignore_above": 8191}}}
    document = json.loads(report.files[0].read_text().splitlines()[1])
    assert document["embedding"] == [1, 2] and document["payload"]["embedding"] == "x"


@pytest.mark.parametrize(
    ("build", "options", "message"),
    [
        (
            {"metric": "l1"},
            {},
            "elasticsearch takes the metric l2 or ip or dot or cosine or hamming",
        ),
        ({"metric": "l1"}, {"engine": "opensearch"}, "opensearch takes the metric"),
        ({}, {"engine": "solr"}, "engine must be one of"),
        ({}, {"M": 1}, "M must be between 2"),
        ({}, {"missing": "left-out"}, "there is no 'missing'"),
    ],
    ids=str,
)
def test_what_it_cannot_hold_is_refused_before_a_byte_is_written(
    db, tmp_path, build, options, message
):
    docs = fill(db, **build)
    for dry_run in (True, False):
        with pytest.raises(vdb.InvalidArgumentError, match=message):
            docs.export(tmp_path / "docs.ndjson", options=options, dry_run=dry_run)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("engine", "dtype", "most"),
    [
        ("elasticsearch", "float32", 4096),
        ("elasticsearch", "bit", 32_768),
        ("opensearch", "int8", 16_000),
    ],
)
def test_more_dimensions_than_the_engine_has_are_refused(db, tmp_path, engine, dtype, most):
    metric = "hamming" if dtype == "bit" else "l2"
    for dim in (most, most + 8):
        docs = db.create_collection(f"d{dim}", dim=dim, metric=metric, dtype=dtype)
        options = {"engine": engine}
        if dim == most:
            assert docs.export(tmp_path / "docs.ndjson", options=options, dry_run=True).notes == ()
            continue
        with pytest.raises(vdb.InvalidArgumentError, match=f"at most {most:,} dimensions"):
            docs.export(tmp_path / "docs.ndjson", options=options)


def test_a_mapping_of_something_else_beside_is_not_read(db, tmp_path):
    place = fill(db, scores="elasticsearch").export(tmp_path / "docs.ndjson").files[0]
    beside = tmp_path / "docs.mapping.json"
    body = json.loads(beside.read_text())
    del body["mappings"]["_meta"]
    beside.write_text(json.dumps(body))
    with vdb.sources.open(place, vector="embedding") as source:
        assert source.info.metric is None and source.info.fields == {}
    with vdb.sources.open(place, mapping=beside) as source:
        assert source.info.metric == "l2"
        assert source.info.fields == {}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"vdb_collection": 1', '"vdb_collection": 2', "the schema in _meta: .* must be 1, got 2"),
        ('"dim": 16', '"dim": 8', "is of 8 dimensions of float32, and the vectors have 16"),
        ('"index": {', '"index": 5, "x": {', "'index' must be"),
    ],
)
def test_a_schema_that_does_not_fit_is_named(db, tmp_path, old, new, message):
    place, mapping = fill(db).export(tmp_path / "docs.ndjson").files
    mapping.write_text(mapping.read_text().replace(old, new))
    with pytest.raises(vdb.SourceError, match=message):
        vdb.sources.open(place)


def test_documents_that_are_none_of_the_collection_are_refused_one_by_one(db, tmp_path):
    docs = db.create_collection("docs", dim=DIM, metric="l2", dtype="float16")
    docs.add([1, 2, 3], vectors(3, "float16"))
    place = docs.export(tmp_path / "docs.ndjson").files[0]
    lines = place.read_text().splitlines(keepends=True)
    lines[0] = lines[0].replace('"1"', '"one"')
    lines[3] = lines[3].replace("[", "[0.1, ", 1).rpartition(",")[0] + "]}\n"
    place.write_text("".join(lines))
    with vdb.sources.open(place) as source:
        (batch,) = source.batches()
        assert batch.ids == [3]
        reasons = [one.reason for one in batch.refusals]
    assert reasons[0].startswith("has an _id that is no int")
    assert reasons[1].startswith("has numbers that are none of float16")


def test_what_elasticdump_makes_of_the_index_is_the_collection_again(db, tmp_path):
    docs = fill(db, scores="elasticsearch", fields=FIELDS)
    bulk, mapping = docs.export(tmp_path / "docs.ndjson").files
    lines = [json.loads(line) for line in bulk.read_text().split("\n")[:-1]]
    hits = [
        {"_index": "docs", "_id": action["index"]["_id"], "_score": 1, "_source": document}
        for action, document in zip(lines[0::2], lines[1::2], strict=True)
    ]
    dump = tmp_path / "dump.json"
    dump.write_text("".join(f"{json.dumps(hit)}\n" for hit in reversed(hits)))
    answer = tmp_path / "answer.json"
    answer.write_text(json.dumps({"docs": json.loads(mapping.read_text())}))
    db.import_source(dump, "again", format="elasticsearch", options={"mapping": answer})
    assert contents(db["again"]) == contents(docs)
