"""The check, put to the test: one thing is damaged at a time, and exactly that is named."""

from __future__ import annotations

import contextlib
import hashlib
import mmap
import re
import struct
from pathlib import Path

import lmdb
import numpy as np
import pytest

import vdb
from vdb.format import blocks, generation, headers, journal, keys, records
from vdb.format.checksums import UNSALTED, Seal

pytestmark = pytest.mark.damages

COUNT = 300
DOCS, TEXTS = 1, 2  # numbers of the two collections


class Damage:
    """The closed database, open for breaking."""

    def __init__(self, txn: lmdb.Transaction) -> None:
        self.txn = txn
        stored = txn.get(keys.DATABASE)
        self.database = headers.DatabaseHeader.decode(UNSALTED.unwrap(keys.DATABASE, stored))
        self.seal = Seal(self.database.uuid)

    def get(self, key: bytes) -> bytes:
        value = self.txn.get(key)
        assert value is not None
        return bytes(value)

    def put(self, key: bytes, value: bytes) -> None:
        self.txn.put(key, value)

    def delete(self, key: bytes) -> None:
        assert self.txn.delete(key)

    def body(self, key: bytes) -> bytes:
        return self.seal.unwrap(key, self.get(key))

    def seal_in(self, key: bytes, body: bytes) -> None:
        self.put(key, self.seal.wrap(key, body))

    def flip(self, key: bytes, at: int = -1) -> None:
        value = bytearray(self.get(key))
        value[at] ^= 0x40
        self.put(key, bytes(value))

    def header(self, number: int) -> headers.CollectionHeader:
        return headers.CollectionHeader.decode(self.body(keys.collection(number)), number)

    def put_header(self, header: headers.CollectionHeader) -> None:
        self.seal_in(keys.collection(header.number), header.encode())

    def generation(self, number: int) -> generation.GenerationRecord:
        return generation.GenerationRecord.decode(self.body(keys.generation(number, 1)), number, 1)

    def put_generation(self, number: int, record: generation.GenerationRecord) -> None:
        self.seal_in(keys.generation(number, 1), record.encode())

    def change_block(self, key: bytes, at: int, data: bytes) -> None:
        """Change bytes of a block and make its checksum right again."""
        value = bytearray(self.get(key))
        value[at : at + len(data)] = data
        value[40:44] = struct.pack("<I", blocks.checksum(bytes(value), self.database.uuid))
        self.put(key, bytes(value))

    def slot_of(self, number: int, record_id: int | str) -> int:
        return int.from_bytes(self.get(keys.slot_of(number, record_id)), "little")


def vectors_block(number: int = 0) -> bytes:
    return keys.block(DOCS, 1, blocks.VECTORS, 0, number)


def links_block(number: int = 0, level: int = 0) -> bytes:
    return keys.block(DOCS, 1, blocks.LINKS, level, number)


ROW = blocks.vector_row_size(16, "float32")
ROWS = blocks.rows_per_block(blocks.BIG_BLOCK, ROW, blocks.VECTORS)
LINK_ROW = blocks.link_row_size(8, 0)


@pytest.fixture
def place(path: Path, crowd: np.ndarray) -> Path:
    """A closed database: 300 records with holes, and a flat collection with long text payloads."""
    with vdb.open(path) as db:
        docs = db.create_collection("docs", dim=16, metric="l2", index=vdb.HNSW(M=8))
        docs.add(range(COUNT), crowd[:COUNT], [{"n": i} for i in range(COUNT)])
        docs.delete(range(20))
        texts = db.create_collection("texts", dim=2, metric="cosine", index=vdb.Flat())
        texts.add(["a", "b", "c"], [[1, 0], [0, 1], [1, 1]], [None, "x" * 10_000, "short"])
    return path


def break_it(place: Path, damage) -> None:
    with (
        lmdb.open(str(place), lock=False, map_size=1 << 30, lib_version=0) as env,
        env.begin(write=True) as txn,
    ):
        damage(Damage(txn))
    (place / "lock.mdb").unlink(missing_ok=True)


def problems_of(place: Path) -> list[vdb.Problem]:
    with vdb.open(place, create=False) as db:
        return list(db.check())


def no_key_to_a_record(d):
    d.delete(keys.slot_of(DOCS, 100))


def two_records_of_one_id(d):
    """As a writer would leave it that looked an id up before it was there."""
    first, second = d.slot_of(DOCS, 100), d.slot_of(DOCS, 101)
    d.delete(keys.slot_of(DOCS, 101))
    d.seal_in(keys.record(DOCS, second), d.body(keys.record(DOCS, first)))


