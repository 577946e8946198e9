"""Another metric on all shards, from one moment on."""

import threading
from dataclasses import replace

import numpy as np
import pytest

from tests.support.cluster_access import ClusterOfDocs
from vdb.cluster.changes.interrupted import finish_change
from vdb.cluster.changes.rebuild import (
    RebuildArguments,
    commit,
    discard,
    drop_previous,
    rebuild,
    rollback,
)
from vdb.errors import (
    BusyError,
    InvalidArgumentError,
    InvalidVectorError,
    NotFoundError,
    ShardUnavailableError,
    StaleMapError,
    VdbError,
)
from vdb.model.config import Flat

DIM = 8
IDS = list(range(600))
QUERY = np.full(DIM, 0.2, np.float32)


class Died(BaseException):
    """The caller of a change is no more."""


@pytest.fixture
def docs(tmp_path):
    cluster = ClusterOfDocs(tmp_path, shards=3)
    vectors = np.random.default_rng(1).standard_normal((len(IDS), DIM)).astype(np.float32)
    cluster.write("add", IDS, vectors)
    cluster.vectors = vectors
    yield cluster
    cluster.check()
    cluster.close()


def searched(docs, query, k=5):
    """The metric and the ids of an exact search of all shards; None where the map moved."""
    collection = docs.reload().collection("docs")
    parts = []
    for shard in collection.shards:
        try:
            answer = docs.call(
                collection, shard, "search", shard.generation, query, k, exact=True
            ).result()
        except (StaleMapError, ShardUnavailableError):
            return None
        assert answer.generation == shard.generation
        parts.append(answer.result)
    metrics = {part.description.metric for part in parts}
    assert len(metrics) == 1  # never two
    values = np.concatenate([part.values for part in parts])
    ids = np.concatenate([part.ids for part in parts])
    sign = -1 if metrics == {"cosine"} else 1
    order = np.lexsort((ids, sign * values))[:k]
    return metrics.pop(), ids[order].tolist()


def truth(docs, query, k=5):
    """What each metric finds."""
    rows = docs.vectors.astype(np.float64)
    l2 = ((rows - query) ** 2).sum(1)
    cosine = rows @ query / np.linalg.norm(rows, axis=1)
    return {
        "l2": np.argsort(l2, kind="stable")[:k].tolist(),
        "cosine": np.argsort(-cosine, kind="stable")[:k].tolist(),
    }


def test_every_search_is_answered_in_one_metric_while_all_shards_change_over(docs):
    right = truth(docs, QUERY)
    assert right["l2"] != right["cosine"]
    stop, seen, wrong = threading.Event(), [], []

    def search():
        while not stop.is_set():
            try:
                found = searched(docs, QUERY)
            except Exception as error:  # noqa: BLE001 - said by the test's thread
                wrong.append(error)
                return
            if found is not None:
                metric, ids = found
                seen.append(metric)
                if ids != right[metric]:
                    wrong.append(found)

    thread = threading.Thread(target=search)
    thread.start()
    try:
        report = rebuild(docs, "docs", RebuildArguments(metric="cosine"), keep_previous=True)
        assert searched(docs, QUERY)[0] == "cosine"
        back = rollback(docs, "docs")
        assert searched(docs, QUERY)[0] == "l2"
    finally:
        stop.set()
        thread.join()
    assert not wrong, wrong[0]
    assert "l2" in seen
    assert (report.metric, report.previous_metric, report.records) == ("cosine", "l2", len(IDS))
    assert report.recall is None or report.recall > 0.5
    assert (back.metric, back.previous_metric) == ("l2", "cosine")
    collection = docs.reload().collection("docs")
    assert collection.change is None
    assert collection.schema["metric"] == "l2"
    assert [shard.generation for shard in collection.shards] == [1, 1, 1]


