"""Damage of records: of the keys that lead to them, of what they hold, of their parts."""

from __future__ import annotations

from support.damages.broken import DOCS, TEXTS
from vdb.store.format import keys, records


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


EACH = [
    (no_key_to_a_record, "'docs', record at slot", "no key leads from its id 100"),
    (two_records_of_one_id, "'docs', record at slot", "another record has its id 100 too"),
    (a_key_to_another_record, "'docs', id 100", "the record has id 101"),
    (a_key_beyond_the_slots, "'docs', id 100", "slot: expected 4 bytes and less than"),
    (a_key_of_five_bytes, "'docs', id 100", "slot: expected 4 bytes"),
    (an_id_of_the_wrong_kind, "key 3000000001616263", "8 bytes"),
    (a_key_to_no_record, "'docs', id 5", "the record has id 100"),
    (a_flipped_bit_in_a_record, "'docs', record at slot", "checksum"),
    (a_record_at_a_free_slot, "'docs', record at slot 3", "is free"),
    (no_record, "'docs', id 100", "where there is no record"),
    (a_record_of_another_id, "'docs', id 100", "the record has id 7"),
    (a_record_that_is_no_record, "'docs', record at slot", "id: expected an int or a str"),
    (a_record_moved_from_elsewhere, "'docs', record at slot", "checksum"),
    (a_record_beyond_the_slots, "'docs', record at slot 4000", "has 300 slots"),
    (a_missing_part, "'texts', record at slot", "missing"),
    (a_flipped_bit_in_a_part, "'texts', record at slot", "checksum"),
    (a_part_too_many, "'texts', part 3", "has 2 parts"),
    (a_part_of_a_short_record, "'texts', part 1", "has 0 parts"),
]