def a_key_to_another_record(d):
    d.put(keys.slot_of(DOCS, 100), d.get(keys.slot_of(DOCS, 101)))


def a_key_beyond_the_slots(d):
    d.put(keys.slot_of(DOCS, 100), (5000).to_bytes(4, "little"))


def a_key_of_five_bytes(d):
    d.put(keys.slot_of(DOCS, 100), b"12345")


def an_id_of_the_wrong_kind(d):
    d.put(keys.within(keys.KeyKind.ID, DOCS) + b"abc", (30).to_bytes(4, "little"))


def a_key_to_no_record(d):
    d.put(keys.slot_of(DOCS, 5), d.slot_of(DOCS, 100).to_bytes(4, "little"))


def a_flipped_bit_in_a_record(d):
    d.flip(keys.record(DOCS, d.slot_of(DOCS, 100)))


def a_record_at_a_free_slot(d):
    key, slot = keys.slot_of(DOCS, 100), d.slot_of(DOCS, 100)
    body = d.body(keys.record(DOCS, slot))
    d.delete(keys.record(DOCS, slot))
    d.seal_in(keys.record(DOCS, 3), body)
    d.put(key, (3).to_bytes(4, "little"))


def no_record(d):
    d.delete(keys.record(DOCS, d.slot_of(DOCS, 100)))


def a_record_of_another_id(d):
    key = keys.record(DOCS, d.slot_of(DOCS, 100))
    d.seal_in(key, records.encode(7, None))


def a_record_that_is_no_record(d):
    d.seal_in(keys.record(DOCS, d.slot_of(DOCS, 100)), b"\x92\x01\x02")


def a_record_moved_from_elsewhere(d):
    value = d.get(keys.record(DOCS, d.slot_of(DOCS, 101)))
    d.put(keys.record(DOCS, d.slot_of(DOCS, 100)), value)


def a_record_beyond_the_slots(d):
    d.seal_in(keys.record(DOCS, 4000), records.encode(7, None))


def a_missing_part(d):
    d.delete(keys.part(TEXTS, d.slot_of(TEXTS, "b"), 2))


def a_flipped_bit_in_a_part(d):
    d.flip(keys.part(TEXTS, d.slot_of(TEXTS, "b"), 1))


def a_part_too_many(d):
    d.seal_in(keys.part(TEXTS, d.slot_of(TEXTS, "b"), 3), b"more")


def a_part_of_a_short_record(d):
    d.seal_in(keys.part(TEXTS, d.slot_of(TEXTS, "c"), 1), b"more")


def a_flipped_bit_in_a_vector(d):
    d.flip(vectors_block(), 48 + 100)


def a_changed_vector(d):
    d.change_block(vectors_block(), 48 + ROW * 50, struct.pack("<f", 99.0))


def a_changed_norm(d):
    d.change_block(vectors_block(), 48 + ROWS * ROW + 4 * 50, struct.pack("<f", 1.0))


def a_norm_that_says_free(d):
    d.change_block(vectors_block(), 48 + ROWS * ROW + 4 * 50, struct.pack("<f", -1.0))


def a_vector_that_is_not_finite(d):
    d.change_block(vectors_block(), 48 + ROW * 50, struct.pack("<f", float("nan")))


def a_missing_block_of_vectors(d):
    d.delete(vectors_block())


def a_short_block(d):
    d.put(vectors_block(), d.get(vectors_block())[:-4])


def a_block_of_another_place(d):
    d.change_block(links_block(), 16, struct.pack("<I", 7))


def a_flipped_bit_in_a_link(d):
    d.flip(links_block(), 60)


def a_missing_block_of_links(d):
    d.delete(links_block(1))


def a_link_out_of_bounds(d):
    d.change_block(links_block(), 48 + LINK_ROW * 25 + 4, struct.pack("<I", 100_000))


def links_of_a_slot_cut_off(d):
    d.change_block(links_block(), 48 + LINK_ROW * 25 + 4, b"\xff" * (LINK_ROW - 4))


def a_link_to_a_free_slot(d):
    d.change_block(links_block(), 48 + LINK_ROW * 25 + 4, struct.pack("<I", 3))


def an_entry_that_is_free(d):
    record = d.generation(DOCS)
    record.entry = 5
    d.put_generation(DOCS, record)


def a_stray_block_of_vectors(d):
    d.put(vectors_block(9), d.get(vectors_block()))


def a_stray_block_of_links(d):
    d.put(keys.block(TEXTS, 1, blocks.LINKS, 0, 0), d.get(links_block()))


