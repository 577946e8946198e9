"""The content of a sharded collection, as writers of other systems' files read it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vdb.api.exporting.moment import content_of
from vdb.exports.content import Content, Neighbors
from vdb.model import filters
from vdb.model.records import Id, Progress, Record

__all__ = ["cluster_content"]

_LARGEST = 2**63 - 1
_QUERIES = 256


def cluster_content(collection: Any, where: Any, *, progress: Progress | None) -> Content:
    """The records of a `ShardedCollection` that pass a filter, as often as they are asked for."""
    info = collection.info()
    contents = _Contents(collection, where, info.fields)
    without = info.without_vector
    if where is not None and without:
        rows = collection.scan(where=where, columns=())
        without = sum(record.vector is None for record in rows)
    return content_of(
        info,
        contents,
        count=info.count if where is None else collection.count(where),
        without_vector=without,
        progress=progress,
    )


class _Contents:
    """The records, as often as they are read."""

    def __init__(self, collection: Any, where: Any, fields: Mapping[str, str]) -> None:
        self._collection, self._where, self._fields = collection, where, fields

    def one_by_one(self, payloads: bool) -> Iterator[Record]:
        """The records in the order of their ids."""
        scan: Iterator[Record] = self._collection.scan(
            where=self._where, columns=None if payloads else ()
        )
        return scan

    def ids(self) -> Iterator[Id]:
        """The ids in their order."""
        ids: Iterator[Id] = self._collection.ids(where=self._where)
        return ids

    def batches(self) -> Iterator[Any]:
        """Record batches of pyarrow; one without rows where there are no records."""
        scan = self._collection.scan(where=self._where).without_columns(self.wide_fields())
        batches: Iterator[Any] = scan._record_batches(scan._batches())  # noqa: SLF001
        return batches

    def wide_fields(self) -> frozenset[str]:
        """The fields of ints of which one is beyond int64."""
        numbers = [path for path, kind in self._fields.items() if kind in ("int", "int[]")]
        return frozenset(
            path for path in numbers if self._collection.count({path: {"$gt": _LARGEST}})
        )

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
        values = np.full((len(queries), k), np.nan)
        ids: list[list[Id]] = []
        for start in range(0, len(queries), _QUERIES):
            part = queries[start : start + _QUERIES]
            found = self._collection.search_many(
                part, k, where=where, exact=exact, with_payloads=False
            )
            for row, hits in enumerate(found, start):
                ids.append(hits.ids.tolist())
                values[row, : len(hits)] = hits.values
        return Neighbors(ids, values)
