"""One commit of a shard, as it is in the shard's log.

A seal (CRC-32C over the object's name and the body), then the body: the dialect of msgpack that
records of a database are written in. docs/internals/cluster-format.md describes it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from vdb.cluster.metadata.format_versions import require_known_version
from vdb.errors import CorruptedError
from vdb.model.dtypes import DTYPES
from vdb.model.records import Ids
from vdb.store.format.checksums import UNSALTED
from vdb.store.format.decoder import Fields
from vdb.store.format.packing import pack, unpack

__all__ = ["LARGEST_ENTRY", "LogEntry"]

FORMAT_VERSION: Final = 1
LARGEST_ENTRY: Final = 1 << 31
"""Bytes of an entry at most."""

_DTYPES: Final = tuple(sorted({dtype.stored.name for dtype in DTYPES.values()}))
_WRITER: Final = 16


@dataclass(frozen=True, slots=True, eq=False)
class LogEntry:
    """A write, with all that it takes to do it again.

    Attributes:
        token: Of the call: a shard does a call with the same token once.
        op: What was called: add, upsert, delete and so on.
        ids: The ids of the rows, ints as int64 or strs; None where it has no rows.
        vectors: Of those rows that have one, as they are stored: shape (m, d), float32, float16,
            int8, or uint8 of packed bits. None where it has none.
        payloads: The payload of each row as it is stored, None where there is none; None for a
            write without payloads.
        bare: Which rows have no vector, bool, shape (n,); None where all have one.
        more: The other arguments: None, bool, int, float, str, bytes, list, dict.
        writer: Who put it; `CommitLog.put` says so.
    """

    token: str
    op: str
    ids: Ids | None = None
    vectors: NDArray[Any] | None = None
    payloads: Sequence[bytes | None] | None = None
    bare: NDArray[np.bool_] | None = None
    more: Mapping[str, Any] = field(default_factory=dict)
    writer: str = "0" * _WRITER

    def encode(self, name: str) -> bytes:
        """The object's content, under the object's name."""
        body = pack(
            {
                "format_version": FORMAT_VERSION,
                "token": self.token,
                "op": self.op,
                "writer": self.writer,
                "ids": _ids_to_plain(self.ids),
                "vectors": None if self.vectors is None else _vectors_to_plain(self.vectors),
                "payloads": None if self.payloads is None else list(self.payloads),
                "bare": None if self.bare is None else np.asarray(self.bare, np.bool_).tobytes(),
                "more": dict(self.more),
            }
        )
        return UNSALTED.wrap(name.encode(), body)

    @classmethod
    def decode(cls, content: bytes, name: str, where: str) -> LogEntry:
        """The entry of an object.

        Raises:
            CorruptedError: It is not what `encode` writes under that name; names the field.
            FormatVersionError: A later release wrote it.
        """
        try:
            body = UNSALTED.unwrap(name.encode(), content)
        except CorruptedError:
            raise CorruptedError("the checksum of the entry is wrong", where=where) from None
        fields = Fields(unpack(body, where, largest=LARGEST_ENTRY), where)
        require_known_version(fields, FORMAT_VERSION, "logs", where)
        token, op = fields.text("token", 256), fields.word("op")
        writer = fields.text("writer", _WRITER)
        ids = _ids_of(fields)
        rows = 0 if ids is None else len(ids)
        vectors = fields.or_none(fields.map, "vectors")
        payloads = fields.or_none(lambda key: fields.items(key, rows), "payloads")
        bare = fields.or_none(lambda key: fields.raw(key, rows), "bare")
        more = fields.map("more").rest()
        fields.end()
        if payloads is not None and (
            len(payloads) != rows or not {type(one) for one in payloads} <= {bytes, type(None)}
        ):
            fields.refuse("payloads", f"bytes or null for each of {rows} rows", "something else")
        if bare is not None and max(bare, default=0) > 1:
            fields.refuse("bare", "bytes of 0 and 1", max(bare))
        return cls(
            token,
            op,
            ids,
            None if vectors is None else _vectors_of(vectors, rows, bare),
            payloads,
            None if bare is None else np.frombuffer(bare, np.bool_),
            more,
            writer,
        )


def _ids_to_plain(ids: Ids | None) -> bytes | list[str] | None:
    if ids is None:
        return None
    if len(ids) and isinstance(ids[0], str):
        return [str(one) for one in ids]
    return np.ascontiguousarray(ids, "<i8").tobytes()


def _ids_of(fields: Fields) -> Ids | None:
    value = fields.anything("ids")
    if type(value) is list and {type(one) for one in value} == {str}:
        return value
    if type(value) is bytes and len(value) % 8 == 0:
        return np.frombuffer(value, "<i8").astype(np.int64, copy=False)
    if value is not None:
        fields.refuse("ids", "strs, ints of 8 bytes, or null", type(value).__name__)
    return None


def _vectors_to_plain(vectors: NDArray[Any]) -> dict[str, Any]:
    little = np.ascontiguousarray(vectors, vectors.dtype.newbyteorder("<"))
    return {"dtype": vectors.dtype.name, "width": vectors.shape[1], "numbers": little.tobytes()}


def _vectors_of(fields: Fields, rows: int, bare: bytes | None) -> NDArray[Any]:
    dtype = np.dtype(fields.choice("dtype", _DTYPES)).newbyteorder("<")
    width = fields.whole("width", 1, 1 << 20)
    present = rows - (bare or b"").count(1)
    numbers = fields.raw("numbers", present * width * dtype.itemsize)
    fields.end()
    vectors = np.frombuffer(numbers, dtype).reshape(present, width)
    return vectors.astype(dtype.newbyteorder("="), copy=False)
