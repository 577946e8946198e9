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

import math
import struct
from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any, Final, TypeAlias

from vdb.model.filters import nodes
from vdb.model.filters.evaluate import MISSING
from vdb.model.filters.nodes import Condition
from vdb.model.filters.types import base_of
from vdb.model.filters.values import microseconds, moment

__all__ = [
    "LONGEST",
    "NULL",
    "PRESENT",
    "Range",
    "Ranges",
    "equal",
    "ranges",
    "sought",
    "terms",
    "value_of",
    "whole",
]

PRESENT = b"\x00"
NULL = b"\x01"
VALUE = b"\x02"
_ALL_BEHIND = b"\x03"
# Behind a term and all its postings: a slot begins with 7F at most.
_BEHIND = b"\xff"
_BEFORE_VALUES = b"\x01\xff"

LONGEST = 240
"""Bytes of a keyword that stand in its term."""

Range: TypeAlias = tuple[bytes, bytes]
"""Terms from the first on, below the second."""

Ranges: TypeAlias = tuple[list[Range], list[Range]]
"""Terms whose values pass a condition, and terms of which only the payload can tell."""

SEVERAL: Final = object()
"""In place of a value: the term stands for several strings."""

_SHORT_END = b"\0\x01"
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
        term = _term(base, value)
        return None if term is None else {PRESENT, term}
    if type(value) is not list:
        return None
    found = {PRESENT}
    for element in value:
        term = _term(base, element)
        if term is None:
            return None
        found.add(term)
    return found


def _term(base: str, value: Any) -> bytes | None:
    """The term of one value as payloads hold it; None when it is not of that type."""
    kind = type(value)
    if base == "keyword":
        return _keyword(value) if kind is str else None
    if base == "int":
        return _int(value) if kind is int else None
    if base == "float":
        if kind is int and float(value) == value:
            value, kind = float(value), float
        return _float(value) if kind is float else None
    if base == "bool":
        return VALUE + bytes([value]) if kind is bool else None
    micro = moment(value) if kind is str else None
    return None if micro is None else _moment(micro)


def _int(value: int) -> bytes:
    """Beyond what payloads hold: a term below or above all others."""
    place = value + _SIGN
    if place < 0:
        return _BEFORE_VALUES
    if place >= _SIGN * 3:
        return VALUE + b"\xff" * _INT_SIZE
    return VALUE + place.to_bytes(_INT_SIZE, "big")


def _float(value: float) -> bytes:
    bits: int = _U64.unpack(_F64.pack(value + 0.0))[0]  # -0.0 becomes 0.0
    return VALUE + _U64.pack(~bits & (2 * _SIGN - 1) if bits & _SIGN else bits | _SIGN)


def _moment(micro: int) -> bytes:
    return VALUE + _U64.pack(micro + _SIGN)


def _escaped(text: str) -> bytes:
    return text.encode().replace(b"\0", b"\0\xff")


def _keyword(text: str) -> bytes:
    raw = _escaped(text)
    if len(raw) <= LONGEST:
        return VALUE + raw + _SHORT_END
    head = raw[:LONGEST]
    return VALUE + (head[:-1] if head[-1] == 0 else head) + _LONG_END


def _is_long(text: str) -> bool:
    """Whether a keyword shares its term with others."""
    return len(_escaped(text)) > LONGEST


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
    if not term.endswith(_SHORT_END):
        return SEVERAL
    return term[1 : -len(_SHORT_END)].replace(b"\0\xff", b"\0").decode()


_VALUES: Final[dict[str, Callable[[bytes], Any]]] = {
    "int": _value_of_int,
    "float": _value_of_float,
    "bool": _value_of_bool,
    "keyword": _value_of_keyword,
    "datetime": _value_of_int,
}


# From conditions to ranges of terms


def ranges(kind: str, condition: Condition) -> Ranges:
    """What a condition of one literal admits, null apart; `equal` takes several literals."""
    base = base_of(kind)
    if isinstance(condition, nodes.Prefix):
        return _prefix(condition.value)
    assert isinstance(condition, nodes.Comparison)  # noqa: S101 - the caller takes the rest apart
    value = condition.value
    if base == "keyword":
        return _ordered_text(condition, str(value))
    lower = isinstance(condition, nodes.Lt | nodes.Lte)
    behind = _BEHIND if isinstance(condition, nodes.Lte | nodes.Gt) else b""
    bound = _bound(base, value, upwards=not behind) + behind
    return ([(VALUE, bound)] if lower else [(bound, _ALL_BEHIND)]), []


