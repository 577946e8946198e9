"""Terms: values of declared fields as bytes whose order is the order of what they mean.

::

    00                          the field is there
    01                          the field is null
    02 key                      a value, or one element of a list

    int         9 bytes         value + 2**63, big-endian
    float       8 bytes         IEEE 754 big-endian; all bits flipped when negative, else the first
    datetime    8 bytes         microseconds since 1970 + 2**63, big-endian
    bool        1 byte          0 or 1
    keyword     UTF-8, each 00 as 00 FF; then 00 01. Of more than `LONGEST` bytes the first ones
                (without a 00 at the end), then 00 02: such a term stands for several strings

No term of a field begins with another one, so terms followed by slots keep their order.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Collection
from typing import Any, Final, TypeAlias

from vdb.model.filters.field_types import base_of
from vdb.model.filters.paths import MISSING
from vdb.model.filters.values import moment

__all__ = [
    "AFTER_TERM",
    "AFTER_VALUES",
    "LONGEST",
    "NULL",
    "PRESENT",
    "SEVERAL",
    "SHORT_END",
    "VALUE",
    "TermRange",
    "escaped",
    "float_term",
    "int_term",
    "is_long",
    "is_shared",
    "keyword_term",
    "moment_term",
    "plain_keyword_terms",
    "term_of",
    "terms",
    "text_of_shared",
    "value_of",
    "whole",
]

PRESENT = b"\x00"
NULL = b"\x01"
VALUE = b"\x02"
AFTER_VALUES = b"\x03"  # above the terms of all values
AFTER_TERM = b"\xff"  # added to a term: above all its postings, as a slot begins with 7F at most
_BEFORE_VALUES = b"\x01\xff"

LONGEST = 240
"""Bytes of a keyword that stand in its term."""

TermRange: TypeAlias = tuple[bytes, bytes]
"""Terms from the first on, below the second."""

SEVERAL: Final = object()
"""In place of a value: the term stands for several strings."""

SHORT_END = b"\0\x01"  # behind a keyword
_LONG_END = b"\0\x02"
_SIGN = 1 << 63
_U64 = struct.Struct(">Q")
_F64 = struct.Struct(">d")
_INT_SIZE = 9


def terms(kind: str, value: Any) -> set[bytes] | None:
    """The terms of a field's value (`MISSING` where there is none); None when it does not fit."""
    if value is MISSING:
        return set()
    if value is None:
        return {PRESENT, NULL}
    base = base_of(kind)
    if base == kind:
        term = term_of(base, value)
        return None if term is None else {PRESENT, term}
    if type(value) is not list:
        return None
    found = {PRESENT}
    for element in value:
        term = term_of(base, element)
        if term is None:
            return None
        found.add(term)
    return found


def term_of(base: str, value: Any) -> bytes | None:
    """The term of one value as payloads hold it; None when it is not of that type."""
    kind = type(value)
    if base == "keyword":
        return keyword_term(value) if kind is str else None
    if base == "int":
        return int_term(value) if kind is int else None
    if base == "float":
        if kind is int and float(value) == value:
            value, kind = float(value), float
        return float_term(value) if kind is float else None
    if base == "bool":
        return VALUE + bytes([value]) if kind is bool else None
    micro = moment(value) if kind is str else None
    return None if micro is None else moment_term(micro)


def int_term(value: int) -> bytes:
    """The term of an int; beyond what payloads hold, one below or above all others."""
    place = value + _SIGN
    if place < 0:
        return _BEFORE_VALUES
    if place >= _SIGN * 3:
        return VALUE + b"\xff" * _INT_SIZE
    return VALUE + place.to_bytes(_INT_SIZE, "big")


def float_term(value: float) -> bytes:
    """The term of a finite float."""
    bits: int = _U64.unpack(_F64.pack(value + 0.0))[0]  # -0.0 becomes 0.0
    return VALUE + _U64.pack(~bits & (2 * _SIGN - 1) if bits & _SIGN else bits | _SIGN)


def moment_term(micro: int) -> bytes:
    """The term of a moment, given in microseconds since 1970."""
    return VALUE + _U64.pack(micro + _SIGN)


def escaped(text: str) -> bytes:
    """UTF-8 as it stands in terms."""
    return text.encode().replace(b"\0", b"\0\xff")


def keyword_term(text: str) -> bytes:
    """The term of a string."""
    raw = escaped(text)
    if len(raw) <= LONGEST:
        return VALUE + raw + SHORT_END
    head = raw[:LONGEST]
    return VALUE + (head[:-1] if head[-1] == 0 else head) + _LONG_END


def is_long(text: str) -> bool:
    """Whether a string is too long for a term of its own."""
    return len(escaped(text)) > LONGEST


def is_shared(term: bytes) -> bool:
    """Whether a term of a keyword field stands for several strings."""
    return term.endswith(_LONG_END)


def text_of_shared(term: bytes) -> str:
    """The beginning that the strings of a shared term have in common, in whole characters."""
    return term[1 : -len(_LONG_END)].replace(b"\0\xff", b"\0").decode(errors="ignore")


def plain_keyword_terms(texts: Collection[Any]) -> set[bytes] | None:
    """The terms of short strings with nothing to escape, of which lists may be long; else None."""
    if set(map(type, texts)) != {str} or max(map(len, texts)) > LONGEST:
        return None
    joined = "".join(texts)
    if not joined.isascii() or "\0" in joined:
        return None
    return {VALUE + text.encode() + SHORT_END for text in texts}


def whole(term: bytes) -> TermRange:
    """One term as a range."""
    return term, term + AFTER_TERM


def value_of(kind: str) -> Callable[[bytes], Any]:
    """The function from a term to its value, as a key that equals what numbers equal.

    It returns None for terms that mean no value, and `SEVERAL` for those that stand for several.
    """
    return _VALUES[base_of(kind)]


def _value_of_int(term: bytes) -> int | None:
    return int.from_bytes(term[1:], "big") - _SIGN if term[:1] == VALUE else None


def _value_of_float(term: bytes) -> float | None:
    if term[:1] != VALUE:
        return None
    bits = int.from_bytes(term[1:], "big")
    bits = bits & ~_SIGN if bits & _SIGN else ~bits & (2 * _SIGN - 1)
    value: float = _F64.unpack(_U64.pack(bits))[0]
    return value


def _value_of_bool(term: bytes) -> bool | None:
    return term[1:] == b"\x01" if term[:1] == VALUE else None


def _value_of_keyword(term: bytes) -> object:
    if term[:1] != VALUE:
        return None
    if not term.endswith(SHORT_END):
        return SEVERAL
    return term[1 : -len(SHORT_END)].replace(b"\0\xff", b"\0").decode()


_VALUES: Final[dict[str, Callable[[bytes], Any]]] = {
    "int": _value_of_int,
    "float": _value_of_float,
    "bool": _value_of_bool,
    "keyword": _value_of_keyword,
    "datetime": _value_of_int,
}
