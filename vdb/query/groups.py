"""The nearest records in groups by the value of a field; never fewer groups than there are.

Steps:

1. more and more hits are asked for until k values of the field are among them, or nothing is left.
   Where the field is declared and the hits of one round did not bring all, the next rounds leave
   out the values that are there already, so that a few large groups do not make them long;
2. groups that are not full are filled by a search among the records with one of their values;
3. the chosen records are searched once more by their ids, which orders them as any search does.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import numpy as np

from vdb.model import filters
from vdb.model.filters import nodes
from vdb.model.filters.field_paths import field_path
from vdb.model.filters.nodes import Filter
from vdb.model.filters.paths import ID_PATH, path_of
from vdb.model.grouped_hits import GroupedHits, HitGroup
from vdb.model.hits import Hits
from vdb.model.metrics import METRICS
from vdb.model.records import Id, Plan
from vdb.query.hit_records import HitRecords
from vdb.query.search import QuerySearch, SearchRequest

__all__ = ["MOST_GROUPS", "grouped"]

MOST_GROUPS = 1000
"""Groups of one search, and hits of one group."""

_FACTOR = 4  # by which more hits are asked for while there are too few groups
_FEWEST = 50  # hits of the first round

_Value: TypeAlias = tuple[bool, Any]
"""A value of the field, and whether it is a bool: to Python 1 and True are equal."""

_Key: TypeAlias = tuple[float, float, Id]
"""The place of a hit in the order of hits."""


def grouped(
    records: HitRecords,
    search: QuerySearch,
    request: SearchRequest,
    *,
    path: object,
    per_group: int,
) -> GroupedHits:
    """The k groups with the best hits, each with its `per_group` best ones.

    Args:
        records: The collection.
        search: The search of the query.
        request: Its arguments; k is the number of groups.
        path: The field.
        per_group: Hits of each group.
    """
    names = field_path("group_by", path)
    grouping = _Grouping(records, search, request, path_of(names), names, per_group)
    grouping.find()
    grouping.fill()
    return grouping.result()


@dataclass(slots=True)
class _Grouping:
    """The groups of one query, as far as they are known.

    Attributes:
        groups: Places and ids of the hits by value; in the order in which values were met.
        plan: That of the first search.
        generation: The one that answered.
        complete: Whether every record that can be a hit was among the hits.
        seen: Hits that were looked at for groups.
    """

    records: HitRecords
    search: QuerySearch
    request: SearchRequest
    path: str
    names: tuple[str, ...]
    per_group: int
    groups: dict[_Value, dict[Id, _Key]] = field(default_factory=dict)
    plan: Plan | None = None
    generation: int | None = None
    complete: bool = False
    seen: int = 0

    @property
    def k(self) -> int:
        """Number of groups that are asked for."""
        assert self.request.k is not None  # noqa: S101 - for mypy; the caller has looked
        return self.request.k

    def find(self) -> None:
        """Step 1."""
        width, where = max(_FEWEST, 2 * self.k * self.per_group), None
        while not self.complete and len(self.groups) < self.k:
            hits = self._hits(width, where)
            self.plan = hits.plan if self.plan is None else self.plan
            self.generation = hits.generation
            self.seen += len(hits)
            self._take(hits)
            whole = len(hits) < width
            if whole or width >= self.records.count:
                self.complete = where is None
                break
            width *= _FACTOR
            where = self._other_values() if self.records.excludes_quickly(self.path) else None
        best = sorted(self.groups, key=lambda value: min(self.groups[value].values()))[: self.k]
        self.groups = {value: self.groups[value] for value in best}

    def fill(self) -> None:
        """Step 2."""
        short = [value for value, hits in self.groups.items() if len(hits) < self.per_group]
        width = max(_FEWEST, 2 * len(short) * self.per_group)
        while short and not self.complete:
            where = nodes.In(self.path, tuple(value for _, value in short))
            hits = self._hits(width, where)
            self._take(hits, only=set(short))
            if len(hits) < width:
                break
            short = [value for value in short if len(self.groups[value]) < self.per_group]
            width *= _FACTOR

    def result(self) -> GroupedHits:
        """Step 3."""
        chosen = {
            value: sorted(hits, key=hits.__getitem__)[: self.per_group]
            for value, hits in self.groups.items()
        }
        ids = list(dict.fromkeys(i for own in chosen.values() for i in own))
        if not ids:
            return GroupedHits(
                self.path, (), self._plan_without_groups(), generation=self.generation
            )
        where = nodes.In(ID_PATH, tuple(ids))
        hits = self.search(
            self.request._replace(k=len(ids), where=where, exact=True, target_recall=None)
        )
        hits.plan = self.plan
        place = {record_id: i for i, record_id in enumerate(hits.ids.tolist())}
        groups = []
        for (_, value), own in chosen.items():
            places = sorted(place[i] for i in own if i in place)
            groups.append(HitGroup(value, hits.take(np.array(places, dtype=np.intp))))
        return GroupedHits(self.path, groups, self.plan, generation=self.generation)

    def _plan_without_groups(self) -> Plan | None:
        """The plan, with the word that no record has the field, which may be misspelled."""
        plan = self.plan
        if plan is None or not self.seen:
            return plan
        remark = f"no record that was found has a value at {self.path!r}"
        return replace(plan, reason=f"{plan.reason}; {remark}")

    def _hits(self, width: int, where: Filter | None) -> Hits:
        """The nearest of the records that pass the request's filter and this one, ids only."""
        request = self.request._replace(k=width, with_payloads=False, with_vectors=False)
        if where is not None:
            if request.where is not None:
                where = nodes.And((filters.parse(request.where), where))
            request = request._replace(where=where)
        return self.search(request)

    def _take(self, hits: Hits, only: Iterable[_Value] | None = None) -> None:
        """Put hits into the groups of their values."""
        stored = self.records.values(hits, self.names)
        ids = hits.ids.tolist()
        for record_id, key, one in zip(ids, _keys(hits), stored, strict=True):
            for value in _values(one):
                if only is None or value in only:
                    self.groups.setdefault(value, {})[record_id] = key

    def _other_values(self) -> Filter:
        """Records with a value of the field that is none of those that are there."""
        known = tuple(value for _, value in self.groups)[: nodes.MOST_VALUES]
        exists = nodes.And((nodes.Exists(self.path), nodes.Ne(self.path, None)))
        return nodes.And((exists, nodes.NotIn(self.path, known))) if known else exists


def _keys(hits: Hits) -> list[_Key]:
    """The places of hits in the order of all: by score, value and id."""
    score_sign = -1.0 if hits.direction == "higher" else 1.0
    value_sign = -1.0 if METRICS[hits.metric].direction == "higher" else 1.0

    def number(sign: float, one: float) -> float:
        return math.inf if math.isnan(one) else sign * one

    columns = zip(hits.scores.tolist(), hits.values.tolist(), hits.ids.tolist(), strict=True)
    return [(number(score_sign, s), number(value_sign, v), i) for s, v, i in columns]


def _values(stored: Any) -> Iterable[_Value]:
    """The groups of a record: of its value, or of each value in its list."""
    listed = stored if type(stored) is list else [stored]
    plain = (one for one in listed if isinstance(one, bool | int | float | str))
    return dict.fromkeys((type(one) is bool, one) for one in plain)
