"""`vdb.open` and the public class `Database`: collections, batches, snapshots and maintenance."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from os import PathLike
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Literal, Self

from vdb.api import lazy_modules, temporary_databases
from vdb.api.collection import Collection
from vdb.api.collection_lookup import check_schema, find_view, has_collection
from vdb.api.database_access import LiveAccess
from vdb.api.paths import directory_of
from vdb.api.schema_arguments import SchemaArguments
from vdb.api.snapshot import Snapshot
from vdb.errors import CollectionExistsError, InvalidArgumentError, NotFoundError, VdbError
from vdb.index.text.analysis import Analyzers
from vdb.model import arguments, config
from vdb.model.payload_encoder import Conversion, PayloadEncoder
from vdb.model.payload_encoder import encoder as payload_encoder_of
from vdb.model.records import Progress
from vdb.model.synonyms import with_hints
from vdb.model.text_field import Analyzer, Text
from vdb.model.unpicklable import Handle
from vdb.store import Batch, Environment
from vdb.store import Snapshot as StoreSnapshot

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

__all__ = ["Database", "open", "temporary"]

_COUNTED_NAMES = 100
"""``repr()`` counts collections up to this number."""


@with_hints
def open(  # noqa: A001 - vdb.open reads as it should
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
) -> Database:
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
        db = vdb.open("notes.vdb")
    """
    timeout = config.timeout_seconds("lock_timeout", lock_timeout)
    verify = config.verification(verify)
    read_only = arguments.truth("read_only", read_only)
    create = arguments.truth("create", create)
    durability = config.durability_name(durability)
    allow_network_fs = arguments.truth("allow_network_fs", allow_network_fs)
    encoder = payload_encoder_of(payload_encoder)
    known = Analyzers(analyzers)
    in_memory = isinstance(path, str) and str.__str__(path) == temporary_databases.MEMORY
    temporary_place = (
        temporary_databases.directory(create=create, read_only=read_only) if in_memory else None
    )
    try:
        environment = Environment.open(
            directory_of(path)
            if temporary_place is None
            else temporary_place / temporary_databases.PLACE,
            create=create and not read_only,
            read_only=read_only,
            durability=durability if temporary_place is None else "relaxed",
            lock_timeout=timeout,
            allow_network_fs=allow_network_fs or in_memory,
            verify=verify,
            resident=config.resident_memory(resident),
        )
    except BaseException:
        if temporary_place is not None:
            temporary_databases.remove(temporary_place)
        raise
    database = Database(
        environment,
        lock_timeout=timeout,
        read_only=read_only,
        temporary_place=temporary_place,
        encoder=encoder,
        analyzers=known,
    )
    if verify == "full":
        from vdb.api.verification import require_sound

        require_sound(database)
    return database


@with_hints
def temporary(
    *,
    lock_timeout: float = 5.0,
    payload_encoder: str | PayloadEncoder | Conversion = "strict",
) -> Database:
    """Opens a new database for this program alone, which leaves nothing behind.

    The same as ``vdb.open(":memory:")``: a database like any other, in files among the system's
    temporary ones and without syncing. It is removed when it is closed, when nothing refers to it
    any more, or when the program ends. What a killed program leaves is removed by the first
    temporary database of a later one. `Database.backup` saves a copy.

    Args:
        lock_timeout: As for `open`.
        payload_encoder: As for `open`.

    Raises:
        DiskError: No directory can be made for it.

    Example:
        with vdb.temporary() as db:
            docs = db.create_collection("docs", dim=3, metric="cosine")
    """
    return open(
        temporary_databases.MEMORY, lock_timeout=lock_timeout, payload_encoder=payload_encoder
    )


