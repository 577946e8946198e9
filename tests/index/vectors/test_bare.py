"""Slots whose records have no vector: what the kernel writes, passes over, and finds wrong."""

from __future__ import annotations

import numpy as np
import pytest

from support.kernel_memory import HEADER, MemoryIndex, nothing_stored, resealed
from support.rows import matrix
from vdb import kernel
from vdb.errors import CorruptedError

DIM = 8
ROWS = (65520 - 48) // (DIM * 4 + 4)
KEY = b"vectors" + bytes(4)


def with_bare(metric="l2", **parameters):
    """Ten vectors, of which those at odd slots are taken away again, and two that never had any."""
    index = MemoryIndex(metric, DIM, **parameters)
    index.add(matrix(10, DIM))
    odd = np.array([1, 3, 5, 7, 9], dtype=np.uint32)
    index.writer.remove(nothing_stored, odd)
    index.writer.put_bare(nothing_stored, odd)
    slots = index.writer.allocate(nothing_stored, 2)
    index.writer.put_bare(nothing_stored, slots)
    index.writer.fill(nothing_stored, 10)
    return index


def found(index, bare):
    return index.index.verify(nothing_stored, index.writer.free_head, index.writer.free_count, bare)


@pytest.mark.parametrize("codes", ["", "int8", "int4"])
def test_nothing_finds_them_and_the_check_counts_them(codes):
    index = with_bare(codes=codes)
    q = matrix(1, DIM, seed=3)
    for slots, _, counts in (index.search(q, 12), index.scan(q, 12)):
        assert counts.tolist() == [5]
        assert sorted(slots[0, :5].tolist()) == [0, 2, 4, 6, 8]
    norms = index.index.norms(nothing_stored)
    assert (norms[1::2] == -2).all() and norms[10] == -2 and (norms[:10:2] > 0).all()
    assert found(index, 7) == []
    ((where, what),) = found(index, 6)
    assert where == "records without a vector" and "counts 6, there are 7" in what


def test_a_row_is_laid_out_as_documented():
    block = with_bare().blocks()[KEY]
    row, norms = HEADER + 10 * DIM * 4, HEADER + ROWS * DIM * 4
    assert block[row : row + DIM * 4] == bytes(DIM * 4)
    assert np.frombuffer(block, "<f4", 13, norms)[9:].tolist() == [-2, -2, -2, -1]


def test_they_are_not_on_the_free_list():
    index = with_bare()
    index.remove([2])
    assert index.index.free_slots(nothing_stored, 2, 1).tolist() == [2]
    for head in (1, 10):
        with pytest.raises(CorruptedError):
            index.index.free_slots(nothing_stored, head, 1)
        writer = kernel.Writer(index.index, free_head=head, free_count=1)
        with pytest.raises(CorruptedError):
            writer.allocate(nothing_stored, 1)


@pytest.mark.parametrize(
    ("at", "value", "said"),
    [
        (HEADER + 10 * DIM * 4 + 5, b"\1", "its row is not zero"),
        (HEADER + ROWS * DIM * 4 + 10 * 4, np.float32(-3).tobytes(), "norm: expected at least 0"),
        (HEADER + ROWS * DIM * 4 + 10 * 4, np.float32("nan").tobytes(), "norm: expected"),
        (HEADER + ROWS * DIM * 4 + 10 * 4, np.float32(-1).tobytes(), "counts 7, there are 6"),
        (HEADER + ROWS * DIM * 4 + 0 * 4, np.float32(-2).tobytes(), "its row is not zero"),
    ],
)
def test_a_slot_that_lies_is_named(at, value, said):
    index = with_bare()
    blocks = index.blocks()
    block = bytearray(blocks[KEY])
    block[at : at + len(value)] = value
    blocks[KEY] = resealed(block)
    reader = index.stored(blocks)
    findings = reader.verify(blocks.get, kernel.NONE, 0, 7)
    assert any(said in what for _, what in findings), findings


def test_another_table_of_the_same_slots_has_them_too():
    index = with_bare()
    index.remove([4])
    other = MemoryIndex("l2", DIM)
    other.writer.grow(12)
    empty = np.array([1, 4, 10], dtype=np.uint32)
    other.writer.copy_empty(nothing_stored, index.index, empty)
    assert other.index.norms_of(nothing_stored, empty).tolist() == [-2, -1, -2]
