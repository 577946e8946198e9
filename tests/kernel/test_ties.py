"""Nodes without their copies, the copies of a node, and all that is exactly as near."""

from __future__ import annotations

import numpy as np
import pytest

from support import kinds
from support.kernel_memory import MemoryIndex, nothing_stored

COUNT, DIM = 900, 16


@pytest.fixture(scope="module", params=kinds.KINDS, ids=str)
def crowded(request):
    """Every third slot holds the first row, every fifth of the others the second."""
    kind = request.param
    rows = np.random.default_rng(8).normal(size=(COUNT, DIM))
    rows[::3] = rows[0]
    rows[1::15] = rows[1]
    stored = kind.stored(rows)
    made = MemoryIndex(kind.metric, DIM, dtype=kind.dtype, M=6)
    made.add(stored)
    queries = np.ascontiguousarray(kind.queries(rows[:4]), dtype=made.query_type)
    return made.index, stored, queries


def test_nodes_are_hits_without_their_copies(crowded):
    index, stored, queries = crowded
    slots, values, counts = index.search_nodes(nothing_stored, queries, 20, 200, 2)
    again = index.search(nothing_stored, queries, COUNT, 200)[1]
    for row, value, count, all_values in zip(slots, values, counts, again, strict=True):
        found = [stored[slot].tobytes() for slot in row[:count]]
        assert len(set(found)) == count == 20
        assert value[0] == all_values[0]
        assert set(value[:count]) <= set(all_values)


def test_a_node_is_followed_by_its_copies(crowded):
    index, stored, queries = crowded
    nodes = index.search_nodes(nothing_stored, queries[:2], 50, 200)[0][0]
    slots, sizes = index.duplicates(nothing_stored, np.ascontiguousarray(nodes), COUNT)
    lists = np.split(slots, np.cumsum(sizes)[:-1])
    for node, copies in zip(nodes, lists, strict=True):
        same = [i for i in range(COUNT) if stored[i].tobytes() == stored[node].tobytes()]
        assert copies[0] == node and sorted(copies) == same
    slots, sizes = index.duplicates(nothing_stored, np.ascontiguousarray(nodes), 2)
    assert list(sizes) == [min(2, len(one)) for one in lists]
    with pytest.raises(ValueError, match="out of bounds"):
        index.duplicates(nothing_stored, np.array([COUNT], dtype=np.uint32), 1)


@pytest.mark.parametrize("threads", [1, 3])
def test_ties_are_all_of_one_value(crowded, threads):
    index, _, queries = crowded
    found, values, _ = index.scan(nothing_stored, queries, COUNT)
    wanted = np.ascontiguousarray(values[:, 25])
    truth = [sorted(row[v == w]) for row, v, w in zip(found, values, wanted, strict=True)]
    slots, sizes = index.ties(nothing_stored, queries, wanted, threads=threads)
    assert [list(one) for one in np.split(slots, np.cumsum(sizes)[:-1])] == truth
    allowed = np.arange(COUNT) % 2 == 0
    bits = np.packbits(allowed, bitorder="little")
    slots, sizes = index.ties(nothing_stored, queries, wanted, bits, int(allowed.sum()), threads)
    some = [[slot for slot in one if slot % 2 == 0] for one in truth]
    assert [list(one) for one in np.split(slots, np.cumsum(sizes)[:-1])] == some
    with pytest.raises(ValueError, match="one for each query"):
        index.ties(nothing_stored, queries, wanted[:1])


def test_among_some_a_node_is_found_when_one_that_it_stands_for_is(crowded):
    index, stored, queries = crowded
    allowed = np.zeros(COUNT, dtype=bool)
    allowed[[3, 9, 21, *range(100, 700)]] = True
    bits = np.packbits(allowed, bitorder="little")
    slots, _, counts, switched = index.search_nodes_filtered(
        nothing_stored, queries[:1], bits, int(allowed.sum()), 10, 100
    )
    assert switched.tolist() in ([0], [1]) and (counts[0] > 0 or switched[0])
    if not switched[0]:
        assert stored[slots[0, 0]].tobytes() == stored[0].tobytes()
        assert len({stored[slot].tobytes() for slot in slots[0, : counts[0]]}) == counts[0]
