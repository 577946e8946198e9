"""Every key of the database: one constructor a kind, one decoder for all of them.

All records lie in one LMDB database. The first byte of a key is its kind; numbers are big-endian,
so that the order of keys is the order of what they mean::

    00                                              identity
    01                                              database header
    02 commit:u64                                   journal of one commit
    03 name                                         collection name -> number
    10 collection:u32                               collection header
    11 collection:u32 generation:u32                generation record
    12 collection:u32 generation:u32 epoch:u32 number:u32           changes to catch up with
    20 collection:u32 generation:u32 kind:u8 level:u8 number:u32    block
    30 collection:u32 id                            id -> slot
    31 collection:u32 slot:u32                      record
    32 collection:u32 slot:u32 part:u16             continuation of a long record
    40 collection:u32 field:u32 bound               postings of a declared field
    41 collection:u32 field:u32 segment:u32 part:u32        part of a segment of a text field
    42 collection:u32 field:u32                     header of a text field
    43 collection:u32 field:u32 segment:u32 chunk:u32       deleted documents of a segment

An int id is eight bytes, big-endian, with the sign bit flipped, which sorts numerically; a str id
is its UTF-8, which sorts by code point. Which of the two, the collection header says.
"""

from __future__ import annotations

import struct
from enum import IntEnum
from typing import NamedTuple

from vdb.errors import CorruptedError
from vdb.kernel import id_keys
from vdb.model import pauses
from vdb.model.config import NAME
from vdb.model.records import Id

__all__ = [
    "DATABASE",
    "IDENTITY",
    "LARGEST_INT_ID",
    "LONGEST_BOUND",
    "LONGEST_ID",
    "LONGEST_NAME",
    "Key",
    "KeyKind",
    "is_text_id",
]


class KeyKind(IntEnum):
    """First byte of a key. DO NOT CHANGE THESE VALUES: they are on disk."""

    IDENTITY = 0x00
    DATABASE = 0x01
    JOURNAL = 0x02
    NAME = 0x03
    ALIAS = 0x04
    COLLECTION = 0x10
    GENERATION = 0x11
    CHANGE = 0x12
    BLOCK = 0x20
    ID = 0x30
    RECORD = 0x31
    PART = 0x32
    POSTINGS = 0x40
    SEGMENT = 0x41
    TEXT = 0x42
    DELETED = 0x43


LONGEST_NAME = 128
"""Bytes of a collection name."""

LONGEST_ID = 400
"""Bytes of a str id in UTF-8; the whole key stays below LMDB's limit of 511."""

LARGEST_INT_ID = 2**63 - 1

LONGEST_BOUND = 247
"""Bytes of the last posting of a leaf: the longest term and a slot."""

IDENTITY = bytes([KeyKind.IDENTITY])
DATABASE = bytes([KeyKind.DATABASE])

_KINDS = frozenset(KeyKind)
_SIGN = 1 << 63
_BARE = struct.Struct(">B")
_JOURNAL = struct.Struct(">BQ")
_COLLECTION = struct.Struct(">BI")
_GENERATION = struct.Struct(">BII")
_EPOCH = struct.Struct(">BIII")
_CHANGE = struct.Struct(">BIIII")
_BLOCKS_OF_KIND = struct.Struct(">BIIB")
_BLOCK_PREFIX = struct.Struct(">BIIBB")
_BLOCK = struct.Struct(">BIIBBI")
_RECORD = struct.Struct(">BII")
_PART = struct.Struct(">BIIH")
_FIELD = struct.Struct(">BII")
_SEGMENT = struct.Struct(">BIII")
_SEGMENT_PART = struct.Struct(">BIIII")
_INT_ID = struct.Struct(">Q")

_LAYOUTS: dict[KeyKind, tuple[struct.Struct, tuple[str, ...]]] = {
    KeyKind.IDENTITY: (_BARE, ()),
    KeyKind.DATABASE: (_BARE, ()),
    KeyKind.JOURNAL: (_JOURNAL, ("commit",)),
    KeyKind.COLLECTION: (_COLLECTION, ("collection",)),
    KeyKind.GENERATION: (_GENERATION, ("collection", "generation")),
    KeyKind.CHANGE: (_CHANGE, ("collection", "generation", "epoch", "number")),
    KeyKind.BLOCK: (_BLOCK, ("collection", "generation", "block_kind", "level", "number")),
    KeyKind.RECORD: (_RECORD, ("collection", "slot")),
    KeyKind.PART: (_PART, ("collection", "slot", "part")),
    KeyKind.SEGMENT: (_SEGMENT_PART, ("collection", "field", "segment", "number")),
    KeyKind.TEXT: (_FIELD, ("collection", "field")),
    KeyKind.DELETED: (_SEGMENT_PART, ("collection", "field", "segment", "number")),
}
"""Kinds of key of a fixed length, and what their numbers mean."""


