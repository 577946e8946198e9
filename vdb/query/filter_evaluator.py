"""One filter at one moment, evaluated by postings and payloads.

Conditions on indexed fields are decided by their postings, the others by reading payloads: only of
those records that can still make a difference. So the indexed parts of an ``$and`` go first and
leave fewer records for the rest. Conditions on ids are look-ups of ids.
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
from vdb.model.filters.paths import ID_PATH
from vdb.model.filters.values import Literal
from vdb.model.records import Id, Payload
from vdb.query.id_slots import slots_of_id_range, slots_of_ids
from vdb.store.format import terms
from vdb.store.format.limits import NO_SLOT
from vdb.store.format.terms import TermRange

__all__ = ["FilterEvaluator"]

Slots: TypeAlias = NDArray[np.bool_]

_VALUES: TermRange = (terms.VALUE, terms.AFTER_VALUES)
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
            by_index = self._by_ids if where.of_id else self._by_postings
            return by_index(where, within)
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
            return where.of_id or where.path in self._built
        if isinstance(where, Not):
            return self._indexed(where.part, whole=whole)
        assert isinstance(where, Joint)  # noqa: S101 - there is nothing else
        return (all if whole else any)(self._indexed(part, whole=whole) for part in where.parts)

    def _by_ids(self, where: Condition, within: Slots) -> Slots:
        """Those slots of `within` whose ids pass."""
        if isinstance(where, nodes.Ne | nodes.NotIn):
            return within & ~slots_of_ids(self._reader, self._view, _literals(where))
        if isinstance(where, nodes.Eq | nodes.In):
            return within & slots_of_ids(self._reader, self._view, _literals(where))
        return within & slots_of_id_range(self._reader, self._view, where)

    def _by_postings(self, where: Condition, within: Slots) -> Slots:
        """Those slots of `within` that pass a condition on an indexed field."""
        path = where.path
        if isinstance(where, nodes.Ne):
            return within & ~self._by_postings(nodes.Eq(path, where.value), within)
        if isinstance(where, nodes.NotIn):
            return within & ~self._by_postings(nodes.In(path, where.values), within)
        if isinstance(where, nodes.Presence):
            there = self._slots(path, [_terms_of_presence(where)])
            return within & (
                there if where.wanted is not isinstance(where, nodes.Empty) else ~there
            )
        if isinstance(where, nodes.Size):
            return self._of_size(where, within)
        if isinstance(where, nodes.ContainsFolded) or self._is_substring(where):
            return self._of_text(where, within)
        if isinstance(where, nodes.All):
            return self._of_all(where, within)
        passing, unsure = self._sure(where)
        if isinstance(where, nodes.Eq | nodes.In) and None in _literals(where):
            passing |= self._without_value(path)
        passing &= within
        if unsure:
            passing |= self._by_payloads(where, within & ~passing & self._slots(path, unsure))
        return passing

    def _of_all(self, where: nodes.All, within: Slots) -> Slots:
        """Those with a list of all values."""
        within = within & ~self._without_value(where.path)
        for value in where.values:
            if not within.any():
                break
            within = self._by_postings(nodes.Contains(where.path, value), within)
        return within

    def _of_size(self, where: nodes.Size, within: Slots) -> Slots:
        """Those with a list of some size.

        Postings tell how many different elements a list has; where it may have equal ones, its
        payload is read.
        """
        path = where.path
        different = self._different_values(path)
        passing = np.zeros_like(within)
        if where.lowest <= 0 and (where.highest is None or where.highest >= 0):
            null = self._slots(path, [terms.whole(terms.NULL)])
            there = self._slots(path, [terms.whole(terms.PRESENT)])
            passing = within & there & ~null & (different == 0)
        within = within & (different > 0)
        if where.highest is None:
            sure = within & (different >= where.lowest)
            passing, within = passing | sure, within & ~sure
        else:
            within &= different <= where.highest
        return passing | self._by_payloads(where, within) if within.any() else passing

    def _different_values(self, path: str) -> NDArray[np.intp]:
        """For each slot, how many terms of values its record has in a field."""
        number = self._built[path]["number"]
        leaves = postings.value_leaves(self._reader, self._view, number)
        runs = [slots[ends[0] : ends[-1]] for _, ends, slots in leaves if len(ends) > 1]
        every = np.concatenate([np.zeros(0, np.uint32), *runs])
        return np.bincount(every, minlength=self._view.header.slots)

    def _is_substring(self, where: Condition) -> bool:
        kind = self._built[where.path]["type"]
        return isinstance(where, nodes.Contains) and kind == "keyword"

    def _of_text(self, where: Condition, within: Slots) -> Slots:
        """Those whose text has a part; of long texts postings have the beginnings only."""
        line = self._built[where.path]
        if isinstance(where, nodes.ContainsFolded):
            several = line["type"] != "keyword"
            test = term_ranges.folded_test(where.value, whole_text=several)
        else:
            assert isinstance(where, nodes.Contains)  # noqa: S101 - no others
            several = False
            test = term_ranges.substring_test(str(where.value))
        inside: list[NDArray[np.uint32]] = []
        unsure: list[NDArray[np.uint32]] = []
        for names, ends, slots in postings.value_leaves(self._reader, self._view, line["number"]):
            for i, term in enumerate(names):
                if test(term):
                    sure = not (several and terms.is_shared(term))
                    (inside if sure else unsure).append(slots[ends[i] : ends[i + 1]])
                elif terms.is_shared(term):
                    unsure.append(slots[ends[i] : ends[i + 1]])
        passing, shared = _marked(inside, within), _marked(unsure, within)
        shared &= ~passing
        return passing | self._by_payloads(where, shared) if shared.any() else passing

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
        with_ids = any(one.of_id for one in filters.conditions(where))
        for start in range(0, len(slots), _PAYLOADS_AT_ONCE):
            some = slots[start : start + _PAYLOADS_AT_ONCE]
            ids, payloads = self._reader.encoded(self._view, some)
            self._presence.example = payloads[0]
            passing[some] = passes(map(_with_id, ids, payloads) if with_ids else payloads)
        return passing


def _terms_of_presence(where: nodes.Presence) -> TermRange:
    """The terms that a record has where the field is there, is null, or is not empty."""
    if isinstance(where, nodes.Empty):
        return _VALUES
    return terms.whole(terms.PRESENT if isinstance(where, nodes.Exists) else terms.NULL)


def _marked(runs: list[NDArray[np.uint32]], within: Slots) -> Slots:
    """Those of `within` that are in one of the runs."""
    marks = np.zeros_like(within)
    if runs:
        marks[np.concatenate(runs)] = True
    return marks & within


def _with_id(record_id: Id, payload: Payload) -> Payload:
    """A payload in which conditions on the id find it."""
    return {**(payload if type(payload) is dict else {}), ID_PATH: record_id}


def _literals(where: Condition) -> tuple[Literal, ...]:
    if isinstance(where, nodes.Membership):
        return where.values
    assert isinstance(where, nodes.Comparison)  # noqa: S101 - the caller has looked
    return (where.value,)
