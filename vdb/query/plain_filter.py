"""The short way of plain filters: comparisons of declared fields, all of which must hold.

Most filters are of this kind, and a range that is new with every query is not in the cache of
filters. No tree is made of them: each field becomes one range of terms, and the kernel makes bits
of its postings. Everything else is left to the general way (`filter_match`): other operators and
types, lists, postings that are not in memory, and whatever may be refused.
"""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np

from vdb.index import FilterSet
from vdb.index.fields import postings, postings_cache
from vdb.index.types import Reader, View
from vdb.store.format.limits import NO_SLOT
from vdb.store.format.terms import (
    AFTER_TERM,
    AFTER_VALUES,
    LONGEST,
    VALUE,
    TermRange,
    float_term,
    int_term,
    keyword_term,
    term_of,
)

__all__ = ["plain_filter_set"]

_MOST_FIELDS: Final = 4
_MOST_BOUNDS: Final = 2
_LONGEST_TEXT: Final = LONGEST // 8
"""Characters of a text that has a term of its own: each takes six bytes at most."""

_EXACT: Final = 2**53
_INTS: Final = 2**63


def plain_filter_set(reader: Reader, view: View, where: object) -> FilterSet | None:
    """The records that pass a plain filter; None where the general way is due.

    Raises:
        CorruptedError: Damage was met on the way.
    """
    if type(where) is not dict or not 0 < len(where) <= _MOST_FIELDS:
        return None
    lines = {line["path"]: line for line in view.header.fields if line["built"] == NO_SLOT}
    bits, count = None, 0
    for path, condition in where.items():
        line = lines.get(path) if type(path) is str else None
        terms = None if line is None else _range(line["type"], condition)
        if line is None or terms is None:
            return None
        cached = postings_cache.cached(reader, view, line["number"])
        if cached is None:
            return None
        if terms[0] >= terms[1]:
            return None  # nothing passes, which is said of
        own, own_count = postings.bits_of(view, line["number"], cached, terms)
        if bits is None:
            bits, count = own, own_count
        else:
            bits &= own
            count = int(np.count_nonzero(np.unpackbits(bits)))
    if bits is None or count in (0, view.header.count):
        return None
    return FilterSet(bits, count, size=view.header.slots, total=view.header.count)


def _range(kind: str, condition: object) -> TermRange | None:
    """The terms of a field of that type that pass; None where it takes more to say that."""
    if type(condition) is not dict:
        term = _term(kind, condition, ordered=False)
        return None if term is None else (term, term + AFTER_TERM)
    if not 0 < len(condition) <= _MOST_BOUNDS:
        return None
    low, high = VALUE, AFTER_VALUES
    for operator, value in condition.items():
        term = _term(kind, value, ordered=operator != "$eq")
        if term is None:
            return None
        if operator == "$gte":
            low = max(low, term)
        elif operator == "$gt":
            low = max(low, term + AFTER_TERM)
        elif operator == "$lt":
            high = min(high, term)
        elif operator == "$lte":
            high = min(high, term + AFTER_TERM)
        elif operator == "$eq":
            low, high = max(low, term), min(high, term + AFTER_TERM)
        else:
            return None
    return low, high


def _term(kind: str, value: Any, *, ordered: bool) -> bytes | None:
    """The term of a value of the very type that the field has; None for any other."""
    own = type(value)
    if kind == "int":
        return int_term(value) if own is int and -_INTS <= value < _INTS else None
    if kind == "float":
        exact = math.isfinite(value) if own is float else own is int and abs(value) <= _EXACT
        return float_term(float(value)) if exact else None
    if kind == "keyword" and own is str and len(value) <= _LONGEST_TEXT:
        try:
            return keyword_term(value)
        except UnicodeEncodeError:
            return None
    return term_of(kind, value) if kind == "bool" and own is bool and not ordered else None
