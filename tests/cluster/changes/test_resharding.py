"""Other shards for the same records, while these are written to."""

import threading
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest

from tests.support.cluster_access import ClusterOfDocs
from vdb.cluster.changes import change_record
from vdb.cluster.changes.interrupted import finish_change
from vdb.cluster.changes.resharding import merge, move, reshard, split
from vdb.cluster.metadata.map_parts import Change, Disk
from vdb.errors import (
    BusyError,
    InvalidArgumentError,
    NotFoundError,
    RemoteError,
    StaleMapError,
)

DIM = 8


@pytest.fixture
def docs(tmp_path):
    cluster = ClusterOfDocs(tmp_path, shards=2)
    cluster.change(lambda old: replace(old, disks=(Disk("d0"), Disk("d1"))))
    yield cluster
    cluster.check()
    cluster.close()


def rows(ids, seed=0):
    vectors = np.random.default_rng(seed).standard_normal((len(ids), DIM)).astype(np.float32)
    return list(ids), vectors, [{"n": n, "seed": seed} for n in range(len(ids))]


def expected(ids, vectors, payloads):
    return {
        one: (vector.tolist(), payload)
        for one, vector, payload in zip(ids, vectors, payloads, strict=True)
    }


@contextmanager
def writing(docs, truth):
    """Records come, change and go until the block ends; `truth` is what must be there then."""
    stop, failures = threading.Event(), []

    def write():
        number = 0
        while not stop.is_set():
            number += 1
            ids, vectors, payloads = rows(range(number % 300, number % 300 + 12), seed=number)
            try:
                docs.write("upsert", ids, vectors, payloads)
                truth.update(expected(ids, vectors, payloads))
                gone = [one for one in range(1000 + number, 1004 + number) if one in truth]
                docs.write("delete", gone)
                for one in gone:
                    del truth[one]
            except Exception as error:  # noqa: BLE001 - said by the test's thread
                failures.append(error)
                return

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
    assert not failures, failures[0]
    assert truth == docs.records()


