"""A write that was carried out is not carried out again by the shards that follow.

A caller that had no answer asks again with the same token, whatever became of the shards meanwhile.
"""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import replace

import numpy as np
import pytest

import vdb
from support.shard_cluster import DIM, ShardCluster
from vdb.cluster.metadata.map_parts import ShardEntry
from vdb.cluster.metadata.slots import SLOTS, slots_of
from vdb.cluster.shards.inherited import KnownWrites, inherited_tokens
from vdb.cluster.shards.shard import Shard

HALVES = [((0, 2048),), ((2048, SLOTS),)]
LAYOUTS = {
    "split": ([((0, SLOTS),)], HALVES),
    "merged": (HALVES, [((0, SLOTS),)]),
    "moved": ([((0, SLOTS),)], [((0, SLOTS),)]),
    "crossed": (HALVES, [((0, 100), (3000, SLOTS)), ((100, 3000),)]),
}


class Sharded:
    """Some shards, written to as a client does: each row to the shard of its slot."""

    def __init__(self, shards, layout):
        self.shards, self.layout = shards, layout

    def write(self, token, operation, ids, *columns, only=None, **named):
        answers = []
        for shard, slots in zip(self.shards, self.layout, strict=True):
            if only is not None and shard is not self.shards[only]:
                continue
            if ids is None:
                answers.append(shard.write(token, operation, *columns, **named).result)
                continue
            own = [i for i in ids if owns(slots, i)]
            if own:
                taken = [
                    [column[ids.index(i)] for i in own] if isinstance(column, list) else column
                    for column in columns
                ]
                answers.append(shard.write(token, operation, own, *taken, **named).result)
        return answers

    def records(self):
        records = [one for shard in self.shards for one in shard.read(None, "scan").result]
        return sorted(
            (r.id, None if r.vector is None else r.vector.tolist(), r.payload) for r in records
        )


def owns(slots, one):
    slot = int(slots_of([one])[0])
    return any(start <= slot < stop for start, stop in slots)


def total(answers):
    if answers and isinstance(answers[0], vdb.WriteCounts):
        return tuple(
            sum(getattr(one, name) for one in answers) for name in ("added", "replaced", "skipped")
        )
    return sum(one or 0 for one in answers)


@contextmanager
def opened(tmp_path, layout, durability):
    """A cluster whose first shards have this layout, and what opens those that follow."""
    cluster = ShardCluster(tmp_path, durability=durability)
    with ExitStack() as stack:
        numbers = iter(range(100))

        def shards(slots):
            entries, made = [], []
            for one in slots:
                place = cluster.place(next(numbers))
                entries.append(ShardEntry(place.shard, "d0", one, 1, True))
                made.append(lambda place=place: Shard(place))

            def put(old):
                collection = old.collection("docs")
                names = [entry.id for entry in collection.shards]
                return old.with_changed(
                    replace(collection.with_shards(names, entries), next_shard=100)
                )

            return made, lambda: cluster.maps.change(put)

        yield stack, shards


def begun(stack, made):
    shards = [make() for make in made]
    for shard in shards:
        stack.callback(shard.close)
        stack.callback(lambda shard=shard: sound(shard))
    return shards


def sound(shard):
    assert shard.check() == []


def hand_over(old, new):
    """As a change of the cluster does, with writers stopped."""
    for shard in old.shards:
        shard.freeze("change", 60.0)
        for number, slots in enumerate(new.layout):
            ids = [i for i in shard._collection.ids() if owns(slots, i)]
            new.shards[number].put_rows(f"rows-{shard.place.shard}-{number}", shard.rows(ids))
    known = [
        KnownWrites(slots, shard.known_writes()[0])
        for shard, slots in zip(old.shards, old.layout, strict=True)
    ]
    for shard, tokens in zip(new.shards, inherited_tokens(known, new.layout), strict=True):
        count = shard.put_tokens("tokens", tokens)
        assert shard.put_tokens("tokens", tokens) == count


