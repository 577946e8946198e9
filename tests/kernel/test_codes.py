"""Codes: the same bytes on every instruction set, near what they stand for, never in the way."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from support import code_oracle
from support.kernel_memory import SALT, MemoryIndex, nearest_values, nothing_stored
from vdb import kernel
from vdb.errors import CorruptedError
from vdb.model.codes import CODES

METRICS = ["l2", "ip", "cosine", "dot"]
KINDS = sorted(CODES)
HEADER, CHECKSUM_AT = 48, 40


@pytest.fixture(params=kernel.instruction_sets())
def instruction_set(request: pytest.FixtureRequest) -> Iterator[str]:
    kernel.use_instruction_set(request.param)
    yield request.param
    kernel.use_instruction_set("")


def some(n: int, dim: int, metric: str, seed: int = 0) -> NDArray[np.float32]:
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(n, dim)) * rng.lognormal(0, 0.5, size=(n, 1)) + 0.2
    if metric == "dot":
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return rows.astype(np.float32)


def rows_of(index: MemoryIndex) -> dict[int, bytes]:
    """The stored code of every slot, by number."""
    size = CODES[index.parameters["codes"]].row_bytes(index.dim)
    per_block = (65520 - HEADER) // size
    found = {}
    for key, block in index.blocks().items():
        if key.startswith(b"codes"):
            first = struct.unpack(">I", key[5:])[0] * per_block
            for i in range(per_block):
                found[first + i] = block[HEADER + i * size : HEADER + (i + 1) * size]
    return found


@pytest.mark.usefixtures("instruction_set")
@pytest.mark.parametrize("dtype", ["float32", "float16"])
@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("codes", KINDS)
def test_a_code_is_the_one_that_is_described(codes: str, metric: str, dtype: str) -> None:
    for dim in (1, 2, 16, 17, 33, 100):
        rows = some(20, dim, metric)
        rows[:4] = 1.0 / np.sqrt(dim)  # all numbers equal
        if metric in ("l2", "ip"):
            rows[4] = 0
            rows[5, 0] = 6e4  # far from the rest
            rows[6] *= np.float32(1e-6)
        index = MemoryIndex(metric, dim, dtype=dtype, codes=codes)
        slots = index.add(rows)
        stored = rows_of(index)
        unit = metric in ("cosine", "dot")
        for slot, row in zip(slots.tolist(), rows.astype(dtype), strict=True):
            assert stored[slot] == code_oracle.encoded(row, codes, unit=unit).bytes()
        assert index.problems() == []


@pytest.mark.parametrize("codes", KINDS)
def test_codes_of_extreme_vectors_can_be_searched(codes: str) -> None:
    rng = np.random.default_rng(3)
    for metric in ("l2", "ip", "cosine"):
        rows = rng.normal(size=(300, 24)).astype(np.float32)
        rows[:100] *= np.float32(1e-17)
        rows[100:200] *= np.float32(1e16)
        rows[200:210, 1:] = 0
        index = MemoryIndex(metric, 24, codes=codes)
        index.add(rows)
        assert index.problems() == []
        for query in (rows[0], rows[150], rows[205], rows[250]):
            values = index.search(query[None], 10, 300)[1][0]
            expected = nearest_values(metric, query, rows, 10)
            np.testing.assert_allclose(values, expected, rtol=1e-6, atol=1e-30)


@pytest.mark.usefixtures("instruction_set")
@pytest.mark.parametrize("metric", METRICS)
def test_walks_by_codes_find_what_walks_by_vectors_find(metric: str) -> None:
    rows, queries = some(3000, 40, metric), some(60, 40, metric, seed=1)
    recall = {}
    for codes in ("", *KINDS):
        index = MemoryIndex(metric, 40, codes=codes)
        index.add(rows)
        slots, values, counts = index.search(queries, 10, 200)
        assert counts.tolist() == [10] * 60
        held = np.array([index.rows[slot] for slot in range(3000)])
        hit = 0
        for query, found, best in zip(queries, slots, values, strict=True):
            # Values are those of the vectors, bit for bit as a scan has them.
            bits = np.zeros(3000, bool)
            bits[found] = True
            bits = np.packbits(bits, bitorder="little")
            exact = index.index.scan_filtered(nothing_stored, query[None], bits, 10, 10)
            assert exact[1][0].tolist() == best.tolist()
            assert exact[0][0].tolist() == found.tolist()
            limit = nearest_values(metric, query, held, 10)[-1]
            near = best <= limit + 1e-9 if metric == "l2" else best >= limit - 1e-9
            hit += int(near.sum())
        recall[codes] = hit / 600
    assert recall["int8"] > 0.85
    assert abs(recall["int8"] - recall[""]) < 0.02
    assert abs(recall["int4"] - recall[""]) < 0.05


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("codes", KINDS)
def test_a_walk_as_wide_as_the_collection_misses_nothing(codes: str, metric: str) -> None:
    rng = np.random.default_rng(5)
    for dim in (1, 2, 3, 8, 64):
        # Few numbers, so that many distances are equal or nearly so.
        rows = rng.integers(-3, 4, size=(300, dim)) + rng.normal(size=(300, dim)) * 1e-3
        rows = rows.astype(np.float32) + np.float32(1e-2)
        if metric == "dot":
            rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        index = MemoryIndex(metric, dim, codes=codes)
        index.add(rows)
        for query in rows[:20]:
            values = index.search(query[None], 10, 300)[1][0]
            expected = nearest_values(metric, query, rows, 10)
            np.testing.assert_allclose(values, expected, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("codes", KINDS)
def test_the_same_codes_lie_there_after_any_history(codes: str) -> None:
    rows = some(900, 20, "cosine")
    index = MemoryIndex("cosine", 20, M=4, codes=codes)
    slots = index.add(rows[:500]).tolist()
    index.remove(slots[100:200])
    index.replace(slots[:50], rows[500:550])
    index.add(rows[550:800])
    assert index.problems() == []
    stored = rows_of(index)
    for slot, bytes_ in stored.items():
        row = index.rows.get(slot)
        if row is None:
            assert not any(bytes_)
        else:
            assert bytes_ == code_oracle.encoded(row, codes, unit=True).bytes()
    index.remove(list(index.rows))
    assert not any(map(any, rows_of(index).values()))
    assert index.problems() == []


@pytest.mark.parametrize("codes", KINDS)
def test_vectors_that_wait_for_their_links_have_codes(codes: str) -> None:
    rows = some(600, 20, "l2")
    index = MemoryIndex("l2", 20, codes=codes)
    index.add(rows[:500])
    slots = index.writer.allocate(nothing_stored, 20)
    index.writer.put(nothing_stored, slots, rows[500:520])
    index.writer.defer(nothing_stored, slots)
    assert index.problems() == []
    assert index.search(rows[500:520], 1)[0][:, 0].tolist() == slots.tolist()
    index.writer.insert(nothing_stored, slots, nodes=500)
    assert index.problems() == []
    assert index.search(rows[500:520], 1)[0][:, 0].tolist() == slots.tolist()


# Damage


def resealed(block: bytearray) -> bytes:
    block[CHECKSUM_AT : CHECKSUM_AT + 4] = bytes(4)
    checksum = kernel.crc32c(bytes(block), kernel.crc32c(SALT))
    block[CHECKSUM_AT : CHECKSUM_AT + 4] = struct.pack("<I", checksum)
    return bytes(block)


@pytest.fixture(scope="module")
def sound() -> tuple[MemoryIndex, dict[bytes, bytes]]:
    index = MemoryIndex("l2", 16, M=4, ef_construction=32, codes="int8")
    index.add(some(800, 16, "l2"))
    index.remove([17])
    return index, index.blocks()


def verified(index: MemoryIndex, blocks: dict[bytes, bytes]) -> list[tuple[str, str]]:
    writer = index.writer
    return index.stored(blocks).verify(blocks.get, writer.free_head, writer.free_count)


@pytest.mark.parametrize(
    ("slot", "at", "said"),
    [
        (5, 0, "its code is not the one of its vector"),
        (5, 20, "its code is not the one of its vector"),
        (17, 3, "holds no vector, but its row of codes is not empty"),
    ],
)
def test_a_wrong_code_is_found(
    sound: tuple[MemoryIndex, dict[bytes, bytes]], slot: int, at: int, said: str
) -> None:
    index, blocks = sound
    assert verified(index, blocks) == []
    key = b"codes" + bytes(4)
    block = bytearray(blocks[key])
    block[HEADER + slot * 32 + at] ^= 1
    assert verified(index, {**blocks, key: resealed(block)}) == [(f"slot {slot}", said)]


def test_damaged_and_missing_blocks_of_codes_are_named(
    sound: tuple[MemoryIndex, dict[bytes, bytes]],
) -> None:
    index, blocks = sound
    key = b"codes" + bytes(4)
    query = np.zeros((1, 16), np.float32)
    for at, said in ((HEADER + 100, "checksum"), (4, "kind"), (12, "generation"), (20, "row_size")):
        block = bytearray(blocks[key])
        block[at] ^= 1
        damaged = {**blocks, key: bytes(block)}
        (found,) = verified(index, damaged)
        assert "codes" in found[1] and said in found[1]
        with pytest.raises(CorruptedError, match=f"codes: {said}"):
            index.stored(damaged).search(damaged.get, query, 5, 20)
    missing = {k: v for k, v in blocks.items() if k != key}
    (found,) = verified(index, missing)
    assert "codes: missing" in found[1]


def test_lies_in_codes_never_crash_and_values_stay_true(
    sound: tuple[MemoryIndex, dict[bytes, bytes]],
) -> None:
    index, blocks = sound
    rng = np.random.default_rng(4)
    key = b"codes" + bytes(4)
    queries = some(5, 16, "l2", seed=9)
    for round_ in range(60):
        block = bytearray(blocks[key])
        for _ in range(200):
            at = HEADER + int(rng.integers(800 * 32 // 4)) * 4
            word: Any = rng.integers(0, 2**32) if round_ % 2 else 0x7FC00000  # NaN
            struct.pack_into("<I", block, at, int(word))
        lying = {**blocks, key: resealed(block)}
        slots, values, counts = index.stored(lying).search(lying.get, queries, 10, 40)
        for query, found, shown, n in zip(queries, slots, values, counts, strict=True):
            rows = np.array([index.rows[slot] for slot in found[:n].tolist()])
            exact = ((rows.astype(np.float64) - query) ** 2).sum(axis=1)
            np.testing.assert_allclose(shown[:n], exact, rtol=1e-9)


@pytest.mark.parametrize(
    ("metric", "dtype", "codes"),
    [("l1", "float32", "int8"), ("l2", "int8", "int8"), ("hamming", "bit", "int8")],
)
def test_codes_are_refused_where_there_are_none(metric: str, dtype: str, codes: str) -> None:
    with pytest.raises(ValueError, match="codes"):
        MemoryIndex(metric, 16, dtype=dtype, codes=codes)


@pytest.mark.parametrize("metric", ["l2", "cosine", "dot"])
@pytest.mark.parametrize("codes", KINDS)
def test_a_graph_built_by_codes_is_the_same_everywhere(codes: str, metric: str) -> None:
    rows = some(700, 33, metric)
    rows[300:320] = rows[300]
    found = []
    for name in kernel.instruction_sets():
        kernel.use_instruction_set(name)
        for threads in (1, 3):
            index = MemoryIndex(metric, 33, codes=codes)
            index.add(rows, threads=threads)
            blocks = index.blocks()
            found.append({key: blocks[key] for key in blocks if not key.startswith(b"vectors")})
    kernel.use_instruction_set("")
    assert index.problems() == []
    assert all(other == found[0] for other in found)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("codes", KINDS)
def test_vectors_that_only_their_codes_cannot_tell_apart_are_all_found(
    codes: str, metric: str
) -> None:
    rng = np.random.default_rng(8)
    rows = np.repeat(some(4, 12, metric), 60, axis=0).astype(np.float64)
    rows *= 1 + 1e-5 * rng.normal(size=rows.shape)
    rows[100:110] = rows[100]  # and some that are equal
    if metric == "dot":
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    rows = rows.astype(np.float32)
    index = MemoryIndex(metric, 12, codes=codes)
    slots = index.add(rows)
    assert index.problems() == []
    assert len(index.index.neighborhood(nothing_stored, int(slots[100]))[1]) == 9
    for query in rows[::37]:
        values = index.search(query[None], 20, 240)[1][0]
        expected = nearest_values(metric, query, rows, 20)
        np.testing.assert_allclose(values, expected, rtol=1e-5, atol=1e-6)
