"""pydantic and FastAPI take hits and records as fields and as what a handler returns."""

import json
import math

import numpy as np
import pytest

import vdb

pydantic = pytest.importorskip("pydantic")


def found(db):
    docs = db.create_collection("docs", dim=3, metric="cosine")
    docs.add(["a", "b"], [[1, 0, 0], [0.1, 1, 0]], [{"t": "é", "n": [1, None]}, None])
    return docs


def plain(hit):
    made = {"id": hit.id, "score": hit.score, "value": hit.value, "payload": hit.payload}
    return made if hit.vector is None else {**made, "vector": hit.vector.tolist()}


def test_a_model_has_hits_and_records_as_fields(db):
    class Answer(pydantic.BaseModel):
        hits: vdb.Hits
        many: vdb.ManyHits
        best: vdb.Hit
        record: vdb.Record | None = None

    docs = found(db)
    hits = docs.search([1, 0, 0], k=2, with_vectors=True)
    many = docs.search_many([[1, 0, 0]] * 2, k=1)
    answer = Answer(hits=hits, many=many, best=hits[0], record=docs.get("a"))
    assert answer.hits is hits and answer.best == hits[0]
    wanted = {
        "hits": [plain(hit) for hit in hits],
        "many": [[plain(hit) for hit in one] for one in many],
        "best": plain(hits[0]),
        "record": {"id": "a", "vector": [1.0, 0.0, 0.0], "payload": {"t": "é", "n": [1, None]}},
    }
    assert answer.model_dump() == wanted
    assert json.loads(answer.model_dump_json()) == wanted


def test_hits_and_records_are_read_from_json(db):
    adapter = pydantic.TypeAdapter(list[vdb.Hit])
    hits = list(found(db).search([1, 0, 0], k=2, with_vectors=True))
    assert adapter.validate_json(adapter.dump_json(hits)) == hits
    record = found_record = pydantic.TypeAdapter(vdb.Record)
    made = record.validate_python({"id": 3, "vector": [1, 2.5]})
    assert (made.id, made.vector.tolist(), made.payload) == (3, [1.0, 2.5], None)
    ints = found_record.validate_json('{"id": "x", "vector": [1, 255], "payload": {"a": 1}}')
    assert ints.vector.dtype.kind == "i"
    for broken in (
        '{"id": 1.5, "vector": []}',
        '{"id": 1, "vector": ["1"]}',
        '{"id": 1}',
        '{"id": 1, "vector": [1], "more": 2}',
        '{"id": true, "vector": [1]}',
    ):
        with pytest.raises(pydantic.ValidationError):
            record.validate_json(broken)


def test_results_are_not_made_of_lists(db):
    adapter = pydantic.TypeAdapter(vdb.Hits)
    hits = found(db).search([1, 0, 0], k=2)
    assert adapter.validate_python(hits) is hits
    with pytest.raises(pydantic.ValidationError, match="instance of Hits"):
        adapter.validate_python(list(hits))
    with pytest.raises(pydantic.ValidationError, match="results come from a search"):
        adapter.validate_json(adapter.dump_json(hits))


def test_numbers_that_json_has_not_are_null():
    adapter = pydantic.TypeAdapter(vdb.Hit)
    assert json.loads(adapter.dump_json(vdb.Hit(1, math.nan, math.inf))) == {
        "id": 1, "score": None, "value": None, "payload": None,
    }  # fmt: skip


@pytest.mark.parametrize("mode", ["validation", "serialization"])
def test_the_json_schema_says_what_is_written(db, mode):
    schema = pydantic.TypeAdapter(vdb.Hit).json_schema(mode=mode)
    assert schema["title"] == "Hit"
    assert schema["type"] == "object"
    assert set(schema["properties"]) == {"id", "score", "value", "payload", "vector"}
    assert schema["required"] == ["id", "score", "value"]
    hits = pydantic.TypeAdapter(vdb.Hits).json_schema(mode=mode)
    assert hits["type"] == "array" and hits["items"]["title"] == "Hit"
    assert pydantic.TypeAdapter(vdb.ManyHits).json_schema(mode=mode)["items"]["type"] == "array"
    record = pydantic.TypeAdapter(vdb.Record).json_schema(mode=mode)
    assert record["required"] == ["id", "vector"]


def test_fastapi_answers_with_hits(db):
    fastapi = pytest.importorskip("fastapi")
    testclient = pytest.importorskip("fastapi.testclient")
    docs = found(db)
    app = fastapi.FastAPI()

    @app.get("/hits")
    def hits() -> vdb.Hits:
        return docs.search([1, 0, 0], k=2, with_vectors=True)

    @app.get("/best", response_model=vdb.Hit)
    def best():
        return docs.search([1, 0, 0], k=1)[0]

    @app.get("/record/{key}")
    def record(key: str) -> vdb.Record | None:
        return docs.get(key)

    @app.post("/add")
    def add(record: vdb.Record) -> int:
        docs.upsert([record.id], [record.vector], [record.payload])
        return len(docs)

    client = testclient.TestClient(app)
    assert client.get("/hits").json() == [
        plain(hit) for hit in docs.search([1, 0, 0], k=2, with_vectors=True)
    ]
    assert client.get("/best").json() == plain(docs.search([1, 0, 0], k=1)[0])
    assert client.get("/record/b").json()["vector"] == docs.get("b").vector.tolist()
    assert client.get("/record/z").json() is None
    new = {"id": "c", "vector": [0, 0.5, 1], "payload": {"x": 1}}
    assert client.post("/add", json=new).json() == 3
    assert np.array_equal(docs.get("c").vector, np.float32([0, 0.5, 1]))
    assert client.post("/add", json={"id": "c"}).status_code == 422
    paths = client.get("/openapi.json").json()["paths"]
    content = paths["/hits"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    assert content["type"] == "array"


def test_a_model_has_groups_as_fields(db):
    class Answer(pydantic.BaseModel):
        groups: vdb.GroupedHits
        best: vdb.HitGroup

    docs = db.create_collection("docs", dim=2, metric="l2", fields={"doc": "keyword"})
    docs.add([1, 2, 3], [[0, 0], [1, 0], [2, 0]], [{"doc": "a"}, {"doc": "b"}, {"doc": "a"}])
    groups = docs.search([0, 0], group_by="doc", per_group=2)
    wanted = [
        {"value": group.value, "hits": [plain(hit) for hit in group.hits]} for group in groups
    ]
    assert groups.to_dicts() == wanted and [len(group["hits"]) for group in wanted] == [2, 1]
    answer = Answer(groups=groups, best=groups[0])
    assert answer.groups is groups
    assert answer.model_dump() == {"groups": wanted, "best": wanted[0]}
    assert json.loads(answer.model_dump_json()) == answer.model_dump()
    schema = Answer.model_json_schema(mode="serialization")
    assert schema["properties"]["groups"]["items"]["title"] == "HitGroup"
    adapter = pydantic.TypeAdapter(vdb.GroupedHits)
    with pytest.raises(pydantic.ValidationError, match="results come from a search"):
        adapter.validate_json(adapter.dump_json(groups))
