"""The public class `CollectionReader`: one collection, for reading.

Its searches and measurements are in modules of their own; here are reads by id, in order and by
field. Each method checks its arguments and delegates.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from os import PathLike
from typing import TYPE_CHECKING, Any, overload

from numpy.typing import NDArray

from vdb import query
from vdb.api import filter_warning, lazy_modules
from vdb.api.collection_measurements import CollectionMeasurements
from vdb.api.collection_searches import CollectionSearches
from vdb.api.id_walk import begin_walk
from vdb.api.record_iterator import Walk
from vdb.api.record_scan import RecordScan
from vdb.api.write_methods import refuse_write_method
from vdb.errors import VdbError
from vdb.model import config, filters, inputs, pauses
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

__all__ = ["CollectionReader"]


class CollectionReader(CollectionSearches, CollectionMeasurements):
    """One collection, for reading. Made by `Database.collection` and `Snapshot.collection`.

    It may be shared between threads; searches run in parallel with each other and with a writer.
    """

    @property
    def name(self) -> str:
        """The collection's name; as last seen, where it is renamed."""
        return self._name

    @property
    def dim(self) -> int | None:
        """The dimension of its vectors at present; only a rebuild changes it.

        None in a collection that was created with ``dim="auto"``, until it has a vector.
        """
        with self._access.reading() as reader:
            return self._view(reader).header.dim or None

    @property
    def dtype(self) -> str:
        """How its vectors are stored at present; only a rebuild changes it."""
        with self._access.reading() as reader:
            return self._view(reader).header.dtype

    @property
    def metric(self) -> str:
        """The metric of its current generation; only a rebuild changes it.

        An object that was requested with ``metric=`` raises MetricMismatchError after that.
        """
        with self._access.reading() as reader:
            return self._view(reader).header.metric

    @property
    def index(self) -> config.IndexConfig:
        """Kind and parameters of its current generation; only a rebuild changes them."""
        with self._access.reading() as reader:
            return config.index_from_map(self._view(reader).generation.index)

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
    @with_hints
    def get(
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
            record = docs.get("tea")
            assert docs.get(["tea", "mud"], default="no drink")[1] == "no drink"
        """
        id_list = inputs.id_list(ids)
        with self._access.reading() as reader:
            view = self._view(reader)
            inputs.require_id_kind(self._name, view.header.id_kind, id_list)
            records = query.get(reader, view, id_list)
        rows: list[Record | Default | None] = [
            default if record is None else record for record in pauses.paced(records)
        ]
        return rows[0] if inputs.is_one_id(ids) else rows

    @with_hints
    def ids(
        self,
        *,
        where: Mapping[str, Any] | filters.Filter | None = None,
        after: Id | None = None,
        limit: int | None = None,
    ) -> Iterator[Id]:
        """The ids, ints by number and strs by their UTF-8 bytes, as of the moment of the call.

        The iterator holds its moment until it is exhausted or deleted; until then, space freed by
        later commits cannot be used again.

        Args:
            where: Only the ids of the records that pass this filter.
            after: Only ids behind this one, which need not have a record. The last id of one page
                gives the next page, also after other commits: what was there all the time is
                neither left out nor repeated.
            limit: The largest number of ids, at least 1; None for all.

        Raises:
            InvalidFilterError: The filter is not valid.
            ArgumentTypeError: `after` is of the other kind than the collection's ids.
            InvalidArgumentError: `limit` is out of range.

        Example:
            page = list(docs.ids(after="tea", limit=100))
        """
        moment, _, ids = begin_walk(self._access, self._view, where=where, after=after, limit=limit)
        return Walk(moment, ids)

    @with_hints
    def scan(
        self,
        *,
        where: Mapping[str, Any] | filters.Filter | None = None,
        after: Id | None = None,
        limit: int | None = None,
        with_vectors: bool = True,
        columns: Sequence[str] | None = None,
    ) -> RecordScan:
        """The records in the order of `ids`; like there, the iterator holds one moment.

        A loop that rewrites each record makes the file grow with every one of them. Take the ids
        first and `get` some hundred records at a time, or write inside one ``with db.batch():``.

        Args:
            where: Only the records that pass this filter.
            after: Only records whose ids are behind this one, as for `ids`.
            limit: The largest number of records, at least 1; None for all.
            with_vectors: Whether records have their vectors; without, none is read.
            columns: Only these fields of the payloads, nested ones as "author.name"; the others are
                not decoded. Payloads are then dicts with those of the fields that they have, and
                None where they are no dicts. With ``()`` no payload is read.

        Returns:
            An iterator of `Record`, which is a table for other libraries too.

        Raises:
            InvalidArgumentError: `columns` has something that is no name of a field.
            And as `ids`.

        Example:
            titles = [r.payload for r in docs.scan(with_vectors=False, columns=["title"])]
        """
        parts = query.RecordParts.of(with_vectors, columns)
        moment, view, ids = begin_walk(
            self._access, self._view, where=where, after=after, limit=limit
        )
        return RecordScan(moment, view, ids, parts)

    @with_hints
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
            report = docs.export("docs.parquet")
        """
        given = exporting_module.ExportArguments(
            path, format, options, where, overwrite, dry_run, progress
        )
        return exporting_module.export(self._access, self._view, given)

    @with_hints
    def count(self, where: Mapping[str, Any] | filters.Filter | None = None) -> int:
        """The number of records, or of records that pass a filter.

        When no record passes a filter, or every record, and no record has one of its fields, a
        UserWarning names that field. The same holds for every call with `where` that returns no
        hits.

        Raises:
            InvalidFilterError: The filter is not valid.

        Example:
            docs.count({"year": {"$gte": 2020}})
        """
        with self._access.reading() as reader:
            view = self._view(reader)
            if where is None:
                return view.header.count
            return filter_warning.matching(reader, view, where).count

    @with_hints
    def values(
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
            for year, count in docs.values("year", order="count", limit=10):
                print(year, count)
        """
        from vdb.query.value_counts import field_values

        with self._access.reading() as reader:
            view = self._view(reader)
            filter_set = None if where is None else filter_warning.matching(reader, view, where)
            return field_values(
                reader, view, field, filter_set=filter_set, prefix=prefix, limit=limit, order=order
            )

    def __len__(self) -> int:
        with self._access.reading() as reader:
            return self._view(reader).header.count

    def __contains__(self, value: object) -> bool:
        with self._access.reading() as reader:
            return query.contains(reader, self._view(reader), value)

    def info(self) -> info_module.CollectionInfo:
        """Metric, dimension, counts, norms, generation, history and sizes, as a dataclass.

        Takes no longer on a large collection: norms are then those of a sample (`NormStats`).

        Example:
            print(docs.info().metric, docs.info().count)
        """
        with self._access.reading() as reader:
            return info_module.collection_info(reader, self._view(reader))

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> object:
            """Refuse writing methods on a collection of a snapshot, with a typed error."""
            refuse_write_method(self._name, name)
            message = f"{type(self).__name__!r} object has no attribute {name!r}"
            raise AttributeError(message, name=name, obj=self)

    def __repr__(self) -> str:
        try:
            with self._access.reading() as reader:
                header = self._view(reader).header
        except VdbError as error:
            return f"<{type(self).__name__} {self._name!r}: {error}>"
        dim = header.dim or "open"
        return (
            f"<{type(self).__name__} {self._name!r}: {header.count} records, dim={dim}, "
            f"metric={header.metric}>"
        )

    def _repr_html_(self) -> str:
        from vdb.api import html_cards

        return html_cards.collection_card(repr(self), self._access.reading, self._view)
