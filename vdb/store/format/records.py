"""One record, id and payload, as it lies under keys ``31`` and ``32``.

The body is the id in msgpack, followed by the payload in msgpack unless that is None. A body that
fits a small block with its seal is one value. A longer one is cut::

    key 31           0xC1, total length of the body (u32 little-endian), first bytes
    key 32 part 1    further bytes
    key 32 part 2    ...

each value sealed, each but the last filling a small block. No body begins with 0xC1, because
msgpack never uses that byte.
"""

from __future__ import annotations

import struct

from vdb.errors import CorruptedError
from vdb.model.records import Id
from vdb.store.format import payloads
from vdb.store.format.checksums import SEAL_SIZE
from vdb.store.format.keys import LARGEST_INT_ID, LONGEST_ID, is_text_id
from vdb.store.format.packing import pack, unpack

__all__ = [
    "CUT",
    "LARGEST",
    "divided",
    "encode",
    "further_parts",
    "join",
    "split",
    "total_length",
    "without_cut_header",
]

CUT = 0xC1
"""First byte of a body that goes on under key ``32``."""

LARGEST = payloads.LARGEST + LONGEST_ID + 3
"""Bytes of the longest body."""

_CUT_HEADER = struct.Struct("<BI")

# First byte of a msgpack int or str -> bytes of the whole encoding; strings add their length.
_FIXED = {0xCC: 2, 0xCD: 3, 0xCE: 5, 0xCF: 9, 0xD0: 2, 0xD1: 3, 0xD2: 5, 0xD3: 9}


def encode(record_id: Id, payload: bytes | None) -> bytes:
    """The body: an id, and a payload as `payloads.encode` made it (None: no payload)."""
    return pack(record_id) + payload if payload is not None else pack(record_id)


def divided(body: bytes, where: str) -> tuple[Id, bytes | None]:
    """Id and encoded payload of a whole body; the payload is not looked at.

    The body may be cut short behind the id.

    Raises:
        CorruptedError: Not a body.
    """
    end = _id_length(body, where)
    record_id: Id = unpack(body[:end], where)
    if isinstance(record_id, str):
        if not is_text_id(record_id):
            raise CorruptedError(f"id: expected 1 to {LONGEST_ID} bytes without NUL", where=where)
    elif record_id > LARGEST_INT_ID:
        raise CorruptedError("id: expected an int of 64 bits", where=where)
    return record_id, body[end:] if end < len(body) else None


def _id_length(body: bytes, where: str) -> int:
    first = body[0] if body else -1
    if 0 <= first <= 0x7F or 0xE0 <= first <= 0xFF:
        length = 1
    elif first in _FIXED:
        length = _FIXED[first]
    elif 0xA0 <= first <= 0xBF:
        length = 1 + first - 0xA0
    elif first == 0xD9 and len(body) > 1:
        length = 2 + body[1]
    elif first == 0xDA and len(body) > 2:
        length = 3 + int.from_bytes(body[1:3], "big")
    else:
        raise CorruptedError("id: expected an int or a str", where=where)
    if length > len(body):
        raise CorruptedError("id is cut short", where=where)
    return length


def split(body: bytes, small_block: int) -> list[bytes]:
    """The values, not sealed, that a body is stored as: key ``31`` first, then the parts."""
    room = small_block - SEAL_SIZE
    if len(body) <= room:
        return [body]
    start = room - _CUT_HEADER.size
    head = _CUT_HEADER.pack(CUT, len(body)) + body[:start]
    return [head, *(body[i : i + room] for i in range(start, len(body), room))]


def total_length(head: bytes, where: str) -> int | None:
    """Bytes of the whole body when `head`, the value under key ``31``, goes on; None when not.

    Raises:
        CorruptedError: It says that it goes on, but not for how long.
    """
    if not head or head[0] != CUT:
        return None
    if len(head) < _CUT_HEADER.size:
        raise CorruptedError("record is cut short", where=where)
    length: int = _CUT_HEADER.unpack_from(head)[1]
    if length > LARGEST:
        raise CorruptedError(f"length: at most {LARGEST}, got {length}", where=where)
    return length


def further_parts(length: int, small_block: int) -> int:
    """How many values under key ``32`` a body of `length` bytes has."""
    room = small_block - SEAL_SIZE
    if length <= room:
        return 0
    return -(-(length - room + _CUT_HEADER.size) // room)


def without_cut_header(head: bytes) -> bytes:
    """The beginning of a body that was cut; the id always lies in it whole."""
    return head[_CUT_HEADER.size :]


def join(head: bytes, parts: list[bytes], length: int, where: str) -> bytes:
    """The inverse of `split` for a body that was cut.

    Raises:
        CorruptedError: Together they are not `length` bytes.
    """
    body = head[_CUT_HEADER.size :] + b"".join(parts)
    if len(body) != length:
        raise CorruptedError(f"length: expected {length}, got {len(body)}", where=where)
    return body
