"""What a write accepts can be read back, at every bound, by every way in and out."""

import json

import numpy as np
import pytest

import vdb
from vdb.cli import app
from vdb.model.filters.field_types import MOST_FIELDS
from vdb.model.filters.paths import LONGEST_PATH
from vdb.store.format import headers

LARGEST = 1 << 20


def deep(levels, inside=1):
    made = inside
    for _ in range(levels):
        made = [made]
    return made


PAYLOADS = {
    "more than 100,000 items": {"tokens": [1] * 100_001},
    "a list at the top": [0.5] * 110_000,
    "a map of many": {str(i): i for i in range(100_001)},
    "maps in lists": [{"a": [None] * 1000, "b": {}} for _ in range(1000)],
    "as many items as fit": [None] * (LARGEST - 5),
    "64 deep": deep(64),
    "deep maps": {"a": {"b": deep(62)}},
    "text of 1 MiB": "x" * (LARGEST - 5),
    "numbers": [-(2**63), 2**64 - 1, 5e-324, -1.7976931348623157e308, 0.0, -0.0],
    "texts": ["\0", "\x1b[31m", "\u202e", "\U0010ffff", ""],
    "keys": {"": 1, "\0": 2, "\x1b": 3, "a.b": 4, "$in": 5},
}
SOME = ("more than 100,000 items", "a map of many", "64 deep", "texts", "keys")
WAYS = ("add", "upsert", "set_payloads", "import")


def put(path, way, payloads):
    """Stores the payloads under the ids 0, 1, 2 and so on."""
    ids, rows = list(range(len(payloads))), np.ones((len(payloads), 2))
    if way == "import":
        vdb.open(path).close()
        lines = [json.dumps({"id": i, "payload": one}) for i, one in enumerate(payloads)]
        np.save(path.with_name("rows.npy"), rows)
        text = "\n".join(lines) + "\n"
        path.with_name("rows.jsonl").write_text(text, encoding="utf-8")
        given = [str(path), "docs", str(path.with_name("rows.npy")), "--create", "--metric", "l2"]
        assert app.run(["import", *given]) == 0
        return
    with vdb.open(path) as db:
        docs = db.create_collection("docs", dim=2, metric="l2")
        if way == "add":
            docs.add(ids, rows, payloads)
            return
        docs.add(ids, rows)
        if way == "upsert":
            docs.upsert(ids, rows, payloads)
        else:
            docs.set_payloads(ids, payloads)


@pytest.mark.parametrize("way", WAYS)
def test_payloads(path, way, capsys):
    payloads = list(PAYLOADS.values()) if way == "add" else [PAYLOADS[name] for name in SOME]
    put(path, way, payloads)
    with vdb.open(path, verify="full") as db:
        docs = db.collection("docs")
        assert [one.payload for one in docs.get(range(len(payloads)))] == payloads
        assert [one.payload for one in docs.scan()] == payloads
        assert [hit.payload for hit in docs.search([1, 1], 99)] == payloads
        assert docs.count({"tokens": {"$exists": True}}) == 1
        assert db.repair().kept is None
    out = path.with_name("out")
    assert app.run(["export", str(path), "docs", "--out", str(out)]) == 0
    lines = out.with_suffix(".jsonl").read_text(encoding="utf-8").split("\n")[:-1]
    assert len(lines) == len(payloads)
    capsys.readouterr()


@pytest.mark.parametrize("payload", [deep(65), [None] * (LARGEST - 4), "x" * LARGEST])
def test_one_more_is_refused_by_every_way_in(path, payload, capsys):
    with vdb.open(path) as db:
        docs = db.create_collection("docs", dim=2, metric="l2", fields={"n": "int"})
        docs.add(1, [1, 2], {"n": 1})
        for call in (
            lambda: docs.add(2, [1, 2], payload),
            lambda: docs.upsert(1, [1, 2], payload),
            lambda: docs.set_payloads(1, payload),
        ):
            with pytest.raises(vdb.errors.InvalidPayloadError):
                call()
        assert [one.payload for one in docs.scan()] == [{"n": 1}]


def test_declared_lists_of_many_values(path):
    tags = [f"tag {i}" for i in range(40_000)]
    with vdb.open(path) as db:
        docs = db.create_collection("docs", dim=2, metric="l2", fields={"tags": "keyword[]"})
        docs.add([1, 2], np.ones((2, 2)), [{"tags": tags}, {"tags": []}])
    with vdb.open(path, verify="full") as db:
        docs = db.collection("docs")
        assert docs.get(1).payload == {"tags": tags}
        assert list(docs.ids(where={"tags": {"$contains": "tag 39999"}})) == [1]
        docs.delete(1)
        assert docs.count({"tags": {"$contains": "tag 5"}}) == 0


def test_names_models_fields_reasons_and_ids(path):
    name, model = "n" * 128, "\x1b[31m\0" + "ö" * 509
    assert len(model.encode()) == 1024
    fields = {f"{i:02}" + "p" * (LONGEST_PATH - 2): "int" for i in range(MOST_FIELDS - 1)}
    texts = ["a", "\x01", "\x7f" * 400, "ö" * 200, "\U0010ffff" * 100, " ", "$", "key 10"]
    numbers = [-(2**63), -1, 0, 127, 128, 2**32, 2**63 - 1]
    with vdb.open(path) as db:
        docs = db.create_collection(
            name, dim=2, metric="l2", model=model, fields=fields, index=vdb.HNSW(seed=2**63 - 1)
        )
        docs.index_field("last", "bool")
        docs.add(texts, np.ones((len(texts), 2)), [None] * len(texts))
        docs.rebuild(reason="ü" * 128)
        other = db.create_collection("-", dim=2, metric="l2", index=vdb.Flat())
        other.add(numbers, np.ones((len(numbers), 2)))
        with pytest.raises(vdb.errors.InvalidArgumentError):
            docs.index_field("one.more", "int")
    with vdb.open(path, verify="full") as db:
        docs, other = db.collection(name), db.collection("-")
        info = docs.info()
        assert (info.model, info.history[-1].reason) == (model, "ü" * 128)
        assert info.fields == fields | {"last": "bool"}
        assert list(docs.ids()) == sorted(texts)
        assert list(other.ids()) == sorted(numbers)
        assert docs.search([1, 1], 99).ids.tolist() == sorted(texts)
        assert other.search([1, 1], 99).ids.tolist() == sorted(numbers)
        assert all(one in docs and docs.get(one).id == one for one in texts)
        assert db.collections() == ["-", name]


def test_a_long_history(path, monkeypatch):
    """Of more lines than are kept the first stays, and the newest."""
    monkeypatch.setattr(headers, "KEPT_HISTORY", 8)
    with vdb.open(path, durability="relaxed") as db:
        docs = db.create_collection("docs", dim=2, metric="l2", index=vdb.Flat())
        docs.add(1, [1, 2])
        for i in range(12):
            docs.rebuild(reason=str(i), validate=False)
    with vdb.open(path, verify="full") as db:
        history = db.collection("docs").info().history
        assert [line.reason for line in history] == ["created", *map(str, range(5, 12))]
