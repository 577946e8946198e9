"""Blocks are checked once, addressed for ever after, and forgotten only when rewritten."""

import numpy as np
import pytest

from support.kernel_memory import MemoryIndex, make_index, vector_table
from vdb import kernel
from vdb.errors import CorruptedError


@pytest.fixture
def written() -> tuple[MemoryIndex, dict[bytes, bytes]]:
    index = MemoryIndex("l2", 32)
    index.add(np.random.default_rng(3).normal(size=(2000, 32)).astype(np.float32))
    return index, index.blocks()


def test_a_reader_of_the_blocks_finds_what_the_writer_found(
    written: tuple[MemoryIndex, dict[bytes, bytes]],
) -> None:
    index, blocks = written
    queries = np.random.default_rng(4).normal(size=(20, 32)).astype(np.float32)
    reader = index.stored(blocks)
    for ours, theirs in zip(
        reader.search(blocks.get, queries, 10, 50), index.search(queries, 10, 50), strict=True
    ):
        np.testing.assert_array_equal(ours, theirs)
    assert reader.verify(blocks.get, kernel.NONE, 0) == []


def test_each_block_is_fetched_once(written: tuple[MemoryIndex, dict[bytes, bytes]]) -> None:
    index, blocks = written
    asked: list[bytes] = []

    def fetch(key: bytes) -> bytes | None:
        asked.append(key)
        return blocks.get(key)

    reader = index.stored(blocks)
    queries = np.random.default_rng(4).normal(size=(50, 32)).astype(np.float32)
    reader.search(fetch, queries, 10, 50, threads=1)
    found = [key for key in asked if key in blocks]
    assert len(found) == len(set(found))
    del asked[:]
    reader.search(fetch, queries, 10, 50, threads=1)
    assert [key for key in asked if key in blocks] == []


def test_a_search_touches_only_the_blocks_it_walks_through() -> None:
    index = MemoryIndex("l2", 256)
    index.add(np.random.default_rng(5).normal(size=(3000, 256)).astype(np.float32))
    blocks = index.blocks()
    table = vector_table(256, 3000)
    assert table.resolved() == 0
    assert table.check(blocks.get, 3)
    assert table.resolved() == 1


@pytest.mark.parametrize("at", [0, 4, 5, 6, 8, 12, 16, 20, 24, 33, 40, 48, 1000, 65_519])
def test_every_flipped_byte_is_noticed(at: int) -> None:
    index = MemoryIndex("l2", 32)
    index.add(np.random.default_rng(6).normal(size=(300, 32)).astype(np.float32))
    key, block = next(item for item in index.blocks().items() if item[0].startswith(b"vectors"))
    damaged = bytearray(block)
    damaged[at] ^= 0x10
    keep = bytes(damaged)
    with pytest.raises(CorruptedError, match="block 0 of collection 1"):
        vector_table(32, 300).check({key: keep}.get, 0)


def test_a_block_in_another_blocks_place_is_noticed() -> None:
    index = MemoryIndex("l2", 32)
    index.add(np.random.default_rng(7).normal(size=(1500, 32)).astype(np.float32))
    blocks = {key: b for key, b in index.blocks().items() if key.startswith(b"vectors")}
    first, second = sorted(blocks)[:2]
    with pytest.raises(CorruptedError, match="number: expected 0, got 1"):
        vector_table(32, 1500).check({first: blocks[second]}.get, 0)


def test_a_block_of_another_database_is_noticed() -> None:
    index = MemoryIndex("l2", 32)
    index.add(np.random.default_rng(7).normal(size=(100, 32)).astype(np.float32))
    blocks = index.blocks()
    foreign = kernel.BlockTable(
        prefix=b"vectors",
        salt=bytes(16),
        collection=1,
        generation=0,
        kind=1,
        level=0,
        block_size=65520,
        row_size=128,
        slots=100,
    )
    with pytest.raises(CorruptedError, match="checksum"):
        foreign.check(blocks.get, 0)


def test_a_missing_block_is_an_error_not_a_crash(
    written: tuple[MemoryIndex, dict[bytes, bytes]],
) -> None:
    index, blocks = written
    reader = index.stored(blocks)
    with pytest.raises(CorruptedError, match="missing"):
        reader.search(lambda key: None, np.zeros((1, 32), np.float32), 5, 20)


def test_a_short_block_is_an_error_not_a_crash(
    written: tuple[MemoryIndex, dict[bytes, bytes]],
) -> None:
    index, blocks = written
    with pytest.raises(CorruptedError, match="length"):
        index.stored(blocks).search(lambda key: b"", np.zeros((1, 32), np.float32), 5, 20)


def test_what_fetch_raises_comes_out_of_the_search(
    written: tuple[MemoryIndex, dict[bytes, bytes]],
) -> None:
    index, blocks = written

    def fetch(key: bytes) -> bytes:
        raise LookupError("no such luck")

    with pytest.raises(LookupError, match="no such luck"):
        index.stored(blocks).search(fetch, np.zeros((8, 32), np.float32), 5, 20, threads=4)


def test_a_successor_forgets_only_what_was_rewritten() -> None:
    index = MemoryIndex("l2", 256)
    index.add(np.random.default_rng(8).normal(size=(500, 256)).astype(np.float32))
    blocks = index.blocks()
    table = vector_table(256, 500)
    for number in range(table.blocks):
        table.check(blocks.get, number)
    assert table.resolved() == table.blocks > 3
    later = table.successor(np.array([1, 2, 99], dtype=np.uint32), 700)
    assert later.resolved() == table.blocks - 2
    assert later.blocks > table.blocks
    assert table.successor(None, 500).resolved() == 0


def test_tables_that_do_not_belong_together_are_refused() -> None:
    with pytest.raises(CorruptedError, match="entry point"):
        make_index("l2", 8, slots=10, entry=11)
    with pytest.raises(ValueError, match="row_size"):
        kernel.BlockTable(
            prefix=b"", salt=b"", collection=1, generation=0, kind=1, level=0,
            block_size=4080, row_size=8000, slots=0,
        )  # fmt: skip


def test_what_a_writer_reads_is_known_to_later_readers() -> None:
    index = MemoryIndex("l2", 64)
    rows = np.random.default_rng(9).normal(size=(2000, 64)).astype(np.float32)
    index.add(rows)
    blocks = index.blocks()
    reader = index.stored(blocks)
    asked: list[bytes] = []

    def fetch(key: bytes) -> bytes | None:
        asked.append(key)
        return blocks.get(key)

    for _ in range(2):
        del asked[:]
        writer = kernel.Writer(reader, free_head=kernel.NONE, free_count=0)
        slots = writer.allocate(fetch, 1)
        writer.put(fetch, slots, rows[:1] + np.float32(0.5))
        writer.insert(fetch, slots, nodes=2000)
    assert [key for key in asked if key in blocks] == []
    assert {key for key, _ in writer.seal(2)} < set(blocks)  # and nothing of the reader changed
    assert reader.verify(blocks.get, kernel.NONE, 0) == []
