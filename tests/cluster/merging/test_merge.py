"""Hits of shards, merged: what numpy makes of the same columns, and what one collection answers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import vdb
from support.kinds import KINDS
from support.merged import Merged
from vdb.cluster.merging import HitColumns, merge
from vdb.kernel import merge_hits
from vdb.model.hits import HitsDescription
from vdb.model.records import Plan
from vdb.model.tables.layout import RecordLayout

NUMBERS = st.sampled_from([-1.0, -0.0, 0.0, 0.5, 2.0, np.inf, -np.inf, np.nan])
TEXTS = ["a", "b", "ä", "￿", "\U0001f600", "aa"]


def description(metric: str = "l2", convention: str = "native", **more: Any) -> HitsDescription:
    direction = more.get("direction", "lower")
    layout = RecordLayout(more.get("kind", "int"), (), "float32", 2)
    return HitsDescription(metric, convention, direction, layout, more.get("plan"))


def key(number: float, higher: bool) -> tuple[bool, float]:
    """NaN last, else by the number in its direction."""
    return (True, 0.0) if np.isnan(number) else (False, -number if higher else number)


@st.composite
def shards(draw: st.DrawFn) -> tuple[list[Any], int]:
    queries = draw(st.integers(0, 4))
    texts = draw(st.booleans())
    single = draw(st.booleans())
    parts, used = [], 0
    for _ in range(draw(st.integers(1, 4))):
        counts = [draw(st.integers(0, 6)) for _ in range(queries)]
        n = sum(counts)
        numbers = draw(st.permutations(range(n))) if n else []
        ids: Any = [TEXTS[(used + i) % len(TEXTS)] + str(used + i) for i in numbers]
        if not texts:
            ids = np.array([used + i for i in numbers], dtype=np.int64)
        used += n
        values = np.array([draw(NUMBERS) for _ in range(n)], dtype=np.float64)
        scores = np.array([draw(NUMBERS) for _ in range(n)]).astype(
            np.float32 if single else np.float64
        )
        parts.append((ids, values, scores, np.array(counts, dtype=np.int64)))
    return parts, queries


@settings(max_examples=300, deadline=None)
@given(
    shards(),
    st.one_of(st.none(), st.integers(0, 9)),
    st.integers(0, 3),
    st.booleans(),
    st.booleans(),
)
def test_the_kernel_chooses_by_value_and_sorts_by_score(
    made, most, offset, higher_values, higher_scores
):
    parts, queries = made
    rows, starts = merge_hits(parts, queries, most, offset, higher_values, higher_scores)
    expected: list[int] = []
    ends = [0]
    for query in range(queries):
        entries, base = [], 0
        for ids, values, scores, counts in parts:
            begin = int(counts[:query].sum())
            for i in range(begin, begin + int(counts[query])):
                record = ids[i].encode() if isinstance(ids, list) else int(ids[i])
                near = (key(float(values[i]), higher_values), record)
                entries.append((near, key(float(scores[i]), higher_scores), base + i))
            base += len(values)
        chosen = sorted(entries, key=lambda one: one[0])[:most]
        ordered = sorted(chosen, key=lambda one: (one[1], one[0]))[offset:]
        expected += [row for _, _, row in ordered]
        ends.append(len(expected))
    assert rows.tolist() == expected
    assert starts.tolist() == ends


@pytest.mark.parametrize("kind", KINDS, ids=str)
@pytest.mark.parametrize("ids", ["int", "str"])
def test_merged_hits_are_those_of_one_collection_to_the_last_bit(kind, ids):
    seed = KINDS.index(kind)
    ground = Merged(kind, ids, seed)
    conventions = vdb.scores.conventions(kind.metric)
    start = (seed + 3 * (ids == "str")) % 12
    compared = 0
    for convention in ["native", *conventions[start::12]]:
        try:
            number, wrong = ground.differences(convention, seed)
        except vdb.InvalidArgumentError:
            continue  # the engine does not take the dtype
        assert wrong == []
        compared += number
    assert compared >= 12
    ground.close()


def columns(ids: Any, values: list[float], counts: list[int], **more: Any) -> HitColumns:
    numbers = np.array(values, dtype=np.float64)
    return HitColumns(
        ids, numbers, more.pop("scores", numbers), np.array(counts, dtype=np.int64),
        more.pop("description", description()), **more,
    )  # fmt: skip


def ints(*numbers: int) -> Any:
    return np.array(numbers, dtype=np.int64)


def test_payloads_stay_encoded_until_one_is_looked_at():
    broken = b"\xc1"  # no value of msgpack begins so
    parts = [
        ("d-0", columns(ints(1, 3), [0.1, 0.3], [2], payloads=[b"\x81\xa1n\x01", broken])),
        ("d-1", columns(ints(2), [0.2], [1], payloads=[None])),
    ]
    hits = merge(parts, 2)[0]
    assert hits.ids.tolist() == [1, 2]
    assert hits.payloads == [{"n": 1}, None]
    whole = merge(parts, 3)[0]
    assert whole.ids.tolist() == [1, 2, 3]
    with pytest.raises(vdb.CorruptedError):
        _ = whole[2].payload


def test_the_plan_has_a_line_for_each_shard():
    one = Plan("exact", 2, 0.5, 4, "few records pass")
    other = Plan("graph", 6, 0.5, 9, "many records pass")
    parts = [
        ("d-0", columns(ints(1), [0.1], [1], description=description(plan=one))),
        ("d-1", columns(ints(2), [0.2], [1], description=description(plan=other))),
    ]
    plan = merge(parts, 2).plan
    assert plan is not None
    assert (plan.strategy, plan.matches, plan.selectivity, plan.visited) == (
        "graph, then exact",
        8,
        0.5,
        13,
    )
    assert plan.reason.splitlines() == ["2 shards", f"d-0: {one}", f"d-1: {other}"]
    assert merge(parts[:1], 1).plan is not None
    assert merge(parts[1:], 1).plan.strategy == "graph"


def test_a_shard_that_never_had_a_record_fits_any():
    empty = columns(ints(), [], [0], description=description(kind=None))
    texts = columns(["b", "a"], [1.0, 1.0], [2], description=description(kind="str"))
    hits = merge([("d-0", empty), ("d-1", texts)], 5)[0]
    assert hits.ids.tolist() == ["a", "b"]
    assert hits.to_dicts()[0]["id"] == "a"
    assert merge([("d-0", empty)], 5)[0].ids.tolist() == []


def test_two_metrics_are_never_mixed():
    other = description("cosine", direction="higher")
    parts = [
        ("d-0", columns(ints(1), [0.1], [1])),
        ("d-1", columns(ints(2), [0.2], [1], description=other)),
    ]
    with pytest.raises(vdb.CorruptedError, match=r"shard 'd-1'.*'cosine'.*'d-0'.*'l2'"):
        merge(parts, 2)


@pytest.mark.parametrize(
    "bad",
    [
        columns(ints(1), [0.1, 0.2], [2]),
        columns(ints(1, 2), [0.1, 0.2], [1]),
        columns(ints(1, 2), [0.1, 0.2], [3]),
        columns(ints(1, 2), [0.1, 0.2], [-1]),
        columns(ints(1, 2), [0.1, 0.2], [2, 0]),
        columns(ints(1, 2), [0.1, 0.2], [2], scores=np.array([1.0])),
        columns(ints(1, 2), [0.1, 0.2], [2], scores=np.array([1, 2], dtype=np.int32)),
        columns(ints(1, 2), [0.1, 0.2], [2], scores=np.array([1, 2], dtype=np.float32)),
        columns(["a", "b"], [0.1, 0.2], [2]),
        columns(["a", 2], [0.1, 0.2], [2]),
        columns(ints(1, 2), [0.1, 0.2], [2], payloads=[None]),
        columns(ints(1, 2), [0.1, 0.2], [2], vectors=np.zeros((3, 2), np.float32)),
    ],
)
def test_columns_that_do_not_fit_together_are_refused(bad):
    good = columns(ints(7), [0.5], [1])
    with pytest.raises(vdb.CorruptedError, match="d-1"):
        merge([("d-0", good), ("d-1", bad)], 3)


def test_the_kernel_refuses_what_is_no_column():
    values, counts = np.zeros(1), np.array([1])
    for ids in (np.zeros(1), np.zeros(1, np.int32), "a", None, [1], ["\ud800"]):
        with pytest.raises((ValueError, TypeError)):
            merge_hits([(ids, values, values, counts)], 1, 1, 0, False, False)
    for most, offset, queries in ((-1, 0, 1), (1, -1, 1), (1, 0, -1), (1, 0, 2)):
        with pytest.raises((ValueError, TypeError)):
            merge_hits([(ints(1), values, values, counts)], queries, most, offset, False, False)
    huge = np.array([2**63 - 1, 2**63 - 1, 4], dtype=np.int64)  # their sum overflows to two
    with pytest.raises(ValueError, match="counts"):
        merge_hits([(ints(1, 2), np.zeros(2), np.zeros(2), huge)], 3, 1, 0, False, False)
    rows, starts = merge_hits([], 2, None, 2**64 - 1, False, False)
    assert rows.tolist() == []
    assert starts.tolist() == [0, 0, 0]
