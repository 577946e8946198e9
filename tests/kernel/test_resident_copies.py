"""Copies of blocks in private memory: the same answers, within a limit, given back, verified."""

import threading

import numpy as np
import pytest
from numpy.typing import NDArray

from support.kernel_memory import MemoryIndex
from vdb import kernel

MIB = 1 << 20
PARTS = 40  # searches of 64 queries: enough for every block to be met and copied


def searched(index: kernel.Index, fetch: object, queries: NDArray[np.float32]) -> list[bytes]:
    return [part.tobytes() for part in index.search(fetch, queries, 10, 40)]


def built(metric: str, codes: str, rows: int = 3000, dim: int = 48) -> MemoryIndex:
    index = MemoryIndex(metric, dim, codes=codes)
    index.add(np.random.default_rng(1).normal(size=(rows, dim)).astype(np.float32))
    return index


def some_queries(count: int = 64, dim: int = 48, seed: int = 2) -> NDArray[np.float32]:
    return np.random.default_rng(seed).normal(size=(count, dim)).astype(np.float32)


@pytest.mark.parametrize("codes", ["", "int8", "int4"])
@pytest.mark.parametrize("metric", ["l2", "cosine", "ip"])
def test_answers_are_the_same_from_copies(metric: str, codes: str) -> None:
    index = built(metric, codes)
    blocks = index.blocks()
    memory = kernel.ResidentMemory(limit=64 * MIB)
    plain, copied = index.stored(blocks), index.stored(blocks, memory)
    for part in range(PARTS):
        queries = some_queries(seed=part)
        assert searched(copied, blocks.get, queries) == searched(plain, blocks.get, queries)
    assert memory.used > 0
    bits = np.packbits(np.arange(copied.slots) % 3 == 0, bitorder="little")
    count = int(np.unpackbits(bits).sum())
    for ours, theirs in zip(
        copied.search_filtered(blocks.get, queries, bits, count, 10, 40),
        plain.search_filtered(blocks.get, queries, bits, count, 10, 40),
        strict=True,
    ):
        np.testing.assert_array_equal(ours, theirs)
    assert copied.verify(blocks.get, kernel.NONE, 0) == []


def test_copies_take_the_place_of_the_blocks_that_searches_met() -> None:
    """The bytes that a search read from are overwritten; a walk does not see it any more."""
    index = built("l2", "int8")
    stored = {key: bytearray(block) for key, block in index.blocks().items()}

    def fetch(key: bytes) -> memoryview | None:
        return memoryview(stored[key]) if key in stored else None

    reader = index.stored(stored, kernel.ResidentMemory(limit=64 * MIB))  # type: ignore[arg-type]
    for part in range(PARTS):
        searched(reader, fetch, some_queries(seed=part))
    queries = some_queries(seed=99)
    before = searched(reader, fetch, queries)
    walked = [key for key in stored if key.startswith((b"links00", b"codes"))]
    for key in walked:
        stored[key][100:200] = bytes(100)
    assert searched(reader, fetch, queries) == before


def test_a_block_that_was_damaged_since_it_was_met_is_not_copied() -> None:
    index = built("l2", "int8")
    stored = {key: bytearray(block) for key, block in index.blocks().items()}

    def fetch(key: bytes) -> memoryview | None:
        return memoryview(stored[key]) if key in stored else None

    memory = kernel.ResidentMemory(limit=0)
    reader = index.stored(stored, memory)  # type: ignore[arg-type]
    for part in range(PARTS):
        searched(reader, fetch, some_queries(seed=part))
    damaged = next(key for key in stored if key.startswith(b"codes"))
    stored[damaged][64] ^= 1
    memory.limit = 64 * MIB
    for part in range(PARTS):
        searched(reader, fetch, some_queries(seed=part))
    before = searched(reader, fetch, some_queries())
    assert memory.used > 0
    stored[damaged][48:] = bytes(len(stored[damaged]) - 48)  # so it is still read where it lies
    assert searched(reader, fetch, some_queries()) != before


@pytest.mark.parametrize("limit", [0, 1, 2 * MIB])
def test_less_memory_than_all_copies_take_is_not_used(limit: int) -> None:
    index = built("l2", "", rows=12_000)
    blocks = index.blocks()
    memory = kernel.ResidentMemory(limit=limit)
    reader = index.stored(blocks, memory)
    for part in range(PARTS):
        searched(reader, blocks.get, some_queries(seed=part))
    assert memory.used == 0


def test_small_collections_are_left_to_the_caches() -> None:
    index = built("l2", "int8")
    blocks = index.blocks()
    memory = kernel.ResidentMemory(limit=64 * MIB, least=16 * MIB)
    reader = index.stored(blocks, memory)
    for part in range(PARTS):
        searched(reader, blocks.get, some_queries(seed=part))
    assert memory.used == 0


def test_memory_is_free_once_nobody_reads_there() -> None:
    index = built("cosine", "int4")
    blocks = index.blocks()
    memory = kernel.ResidentMemory(limit=64 * MIB)
    reader = index.stored(blocks, memory)
    for part in range(PARTS):
        searched(reader, blocks.get, some_queries(seed=part))
    assert memory.used > 0
    del reader
    assert memory.used == 0


def test_threads_find_the_same_while_copies_are_made() -> None:
    index = built("l2", "int8", rows=6000)
    blocks = index.blocks()
    plain = index.stored(blocks)
    batches = [some_queries(seed=part) for part in range(20)]
    expected = [searched(plain, blocks.get, queries) for queries in batches]
    for _ in range(3):
        memory = kernel.ResidentMemory(limit=64 * MIB)
        reader = index.stored(blocks, memory)
        wrong: list[int] = []

        def ask(first: int, reader: kernel.Index = reader, wrong: list[int] = wrong) -> None:
            for i in range(len(batches)):
                at = (first + i) % len(batches)
                if searched(reader, blocks.get, batches[at]) != expected[at]:
                    wrong.append(at)

        threads = [threading.Thread(target=ask, args=(5 * i,)) for i in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert wrong == []
        assert memory.used > 0
