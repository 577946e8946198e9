"""What searches return: sequences of hits, best first, with the columns beside them as arrays."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from vdb.records import Direction, Hit, Id, Payload

__all__ = ["Hits", "ManyHits", "id_array"]


class Hits(Sequence[Hit]):
    """What one query found, best first; equal values are ordered by id.

    A sequence of `Hit`, with the columns beside it as arrays. Hits are made when they are looked
    at, so taking only ``ids`` and ``scores`` costs no objects.

    Attributes:
        metric: The collection's metric.
        convention: Whose convention ``scores`` are in ("native": the value itself).
        direction: "higher" or "lower": which scores are closer.
    """

    __slots__ = (
        "_ids",
        "_payloads",
        "_scores",
        "_values",
        "_vectors",
        "convention",
        "direction",
        "metric",
    )

    def __init__(
        self,
        ids: list[Id],
        values: NDArray[np.float64],
        scores: NDArray[Any],
        *,
        metric: str,
        convention: str,
        direction: Direction,
        payloads: list[Payload] | None = None,
        vectors: NDArray[np.float32] | None = None,
    ) -> None:
        self._ids = ids
        self._values = values
        self._scores = scores
        self._payloads = payloads
        self._vectors = vectors
        self.metric = metric
        self.convention = convention
        self.direction: Direction = direction

    @property
    def ids(self) -> NDArray[Any]:
        """The ids, shape (n,): int64, or objects of type str."""
        return id_array(self._ids)

    @property
    def scores(self) -> NDArray[Any]:
        """The scores, shape (n,), best first."""
        return _frozen(self._scores)

    @property
    def values(self) -> NDArray[np.float64]:
        """The natural values, float64, shape (n,), best first."""
        return _frozen(self._values)

    def __len__(self) -> int:
        return len(self._ids)

    def _hit(self, index: int) -> Hit:
        return Hit(
            self._ids[index],
            float(self._scores[index]),
            float(self._values[index]),
            None if self._payloads is None else self._payloads[index],
            None if self._vectors is None else self._vectors[index],
        )

    @overload
    def __getitem__(self, index: int) -> Hit: ...
    @overload
    def __getitem__(self, index: slice) -> Hits: ...
    def __getitem__(self, index: int | slice) -> Hit | Hits:
        if not isinstance(index, slice):
            return self._hit(index)
        return Hits(
            self._ids[index],
            self._values[index],
            self._scores[index],
            metric=self.metric,
            convention=self.convention,
            direction=self.direction,
            payloads=None if self._payloads is None else self._payloads[index],
            vectors=None if self._vectors is None else self._vectors[index],
        )

    def __iter__(self) -> Iterator[Hit]:
        n = len(self._ids)
        payloads: Sequence[Payload] = [None] * n if self._payloads is None else self._payloads
        vectors: Any = [None] * n if self._vectors is None else self._vectors
        columns = (self._ids, self._scores.tolist(), self._values.tolist(), payloads, vectors)
        return map(Hit, *columns)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Hits):
            return NotImplemented
        return (self.metric, self.convention, list(self)) == (
            other.metric,
            other.convention,
            list(other),
        )

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        shown = [f"{hit.id!r}: {hit.score:.6g}" for hit in self[:3]]
        more = ", ..." if len(self) > len(shown) else ""
        return (
            f"<Hits: {len(self)}, metric={self.metric}, scores={self.convention} "
            f"({self.direction} is closer) [{', '.join(shown)}{more}]>"
        )


class ManyHits(Sequence[Hits]):
    """What several queries found: a sequence of `Hits`, one for each query in order.

    The arrays are rectangular. A query that found fewer than the widest has ``counts[i]`` real
    entries; the rest of its row is NaN in ``scores`` and ``values``, and -1 (int ids) or None
    (str ids) in ``ids``.
    """

    __slots__ = ("_rows",)

    def __init__(self, rows: Sequence[Hits]) -> None:
        self._rows = rows

    @property
    def counts(self) -> NDArray[np.int64]:
        """How many hits each query has, int64, shape (n,)."""
        return _frozen(np.array([len(row) for row in self._rows], dtype=np.int64))

    @property
    def ids(self) -> NDArray[Any]:
        """The ids, shape (n, widest): int64 padded with -1, or objects padded with None."""
        rows = [row._ids for row in self._rows]  # noqa: SLF001 - a row of our own
        width = max(map(len, rows), default=0)
        text = any(type(row[0]) is str for row in rows if row)
        out = np.full((len(rows), width), None if text else -1, dtype=object if text else np.int64)
        for i, row in enumerate(rows):
            out[i, : len(row)] = row
        return _frozen(out)

    @property
    def scores(self) -> NDArray[Any]:
        """The scores, shape (n, widest), best first, padded with NaN."""
        return _padded([row.scores for row in self._rows])

    @property
    def values(self) -> NDArray[np.float64]:
        """The natural values, float64, shape (n, widest), best first, padded with NaN."""
        return _padded([row.values for row in self._rows])

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, index: int) -> Hits: ...
    @overload
    def __getitem__(self, index: slice) -> ManyHits: ...
    def __getitem__(self, index: int | slice) -> Hits | ManyHits:
        if isinstance(index, slice):
            return ManyHits(self._rows[index])
        return self._rows[index]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ManyHits):
            return NotImplemented
        return list(self._rows) == list(other._rows)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        if not self._rows:
            return "<ManyHits: 0 queries>"
        first = self._rows[0]
        return (
            f"<ManyHits: {len(self)} queries, {int(self.counts.sum())} hits, "
            f"metric={first.metric}, scores={first.convention} ({first.direction} is closer)>"
        )


def id_array(ids: Sequence[Id]) -> NDArray[Any]:
    """Ids as a read-only array, shape (n,): int64, or objects of type str. Empty: int64."""
    if ids and type(ids[0]) is str:
        out = np.empty(len(ids), dtype=object)
        out[:] = ids
        return _frozen(out)
    return _frozen(np.array(ids, dtype=np.int64))


def _padded(rows: list[NDArray[Any]]) -> NDArray[Any]:
    width = max(map(len, rows), default=0)
    dtype = rows[0].dtype if rows else np.dtype(np.float64)
    out = np.full((len(rows), width), np.nan, dtype=dtype)
    for i, row in enumerate(rows):
        out[i, : len(row)] = row
    return _frozen(out)


def _frozen(array: NDArray[Any]) -> NDArray[Any]:
    array.flags.writeable = False
    return array
