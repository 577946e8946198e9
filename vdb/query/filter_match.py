"""From a filter, as `where=` takes it, to the set of records that pass it.

A filter is parsed, checked against the types of declared fields, simplified and evaluated
(`filter_evaluator`), or read off the postings where it is plain (`plain_filter`); results are
cached until the next commit (`filter_cache`).
"""

from __future__ import annotations

import numpy as np

from vdb import index
from vdb.errors import InvalidFilterError
from vdb.index import FilterSet
from vdb.index.types import Reader, View
from vdb.model import filters
from vdb.model.filters import nodes
from vdb.model.filters.nodes import And, Filter, Joint, Not
from vdb.model.filters.type_check import typed
from vdb.model.records import Id
from vdb.query.filter_cache import filter_cache, key_of, sound
from vdb.query.filter_evaluator import FilterEvaluator
from vdb.query.plain_filter import plain_filter_set
from vdb.store import Snapshot
from vdb.store.format.limits import NO_SLOT

__all__ = ["ids_of", "matching", "narrow"]


def matching(reader: Reader, view: View, where: object) -> FilterSet:
    """The records that pass a filter, as `where=` takes it.

    Raises:
        InvalidFilterError: The filter cannot be understood.
        CorruptedError: Damage was met on the way.
    """
    cache = filter_cache(reader, view)
    if cache is None or not isinstance(reader, Snapshot):
        return _evaluate(reader, view, _tree(view, where))
    key = key_of(where)
    filter_set = None if key is None else cache.get(key, reader.commit)
    if filter_set is None and key is not None:
        filter_set = plain_filter_set(reader, view, where)
        if filter_set is not None:
            cache.put(key, reader.commit, filter_set, where)
    if filter_set is None:
        tree = _tree(view, where)
        if key is None:
            # By text, not by equality: to Python 1, 1.0 and True are equal.
            if filters.text_length(tree) >= filters.LONG_TEXT or _has_many_ids(tree):
                return _evaluate(reader, view, tree)
            key = Filter, repr(tree)
            filter_set = cache.get(key, reader.commit)
        if filter_set is None:
            filter_set = _evaluate(reader, view, tree)
            if sound(tree) and not _has_many_ids(tree):
                cache.put(key, reader.commit, filter_set, where)
    return filter_set


def _has_many_ids(tree: Filter) -> bool:
    """Whether its lists of ids take too much room, and time to compare, to be a key of a cache."""
    lists = [one for one in filters.conditions(tree) if isinstance(one, nodes.Membership)]
    return sum(len(one.values) for one in lists if one.of_id) > nodes.MOST_VALUES_IN_ALL


def _tree(view: View, where: object) -> Filter:
    """The filter, understood; on declared fields by their types."""
    fields = view.header.fields
    types = {line["path"]: line["type"] for line in fields if line["built"] == NO_SLOT}
    return typed(filters.parse(where), types, view.header.id_kind)


def ids_of(reader: Reader, view: View, filter_set: FilterSet) -> list[Id]:
    """The ids of these records, in key order: ints by number, strs by code point."""
    return sorted(reader.encoded(view, filter_set.slots.tolist(), payloads=False)[0])


def narrow(where: object) -> Filter:
    """A filter to delete by; one that everything passes by its form alone is refused."""
    tree = filters.parse(where)
    if _fixed(tree) is True:
        raise InvalidFilterError(
            "an empty filter would delete everything; Collection.clear does that",
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
    parts = {_fixed(part) for part in where.parts}
    decisive = not isinstance(where, And)
    if decisive in parts:
        return decisive
    return None if None in parts else not decisive


def _evaluate(reader: Reader, view: View, tree: Filter) -> FilterSet:
    evaluator, count = FilterEvaluator(reader, view), view.header.count
    slots = evaluator.passing(filters.simplified(tree), index.live(reader, view))
    passing = int(np.count_nonzero(slots))
    remark = ""
    if passing in (0, count):
        absences = evaluator.absences(_suspects(tree, all_pass=passing > 0))
        if absences:
            remark = f"{'everything' if passing else 'nothing'} passes; {absences}"
    return FilterSet.of(slots, count, remark)


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
