"""Objects as Pinecone and Weaviate give them become records without options, in all their forms."""

from __future__ import annotations

import json

import numpy as np
import pytest

import vdb
from sources.records import names, payloads, vectors

ROWS = vectors()
PAYLOADS = payloads()


def pinecone(**more):
    return [
        {"id": name, "values": row.tolist(), "metadata": payload} | more
        for name, row, payload in zip(names(), ROWS, PAYLOADS, strict=True)
    ]


def weaviate(vectors_of):
    return [
        {
            "class": "Document",
            "creationTimeUnix": 1,
            "id": name,
            "lastUpdateTimeUnix": 2,
            "properties": payload or {},
            "vectorWeights": None,
        }
        | vectors_of(row.tolist())
        for name, row, payload in zip(names(), ROWS, PAYLOADS, strict=True)
    ]


def both(row):
    return {"vectors": {"title": row[:4], "body": row}}


FORMS = {
    "fetch": {"vectors": {one["id"]: one for one in pinecone()}, "namespace": "", "usage": {}},
    "query": {"matches": pinecone(score=0.5, sparse_values={"indices": [], "values": []})},
    "lines of Pinecone": pinecone(),
    "objects": {"objects": weaviate(lambda row: {"vector": row}), "totalResults": 40},
    "one name": {"objects": weaviate(lambda row: {"vector": [], "vectors": {"body": row}})},
    "lines of Weaviate": weaviate(lambda row: {"vector": row}),
    "client": [
        {"uuid": name, "properties": payload or {}, "vector": {"default": row.tolist()}}
        for name, row, payload in zip(names(), ROWS, PAYLOADS, strict=True)
    ],
    "GraphQL": {
        "data": {
            "Get": {
                "Document": [
                    (payload or {}) | {"_additional": {"id": name, "vector": row.tolist()}}
                    for name, row, payload in zip(names(), ROWS, PAYLOADS, strict=True)
                ]
            }
        }
    },
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_has_the_same_records(tmp_path, form):
    place = tmp_path / "a.json"
    made = FORMS[form]
    lines = form.startswith("lines")
    place.write_text("\n".join(map(json.dumps, made)) if lines else json.dumps(made))
    system = "pinecone" if "Pinecone" in form or form in ("fetch", "query") else "weaviate"
    with vdb.temporary() as db:
        report = db.import_source(place, "docs", metric="cosine", batch_rows=7, verify=5)
        assert (report.added, report.refused, report.scores) == (40, 0, system)
        assert report.verification.agrees
        records = db.collection("docs").get(names())
        assert np.array_equal([one.vector for one in records], ROWS)
        assert [one.payload for one in records] == PAYLOADS
        assert list(db.check()) == []


def test_one_of_several_vectors_is_named(tmp_path):
    place = tmp_path / "a.json"
    place.write_text(json.dumps({"objects": weaviate(both)}))
    with pytest.raises(
        vdb.InvalidArgumentError, match=r"several vectors: give vector=.*title, body"
    ):
        vdb.sources.open(place)
    with pytest.raises(vdb.InvalidArgumentError, match="title, body"):
        vdb.sources.open(place, vector="none")
    for name, dim in (("title", 4), ("body", 16)):
        (batch,) = vdb.sources.open(place, vector=name).batches()
        assert np.array_equal(batch.vectors, ROWS[:, :dim]) and batch.payloads == PAYLOADS


def test_objects_without_a_vector_are_told_or_taken(tmp_path):
    made = weaviate(lambda row: {"vector": row})
    made[3]["vector"], made[5]["id"] = [], None
    place = tmp_path / "a.json"
    place.write_text(json.dumps({"objects": made}))
    (batch,) = vdb.sources.open(place).batches()
    assert [one.place for one in batch.refusals] == ["record 3", "record 5"]
    (batch,) = vdb.sources.open(place, optional=True).batches()
    assert len(batch) == 39 and np.flatnonzero(batch.missing).tolist() == [3]


def test_fields_that_are_named_are_read_as_they_are(tmp_path):
    place = tmp_path / "a.jsonl"
    place.write_text("\n".join(map(json.dumps, pinecone())))
    (batch,) = vdb.sources.open(place, id="id").batches()
    assert batch.payloads == [{"metadata": one} for one in PAYLOADS]
