"""Results of searches: sequences of hits, best first, and their columns as arrays."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from vdb.model.records import Direction, Hit, Id, Ids, Payload, Plan

__all__ = ["Hits", "ManyHits", "id_array"]


class Hits(Sequence[Hit]):
    """What one query found, best first: by score, equal scores by value, equal values by id.

    A sequence of `Hit`, with its columns as arrays. Hits are made when they are read, so that
    ``ids`` and ``scores`` alone cost no objects.

    Attributes:
        metric: The collection's metric.
        convention: Whose convention ``scores`` are in ("native": the value itself).
        direction: "higher" or "lower": which scores are closer.
        plan: How the search was done and why; of several queries, for all of them together.
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
        "plan",
    )

    def __init__(
        self,
        ids: Ids,
        values: NDArray[np.float64],
        scores: NDArray[Any],
        *,
        metric: str,
        convention: str,
        direction: Direction,
        payloads: Sequence[Payload] | None = None,
        vectors: NDArray[Any] | None = None,
        plan: Plan | None = None,
    ) -> None:
        self._ids = ids
        self._values = values
        self._scores = scores
        self._payloads = payloads
        self._vectors = vectors
        self.metric = metric
        self.convention = convention
        self.direction: Direction = direction
        self.plan = plan

    @property
    def ids(self) -> NDArray[Any]:
        """The ids, shape (n,): int64, or objects of type str."""
        return id_array(self._ids)

    @property
    def scores(self) -> NDArray[Any]:
        """The scores, shape (n,), best first; float32 where the convention's engine has that."""
        return _frozen(self._scores)

    @property
    def values(self) -> NDArray[np.float64]:
        """The natural values, float64, shape (n,), best first."""
        return _frozen(self._values)

    def decode_payloads(self) -> None:
        """Decode all payloads now, which happens otherwise when the first of them is read."""
        if self._payloads:
            self._payloads[0]

    def __len__(self) -> int:
        return len(self._ids)

    def _hit(self, index: int) -> Hit:
        return Hit(
            self._ids[index] if isinstance(self._ids, list) else int(self._ids[index]),
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
            plan=self.plan,
        )

    def take(self, places: NDArray[np.intp]) -> Hits:
        """The hits at these places, in this order; shape (m,)."""
        listed = places.tolist()
        payloads = self._payloads
        if payloads is not None:
            payloads = [payloads[place] for place in listed]
        return Hits(
            [self._ids[place] for place in listed]
            if isinstance(self._ids, list)
            else self._ids[places],
            self._values[places],
            self._scores[places],
            metric=self.metric,
            convention=self.convention,
            direction=self.direction,
            payloads=payloads,
            vectors=None if self._vectors is None else self._vectors[places],
            plan=self.plan,
        )

    def __iter__(self) -> Iterator[Hit]:
        n = len(self._ids)
        payloads: Sequence[Payload] = [None] * n if self._payloads is None else self._payloads
        vectors: Any = [None] * n if self._vectors is None else self._vectors
        ids: list[Id] = self._ids if isinstance(self._ids, list) else self._ids.tolist()
        return map(Hit, ids, self._scores.tolist(), self._values.tolist(), payloads, vectors)

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

    __slots__ = ("_all", "_starts")

    def __init__(self, all_hits: Hits, starts: NDArray[np.intp]) -> None:
        """`all_hits` of all queries in a row; those of query i lie in starts[i]:starts[i + 1]."""
        self._all = all_hits
        self._starts = starts

    @property
    def plan(self) -> Plan | None:
        """How the search was done and why."""
        return self._all.plan

    @property
    def counts(self) -> NDArray[np.int64]:
        """How many hits each query has, int64, shape (n,)."""
        return _frozen(np.diff(self._starts).astype(np.int64))

    @property
    def ids(self) -> NDArray[Any]:
        """The ids, shape (n, widest): int64 padded with -1, or objects padded with None."""
        ids = self._all.ids
        return self._rectangle(ids, None if ids.dtype == object else -1)

    @property
    def scores(self) -> NDArray[Any]:
        """The scores, shape (n, widest), best first, padded with NaN."""
        return self._rectangle(self._all.scores, np.nan)

    @property
    def values(self) -> NDArray[np.float64]:
        """The natural values, float64, shape (n, widest), best first, padded with NaN."""
        return self._rectangle(self._all.values, np.nan)

    def _rectangle(self, column: NDArray[Any], padding: object) -> NDArray[Any]:
        counts = np.diff(self._starts)
        width = int(counts.max(initial=0))
        if len(column) == len(counts) * width:
            return _frozen(column.reshape(len(counts), width))
        out = np.full((len(counts), width), padding, dtype=column.dtype)
        out[np.arange(width) < counts[:, None]] = column
        return _frozen(out)

    def decode_payloads(self) -> None:
        """Decode all payloads now, which happens otherwise when the first of them is read."""
        self._all.decode_payloads()

    def __len__(self) -> int:
        return len(self._starts) - 1

    @overload
    def __getitem__(self, index: int) -> Hits: ...
    @overload
    def __getitem__(self, index: slice) -> ManyHits: ...
    def __getitem__(self, index: int | slice) -> Hits | ManyHits:
        queries = range(len(self))[index]
        if isinstance(queries, int):
            return self._all[int(self._starts[queries]) : int(self._starts[queries + 1])]
        places = [np.arange(self._starts[q], self._starts[q + 1]) for q in queries]
        starts = np.cumsum([0, *map(len, places)])
        return ManyHits(self._all.take(np.concatenate([np.empty(0, np.intp), *places])), starts)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ManyHits):
            return NotImplemented
        return np.array_equal(self._starts, other._starts) and self._all == other._all

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return (
            f"<ManyHits: {len(self)} queries, {len(self._all)} hits, metric={self._all.metric}, "
            f"scores={self._all.convention} ({self._all.direction} is closer)>"
        )


def id_array(ids: Sequence[Id] | Ids) -> NDArray[Any]:
    """Ids as a read-only array, shape (n,): int64, or objects of type str. Empty: int64."""
    if isinstance(ids, np.ndarray):
        return _frozen(ids)
    if ids and type(ids[0]) is str:
        out = np.empty(len(ids), dtype=object)
        out[:] = ids
        return _frozen(out)
    return _frozen(np.array(ids, dtype=np.int64))


def _frozen(array: NDArray[Any]) -> NDArray[Any]:
    array.flags.writeable = False
    return array
