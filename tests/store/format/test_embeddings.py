"""Dimension and model of each generation: where they are written, and where they cannot be."""

from __future__ import annotations

import dataclasses

import msgpack
import pytest

from vdb.errors import CorruptedError
from vdb.store.format import limits
from vdb.store.format.embedding import Embedding
from vdb.store.format.generation import Build, GenerationRecord
from vdb.store.format.header_agreement import differences, require_inactive
from vdb.store.format.headers import CollectionHeader

FLAT = {"type": "flat"}
SMALL, LARGE = Embedding(4, "small"), Embedding(6, "large")


def header(**changes):
    plain = CollectionHeader("docs", 1, 4, "l2", "float32", "native", "small", 1.5, "0.1.0")
    return dataclasses.replace(plain, **changes)


def record(number, **changes):
    plain = GenerationRecord(number, "l2", "float32", number, FLAT)
    return dataclasses.replace(plain, **changes)


def changed_over():
    """A header whose generation 1 was of the small model; generation 2 is of the large one."""
    one = header(next_generation=3)
    one.put_to_use(record(1), when=1.5, reason="created")
    one.put_to_use(record(2, embedding=LARGE), when=2.5, reason="")
    return one


def test_the_history_tells_each_generation_its_own():
    one = changed_over()
    assert one.embedding == LARGE
    assert [one.embedding_of(number) for number in (1, 2)] == [SMALL, LARGE]
    assert one.embeddings == [{"generation": 1, "dim": 4, "model": "small"}]
    assert one.format_version == 2
    assert CollectionHeader.decode(one.encode(), 1) == one


def test_going_back_turns_the_list_round():
    one = changed_over()
    one.put_to_use(record(1, embedding=SMALL), when=3.5, reason="back")
    assert one.embedding == SMALL
    assert one.embeddings == [{"generation": 2, "dim": 6, "model": "large"}]
    assert [one.embedding_of(line["generation"]) for line in one.history] == [SMALL, LARGE, SMALL]


def test_of_one_model_nothing_is_written():
    one = header(next_generation=3)
    one.put_to_use(record(1), when=1.5, reason="created")
    one.put_to_use(record(2), when=2.5, reason="")
    assert one.embeddings is None
    assert one.format_version == record(2).format_version == 1
    assert "embeddings" not in msgpack.unpackb(one.encode())
    assert not {"embedding", "origin"} & set(msgpack.unpackb(record(2).encode()))


def test_a_long_history_forgets_the_models_of_what_it_forgets():
    one = header(next_generation=2 + limits.KEPT_HISTORY + 10)
    one.put_to_use(record(1), when=1.5, reason="created")
    for number in range(2, 2 + limits.KEPT_HISTORY + 5):
        embedding = Embedding(4, f"model {number}")
        one.put_to_use(record(number, embedding=embedding), when=2.5, reason="")
    numbers = [line["generation"] for line in one.history]
    assert len(numbers) == limits.KEPT_HISTORY
    assert [line["generation"] for line in one.embeddings] == numbers[:-1]
    assert one.embedding_of(1) == SMALL
    assert CollectionHeader.decode(one.encode(), 1) == one


@pytest.mark.parametrize(
    "lines",
    [
        [],
        None,
        [{"generation": 1, "dim": 4}],
        [{"generation": 1, "dim": 4, "model": "small", "more": 1}],
        [{"generation": 1, "dim": -1, "model": "small"}],
        [{"generation": 1, "dim": 4, "model": 7}],
        [{"generation": 1, "dim": 4, "model": "x" * 1025}],
        [{"generation": 3, "dim": 4, "model": "small"}],
        [{"generation": 1, "dim": 6, "model": "large"}],
        [{"generation": 2, "dim": 4, "model": "a"}, {"generation": 1, "dim": 4, "model": "b"}],
        [{"generation": 1, "dim": 4, "model": "a"}, {"generation": 1, "dim": 4, "model": "b"}],
    ],
)
def test_lines_that_cannot_be_are_refused(lines):
    fields = msgpack.unpackb(changed_over().encode())
    with pytest.raises(CorruptedError, match="embeddings"):
        CollectionHeader.decode(msgpack.packb(fields | {"embeddings": lines}), 1)


@pytest.mark.parametrize("origin", ["normalized", "external"])
def test_a_generation_says_its_own(origin):
    one = record(2, embedding=LARGE, origin=origin)
    assert one.format_version == 2
    assert GenerationRecord.decode(one.encode(), 1, 2) == one


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("embedding", None),
        ("embedding", {}),
        ("embedding", {"dim": 4}),
        ("embedding", [4, "small"]),
        ("origin", "stored"),
        ("origin", None),
        ("origin", "elsewhere"),
    ],
)
def test_fields_of_a_generation_that_cannot_be_are_refused(name, value):
    fields = msgpack.unpackb(record(2).encode())
    with pytest.raises(CorruptedError, match=name):
        GenerationRecord.decode(msgpack.packb(fields | {name: value}), 1, 2)


def test_the_one_in_use_has_none_of_its_own():
    one = changed_over()
    assert list(differences(one, record(2), 4080)) == []
    for change in ({"embedding": SMALL}, {"embedding": LARGE}, {"origin": "external"}):
        (difference,) = differences(one, record(2, **change), 4080)
        assert next(iter(change)) in difference


def test_one_beside_it_has_another_than_the_collection():
    one, build = changed_over(), Build(1.5, "0.1.0", "", "native")
    require_inactive(one, record(1, embedding=SMALL, build=build), 4080)
    with pytest.raises(CorruptedError, match="expected none where it is the collection's"):
        require_inactive(one, record(1, embedding=LARGE, build=build), 4080)
    with pytest.raises(CorruptedError, match="float16 has no 40000 dimensions"):
        large = Embedding(40_000, "small")
        require_inactive(one, record(1, dtype="float16", embedding=large, build=build), 4080)