CHANGES = {
    "split": lambda docs: split(docs, "docs", "docs-000001", 3),
    "merge": lambda docs: merge(docs, "docs", ["docs-000000", "docs-000001"], disk="d1"),
    "five": lambda docs: reshard(docs, "docs", 5),
    "one": lambda docs: reshard(docs, "docs", 1),
    "move": lambda docs: move(docs, "docs", "docs-000000", "d1"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_nothing_is_lost_while_shards_are_exchanged_and_written_to(docs, name):
    ids, vectors, payloads = rows(range(1500))
    docs.write("add", ids, vectors, payloads)
    truth = expected(ids, vectors, payloads)
    before = {shard.id for shard in docs.reload().collection("docs").shards}
    with writing(docs, truth):
        report = CHANGES[name](docs)
    after = docs.reload().collection("docs")
    assert after.change is None
    assert {shard.id for shard in after.shards} == before - set(report.removed) | set(report.added)
    assert not any(shard.new for shard in after.shards if shard.id in report.added)
    assert report.frozen_seconds < 2
    assert report.left == ()
    for shard in report.removed:
        assert not list(docs.folder.glob(f"*/{shard}"))


@pytest.mark.parametrize("name", CHANGES)
def test_a_write_whose_answer_was_lost_is_not_made_again_by_the_new_shards(docs, name):
    ids, vectors, payloads = rows(range(300))
    docs.write("add", ids, vectors, payloads, token="lost")
    docs.write("upsert", *rows(range(100), seed=1))
    docs.write("delete", ids[200:220])
    truth = docs.records()
    CHANGES[name](docs)
    docs.write("add", ids, vectors, payloads, token="lost")
    assert docs.records() == truth


def test_new_shards_go_to_the_disks_with_the_fewest_slots(docs):
    reshard(docs, "docs", 4)
    disks = [shard.disk for shard in docs.reload().collection("docs").shards]
    assert sorted(disks) == ["d0", "d0", "d1", "d1"]


def test_records_without_vectors_and_str_ids_come_along(tmp_path):
    docs = ClusterOfDocs(tmp_path, shards=1, optional_vectors=True, dtype="float16")
    docs.change(lambda old: replace(old, disks=(Disk("d0"),)))
    ids = [f"straße-{n}" for n in range(300)]
    vectors = [None if n % 3 == 0 else [n / 7] * DIM for n in range(300)]
    docs.write("add", ids, vectors, [{"n": n} if n % 2 else None for n in range(300)])
    before = {}
    collection = docs.reload().collection("docs")
    for record in (
        docs.call(collection, collection.shards[0], "read", None, "get", ids).result().result
    ):
        before[record.id] = record
    split(docs, "docs", "docs-000000", 4)
    collection = docs.reload().collection("docs")
    found = {}
    for shard in collection.shards:
        own = docs.call(collection, shard, "read", None, "get", ids).result().result
        found.update({record.id: record for record in own if record is not None})
    assert found == before
    docs.check()
    docs.close()


@pytest.mark.parametrize(
    "step",
    ["begin_journal", "rows", "put_rows", "freeze", "known_writes", "put_tokens", "record_count"],
)
def test_a_caller_that_dies_before_the_new_map_leaves_all_as_it_was(docs, monkeypatch, step):
    ids, vectors, payloads = rows(range(400))
    docs.write("add", ids, vectors, payloads)
    call = docs.call

    class Died(BaseException):
        pass

    def dying(collection, shard, method, /, *args, **named):
        if method == step:
            monkeypatch.setattr(docs, "call", dead)
            raise Died
        return call(collection, shard, method, *args, **named)

    def dead(*args, **named):
        raise Died

    monkeypatch.setattr(docs, "call", dying)
    with pytest.raises(Died):
        split(docs, "docs", "docs-000000")
    monkeypatch.setattr(docs, "call", call)
    assert docs.reload().collection("docs").change is not None
    assert finish_change(docs, "docs") == "reshard"
    collection = docs.reload().collection("docs")
    assert collection.change is None
    assert [shard.id for shard in collection.shards] == ["docs-000000", "docs-000001"]
    assert docs.records() == expected(ids, vectors, payloads)
    docs.write("delete", [1])
    report = split(docs, "docs", "docs-000000")
    assert not set(report.added) & {"docs-000002", "docs-000003"}  # names are never given out again


@pytest.mark.parametrize("step", ["remove"])
def test_a_caller_that_dies_after_the_new_map_has_done_it(docs, monkeypatch, step):
    ids, vectors, payloads = rows(range(400))
    docs.write("add", ids, vectors, payloads)
    call = docs.call

    class Died(BaseException):
        pass

    def dying(collection, shard, method, /, *args, **named):
        if method == step:
            raise Died
        return call(collection, shard, method, *args, **named)

    monkeypatch.setattr(docs, "call", dying)
    with pytest.raises(Died):
        split(docs, "docs", "docs-000000")
    monkeypatch.setattr(docs, "call", call)
    assert docs.records() == expected(ids, vectors, payloads)
    assert finish_change(docs, "docs") == "reshard"
    assert docs.reload().collection("docs").change is None
    assert not list(docs.folder.glob("*/docs-000000"))
    assert docs.records() == expected(ids, vectors, payloads)


def test_new_shards_that_are_in_use_are_not_undone(docs, monkeypatch):
    """Another program reads a change that copies, and undoes it when it is complete."""
    ids, vectors, payloads = rows(range(400))
    docs.write("add", ids, vectors, payloads)
    call, advance = docs.call, change_record.advance
    is_read, is_named, errors, states = threading.Event(), threading.Event(), [], []

    def slow(*args, **named):
        is_read.set()
        assert is_named.wait(10)
        return advance(*args, **named)

    def undo():
        try:
            finish_change(docs, "docs")
        except StaleMapError as error:
            errors.append(error)

    other = threading.Thread(target=undo)

    def calls(collection, shard, method, /, *args, **named):
        if method == "record_count" and not is_read.is_set():
            other.start()
            assert is_read.wait(10)
        if method == "remove" and not is_named.is_set():
            is_named.set()
            other.join()
            states.append(call(collection, shard, "status").result()["frozen"])
        return call(collection, shard, method, *args, **named)

    monkeypatch.setattr(change_record, "advance", slow)
    monkeypatch.setattr(docs, "call", calls)
    split(docs, "docs", "docs-000000")
    assert len(errors) == 1
    assert states[0] is not None  # the old shard accepts no write
    assert docs.reload().collection("docs").change is None
    assert docs.records() == expected(ids, vectors, payloads)


def test_a_map_that_was_put_without_an_answer_lets_nobody_write_to_old_shards(docs, monkeypatch):
    ids, vectors, payloads = rows(range(400))
    docs.write("add", ids, vectors, payloads)
    call, methods = docs.call, []

    def lost(method, name):
        if method == "create" and name.startswith("map/"):
            docs.store.after = None
            raise RemoteError("the answer was lost")

    def calls(collection, shard, method, /, *args, **named):
        methods.append(method)
        if method == "record_count":
            docs.store.after = lost
        return call(collection, shard, method, *args, **named)

    monkeypatch.setattr(docs, "call", calls)
    with pytest.raises(RemoteError):
        split(docs, "docs", "docs-000000")
    assert "thaw" not in methods
    collection = docs.reload().collection("docs")
    assert collection.change is None
    assert len(collection.shards) == 3
    assert docs.records() == expected(ids, vectors, payloads)


def test_a_caller_that_slept_while_it_was_undone_leaves_nothing_behind(docs, monkeypatch):
    ids, vectors, payloads = rows(range(400))
    docs.write("add", ids, vectors, payloads)
    call = docs.call

    def calls(collection, shard, method, /, *args, **named):
        if method == "begin_journal":
            monkeypatch.setattr(docs, "call", call)
            assert finish_change(docs, "docs") == "reshard"
        return call(collection, shard, method, *args, **named)

    monkeypatch.setattr(docs, "call", calls)
    with pytest.raises(StaleMapError):
        split(docs, "docs", "docs-000000")
    collection = docs.reload().collection("docs")
    status = docs.call(collection, collection.shards[0], "status").result()
    assert (status["frozen"], status["journal"]) == (None, "")
    split(docs, "docs", "docs-000000")
    assert docs.records() == expected(ids, vectors, payloads)


def test_what_cannot_be_done_is_refused_and_nothing_is_changed(docs):
    before = docs.reload()
    with pytest.raises(NotFoundError, match="no shard 'docs-000009'"):
        split(docs, "docs", "docs-000009")
    with pytest.raises(NotFoundError, match="no disk 'd9'"):
        move(docs, "docs", "docs-000000", "d9")
    with pytest.raises(InvalidArgumentError, match="two shards at least"):
        merge(docs, "docs", ["docs-000000", "docs-000000"])
    with pytest.raises(InvalidArgumentError, match="shards must be"):
        reshard(docs, "docs", 0)
    with pytest.raises(InvalidArgumentError, match="as many disks"):
        split(docs, "docs", "docs-000000", 2, disks=["d0"])
    assert docs.reload() is before


def test_a_collection_that_is_being_changed_is_not_changed_otherwise(docs):
    change = Change("rebuild", "prepare", "t", {"arguments": {}})
    change_record.begin(docs, "docs", change)
    with pytest.raises(BusyError, match="unfinished rebuild"):
        split(docs, "docs", "docs-000000")
    assert docs.reload().collection("docs").change == change
    change_record.end(docs, "docs", "t")
