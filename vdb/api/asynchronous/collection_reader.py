"""The class `AsyncCollectionReader`. Written by tools/write_async_face.py; do not edit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os import PathLike
from typing import TYPE_CHECKING, Any, overload

from numpy.typing import NDArray

from vdb.api import lazy_modules
from vdb.api.asynchronous.collection_measurements import AsyncCollectionMeasurements
from vdb.api.asynchronous.collection_searches import AsyncCollectionSearches
from vdb.api.asynchronous.record_scan import AsyncRecordScan
from vdb.api.asynchronous.walk import AsyncWalk
from vdb.model import config, filters
from vdb.model.records import Default, Id, Progress, Record
from vdb.model.synonyms import with_hints

if TYPE_CHECKING:
    from vdb.api.exporting import call as exporting_module
    from vdb.maintenance import info as info_module
    from vdb.model import field_values as field_values_module
else:
    exporting_module = lazy_modules.module("vdb.api.exporting.call")
    info_module = lazy_modules.module("vdb.maintenance.info")
    field_values_module = lazy_modules.module("vdb.model.field_values")

__all__ = ["AsyncCollectionReader"]


class AsyncCollectionReader(AsyncCollectionSearches, AsyncCollectionMeasurements):
    """One collection, for reading. Made by `AsyncSnapshot.collection`; `AsyncCollection` is one, too.

    It has the methods of `CollectionReader`, as coroutines; ``ids`` and ``scan`` are iterated over
    with ``async for``. Properties that are read from the database are methods: ``await
    docs.metric()``. Any number of tasks may share it.
    """

    @property
    def name(self) -> str:
        """The collection's name; as last seen, where it is renamed."""
        return self._sync.name

    async def dim(self) -> int | None:
        """The dimension of its vectors at present; only a rebuild changes it.

        None in a collection that was created with ``dim="auto"``, until it has a vector.
        """
        return await self._calls.read(lambda _: self._sync.dim)

    async def dtype(self) -> str:
        """How its vectors are stored at present; only a rebuild changes it."""
        return await self._calls.read(lambda _: self._sync.dtype)

    async def metric(self) -> str:
        """The metric of its current generation; only a rebuild changes it.

        An object that was requested with ``metric=`` raises MetricMismatchError after that.
        """
        return await self._calls.read(lambda _: self._sync.metric)

    async def index(self) -> config.IndexConfig:
        """Kind and parameters of its current generation; only a rebuild changes them."""
        return await self._calls.read(lambda _: self._sync.index)

    @overload
    async def get(self, ids: Id) -> Record | None: ...  # type: ignore[overload-overlap]

    @overload
    async def get(self, ids: Sequence[Id] | NDArray[Any]) -> list[Record | None]: ...

    @overload
    async def get(self, ids: Id, *, default: Default) -> Record | Default: ...  # type: ignore[overload-overlap]

    @overload
    async def get(
        self, ids: Sequence[Id] | NDArray[Any], *, default: Default
    ) -> list[Record | Default]: ...

    @with_hints
    async def get(
        self, ids: Id | Sequence[Id] | NDArray[Any], *, default: Default | None = None
    ) -> Record | list[Record | Default | None] | Default | None:
        """Records by id: one for one id, a list in order for several.

        Args:
            ids: One id, or several.
            default: What stands where there is no record of an id, as in ``dict.get``; by keyword
                only, since a second argument by place is a filter in other products.

        Raises:
            ArgumentTypeError: An id is of neither kind, or of the other kind than the collection's.

        Example:
            record = await docs.get("tea")
            assert (await docs.get(["tea", "mud"], default="no drink"))[1] == "no drink"
        """
        return await self._calls.read(lambda _: self._sync.get(ids, default=default))

    @with_hints
    def ids(
        self,
        *,
        where: Mapping[str, Any] | filters.Filter | None = None,
        after: Id | None = None,
        limit: int | None = None,
        rows: int = 1000,
    ) -> AsyncWalk[Id]:
        """The ids, ints by number and strs by their UTF-8 bytes, as of the moment of the call.

        The iterator holds its moment until it is exhausted or deleted; until then, space freed by
        later commits cannot be used again.

        Args:
            where: Only the ids of the records that pass this filter.
            after: Only ids behind this one, which need not have a record. The last id of one page
                gives the next page, also after other commits: what was there all the time is
                neither left out nor repeated.
            limit: The largest number of ids, at least 1; None for all.
            rows: Items that a worker thread reads at a time; see `AsyncWalk`.

        Raises:
            InvalidFilterError: The filter is not valid.
            ArgumentTypeError: `after` is of the other kind than the collection's ids.
            InvalidArgumentError: `limit` is out of range.

        Example:
            page = [one async for one in docs.ids(after="tea", limit=100)]
        """
        return AsyncWalk(
            lambda: self._sync.ids(where=where, after=after, limit=limit),
            rows,
            self._calls,
            self._place(),
        )

    @with_hints
    def scan(
        self,
        *,
        where: Mapping[str, Any] | filters.Filter | None = None,
        after: Id | None = None,
        limit: int | None = None,
        with_vectors: bool = True,
        columns: Sequence[str] | None = None,
        rows: int = 1000,
    ) -> AsyncRecordScan:
        """The records in the order of `ids`; like there, the iterator holds one moment.

        A loop that rewrites each record makes the file grow with every one of them. Take the ids
        first and `get` some hundred records at a time, or write inside one ``async with db.batch():``.

        Args:
            where: Only the records that pass this filter.
            after: Only records whose ids are behind this one, as for `ids`.
            limit: The largest number of records, at least 1; None for all.
            with_vectors: Whether records have their vectors; without, none is read.
            columns: Only these fields of the payloads, nested ones as "author.name"; the others are
                not decoded. Payloads are then dicts with those of the fields that they have, and
                None where they are no dicts. With ``()`` no payload is read.
            rows: Items that a worker thread reads at a time; see `AsyncWalk`.

        Raises:
            InvalidArgumentError: `columns` has something that is no name of a field.
            And as `ids`.

        Example:
            titles = [r.payload async for r in docs.scan(with_vectors=False, columns=["title"])]
        """
        return AsyncRecordScan(
            lambda: self._sync.scan(
                where=where, after=after, limit=limit, with_vectors=with_vectors, columns=columns
            ),
            rows,
            self._calls,
            self._place(),
        )

    @with_hints
    async def export(
        self,
        path: str | PathLike[str],
        format: str | None = None,
        *,
        options: Mapping[str, object] | None = None,
        where: Mapping[str, Any] | filters.Filter | None = None,
        overwrite: bool = False,
        dry_run: bool = False,
        progress: Progress | None = None,
    ) -> exporting_module.ExportReport:
        """Writes the records, as of this moment, into files of another system.

        What a format cannot hold is refused, or said in the report's notes, before anything is
        written. The files appear when all are complete. `Database.import_source` is the way back;
        the formats npy, arrow and parquet hold everything, so that it makes the same collection.

        Args:
            path: The file to make; without the end that is usual for the format, it gets it. Some
                formats write others beside it: ``docs.npy``, ``docs.jsonl`` and ``docs.json``.
            format: The name of the format, as `vdb.exports.formats` lists them. None: what the end
                of the path says, and npy where it has none.
            options: Options of the format, as a dict.
            where: Only the records that pass this filter.
            overwrite: Replace what is there.
            dry_run: Check everything, and write nothing.
            progress: Called regularly with (records written, records); an exception from it stops
                the export, and no file appears.

        Raises:
            InvalidArgumentError: The format cannot hold the collection, the path's end says no
                format, something is there already, or an argument is out of range.
            InvalidFilterError: The filter is not valid.
            ImportError: The format needs a library that is not installed.
            NotFoundError: The directory of the path does not exist.
            DiskError: A file cannot be written.

        Example:
            report = await docs.export("docs.parquet")
        """
        return await self._calls.long(
            lambda call: self._sync.export(
                path,
                format,
                options=options,
                where=where,
                overwrite=overwrite,
                dry_run=dry_run,
                progress=call.reporting(progress),
            ),
            writes=False,
        )

    @with_hints
    async def count(self, where: Mapping[str, Any] | filters.Filter | None = None) -> int:
        """The number of records, or of records that pass a filter.

        When no record passes a filter, or every record, and no record has one of its fields, a
        UserWarning names that field. The same holds for every call with `where` that returns no
        hits.

        Raises:
            InvalidFilterError: The filter is not valid.

        Example:
            await docs.count({"year": {"$gte": 2020}})
        """
        return await self._calls.read(lambda _: self._sync.count(where))

    @with_hints
    async def values(
        self,
        field: str,
        *,
        where: Mapping[str, Any] | filters.Filter | None = None,
        prefix: str | None = None,
        limit: int | None = None,
        order: str = "value",
    ) -> field_values_module.FieldValues:
        """The different values of a declared field, and how many records have each (facets).

        Read from the field's index, not from payloads, but for strings of more than 240 bytes.

        Args:
            field: The field, a nested one as "author.name".
            where: Count only the records that pass this filter; as in `count`, a warning names a
                field that no record has.
            prefix: Only strings that begin so.
            limit: The largest number of values, at least 1; None for all. `FieldValues.distinct`,
                ``min`` and ``max`` are those of all.
            order: "value": rising; "count": the most frequent first, equal counts by value.

        Raises:
            NotFoundError: The field is not declared; the message says how to.
            InvalidArgumentError: Its index is not complete, a prefix of no strings, or another
                argument is out of range.
            InvalidFilterError: The filter is not valid.

        Example:
            for year, count in await docs.values("year", order="count", limit=10):
                print(year, count)
        """
        return await self._calls.read(
            lambda _: self._sync.values(field, where=where, prefix=prefix, limit=limit, order=order)
        )

    async def info(self) -> info_module.CollectionInfo:
        """Metric, dimension, counts, norms, generation, history and sizes, as a dataclass.

        Takes no longer on a large collection: norms are then those of a sample (`NormStats`).

        Example:
            print((await docs.info()).metric, (await docs.info()).count)
        """
        return await self._calls.read(lambda _: self._sync.info())
