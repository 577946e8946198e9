"""Fields of later format versions: left out at their default, refused where they cannot be."""

from __future__ import annotations

import dataclasses
import lzma
from pathlib import Path

import lmdb
import msgpack
import pytest

from vdb.errors import CorruptedError
from vdb.store.format import generation, headers, keys, limits
from vdb.store.format.checksums import UNSALTED, Seal
from vdb.store.format.generation import GenerationRecord
from vdb.store.format.headers import CollectionHeader, DatabaseHeader
from vdb.store.format.keys import KeyKind
from vdb.store.format.optional_fields import OptionalField, required_version, without_defaults
from vdb.store.format.versions import FIRST_VERSION, FORMAT_VERSION, Identity

FIRST_FORMAT = Path(__file__).parents[2] / "files" / "format-1" / "data.mdb.xz"

# fmt: off
FIRST_FIELDS = {
    DatabaseHeader: ["uuid", "page_size", "small_block", "big_block", "created", "version",
                     "commit", "next_collection"],
    CollectionHeader: ["name", "number", "dim", "metric", "dtype", "scores", "model", "created",
                       "version", "id_kind", "slots", "count", "free_head", "free_count",
                       "generation", "next_generation", "building", "kept", "leaving", "history",
                       "next_field", "fields"],
    GenerationRecord: ["number", "metric", "dtype", "vectors", "index", "entry", "longest",
                       "unlinked", "tuning", "build"],
}
# fmt: on
"""The fields of format version 1, in the order in which they are written. Never changed."""


def header(**changes):
    plain = CollectionHeader("docs", 1, 4, "l2", "float32", "native", None, 1.5, "0.1.0")
    return dataclasses.replace(plain, **changes)


def decoded(fields):
    return CollectionHeader.decode(msgpack.packb(fields), 1)


def first_format(tmp_path):
    """All keys and values of the file that the first format's release wrote."""
    (tmp_path / "data.mdb").write_bytes(lzma.decompress(FIRST_FORMAT.read_bytes()))
    with lmdb.open(str(tmp_path), readonly=True, lock=False) as env, env.begin() as txn:
        return dict(txn.cursor())


def test_without_anything_new_the_fields_are_those_of_the_first_version():
    assert list(msgpack.unpackb(header().encode())) == FIRST_FIELDS[CollectionHeader]
    record = GenerationRecord(1, "l2", "float32", 1, {"type": "flat"})
    assert list(msgpack.unpackb(record.encode())) == FIRST_FIELDS[GenerationRecord]
    database = DatabaseHeader(b"u" * 16, 4096, 4080, 65520, 1.5, "0.1.0", 1, 1)
    assert list(msgpack.unpackb(database.encode())) == FIRST_FIELDS[DatabaseHeader]
    assert header().format_version == record.format_version == FIRST_VERSION


def test_every_record_of_the_first_format_is_encoded_byte_for_byte_as_it_was(tmp_path):
    stored = first_format(tmp_path)
    assert Identity.decode(stored[keys.IDENTITY]) == Identity.of(FIRST_VERSION)
    body = UNSALTED.unwrap(keys.DATABASE, stored[keys.DATABASE])
    database = DatabaseHeader.decode(body)
    assert database.encode() == body
    seal, compared = Seal(database.uuid), set()
    for key, value in stored.items():
        kind, place = KeyKind(key[0]), keys.decode(key)
        if kind == KeyKind.COLLECTION:
            body = seal.unwrap(key, value)
            record = CollectionHeader.decode(body, place.collection)
        elif kind == KeyKind.GENERATION:
            body = seal.unwrap(key, value)
            record = GenerationRecord.decode(body, place.collection, place.generation)
        else:
            continue
        assert record.encode() == body
        assert record.format_version == FIRST_VERSION
        compared.add((kind, record.build is not None if kind == KeyKind.GENERATION else None))
    assert compared == {
        (KeyKind.COLLECTION, None),
        (KeyKind.GENERATION, False),
        (KeyKind.GENERATION, True),
    }


