"""What is exported: the schema, the counts and the records of a collection at one moment."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from vdb.model.config import IndexConfig
from vdb.model.dtypes import DTYPES
from vdb.model.records import Id, Payload, Progress, Record

__all__ = ["Content", "ExportBatch", "NeighborSearch", "Neighbors", "TextSettings"]

_ROWS = 8192
_BYTES = 4 << 20  # of the vectors of a batch


@dataclass(frozen=True, slots=True)
class ExportBatch:
    """Some records, in the order of their ids.

    Attributes:
        start: The row number of the first one.
        ids: Their ids.
        vectors: (n, columns) of the collection's numbers; packed bytes for bits. Rows of `missing`
            are 0.
        payloads: One for each; None for each where payloads were not asked for.
        missing: Which of them have no vector, bool (n,); None where all have one.
    """

    start: int
    ids: list[Id]
    vectors: NDArray[Any]
    payloads: list[Payload]
    missing: NDArray[np.bool_] | None = None

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def there(self) -> NDArray[np.bool_]:
        """Which of them have a vector, bool (n,)."""
        return np.ones(len(self), np.bool_) if self.missing is None else ~self.missing

    @property
    def present(self) -> NDArray[Any]:
        """The vectors of the records that have one."""
        return self.vectors if self.missing is None else self.vectors[~self.missing]

    def take(self, chosen: NDArray[np.bool_], start: int) -> ExportBatch:
        """Those where `chosen` is true; the first of them has the row number `start`."""
        places = np.flatnonzero(chosen).tolist()
        return ExportBatch(
            start,
            [self.ids[place] for place in places],
            self.vectors[places],
            [self.payloads[place] for place in places],
            None
            if self.missing is None or not self.missing[places].any()
            else self.missing[places],
        )


class TextSettings(Protocol):
    """How the texts of a field are indexed."""

    @property
    def analyzer(self) -> str:
        """The name of its analyzer."""

    @property
    def stored(self) -> bool:
        """Whether payloads keep the text."""

    @property
    def positions(self) -> bool:
        """Whether the order of the words is kept."""


class Neighbors(NamedTuple):
    """The nearest records of some queries.

    Attributes:
        ids: Those of each query, nearest first.
        values: Their values under the metric, (queries, k), float64; NaN where there are fewer.
    """

    ids: list[list[Id]]
    values: NDArray[np.float64]


class NeighborSearch(Protocol):
    """Finds the nearest records of queries."""

    def __call__(
        self,
        queries: NDArray[Any],
        k: int,
        without: Collection[Id] = (),
        *,
        exact: bool = True,
    ) -> Neighbors:
        """The k nearest of each query, among the records but those of the ids `without`.

        Args:
            queries: (n, columns), as vectors are stored.
            k: The number of neighbours; there may be fewer.
            without: Ids that are not searched.
            exact: False: as `Collection.search_many` searches the index by default.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """A collection, or the part of it that passes a filter, at one moment.

    Attributes:
        name: The name of the collection.
        count: Records.
        without_vector: How many of them have no vector.
        id_kind: "int" or "str"; None where there are no records.
        dim: Numbers in a vector; None while the dimension is open.
        dtype: How vectors are stored.
        metric: The metric of the index.
        index: Its kind and parameters.
        scores: The default convention of scores.
        model: Where the vectors come from, or None.
        fields: The declared fields and their types.
        text_fields: The text fields, and how their texts are indexed.
        optional_vectors: Whether records may have no vector.
        records: Reads the records, with payloads or without; as often as it is called.
        ids: Reads the ids alone.
        tables: Reads them as batches of pyarrow: id, vector, a column for each declared field but
            those of `wide_fields`, payload as JSON.
        wide_fields: The declared fields that hold ints beyond 2**63 - 1, which Arrow cannot.
        neighbors: Finds the nearest records of queries.
        progress: Called with (records written, records).
    """

    name: str
    count: int
    without_vector: int
    id_kind: str | None
    dim: int | None
    dtype: str
    metric: str
    index: IndexConfig
    scores: str
    model: str | None
    fields: Mapping[str, str]
    optional_vectors: bool
    records: Callable[[bool], Iterator[Record]]
    ids: Callable[[], Iterator[Id]]
    tables: Callable[[], Iterator[Any]]
    wide_fields: Callable[[], frozenset[str]]
    neighbors: NeighborSearch
    progress: Progress | None = None
    text_fields: Mapping[str, TextSettings] = field(default_factory=dict)

    @property
    def numbers(self) -> np.dtype[Any]:
        """The type of a number of a vector; uint8 for bits, eight in each."""
        return DTYPES[self.dtype].stored

    @property
    def columns(self) -> int:
        """Numbers in a row of vectors: the dimension, or packed bytes; 0 while it is open."""
        return 0 if self.dim is None else DTYPES[self.dtype].columns(self.dim)

    @property
    def with_vector(self) -> int:
        """How many records have a vector."""
        return self.count - self.without_vector

    def batches(self, rows: int | None = None, *, payloads: bool = True) -> Iterator[ExportBatch]:
        """All records in the order of their ids, with a call of progress after each batch.

        Args:
            rows: Records of a batch; None: 8,192, or fewer that make 4 MiB.
            payloads: Whether payloads are read.
        """
        width = max(1, self.columns * self.numbers.itemsize)
        most = max(1, min(_ROWS, _BYTES // width)) if rows is None else rows
        records, start = iter(self.records(payloads)), 0
        while part := list(islice(records, most)):
            yield self._batch(part, start)
            start += len(part)
            self._tell(start)

    def table_batches(self) -> Iterator[Any]:
        """All records as record batches of pyarrow, with a call of progress after each.

        At least one, so that its schema is known.
        """
        tables, done = iter(self.tables()), 0
        for batch in chain([next(tables)], tables):
            yield batch
            done += len(batch)
            self._tell(done)

    def _batch(self, part: list[Record], start: int) -> ExportBatch:
        nothing = np.zeros(self.columns, self.numbers)
        rows = [nothing if one.vector is None else one.vector for one in part]
        vectors = np.stack(rows) if self.columns else np.empty((len(part), 0), self.numbers)
        missing = None
        if self.without_vector:
            flags = np.array([one.vector is None for one in part], dtype=np.bool_)
            missing = flags if flags.any() else None
        ids, payloads = [one.id for one in part], [one.payload for one in part]
        return ExportBatch(start, ids, vectors, payloads, missing)

    def _tell(self, done: int) -> None:
        if self.progress is not None:
            self.progress(done, self.count)