def test_what_is_written_while_shards_build_is_in_the_new_generation(docs):
    stop, number = threading.Event(), [1000]

    def write():
        while not stop.is_set():
            docs.write("upsert", [number[0]], [np.full(DIM, number[0] / 1000, np.float32)])
            number[0] += 1

    thread = threading.Thread(target=write)
    thread.start()
    try:
        rebuild(docs, "docs", RebuildArguments(metric="cosine", index=Flat(), dtype="float16"))
    finally:
        stop.set()
        thread.join()
    records = docs.records()
    assert set(records) == {*IDS, *range(1000, number[0])}
    schema = docs.reload().collection("docs").schema
    assert (schema["metric"], schema["dtype"]) == ("cosine", "float16")


def test_vectors_that_the_metric_cannot_take_refuse_it_on_all_shards(docs):
    docs.write("upsert", [7], [np.zeros(DIM, np.float32)])
    with pytest.raises(InvalidVectorError, match="7"):
        rebuild(docs, "docs", RebuildArguments(metric="cosine"))
    collection = docs.reload().collection("docs")
    assert collection.change is None
    assert collection.schema["metric"] == "l2"
    for shard in collection.shards:
        assert docs.call(collection, shard, "discard_rebuild").result() is False


def dying_at(docs, monkeypatch, method, times=1):
    """From the n-th call of that method on, the caller is dead."""
    call, left = docs.call, [times]

    def dying(collection, shard, name, /, *args, **named):
        if name == method:
            left[0] -= 1
        if left[0] <= 0:
            raise Died
        return call(collection, shard, name, *args, **named)

    monkeypatch.setattr(docs, "call", dying)
    return lambda: monkeypatch.setattr(docs, "call", call)


@pytest.mark.parametrize(
    ("method", "times"),
    [("commit_rebuild", 1), ("commit_rebuild", 2), ("commit_rebuild", 3), ("schema", 1)],
)
def test_a_change_over_whose_caller_is_gone_is_completed(docs, monkeypatch, method, times):
    revive = dying_at(docs, monkeypatch, method, times)
    with pytest.raises(Died):
        rebuild(docs, "docs", RebuildArguments(metric="cosine"))
    revive()
    assert docs.reload().collection("docs").change.stage == "swap"
    assert finish_change(docs, "docs") == "rebuild"
    assert finish_change(docs, "docs") is None
    assert searched(docs, QUERY) == ("cosine", truth(docs, QUERY)["cosine"])
    docs.write("delete", [1])


def test_writers_stay_stopped_where_a_shard_has_not_changed_over(docs, monkeypatch):
    docs.timeout = 0.2
    call = docs.call

    def calls(collection, shard, method, /, *args, **named):
        if method == "commit_rebuild" and shard.id == "docs-000002":
            raise ShardUnavailableError("it is gone", shard=shard.id)
        return call(collection, shard, method, *args, **named)

    monkeypatch.setattr(docs, "call", calls)
    with pytest.raises(ShardUnavailableError):
        rebuild(docs, "docs", RebuildArguments(metric="cosine"))
    monkeypatch.setattr(docs, "call", call)
    collection = docs.reload().collection("docs")
    assert collection.change.stage == "swap"
    zeros = np.zeros((1, DIM), np.float32)
    for shard in collection.shards:
        with pytest.raises(StaleMapError):
            docs.call(collection, shard, "write", "t", "upsert", [7], zeros).result()
    assert finish_change(docs, "docs") == "rebuild"
    assert searched(docs, QUERY) == ("cosine", truth(docs, QUERY)["cosine"])
    docs.write("delete", [1])


def test_a_rebuild_is_not_dropped_by_one_program_and_put_to_use_by_another(docs, monkeypatch):
    rebuild(docs, "docs", RebuildArguments(metric="cosine"), hold=True)
    call = docs.call

    def calls(collection, shard, method, /, *args, **named):
        if method == "discard_rebuild":
            monkeypatch.setattr(docs, "call", call)
            with pytest.raises(VdbError):
                commit(docs, "docs")
        return call(collection, shard, method, *args, **named)

    monkeypatch.setattr(docs, "call", calls)
    assert discard(docs, "docs") is True
    assert docs.reload().collection("docs").change is None
    assert searched(docs, QUERY) == ("l2", truth(docs, QUERY)["l2"])
    docs.write("delete", [1])