@pytest.mark.parametrize(
    ("record", "optional"),
    [
        (CollectionHeader, headers.OPTIONAL_FIELDS),
        (GenerationRecord, generation.OPTIONAL_FIELDS),
    ],
)
def test_every_later_field_is_optional_and_stands_at_the_end(record, optional):
    names = [field.name for field in dataclasses.fields(record)]
    if record is CollectionHeader:
        assert names.pop() == "text_fields"  # stored among the others
    first = FIRST_FIELDS[record]
    assert names[: len(first)] == first
    assert names[len(first) :] == list(optional)
    defaults = {field.name: field.default for field in dataclasses.fields(record)}
    for name, line in optional.items():
        assert FIRST_VERSION < line.version <= FORMAT_VERSION
        assert defaults[name] == line.default


def test_an_optional_field_comes_back_and_needs_its_version():
    for bare, version in ((None, 1), (0, 2), (3, 2)):
        one = header(bare=bare, count=3, slots=3, id_kind="int")
        assert CollectionHeader.decode(one.encode(), 1) == one
        assert one.format_version == version
        assert ("bare" in msgpack.unpackb(one.encode())) == (version == 2)


def test_an_optional_field_is_refused_with_its_default_and_with_other_types():
    plain = msgpack.unpackb(header().encode())
    for value in (None, True, -1, 1.0, "1", [1], limits.MOST_SLOTS + 1):
        with pytest.raises(CorruptedError, match="bare"):
            decoded(plain | {"bare": value})


def test_no_more_records_than_there_are_lack_a_vector():
    fields = msgpack.unpackb(header(bare=2, count=2, slots=2, id_kind="int").encode())
    assert decoded(fields).bare == 2
    with pytest.raises(CorruptedError, match="bare: expected at most 2"):
        decoded(fields | {"bare": 3})


def test_a_dimension_that_is_open_is_of_the_second_version():
    one = header(dim=0, bare=2, count=2, slots=3, free_count=1, free_head=1, id_kind="int")
    assert CollectionHeader.decode(one.encode(), 1) == one
    assert one.format_version == header(dim=0).format_version == 2
    assert header(dim=0, dtype="bit", metric="hamming").format_version == 2


@pytest.mark.parametrize(
    "changes",
    [
        {"bare": None},
        {"bare": 1},
        {"building": 2, "next_generation": 3},
        {"kept": 2, "next_generation": 3},
    ],
)
def test_without_a_dimension_there_is_no_vector_and_no_other_generation(changes):
    one = header(dim=0, bare=2, count=2, slots=2, id_kind="int")
    with pytest.raises(CorruptedError, match="dim"):
        CollectionHeader.decode(dataclasses.replace(one, **changes).encode(), 1)
    with pytest.raises(CorruptedError, match="dim"):
        wrong = dataclasses.replace(one, **changes)
        wrong.verify_encoded(wrong.encode(), one)


def test_a_count_that_cannot_be_read_again_is_not_written():
    before = header(bare=1, count=2, slots=2, id_kind="int")
    after = dataclasses.replace(before, bare=3)
    with pytest.raises(CorruptedError, match="bare"):
        after.verify_encoded(after.encode(), before)


def test_a_stored_default_is_refused_by_the_general_rule():
    optional = {"a": OptionalField(2, None), "b": OptionalField(3, 7)}
    assert without_defaults({"x": 1, "a": None, "b": 7}, optional) == {"x": 1}
    assert without_defaults({"x": 1, "a": 0, "b": 8}, optional) == {"x": 1, "a": 0, "b": 8}
    assert required_version({"x": 1, "a": None, "b": 7}, optional) == 1
    assert required_version({"x": 1, "a": 5, "b": 7}, optional) == 2
    assert required_version({"x": 1, "a": 5, "b": 8}, optional) == 3
    assert required_version({"x": 1}, {}) == 1
