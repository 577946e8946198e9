"""The class `AsyncDatabase`. Written by tools/write_async_face.py; do not edit."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from vdb.api import lazy_modules
from vdb.api.asynchronous.collection import AsyncCollection
from vdb.api.asynchronous.handles import DatabaseHandle, checked, opened
from vdb.api.asynchronous.snapshot import AsyncSnapshot
from vdb.api.database import Database
from vdb.api.database import open as open_database
from vdb.model import config
from vdb.model.payload_encoder import Conversion, PayloadEncoder
from vdb.model.records import Progress
from vdb.model.synonyms import with_hints
from vdb.model.text_field import Analyzer, Text

if TYPE_CHECKING:
    from vdb import sources as sources_module
    from vdb.api.importing import call as importing_module
    from vdb.maintenance import info as info_module
    from vdb.maintenance import repair as repair_module
    from vdb.maintenance.check import problems as problems_module
    from vdb.maintenance.repository import report as report_module
else:
    importing_module = lazy_modules.module("vdb.api.importing.call")
    sources_module = lazy_modules.module("vdb.sources")
    problems_module = lazy_modules.module("vdb.maintenance.check.problems")
    repair_module = lazy_modules.module("vdb.maintenance.repair")
    info_module = lazy_modules.module("vdb.maintenance.info")
    report_module = lazy_modules.module("vdb.maintenance.repository.report")

__all__ = ["AsyncDatabase", "open_async"]


@with_hints
async def open_async(
    path: str | PathLike[str],
    *,
    create: bool = True,
    read_only: bool = False,
    durability: str = "full",
    lock_timeout: float = 5.0,
    allow_network_fs: bool = False,
    verify: str = "auto",
    resident: int | str = "auto",
    payload_encoder: str | PayloadEncoder | Conversion = "strict",
    analyzers: Analyzer | Sequence[Analyzer] | None = None,
    max_readers: int = 4,
) -> AsyncDatabase:
    """Opens the database in a directory; creates it if there is none.

    Opening reads a few hundred bytes, whatever the size. Any number of processes may have the same
    database open; handles of one process share one memory map.

    Args:
        path: The directory. Its parent must exist. A leading ``~`` is the user's home. The word
            ":memory:" opens a new database among the system's temporary files, for this program
            alone and without syncing. It is removed on closing; `Database.backup` saves a copy.
        create: Create the database when there is none. Ignored with ``read_only``.
        read_only: Refuse all writing; works on read-only media.
        durability: "full": a commit is on the disk when the call returns. "relaxed": after a power
            cut the last commits may be missing, but never in part; several times faster for small
            commits. There is no weaker mode.
        lock_timeout: Seconds to wait for another writer, and for running searches when closing.
        allow_network_fs: Open on a network file system; other machines must not open it meanwhile.
        verify: Checks before the database is used. "auto": the parts that opening needs, and all of
            LMDB's pages if the file seems cut short; blocks and records are verified when they are
            first read. "full": everything, as `Database.check` does, after all of LMDB's pages; for
            files from elsewhere; takes seconds for each gigabyte. "off": as "auto", but a file that
            seems cut short is refused.
        resident: Bytes of private memory for copies of the links and codes that searches read (the
            vectors where there are no codes), in pages of 2 MiB. "auto": a quarter of what is free,
            for 16 MiB of links and codes and more; "off": none. Searches make them, a part each;
            they are given back where memory is short.
        payload_encoder: What becomes of values that payloads cannot hold, in all collections of
            this object: "strict" refuses them; "json" converts dates, UUIDs, tuples, dataclasses
            and others as `PayloadEncoder` lists them; a function is called with each of them, as
            ``default=`` of ``json.dumps``. It is not stored.
        analyzers: Analyzers of text fields that `vdb.lexical.analyzer` made of functions: their
            names and versions are stored, they are not.
        max_readers: Threads that read at the same time, 1..256.

    Raises:
        NotFoundError: There is no database and create=False, or the parent directory is missing.
        InvalidArgumentError: Something else is there, the path is a URI, or an argument is out of
            range.
        FormatVersionError: It was written in a newer format; the message names the release needed.
        CorruptedError: It is not a database, or a damaged one; with verify="full" the message names
            the first problem and the number of others.
        UnsafeFilesystemError: It lies on a network file system.
        BusyError: Another process is creating or compacting it.
        DiskError: A file cannot be read, created or locked; DiskFullError if there is no space.

    Example:
        async with await vdb.open_async("notes.vdb") as db:
            print(await db.collections())
    """
    return await opened(
        AsyncDatabase,
        lambda: open_database(
            path,
            create=create,
            read_only=read_only,
            durability=durability,
            lock_timeout=lock_timeout,
            allow_network_fs=allow_network_fs,
            verify=verify,
            resident=resident,
            payload_encoder=payload_encoder,
            analyzers=analyzers,
        ),
        lock_timeout=lock_timeout,
        max_readers=max_readers,
    )


class AsyncDatabase(DatabaseHandle):
    """One open database, for a program with an event loop. Made by `open_async`.

    It has the methods of `Database`, as coroutines: ``await db.collections()``. In place of ``in``
    and ``len()`` it and its collections have ``contains`` and ``count``. It belongs to the event
    loop of asyncio in which it was opened.

    Calls run in threads of its own: writing calls one after the other in one, in the order in which
    they were made; reads in ``max_readers`` others; those that take long in more. A ``progress``
    function is called in the thread of its call, not in the event loop.

    When a task is cancelled while it awaits a call, a read is abandoned. A writing call that has
    not begun does not begin. One that has begun is stopped and undone if it takes a ``progress``,
    or else runs to its end, and only then is CancelledError raised. Its attribute ``committed``
    says whether what the call writes is in the database (None: unknown, after a failure of the
    disk); a note says the same in words.
    """

    _sync: Database

    @property
    def path(self) -> Path:
        """Its directory, as an absolute path."""
        return self._sync.path

    @property
    def read_only(self) -> bool:
        """Whether it was opened for reading only."""
        return self._sync.read_only

    @with_hints
    async def create_collection(
        self,
        name: str,
        *,
        dim: int | Literal["auto"],
        metric: str,
        dtype: str | None = None,
        index: config.IndexConfig | None = None,
        scores: str | None = None,
        model: str | None = None,
        fields: Mapping[str, str | Text] | None = None,
        optional_vectors: bool = False,
        payload_encoder: str | PayloadEncoder | Conversion | None = None,
        exist_ok: bool = False,
    ) -> AsyncCollection:
        """Creates an empty collection; its dimension and metric are locked from then on.

        Args:
            name: 1 to 128 characters from A-Z, a-z, 0-9, underscore, point and hyphen.
            dim: Dimension of its vectors: 1..16,000 of float32, 32,000 of float16, 64,000 of int8;
                a multiple of 8 up to 512,000 of bits. "auto": that of the first vector, from the
                commit that stores it; until then searches return no hits, and the file is of
                format 2.
            metric: "l2" (squared Euclidean distance), "ip" (inner product of vectors of any
                length), "cosine" (cosine similarity), "dot" (inner product of unit vectors; of
                int8 any), "l1" (Manhattan distance) or "hamming" (differing bits). There is no
                default: it belongs to the model that makes the vectors.
            dtype: How vectors are stored: "float32" (the default), "float16", "int8", or "bit",
                which goes with "hamming" only.
            index: `HNSW` with its parameters (the default) or `Flat`.
            scores: The default convention of scores in searches; "native" by default.
            model: Where the vectors come from, free text, at most 1,024 bytes.
            fields: Payload fields to index for filters, with their types: "int", "float",
                "keyword" (a str), "bool", "datetime" (a str in ISO 8601), and the same with [] for
                lists, as in ``{"pep": "int", "tags": "keyword[]", "author.name": "keyword"}``.
                Payloads must have these types. A `Text`, or "text", is a field to search by its
                words; the file is of format 2 then.
            optional_vectors: Whether records may have no vector. Filters, ids and `get` find such a
                record, searches do not. The file is of format 2 from then on.
            payload_encoder: As for `vdb.open`, for this object; None: that of the database.
            exist_ok: Return the collection of that name if there is one. It is compared with the
                arguments that are given, `dim` and `metric` always, and never changed; it may have
                more declared fields. Of several processes that call this at once, one creates it.

        Raises:
            CollectionExistsError: The name is taken, and not ``exist_ok``.
            MetricMismatchError, DimensionMismatchError, ModelMismatchError: The existing one has
                another metric, dimension or model.
            InvalidArgumentError: It has another dtype, index or default convention, or a field is
                not declared or as another type; or an argument is out of range.
            BusyError: Another writer did not finish within lock_timeout.
            ReadOnlyError: The database is open for reading only.

        Example:
            notes = await db.create_collection("notes", dim=384, metric="cosine", fields={"year": "int"})
        """
        return AsyncCollection(
            await self._calls.write(
                lambda _: self._sync.create_collection(
                    name,
                    dim=dim,
                    metric=metric,
                    dtype=dtype,
                    index=index,
                    scores=scores,
                    model=model,
                    fields=fields,
                    optional_vectors=optional_vectors,
                    payload_encoder=payload_encoder,
                    exist_ok=exist_ok,
                )
            ),
            self._calls,
        )

    @with_hints
    async def import_source(
        self,
        source: str | PathLike[str] | sources_module.Source,
        name: str,
        *,
        format: str | None = None,
        options: Mapping[str, object] | None = None,
        metric: str | None = None,
        dtype: str | None = None,
        index: config.IndexConfig | None = None,
        scores: str | None = None,
        model: str | None = None,
        fields: Mapping[str, str | Text] | Literal["auto"] | None = "auto",
        optional_vectors: bool | None = None,
        ids: str = "source",
        on_duplicate: str = "error",
        exist_ok: bool = False,
        resume: bool = False,
        strict: bool = False,
        verify: int = 0,
        dry_run: bool = False,
        batch_rows: int | None = None,
        memory_limit: int | None = None,
        threads: int | None = None,
        progress: Progress | None = None,
    ) -> importing_module.ImportReport:
        """Makes a collection of a file, a directory or a server of another system.

        Records are read and written part by part, each part in one commit: memory does not grow
        with the source, and an interrupted import goes on with ``resume=True``. The collection has
        the source's metric, its convention of scores, and the parameters of its index as far as
        vdb has the same. Nothing in the source is executed.

        Args:
            source: As `vdb.sources.open` takes it, or what that returned.
            name: The collection that is made.
            format: As for `vdb.sources.open`.
            options: Its other options, as a dict.
            metric: The metric, where the source does not say it; it is never guessed.
            dtype: How vectors are stored. None: so that they are unchanged, if a dtype can.
            index: `HNSW` or `Flat`. None: as in the source, where it says so.
            scores: The default convention of scores. None: that of the source's system.
            model: Where the vectors come from. None: what the source says.
            fields: Payload fields to index. "auto": those whose types the source declares.
            optional_vectors: Whether records may have no vector. None: as the source says.
            ids: "source": as they are. "text": as texts, for whole numbers beyond 64 bits. "row":
                row numbers.
            on_duplicate: As for `Collection.add`.
            exist_ok: Add to the collection if there is one. It must agree with the arguments that
                are given, and with the source in metric and dimension.
            resume: The same, and skip records that are there.
            strict: Raise at the first row that cannot become a record. Ids are read first, so that
                one that comes twice is refused before anything is written. Without it such rows are
                left out and reported, with their reasons.
            verify: How many stored vectors to ask of both afterwards, so that ids and scores are
                compared; of the source by its own library, where it is installed.
            dry_run: Read and check everything, and write nothing.
            batch_rows: Records of a commit, 1..1,000,000; None: 65,536, or fewer that make 32 MiB.
            memory_limit: Private bytes that the import may take beside what the process takes
                anyway, at least 16 MiB; commits become as small as that asks for. None: no limit.
            threads: As for `Collection.add`.
            progress: Called with (done, total) records after each commit, and while a graph is
                built; an exception from it stops the import, and what was committed stays.

        Returns:
            What was read, added, skipped and refused, and what the source had lost before.

        Raises:
            InvalidArgumentError: The metric or the format is not known, and the message lists the
                choices; or an argument is out of range.
            MetricMismatchError: The source was built for another metric.
            DimensionMismatchError: The collection has another dimension.
            DuplicateIdError: An id comes twice, with ``strict``.
            CollectionExistsError: The name is taken, without ``exist_ok`` and ``resume``.
            SourceError: The source is damaged. What was committed before stays; a note of this and
                of any other exception says how much.
            NotFoundError: There is nothing at the path.
            ImportError: The format needs a library that is not installed.
            BusyError: Another writer did not finish within lock_timeout, or the calling thread is
                inside a batch.
            ReadOnlyError: The database is open for reading only.

        Example:
            report = await db.import_source("points.fvecs", "points", metric="l2", verify=100)
        """
        return await self._calls.long(
            lambda call: self._sync.import_source(
                source,
                name,
                format=format,
                options=options,
                metric=metric,
                dtype=dtype,
                index=index,
                scores=scores,
                model=model,
                fields=fields,
                optional_vectors=optional_vectors,
                ids=ids,
                on_duplicate=on_duplicate,
                exist_ok=exist_ok,
                resume=resume,
                strict=strict,
                verify=verify,
                dry_run=dry_run,
                batch_rows=batch_rows,
                memory_limit=memory_limit,
                threads=threads,
                progress=call.reporting(progress),
            ),
            writes=True,
        )

    @with_hints
    async def collection(
        self,
        name: str,
        *,
        metric: str | None = None,
        dim: int | None = None,
        model: str | None = None,
        payload_encoder: str | PayloadEncoder | Conversion | None = None,
    ) -> AsyncCollection:
        """An existing collection.

        Args:
            name: Its name, or an alias of it, which is followed once: the object stays with the
                collection that the alias leads to now.
            metric: The metric it should have; checked, never changed.
            dim: The dimension it should have; checked, never changed.
            model: The model that its vectors should come from, as `create_collection` was told;
                checked, never changed.
            payload_encoder: As for `vdb.open`, for this object; None: that of the database.

        Raises:
            NotFoundError: There is none of that name; the message lists the first names.
            MetricMismatchError: It has another metric; the message gives the date and release of
                that metric, and the command that changes it.
            DimensionMismatchError: It has another dimension.
            ModelMismatchError: Its vectors come from another model, or from none that is named.

        Example:
            docs = await db.collection("docs", metric="cosine")
        """
        return AsyncCollection(
            await self._calls.read(
                lambda _: self._sync.collection(
                    name, metric=metric, dim=dim, model=model, payload_encoder=payload_encoder
                )
            ),
            self._calls,
        )

    async def collections(self) -> list[str]:
        """The names of the collections, sorted."""
        return await self._calls.read(lambda _: self._sync.collections())

    async def drop_collection(self, name: str) -> None:
        """Removes a collection with all its records. Later writes use its space again.

        Raises:
            NotFoundError: There is none of that name.
            InvalidArgumentError: An alias leads to it, or the name is an alias.
            BusyError: Another writer did not finish within lock_timeout.
            ReadOnlyError: The database is open for reading only.

        Example:
            await db.drop_collection("docs")
        """
        await self._calls.write(lambda _: self._sync.drop_collection(name))

    async def rename_collection(self, name: str, new_name: str) -> None:
        """Gives a collection another name, in one commit.

        Objects of the collection go on with it, in other processes too. An alias of that name that
        leads to the collection becomes its name.

        Raises:
            NotFoundError: There is none of that name.
            CollectionExistsError: A collection, or an alias of another one, has the new name.
            InvalidArgumentError: Not a name, or the collection has an unfinished rebuild.
            BusyError: Another writer did not finish within lock_timeout.
            ReadOnlyError: The database is open for reading only.

        Example:
            await db.rename_collection("docs", "docs-2024")
        """
        await self._calls.write(lambda _: self._sync.rename_collection(name, new_name))

    async def set_alias(self, alias: str, name: str) -> None:
        """Makes a second name lead to a collection, in one commit; it may have led to another one.

        `collection` follows an alias once. So readers go over to a new collection, such as one of
        another model, as a whole, when they next ask for it. An alias is not in `collections()`.

        Args:
            alias: A name that no collection has.
            name: The collection, or another alias of it.

        Raises:
            NotFoundError: There is no such collection.
            CollectionExistsError: A collection is called like the alias.
            And as for `rename_collection`: InvalidArgumentError, BusyError, ReadOnlyError.

        Example:
            await db.set_alias("current", "docs")
        """
        await self._calls.write(lambda _: self._sync.set_alias(alias, name))

    async def drop_alias(self, alias: str) -> None:
        """Removes an alias; its collection stays.

        Raises:
            NotFoundError: There is no such alias.
            And as for `rename_collection`: BusyError, ReadOnlyError.

        Example:
            await db.set_alias("current", "docs")
            await db.drop_alias("current")
        """
        await self._calls.write(lambda _: self._sync.drop_alias(alias))

    async def aliases(self) -> dict[str, str]:
        """The aliases, sorted, with the names of the collections that they lead to.

        Example:
            assert await db.aliases() == {}
        """
        return await self._calls.read(lambda _: self._sync.aliases())

    async def info(self) -> info_module.DatabaseInfo:
        """Versions, sizes, readers and collections, as a dataclass.

        Example:
            print((await db.info()).readers)
        """
        return await self._calls.read(lambda _: self._sync.info())

    async def check(self) -> problems_module.Problems:
        """Verifies the whole database and yields every `Problem`; none when it is sound.

        Never writes, and does not stop at the first problem. The result is a lazy iterator, true
        when there is a problem; printing it verifies everything. Each step reads one moment, the
        newest where others write meanwhile; the last one is held until the iterator is exhausted or
        deleted. Takes seconds for each gigabyte.

        Example:
            assert not await db.check()
        """
        return await self._calls.long(lambda _: checked(self._sync.check()), writes=False)

    async def repair(
        self, *, threads: int | None = None, progress: Callable[[str, int, int], None] | None = None
    ) -> repair_module.RepairReport:
        """Writes a new, sound database file from the readable records, where `check` finds errors.

        Links, codes, postings and counts are rebuilt from records and vectors. A record that cannot
        be read as a whole is named in the report and left out; the damaged file stays in the
        directory as ``data.mdb.damaged-TIME``. Kept and unfinished generations are dropped.

        Args:
            threads: Number of threads that link vectors, 1..1,024; the default is one a processor.
            progress: Called with (collection, slots done, slots).

        Raises:
            BusyError: Another process has the database open, or this one reads or writes it.
            ReadOnlyError: The database is open for reading only.
            CorruptedError: The database header cannot be read.
            DiskFullError: No space is left for the new file; nothing was changed.

        Example:
            report = await db.repair()
        """
        return await self._calls.long(
            lambda call: self._sync.repair(threads=threads, progress=call.reporting(progress)),
            writes=True,
        )

    @with_hints
    async def backup(
        self,
        target: object,
        *,
        verify: bool = False,
        keep: int | None = None,
        prefix: str = "",
        storage_options: Mapping[str, object] | None = None,
        progress: Callable[[str, int, int], None] | None = None,
    ) -> report_module.BackupReport:
        """Copies the database, as of this moment, while others read and write.

        Free space is not copied, so deleted records are not in the copy. At a URL or in a store
        backups share what is equal in them: the first sends everything, later ones what changed.
        `vdb.restore` is the way back.

        Args:
            target: A new directory, as a path; a URL (``s3://``, ``gs://``, ``az://``, or
                ``file:///`` for a directory of backups), which needs ``vdb[remote]`` unless it
                begins with ``file:``; a store of obstore or a file system of fsspec; or a binary
                file to write to, ``sys.stdout.buffer`` for one.
            verify: Verify the whole copy, as ``vdb.open(verify="full")`` does, before it appears; a
                copy that is not sound is not kept. At a URL the database is checked, and everything
                is read back. Of a file that is written to, the database is checked only.
            keep: At a URL: keep the newest `keep` backups, at least 1, and remove older ones.
            prefix: Where in the store the backups are, parts separated by ``/``.
            storage_options: What obstore or fsspec takes with the URL: credentials, an endpoint.
            progress: Called with (step, bytes done, bytes); not for a new directory.

        Raises:
            CorruptedError: The copy was verified, and is not sound.
            InvalidArgumentError: There is something at that path already, or it lies inside this
                database; the URL holds backups of another one, or its library is not installed.
            RemoteError: The store cannot be read or written.
            DiskFullError: No space is left there.

        Example:
            await db.backup("copy.vdb", verify=True)
        """
        return await self._calls.long(
            lambda call: self._sync.backup(
                target,
                verify=verify,
                keep=keep,
                prefix=prefix,
                storage_options=storage_options,
                progress=call.reporting(progress),
            ),
            writes=False,
        )

    async def compact(self) -> None:
        """Rewrites the file without its free space, which returns that space to the disk.

        Raises:
            BusyError: Another process has the database open, or this one reads or writes it.
            ReadOnlyError: The database is open for reading only.
            DiskFullError: No space is left for the copy; nothing was changed.

        Example:
            await db.compact()
        """
        await self._calls.write(lambda _: self._sync.compact())

    def snapshot(self) -> AsyncSnapshot:
        """An `AsyncSnapshot` of the moment at which it is entered or awaited, for reading.

        It shows the newest commit, also inside a batch.

        Example:
            async with db.snapshot() as moment:
                docs = await moment.collection("docs")
                hits = await docs.search(q)
        """
        return AsyncSnapshot(self._sync, self._calls)
