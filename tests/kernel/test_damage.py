"""Blocks that lie under a right checksum: an answer or CorruptedError, never a crash."""

import contextlib
import struct

import numpy as np
import pytest

from kernel_memory import SALT, MemoryIndex, make_index
from vdb import kernel
from vdb.errors import CorruptedError

HEADER, CHECKSUM_AT = 48, 40
NONE = 0xFFFFFFFF


def resealed(block: bytearray) -> bytes:
    block[CHECKSUM_AT : CHECKSUM_AT + 4] = bytes(4)
    checksum = kernel.crc32c(bytes(block), kernel.crc32c(SALT))
    block[CHECKSUM_AT : CHECKSUM_AT + 4] = struct.pack("<I", checksum)
    return bytes(block)


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
        for call in (
            lambda reader=reader, lying=lying: reader.search(lying.get, queries, 20, 50),
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