def test_a_rebuild_that_is_half_dropped_is_dropped_by_whoever_comes(docs, monkeypatch):
    for finish in (
        lambda: finish_change(docs, "docs"),
        lambda: rebuild(docs, "docs", RebuildArguments(metric="ip"), hold=True),
    ):
        rebuild(docs, "docs", RebuildArguments(metric="cosine"), hold=True)
        revive = dying_at(docs, monkeypatch, "discard_rebuild", 2)
        with pytest.raises(Died):
            discard(docs, "docs")
        revive()
        assert docs.reload().collection("docs").change.stage == "discard"
        finish()
    assert docs.reload().collection("docs").change.spec["arguments"]["metric"] == "ip"


def test_who_completes_a_change_late_does_not_make_it_twice(docs, monkeypatch):
    rebuild(docs, "docs", RebuildArguments(metric="cosine"), keep_previous=True)
    revive = dying_at(docs, monkeypatch, "commit_rebuild", 1)
    with pytest.raises(Died):
        rollback(docs, "docs")
    revive()
    call = docs.call

    def calls(collection, shard, method, /, *args, **named):
        if method == "freeze":
            monkeypatch.setattr(docs, "call", call)
            assert finish_change(docs, "docs") == "rollback"
            rollback(docs, "docs")
        return call(collection, shard, method, *args, **named)

    monkeypatch.setattr(docs, "call", calls)
    finish_change(docs, "docs")
    assert searched(docs, QUERY) == ("cosine", truth(docs, QUERY)["cosine"])
    docs.write("delete", [1])


def test_a_caller_that_dies_while_it_stops_writers_has_changed_nothing(docs, monkeypatch):
    docs.change(lambda old: replace(old, lease=0.2))
    revive = dying_at(docs, monkeypatch, "freeze", 3)
    with pytest.raises(Died):
        rebuild(docs, "docs", RebuildArguments(metric="cosine"))
    revive()
    docs.write("upsert", IDS[:20], docs.vectors[:20])  # waits until the freeze has lapsed
    assert docs.reload().collection("docs").change.stage == "prepare"
    assert searched(docs, QUERY) == ("l2", truth(docs, QUERY)["l2"])
    assert rebuild(docs, "docs", RebuildArguments(metric="cosine")).resumed
    assert searched(docs, QUERY) == ("cosine", truth(docs, QUERY)["cosine"])


def test_what_was_written_since_is_found_after_the_way_back(docs):
    rebuild(docs, "docs", RebuildArguments(metric="cosine"), keep_previous=True)
    docs.write("upsert", [7], [QUERY])
    docs.vectors[7] = QUERY
    rollback(docs, "docs")
    assert searched(docs, QUERY) == ("l2", truth(docs, QUERY)["l2"])


def test_a_generation_that_is_held_is_put_to_use_later(docs):
    held = rebuild(docs, "docs", RebuildArguments(metric="cosine"), hold=True)
    assert held.held
    assert searched(docs, QUERY) == ("l2", truth(docs, QUERY)["l2"])
    docs.write("upsert", [7], [np.full(DIM, 3, np.float32)])
    docs.vectors[7] = 3
    report = commit(docs, "docs", keep_previous=True)
    assert (report.metric, report.previous_kept) == ("cosine", True)
    assert searched(docs, QUERY) == ("cosine", truth(docs, QUERY)["cosine"])
    with pytest.raises(NotFoundError, match="holds no rebuild"):
        commit(docs, "docs")


def test_a_vector_that_comes_late_refuses_the_change_on_all_shards(docs):
    rebuild(docs, "docs", RebuildArguments(metric="cosine"), hold=True)
    docs.write("upsert", [7], [np.zeros(DIM, np.float32)])
    with pytest.raises(InvalidVectorError, match="7"):
        commit(docs, "docs")
    collection = docs.reload().collection("docs")
    assert (collection.change.stage, collection.schema["metric"]) == ("held", "l2")
    docs.write("upsert", [7], [docs.vectors[7]])
    commit(docs, "docs")
    assert searched(docs, QUERY) == ("cosine", truth(docs, QUERY)["cosine"])


