"""The next generation of a shard: prepared beside the one in use, and put to use on demand."""

from __future__ import annotations

import pickle
import threading
import time
from contextlib import suppress

import numpy as np
import pytest

import vdb
from vdb.cluster.metadata import elapsed
from vdb.cluster.shards import pins
from vdb.cluster.shards.shard import Shard


def prepared(shard, V, **arguments):
    shard.write("first", "add", np.arange(len(V)), V)
    return shard.prepare_rebuild("token", {"metric": "cosine", **arguments}, reason="better")


def changed_over(shard, generation, **more):
    shard.freeze("token", 10.0)
    report = shard.commit_rebuild("token", generation=generation, **more)
    shard.thaw("token")
    return report


def wait_for_more(answers, errors):
    end = len(answers) + 50
    while len(answers) < end and not errors:
        time.sleep(0.001)


def test_the_old_generation_answers_until_the_map_says_the_new_one(shard, V):
    held = pickle.loads(pickle.dumps(prepared(shard, V)))
    before = shard.search(1, V[0], 5)
    assert (before.generation, before.newest) == (1, 1)
    assert before.result.description.metric == "l2"
    report = changed_over(shard, held.generation)
    assert report.generation == held.generation == 2
    old = shard.search(1, V[0], 5)
    assert (old.generation, old.newest) == (1, 2)
    assert old.result.description.metric == "l2"
    assert np.array_equal(old.result.ids, before.result.ids)
    assert np.array_equal(old.result.values, before.result.values)
    for answer in (shard.search(2, V[0], 5), shard.search(None, V[0], 5)):
        assert (answer.generation, answer.newest) == (2, 2)
        assert answer.result.description.metric == "cosine"
    assert shard.schema()["metric"] == "cosine"
    with pytest.raises(vdb.StaleMapError):
        shard.write("old", "delete", [1], generation=1)
    shard.write("new", "delete", [1], generation=2)
    assert shard.read(1, "count").result == len(V)
    assert shard.read(2, "count").result == len(V) - 1


def test_the_old_generation_answers_no_longer_than_the_grace(shard, V, monkeypatch):
    changed_over(shard, prepared(shard, V).generation)
    shard._pins.expire()
    assert shard.search(1, V[0], 5).generation == 1
    later = elapsed.now() + pins.GRACE
    monkeypatch.setattr(elapsed, "now", lambda: later)
    shard._pins.expire()
    with pytest.raises(vdb.StaleMapError):
        shard.search(1, V[0], 5)


def test_each_step_may_be_done_again(shard, cluster, V):
    assert shard.kept_generation() is None
    held = prepared(shard, V[:200])
    shard.write("more", "add", np.arange(200, 300), V[200:])
    again = shard.prepare_rebuild("token", {"metric": "cosine"})
    assert again.generation == held.generation
    shard.freeze("token", 10.0)
    report = shard.commit_rebuild("token", generation=2, keep_previous=True)
    same = shard.commit_rebuild("token", generation=2, keep_previous=True)
    for name in ("generation", "metric", "dtype", "previous", "previous_metric", "previous_kept"):
        assert getattr(same, name) == getattr(report, name), name
    shard.thaw("token")
    shard.close()
    other = Shard(cluster.place())
    assert other.commit_rebuild("token", generation=2).generation == 2
    assert other.kept_generation() == 1
    other.freeze("back", 10.0)
    back = other.commit_rebuild("back", generation=1, back=True, reason="worse")
    assert (back.generation, back.metric) == (1, "l2")
    assert other.commit_rebuild("back", generation=1, back=True).metric == "l2"
    other.thaw("back")
    assert other.search(1, V[250], 1).result.ids.tolist() == [250]
    assert other.drop_previous() and not other.drop_previous()
    assert other.check() == []
    other.close()


def test_nothing_changes_over_without_a_freeze_or_to_another_generation(shard, V):
    held = prepared(shard, V)
    with pytest.raises(vdb.StaleMapError, match="not frozen"):
        shard.commit_rebuild("token", generation=held.generation)
    shard.freeze("other", 10.0)
    with pytest.raises(vdb.StaleMapError, match="not frozen"):
        shard.commit_rebuild("token", generation=held.generation)
    shard.thaw("other")
    shard.freeze("token", 10.0)
    with pytest.raises(vdb.NotFoundError, match="7"):
        shard.commit_rebuild("token", generation=7)
    with pytest.raises(vdb.NotFoundError, match="kept"):
        shard.commit_rebuild("token", generation=held.generation, back=True)
    shard.thaw("token")
    assert shard.discard_rebuild()
    assert shard.search(1, V[0], 5).newest == 1


def test_a_rebuild_tells_where_it_is_and_stops_when_told(shard, V):
    shard.write("first", "add", np.arange(len(V)), V)
    assert shard.rebuild_progress() is None
    seen = []
    note = shard._rebuilds._note

    def noted(progress):
        shard._rebuilds._progress = progress
        seen.append(shard.rebuild_progress())
        shard.stop_rebuild()
        note(progress)

    shard._rebuilds._note = noted
    with pytest.raises(vdb.RebuildError, match="stopped"):
        shard.prepare_rebuild("token", {"metric": "cosine"})
    assert seen and seen[0].phase == "building"
    assert shard.rebuild_progress() is None
    shard._rebuilds._note = note
    assert shard.prepare_rebuild("token", {"metric": "cosine"}).metric == "cosine"
    shard.discard_rebuild()


def test_no_search_and_no_write_is_answered_half_old_and_half_new(shard, V):
    """Values of both metrics are known, so an answer shows which generation made it."""
    held = prepared(shard, V[:250])
    expected = {}
    for generation, metric in ((1, "l2"), (2, "cosine")):
        with vdb.temporary() as db:
            docs = db.create_collection("docs", dim=V.shape[1], metric=metric)
            docs.add(np.arange(250), V[:250])
            expected[generation] = docs.search(V[0], 5, exact=True).values
    errors, answers = [], []
    over = threading.Event()

    def ask(asked):
        with suppress(vdb.StaleMapError):
            answer = shard.search(asked, V[0], 5, exact=True)
            assert asked in (None, answer.generation)
            assert np.array_equal(answer.result.values, expected[answer.generation])
            answers.append(answer.generation)

    def search():
        try:
            while not over.is_set():
                for asked in (1, 2, None):
                    ask(asked)
        except Exception as error:  # noqa: BLE001 - told in the main thread
            errors.append(error)

    threads = [threading.Thread(target=search) for _ in range(3)]
    for one in threads:
        one.start()
    wait_for_more(answers, errors)
    changed_over(shard, held.generation)
    wait_for_more(answers, errors)
    over.set()
    for one in threads:
        one.join()
    assert not errors
    assert set(answers) == {1, 2}
