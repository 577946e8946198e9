"""One filter at one moment, evaluated by postings and payloads.

Conditions on indexed fields are decided by their postings, the others by reading payloads: only of
those records that can still make a difference. So the indexed parts of an ``$and`` go first and
leave fewer records for the rest.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from vdb.index.fields import postings, term_ranges
from vdb.index.types import Reader, View
from vdb.model import filters
from vdb.model.filters import nodes
from vdb.model.filters.nodes import And, Condition, Filter, Joint, Not
from vdb.model.filters.values import Literal
from vdb.store.format import terms
from vdb.store.format.limits import NO_SLOT
from vdb.store.format.terms import TermRange

__all__ = ["FilterEvaluator"]

Slots: TypeAlias = NDArray[np.bool_]

_ORDERED = (nodes.Lt, nodes.Lte, nodes.Gt, nodes.Gte)
_PAYLOADS_AT_ONCE = 4096
_FEW = 16  # conditions that are always decided by postings
_POSTINGS_COST = 2  # payloads read in the time of one condition's postings
_LONG_LIST = 32  # values from which on a table of all values pays


class FilterEvaluator:
    """Evaluates one filter at one moment."""

    def __init__(self, reader: Reader, view: View) -> None:
        self._reader = reader
        self._view = view
        self._built = {
            line["path"]: line for line in view.header.fields if line["built"] == NO_SLOT
        }
        self._presence = filters.FieldPresence()

    def absences(self, suspects: set[str]) -> str:
        """In words, which of these fields none of the payloads had; empty for none."""
        header = self._view.header
        declared = [line["path"] for line in header.fields]
        return self._presence.absences(header.count, declared, suspects)

    def passing(self, where: Filter, within: Slots) -> Slots:
        """Those slots of `within` that pass; a new array, or `within` itself."""
        lookups = sum(
            len(one.values) if isinstance(one, nodes.All) else 1
            for one in filters.conditions(where)
        )
        if lookups > _FEW and lookups * _POSTINGS_COST > np.count_nonzero(within):
            return self._by_payloads(where, within)  # cheaper than looking up each condition
        return self.select(where, within)

    def select(self, where: Filter, within: Slots) -> Slots:
        """Those slots of `within` that pass; a new array, or `within` itself."""
        if isinstance(where, Joint) and not where.parts:
            return within if isinstance(where, And) else np.zeros_like(within)
        if not self._indexed(where):
            return self._by_payloads(where, within)
        if isinstance(where, Condition):
            return self._by_postings(where, within)
        if isinstance(where, Not):
            return within & ~self.select(where.part, within)
        assert isinstance(where, Joint)  # noqa: S101 - there is nothing else
        quick = [part for part in where.parts if self._indexed(part)]
        quick.sort(key=lambda part: not self._indexed(part, whole=True))
        slow = tuple(part for part in where.parts if not self._indexed(part))
        parts = [*quick, type(where)(slow)] if slow else quick
        return (self._all if isinstance(where, And) else self._any)(parts, within)

    def _all(self, parts: list[Filter], within: Slots) -> Slots:
        """Those that pass all parts."""
        windows = self._windows(parts)
        for path, (low, high) in windows.items():
            within = within & self._slots(path, [(low, high)] if low < high else [])
        for part in parts:
            if not within.any():
                break
            if not (isinstance(part, _ORDERED) and part.path in windows):
                within = self.select(part, within)
        return within

    def _any(self, parts: list[Filter], within: Slots) -> Slots:
        """Those that pass one of them at least."""
        passing, rest = np.zeros_like(within), within
        for part in parts:
            if not rest.any():
                break
            passing |= self.select(part, rest)
            rest = within & ~passing
        return passing

    def _windows(self, parts: list[Filter]) -> dict[str, TermRange]:
        """The terms between the bounds of fields with a lower and an upper one, to be read at once.

        Not of lists, where one element may be above the one and another below the other.
        """
        ranges: dict[str, list[TermRange]] = {}
        uncertain = set()
        for part in parts:
            line = self._built.get(part.path) if isinstance(part, _ORDERED) else None
            if isinstance(part, _ORDERED) and line is not None and line["type"][-1] != "]":
                sure, unsure = term_ranges.of_condition(line["type"], part)
                ranges.setdefault(part.path, []).extend(sure)
                if unsure:
                    uncertain.add(part.path)
        return {
            path: (max(low for low, _ in several), min(high for _, high in several))
            for path, several in ranges.items()
            if len(several) > 1 and path not in uncertain
        }

    def _indexed(self, where: Filter, *, whole: bool = False) -> bool:
        """Whether postings decide a part of it, or (`whole`) all of it."""
        if isinstance(where, Condition):
            return where.path in self._built
        if isinstance(where, Not):
            return self._indexed(where.part, whole=whole)
        assert isinstance(where, Joint)  # noqa: S101 - there is nothing else
        return (all if whole else any)(self._indexed(part, whole=whole) for part in where.parts)

    def _by_postings(self, where: Condition, within: Slots) -> Slots:
        """Those slots of `within` that pass a condition on an indexed field."""
        path = where.path
        if isinstance(where, nodes.Ne):
            return within & ~self._by_postings(nodes.Eq(path, where.value), within)
        if isinstance(where, nodes.NotIn):
            return within & ~self._by_postings(nodes.In(path, where.values), within)
        if isinstance(where, nodes.Exists | nodes.IsNull):
            term = terms.PRESENT if isinstance(where, nodes.Exists) else terms.NULL
            there = self._slots(path, [terms.whole(term)])
            return within & (there if where.wanted else ~there)
        if isinstance(where, nodes.All):
            within = within & ~self._without_value(path)
            for value in where.values:
                if not within.any():
                    break
                within = self._by_postings(nodes.Contains(path, value), within)
            return within
        passing, unsure = self._sure(where)
        if isinstance(where, nodes.Eq | nodes.In) and None in _literals(where):
            passing |= self._without_value(path)
        passing &= within
        if unsure:
            passing |= self._by_payloads(where, within & ~passing & self._slots(path, unsure))
        return passing

    def _sure(self, where: Condition) -> tuple[Slots, list[TermRange]]:
        """The slots that pass by their terms, null apart; and terms that only payloads tell."""
        line = self._built[where.path]
        kind = line["type"]
        if not isinstance(where, nodes.Eq | nodes.Contains | nodes.Membership):
            sure, unsure = term_ranges.of_condition(kind, where)
            return self._slots(where.path, sure), unsure
        literals = _literals(where)
        if len(literals) >= _LONG_LIST:
            looked_up = postings.slots_of_values(
                self._reader,
                self._view,
                line["number"],
                term_ranges.lookup_keys(kind, literals),
                terms.value_of(kind),
            )
            if looked_up is not None:
                slots, whole = looked_up
                return slots, [] if whole else term_ranges.shared_terms(literals)
        sure, unsure = term_ranges.of_literals(kind, literals)
        return self._slots(where.path, sure), unsure

    def _slots(self, path: str, ranges: list[TermRange]) -> Slots:
        return postings.slots_of(self._reader, self._view, self._built[path]["number"], ranges)

    def _without_value(self, path: str) -> Slots:
        """Missing or null."""
        there = self._slots(path, [terms.whole(terms.PRESENT)])
        return ~there | self._slots(path, [terms.whole(terms.NULL)])

    def _by_payloads(self, where: Filter, within: Slots) -> Slots:
        """Those slots of `within` whose payloads pass."""
        passes = filters.passing(where, self._presence)
        passing = np.zeros_like(within)
        slots = np.flatnonzero(within).tolist()
        for start in range(0, len(slots), _PAYLOADS_AT_ONCE):
            some = slots[start : start + _PAYLOADS_AT_ONCE]
            _, payloads = self._reader.encoded(self._view, some)
            passing[some] = passes(payloads)
            self._presence.example = payloads[0]
        return passing


def _literals(where: Condition) -> tuple[Literal, ...]:
    if isinstance(where, nodes.Membership):
        return where.values
    assert isinstance(where, nodes.Comparison)  # noqa: S101 - the caller has looked
    return (where.value,)