def journal(commit: int) -> bytes:
    """Key of the journal of one commit."""
    return _JOURNAL.pack(KeyKind.JOURNAL, commit)


def name(collection_name: str) -> bytes:
    """Key of a collection's name."""
    return bytes([KeyKind.NAME]) + collection_name.encode()


def alias(name_of_alias: str) -> bytes:
    """Key of another name of a collection; of format version 2."""
    return bytes([KeyKind.ALIAS]) + name_of_alias.encode()


def collection(number: int) -> bytes:
    """Key of a collection header."""
    return _COLLECTION.pack(KeyKind.COLLECTION, number)


def generation(collection_number: int, number: int) -> bytes:
    """Key of a generation record."""
    return _GENERATION.pack(KeyKind.GENERATION, collection_number, number)


def change(collection_number: int, generation_number: int, epoch: int, number: int) -> bytes:
    """Key of one part of the log of changes that a generation is behind by."""
    return _CHANGE.pack(KeyKind.CHANGE, collection_number, generation_number, epoch, number)


def changes_of(collection_number: int, generation_number: int) -> bytes:
    """What the keys of a generation's whole log of changes begin with."""
    return _GENERATION.pack(KeyKind.CHANGE, collection_number, generation_number)


def changes_in(collection_number: int, generation_number: int, epoch: int) -> bytes:
    """What the keys of one epoch of that log begin with."""
    return _EPOCH.pack(KeyKind.CHANGE, collection_number, generation_number, epoch)


def blocks_of(collection_number: int, generation_number: int) -> bytes:
    """What the keys of all blocks of one generation begin with."""
    return _GENERATION.pack(KeyKind.BLOCK, collection_number, generation_number)


def blocks_of_kind(collection_number: int, generation_number: int, kind: int) -> bytes:
    """What the keys of its blocks of one kind begin with."""
    return _BLOCKS_OF_KIND.pack(KeyKind.BLOCK, collection_number, generation_number, kind)


def block_prefix(collection_number: int, generation_number: int, kind: int, level: int) -> bytes:
    """What the keys of all blocks of one table begin with: 11 bytes; the number follows."""
    return _BLOCK_PREFIX.pack(KeyKind.BLOCK, collection_number, generation_number, kind, level)


def block(
    collection_number: int, generation_number: int, kind: int, level: int, number: int
) -> bytes:
    """Key of one block."""
    return _BLOCK.pack(KeyKind.BLOCK, collection_number, generation_number, kind, level, number)


_IDS_AT_ONCE = 1 << 14
"""Ids whose keys are made in one step, in which no other thread of the program can run."""


def slot_of(collection_number: int, record_id: Id) -> bytes:
    """Key under which the slot of an id lies."""
    return _COLLECTION.pack(KeyKind.ID, collection_number) + encode_id(record_id)


def slots_of(collection_number: int, ids: list[Id]) -> list[bytes]:
    """`slot_of` of each of many ids."""
    prefix = _COLLECTION.pack(KeyKind.ID, collection_number)
    encoded: list[bytes] = []
    for some in pauses.pieces(ids, _IDS_AT_ONCE):
        # Others than plain int and str have none there.
        encoded += id_keys(prefix, some) or [prefix + encode_id(one) for one in some]
    return encoded


def record(collection_number: int, slot: int) -> bytes:
    """Key of a record: its id and payload, or their first part."""
    return _RECORD.pack(KeyKind.RECORD, collection_number, slot)


def part(collection_number: int, slot: int, number: int) -> bytes:
    """Key of part `number` (1, 2, ...) of a record that is longer than one value."""
    return _PART.pack(KeyKind.PART, collection_number, slot, number)


def parts_prefix(collection_number: int, slot: int) -> bytes:
    """What the keys of all continuations of one record begin with."""
    return _RECORD.pack(KeyKind.PART, collection_number, slot)


def field(collection_number: int, number: int) -> bytes:
    """What the keys of all postings of one field begin with; the bound follows."""
    return _FIELD.pack(KeyKind.POSTINGS, collection_number, number)


def text(collection_number: int, number: int) -> bytes:
    """Key of the header of a text field; of format version 2, as the two that follow."""
    return _FIELD.pack(KeyKind.TEXT, collection_number, number)


def segment_part(collection_number: int, field_number: int, segment: int, number: int) -> bytes:
    """Key of part `number` (0, 1, ...) of a segment of a text field."""
    return _SEGMENT_PART.pack(KeyKind.SEGMENT, collection_number, field_number, segment, number)