class Database(Handle):
    """One open database: collections that are read and written together. Made by `vdb.open`.

    Also a context manager, which closes it. It may be shared between threads, but not across
    ``fork()``: a child process opens its own.
    """

    def __init__(
        self,
        environment: Environment,
        *,
        lock_timeout: float,
        read_only: bool,
        temporary_place: Path | None = None,
        encoder: PayloadEncoder | None = None,
        analyzers: Analyzers | None = None,
    ) -> None:
        self._environment = environment
        self._encoder = encoder
        self._access = LiveAccess(
            environment, lock_timeout, read_only=read_only, analyzers=analyzers
        )
        # Bound to the access, which all collections refer to: they may outlive this object.
        self._remove: Callable[[], object] | None = None
        if temporary_place is not None:
            self._remove = temporary_databases.remove_after(self._access, temporary_place)

    def _place(self) -> Path:
        return self._access.path

    @property
    def path(self) -> Path:
        """Its directory, as an absolute path."""
        return Path(self._environment.path)

    @property
    def read_only(self) -> bool:
        """Whether it was opened for reading only."""
        return self._access.read_only

    # Collections

    @with_hints
    def create_collection(
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
    ) -> Collection:
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
            notes = db.create_collection("notes", dim=384, metric="cosine", fields={"year": "int"})
        """
        encoder = self._encoder_of(payload_encoder)
        name = config.collection_name(name)
        schema = SchemaArguments(dim, metric, dtype, index, scores, model, fields, optional_vectors)
        if arguments.truth("exist_ok", exist_ok):
            with self._access.reading() as reader:
                if has_collection(reader, name):
                    return self._same_collection(reader, name, schema, encoder)
        header, generation = schema.new_records(name, self._access.analyzers)
        with self._access.writing() as batch:
            if has_collection(batch, name):
                if exist_ok:  # another process has created it meanwhile
                    return self._same_collection(batch, name, schema, encoder)
                raise CollectionExistsError(
                    f"there is a collection {name!r} already; db.collection({name!r}) opens it, "
                    "and exist_ok=True does either",
                    expected="a name that is not taken",
                    received=name,
                )
            with batch.changing():
                view = batch.create_collection(header, generation)
            return Collection(self._access, view, encoder=encoder)

    def _same_collection(
        self,
        reader: StoreSnapshot | Batch,
        name: str,
        schema: SchemaArguments,
        encoder: PayloadEncoder | None,
    ) -> Collection:
        view = find_view(reader, name)
        schema.require_same(view, self.path, self._access.analyzers)
        return Collection(self._access, view, encoder=encoder)

    @with_hints
    def import_source(
        self,
        source: str | PathLike[str] | sources_module.Source,
        name: str,
        *,
        format: str | None = None,  # noqa: A002 - the word that people look for
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
            report = db.import_source("points.fvecs", "points", metric="l2", verify=100)
        """
        self._access.check_outside("import a source")
        given = (metric, scores, dtype, index, model, fields, optional_vectors)
        how = (ids, on_duplicate, exist_ok, resume, strict, verify, dry_run, batch_rows)
        schema = importing_module.Arguments(*given)
        choices = importing_module.Options(*how, memory_limit, threads, progress)
        place = importing_module.SourceArguments(source, format, options)
        return importing_module.import_source(self, name, place, schema, choices)

    @with_hints
    def collection(
        self,
        name: str,
        *,
        metric: str | None = None,
        dim: int | None = None,
        model: str | None = None,
        payload_encoder: str | PayloadEncoder | Conversion | None = None,
    ) -> Collection:
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
            docs = db.collection("docs", metric="cosine")
        """
        name = config.collection_name(name)
        encoder = self._encoder_of(payload_encoder)
        with self._access.reading() as reader:
            view = find_view(reader, name)
            check_schema(view.header, metric=metric, dim=dim, model=model, path=self.path)
            expected = None if metric is None else view.header.metric
            return Collection(self._access, view, metric=expected, model=model, encoder=encoder)

    def _encoder_of(
        self, payload_encoder: str | PayloadEncoder | Conversion | None
    ) -> PayloadEncoder | None:
        """The encoder of a collection, which is the database's if none is asked for."""
        return self._encoder if payload_encoder is None else payload_encoder_of(payload_encoder)

    def collections(self) -> list[str]:
        """The names of the collections, sorted."""
        with self._access.reading() as reader:
            return reader.names()

    def __getitem__(self, name: str) -> Collection:
        """``db["docs"]`` is ``db.collection("docs")``."""
        return self.collection(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self.collections())

    def __contains__(self, name: object) -> bool:
        with self._access.reading() as reader:
            return has_collection(reader, name)

    def drop_collection(self, name: str) -> None:
        """Removes a collection with all its records. Later writes use its space again.

        Raises:
            NotFoundError: There is none of that name.
            InvalidArgumentError: An alias leads to it, or the name is an alias.
            BusyError: Another writer did not finish within lock_timeout.
            ReadOnlyError: The database is open for reading only.

        Example:
            db.drop_collection("docs")
        """
        name = config.collection_name(name)
        with self._access.writing() as batch:
            present = find_view(batch, name).header.name  # NotFoundError before anything changes
            aliases = [alias for alias, target in batch.aliases().items() if target == present]
            if aliases:
                raise InvalidArgumentError(
                    f"collection {present!r} has the alias {aliases[0]!r}: let it lead to another "
                    f"collection with db.set_alias, or remove it with db.drop_alias",
                    expected="a collection without an alias",
                    received=name,
                )
            with batch.changing():
                batch.drop_collection(name)

    def rename_collection(self, name: str, new_name: str) -> None:
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
            db.rename_collection("docs", "docs-2024")
        """
        name = config.collection_name(name)
        new_name = config.collection_name(new_name, "new_name")
        with self._access.writing() as batch:
            header = find_view(batch, name).header
            if header.building:
                raise InvalidArgumentError(
                    f"collection {header.name!r} has a rebuild that is running or unfinished; "
                    "rename it afterwards, or drop the rebuild with discard_rebuild()",
                    expected="no unfinished rebuild",
                    received=name,
                )
            if header.name != new_name:
                batch.require_free_name(new_name, alias_of=header.number)
                with batch.changing():
                    batch.rename_collection(header.name, new_name)

    def set_alias(self, alias: str, name: str) -> None:
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
            db.set_alias("current", "docs")
        """
        alias, name = config.collection_name(alias, "alias"), config.collection_name(name)
        with self._access.writing() as batch:
            target = find_view(batch, name).header.name
            if batch.collection_number(alias) is not None:
                raise CollectionExistsError(
                    f"there is a collection {alias!r}, so no alias can have that name",
                    expected="a name that no collection has",
                    received=alias,
                )
            with batch.changing():
                batch.put_alias(alias, target)

    def drop_alias(self, alias: str) -> None:
        """Removes an alias; its collection stays.

        Raises:
            NotFoundError: There is no such alias.
            And as for `rename_collection`: BusyError, ReadOnlyError.

        Example:
            db.set_alias("current", "docs")
            db.drop_alias("current")
        """
        alias = config.collection_name(alias, "alias")
        with self._access.writing() as batch:
            if batch.alias_number(alias) is None:
                aliases = batch.aliases()
                raise NotFoundError(
                    f"no alias {alias!r}; "
                    + (
                        f"there are {', '.join(map(repr, aliases))}" if aliases else "there is none"
                    ),
                    expected=list(aliases),
                    received=alias,
                )
            with batch.changing():
                batch.delete_alias(alias)

    def aliases(self) -> dict[str, str]:
        """The aliases, sorted, with the names of the collections that they lead to.

        Example:
            assert db.aliases() == {}
        """
        with self._access.reading() as reader:
            return reader.aliases()

    # Several calls as one

    def batch(self) -> AbstractContextManager[None]:
        """``with db.batch():`` makes all writes of this task inside it one commit, or nothing.

        Reads of this task inside the block see its own writes; all others see them after the
        commit. An exception that leaves the block undoes everything. A batch inside a batch joins
        it. The writer lock is held from the beginning to the end.

        The batch belongs to the thread and the task (of asyncio or another loop) that began it. No
        other call joins it, not even one of a task or thread that was started inside. Other threads
        wait for it. Another task of the same thread would keep it from ending, so its writes are
        refused at once. A generator that yields inside a batch leaves the batch open for the task
        that iterates; if another task continues or closes the generator, ClosedError is raised and
        the batch is undone. The database cannot be closed inside a batch.

        Raises:
            BusyError: Another writer did not finish within lock_timeout, or another task of this
                thread has a batch open.
            ClosedError: At the end of the block: it was left by another thread or task than the
                one that began it, and everything was undone. At its beginning: this object was
                entered before; each block needs a new one.
            ReadOnlyError: The database is open for reading only.
            DiskFullError: No space is left, at the end of the block.

        Example:
            with db.batch():
                docs.delete("tea")
                docs.add("cocoa", [0.7, 0.4, 0.1])
        """
        return self._access.batch()

    def snapshot(self) -> Snapshot:
        """A `Snapshot` of this moment, for reading; also a context manager.

        It shows the newest commit, also inside a batch.

        Example:
            with db.snapshot() as moment:
                hits = moment.collection("docs").search(q)
        """
        return Snapshot(self._access.pinned(), self.path)

    # Maintenance

    def info(self) -> info_module.DatabaseInfo:
        """Versions, sizes, readers and collections, as a dataclass.

        Example:
            print(db.info().readers)
        """
        from vdb import maintenance

        self._access.check_open()
        with self._environment.snapshot() as reader:
            return maintenance.database_info(
                self._environment, reader, read_only=self._access.read_only
            )

    def check(self) -> problems_module.Problems:
        """Verifies the whole database and yields every `Problem`; none when it is sound.

        Never writes, and does not stop at the first problem. The result is a lazy iterator, true
        when there is a problem; printing it verifies everything. Each step reads one moment, the
        newest where others write meanwhile; the last one is held until the iterator is exhausted or
        deleted. Takes seconds for each gigabyte.

        Example:
            assert not db.check()
        """
        from vdb.maintenance.check import check

        return problems_module.Problems(check(self._access.pinned), Path(self._environment.path))

    def repair(
        self,
        *,
        threads: int | None = None,
        progress: Callable[[str, int, int], None] | None = None,
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
            report = db.repair()
        """
        from vdb.maintenance.repair import repair

        arguments.callback("progress", progress)
        self._access.check_writable()
        self._access.check_outside("repair")
        return repair(
            self._environment,
            self._access.pinned,
            threads=config.thread_count(threads),
            progress=progress,
            analyzers=self._access.analyzers,
        )

    @with_hints
    def backup(
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
            db.backup("copy.vdb", verify=True)
        """
        from vdb.api.backup_arguments import back_up

        self._access.check_open()
        self._access.check_outside("back up")
        return back_up(
            self._environment,
            target,
            verify=arguments.truth("verify", verify),
            keep=keep,
            prefix=prefix,
            storage_options=storage_options,
            progress=progress,
        )

    def compact(self) -> None:
        """Rewrites the file without its free space, which returns that space to the disk.

        Raises:
            BusyError: Another process has the database open, or this one reads or writes it.
            ReadOnlyError: The database is open for reading only.
            DiskFullError: No space is left for the copy; nothing was changed.

        Example:
            db.compact()
        """
        self._access.check_writable()
        self._access.check_outside("compact")
        self._environment.compact()

    # Closing

    def close(self) -> None:
        """Closes the database; later use raises ClosedError. Closing again does nothing.

        Its snapshots become invalid, with all iterators over ids and records. Closing waits for
        running calls.

        Raises:
            BusyError: A running call or batch did not end within lock_timeout, or this thread has
                a batch open; the database stays open, and its snapshots too.
        """
        self._access.check_outside("close the database")
        self._access.close()
        if self._remove is not None:
            self._remove()

    def __enter__(self) -> Self:
        self._access.check_open()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        try:
            with self._access.reading() as reader:
                names = reader.names(most=_COUNTED_NAMES + 1)
        except VdbError as error:
            return f"<Database {str(self.path)!r}: {error}>"
        name_list = ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")
        mode = ", read-only" if self.read_only else ""
        bound = f"more than {_COUNTED_NAMES} collections" if len(names) > _COUNTED_NAMES else ""
        count = bound or ("1 collection" if len(names) == 1 else f"{len(names)} collections")
        summary = f" ({name_list})" if names else ""
        return f"<Database {str(self.path)!r}: {count}{summary}{mode}>"

    def _repr_html_(self) -> str:
        from vdb.api import html_cards

        return html_cards.database_table(repr(self), str(self.path), self._access.reading)
