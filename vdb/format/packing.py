"""The dialect of msgpack that records are written in, and its strict reader.

A record is one map with str keys. Reading accepts exactly the fields that the record has, each of
exactly its type and inside its range; extension types are refused and sizes are capped before
anything is allocated. Whatever else stands there is a `CorruptedError` that names key and field.
"""

from __future__ import annotations

import math
from typing import Any, NoReturn

import msgpack  # type: ignore[import-untyped]  # ships no types

from vdb.errors import CorruptedError

__all__ = ["DECODER_ERRORS", "LARGEST", "Fields", "as_map", "pack", "stream", "unpack"]

LARGEST = 1 << 20
"""Bytes of the longest encoded record or payload."""

DECODER_ERRORS = (ValueError, TypeError, RecursionError, msgpack.UnpackException)
"""What msgpack raises on foreign bytes; ValueError is also ExtraData, FormatError, StackError and
UnicodeDecodeError."""

_MANY = 100_000
_MISSING = object()


def pack(value: Any) -> bytes:
    """Encode plain values; subclasses, tuples and everything unknown raise TypeError."""
    packed: bytes = msgpack.packb(value, strict_types=True, use_bin_type=True)
    return packed


def as_map(record: Any) -> dict[str, Any]:
    """The fields of a dataclass with slots, by name; what they hold is shared, not copied."""
    return {name: getattr(record, name) for name in record.__slots__}


def unpack(body: bytes, where: str, *, int_keys: bool = False, largest: int = LARGEST) -> Any:
    """Decode one value that fills `body`.

    Raises:
        CorruptedError: It is longer than `largest`, malformed, or followed by other bytes.
    """
    if len(body) > largest:
        raise CorruptedError(f"longer than {largest} bytes", where=where)
    try:
        return msgpack.unpackb(
            body,
            raw=False,
            strict_map_key=not int_keys,
            use_list=True,
            ext_hook=_no_extensions,
            max_array_len=_MANY,
            max_map_len=_MANY,
            max_ext_len=0,
        )
    except DECODER_ERRORS as error:
        raise CorruptedError(f"not a record: {error or 'nested too deep'}", where=where) from None


def stream() -> Any:
    """A msgpack.Unpacker with the rules of `unpack`: feed it bodies, and compare what it took.

    For reading many small values fast; what it refuses, `unpack` refuses with a proper error.
    """
    return msgpack.Unpacker(
        raw=False,
        strict_map_key=True,
        use_list=True,
        ext_hook=_no_extensions,
        max_array_len=_MANY,
        max_map_len=_MANY,
        max_ext_len=0,
    )


def _no_extensions(code: int, data: bytes) -> NoReturn:
    raise ValueError(f"extension type {code} of {len(data)} bytes")


class Fields:
    """Takes the fields of a decoded map one by one; `end` refuses what nobody took."""

    def __init__(self, value: Any, where: str) -> None:
        if type(value) is not dict:
            raise CorruptedError(f"expected a map, got {type(value).__name__}", where=where)
        self._rest: dict[str, Any] = dict(value)
        self._where = where

    def _take(self, name: str, kind: type) -> Any:
        value = self._rest.pop(name, _MISSING)
        if value is _MISSING:
            raise CorruptedError(f"{name} is missing", where=self._where)
        if type(value) is not kind:
            self.refuse(name, kind.__name__, type(value).__name__)
        return value

    def refuse(self, name: str, expected: object, received: object) -> NoReturn:
        """Raise the CorruptedError for one field."""
        raise CorruptedError(
            f"{name}: expected {expected}, got {received}",
            where=self._where,
            expected=expected,
            received=received,
        )

    def whole(self, name: str, low: int, high: int) -> int:
        """An int in [low, high]."""
        value: int = self._take(name, int)
        if not low <= value <= high:
            self.refuse(name, f"{low} to {high}", value)
        return value

    def number(self, name: str) -> float:
        """A finite float."""
        value: float = self._take(name, float)
        if not math.isfinite(value):
            self.refuse(name, "a finite number", value)
        return value

    def number_or_none(self, name: str) -> float | None:
        """A finite float, or None."""
        if self._rest.get(name, _MISSING) is None:
            del self._rest[name]
            return None
        return self.number(name)

    def flag(self, name: str) -> bool:
        """True or False."""
        value: bool = self._take(name, bool)
        return value

    def text(self, name: str, longest: int) -> str:
        """A str of at most `longest` bytes of UTF-8."""
        value: str = self._take(name, str)
        size = len(value.encode(errors="surrogatepass"))
        if size > longest:
            self.refuse(name, f"at most {longest} bytes", size)
        return value

    def text_or_none(self, name: str, longest: int) -> str | None:
        """A str of at most `longest` bytes of UTF-8, or None."""
        if self._rest.get(name, _MISSING) is None:
            del self._rest[name]
            return None
        return self.text(name, longest)

    def choice(self, name: str, allowed: tuple[str, ...]) -> str:
        """One of the allowed words."""
        value = self.text(name, 64)
        if value not in allowed:
            self.refuse(name, f"one of {', '.join(allowed)}", repr(value))
        return value

    def choice_or_none(self, name: str, allowed: tuple[str, ...]) -> str | None:
        """One of the allowed words, or None."""
        if self._rest.get(name, _MISSING) is None:
            del self._rest[name]
            return None
        return self.choice(name, allowed)

    def raw(self, name: str, length: int) -> bytes:
        """Exactly `length` bytes."""
        value: bytes = self._take(name, bytes)
        if len(value) != length:
            self.refuse(name, f"{length} bytes", len(value))
        return value

    def items(self, name: str, longest: int) -> list[Any]:
        """A list of at most `longest` items, unchecked."""
        value: list[Any] = self._take(name, list)
        if len(value) > longest:
            self.refuse(name, f"at most {longest} items", len(value))
        return value

    def map(self, name: str) -> Fields:
        """A map inside the map; the caller ends it."""
        return Fields(self._take(name, dict), f"{self._where} {name}")

    def map_or_none(self, name: str) -> Fields | None:
        """A map inside the map, which the caller ends, or None."""
        if self._rest.get(name, _MISSING) is None:
            del self._rest[name]
            return None
        return self.map(name)

    def end(self) -> None:
        """All fields were taken."""
        if self._rest:
            raise CorruptedError(f"unknown field {next(iter(self._rest))!r}", where=self._where)
