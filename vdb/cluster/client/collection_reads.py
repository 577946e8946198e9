"""The reads of `ShardedCollection` that are no searches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import partial
from os import PathLike
from typing import Any, overload

from numpy.typing import NDArray

from vdb.api import filter_warning
from vdb.api.collection import Collection
from vdb.api.exporting.call import ExportArguments, ExportReport, export_content
from vdb.cluster.client import gathered
from vdb.cluster.client.contents import cluster_content
from vdb.cluster.client.documented import as_embedded
from vdb.cluster.client.handle import ShardedHandle
from vdb.cluster.client.pages import ClusterScan, in_order
from vdb.cluster.client.routing import Call, Gathered
from vdb.cluster.client.sampling import sampled_collection
from vdb.errors import VdbError
from vdb.maintenance.info import CollectionInfo
from vdb.model import arguments, config, filters, inputs
from vdb.model.field_values import FieldValues
from vdb.model.records import Default, Id, Progress, Record
from vdb.query import RecordParts
from vdb.query.record_batches import RecordTable

__all__ = ["ShardedReads"]

_MOST_SAMPLED = 10_000_000
_MOST_AT_ONCE = 10_000
"""Ids of which the records are read by one call of a shard."""


class ShardedReads(ShardedHandle):
    """Reads by id, in order and by field."""

    @property
    @as_embedded(Collection.dim, hints=False)
    def dim(self) -> int:
        """See `Collection.dim`."""
        return self._header().dim

    @property
    @as_embedded(Collection.dtype, hints=False)
    def dtype(self) -> str:
        """See `Collection.dtype`."""
        return self._header().dtype

    @property
    @as_embedded(Collection.metric, hints=False)
    def metric(self) -> str:
        """See `Collection.metric`."""
        return self._twin().metric

    @property
    @as_embedded(Collection.index, hints=False)
    def index(self) -> config.IndexConfig:
        """See `Collection.index`."""
        return self._twin().index

    @property
    def shards(self) -> tuple[str, ...]:
        """The names of its shards, as the newest map that is known has them."""
        return tuple(self._shards())

    @overload  # a str is a sequence of strs too, but counts as one id
    def get(self, ids: Id) -> Record | None: ...  # type: ignore[overload-overlap]
    @overload
    def get(self, ids: Sequence[Id] | NDArray[Any]) -> list[Record | None]: ...
    @overload
    def get(self, ids: Id, *, default: Default) -> Record | Default: ...  # type: ignore[overload-overlap]
    @overload
    def get(
        self, ids: Sequence[Id] | NDArray[Any], *, default: Default
    ) -> list[Record | Default]: ...
    @as_embedded(Collection.get)
    def get(
        self,
        ids: Id | Sequence[Id] | NDArray[Any],
        *,
        default: Default | None = None,
        timeout: float | None = None,
    ) -> Record | list[Record | Default | None] | Default | None:
        """Only the shards of these ids are asked.

        Args:
            timeout: Seconds for all shards together; the default is the cluster's.
        """
        id_list = inputs.id_list(ids)
        seconds = self._seconds(timeout)
        rows: list[Any] = [default] * len(id_list)
        for start in range(0, len(id_list), _MOST_AT_ONCE):
            part = id_list[start : start + _MOST_AT_ONCE]
            for place, record in self._router.by_id(part, _get, timeout=seconds):
                rows[start + place] = default if record is None else record
        return rows[0] if inputs.is_one_id(ids) else rows

    @as_embedded(Collection.ids)
    def ids(
        self,
        *,
        where: Mapping[str, Any] | filters.Filter | None = None,
        after: Id | None = None,
        limit: int | None = None,
    ) -> Iterator[Id]:
        """They are read page by page, each of the moment when it is read.

        What was there all the time is neither left out nor repeated.
        """
        with self._checking() as twin:
            twin.ids(where=where, after=after, limit=limit)

        def pages(behind: Id | None, rows: int) -> list[list[Id]]:
            call = Call("ids", (), {"where": where, "after": behind, "limit": rows})
            return self._pages(call)

        shards = len(self._shards())
        start = None if after is None else inputs.one_id(after, "after")
        return in_order(pages, lambda one: one, shards=shards, after=start, limit=limit)

    @as_embedded(Collection.scan)
    def scan(
        self,
        *,
        where: Mapping[str, Any] | filters.Filter | None = None,
        after: Id | None = None,
        limit: int | None = None,
        with_vectors: bool = True,
        columns: Sequence[str] | None = None,
    ) -> ClusterScan:
        """Pages are of the moment when they are read, as for `ids`."""
        columns = None if columns is None else list(columns)
        with self._checking() as twin:
            twin.scan(
                where=where, after=after, limit=limit, with_vectors=with_vectors, columns=columns
            )
        options = {"where": where, "with_vectors": with_vectors, "columns": columns}

        def pages(behind: Id | None, rows: int) -> list[list[Record]]:
            return self._pages(Call("scan", (), {**options, "after": behind, "limit": rows}))

        shards = len(self._shards())
        start = None if after is None else inputs.one_id(after, "after")
        records = in_order(pages, _id_of, shards=shards, after=start, limit=limit)
        with self._twin()._reading_view() as (_, view):  # noqa: SLF001
            parts = RecordParts.of(with_vectors, columns)
            layout = RecordTable(twin._access.reading, view, parts).layout  # noqa: SLF001
        return ClusterScan(records, layout)

    def _pages(self, call: Call) -> list[Any]:
        gathered_pages = self._router.everywhere(call, timeout=self._session.timeout)
        if call.named.get("after") is None:
            _remark(gathered_pages)
        return list(gathered_pages.results.values())

    @as_embedded(Collection.export)
    def export(
        self,
        path: str | PathLike[str],
        format: str | None = None,  # noqa: A002 - the word that people look for
        *,
        options: Mapping[str, object] | None = None,
        where: Mapping[str, Any] | filters.Filter | None = None,
        overwrite: bool = False,
        dry_run: bool = False,
        progress: Progress | None = None,
    ) -> ExportReport:
        """Records are read page by page, as for `scan`; each is of the moment when it is read."""
        with self._checking() as twin:
            twin.count(where)
        given = ExportArguments(path, format, options, where, overwrite, dry_run, progress)
        return export_content(partial(cluster_content, self, where), given)

    @as_embedded(Collection.count)
    def count(
        self,
        where: Mapping[str, Any] | filters.Filter | None = None,
        *,
        timeout: float | None = None,
    ) -> int:
        """Each shard counts at its own moment.

        Args:
            timeout: Seconds for all shards together; the default is the cluster's.
        """
        with self._checking() as twin:
            twin.count(where)
        counts = self._router.everywhere(Call("count", (where,)), timeout=self._seconds(timeout))
        _remark(counts)
        return sum(counts.results.values())

    @as_embedded(Collection.values)
    def values(
        self,
        field: str,
        *,
        where: Mapping[str, Any] | filters.Filter | None = None,
        prefix: str | None = None,
        limit: int | None = None,
        order: str = "value",
        timeout: float | None = None,
    ) -> FieldValues:
        """Every shard sends all its values, so that the counts are exact.

        Args:
            timeout: Seconds for all shards together; the default is the cluster's.
        """
        with self._checking() as twin:
            twin.values(field, where=where, prefix=prefix, limit=limit, order=order)
        call = Call("values", (field,), {"where": where, "prefix": prefix})
        found = self._router.everywhere(call, timeout=self._seconds(timeout))
        _remark(found)
        most = None if limit is None else arguments.whole("limit", limit, 1, config.LIMITS.slots)
        return gathered.joined_values(list(found.results.values()), limit=most, order=order)

    def __len__(self) -> int:
        return self.count()

    def __contains__(self, value: object) -> bool:
        plain = inputs.id_or_none(value)
        if plain is None:
            return False
        return bool(self._of_record(Call("__contains__", (plain,)), plain, None))

    @as_embedded(Collection.info)
    def info(self, *, shard: str | None = None, timeout: float | None = None) -> CollectionInfo:
        """Numbers of all shards are added up; the generation is the newest.

        Args:
            shard: The facts of that shard alone.
            timeout: Seconds for all shards together; the default is the cluster's.
        """
        call = Call("info")
        if shard is not None:
            one: CollectionInfo = self._of_one_shard(shard, call, timeout)
            return one
        parts = self._router.everywhere(call, timeout=self._seconds(timeout)).results
        return gathered.joined_info(list(parts.values()))

    def sampled(self, count: int = 100_000, *, seed: int = 0) -> AbstractContextManager[Collection]:
        """``with docs.sampled() as some:`` is a temporary collection with some of the records.

        For what reads vectors again and again: `vdb.compare_metrics`, `vdb.calibrate_threshold` and
        the like take it. All ids are read, and the vectors and payloads of the chosen records.

        Args:
            count: The largest number of records, 1..10,000,000; each has the same chance.
            seed: Seed of the choice.

        Raises:
            InvalidArgumentError: An argument is out of range.
            ShardUnavailableError: A shard does not answer.

        Example:
            with docs.sampled(10_000) as some:
                print(vdb.compare_metrics(some, Q).findings)
        """
        most = arguments.whole("count", count, 1, _MOST_SAMPLED)
        chance = arguments.whole("seed", seed, 0, config.LIMITS.seed)
        schema = self._session.schema(self._router.collection())
        return sampled_collection(self, schema, most, chance)

    def __repr__(self) -> str:
        kind = type(self).__name__
        try:
            header, shards, count = self._header(), self._shards(), len(self)
        except VdbError as error:
            return f"<{kind} {self.name!r}: {error}>"
        noun = "shard" if len(shards) == 1 else "shards"
        return (
            f"<{kind} {self.name!r}: {count} records in {len(shards)} {noun}, dim={header.dim}, "
            f"metric={header.metric}>"
        )


def _get(ids: list[Id]) -> Call:
    return Call("get", (ids,))


def _id_of(record: Record) -> Id:
    return record.id


def _remark(answers: Gathered) -> None:
    """Warn where no shard has a record with a field of the filter."""
    for text in answers.remarks[:1]:
        filter_warning.remark(text)
