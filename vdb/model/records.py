"""The values that all packages share: ids, records, hits, plans and problems."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeAlias, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vdb.model.presentation.short_repr import payload_text, vector_text

__all__ = [
    "Default",
    "Direction",
    "Hit",
    "Id",
    "Ids",
    "Payload",
    "Plan",
    "Progress",
    "Record",
    "Table",
    "Vectors",
]

Id: TypeAlias = int | str
"""The id of a record: an int of 64 bits or a str; one kind in a collection."""

Ids: TypeAlias = "list[Id] | NDArray[np.int64]"
"""Several ids; many ints as an array, which takes a fifth of the time."""

Default = TypeVar("Default")
"""The type of what stands for a record that is not there."""

Payload: TypeAlias = Any
"""A JSON-like value: None, bool, int, float, str, list, or dict with str keys."""

Progress: TypeAlias = Callable[[int, int], object]
"""Called from time to time with (done, total) during a long operation; may raise to stop it."""

Direction: TypeAlias = Literal["higher", "lower"]
"""Which numbers are closer: "higher" ones or "lower" ones."""


class _ArrowStream(Protocol):
    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object: ...


class _ArrowArray(Protocol):
    def __arrow_c_array__(
        self, requested_schema: object | None = None
    ) -> tuple[object, object]: ...


def _equal(a: NDArray[Any] | None, b: NDArray[Any] | None) -> bool:
    if a is None or b is None:
        return a is b
    return bool(np.array_equal(a, b))


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Record:
    """One stored record.

    Attributes:
        id: Its id.
        vector: Its vector, shape (dim,), in the collection's dtype, so that a vector given in it
            comes back to the bit; bits as packed bytes, uint8, shape (dim / 8,). A copy of its own.
            None where vectors were not asked for, and for a record without one, which only a
            collection with optional vectors has.
        payload: Its payload, or None.
    """

    id: Id
    vector: NDArray[Any] | None
    payload: Payload = None

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Record):
            return NotImplemented
        return (
            type(self.id) is type(other.id)
            and self.id == other.id
            and self.payload == other.payload
            and _equal(self.vector, other.vector)
        )

    __hash__ = None  # type: ignore[assignment]  # a payload may be a dict

    def __repr__(self) -> str:
        return (
            f"Record(id={self.id!r}, vector={vector_text(self.vector)}, "
            f"payload={payload_text(self.payload)})"
        )

    def _repr_html_(self) -> str:
        from vdb.model.presentation import html

        facts = [("vector", self.vector), ("payload", self.payload)]
        return html.card(f"Record {self.id!r}", facts)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: object, handler: object) -> Any:
        from vdb.model.presentation import pydantic_schemas

        return pydantic_schemas.record_schema(cls)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Hit:
    """One result of a search.

    Attributes:
        id: The record's id.
        score: The number that the convention's engine returns for the same vectors, in its
            direction.
        value: The metric's natural quantity, computed in float64 from the stored vector: squared
            Euclidean distance (l2), inner product (ip, dot), cosine similarity (cosine), Manhattan
            distance (l1), differing bits (hamming).
        payload: The record's payload; None also when payloads were not asked for.
        vector: The stored vector as a `Record` has it, when vectors were asked for, else None.
    """

    id: Id
    score: float
    value: float
    payload: Payload = None
    vector: NDArray[Any] | None = None

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Hit):
            return NotImplemented
        return (
            type(self.id) is type(other.id)
            and (self.id, self.score, self.value) == (other.id, other.score, other.value)
            and self.payload == other.payload
            and _equal(self.vector, other.vector)
        )

    __hash__ = None  # type: ignore[assignment]  # a payload may be a dict

    def __repr__(self) -> str:
        vector = "" if self.vector is None else f", vector={vector_text(self.vector)}"
        return (
            f"Hit(id={self.id!r}, score={self.score!r}, value={self.value!r}, "
            f"payload={payload_text(self.payload)}{vector})"
        )

    @classmethod
    def __get_pydantic_core_schema__(cls, source: object, handler: object) -> Any:
        from vdb.model.presentation import pydantic_schemas

        return pydantic_schemas.hit_schema(cls)


@dataclass(frozen=True, slots=True)
class Plan:
    """How a search went about its work, and why.

    Attributes:
        strategy: "graph" (a walk), "exact" (every record that passes was looked at), or "graph,
            then exact" (some walk gave way to that). Only walks can miss a hit.
        matches: Records that pass the filter; None without one.
        selectivity: Their share of all records, 0 to 1; None without a filter.
        visited: Vectors that were compared, over all queries of the call; None without a filter.
        reason: Why it was done so.
    """

    strategy: Literal["graph", "exact", "graph, then exact"]
    matches: int | None
    selectivity: float | None
    visited: int | None
    reason: str

    def __str__(self) -> str:
        if self.matches is None:
            return f"{self.strategy}: {self.reason}"
        return (
            f"{self.strategy}: {self.matches:,} records pass ({self.selectivity:.3%}), "
            f"{self.visited:,} compared; {self.reason}"
        )


Table: TypeAlias = _ArrowStream | _ArrowArray | Iterable[Mapping[str, Any] | Record]
"""A table or a column of a library that speaks Arrow; or rows, as dicts or records."""

Vectors: TypeAlias = (
    Callable[[list[Record]], ArrayLike]
    | tuple[Sequence[Id] | NDArray[Any], ArrayLike]
    | Mapping[int, ArrayLike]
    | Mapping[str, ArrayLike]
    | Table
)
"""Vectors for stored records: a function that embeds records, or a table of ids and vectors."""
