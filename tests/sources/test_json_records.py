"""JSON lines and answers of embedding services become records, or are told by their place."""

from __future__ import annotations

import base64
import gzip
import json

import numpy as np
import pytest

import vdb
from sources import records

ROWS = records.vectors()


def encoded(row):
    return base64.b64encode(row.tobytes()).decode()


def read(place, rows=7, **options):
    with vdb.sources.open(place, **options) as source:
        batches = list(source.batches(rows))
        ids = [one for batch in batches for one in batch.id_list()]
        vectors = np.concatenate([one.vectors for one in batches])
        return source.info, ids, vectors, [one for batch in batches for one in batch.refusals]


def lines(place, values):
    place.write_text("".join(json.dumps(one, ensure_ascii=False) + "\n" for one in values))
    return place


def objects(vectors, **more):
    payloads = [one or {} for one in records.payloads()]
    return [
        {"id": name, "vector": vector} | payload | more
        for name, vector, payload in zip(records.names(), vectors, payloads, strict=True)
    ]


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("document", [False, True])
def test_objects_become_records(tmp_path, packed, document):
    made = objects(ROWS.tolist())
    text = json.dumps(made) if document else "\n".join(map(json.dumps, made))
    place = tmp_path / ("a.json" if document else "a.jsonl")
    if packed:
        place = place.with_name(f"{place.name}.gz")
    place.write_bytes(gzip.compress(text.encode()) if packed else text.encode())
    with vdb.temporary() as db:
        report = db.import_source(place, "docs", metric="ip", batch_rows=9, verify=5)
        assert (report.added, report.refused) == (40, 0) and report.verification.agrees
        assert report.source.format == "json"
        docs = db.collection("docs").get(records.names())
        assert [one.payload for one in docs] == records.payloads()
        assert np.array_equal([one.vector for one in docs], ROWS)
        assert list(db.check()) == []


@pytest.mark.parametrize("as_base64", [False, True])
@pytest.mark.parametrize("indent", [None, 2])
def test_an_answer_of_a_service_names_its_model(tmp_path, as_base64, indent):
    data = [
        {
            "object": "embedding",
            "index": i,
            "embedding": encoded(row) if as_base64 else row.tolist(),
        }
        for i, row in enumerate(ROWS)
    ]
    answer = {"object": "list", "data": data, "model": "a-model", "usage": {"total_tokens": 7}}
    place = tmp_path / "a.json"
    place.write_text(json.dumps(answer, indent=indent))
    info, ids, vectors, refusals = read(place)
    assert (info.version, info.model, info.ids, info.dim) == ("document", "a-model", "int", 16)
    assert ids == list(range(40)) and np.array_equal(vectors, ROWS) and refusals == []


def test_an_answer_of_several_types_gives_the_one_that_is_asked_for(tmp_path):
    bits = records.bits()
    embeddings = {
        "float": ROWS.tolist(),
        "int8": (ROWS * 60).astype(np.int8).tolist(),
        "ubinary": bits.tolist(),
        "binary": (bits.astype(np.int16) - 128).tolist(),
    }
    texts = [f"text {row}" for row in range(40)]
    place = tmp_path / "a.json"
    place.write_text(json.dumps({"id": "x", "embeddings": embeddings, "texts": texts}))
    for numbers, expected in [
        ("float32", ROWS),
        ("int8", (ROWS * 60).astype(np.int8)),
        ("bit", bits),
        ("offset-bit", bits),
    ]:
        assert np.array_equal(read(place, numbers=numbers)[2], expected)
    with vdb.sources.open(place) as source:
        assert next(source.batches()).payloads == [{"text": one} for one in texts]
    place.write_text(json.dumps({"embeddings": {"ubinary": bits.tolist()}}))
    with pytest.raises(vdb.InvalidArgumentError, match=r"of ubinary, not of float32: .* bit"):
        vdb.sources.open(place)
    for document in ({"embeddings": ROWS.tolist()}, ROWS.tolist()):
        place.write_text(json.dumps(document))
        info, ids, vectors, _ = read(place)
        assert info.ids == "row" and ids == list(range(40)) and np.array_equal(vectors, ROWS)


