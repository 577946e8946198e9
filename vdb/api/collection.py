"""The public class `Collection`; each method checks its arguments, delegates and documents."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from numpy.typing import ArrayLike, NDArray

from vdb import index
from vdb.api import filter_warning, lazy_modules
from vdb.api.collection_generations import CollectionGenerations
from vdb.api.collection_reader import CollectionReader
from vdb.api.database_access import LiveAccess
from vdb.errors import ArgumentTypeError, DimensionMismatchError, InvalidArgumentError
from vdb.index import ingest
from vdb.index.dimension_change import with_change
from vdb.model import arguments, config, filters, inputs
from vdb.model.dtypes import DTYPES
from vdb.model.filters.field_types import field_type
from vdb.model.inputs import ColumnNames
from vdb.model.payload_encoder import PayloadEncoder
from vdb.model.records import Id, Payload, Progress, Table
from vdb.model.results import WriteCounts
from vdb.model.synonyms import with_hints
from vdb.model.text_field import Text
from vdb.store import Batch, CollectionView, WritableCollection

if TYPE_CHECKING:
    from vdb.index.vectors import tuning as tuning_module
else:
    tuning_module = lazy_modules.module("vdb.index.vectors.tuning")

__all__ = ["Collection"]

_T = TypeVar("_T")

MOST_SHARED = 1_000
"""Rows of a call up to which it may share its commit with calls of other threads."""


class Collection(CollectionGenerations, CollectionReader):
    """One collection of a database, for reading and writing.

    Every writing call is a commit of its own, on the disk when it returns (with durability="full"),
    unless it stands inside ``with db.batch():``. A call that raises has changed nothing. Writing
    calls of several threads and processes take turns.
    """

    _access: LiveAccess

    def __init__(
        self,
        access: LiveAccess,
        view: CollectionView | WritableCollection,
        *,
        metric: str | None = None,
        model: str | None = None,
        encoder: PayloadEncoder | None = None,
    ) -> None:
        """`encoder`: what converts values that payloads cannot hold; None refuses them."""
        super().__init__(access, view, metric=metric, model=model)
        self._encoder = encoder

    @with_hints
    def add(
        self,
        ids: Id | Sequence[Id] | NDArray[Any] | Table,
        vectors: ArrayLike | Sequence[ArrayLike | None] | Table | None = None,
        payloads: Sequence[Payload] | Payload = None,
        *,
        id: str = "id",  # noqa: A002 - a public name
        vector: str = "vector",
        payload: str | Sequence[str] | bool | None = None,
        on_duplicate: str = "error",
        threads: int | None = None,
        progress: Progress | None = None,
    ) -> WriteCounts:
        """Adds new records; they are searchable at once.

        Args:
            ids: int (64 bits, signed) or str (1..400 bytes of UTF-8, no NUL). The first record
                decides which of the two the collection uses. One id for one record. Or, alone, a
                table: of pandas, of a library that speaks Arrow (pyarrow, polars, DuckDB, ...), a
                structured array, or an iterable of rows as dicts or records. A stream is read to
                its end, and all of it is one commit.
            vectors: Shape (n, dim), or (dim,) for one id; any real array-like, an array that
                supports DLPack, or a column of lists of a table. They are stored in the
                collection's dtype: rounded (float32, float16), or integers from -128 to 127
                (int8). For bits: packed bytes as numpy.packbits makes them, shape (n, dim / 8), or
                booleans, shape (n, dim). In a column every row and number must be there; in a
                collection with optional vectors rows may be missing (None, null), or all (None).
            payloads: One for each id (None where there is none), or the payload of the one id.
                JSON-like: None, bool, int, finite float, str, list, dict with str keys; at most
                1 MiB encoded and 64 levels deep. Numbers, texts and arrays of numpy count as Python
                values; a datetime is accepted where the field is declared as one, and stored as
                text. Other values need a `PayloadEncoder`. A table gives one payload a row.
            on_duplicate: What to do with an id that has a record, or that stands in an earlier row
                of this call. "error": refuse the call. "skip": leave the record as it is, and of
                several rows take the first. "replace": replace it as `upsert` does, and of several
                rows take the last.
            id: Of a table, the column of the ids.
            vector: Of a table, the column of the vectors.
            payload: Of a table, the column that holds the payloads, or a list of the columns that
                they are made of, as dicts. None takes all other columns, False none. Of rows, None
                takes "payload" where a row has it, else all other keys.
            threads: Number of threads that link the vectors, 1..1,024; the default is one for each
                processor that this process may use. The graph does not depend on it.
            progress: Called regularly with (done, total) vectors; an exception from it stops and
                undoes the call.

        Returns:
            How many rows were added, replaced and skipped.

        Raises:
            DuplicateIdError: An id exists already, or is given twice, and ``on_duplicate="error"``.
            DimensionMismatchError: Vectors of another length.
            InvalidArgumentError: The table has no such column.
            InvalidVectorError: Missing, NaN, infinity, longer than 1e18, a number that the dtype
                cannot hold, zero under cosine, or a length other than 1 under dot (its square may
                be 1e-3 off; int8 is exempt).
            InvalidPayloadError: A payload that could not be read back unchanged.
            ArgumentTypeError: Ids of the wrong kind, or something that is no array of numbers.
            BusyError: Another writer did not finish within the database's lock_timeout.
            ReadOnlyError: The database is open for reading only.
            DiskFullError: No space is left.

        Example:
            docs.add(["cocoa", "milk"], [[0.7, 0.4, 0.1], [0.2, 0.9, 0]], [{"year": 2023}, None])
        """
        arguments.callback("progress", progress)
        rule = arguments.choice("on_duplicate", on_duplicate, ingest.ON_DUPLICATE)
        rows = self._rows(ids, vectors, payloads, ColumnNames.checked(id, vector, payload))
        count = config.thread_count(threads)

        def add(batch: Batch, rows: ingest.Rows) -> WriteCounts:
            coll = self._writable(batch)
            counts = ingest.add(
                batch, coll, rows, on_duplicate=rule,
                threads=count, progress=progress, analyzers=self._access.analyzers,
            )  # fmt: skip
            _tune_grown(batch, coll, counts.added, count)
            return counts

        return self._write_rows(rows, add, progress)

    @with_hints
    def upsert(
        self,
        ids: Id | Sequence[Id] | NDArray[Any] | Table,
        vectors: ArrayLike | Sequence[ArrayLike | None] | Table | None = None,
        payloads: Sequence[Payload] | Payload = None,
        *,
        id: str = "id",  # noqa: A002 - a public name
        vector: str = "vector",
        payload: str | Sequence[str] | bool | None = None,
        threads: int | None = None,
        progress: Progress | None = None,
    ) -> WriteCounts:
        """Adds records, and replaces existing records of the same ids as a whole.

        Without a payload the record has none afterwards, as after deleting and adding it; and so it
        is with the vector, where vectors are optional. When an id is given twice, the last one
        counts. Arguments, errors and the returned counts are those of
        ``add(on_duplicate="replace")``.

        Example:
            docs.upsert("tea", [0.9, 0.2, 0.1], {"year": 2024})
        """
        arguments.callback("progress", progress)
        rows = self._rows(ids, vectors, payloads, ColumnNames.checked(id, vector, payload))
        count = config.thread_count(threads)

        def upsert(batch: Batch, rows: ingest.Rows) -> WriteCounts:
            coll = self._writable(batch)
            counts = ingest.upsert(
                batch, coll, rows,
                threads=count, progress=progress, analyzers=self._access.analyzers,
            )  # fmt: skip
            _tune_grown(batch, coll, counts.added, count)
            return counts

        return self._write_rows(rows, upsert, progress)

    @with_hints
    def set_payloads(
        self,
        ids: Id | Sequence[Id] | NDArray[Any] | Table,
        payloads: Sequence[Payload] | Payload = ...,
        *,
        id: str = "id",  # noqa: A002 - a public name
        vector: str = "vector",
        payload: str | Sequence[str] | bool | None = None,
    ) -> None:
        """Replaces the payloads of existing records; their vectors stay.

        Args:
            ids: As for `add`; or, alone, a table.
            payloads: As for `add`.
            id: As for `add`.
            vector: Of a table, a column that is no part of payloads; it need not be there.
            payload: As for `add`.

        Raises:
            NotFoundError: An id has no record.
            InvalidPayloadError: A payload that could not be read back unchanged.
            And, as for `add`: ArgumentTypeError, BusyError, ReadOnlyError, DiskFullError.

        Example:
            docs.set_payloads("tea", {"year": 2024})
        """
        names = ColumnNames.checked(id, vector, payload)
        columns = inputs.payload_columns_of(ids, payloads, names)
        id_list = inputs.id_list(columns.ids, name=columns.id_name)
        encoded = self._prepared(
            lambda row_format: ingest.encode_payloads(
                columns.payloads,
                len(id_list),
                one=inputs.is_one_id(columns.ids),
                moments=row_format.moments,
                encoder=self._encoder,
            )
        )
        known = self._access.analyzers
        self._access.write(
            lambda batch: ingest.set_payloads(
                batch, self._writable(batch), id_list, encoded, analyzers=known
            )
        )

    @with_hints
    def update_payloads(
        self,
        ids: Id | Sequence[Id] | NDArray[Any] | None = None,
        changes: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None,
        *,
        where: Mapping[str, Any] | filters.Filter | None = None,
    ) -> int:
        """Changes single fields of payloads; the other fields and the vectors stay.

        Each key of the changes is the path of a field, and its value replaces what the field has,
        as a whole: ``{"author": {"name": "Ada"}}`` leaves nothing else in ``author``, and
        ``{"author.name": "Ada"}`` changes the name alone. Maps on the way are made where there is
        nothing. `REMOVE` in the place of a value removes the field; None is stored as null.

        Args:
            ids: The records.
            changes: One dict for all of them, or a sequence with one for each id (a table: one a
                row). Of an id that is given twice the changes are made one after the other.
            where: A filter instead of ids: all records that pass it, which need one dict. As in
                `count`, a warning names a field that no record has, before anything is changed.

        Returns:
            The number of records whose payload is not what it was.

        Raises:
            NotFoundError: An id has no record.
            InvalidPayloadError: A value that payloads cannot hold, or not in that field; or the
                field lies in something that is no map.
            InvalidArgumentError: Two fields of which one lies in the other, or a key that names no
                field.
            InvalidFilterError: The filter is not valid.
            And, as for `add`: ArgumentTypeError, BusyError, ReadOnlyError, DiskFullError.

        Example:
            docs.update_payloads("tea", {"year": 2025, "text": vdb.REMOVE})
        """
        from vdb.index import payload_update

        if (ids is None) == (where is None):
            raise InvalidArgumentError(
                "update_payloads needs one of ids= and where=",
                expected="ids or where",
                received=None,
            )
        id_list = None if ids is None else inputs.id_list(ids)
        one_change = id_list is None or inputs.is_one_id(ids)
        rows = None if one_change or id_list is None else len(id_list)
        changes = inputs.rereadable("changes", changes)
        prepared = self._prepared(
            lambda row_format: payload_update.prepare_changes(
                changes, rows, row_format, encoder=self._encoder
            )
        )
        condition = None if where is None else filters.parse(where)
        known = self._access.analyzers
        if id_list is not None:
            return self._access.write(
                lambda batch: payload_update.update_of_ids(
                    batch, self._writable(batch), id_list, prepared, analyzers=known
                )
            )
        with self._access.writing() as batch:
            coll = self._writable(batch)
            slots = filter_warning.matching(batch, coll, condition).slots.tolist()
            return payload_update.update_of_slots(batch, coll, slots, prepared, analyzers=known)

    @with_hints
    def delete(
        self,
        ids: Id | Iterable[Id] | NDArray[Any] | None = None,
        *,
        where: Mapping[str, Any] | filters.Filter | None = None,
    ) -> int:
        """Removes records; later records use their places again.

        Args:
            ids: The ids to remove; ids without a record are ignored.
            where: A filter on payloads instead: all records that pass it are removed. As in
                `count`, a warning names a field that no record has, before anything is removed.

        Returns:
            The number of removed records.

        Raises:
            InvalidFilterError: The filter is not valid.
            As for `add`: ArgumentTypeError, BusyError, ReadOnlyError, DiskFullError.

        Example:
            docs.delete(where={"year": {"$lt": 2000}})
        """
        if (ids is None) == (where is None):
            raise InvalidArgumentError(
                "delete needs one of ids= and where=; clear() removes all records",
                expected="ids or where",
                received=None,
            )
        id_list = inputs.id_list(() if ids is None else ids, ordered=False)
        if where is None:
            return self._access.write(lambda b: ingest.delete(b, self._writable(b), id_list))
        from vdb.query.filter_match import ids_of, narrow

        condition = narrow(where)
        with self._change() as (batch, coll):
            filter_set = filter_warning.matching(batch, coll, condition)
            return ingest.delete(batch, coll, ids_of(batch, coll, filter_set))

    def clear(self) -> int:
        """Removes all records; the collection stays, with its schema, index parameters and history.

        One commit, which takes much less time than deleting the records one by one. Snapshots that
        were taken before still show them, other objects of the collection go on, and ids may be of
        the other kind from then on. Later commits free the space of the vectors bit by bit. What
        belonged to the records is dropped: the measured ef, a kept generation, an unfinished
        rebuild. A rebuild that is running ends with NotFoundError.

        Returns:
            The number of removed records.

        Raises:
            As for `add`: BusyError, ReadOnlyError, DiskFullError.

        Example:
            with db.batch():
                docs.clear()
                docs.add(["cocoa"], [[0.7, 0.4, 0.1]])
        """
        from vdb.index.clear import clear

        with self._access.writing() as batch:
            return clear(batch, self._writable(batch))

    def rows_within(self, memory_limit: int, *, threads: int | None = None) -> int:
        """The number of vectors that one call of `add` can take within a memory limit.

        For collections that are larger than memory: read vectors from a mapped file, this many at a
        time, with one commit for each call. The number falls as the collection grows.

        Args:
            memory_limit: Private bytes of the process, on top of its base use; at least 16 MiB.
                Pages of the file that the system keeps in memory do not count, nor do payloads of
                more than about 1,000 bytes.
            threads: The same as for `add`.

        Raises:
            InvalidArgumentError: It is not enough for one vector; the message says how much is.

        Example:
            rows = docs.rows_within(512 * 2**20)
        """
        limit = arguments.whole("memory_limit", memory_limit, 1, 2**63 - 1)
        with self._access.reading() as reader:
            view = self._view(reader)
            header = view.header
            if header.dim == 0:
                raise InvalidArgumentError(
                    f"collection {header.name!r} has no dimension yet: how much a vector takes is "
                    "known with the first one",
                    expected="a dimension",
                    received=None,
                )
            return index.rows_within(
                limit,
                dim=header.dim,
                dtype=DTYPES[header.dtype],
                index=config.index_from_map(view.generation.index),
                slots=header.slots,
                threads=config.thread_count(threads),
            )

    def index_field(self, path: str, type: str | Text) -> None:  # noqa: A002 - a public name
        """Declares a field of the payloads and indexes it, for filters or a search of words.

        The index is built over several commits of about 10,000 records each, so other writers get
        their turn; inside a batch it is part of that batch. It is used once it is complete. From
        the first of these commits on, payloads must have the type. After an interruption the same
        call continues.

        Args:
            path: The field's name; a nested field as "author.name".
            type: As for `fields` of `Database.create_collection`. A `Text` that is not stored needs
                a collection without records.

        Raises:
            InvalidPayloadError: A record holds another type there; the field is not declared.
            InvalidArgumentError: No such type or analyzer, or the field is declared with another
                one.
            And, as for `add`: BusyError, ReadOnlyError, DiskFullError.

        Example:
            docs.index_field("year", "int")
        """
        from vdb.index import declared_fields

        path, kind = field_type(path, type)
        declared_fields.declare(self._change, path, kind, self._access.analyzers)

    def drop_field(self, path: str) -> None:
        """Removes a declared field and its index; payloads stay, and filters still work.

        Of a text field that is not stored nothing is left.

        Raises:
            NotFoundError: The field is not declared.
            And, as for `add`: BusyError, ReadOnlyError, DiskFullError.

        Example:
            docs.drop_field("year")
        """
        from vdb.index import declared_fields

        name = arguments.text("path", path)
        with self._change() as (batch, coll):
            declared_fields.drop(batch, coll, name)

    @contextmanager
    def _change(self) -> Iterator[tuple[Batch, WritableCollection]]:
        with self._access.writing() as batch:
            yield batch, self._writable(batch)

    @with_hints
    def tune(
        self,
        target_recall: float = 0.95,
        k: int = 10,
        *,
        queries: ArrayLike | None = None,
        sample: int = config.SAMPLE,
        seed: int = 0,
        threads: int | None = None,
        progress: Progress | None = None,
    ) -> tuning_module.Tuning:
        """Finds the smallest ef that reaches a recall, and makes it the collection's default.

        Recall is measured as by `recall`, at a rising ef. The measured curve is stored with the
        generation. Searches without ef use the ef found here; those with ``target_recall=`` look
        theirs up on the curve. A rebuild measures by itself. Tune again after many additions or
        removals. What was measured below an `indexing_threshold` is dropped once links are made.

        Args:
            target_recall: The recall to reach, above 0, at most 1.
            k: Hits of a query.
            queries: Queries, shape (n, dim). None: stored vectors, each without itself.
            sample: Number of stored vectors to take, 1..100,000; all where there are fewer.
            seed: Seed of that choice.
            threads: Number of threads that search, 1..1,024; the default is one a processor.
            progress: Called regularly with (queries compared exactly, queries).

        Returns:
            The ef, and the measured curve.

        Raises:
            InvalidArgumentError: The collection is flat, has fewer than two records, or no ef
                reaches the target; or another argument is out of range. Nothing is stored.
            BusyError: Another writer did not finish within the database's lock_timeout, or the
                collection was rebuilt meanwhile.
            ReadOnlyError: The database is open for reading only.

        Example:
            print(docs.tune(0.99).ef)
        """
        from vdb.analysis.common.moments import Moments
        from vdb.analysis.measurement.tune import tune

        arguments.callback("progress", progress)
        self._access.check_writable()
        moments = Moments(self._reading_view)
        tuning = tune(
            moments,
            target=index.recall_target(target_recall),
            k=arguments.whole("k", k, 1, config.LIMITS.slots),
            queries=queries,
            sample=sample,
            seed=arguments.whole("seed", seed, 0, config.LIMITS.seed),
            threads=config.thread_count(threads),
            progress=progress,
        )
        with moments.now() as (_, view):
            generation = view.generation.number
        with self._access.writing() as batch, batch.changing():
            tuning_module.keep_tuning(self._writable(batch), tuning, generation)
        return tuning

    def _rows(
        self, ids: object, vectors: object, payloads: object, names: ColumnNames
    ) -> ingest.Rows:
        # By the metric and dtype last seen; the batch prepares the rows again after a rebuild.
        columns = inputs.columns_of(ids, vectors, payloads, names)
        return self._prepared(lambda form: ingest.prepare(columns, form, encoder=self._encoder))

    def _prepared(self, prepare: Callable[[ingest.RowFormat], _T]) -> _T:
        """The result of `prepare` for the collection as last seen; if it raises, as it is now."""
        last_seen = self._row_format
        try:
            return prepare(last_seen)
        except (InvalidArgumentError, ArgumentTypeError) as error:
            with self._access.reading() as reader:
                header = self._view(reader).header
            self._row_format = ingest.RowFormat.of(header)
            if self._row_format == last_seen:
                if isinstance(error, DimensionMismatchError):
                    raise with_change(error, header) from None
                raise
        try:
            return prepare(self._row_format)
        except DimensionMismatchError as error:
            raise with_change(error, header) from None

    def _write_rows(
        self,
        rows: ingest.Rows,
        write: Callable[[Batch, ingest.Rows], WriteCounts],
        progress: Progress | None,
    ) -> WriteCounts:
        """Write rows, which `write` lets go of; a few of them in a commit with other threads."""
        # Parts of several arrays are let go of one by one, so they are written once.
        few = len(rows.ids) <= MOST_SHARED and len(rows.vectors.parts) == 1
        if few and progress is None:
            return self._access.write(lambda batch: write(batch, rows.twin()), room=rows.room)
        with self._access.writing(room=rows.room) as batch:
            return write(batch, rows)

    def _writable(self, batch: Batch) -> WritableCollection:
        view = self._view(batch)
        assert isinstance(view, WritableCollection)  # noqa: S101 - for mypy; true in a batch
        return view


def _tune_grown(batch: Batch, coll: WritableCollection, added: int, threads: int) -> None:
    if added < index.AUTOMATIC_ADDED:
        return
    # What is compared without links needs no ef, and so not the modules that measure one.
    linked = coll.header.vector_count - len(coll.generation.unlinked_slots)
    if 4 * linked >= 3 * coll.header.vector_count:
        from vdb.analysis.measurement.tune import tune_grown

        tune_grown(batch, coll, added, threads=threads)