def test_a_way_back_that_a_vector_refuses_is_gone_by_no_shard(docs):
    rebuild(docs, "docs", RebuildArguments(metric="cosine"))
    rebuild(docs, "docs", RebuildArguments(metric="l2"), keep_previous=True)
    docs.write("upsert", [7], [np.zeros(DIM, np.float32)])
    with pytest.raises(InvalidVectorError, match="7"):
        rollback(docs, "docs")
    collection = docs.reload().collection("docs")
    assert (collection.change, collection.schema["metric"]) == (None, "l2")
    metric, ids = searched(docs, QUERY)
    assert (metric, ids[0]) == ("l2", 7)
    docs.write("upsert", [7], [np.ones(DIM, np.float32)])
    docs.vectors[7] = 1
    rollback(docs, "docs")
    assert searched(docs, QUERY) == ("cosine", truth(docs, QUERY)["cosine"])


def test_a_rebuild_whose_caller_is_gone_before_goes_on_where_it_was(docs, monkeypatch):
    revive = dying_at(docs, monkeypatch, "prepare_rebuild", 3)
    with pytest.raises(Died):
        rebuild(docs, "docs", RebuildArguments(metric="cosine"))
    revive()
    assert docs.reload().collection("docs").change.stage == "prepare"
    assert finish_change(docs, "docs") is None
    assert searched(docs, QUERY) == ("l2", truth(docs, QUERY)["l2"])
    with pytest.raises(InvalidArgumentError, match="other parameters"):
        rebuild(docs, "docs", RebuildArguments(metric="ip"), resume=True)
    report = rebuild(docs, "docs", RebuildArguments(), resume=True)
    assert report.resumed
    assert report.metric == "cosine"
    assert searched(docs, QUERY) == ("cosine", truth(docs, QUERY)["cosine"])


def test_an_unfinished_rebuild_is_discarded_on_all_shards(docs, monkeypatch):
    revive = dying_at(docs, monkeypatch, "prepare_rebuild", 3)
    with pytest.raises(Died):
        rebuild(docs, "docs", RebuildArguments(metric="cosine"))
    revive()
    assert discard(docs, "docs") is True
    assert discard(docs, "docs") is False
    with pytest.raises(NotFoundError, match="no unfinished rebuild"):
        rebuild(docs, "docs", RebuildArguments(), resume=True)


def test_progress_that_raises_stops_the_rebuild_on_all_shards(docs):
    class StoppedError(Exception):
        pass

    def stop(progress):
        raise StoppedError

    vectors = np.random.default_rng(2).standard_normal((9000, DIM)).astype(np.float32)
    docs.write("add", list(range(2000, 11000)), vectors)
    with pytest.raises(StoppedError):
        rebuild(docs, "docs", RebuildArguments(metric="cosine"), progress=stop)
    assert docs.reload().collection("docs").schema["metric"] == "l2"
    discard(docs, "docs")
    assert docs.reload().collection("docs").change is None


def test_there_is_a_way_back_only_where_every_shard_keeps_a_generation(docs):
    with pytest.raises(NotFoundError, match="keeps no generation"):
        rollback(docs, "docs")
    assert docs.reload().collection("docs").change is None
    rebuild(docs, "docs", RebuildArguments(metric="cosine"), keep_previous=True)
    assert drop_previous(docs, "docs") is True
    assert drop_previous(docs, "docs") is False
    with pytest.raises(NotFoundError, match="keeps no generation"):
        rollback(docs, "docs")


def test_one_change_at_a_time(docs):
    from vdb.cluster.changes.change_record import begin, end
    from vdb.cluster.metadata.map_parts import Change

    begin(docs, "docs", Change("reshard", "copy", "t", {"old": [], "new": []}))
    with pytest.raises(BusyError, match="unfinished reshard"):
        rebuild(docs, "docs", RebuildArguments(metric="cosine"))
    end(docs, "docs", "t", replace)
