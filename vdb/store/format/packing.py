"""The dialect of msgpack that records are written in, and its strict reader.

What a length or a count says is held against the bytes that are there before anything is made of
them, so that reading takes memory in proportion to them. Extension types are refused.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import Any, NoReturn, TypeVar

import msgpack  # type: ignore[import-untyped]  # ships no types

from vdb.errors import CorruptedError
from vdb.kernel import msgpack_fault

__all__ = ["DECODER_ERRORS", "LARGEST", "as_map", "changed", "pack", "stream", "twin", "unpack"]

_R = TypeVar("_R")

LARGEST = 1 << 20
"""Bytes of the longest encoded record or payload."""

DECODER_ERRORS = (ValueError, TypeError, RecursionError, msgpack.UnpackException)
"""What msgpack raises on foreign bytes; ValueError is also ExtraData, FormatError, StackError and
UnicodeDecodeError."""

_FIRST_BUFFER = 4096  # bytes; it grows as it must, and a megabyte is what it has otherwise

DEEPEST = 64
"""Levels of nesting of the deepest value."""


def pack(value: Any) -> bytes:
    """Encode plain values; subclasses, tuples and everything unknown raise TypeError."""
    packed: bytes = msgpack.packb(value, strict_types=True, use_bin_type=True)
    return packed


def as_map(record: Any) -> dict[str, Any]:
    """The fields of a dataclass with slots, by name; what they hold is shared, not copied."""
    return dict(zip(record.__slots__, _values(type(record))(record), strict=True))


def twin(record: _R) -> _R:
    """Another of the same dataclass with slots; what its fields hold is shared."""
    return type(record)(*_values(type(record))(record))


def changed(record: _R, before: _R, *, but: frozenset[str] = frozenset()) -> bool:
    """Whether two dataclasses with slots differ in any field `but` these."""
    values = _values(type(record), but)
    return values(record) != values(before)


def _values(kind: Any, but: frozenset[str] = frozenset()) -> Callable[[Any], tuple[Any, ...]]:
    """What reads the fields of such a dataclass, several of them, all at once."""
    read = _readers.get((kind, but))
    if read is None:
        read = attrgetter(*(name for name in kind.__slots__ if name not in but))
        _readers[kind, but] = read
    return read


_readers: dict[tuple[Any, frozenset[str]], Callable[[Any], tuple[Any, ...]]] = {}


def unpack(
    body: bytes,
    where: str,
    *,
    int_keys: bool = False,
    payload: bool = False,
    largest: int = LARGEST,
) -> Any:
    """Decode one value that fills `body`; of a `payload`, of the types that payloads have.

    Raises:
        CorruptedError: It is longer than `largest`, malformed, or followed by other bytes.
    """
    what = "payload" if payload else "record"
    if len(body) > largest:
        raise CorruptedError(f"longer than {largest} bytes", where=where)
    fault = msgpack_fault(body, DEEPEST, payload=payload)
    if fault is not None:
        raise CorruptedError(f"not a {what}: {fault}", where=where)
    try:
        return msgpack.unpackb(
            body,
            raw=False,
            strict_map_key=not int_keys,
            use_list=True,
            ext_hook=_no_extensions,
            max_array_len=len(body),
            max_map_len=len(body),
            max_ext_len=0,
        )
    except DECODER_ERRORS as error:
        raise CorruptedError(f"not a {what}: {error}", where=where) from None


def stream() -> Any:
    """A msgpack.Unpacker with the rules of `unpack`: feed it bodies, and compare what it took.

    For reading many small values fast, which `msgpack_fault` has found nothing in; what it refuses,
    `unpack` refuses with a proper error.
    """
    return msgpack.Unpacker(
        read_size=_FIRST_BUFFER,
        raw=False,
        strict_map_key=True,
        use_list=True,
        ext_hook=_no_extensions,
        max_array_len=LARGEST,
        max_map_len=LARGEST,
        max_ext_len=0,
    )


def _no_extensions(code: int, data: bytes) -> NoReturn:
    raise ValueError(f"extension type {code} of {len(data)} bytes")
