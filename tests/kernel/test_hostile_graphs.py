"""Graphs that lie under right checksums: answers in order, or CorruptedError, in few steps."""

import contextlib
import struct
from collections.abc import Callable

import numpy as np
import pytest

from support.kernel_memory import HEADER, MemoryIndex, link_tables, resealed
from vdb import kernel
from vdb.errors import CorruptedError

SLOTS, M = 600, 4
NONE = kernel.NONE
TREE, DUPLICATE, NO_DUPLICATE = 0x80000000, 0x80000000, 0x7FFFFFFE
CAPACITY = 2 * M

Blocks = dict[bytes, bytes]


@pytest.fixture(scope="module")
def sound() -> tuple[MemoryIndex, Blocks]:
    index = MemoryIndex("l2", 16, M=M, ef_construction=32)
    rows = np.random.default_rng(1).normal(size=(SLOTS, 16)).astype(np.float32)
    rows[100:110] = rows[100]
    index.add(rows)
    return index, index.blocks()


class Lies:
    """Changes rows of links and numbers of vectors, and seals the blocks again."""

    def __init__(self, blocks: Blocks) -> None:
        self._blocks = {key: bytearray(block) for key, block in blocks.items()}
        self._tables = link_tables(M, SLOTS)

    def row(self, slot: int, level: int = 0) -> "Row":
        table = self._tables[level]
        block, row = divmod(slot // M**level, table.rows)
        key = b"links%02d" % level + struct.pack(">I", block)
        return Row(self._blocks[key], HEADER + row * table.row_size)

    def vector(self, slot: int, numbers: object) -> None:
        block = self._blocks[b"vectors" + bytes(4)]
        block[HEADER + 64 * slot : HEADER + 64 * (slot + 1)] = np.full(
            16, numbers, np.float32
        ).tobytes()

    def told(self) -> Blocks:
        return {key: resealed(block) for key, block in self._blocks.items()}


class Row:
    def __init__(self, block: bytearray, at: int) -> None:
        self._block, self._at = block, at

    def __getitem__(self, word: int) -> int:
        return int(struct.unpack_from("<I", self._block, self._at + 4 * word)[0])

    def __setitem__(self, word: int, value: int) -> None:
        struct.pack_into("<I", self._block, self._at + 4 * word, value)


def test_vectors_without_a_value_are_no_hits(sound: tuple[MemoryIndex, Blocks]) -> None:
    index, blocks = sound
    lies = Lies(blocks)
    for slot in range(0, SLOTS, 3):
        lies.vector(slot, np.nan)
    lying = lies.told()
    reader = index.stored(lying)
    queries = np.array(list(index.rows.values()))[:20]
    everything = np.full(SLOTS // 8, 255, np.uint8)
    for _, values, counts, *_ in (
        reader.search(lying.get, queries, SLOTS, SLOTS),
        reader.search_filtered(lying.get, queries, everything, SLOTS, SLOTS, SLOTS),
        reader.scan(lying.get, queries, SLOTS),
    ):
        # A duplicate has the value of the node that it hangs off.
        assert (counts > 300).all() and (counts < SLOTS - SLOTS // 3 + 10).all()
        for row, count in zip(values, counts, strict=True):
            assert np.isfinite(row[:count]).all()
            assert (np.diff(row[:count]) >= 0).all()


def test_chains_that_meet_are_looked_at_once(sound: tuple[MemoryIndex, Blocks]) -> None:
    index, blocks = sound
    lies = Lies(blocks)
    for slot in range(200):  # nodes that all have one long chain
        lies.row(slot)[0] = 200
    for slot in range(200, SLOTS):
        row = lies.row(slot)
        row[0] = DUPLICATE | (slot + 1 if slot + 1 < SLOTS else NO_DUPLICATE)
        row[1], row[2] = 7, slot - 1
    lying = lies.told()
    reader = index.stored(lying)
    findings = reader.verify(lying.get, kernel.NONE, 0)
    assert sum("chain of duplicates is broken" in what for _, what in findings) == 199
    assert len(findings) < 20 * SLOTS
    with pytest.raises(CorruptedError, match="meets others"):
        reader.graph_statistics(lying.get)


def test_a_ring_of_duplicates_ends(sound: tuple[MemoryIndex, Blocks]) -> None:
    index, blocks = sound
    lies = Lies(blocks)
    for slot in range(SLOTS):
        lies.row(slot)[0] = 5
    lies.row(5)[0] = DUPLICATE | 5
    lying = lies.told()
    reader = index.stored(lying)
    assert any("broken" in what for _, what in reader.verify(lying.get, kernel.NONE, 0))
    for slot in (5, 6):
        with pytest.raises(CorruptedError, match=r"ring|no node"):
            reader.neighborhood(lying.get, slot)
    queries = np.array(list(index.rows.values()))[:5]
    _, _, counts = reader.search(lying.get, queries, SLOTS, SLOTS)
    assert (counts <= SLOTS).all()


def test_a_free_list_that_comes_back_is_refused() -> None:
    index = MemoryIndex("l2", 16, M=M, ef_construction=32)
    index.add(np.random.default_rng(1).normal(size=(50, 16)).astype(np.float32))
    index.remove([3, 4, 5])
    lies = Lies(index.blocks())
    lies.vector(3, np.uint32([5]).view(np.float32))
    lying = lies.told()
    writer = kernel.Writer(index.stored(lying), free_head=5, free_count=4)
    with pytest.raises(CorruptedError, match="comes back"):
        writer.allocate(lying.get, 4)


def test_a_slot_on_a_level_that_is_not_its_own_is_not_linked_there(
    sound: tuple[MemoryIndex, Blocks],
) -> None:
    index, blocks = sound
    lies = Lies(blocks)
    for slot in range(0, SLOTS, M):
        for word in range(M):
            lies.row(slot, 1)[word] = word  # of a run of M slots one belongs to level 1
    lying = lies.told()
    writer = kernel.Writer(index.stored(lying), free_head=kernel.NONE, free_count=0)
    slots = writer.allocate(lying.get, 64)
    writer.put(lying.get, slots, np.random.default_rng(3).normal(size=(64, 16)).astype(np.float32))
    with pytest.raises(CorruptedError, match="does not belong"):
        writer.insert(lying.get, slots, nodes=SLOTS, threads=2)


def one_link(lies: Lies, rng: np.random.Generator) -> None:
    value = [
        int(rng.integers(SLOTS)),
        int(rng.integers(SLOTS)) | TREE,
        int(rng.integers(SLOTS, SLOTS + 3)),
        int(rng.integers(2**32)),
        NONE,
        NO_DUPLICATE,
    ][rng.integers(6)]
    lies.row(int(rng.integers(SLOTS)))[int(rng.integers(1 + CAPACITY))] = value


def a_list_of_one(lies: Lies, rng: np.random.Generator) -> None:
    row, value = lies.row(int(rng.integers(SLOTS))), int(rng.integers(SLOTS))
    for word in range(int(rng.integers(2)), 1 + CAPACITY):
        row[word] = value | (TREE if rng.integers(2) else 0)


def a_hub(lies: Lies, rng: np.random.Generator) -> None:
    word, of = 1 + int(rng.integers(CAPACITY)), int(rng.integers(SLOTS))
    for slot in range(SLOTS):
        lies.row(slot)[word] = of | (TREE if rng.integers(2) else 0)


def cycles_of_the_tree(lies: Lies, rng: np.random.Generator) -> None:
    for slot in range(int(rng.integers(SLOTS))):
        row = lies.row(slot)
        for word in range(1, 1 + CAPACITY):
            if row[word] != NONE:
                row[word] |= TREE


def a_ring(lies: Lies, rng: np.random.Generator) -> None:
    node, *members = rng.integers(SLOTS, size=4).tolist()
    lies.row(node)[0] = members[0]
    for at, member in enumerate(members):
        row = lies.row(member)
        row[0] = DUPLICATE | members[(at + 1) % 3]
        row[1], row[2] = node, members[at - 1]


def no_numbers(lies: Lies, rng: np.random.Generator) -> None:
    value = [np.nan, np.inf, -np.inf, 3e38, 1e-45][rng.integers(5)]
    for slot in rng.integers(SLOTS, size=rng.integers(1, 100)):
        lies.vector(int(slot), value)


KINDS: list[Callable[[Lies, np.random.Generator], None]] = [
    one_link, one_link, one_link, a_list_of_one, a_hub, cycles_of_the_tree, a_ring, no_numbers,
]  # fmt: skip


@pytest.mark.parametrize("seed", range(8))
def test_whatever_the_lies_there_is_an_answer_or_corrupted_error(
    sound: tuple[MemoryIndex, Blocks], seed: int
) -> None:
    index, blocks = sound
    rng = np.random.default_rng(seed)
    queries = np.array(list(index.rows.values()))[:4]
    for _ in range(12):
        lies = Lies(blocks)
        for _ in range(rng.integers(1, 5)):
            KINDS[rng.integers(len(KINDS))](lies, rng)
        lying = lies.told()
        reader = index.stored(lying)
        bits = rng.integers(256, size=SLOTS // 8, dtype=np.uint8)
        count = int(np.unpackbits(bits).sum())
        for call in (
            lambda r=reader, y=lying: r.search(y.get, queries, 30, 60),
            lambda r=reader, y=lying, b=bits, c=count: r.search_filtered(
                y.get, queries, b, c, 20, 30
            ),
            lambda r=reader, y=lying: r.scan(y.get, queries, 10),
            lambda r=reader, y=lying: r.graph_statistics(y.get),
            lambda r=reader, y=lying: r.verify(y.get, kernel.NONE, 0),
        ):
            with contextlib.suppress(CorruptedError):
                call()
        writer = kernel.Writer(reader, free_head=kernel.NONE, free_count=0)
        with contextlib.suppress(CorruptedError):
            again = writer.allocate(lying.get, 40)
            rows = rng.normal(size=(40, 16)).astype(np.float32)
            writer.put(lying.get, again, rows)
            writer.insert(lying.get, again, nodes=SLOTS, threads=2)
            for slot in rng.permutation(SLOTS)[:30].astype(np.uint32):
                writer.remove(lying.get, slot[None])


def test_no_list_of_findings_is_longer_than_it_may_be() -> None:
    index = MemoryIndex("l2", 8, M=16, ef_construction=16)
    index.add(np.random.default_rng(1).normal(size=(4000, 8)).astype(np.float32))
    lying = {}
    for key, block in index.blocks().items():
        words = np.frombuffer(block, np.uint32).copy()
        if key.startswith(b"links00"):
            words[HEADER // 4 :] = 3_999_999
        lying[key] = resealed(bytearray(words.tobytes()))
    findings = index.stored(lying).verify(lying.get, kernel.NONE, 0)
    assert len(findings) == 100_001
    assert findings[-1] == ("graph", "there are more problems than can be listed")


def test_copies_that_go_round_are_damage(sound):
    memory, blocks = sound
    lies = Lies(blocks)
    lies.row(105)[0] = DUPLICATE | 105
    index, told, node = memory.stored(blocks), lies.told(), np.array([105], dtype=np.uint32)

    def copies(most):
        return index.duplicates(lambda key: told.get(bytes(key)), node, most)[0]

    with pytest.raises(CorruptedError, match="no end"):
        copies(SLOTS + 1)
    assert len(copies(7)) == 7


@pytest.mark.parametrize("seed", range(12))
def test_the_short_way_meets_what_a_search_meets(
    sound: tuple[MemoryIndex, Blocks], seed: int
) -> None:
    index, blocks = sound
    random = np.random.default_rng(seed)
    lies = Lies(blocks)
    for slot in random.choice(SLOTS, 60, replace=False).tolist():
        lies.row(slot)[int(random.integers(0, CAPACITY + 2))] = int(
            random.choice([0, 3, SLOTS, NONE, TREE | 5, DUPLICATE | 9, random.integers(SLOTS)])
        )
        lies.vector(int(random.integers(SLOTS)), random.choice([np.nan, np.inf, 1e30, 0]))
    lying = lies.told()
    reader = index.stored(lying)
    ids = kernel.IdCache(slots=SLOTS, text=False)
    plain = kernel.PlainSearch(
        index=reader, ids=ids, k=10, neighbors=11, ef=30, exact=False, low=0.0, high=1e36,
        collection=1, start=0,
    )  # fmt: skip
    numbers, values = np.empty(10, np.int64), np.empty(10)
    for query in np.array(list(index.rows.values()))[:20]:
        try:
            expected = reader.search(lying.get, query[None], 11, 30)
        except CorruptedError as error:
            with pytest.raises(CorruptedError) as caught:
                plain.find(lying.get, lambda: lying.get, query, numbers, values, payloads=False)
            assert str(caught.value) == str(error)
            continue
        # There are no records at all: the neighbours come instead.
        neighbors = plain.find(lying.get, lambda: lying.get, query, numbers, values, payloads=False)
        assert len(neighbors) == 3
        count = int(expected[2][0])
        assert neighbors[2].tolist() == [count]
        for own, its in zip(neighbors[:2], expected[:2], strict=True):
            assert own[0, :count].tobytes() == its[0, :count].tobytes()
