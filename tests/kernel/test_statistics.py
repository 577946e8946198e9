"""A survey counts what is there; a scan under another metric is that of an index of that metric."""

import contextlib
import struct

import numpy as np
import pytest

from support.kernel_memory import SALT, MemoryIndex, nothing_stored
from vdb import kernel
from vdb.errors import CorruptedError


@pytest.fixture
def index():
    """600 vectors; slots 100..109 are equal, 0..49 are gone."""
    rows = np.random.default_rng(1).normal(size=(600, 8)).astype(np.float32)
    rows[100:110] = rows[100]
    made = MemoryIndex("l2", 8, M=4, ef_construction=32)
    made.add(rows)
    made.remove(list(range(50)))
    return made


def test_norms_are_those_of_the_vectors_and_minus_one_where_there_is_none(index):
    norms = index.index.norms(nothing_stored)
    assert norms.dtype == np.float32
    assert (norms[:50] == -1).all()
    expected = [np.linalg.norm(index.rows[slot].astype(float)) for slot in range(50, 600)]
    assert norms[50:] == pytest.approx(expected, rel=1e-6)


def test_a_survey_counts_nodes_duplicates_levels_and_links(index):
    nodes, duplicates, representatives, reached, levels = index.index.graph_statistics(
        nothing_stored
    )
    assert (nodes, duplicates, representatives, reached) == (541, 9, 1, 550)
    assert levels[0][0] == nodes
    counts = [level[0] for level in levels]
    assert counts == sorted(counts, reverse=True)
    assert 541 / 4 * 0.6 < counts[1] < 541 / 4 * 1.4
    for level, (members, outgoing, incoming) in enumerate(levels):
        assert outgoing.sum() == incoming.sum() == members
        assert len(outgoing) <= (8 if level == 0 else 4) + 1
        # Links are mutual, so that they come in as they go out.
        assert outgoing.tolist() == incoming.tolist()


def test_the_links_of_a_slot_are_returned_by_the_other_side(index):
    for slot in (50, 107, 333, 599):
        node, twins, links = index.index.neighborhood(nothing_stored, slot)
        if slot == 107:
            assert node == 100
        assert {node, *twins.tolist()} == (set(range(100, 110)) if slot == 107 else {slot})
        for level, others in enumerate(links):
            for other in others.tolist():
                assert node in index.index.neighborhood(nothing_stored, other)[2][level]


def test_an_empty_graph_and_a_slot_that_is_not_there(index):
    empty = MemoryIndex("l2", 8, M=4).index
    assert empty.graph_statistics(nothing_stored) == (0, 0, 0, 0, [])
    for slot in (3, 600, 2**31):
        with pytest.raises(CorruptedError, match="no place in the graph"):
            index.index.neighborhood(nothing_stored, slot)


@pytest.mark.parametrize("value", [550, 5, 0x7FFFFFFD, 0xFFFFFFFF, 0x80000000 | 55])
@pytest.mark.parametrize("word", [0, 1, 2])
def test_a_lying_row_ends_in_an_answer_or_an_error(index, word, value):
    blocks = index.blocks()
    size = kernel.link_row_size(4, 0)
    rows = (4080 - 48) // size
    for slot in (60, 104):
        key = b"links00" + struct.pack(">I", slot // rows)
        block = bytearray(blocks[key])
        struct.pack_into("<I", block, 48 + slot % rows * size + 4 * word, value)
        block[40:44] = bytes(4)
        checksum = kernel.crc32c(bytes(block), kernel.crc32c(SALT))
        block[40:44] = struct.pack("<I", checksum)
        lying = {**blocks, key: bytes(block)}
        reader = index.stored(lying)
        with contextlib.suppress(CorruptedError):
            reader.graph_statistics(lying.get)
        for each in range(50, 600):
            with contextlib.suppress(CorruptedError):
                reader.neighborhood(lying.get, each)


@pytest.mark.parametrize("metric", ["ip", "cosine"])
def test_a_scan_under_another_metric_is_that_of_an_index_of_that_metric(index, metric):
    other = MemoryIndex(metric, 8, M=4, ef_construction=32)
    slots = sorted(index.rows)
    other.add(np.array([index.rows[slot] for slot in slots]))
    queries = np.random.default_rng(2).normal(size=(7, 8)).astype(np.float32)
    found = index.index.scan(nothing_stored, queries, 20, 1, metric)
    expected = other.index.scan(nothing_stored, queries, 20, 1)
    assert np.array_equal(found[0], np.array(slots, dtype=np.uint32)[expected[0]])
    assert np.array_equal(found[1], expected[1])


def test_a_scan_under_an_unknown_metric_is_refused(index):
    with pytest.raises(ValueError, match="nobody"):
        index.index.scan(nothing_stored, np.ones((1, 8), dtype=np.float32), 1, 1, "nobody")


def test_rows_without_a_value_are_left_out():
    index = MemoryIndex("l2", 2, M=4)
    index.add(np.array([[0, 0], [1, 0], [0, 2]], dtype=np.float32))
    query = np.array([[1, 1]], dtype=np.float32)
    slots, values, counts = index.index.scan(nothing_stored, query, 3, 1, "cosine")
    assert counts.tolist() == [2]
    assert slots[0, :2].tolist() == [1, 2]
    assert values[0, :2] == pytest.approx([0.5**0.5] * 2)
