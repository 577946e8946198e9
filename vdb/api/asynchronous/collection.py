"""The class `AsyncCollection`. Written by tools/write_async_face.py; do not edit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from numpy.typing import ArrayLike, NDArray

from vdb.api import lazy_modules
from vdb.api.asynchronous.collection_generations import AsyncCollectionGenerations
from vdb.api.asynchronous.collection_reader import AsyncCollectionReader
from vdb.api.collection import Collection
from vdb.model import config, filters
from vdb.model.records import Id, Payload, Progress, Table
from vdb.model.results import WriteCounts
from vdb.model.synonyms import with_hints
from vdb.model.text_field import Text

if TYPE_CHECKING:
    from vdb.index.vectors import tuning as tuning_module
else:
    tuning_module = lazy_modules.module("vdb.index.vectors.tuning")

__all__ = ["AsyncCollection"]


class AsyncCollection(AsyncCollectionGenerations, AsyncCollectionReader):
    """One collection of a database, for reading and writing. Made by `AsyncDatabase.collection`.

    It has the methods of `Collection`, as coroutines. Each writing call is a commit of its own,
    unless it stands inside ``async with db.batch():``; `AsyncDatabase` says what becomes of one
    whose task is cancelled.
    """

    _sync: Collection

    @with_hints
    async def add(
        self,
        ids: Id | Sequence[Id] | NDArray[Any] | Table,
        vectors: ArrayLike | Sequence[ArrayLike | None] | Table | None = None,
        payloads: Sequence[Payload] | Payload = None,
        *,
        id: str = "id",
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
            await docs.add(["cocoa", "milk"], [[0.7, 0.4, 0.1], [0.2, 0.9, 0]], [{"year": 2023}, None])
        """
        return await self._calls.write(
            lambda call: self._sync.add(
                ids,
                vectors,
                payloads,
                id=id,
                vector=vector,
                payload=payload,
                on_duplicate=on_duplicate,
                threads=threads,
                progress=call.reporting(progress),
            )
        )

    @with_hints
    async def upsert(
        self,
        ids: Id | Sequence[Id] | NDArray[Any] | Table,
        vectors: ArrayLike | Sequence[ArrayLike | None] | Table | None = None,
        payloads: Sequence[Payload] | Payload = None,
        *,
        id: str = "id",
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
            await docs.upsert("tea", [0.9, 0.2, 0.1], {"year": 2024})
        """
        return await self._calls.write(
            lambda call: self._sync.upsert(
                ids,
                vectors,
                payloads,
                id=id,
                vector=vector,
                payload=payload,
                threads=threads,
                progress=call.reporting(progress),
            )
        )

    @with_hints
    async def set_payloads(
        self,
        ids: Id | Sequence[Id] | NDArray[Any] | Table,
        payloads: Sequence[Payload] | Payload = ...,
        *,
        id: str = "id",
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
            await docs.set_payloads("tea", {"year": 2024})
        """
        await self._calls.write(
            lambda _: self._sync.set_payloads(ids, payloads, id=id, vector=vector, payload=payload)
        )

    @with_hints
    async def update_payloads(
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
            await docs.update_payloads("tea", {"year": 2025, "text": vdb.REMOVE})
        """
        return await self._calls.write(
            lambda _: self._sync.update_payloads(ids, changes, where=where)
        )

    @with_hints
    async def delete(
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
            await docs.delete(where={"year": {"$lt": 2000}})
        """
        return await self._calls.write(lambda _: self._sync.delete(ids, where=where))

    async def clear(self) -> int:
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
            async with db.batch():
                await docs.clear()
                await docs.add(["cocoa"], [[0.7, 0.4, 0.1]])
        """
        return await self._calls.write(lambda _: self._sync.clear())

    async def rows_within(self, memory_limit: int, *, threads: int | None = None) -> int:
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
            rows = await docs.rows_within(512 * 2**20)
        """
        return await self._calls.long(
            lambda _: self._sync.rows_within(memory_limit, threads=threads), writes=False
        )

    async def index_field(self, path: str, type: str | Text) -> None:
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
            await docs.index_field("year", "int")
        """
        await self._calls.long(lambda _: self._sync.index_field(path, type), writes=True)

    async def drop_field(self, path: str) -> None:
        """Removes a declared field and its index; payloads stay, and filters still work.

        Of a text field that is not stored nothing is left.

        Raises:
            NotFoundError: The field is not declared.
            And, as for `add`: BusyError, ReadOnlyError, DiskFullError.

        Example:
            await docs.drop_field("year")
        """
        await self._calls.write(lambda _: self._sync.drop_field(path))

    @with_hints
    async def tune(
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
            print((await docs.tune(0.99)).ef)
        """
        return await self._calls.long(
            lambda call: self._sync.tune(
                target_recall,
                k,
                queries=queries,
                sample=sample,
                seed=seed,
                threads=threads,
                progress=call.reporting(progress),
            ),
            writes=True,
        )
