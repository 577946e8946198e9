"""The content of a collection at one moment, as writers read it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from vdb import index, query
from vdb.api import filter_warning
from vdb.api.id_walk import ids_at
from vdb.api.read_access import Access, Moment
from vdb.api.record_scan import RecordScan
from vdb.exports.content import Content, Neighbors, NeighborSearch
from vdb.index import FilterSet
from vdb.maintenance.info import CollectionInfo, collection_info
from vdb.model import filters
from vdb.model.records import Id, Progress, Record
from vdb.query.filter_match import matching
from vdb.store import Batch, CollectionView, Snapshot, WritableCollection

__all__ = ["Contents", "content_at", "content_of"]

Where: TypeAlias = Mapping[str, Any] | filters.Filter | None

_LARGEST = 2**63 - 1
_QUERIES = 256  # of one search, so that the reader is let go between two

Reader: TypeAlias = Snapshot | Batch
View: TypeAlias = CollectionView | WritableCollection


def content_at(
    access: Access,
    view_of: Callable[[Reader], View],
    *,
    where: Where,
    progress: Progress | None,
) -> Content:
    """The records that pass a filter, now; they can be read for as long as the content exists.

    Raises:
        InvalidFilterError: The filter is not valid.
    """
    moment = access.moment()
    with moment.reading() as reader:
        view = view_of(reader)
        info = collection_info(reader, view)
        filter_set = None if where is None else filter_warning.matching(reader, view, where)
        without_vector = info.without_vector
        if filter_set is not None and without_vector:
            slots = filter_set.slots.astype(np.uint32)
            without_vector = int(np.count_nonzero(~index.has_vector(reader, view, slots)))
    records = _Records(moment, view, where, filter_set, info.fields)
    return content_of(
        info,
        records,
        count=info.count if filter_set is None else filter_set.count,
        without_vector=without_vector,
        progress=progress,
    )


class Contents(Protocol):
    """Records that are read as often as a writer asks for them; see `Content`."""

    def one_by_one(self, payloads: bool) -> Iterator[Record]:
        """As `Content.records`."""

    def ids(self) -> Iterator[Id]:
        """As `Content.ids`."""

    def batches(self) -> Iterator[Any]:
        """As `Content.tables`."""

    def wide_fields(self) -> frozenset[str]:
        """As `Content.wide_fields`."""

    @property
    def neighbors(self) -> NeighborSearch:
        """As `Content.neighbors`."""


def content_of(
    info: CollectionInfo,
    records: Contents,
    *,
    count: int,
    without_vector: int,
    progress: Progress | None,
) -> Content:
    """The content of a collection with these facts, and these records of it."""
    return Content(
        name=info.name,
        count=count,
        without_vector=without_vector,
        id_kind=info.id_kind,
        dim=info.dim,
        dtype=info.dtype,
        metric=info.metric,
        index=info.index,
        scores=info.scores,
        model=info.model,
        fields=info.fields,
        text_fields=info.text_fields,
        optional_vectors=info.optional_vectors,
        records=records.one_by_one,
        ids=records.ids,
        tables=records.batches,
        wide_fields=records.wide_fields,
        neighbors=records.neighbors,
        progress=progress,
    )


class _Records:
    """The records of a moment, as often as they are read."""

    def __init__(
        self,
        moment: Moment,
        view: View,
        where: Where,
        filter_set: FilterSet | None,
        fields: Mapping[str, str],
    ) -> None:
        self._moment = moment
        self._view = view
        self._where, self._filter_set = where, filter_set
        self._fields = fields

    def one_by_one(self, payloads: bool) -> Iterator[Record]:
        return self._scan(query.RecordParts.of(True, None if payloads else ()))

    def batches(self) -> Iterator[Any]:
        """Record batches of pyarrow; one without rows where there are no records."""
        scan = self._scan(query.RecordParts(without_column=self.wide_fields()))
        return scan._one_at_a_time()  # noqa: SLF001 - one package

    def wide_fields(self) -> frozenset[str]:
        """The fields of ints of which one is beyond int64."""
        numbers = [path for path, kind in self._fields.items() if kind in ("int", "int[]")]
        with self._moment.reading() as reader:
            return frozenset(
                path
                for path in numbers
                if matching(reader, self._view, {path: {"$gt": _LARGEST}}).count
            )

    def _scan(self, parts: query.RecordParts) -> RecordScan:
        return RecordScan(self._moment, self._view, self.ids(), parts)

    def ids(self) -> Iterator[Id]:
        """The ids in their order."""
        with self._moment.reading() as reader:
            return ids_at(reader, self._view, self._filter_set)

    def neighbors(
        self,
        queries: NDArray[Any],
        k: int,
        without: Collection[Id] = (),
        *,
        exact: bool = True,
    ) -> Neighbors:
        """As `NeighborSearch`, among the records of the filter."""
        where = self._where
        if without:
            others = filters.ID.notin(list(without))
            where = others if where is None else filters.parse(where) & others
        request = query.SearchRequest(k, where=where, exact=exact, with_payloads=False)
        values = np.full((len(queries), k), np.nan)
        ids: list[list[Id]] = []
        for start in range(0, len(queries), _QUERIES):
            with self._moment.reading() as reader:
                part = queries[start : start + _QUERIES]
                found = query.search_many(reader, self._view, part, request, threads=None)
            for row, hits in enumerate(found, start):
                ids.append(list(hits.ids))
                values[row, : len(hits)] = hits.values
        return Neighbors(ids, values)
