"""What a user does with one database: open it, make and drop collections, batch, look after it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from functools import partial
from os import PathLike
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from vdb.api import lazy_modules, temporary
from vdb.api.collection import Collection
from vdb.api.collection_lookup import check_schema, find_view, has_collection
from vdb.api.live_access import LiveAccess
from vdb.api.paths import directory_of
from vdb.api.snapshot import Snapshot
from vdb.errors import (
    CollectionExistsError,
    VdbError,
)
from vdb.index import new_generation
from vdb.index.fields.field_index import lines
from vdb.model import arguments, config
from vdb.model.filters.field_types import field_types
from vdb.model.handles import Handle
from vdb.model.metrics import metric_named
from vdb.model.spellings import with_hints
from vdb.model.version import __version__
from vdb.scores.table import convention_named
from vdb.store import Environment
from vdb.store.format.headers import CollectionHeader

if TYPE_CHECKING:
    from vdb.maintenance import info as report
    from vdb.maintenance.check import problems
    from vdb.maintenance.repair import repair as repairing
else:
    problems = lazy_modules.module("vdb.maintenance.check.problems")
    repairing = lazy_modules.module("vdb.maintenance.repair.repair")
    report = lazy_modules.module("vdb.maintenance.info")

__all__ = ["Database", "open"]

_SHOWN = 100
"""Collections that ``repr()`` counts."""


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
) -> Database:
    """Opens the database in a directory, making it if there is none.

    Opening reads a few hundred bytes, whatever the size. Any number of processes may have the same
    database open; handles of one process share what they map.

    Args:
        path: The directory. Its parent must exist. A leading ``~`` is the user's home. The word
            ":memory:" is a new database among the system's temporary files, for this program alone
            and without syncing, which is removed when it is closed; `Database.backup` keeps it.
        create: Make the database when there is none. Ignored with ``read_only``.
        read_only: Refuse all writing; works on read-only media.
        durability: "full": a commit is on the disk when the call returns. "relaxed": after a power
            cut the last commits may be missing, never half there; several times faster for small
            commits. Nothing weaker exists.
        lock_timeout: Seconds to wait for another writer, and for running searches when closing.
        allow_network_fs: Open on a network file system, where other machines must stay out.
        verify: How much is looked at before the database is used. "auto": what opening needs, and
            all of LMDB's pages where the file looks cut short; blocks and records are verified
            when they are first read. "full": everything, as `Database.check` does, and LMDB's
            pages before that: for files from elsewhere; takes seconds for each gigabyte. "off":
            as "auto", but a file that looks cut short is refused.

    Raises:
        NotFoundError: There is no database there and it is not to be made, or nowhere to make it.
        InvalidArgumentError: Something else is there, the path is a URI, or an argument is out of
            range.
        FormatVersionError: It was written in a newer format; the message names the release needed.
        CorruptedError: It is not a database, or a damaged one; with verify="full" this names the
            first problem and says how many more there are.
        UnsafeFilesystemError: It lies on a network file system.
        BusyError: It is being made or compacted by another process.
        DiskError: A file cannot be read, made or locked; DiskFullError where there is no room.

    Example:
        db = vdb.open("notes.vdb")
    """
    timeout = config.timeout_seconds("lock_timeout", lock_timeout)
    asked = config.verification(verify)
    reads = arguments.truth("read_only", read_only)
    makes = arguments.truth("create", create)
    durable = config.durability_name(durability)
    network = arguments.truth("allow_network_fs", allow_network_fs)
    brief = isinstance(path, str) and str.__str__(path) == temporary.MEMORY
    place = temporary.directory(create=makes, read_only=reads) if brief else None
    try:
        environment = Environment.open(
            directory_of(path) if place is None else place / temporary.PLACE,
            create=makes and not reads,
            read_only=reads,
            durability=durable if place is None else "relaxed",
            lock_timeout=timeout,
            allow_network_fs=network or brief,
            verify=asked,
        )
    except BaseException:
        if place is not None:
            temporary.remove(place)
        raise
    database = Database(environment, lock_timeout=timeout, read_only=reads, temporary_place=place)
    if asked == "full":
        _require_sound(database)
    return database


def _require_sound(database: Database) -> None:
    """Close a database in which a check finds a problem, and say which."""
    from vdb.maintenance.check.soundness import require_sound

    try:
        require_sound(database.check(), database.path)
    except BaseException:
        database.close()
        raise


class Database(Handle):
    """One open database: collections that are read and written together. Made by `vdb.open`.

    Also a context manager, which closes it. It may be shared between threads, and not through
    ``fork()``: a child process opens its own.
    """

    def __init__(
        self,
        environment: Environment,
        *,
        lock_timeout: float,
        read_only: bool,
        temporary_place: Path | None = None,
    ) -> None:
        self._environment = environment
        self._access = LiveAccess(environment, lock_timeout, read_only=read_only)
        # Of the access, to which all collections refer: they may outlive this object.
        self._remove: Callable[[], object] | None = None
        if temporary_place is not None:
            self._remove = temporary.remove_after(self._access, temporary_place)

    def _place(self) -> Path:
        return self._access.path

    @property
    def path(self) -> Path:
        """The directory it lies in, absolute."""
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
        dim: int,
        metric: str,
        dtype: str = "float32",
        index: config.IndexConfig | None = None,
        scores: str = "native",
        model: str | None = None,
        fields: Mapping[str, str] | None = None,
    ) -> Collection:
        """Makes an empty collection; its dimension and metric are locked from here on.

        Args:
            name: 1 to 128 characters from A-Z, a-z, 0-9, underscore, point and hyphen.
            dim: Dimension of its vectors: 1..16,000 of float32, 32,000 of float16, 64,000 of int8;
                a multiple of 8 up to 512,000 of bits.
            metric: "l2" (squared Euclidean distance), "ip" (inner product of vectors of any
                length), "cosine" (cosine similarity), "dot" (inner product of unit vectors; of
                int8 any), "l1" (Manhattan distance) or "hamming" (differing bits). There is no
                default: it belongs to the model that makes the vectors.
            dtype: How vectors are stored: "float32", "float16", "int8", or, with "hamming" and
                nothing else, "bit".
            index: `HNSW` with its parameters (the default) or `Flat`.
            scores: The convention of scores that searches use unless told otherwise.
            model: Where the vectors come from, free text, at most 1,024 bytes.
            fields: Payload fields to index for filters, with their types: "int", "float",
                "keyword" (a str), "bool", "datetime" (a str in ISO 8601), and the same with [] for
                lists, as in ``{"pep": "int", "tags": "keyword[]", "author.name": "keyword"}``.
                Payloads are held to them.

        Raises:
            CollectionExistsError: The name is taken.
            InvalidArgumentError: An argument is out of range.
            BusyError: Another writer did not finish within lock_timeout.
            ReadOnlyError: The database is open for reading only.

        Example:
            notes = db.create_collection("notes", dim=384, metric="cosine", fields={"year": "int"})
        """
        types = field_types(fields)
        name = config.collection_name(name)
        now = time.time()
        row = metric_named(metric)
        kind = config.vector_type(dtype, row)
        settings = config.fitting_index(config.index_config(index), row, kind)
        generation = new_generation(1, row.name, kind.name, settings)
        header = CollectionHeader(
            name=name,
            number=0,  # the batch gives it one
            dim=config.dimension(dim, kind),
            metric=generation.metric,
            dtype=kind.name,
            scores=convention_named(scores, row.name, dtype=kind.name, argument="scores").name,
            model=config.model_text(model),
            created=now,
            version=__version__,
            next_field=len(types) + 1,
            fields=lines(types),
        )
        header.put_to_use(generation, when=now, reason="created")
        with self._access.writing() as batch:
            if batch.collection_number(name) is not None:
                raise CollectionExistsError(
                    f"there is a collection {name!r} already; db.collection({name!r}) opens it",
                    expected="a name that is not taken",
                    received=name,
                )
            with batch.changing():
                view = batch.create_collection(header, generation)
            return Collection(self._access, view)

    @with_hints
    def collection(
        self, name: str, *, metric: str | None = None, dim: int | None = None
    ) -> Collection:
        """A collection that is there.

        Args:
            name: Its name.
            metric: The metric it should have; checked, never changed.
            dim: The dimension it should have; checked, never changed.

        Raises:
            NotFoundError: There is none of that name; the message lists the first there are.
            MetricMismatchError: It has another metric; the message says since when, by which
                version, and which command changes it.
            DimensionMismatchError: It has another dimension.

        Example:
            docs = db.collection("docs", metric="cosine")
        """
        name = config.collection_name(name)
        with self._access.reading() as reader:
            view = find_view(reader, name)
            check_schema(view.header, metric=metric, dim=dim, path=self.path)
            expected = None if metric is None else view.header.metric
            return Collection(self._access, view, metric=expected)

    def collections(self) -> list[str]:
        """The names of the collections, sorted."""
        with self._access.reading() as reader:
            return reader.names()

    def __contains__(self, name: object) -> bool:
        with self._access.reading() as reader:
            return has_collection(reader, name)

    def drop_collection(self, name: str) -> None:
        """Removes a collection with all its records. Its space is used again by later writes.

        Raises:
            NotFoundError: There is none of that name.
            BusyError: Another writer did not finish within lock_timeout.
            ReadOnlyError: The database is open for reading only.

        Example:
            db.drop_collection("docs")
        """
        name = config.collection_name(name)
        with self._access.writing() as batch:
            find_view(batch, name)  # NotFoundError before anything changes
            with batch.changing():
                batch.drop_collection(name)

    # Several calls as one

    def batch(self) -> AbstractContextManager[None]:
        """``with db.batch():`` makes all writes of this task inside it one commit, or nothing.

        Its reads see what it has written so far; everyone else sees it after the commit. An
        exception that leaves the block undoes everything. A batch inside a batch joins it. The
        writer lock is held from the beginning to the end.

        The batch is that of the thread and the task (of asyncio or another loop) that began it,
        and no other call joins it, not even one of a task or thread that was started inside.
        Other threads wait for it; another task of the same thread would keep it from ending, so
        its writes are refused at once. A generator that yields inside a batch leaves it open for
        the task that goes through it; gone on with or closed by another one, it ends in
        ClosedError and the batch is undone. The database cannot be closed inside.

        Raises:
            BusyError: Another writer did not finish within lock_timeout, or another task of this
                thread has a batch open.
            ClosedError: At the end of the block: another thread or task than the one that began it
                has come there, and everything was undone. At its beginning: this object was
                entered before; each block takes one of its own.
            ReadOnlyError: The database is open for reading only.
            DiskFullError: No space is left, at the end of the block.

        Example:
            with db.batch():
                docs.delete("tea")
                docs.add("cocoa", [0.7, 0.4, 0.1])
        """
        return self._access.batch()

    def snapshot(self) -> Snapshot:
        """This moment, held for reading: `Snapshot`, also a context manager.

        It shows what was committed, also inside a batch.

        Example:
            with db.snapshot() as moment:
                hits = moment.collection("docs").search(q)
        """
        return Snapshot(self._access.pinned(), self.path)

    # Looking after it as a whole

    def info(self) -> report.DatabaseInfo:
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

    def check(self) -> problems.Problems:
        """Walks everything and yields every `Problem`; nothing when it is sound.

        Never writes, never stops at the first. What it returns is an iterator, found while it is
        asked for, and true when there is a problem; printing it looks at everything. Each step sees
        one moment, the newest where others write meanwhile; the last is held until the iterator is
        exhausted or thrown away. Takes seconds for each gigabyte.

        Example:
            assert not db.check()
        """
        from vdb.maintenance.check import check

        return problems.Problems(check(self._access.pinned), Path(self._environment.path))

    def repair(
        self,
        *,
        threads: int | None = None,
        progress: Callable[[str, int, int], None] | None = None,
    ) -> repairing.RepairReport:
        """Makes the database anew from what can be read of it, where `check` finds errors.

        Links, codes, postings and counts are made from records and vectors. A record that cannot be
        read whole is named in the report and left out; the damaged file stays in the directory as
        ``data.mdb.damaged-TIME``. Generations that were kept or not finished are given up.

        Args:
            threads: How many threads link vectors, 1..1,024; the default is one a processor.
            progress: Called with (collection, slots done, slots).

        Raises:
            BusyError: Another process has the database open, or this one reads or writes it.
            ReadOnlyError: The database is open for reading only.
            CorruptedError: What the database says about itself cannot be read.
            DiskFullError: No space is left for the new file; nothing was changed.

        Example:
            report = db.repair()
        """
        from vdb.maintenance.repair.repair import repair

        arguments.callback("progress", progress)
        self._access.check_writable()
        self._access.check_outside("repair")
        return repair(
            self._environment,
            self._access.pinned,
            threads=config.thread_count(threads),
            progress=progress,
        )

    def backup(self, path: str | PathLike[str], *, verify: bool = False) -> None:
        """Copies the database, as of this moment, into a new directory; writers need not stop.

        Free space is not copied, so deleted records are not in the copy. Pages are copied as they
        are: damage goes with them, unless the copy is verified.

        Args:
            path: The directory to be made.
            verify: Look through the whole copy, as ``vdb.open(verify="full")`` does, before it is
                there; one that is not sound is not kept. For jobs that replace older copies.

        Raises:
            CorruptedError: The copy was verified, and is not sound.
            InvalidArgumentError: There is something at that path already, or it lies inside this
                database.
            DiskFullError: No space is left there.

        Example:
            db.backup("copy.vdb", verify=True)
        """
        self._access.check_open()
        self._access.check_outside("back up")
        judge = None
        if arguments.truth("verify", verify):
            from vdb.maintenance.check.soundness import require_sound_copy

            judge = partial(require_sound_copy, original=self._environment.path)
        self._environment.copy(directory_of(path), compact=True, judge=judge)

    def compact(self) -> None:
        """Rewrites the file without its free space, giving it back to the disk.

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

    # Its end

    def close(self) -> None:
        """Closes the database; later use raises ClosedError. Closing again does nothing.

        Its snapshots are invalidated, and walks through ids and records with them; calls that are
        running are waited for.

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
                names = reader.names(most=_SHOWN + 1)
        except VdbError as error:
            return f"<Database {str(self.path)!r}: {error}>"
        listed = ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")
        mode = ", read-only" if self.read_only else ""
        many = f"more than {_SHOWN} collections" if len(names) > _SHOWN else ""
        count = many or ("1 collection" if len(names) == 1 else f"{len(names)} collections")
        shown = f" ({listed})" if names else ""
        return f"<Database {str(self.path)!r}: {count}{shown}{mode}>"