def blocks_of_an_unknown_generation(d):
    d.put(keys.block(DOCS, 9, blocks.LINKS, 0, 0), d.get(links_block()))


def a_free_list_that_ends_early(d):
    header = d.header(DOCS)
    d.change_block(vectors_block(), 48 + ROW * header.free_head, b"\xff\xff\xff\xff")


def a_header_that_cannot_be_read(d):
    d.flip(keys.collection(DOCS))


def no_header(d):
    d.delete(keys.collection(TEXTS))


def no_name(d):
    d.delete(keys.name("texts"))


def a_name_of_another_collection(d):
    d.put(keys.name("more"), d.seal.wrap(keys.name("more"), (1).to_bytes(4, "little")))


def a_name_that_cannot_be_read(d):
    d.flip(keys.name("texts"))


def no_generation(d):
    d.delete(keys.generation(DOCS, 1))


def a_generation_that_cannot_be_read(d):
    d.flip(keys.generation(DOCS, 1))


def a_generation_of_another_metric(d):
    record = d.generation(TEXTS)
    record.metric = "ip"
    d.put_generation(TEXTS, record)


def a_generation_left_over(d):
    header, record = d.header(TEXTS), d.generation(TEXTS)
    header.next_generation, record.number = 3, 2
    d.put_header(header)
    d.seal_in(keys.generation(TEXTS, 2), record.encode())


def a_generation_never_given_out(d):
    record = d.generation(TEXTS)
    record.number = 7
    d.seal_in(keys.generation(TEXTS, 7), record.encode())


def a_history_without_the_present(d):
    header = d.header(TEXTS)
    header.history.clear()
    d.put_header(header)


def a_journal_that_cannot_be_read(d):
    d.flip(keys.journal(d.database.commit))


def a_journal_of_the_future(d):
    d.seal_in(keys.journal(10**6), journal.encode({}, largest=4000))


def an_unknown_kind_of_key(d):
    d.put(b"\x77what", b"is this")


def a_key_of_the_wrong_length(d):
    d.put(keys.record(DOCS, 50) + b"\0", b"x")


def a_key_of_no_collection(d):
    d.put(keys.record(77, 50), b"x")


def a_number_given_out_twice(d):
    d.database.next_collection = 2
    d.put(keys.DATABASE, UNSALTED.wrap(keys.DATABASE, d.database.encode()))


EACH = [
    (no_key_to_a_record, "'docs', record at slot", "no key leads from its id 100"),
    (two_records_of_one_id, "'docs', record at slot", "another record has its id 100 too"),
    (a_key_to_another_record, "'docs', id 100", "the record has id 101"),
    (a_key_beyond_the_slots, "'docs', id 100", "slot: expected 4 bytes and less than"),
    (a_key_of_five_bytes, "'docs', id 100", "slot: expected 4 bytes"),
    (an_id_of_the_wrong_kind, "key 3000000001616263", "8 bytes"),
    (a_key_to_no_record, "'docs', id 5", "the record has id 100"),
    (a_flipped_bit_in_a_record, "'docs', record at slot", "checksum"),
    (a_record_at_a_free_slot, "'docs', record at slot 3", "holds no vector"),
    (no_record, "'docs', id 100", "where there is no record"),
    (a_record_of_another_id, "'docs', id 100", "the record has id 7"),
    (a_record_that_is_no_record, "'docs', record at slot", "id: expected an int or a str"),
    (a_record_moved_from_elsewhere, "'docs', record at slot", "checksum"),
    (a_record_beyond_the_slots, "'docs', record at slot 4000", "has 300 slots"),
    (a_missing_part, "'texts', record at slot", "missing"),
    (a_flipped_bit_in_a_part, "'texts', record at slot", "checksum"),
    (a_part_too_many, "'texts', part 3", "has 2 parts"),
    (a_part_of_a_short_record, "'texts', part 1", "has 0 parts"),
    (a_flipped_bit_in_a_vector, "'docs', ", "checksum"),
    (a_changed_vector, "'docs', .*50", "norm"),
    (a_changed_norm, "'docs', .*50", "norm"),
    (a_norm_that_says_free, "'docs', ", "free|in use"),
    (a_vector_that_is_not_finite, "'docs', .*50", "finite|norm"),
    (a_missing_block_of_vectors, "'docs', ", "missing"),
    (a_short_block, "'docs', ", "length: expected 65520, got 65516"),
    (a_block_of_another_place, "'docs', ", "number"),
    (a_flipped_bit_in_a_link, "'docs', ", "checksum"),
    (a_missing_block_of_links, "'docs', ", "missing"),
    (a_link_out_of_bounds, "'docs', .*25", "100000"),
    (links_of_a_slot_cut_off, "'docs', ", "."),
    (a_link_to_a_free_slot, "'docs', ", "."),
    (an_entry_that_is_free, "'docs', entry point", "slot 5 is no node"),
    (a_stray_block_of_vectors, "block .*number 9", "none lies in this block"),
    (a_stray_block_of_links, "block collection 2", "no such table"),
    (blocks_of_an_unknown_generation, "block .*generation 9", "no generation 9"),
    (a_free_list_that_ends_early, "'docs', free list", "lists 1 slots"),
    (a_header_that_cannot_be_read, "key 1000000001", "checksum"),
    (no_header, "name 'texts'", "no header"),
    (no_name, "collection 'texts'", "its name leads to nothing"),
    (a_name_of_another_collection, "name 'more'", "whose name is 'docs'"),
    (a_name_that_cannot_be_read, "key 037465787473", "checksum"),
    (no_generation, "collection 'docs'", "generation 1 has no record"),
    (a_generation_that_cannot_be_read, "key 110000000100000001", "checksum"),
    (a_generation_of_another_metric, "collection 'texts'", "'cosine' in its header, 'ip'"),
    (a_generation_left_over, "collection 'texts'", "generation 2 is not in use"),
    (a_generation_never_given_out, "collection 'texts'", "generation 7 was never given out"),
    (a_history_without_the_present, "collection 'texts'", "does not mention generation 1"),
    (a_journal_that_cannot_be_read, "key 02", "checksum"),
    (a_journal_of_the_future, "journal of commit 1000000", "newest commit"),
    (an_unknown_kind_of_key, "key 7777686174", "unknown kind"),
    (a_key_of_the_wrong_length, "key 31", "length: expected 9, got 10"),
    (a_key_of_no_collection, "record collection 77 slot 50", "no collection 77"),
    (a_number_given_out_twice, "database header", "next_collection"),
]