@pytest.mark.parametrize("durability", ["node", "stored"])
@pytest.mark.parametrize("name", LAYOUTS)
def test_every_write_again_changes_nothing_and_has_the_same_answer(tmp_path, rng, name, durability):
    before, after = LAYOUTS[name]
    with opened(tmp_path, before, durability) as (stack, shards):
        made, put = shards(before)
        put()
        old = Sharded(begun(stack, made), before)
        writes = history(rng)
        answers = [total(old.write(*args, **named)) for args, named in writes]
        made, put = shards(after)
        new = Sharded(begun(stack, made), after)
        hand_over(old, new)
        records = old.records()
        put()
        assert new.records() == records
        again = [total(new.write(*args, **named)) for args, named in writes]
        assert new.records() == records
        assert again == answers
        new.write("fresh", "upsert", [1, 2, 3], [[0.0] * DIM] * 3, None)
        assert new.records() != records


def history(rng):
    writes = []
    for number in range(40):
        ids = [int(i) for i in np.unique(rng.integers(0, 60, 12))]
        rows = [rng.normal(size=DIM).astype(np.float32) for _ in ids]
        payloads = [{"n": int(rng.integers(0, 6))} for _ in ids]
        token = f"w{number}"
        kind = number % 6
        if kind == 0:
            writes.append(((token, "upsert", ids, rows, payloads), {}))
        elif kind == 1:
            fresh = [1000 * (number + 1) + i for i in range(8)]
            writes.append(((token, "add", fresh, rows[:1] * 8, [{"n": 9}] * 8), {}))
        elif kind == 2:
            writes.append(((token, "delete", ids), {}))
        elif kind == 3:
            writes.append(((token, "delete", None), {"where": {"n": number % 6}}))
        elif kind == 4:
            writes.append(
                ((token, "update_payloads", None, None, {"m": number}), {"where": {"n": 2}})
            )
        else:
            writes.append(
                ((token, "clear", None), {})
                if number == 5
                else ((token, "upsert", ids, rows, payloads), {})
            )
    return writes


def test_the_part_that_was_not_carried_out_is(tmp_path):
    """One of two shards had its part of a write when they were merged."""
    before, after = LAYOUTS["merged"]
    with opened(tmp_path, before, "stored") as (stack, shards):
        made, put = shards(before)
        put()
        old = Sharded(begun(stack, made), before)
        ids = list(range(40))
        rows = [np.full(DIM, i, np.float32) for i in ids]
        (done,) = old.write("half", "add", ids, rows, only=0)
        made, put = shards(after)
        new = Sharded(begun(stack, made), after)
        hand_over(old, new)
        put()
        assert len(new.records()) == done.added < 40
        assert total(new.write("half", "add", ids, rows)) == (40, 0, 0)
        assert [one[0] for one in new.records()] == ids
        new.shards[0].write("other", "upsert", [3], [[9.0] * DIM])
        assert total(new.write("half", "add", ids, rows)) == (40, 0, 0)  # and nothing again
        assert new.records()[3][1] == [9.0] * DIM


def test_of_many_writes_the_last_are_known_after_several_changes(tmp_path):
    with opened(tmp_path, HALVES, "node") as (stack, shards):
        made, put = shards(HALVES)
        put()
        now = Sharded(begun(stack, made), HALVES)
        now.write("first", "upsert", list(range(20)), [[1.0] * DIM] * 20)
        for name in ("merged", "split", "crossed"):
            layout = LAYOUTS[name][1]
            made, put = shards(layout)
            new = Sharded(begun(stack, made), layout)
            hand_over(now, new)
            put()
            now = new
            now.write(name, "upsert", [7], [[2.0] * DIM])
            now.write("first", "upsert", list(range(20)), [[1.0] * DIM] * 20)
            assert now.records()[7][1] == [2.0] * DIM