@pytest.mark.parametrize("as_base64", [False, True])
@pytest.mark.parametrize("numbers", ["float16", "float64", "int8", "uint8", "bit", "offset-bit"])
def test_numbers_and_bytes_are_of_the_type_that_is_said(tmp_path, numbers, as_base64):
    stored = {
        "float16": ROWS.astype("<f2"),
        "float64": ROWS.astype("<f8"),
        "int8": (ROWS * 60).astype(np.int8),
        "uint8": records.bits(),
        "bit": records.bits(),
        "offset-bit": (records.bits().astype(np.int16) - 128).astype(np.int8),
    }[numbers]
    values = [encoded(row) if as_base64 else row.tolist() for row in stored]
    info, _, vectors, _ = read(lines(tmp_path / "a.jsonl", objects(values)), numbers=numbers)
    bits = "bit" in numbers
    assert (info.numbers, info.dim) == (("bit", 64) if bits else (numbers, stored.shape[1]))
    assert np.array_equal(vectors, records.bits() if bits else stored)


def test_bfloat16_may_be_numbers_or_bytes(tmp_path):
    halves = (ROWS.view(np.uint32) >> 16).astype("<u2")
    for values in (ROWS.tolist(), [encoded(row) for row in halves]):
        place = lines(tmp_path / "a.jsonl", objects(values))
        assert np.array_equal(read(place, numbers="bfloat16")[2], ROWS)


def test_fields_are_named_where_they_have_other_names(tmp_path):
    made = [
        {"key": i, "values": row.tolist(), "metadata": {"n": i}, "namespace": "x"}
        for i, row in enumerate(ROWS)
    ]
    place = lines(tmp_path / "a.jsonl", made)
    with vdb.sources.open(place, id="key", payload="metadata") as source:
        (batch,) = source.batches()
        assert batch.id_list() == list(range(40)) and batch.payloads[3] == {"n": 3}
    assert read(place)[0].ids == "row"
    for one in made:
        one["odd"] = one.pop("values")
    lines(place, made)
    with pytest.raises(vdb.InvalidArgumentError, match=r"vector= names .* 'odd'"):
        vdb.sources.open(place)
    assert np.array_equal(read(place, vector="odd")[2], ROWS)


def test_records_that_are_none_are_refused_with_their_line(tmp_path):
    made = objects(ROWS.tolist())
    made[1]["vector"] = None
    made[2]["vector"] = [1, 2]
    made[3]["vector"][5] = None
    made[4]["vector"][5] = True
    made[5]["vector"] = {"0": 1}
    made[6]["vector"] = "no base64"
    made[7]["vector"] = encoded(ROWS[7])[:8]
    made[8]["id"] = 1.5
    del made[9]["id"]
    place = lines(tmp_path / "a.jsonl", made)
    _, ids, vectors, refusals = read(place)
    kept = [0, *range(10, 40)]
    assert ids == [records.names()[row] for row in kept] and np.array_equal(vectors, ROWS[kept])
    assert [one.place for one in refusals] == [f"line {row + 1}" for row in range(1, 10)]
    assert refusals[0].id == records.names()[1] and refusals[-1].id is None
    with vdb.sources.open(place, optional=True) as source:
        (batch,) = source.batches()
        assert batch.missing.tolist() == [False, True] + [False] * 30
        assert len(batch.refusals) == 8
    for value in ([1, 2.5], [1, 300]):
        place = lines(tmp_path / "b.jsonl", [{"vector": [1, 2]}, {"vector": value}])
        assert "int8 cannot hold" in read(place, numbers="int8")[3][0].reason


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ('{"vector": [1]}\n{"vector": [1]', "line 2: is not JSON"),
        ('{"vector": [1]}\n[1]\n', "line 2: is .*not an object"),
        ('{"vector": [1]}\n{"vector": [NaN]}\n', "line 2: is not JSON: it has NaN"),
        ('{"vector": [1]}\n{"a": 1, "a": 2}\n', "line 2: has the name 'a' twice"),
        ('{"vector": [1]}\n' + "[" * 100_000 + "\n", "line 2: is "),
        ('{"data": [{"vector": [1]}, 2]}', "record 1: is 2"),
        ('[{"vector": [1]}, {"vector": [1', "the document: is not JSON"),
        ('{\n"other": 1}', "the document: has no list"),
        ("[1, 2]", "record 0: is 1"),
    ],
)
def test_damage_is_told_with_its_place(tmp_path, text, error):
    place = tmp_path / "a.json"
    place.write_text(text)
    with pytest.raises(vdb.SourceError, match=error):
        read(place)