# One wrong link breaks several promises at once (both directions, the tree, reachability), and
# what a lost header or block meant is missed in several places.
SEVERAL = {
    no_header,
    no_generation,
    a_missing_block_of_links,
    a_missing_block_of_vectors,
    a_block_of_another_place,
    a_flipped_bit_in_a_link,
    a_flipped_bit_in_a_vector,
    a_link_out_of_bounds,
    links_of_a_slot_cut_off,
    a_link_to_a_free_slot,
    a_norm_that_says_free,
    a_free_list_that_ends_early,
    an_entry_that_is_free,
}


@pytest.mark.parametrize(
    ("damage", "where", "what"), EACH, ids=[damage.__name__ for damage, _, _ in EACH]
)
def test_each_damage_is_named(place, damage, where, what):
    break_it(place, damage)
    problems = problems_of(place)
    named = [p for p in problems if re.search(where, p.where) and re.search(what, p.what)]
    assert named, [str(p) for p in problems]
    if damage not in SEVERAL:
        assert len(problems) == 1, [str(p) for p in problems]
    expected = "warning" if damage is a_generation_left_over else "error"
    assert named[0].severity == expected


def test_it_never_stops_at_the_first(place):
    chosen = [
        (a_flipped_bit_in_a_record, "checksum"),
        (a_part_too_many, "has 2 parts"),
        (a_changed_norm, "norm"),
        (a_journal_that_cannot_be_read, "key 02"),
        (an_unknown_kind_of_key, "unknown kind"),
        (a_key_of_no_collection, "no collection 77"),
        (a_generation_of_another_metric, "'ip' in its generation"),
    ]
    for damage, _ in chosen:
        break_it(place, damage)
    texts = [str(p) for p in problems_of(place)]
    for _, text in chosen:
        assert any(text in found for found in texts), (text, texts)
    assert len(texts) == len(chosen)


