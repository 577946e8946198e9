"""Blocks that lie under a right checksum: an answer or CorruptedError, never a crash."""

import contextlib
import struct
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from support.kernel_memory import HEADER, MemoryIndex, make_index, resealed
from support.kinds import KINDS, Kind
from vdb import kernel
from vdb.errors import CorruptedError

NONE = kernel.NONE


@pytest.fixture
def sound() -> tuple[MemoryIndex, dict[bytes, bytes]]:
    index = MemoryIndex("l2", 16, M=4, ef_construction=32)
    rows = np.random.default_rng(1).normal(size=(800, 16)).astype(np.float32)
    rows[100:110] = rows[100]
    index.add(rows)
    return index, index.blocks()


def findings(index: MemoryIndex, blocks: dict[bytes, bytes]) -> list[tuple[str, str]]:
    return index.stored(blocks).verify(blocks.get, kernel.NONE, 0)


def row_at(index: MemoryIndex, slot: int) -> tuple[bytes, int]:
    """Key of the block and offset of a slot's row of level 0 links."""
    size = kernel.link_row_size(4, 0)
    per_block = (4080 - HEADER) // size
    key = b"links00" + struct.pack(">I", slot // per_block)
    return key, HEADER + slot % per_block * size


def with_word(
    index: MemoryIndex, blocks: dict[bytes, bytes], slot: int, word: int, value: int
) -> dict[bytes, bytes]:
    key, at = row_at(index, slot)
    block = bytearray(blocks[key])
    struct.pack_into("<I", block, at + 4 * word, value)
    return {**blocks, key: resealed(block)}


@pytest.mark.parametrize(
    ("word", "value", "said"),
    [
        (1, 800, "in a collection of 800"),
        (1, 0x7FFFFFFD, "in a collection of 800"),
        (1, 5, "itself"),
        (1, NONE, "links after the end"),
        (0, NONE, "has no place in the graph"),
        (0, 17, "chain of duplicates is broken"),
        (0, 0x80000000 | 0x7FFFFFFE, "which is no node"),
    ],
)
def test_a_lying_row_is_named_and_survived(
    sound: tuple[MemoryIndex, dict[bytes, bytes]], word: int, value: int, said: str
) -> None:
    index, blocks = sound
    assert findings(index, blocks) == []
    lying = with_word(index, blocks, 5, word, value)
    assert any(said in what for _, what in findings(index, lying)), findings(index, lying)
    reader = index.stored(lying)
    queries = np.array(list(index.rows.values()))[:50]
    try:
        reader.search(lying.get, queries, 10, 100)
    except CorruptedError as error:
        assert "slot" in str(error)


@pytest.mark.parametrize("beyond", [0, 1, 1000])
def test_a_walk_does_not_follow_a_link_out_of_the_collection(
    sound: tuple[MemoryIndex, dict[bytes, bytes]], beyond: int
) -> None:
    """Not even to the first slot behind the last, for which there is room in the blocks."""
    index, blocks = sound
    for slot in range(800):
        if not 100 <= slot < 110:  # equal vectors, whose rows have no links
            blocks = with_word(index, blocks, slot, 1, 800 + beyond)
    reader = index.stored(blocks)
    with pytest.raises(CorruptedError, match=f"link to slot {800 + beyond} in a collection of 800"):
        reader.search(blocks.get, np.zeros((1, 16), np.float32), 10, 100)


def test_random_lies_never_crash_and_never_hang(
    sound: tuple[MemoryIndex, dict[bytes, bytes]],
) -> None:
    index, blocks = sound
    rng = np.random.default_rng(2)
    keys = sorted(key for key in blocks if key.startswith(b"links"))
    queries = np.array(list(index.rows.values()))[:5]
    for _ in range(300):
        lying = dict(blocks)
        for _ in range(rng.integers(1, 6)):
            key = keys[rng.integers(len(keys))]
            block = bytearray(lying[key])
            at = HEADER + 4 * rng.integers((len(block) - HEADER) // 4)
            value = [
                int(rng.integers(0, 800)),
                int(rng.integers(0, 800)) | 0x80000000,
                int(rng.integers(0, 2**32)),
                NONE,
            ][rng.integers(4)]
            struct.pack_into("<I", block, at, value)
            lying[key] = resealed(block)
        reader = index.stored(lying)
        allowed = rng.random(800) < 0.4
        among = (np.packbits(allowed, bitorder="little"), np.count_nonzero(allowed))
        for call in (
            lambda reader=reader, lying=lying: reader.search(lying.get, queries, 20, 50),
            lambda reader=reader, lying=lying, among=among: reader.search_filtered(
                lying.get, queries, *among, 20, 30
            ),
            lambda reader=reader, lying=lying: reader.verify(lying.get, kernel.NONE, 0),
        ):
            with contextlib.suppress(CorruptedError):
                call()
        writer = kernel.Writer(reader, free_head=kernel.NONE, free_count=0)
        with contextlib.suppress(CorruptedError):
            slots = rng.permutation(800)[:40].astype(np.uint32)
            writer.remove(lying.get, slots)
            writer.release(lying.get, slots)
            again = writer.allocate(lying.get, 60)
            rows = rng.normal(size=(60, 16)).astype(np.float32)
            writer.put(lying.get, again, rows)
            writer.insert(lying.get, again, nodes=700)


def test_a_wrong_norm_is_named(sound: tuple[MemoryIndex, dict[bytes, bytes]]) -> None:
    index, blocks = sound
    key = b"vectors" + bytes(4)
    block = bytearray(blocks[key])
    rows = struct.unpack_from("<I", block, 24)[0]
    struct.pack_into("<f", block, HEADER + rows * 64 + 4 * 33, 12.5)
    wrong = {**blocks, key: resealed(block)}
    assert [where for where, what in findings(index, wrong) if "norm" in what] == ["slot 33"]


def test_a_vector_that_is_not_finite_is_named(
    sound: tuple[MemoryIndex, dict[bytes, bytes]],
) -> None:
    index, blocks = sound
    key = b"vectors" + bytes(4)
    block = bytearray(blocks[key])
    struct.pack_into("<f", block, HEADER + 7 * 64 + 8, float("nan"))
    wrong = {**blocks, key: resealed(block)}
    assert ("slot 7", "component 2 is not finite") in findings(index, wrong)
    reader = index.stored(wrong)
    _, values, counts = reader.search(wrong.get, np.zeros((1, 16), np.float32), 10, 100)
    assert counts[0] == 10
    assert np.isfinite(values).all()


def test_all_damaged_blocks_are_reported_not_only_the_first(
    sound: tuple[MemoryIndex, dict[bytes, bytes]],
) -> None:
    index, blocks = sound
    damaged = dict(blocks)
    keys = sorted(key for key in blocks if key.startswith(b"links00"))
    for key in keys[1:4]:
        block = bytearray(blocks[key])
        block[100] ^= 1
        damaged[key] = bytes(block)
    said = [what for _, what in findings(index, damaged) if "checksum" in what]
    assert len(said) == 3


def test_a_free_list_that_lies_is_named(sound: tuple[MemoryIndex, dict[bytes, bytes]]) -> None:
    index, _ = sound
    index.remove([3, 4, 5])
    assert index.problems() == []
    fetch = index.blocks().get
    for head, count in ((kernel.NONE, 0), (index.writer.free_head, 2), (700, 3)):
        said = index.index.verify(fetch, head, count)
        assert [where for where, _ in said] == ["free list"]


def test_a_duplicate_that_is_none_is_named(sound: tuple[MemoryIndex, dict[bytes, bytes]]) -> None:
    index, blocks = sound
    key = b"vectors" + bytes(4)
    block = bytearray(blocks[key])
    rows = struct.unpack_from("<I", block, 24)[0]
    for at in (HEADER + 105 * 64, HEADER + rows * 64 + 4 * 105):  # vector and norm of slot 105
        other = at - 105 * (64 if at < HEADER + rows * 64 else 4)
        size = 64 if at < HEADER + rows * 64 else 4
        block[at : at + size] = block[other : other + size]
    wrong = {**blocks, key: resealed(block)}
    assert [where for where, what in findings(index, wrong) if "vectors differ" in what] == [
        "slot 105"
    ]


def test_a_longest_vector_that_is_no_node_is_named() -> None:
    index = MemoryIndex("ip", 16, M=4, ef_construction=32)
    rows = np.random.default_rng(1).normal(size=(300, 16)).astype(np.float32)
    index.add(rows)
    index.remove([17])
    blocks = index.blocks()
    reader = make_index(
        "ip", 16, M=4, ef_construction=32, slots=300, entry=index.index.entry, longest=(5, 17)
    )
    said = reader.verify(blocks.get, index.writer.free_head, 1)
    assert said == [("longest", "slot 17 is no node")]


@pytest.mark.parametrize(
    ("kind", "row", "said"),
    [
        (Kind("l2", "float16"), np.float16([np.nan] + [1] * 15), "component 0 is not finite"),
        (Kind("ip", "float16"), np.float16([1] * 15 + [-np.inf]), "component 15 is not finite"),
        (Kind("l1", "float32"), np.float32([1, np.inf] + [1] * 14), "component 1 is not finite"),
        (Kind("l2", "int8"), np.int8([3] * 16), "norm: expected 12.0"),
        (Kind("hamming", "bit"), np.uint8([255, 255]), "norm: expected 4.0"),
        (Kind("cosine", "int8"), np.int8([0] * 16), "a zero vector under cosine"),
        (Kind("dot", "float32"), np.float32([0.5] + [0] * 15), "under dot, with norm 0.5"),
        (Kind("dot", "float16"), np.float16([2] + [0] * 15), "under dot, with norm 2.0"),
    ],
    ids=str,
)
def test_a_hostile_row_of_any_dtype_is_named_and_survived(
    kind: Kind, row: NDArray[Any], said: str
) -> None:
    floats = np.random.default_rng(1).normal(size=(400, 16))
    index = MemoryIndex(kind.metric, 16, dtype=kind.dtype, M=4, ef_construction=32)
    index.add(kind.stored(floats))
    blocks = index.blocks()
    assert findings(index, blocks) == []
    key = b"vectors" + bytes(4)
    block = bytearray(blocks[key])
    size = struct.unpack_from("<I", block, 20)[0]
    at = HEADER + 7 * size
    block[at : at + row.nbytes] = row.tobytes()
    hostile = {**blocks, key: resealed(block)}
    assert ("slot 7", said) in [
        (where, what[: len(said)]) for where, what in findings(index, hostile)
    ]
    reader = index.stored(hostile)
    queries = np.ascontiguousarray(kind.queries(floats[:20]))
    for _, _, counts in (
        reader.search(hostile.get, queries, 10, 50),
        reader.scan(hostile.get, queries, 10),
    ):
        assert (counts > 0).all()
    writer = kernel.Writer(reader, free_head=kernel.NONE, free_count=0)
    slots = np.array([7, 8], dtype=np.uint32)
    writer.remove(hostile.get, slots)
    writer.put(hostile.get, slots, kind.stored(floats[:2]))
    writer.insert(hostile.get, slots, nodes=398)


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_random_bytes_in_rows_and_norms_never_crash(kind: Kind) -> None:
    rng = np.random.default_rng(3)
    floats = rng.normal(size=(300, 16))
    index = MemoryIndex(kind.metric, 16, dtype=kind.dtype, M=4, ef_construction=32)
    index.add(kind.stored(floats))
    blocks = index.blocks()
    queries = np.ascontiguousarray(kind.queries(floats[:5]))
    key = b"vectors" + bytes(4)
    for _ in range(20):
        block = bytearray(blocks[key])
        for at in rng.integers(HEADER, HEADER + 300 * 20, 50):
            block[at : at + 4] = rng.bytes(4)
        block[-2000:] = rng.bytes(2000)
        hostile = {**blocks, key: resealed(block)}
        reader = index.stored(hostile)
        reader.verify(hostile.get, kernel.NONE, 0)
        with contextlib.suppress(CorruptedError):
            reader.search(hostile.get, queries, 10, 50)
            reader.scan(hostile.get, queries, 10)
            writer = kernel.Writer(reader, free_head=kernel.NONE, free_count=0)
            writer.remove(hostile.get, np.arange(40, dtype=np.uint32))
            writer.put(hostile.get, np.arange(40, dtype=np.uint32), kind.stored(floats[:40]))
            writer.insert(hostile.get, np.arange(40, dtype=np.uint32), nodes=260)
