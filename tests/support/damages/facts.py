"""Damage of what a database knows of itself: headers, names, generations, journals, keys."""

from __future__ import annotations

from support.damages.broken import DOCS, TEXTS
from vdb.store.format import journal, keys
from vdb.store.format.checksums import UNSALTED
from vdb.store.format.versions import Identity


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


def an_alias_of_no_collection(d):
    d.put(keys.IDENTITY, Identity.of(2).encode())
    d.seal_in(keys.alias("current"), (77).to_bytes(4, "little"))


def an_alias_with_the_name_of_a_collection(d):
    d.put(keys.IDENTITY, Identity.of(2).encode())
    d.seal_in(keys.alias("texts"), DOCS.to_bytes(4, "little"))


def an_alias_in_a_file_of_version_1(d):
    d.seal_in(keys.alias("current"), DOCS.to_bytes(4, "little"))


def an_alias_that_cannot_be_read(d):
    d.put(keys.IDENTITY, Identity.of(2).encode())
    d.seal_in(keys.alias("current"), DOCS.to_bytes(4, "little"))
    d.flip(keys.alias("current"))


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
    (a_header_that_cannot_be_read, "key 1000000001", "checksum"),
    (no_header, "name 'texts'", "no header"),
    (no_name, "collection 'texts'", "its name leads to nothing"),
    (a_name_of_another_collection, "name 'more'", "whose name is 'docs'"),
    (a_name_that_cannot_be_read, "key 037465787473", "checksum"),
    (an_alias_of_no_collection, "alias 'current'", "collection 77, which has no header"),
    (an_alias_with_the_name_of_a_collection, "alias 'texts'", "the same name"),
    (an_alias_in_a_file_of_version_1, "alias 'current'", "format version 2"),
    (an_alias_that_cannot_be_read, "key 0463757272656e74", "checksum"),
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

# What a lost header meant is missed in several places.
SEVERAL = {no_header, no_generation}
