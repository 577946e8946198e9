"""From a filter to the slots of the records that pass it.

Conditions on indexed fields are answered by their postings. What is left is asked of the payloads,
of those records only that can still make a difference: the indexed parts of an ``$and`` go first
and narrow what the rest has to look at.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from vdb import index
from vdb.errors import InvalidFilterError
from vdb.index import FilterSet
from vdb.index.fields import postings
from vdb.index.types import Reader, View
from vdb.model import filters
from vdb.model.filters import nodes
from vdb.model.filters.nodes import And, Condition, Filter, Joint, Not
from vdb.model.filters.types import typed
from vdb.model.filters.values import Literal
from vdb.model.records import Id
from vdb.query.filter_cache import filter_cache, key_of, sound
from vdb.store import Snapshot
from vdb.store.format import terms
from vdb.store.format.limits import NO_SLOT
from vdb.store.format.terms import Range

__all__ = ["ids_of", "matching", "narrow"]

Slots: TypeAlias = NDArray[np.bool_]

_ORDERED = (nodes.Lt, nodes.Lte, nodes.Gt, nodes.Gte)
_PAYLOADS_AT_ONCE = 4096
_FEW = 16  # conditions that are looked up whatever it costs
_POSTINGS_COST = 2  # payloads that are looked at in the time of one condition's postings
_LONG_LIST = 32  # values from which on a table of all values pays


def matching(reader: Reader, view: View, where: object) -> FilterSet:
    """The records that pass a filter, as `where=` takes it.

    Raises:
        InvalidFilterError: The filter cannot be understood.
        CorruptedError: Damage was met on the way.
    """
    cache = filter_cache(reader, view)
    if cache is None or not isinstance(reader, Snapshot):
        return _work_out(reader, view, _tree(view, where))
    key = key_of(where)
    filter_set = None if key is None else cache.get(key, reader.commit)
    if filter_set is None:
        tree = _tree(view, where)
        if key is None:
            # By text, not by equality: to Python 1, 1.0 and True are equal.
            if filters.text_length(tree) >= filters.LONG_TEXT:
                return _work_out(reader, view, tree)
            key = Filter, repr(tree)
            filter_set = cache.get(key, reader.commit)
        if filter_set is None:
            filter_set = _work_out(reader, view, tree)
            if sound(tree):
                cache.put(key, reader.commit, filter_set, where)
    return filter_set


def _tree(view: View, where: object) -> Filter:
    """The filter, understood; on declared fields by their types."""
    fields = view.header.fields
    types = {line["path"]: line["type"] for line in fields if line["built"] == NO_SLOT}
    return typed(filters.parse(where), types)


def ids_of(reader: Reader, view: View, filter_set: FilterSet) -> list[Id]:
    """The ids of these records, in key order: ints by number, strs by code point."""
    return sorted(reader.encoded(view, filter_set.slots.tolist(), payloads=False)[0])


def narrow(where: object) -> Filter:
    """A filter to delete by; one that everything passes by its form alone is refused."""
    tree = filters.parse(where)
    if _fixed(tree) is True:
        raise InvalidFilterError(
            "an empty filter would delete everything; db.drop_collection does that",
            expected="a condition",
            received={},
        )
    return tree


def _fixed(where: Filter) -> bool | None:
    """What a filter says of every payload because some joint in it has no parts; else None."""
    if isinstance(where, Not):
        inner = _fixed(where.part)
        return None if inner is None else not inner
    if not isinstance(where, Joint):
        return None
    said = {_fixed(part) for part in where.parts}
    decisive = not isinstance(where, And)
    if decisive in said:
        return decisive
    return None if None in said else not decisive


def _work_out(reader: Reader, view: View, tree: Filter) -> FilterSet:
    compiler, count = _Compiler(reader, view), view.header.count
    slots = compiler.passing(filters.simplified(tree), index.live(reader, view))
    passing = int(np.count_nonzero(slots))
    remark = ""
    if passing in (0, count):
        absences = compiler.absences(_suspects(tree, all_pass=passing > 0))
        if absences:
            remark = f"{'everything' if passing else 'nothing'} passes; {absences}"
    return FilterSet(slots, count, remark)


def _suspects(where: Filter, *, all_pass: bool) -> set[str]:
    """Fields that may be misspelt if no record has them.

    Not those that are only asked whether they are there. Where everything passes, not those either
    whose conditions are made to hold for a record without the field, as ``$ne`` does.
    """
    return {
        one.path
        for one in filters.conditions(where)
        if not isinstance(one, nodes.Presence)
        and not (all_pass and filters.holds_without_field(one))
    }


class _Compiler:
    """Works out one filter at one moment."""

    def __init__(self, reader: Reader, view: View) -> None:
        self._reader = reader
        self._view = view
        self._built = {
            line["path"]: line for line in view.header.fields if line["built"] == NO_SLOT
        }
        self._looked = filters.Looked()

    def absences(self, suspects: set[str]) -> str:
        """In words, which of these fields nothing had that was looked at; empty for none."""
        header = self._view.header
        declared = [line["path"] for line in header.fields]
        return self._looked.absences(header.count, declared, suspects)

    def passing(self, where: Filter, within: Slots) -> Slots:
        """Those slots of `within` that pass; a new array, or `within` itself."""
        asked = sum(
            len(one.values) if isinstance(one, nodes.All) else 1
            for one in filters.conditions(where)
        )
        if asked > _FEW and asked * _POSTINGS_COST > np.count_nonzero(within):
            return self._ask(where, within)  # looking up each costs more than reading all payloads
        return self.select(where, within)

    def select(self, where: Filter, within: Slots) -> Slots:
        """Those slots of `within` that pass; a new array, or `within` itself."""
        if isinstance(where, Joint) and not where.parts:
            return within if isinstance(where, And) else np.zeros_like(within)
        if not self._indexed(where):
            return self._ask(where, within)
        if isinstance(where, Condition):
            return self._answer(where, within)
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
        found, rest = np.zeros_like(within), within
        for part in parts:
            if not rest.any():
                break
            found |= self.select(part, rest)
            rest = within & ~found
        return found

    def _windows(self, parts: list[Filter]) -> dict[str, Range]:
        """Of fields with both a lower and an upper bound: what lies between, to be read at once.

        Not of lists, where one element may be above the one and another below the other.
        """
        found: dict[str, list[Range]] = {}
        unsure = set()
        for part in parts:
            line = self._built.get(part.path) if isinstance(part, _ORDERED) else None
            if isinstance(part, _ORDERED) and line is not None and line["type"][-1] != "]":
                sure, maybe = terms.ranges(line["type"], part)
                found.setdefault(part.path, []).extend(sure)
                if maybe:
                    unsure.add(part.path)
        return {
            path: (max(low for low, _ in several), min(high for _, high in several))
            for path, several in found.items()
            if len(several) > 1 and path not in unsure
        }

    def _indexed(self, where: Filter, *, whole: bool = False) -> bool:
        """Whether postings have something to say about it, or (`whole`) everything."""
        if isinstance(where, Condition):
            return where.path in self._built
        if isinstance(where, Not):
            return self._indexed(where.part, whole=whole)
        assert isinstance(where, Joint)  # noqa: S101 - there is nothing else
        return (all if whole else any)(self._indexed(part, whole=whole) for part in where.parts)

    def _answer(self, where: Condition, within: Slots) -> Slots:
        """A condition on an indexed field."""
        path = where.path
        if isinstance(where, nodes.Ne):
            return within & ~self._answer(nodes.Eq(path, where.value), within)
        if isinstance(where, nodes.NotIn):
            return within & ~self._answer(nodes.In(path, where.values), within)
        if isinstance(where, nodes.Exists | nodes.IsNull):
            term = terms.PRESENT if isinstance(where, nodes.Exists) else terms.NULL
            there = self._slots(path, [terms.whole(term)])
            return within & (there if where.wanted else ~there)
        if isinstance(where, nodes.All):
            within = within & ~self._without_value(path)
            for value in where.values:
                if not within.any():
                    break
                within = self._answer(nodes.Contains(path, value), within)
            return within
        found, maybe = self._sure(where)
        if isinstance(where, nodes.Eq | nodes.In) and None in _literals(where):
            found |= self._without_value(path)
        found &= within
        if maybe:
            found |= self._ask(where, within & ~found & self._slots(path, maybe))
        return found

    def _sure(self, where: Condition) -> tuple[Slots, list[Range]]:
        """The slots that pass by their terms, null apart; and terms that only payloads tell."""
        line = self._built[where.path]
        kind = line["type"]
        if not isinstance(where, nodes.Eq | nodes.Contains | nodes.Membership):
            sure, maybe = terms.ranges(kind, where)
            return self._slots(where.path, sure), maybe
        literals = _literals(where)
        if len(literals) >= _LONG_LIST:
            found = postings.slots_of_values(
                self._reader,
                self._view,
                line["number"],
                terms.sought(kind, literals),
                terms.value_of(kind),
            )
            if found is not None:
                slots, whole = found
                return slots, [] if whole else terms.unsure(literals)
        sure, maybe = terms.equal(kind, literals)
        return self._slots(where.path, sure), maybe

    def _slots(self, path: str, wanted: list[Range]) -> Slots:
        return postings.slots_of(self._reader, self._view, self._built[path]["number"], wanted)

    def _without_value(self, path: str) -> Slots:
        """Missing or null."""
        there = self._slots(path, [terms.whole(terms.PRESENT)])
        return ~there | self._slots(path, [terms.whole(terms.NULL)])

    def _ask(self, where: Filter, within: Slots) -> Slots:
        """Looks at payloads."""
        passes = filters.passing(where, self._looked)
        found = np.zeros_like(within)
        slots = np.flatnonzero(within).tolist()
        for start in range(0, len(slots), _PAYLOADS_AT_ONCE):
            some = slots[start : start + _PAYLOADS_AT_ONCE]
            _, payloads = self._reader.encoded(self._view, some)
            found[some] = passes(payloads)
            self._looked.example = payloads[0]
        return found


def _literals(where: Condition) -> tuple[Literal, ...]:
    if isinstance(where, nodes.Membership):
        return where.values
    assert isinstance(where, nodes.Comparison)  # noqa: S101 - the caller has looked
    return (where.value,)