def lead_astray(place):
    """Every page of LMDB's that leads to others leads, in its middle, to one that there is not."""
    data = bytearray((place / "data.mdb").read_bytes())
    for start in range(2 * mmap.PAGESIZE, len(data), mmap.PAGESIZE):
        number, flags, lower = struct.unpack_from("<Q2xHH", data, start)
        if (number, flags) == (start // mmap.PAGESIZE, 1) and lower >= 20:
            (node,) = struct.unpack_from("<H", data, start + 16 + ((lower - 16) // 4) * 2)
            struct.pack_into("<IH", data, start + node, 0xFFFFFF, 0)
    (place / "data.mdb").write_bytes(data)


def test_damage_of_the_tree_of_keys_hides_nothing_else(place, crowd):
    """LMDB gives up the transaction that meets it; the check, and a snapshot, do not."""
    lead_astray(place)
    with vdb.open(place) as db, db.snapshot() as snapshot:
        found = list(db.check())
        torn = [problem for problem in found if problem.where.endswith("data.mdb")]
        assert torn
        assert all("damaged" in problem.what for problem in torn)
        for _ in range(2):
            for docs in (db.collection("docs"), snapshot.collection("docs")):
                with pytest.raises(vdb.CorruptedError):
                    list(docs.scan())
                with pytest.raises(vdb.CorruptedError):
                    docs.search(crowd[0], COUNT, exact=True)


def test_a_sound_database_has_no_problems(place):
    assert problems_of(place) == []


def test_it_never_writes(place):
    def fingerprint():
        data = (place / "data.mdb").read_bytes()
        return hashlib.sha256(data).hexdigest(), (place / "data.mdb").stat().st_mtime_ns

    for damage in (a_flipped_bit_in_a_record, links_of_a_slot_cut_off, an_unknown_kind_of_key):
        break_it(place, damage)
    before = fingerprint()
    assert problems_of(place)
    assert fingerprint() == before


def test_bytes_that_change_under_an_open_database_are_noticed(place, crowd):
    """Searches verify a block once; the check does it every time."""
    with vdb.open(place) as db:
        docs = db.collection("docs")
        docs.search(crowd[0], COUNT, exact=True)
        assert list(db.check()) == []
        data = (place / "data.mdb").read_bytes()
        with (place / "data.mdb").open("r+b") as file:
            file.seek(data.index(crowd[57].tobytes()))
            file.write(bytes([crowd[57].tobytes()[0] ^ 1]))
        (problem,) = db.check()
        assert "checksum" in problem.what


def test_it_can_be_looked_at_slowly_and_left_alone(place):
    break_it(place, a_flipped_bit_in_a_record)
    break_it(place, a_part_too_many)
    db = vdb.open(place, lock_timeout=1)
    walk = db.check()
    next(walk)
    db.collection("texts").set_payloads("a", "written meanwhile")
    db.close()
    with pytest.raises(vdb.ClosedError):
        list(walk)


def test_a_key_that_leads_astray_is_found_out_by_every_call(place, crowd):
    break_it(place, a_key_to_another_record)
    with vdb.open(place) as db:
        docs = db.collection("docs")
        for call in (
            lambda: docs.get([99, 100]),
            lambda: docs.upsert(100, crowd[0]),
            lambda: docs.set_payloads(100, None),
            lambda: docs.delete(100),
        ):
            with pytest.raises(vdb.CorruptedError, match=r"id 100: leads to slot .* has id 101"):
                call()
        assert docs.get(101).payload == {"n": 101}


@pytest.mark.parametrize(
    "damage", [a_flipped_bit_in_a_record, a_record_that_is_no_record, a_record_moved_from_elsewhere]
)
def test_a_search_never_answers_with_a_damaged_record(place, crowd, damage):
    break_it(place, damage)
    with vdb.open(place) as db:
        docs = db.collection("docs")
        for options in ({}, {"with_payloads": False}, {"exact": True}):
            with pytest.raises(vdb.CorruptedError, match=r"checksum|id: expected"):
                docs.search(crowd[100], 3, **options)
            with pytest.raises(vdb.CorruptedError, match=r"checksum|id: expected"):
                docs.search_many(crowd[100:102], 3, **options)
        assert docs.search(crowd[200], 1)[0].payload == {"n": 200}


@pytest.mark.parametrize("seed", range(30))
def test_a_flipped_bit_anywhere_is_an_answer_not_a_crash(place, crowd, seed):
    """Whatever value is hit: every call answers or raises CorruptedError, and check names it."""
    random = np.random.default_rng(seed)

    def flip_any(d):
        with d.txn.cursor() as cursor:
            every = [bytes(key) for key in cursor.iternext(values=False) if key[0] > 1]
        key = every[random.integers(len(every))]
        d.flip(key, int(random.integers(len(d.get(key)))))

    break_it(place, flip_any)
    with vdb.open(place) as db:
        assert list(db.check())
        for call in (
            lambda: db.collection("docs").search_many(crowd[:COUNT], 10, ef=300),
            lambda: list(db.collection("docs").scan()),
            lambda: db.collection("docs").search(crowd[1], 300, exact=True),
            lambda: list(db.collection("texts").scan()),
            lambda: db.collection("docs").add(9000, crowd[0]),
            lambda: db.collection("docs").delete(range(100, 150)),
            db.info,
        ):
            with contextlib.suppress(vdb.CorruptedError, vdb.NotFoundError):
                call()