def whole(term: bytes) -> Range:
    """One term as a range."""
    return term, term + _BEHIND


def equal(kind: str, literals: Collection[Any]) -> Ranges:
    """The terms of several literals; None among them is left out."""
    base = base_of(kind)
    plain = _plain_keywords(literals) if base == "keyword" else None
    if plain is not None:
        return [(term, term + _BEHIND) for term in sorted(plain)], []
    found = {_literal_term(base, value) for value in literals}
    sure: list[Range] = []
    maybe: list[Range] = []
    for term in sorted(term for term in found if term is not None):
        unsure = base == "keyword" and term.endswith(_LONG_END)
        (maybe if unsure else sure).append((term, term + _BEHIND))
    return sure, maybe


def sought(kind: str, literals: Collection[Any]) -> Collection[Any]:
    """Several literals as keys of a table of values; some may equal no value of the type."""
    if base_of(kind) != "datetime":
        return literals
    return [microseconds(value) for value in literals if value is not None]


def unsure(literals: Collection[Any]) -> list[Range]:
    """Of keywords: the terms of which only the payload can tell."""
    # A character takes four bytes at most.
    longer = [text for text in literals if text is not None and len(text) > LONGEST // 4]
    found = sorted({_keyword(text) for text in longer if _is_long(text)})
    return [(term, term + _BEHIND) for term in found]


def value_of(kind: str) -> Callable[[bytes], Any]:
    """What tells the value that a term means, as a key that equals what numbers equal.

    It returns None for terms that mean no value, and `SEVERAL` for those that stand for several.
    """
    return _VALUES[base_of(kind)]


def _plain_keywords(literals: Collection[Any]) -> set[bytes] | None:
    """The terms of short strings with nothing to escape, of which lists may be long; else None."""
    if set(map(type, literals)) != {str} or max(map(len, literals)) > LONGEST:
        return None
    joined = "".join(literals)
    if not joined.isascii() or "\0" in joined:
        return None
    return {VALUE + text.encode() + _SHORT_END for text in literals}


def _literal_term(base: str, value: Any) -> bytes | None:
    """The term that equals a literal; None where no value of the type can."""
    if value is None:
        return None
    if isinstance(value, datetime):
        return _moment(microseconds(value))
    if base == "int" and isinstance(value, float):
        return _int(int(value)) if value.is_integer() and abs(value) < _SIGN * 3 else None
    return _term(base, value)


def _bound(base: str, value: Any, *, upwards: bool) -> bytes:
    """The term of the nearest value of the type that is not below (not above) a literal."""
    if isinstance(value, datetime):
        return _moment(microseconds(value))
    if base == "int":
        return _int(math.ceil(value) if upwards else math.floor(value))
    near = float(value)
    if isinstance(value, int) and int(near) != value and (int(near) < value) is upwards:
        near = math.nextafter(near, math.inf if upwards else -math.inf)
    return _float(near)


def _ordered_text(condition: nodes.Comparison, text: str) -> Ranges:
    term = _keyword(text)
    lower = isinstance(condition, nodes.Lt | nodes.Lte)
    if _is_long(text):
        maybe = [(term, term + _BEHIND)]
        return ([(VALUE, term)] if lower else [(term + _BEHIND, _ALL_BEHIND)]), maybe
    behind = _BEHIND if isinstance(condition, nodes.Lte | nodes.Gt) else b""
    return ([(VALUE, term + behind)] if lower else [(term + behind, _ALL_BEHIND)]), []


def _prefix(text: str) -> Ranges:
    if _is_long(text):
        term = _keyword(text)
        return [], [(term, term + _BEHIND)]
    start = VALUE + _escaped(text)
    # UTF-8 has no byte FF, and an escaped 00 is followed by one: FF FF is behind all that begin so.
    return [(start, start + b"\xff\xff")], []