def deleted(collection_number: int, field_number: int, segment: int, number: int) -> bytes:
    """Key of chunk `number` of the deleted documents of a segment."""
    return _SEGMENT_PART.pack(KeyKind.DELETED, collection_number, field_number, segment, number)


def of_segment(kind: KeyKind, collection_number: int, field_number: int, segment: int) -> bytes:
    """What the keys of all parts, or of all chunks, of one segment begin with."""
    return _SEGMENT.pack(kind, collection_number, field_number, segment)


def of_field(kind: KeyKind, collection_number: int, field_number: int) -> bytes:
    """What the keys of all segments of one text field begin with."""
    return _FIELD.pack(kind, collection_number, field_number)


def within(kind: KeyKind, collection_number: int) -> bytes:
    """What all keys of one kind of one collection begin with."""
    return _COLLECTION.pack(kind, collection_number)


def encode_id(record_id: Id) -> bytes:
    """An id as it stands in a key. The id must have passed the checks on ids."""
    if isinstance(record_id, int):
        return _INT_ID.pack(record_id + _SIGN)
    return record_id.encode()


def decode_id(stored: bytes, id_kind: str, *, where: str) -> Id:
    """The id that stands in a key of a collection whose ids are of `id_kind`.

    Raises:
        CorruptedError: The bytes are no id of that kind.
    """
    if id_kind == "int":
        if len(stored) != _INT_ID.size:
            raise CorruptedError(f"an int id has 8 bytes, got {len(stored)}", where=where)
        value: int = _INT_ID.unpack(stored)[0]
        return value - _SIGN
    text = _text(stored, "id", LONGEST_ID, where)
    if "\0" in text:
        raise CorruptedError("id has a NUL in it", where=where)
    return text


def is_text_id(text: str) -> bool:
    """Whether it can be the id of a record: it has 1 to 400 bytes of UTF-8, and no NUL."""
    return 1 <= len(text.encode(errors="replace")) <= LONGEST_ID and "\0" not in text


class Key(NamedTuple):
    """A key taken apart; fields that its kind does not have are None.

    ``id`` is the undecoded id, because only the collection header knows its kind.
    """

    kind: KeyKind
    commit: int | None = None
    name: str | None = None
    collection: int | None = None
    generation: int | None = None
    epoch: int | None = None
    block_kind: int | None = None
    level: int | None = None
    number: int | None = None
    slot: int | None = None
    part: int | None = None
    field: int | None = None
    segment: int | None = None
    bound: bytes | None = None
    id: bytes | None = None

    def __str__(self) -> str:
        fields = (
            f"{field} {value.hex() if isinstance(value, bytes) else value}"
            for field in self._fields[1:]
            if (value := getattr(self, field)) is not None
        )
        return " ".join((self.kind.name.lower(), *fields))


def decode(key: bytes) -> Key:
    """Take a key apart.

    Raises:
        CorruptedError: It is no key of this format.
    """
    where = f"key {key.hex()}"
    if not key or key[0] not in _KINDS:
        raise CorruptedError("unknown kind of key", where=where)
    kind = KeyKind(key[0])
    if kind is KeyKind.NAME or kind is KeyKind.ALIAS:
        name = _text(key[1:], "name", LONGEST_NAME, where)
        if NAME.fullmatch(name) is None:
            raise CorruptedError(f"not the name of a collection: {name!a}", where=where)
        return Key(kind, name=name)
    if kind is KeyKind.ID:
        start = _COLLECTION.size
        if not start < len(key) <= start + LONGEST_ID:
            raise CorruptedError(f"length {len(key)} is outside the range", where=where)
        return Key(kind, collection=_COLLECTION.unpack_from(key)[1], id=key[start:])
    if kind is KeyKind.POSTINGS:
        start = _FIELD.size
        if not start < len(key) <= start + LONGEST_BOUND:
            raise CorruptedError(f"length {len(key)} is outside the range", where=where)
        _, number, field_number = _FIELD.unpack_from(key)
        return Key(kind, collection=number, field=field_number, bound=key[start:])
    layout, names = _LAYOUTS[kind]
    if len(key) != layout.size:
        raise CorruptedError(f"length: expected {layout.size}, got {len(key)}", where=where)
    return Key(kind, **dict(zip(names, layout.unpack(key)[1:], strict=True)))


def _text(stored: bytes, field: str, longest: int, where: str) -> str:
    if not 1 <= len(stored) <= longest:
        raise CorruptedError(f"{field}: 1 to {longest} bytes, got {len(stored)}", where=where)
    try:
        return stored.decode()
    except UnicodeDecodeError:
        raise CorruptedError(f"{field} is not UTF-8", where=where) from None
