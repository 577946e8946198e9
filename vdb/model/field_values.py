"""The public class `FieldValues`: what `Collection.values` returns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from vdb.model.results import Result

__all__ = ["FieldValues"]


@dataclass(frozen=True, slots=True)
class FieldValues(Result):
    """The different values of a declared field, and how many records have each.

    Iterating over it gives pairs of a value and its count; ``len()`` is how many there are here.

    Attributes:
        field: The path of the field.
        type: Its declared type.
        values: The values: int, float, str, bool, or datetime in UTC. Null and missing are none.
        counts: For each value, the number of records that have it; a list counts once for each
            different element.
        distinct: How many different values there are, those beyond the limit included.
        min: The smallest of all of them; None where there is none. Strings are ordered by code
            point.
        max: The greatest.
    """

    field: str
    type: str
    values: tuple[Any, ...]
    counts: tuple[int, ...]
    distinct: int
    min: Any
    max: Any

    def to_dicts(self) -> list[dict[str, Any]]:
        """One dict a value: ``{"value": ..., "count": ...}``."""
        return [{"value": value, "count": count} for value, count in self]

    def __len__(self) -> int:
        return len(self.values)

    def __iter__(self) -> Iterator[tuple[Any, int]]:
        return zip(self.values, self.counts, strict=True)
