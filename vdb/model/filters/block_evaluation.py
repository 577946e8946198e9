"""A filter of many conditions, evaluated for many payloads at once.

Each payload is walked once, along the names that it has and the filter names; the values of one
field are a `column`. So a payload costs what there is in it, however long the filter is.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable
from functools import reduce
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from vdb.model import pauses
from vdb.model.filters import nodes
from vdb.model.filters.field_block import NEGATED, Column, Truth, turned
from vdb.model.filters.field_presence import FieldPresence
from vdb.model.filters.nodes import Condition, Filter
from vdb.model.filters.paths import names_of
from vdb.model.filters.simplify import conditions
from vdb.model.filters.value_classes import Classes
from vdb.model.records import Payload

__all__ = ["Columns", "holds_without_field"]


class Columns:
    """One filter, prepared for many payloads at once."""

    def __init__(self, where: Filter, presence: FieldPresence | None = None) -> None:
        """`presence` counts which fields were there."""
        self._presence = presence
        by_path: dict[str, list[Condition]] = {}
        for one in conditions(where):
            by_path.setdefault(one.path, []).append(one)
        self._where = where
        self._conditions = by_path
        self._classes: dict[str, Classes] = {}  # of fields that were met
        self._names: _Names = {}
        inside: dict[tuple[str, ...], _Names] = {(): self._names}  # names inside others
        for path in by_path:
            *outer, last = names_of(path)
            outside = tuple(outer)
            names = inside.get(outside)
            if names is None:
                names = self._names
                for name in outer:
                    names = _named(names, name).inner
                inside[outside] = names
            _named(names, last).path = path

    def passing(self, payloads: Iterable[Payload]) -> NDArray[np.bool_]:
        """Which of the payloads pass."""
        columns: dict[str, Column] = {}
        size = 0
        for payload in pauses.paced(payloads):
            if type(payload) is dict:
                self._walk(self._names, payload, size, columns)
            size += 1
        if self._presence is not None:
            for path in self._conditions:
                self._presence.add(path, 0 if path in columns else size)
        truths: _Truths = {}
        for path, column in columns.items():
            on_path = self._conditions[path]
            truths.update(zip(map(id, on_path), column.closed(size).truths(on_path), strict=True))
        truth = _joined(self._where, truths)
        return np.full(size, truth) if isinstance(truth, bool) else truth

    def _walk(
        self, names: _Names, payload: dict[str, Any], row: int, columns: dict[str, Column]
    ) -> None:
        """Put what a payload has under these names into their columns."""
        for name in names if len(names) <= len(payload) else payload:
            if name in payload and name in names:
                entry, value = names[name], payload[name]
                if entry.path is not None:
                    column = columns.get(entry.path)
                    if column is None:
                        column = columns[entry.path] = Column(
                            self._classes_of(entry.path), self._conditions[entry.path]
                        )
                    column.put(row, value)
                if entry.inner and type(value) is dict:
                    self._walk(entry.inner, value, row, columns)

    def _classes_of(self, path: str) -> Classes:
        classes = self._classes.get(path)
        if classes is None:
            classes = self._classes[path] = Classes(self._conditions[path])
        return classes


class _Name:
    """A name in the filter: the path that ends with it, if one does, and names inside it."""

    __slots__ = ("inner", "path")

    def __init__(self) -> None:
        self.path: str | None = None
        self.inner: _Names = {}


_Names: TypeAlias = dict[str, _Name]


def _named(names: _Names, name: str) -> _Name:
    entry = names.get(name)
    if entry is None:
        entry = names[name] = _Name()
    return entry


_Truths: TypeAlias = dict[int, Truth]
"""By the identity of conditions: of those whose field was there."""


def _joined(where: Filter, truths: _Truths) -> Truth:
    if isinstance(where, Condition):
        truth = truths.get(id(where))
        return holds_without_field(where) if truth is None else truth
    if isinstance(where, nodes.Not):
        return turned(_joined(where.part, truths))
    assert isinstance(where, nodes.Joint)  # noqa: S101 - there is nothing else
    parts = [_joined(part, truths) for part in where.parts]
    if isinstance(where, nodes.And):
        return reduce(operator.and_, parts, True)
    return reduce(operator.or_, parts, False)


def holds_without_field(condition: Condition) -> bool:
    """What a condition says of a payload without the field."""
    if isinstance(condition, nodes.Presence):
        return condition.wanted is isinstance(condition, nodes.Empty)
    if isinstance(condition, nodes.Eq | nodes.Ne):
        null = condition.value is None
    else:
        null = isinstance(condition, nodes.In | nodes.NotIn) and None in condition.values
    return null != isinstance(condition, NEGATED)
