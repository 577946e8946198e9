"""One filter at one moment, evaluated by postings and payloads.

Conditions on indexed fields are decided by their postings, those on ids by look-ups of ids, the
others by reading payloads. Postings come first: they say of the whole filter which records pass for
sure, and which may pass. Then the payloads of the records in between are read, each of them once
however many parts of the filter wait for it, and only those parts are evaluated.
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

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


class _Bounds(NamedTuple):
    """What postings say of a filter; the same array twice where they say everything.

    Attributes:
        sure: Slots that pass.
        possible: Those, and the ones of which only their payloads tell.
    """

    sure: Slots
    possible: Slots

    @classmethod
    def of(cls, passing: Slots) -> _Bounds:
        """Those of a filter that postings decide."""
        return cls(passing, passing)

    @property
    def exact(self) -> bool:
        """Whether no payload has to be read."""
        return self.sure is self.possible


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
        """Those slots of `within` that pass, by postings first; a new array, or `within` itself."""
        if isinstance(where, Joint) and where.parts:
            bounds, undecided = self._bounds_of_joint(where, within)
            where = undecided[0] if len(undecided) == 1 else type(where)(tuple(undecided))
        else:
            bounds = self._bounds(where, within)
        if bounds.exact:
            return bounds.sure
        between = bounds.possible & ~bounds.sure
        return bounds.sure | self._by_payloads(where, between) if between.any() else bounds.sure

    def _bounds(self, where: Filter, within: Slots) -> _Bounds:
        """What postings say of the slots of `within`."""
        if isinstance(where, Joint):
            if where.parts:
                return self._bounds_of_joint(where, within)[0]
            return _Bounds.of(within if isinstance(where, And) else np.zeros_like(within))
        if not self._indexed(where):
            return _Bounds(np.zeros_like(within), within)
        if isinstance(where, Condition):
            by_index = self._by_ids if where.of_id else self._by_postings
            return by_index(where, within)
        assert isinstance(where, Not)  # noqa: S101 - there is nothing else
        return _turned(self._bounds(where.part, within), within)

    def _bounds_of_joint(self, where: Joint, within: Slots) -> tuple[_Bounds, list[Filter]]:
        """What postings say, and the parts that payloads have to decide between the bounds.

        There, the other parts of an ``$and`` hold, and those of an ``$or`` do not.
        """
        parts = sorted(where.parts, key=lambda part: not self._indexed(part, whole=True))
        quick = [part for part in parts if self._indexed(part)]
        slow = [part for part in parts if not self._indexed(part)]
        join = self._all if isinstance(where, And) else self._any
        return join(quick, slow, within)

    def _all(
        self, quick: list[Filter], slow: list[Filter], within: Slots
    ) -> tuple[_Bounds, list[Filter]]:
        """Those that pass all parts; `slow` ones have nothing that is indexed."""
        windows = self._windows(quick)
        for path, (low, high) in windows.items():
            within = within & self._slots(path, [(low, high)] if low < high else [])
        sure, undecided = within, list[Filter]()
        for part in quick:
            if not within.any():
                return _Bounds.of(within), []
            if isinstance(part, _ORDERED) and part.path in windows:
                continue
            bounds = self._bounds(part, within)
            sure = bounds.sure if not undecided else sure & bounds.sure
            within = bounds.possible
            if not bounds.exact:
                undecided.append(part)
        if slow:
            sure = np.zeros_like(within)
            undecided += slow
        return (_Bounds(sure, within) if undecided else _Bounds.of(within)), undecided

    def _any(
        self, quick: list[Filter], slow: list[Filter], within: Slots
    ) -> tuple[_Bounds, list[Filter]]:
        """Those that pass one part at least; `slow` ones have nothing that is indexed."""
        sure, possible, rest = np.zeros_like(within), np.zeros_like(within), within
        undecided = list[Filter]()
        for part in quick:
            if not rest.any():
                break
            bounds = self._bounds(part, rest)
            sure |= bounds.sure
            rest = within & ~sure
            if not bounds.exact:
                possible |= bounds.possible
                undecided.append(part)
        if slow:
            possible = rest
            undecided += slow
        return (_Bounds(sure, sure | possible) if undecided else _Bounds.of(sure)), undecided

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

    def _by_ids(self, where: Condition, within: Slots) -> _Bounds:
        """Those slots of `within` whose ids pass."""
        if isinstance(where, nodes.Ne | nodes.NotIn):
            passing = ~slots_of_ids(self._reader, self._view, _literals(where))
        elif isinstance(where, nodes.Eq | nodes.In):
            passing = slots_of_ids(self._reader, self._view, _literals(where))
        else:
            passing = slots_of_id_range(self._reader, self._view, where)
        return _Bounds.of(within & passing)

    def _by_postings(self, where: Condition, within: Slots) -> _Bounds:
        """Those slots of `within` that pass a condition on an indexed field."""
        path = where.path
        if isinstance(where, nodes.Ne):
            return _turned(self._by_postings(nodes.Eq(path, where.value), within), within)
        if isinstance(where, nodes.NotIn):
            return _turned(self._by_postings(nodes.In(path, where.values), within), within)
        if isinstance(where, nodes.Presence):
            there = self._slots(path, [_terms_of_presence(where)])
            holds = where.wanted is not isinstance(where, nodes.Empty)
            return _Bounds.of(within & (there if holds else ~there))
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
        if not unsure:
            return _Bounds.of(passing)
        return _Bounds(passing, passing | (within & self._slots(path, unsure)))

    def _of_all(self, where: nodes.All, within: Slots) -> _Bounds:
        """Those with a list of all values."""
        possible = within & ~self._without_value(where.path)
        sure, exact = possible, True
        for value in where.values:
            if not possible.any():
                break
            bounds = self._by_postings(nodes.Contains(where.path, value), possible)
            sure, possible = sure & bounds.sure, bounds.possible
            exact = exact and bounds.exact
        return _Bounds.of(possible) if exact else _Bounds(sure, possible)

    def _of_size(self, where: nodes.Size, within: Slots) -> _Bounds:
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
        return _Bounds(passing, passing | within)

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

    def _of_text(self, where: Condition, within: Slots) -> _Bounds:
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
        passing = _marked(inside, within)
        return (
            _Bounds(passing, passing | _marked(unsure, within)) if unsure else _Bounds.of(passing)
        )

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


def _turned(bounds: _Bounds, within: Slots) -> _Bounds:
    """Those of the negation."""
    if bounds.exact:
        return _Bounds.of(within & ~bounds.sure)
    return _Bounds(within & ~bounds.possible, within & ~bounds.sure)


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
