"""From conditions of a filter to ranges of terms.

The terms of a field are in the order of its values (`store.format.terms`), so a comparison is a
range of terms and a list of values is a few single terms. Long strings share a term with others:
whether a record with such a term passes, only its payload can tell.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any, NamedTuple, TypeAlias

from vdb.model.filters import nodes
from vdb.model.filters.field_types import base_of
from vdb.model.filters.nodes import Condition
from vdb.model.filters.values import microseconds
from vdb.store.format.terms import (
    AFTER_TERM,
    AFTER_VALUES,
    LONGEST,
    SEVERAL,
    SHORT_END,
    VALUE,
    TermRange,
    escaped,
    float_term,
    int_term,
    is_long,
    is_shared,
    keyword_term,
    moment_term,
    plain_keyword_terms,
    term_of,
    text_of_shared,
    value_of,
    whole,
)

__all__ = [
    "TermRanges",
    "TermTest",
    "folded_test",
    "lookup_keys",
    "of_condition",
    "of_literals",
    "shared_terms",
    "substring_test",
]

TermTest: TypeAlias = Callable[[bytes], bool]
"""Whether the value of a term of a keyword field passes."""


class TermRanges(NamedTuple):
    """Terms whose records pass a condition, and terms of which only the payloads can tell."""

    sure: list[TermRange]
    unsure: list[TermRange]


def of_condition(kind: str, condition: Condition) -> TermRanges:
    """The terms of a field of type `kind` that an ordered condition or a prefix admits."""
    base = base_of(kind)
    if isinstance(condition, nodes.Prefix):
        return _of_prefix(condition.value)
    assert isinstance(condition, nodes.Comparison)  # noqa: S101 - the caller takes the rest apart
    value = condition.value
    if base == "keyword":
        return _of_ordered_text(condition, str(value))
    after = AFTER_TERM if isinstance(condition, nodes.Lte | nodes.Gt) else b""
    return _of_bound(condition, _bound(base, value, upwards=not after) + after)


def of_literals(kind: str, literals: Collection[Any]) -> TermRanges:
    """The terms that equal one of several literals; None among them is left out."""
    base = base_of(kind)
    plain = plain_keyword_terms(literals) if base == "keyword" else None
    if plain is not None:
        return TermRanges([(term, term + AFTER_TERM) for term in sorted(plain)], [])
    terms = {_literal_term(base, value) for value in literals}
    sure: list[TermRange] = []
    unsure: list[TermRange] = []
    for term in sorted(term for term in terms if term is not None):
        shared = base == "keyword" and is_shared(term)
        (unsure if shared else sure).append(whole(term))
    return TermRanges(sure, unsure)


def substring_test(text: str) -> TermTest:
    """Whether the string of a term has this text in it, as far as the term shows.

    A term of a long string has its beginning only.
    """
    part = escaped(text)
    start, end = len(VALUE), -len(SHORT_END)
    return lambda term: term.find(part, start, len(term) + end) >= 0


def folded_test(text: str, *, whole_text: bool) -> TermTest:
    """The same with case folded; with `whole_text`, whether the string is this text."""
    folded = text.casefold()
    value = value_of("keyword")

    def test(term: bytes) -> bool:
        own = value(term)
        own = text_of_shared(term) if own is SEVERAL else own
        return isinstance(own, str) and (
            own.casefold() == folded if whole_text else folded in own.casefold()
        )

    return test


def lookup_keys(kind: str, literals: Collection[Any]) -> Collection[Any]:
    """Several literals as keys of a table of values; some may equal no value of the type."""
    if base_of(kind) != "datetime":
        return literals
    return [microseconds(value) for value in literals if value is not None]


def shared_terms(texts: Collection[Any]) -> list[TermRange]:
    """The terms of long strings among these literals of a keyword field."""
    # A character takes four bytes at most.
    longer = [text for text in texts if text is not None and len(text) > LONGEST // 4]
    return [
        whole(term) for term in sorted({keyword_term(text) for text in longer if is_long(text)})
    ]


def _literal_term(base: str, value: Any) -> bytes | None:
    """The term that equals a literal; None where no value of the type can."""
    if value is None:
        return None
    if isinstance(value, datetime):
        return moment_term(microseconds(value))
    if base == "int" and isinstance(value, float):
        near = value.is_integer() and abs(value) < 3 * 2.0**63
        return int_term(int(value)) if near else None
    return term_of(base, value)


def _bound(base: str, value: Any, *, upwards: bool) -> bytes:
    """The term of the nearest value of the type that is not below (not above) a literal."""
    if isinstance(value, datetime):
        return moment_term(microseconds(value))
    if base == "int":
        return int_term(math.ceil(value) if upwards else math.floor(value))
    near = float(value)
    if isinstance(value, int) and int(near) != value and (int(near) < value) is upwards:
        near = math.nextafter(near, math.inf if upwards else -math.inf)
    return float_term(near)


def _of_bound(condition: Condition, bound: bytes) -> TermRanges:
    """All values below the bound, or from it on."""
    lower = isinstance(condition, nodes.Lt | nodes.Lte)
    return TermRanges([(VALUE, bound) if lower else (bound, AFTER_VALUES)], [])


def _of_ordered_text(condition: nodes.Comparison, text: str) -> TermRanges:
    term = keyword_term(text)
    if is_long(text):
        lower = isinstance(condition, nodes.Lt | nodes.Lte)
        sure = (VALUE, term) if lower else (term + AFTER_TERM, AFTER_VALUES)
        return TermRanges([sure], [whole(term)])
    after = AFTER_TERM if isinstance(condition, nodes.Lte | nodes.Gt) else b""
    return _of_bound(condition, term + after)


def _of_prefix(text: str) -> TermRanges:
    if is_long(text):
        return TermRanges([], [whole(keyword_term(text))])
    start = VALUE + escaped(text)
    # UTF-8 has no byte FF, and an escaped 00 is followed by one: FF FF is behind all that begin so.
    return TermRanges([(start, start + b"\xff\xff")], [])
