"""Batches: one LMDB write transaction, committed whole or forgotten.

A batch belongs to the thread that began it, and to one task of it, which the floors above enforce.
Until it commits, changed blocks are heap copies in the kernel's Writers and everything else lies in
the write transaction, so aborting costs nothing and leaves nothing. Committing goes::

    1  finish the blocks of every collection that was touched
    2  put blocks, headers and generations that changed
    3  put the journal and the database header with the next commit number
    4  make sure that the disk has room, and that the path still leads to this file
    5  commit in LMDB
    6  move the handle's views on, as a reader does after the commit of another process
    7  check once more where the path leads: a commit to another file is not acknowledged
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import Self

import lmdb

from vdb.errors import (
    BusyError,
    ClosedError,
    CollectionExistsError,
    CommitUnknownError,
    NotFoundError,
    VdbError,
)
from vdb.store.commit import flush, put_commit
from vdb.store.failed_commit import after_failed_commit
from vdb.store.files.writer_lock import WriterLock
from vdb.store.format import journal, keys
from vdb.store.format.generation import GenerationRecord
from vdb.store.format.headers import CollectionHeader
from vdb.store.format.keys import KeyKind
from vdb.store.format.packing import twin
from vdb.store.format.versions import ALIAS_VERSION
from vdb.store.handle import StoreHandle
from vdb.store.snapshot import Snapshot
from vdb.store.transaction import Transaction
from vdb.store.views import build_view
from vdb.store.writable_collection import WritableCollection

__all__ = ["Batch"]


class Batch(Transaction):
    """One write transaction; made by `Environment.batch`, which holds the writer lock for it.

    A context manager: its end commits, an exception aborts. Reading sees what it has written.

    Attributes:
        base: The commit that the batch builds on, pinned while it lives; the kernel reads the
            blocks that were not changed through it.
        commit_number: The number that the batch will have when it commits.
    """

    __slots__ = (
        "_changing",
        "_collections",
        "_database",
        "_dropped",
        "_hold",
        "_token",
        "_txn_id",
        "_writer_lock",
        "base",
        "commit_number",
    )

    def __init__(self, handle: StoreHandle, writer_lock: WriterLock) -> None:
        """Begin; the caller holds the writer lock, and gives it back when this raises."""
        super().__init__(handle)
        self._writer_lock, self._hold = writer_lock, writer_lock.hold
        self._token = handle.gate.token()
        self._collections: dict[str, WritableCollection] = {}
        self._dropped: set[int] = set()
        self._changing = False
        try:
            handle.gate.enter(self._token, handle.lock_timeout)
            self._txn = handle.file.begin_write()
            self._txn_id: int = self._txn.id()
            self.base = Snapshot(handle, inside=True)
            self._database = twin(self.base.database)
            self.commit_number = self._database.commit + 1
        except BaseException:
            base, txn = getattr(self, "base", None), self._txn
            token, self._token, self._txn = self._token, 0, None
            if base is not None:
                base.close()
            if txn is not None:
                txn.abort()
            handle.gate.leave(token)
            raise

    def collection(self, name: str) -> WritableCollection:
        """A collection, to be changed; the same object every time.

        Raises:
            NotFoundError: No collection of that name, or this batch dropped it.
        """
        self.transaction()
        collection = self._collections.get(name)
        if collection is None:
            if self.collection_number(name) is None:
                raise NotFoundError(f"no collection {name!r}", received=name)
            collection = WritableCollection(self.base.collection(name))
            self._collections[name] = collection
        return collection

    def create_collection(
        self, header: CollectionHeader, generation: GenerationRecord
    ) -> WritableCollection:
        """Add a collection. Its number is set here; the header is complete otherwise.

        Raises:
            CollectionExistsError: The name is taken.
        """
        self.require_free_name(header.name)
        header.number = number = self._database.next_collection
        self._database.next_collection += 1
        self.put_sealed(keys.name(header.name), number.to_bytes(4, "little"))
        created = WritableCollection(build_view(self._database, header, generation), created=True)
        self._collections[header.name] = created
        return created

    def begin_anew(self, collection: WritableCollection, generation: GenerationRecord) -> None:
        """Put an empty generation in the place of the one in use; the header names it already.

        What the batch has written to the collection so far is forgotten, but for its header.
        """
        collection.begin_anew(build_view(self._database, collection.header.copy(), generation))

    def drop_collection(self, name: str) -> None:
        """Remove a collection with everything in it, but for aliases that lead to it.

        Raises:
            NotFoundError: No collection of that name.
        """
        number = self.collection_number(name)
        if number is None:
            raise NotFoundError(f"no collection {name!r}", received=name)
        self.delete(keys.name(name))
        for kind in KeyKind:
            if kind >= KeyKind.COLLECTION:
                self.delete_all(keys.within(kind, number))
        self._collections.pop(name, None)
        self._dropped.add(number)

    def name_of(self, number: int) -> str | None:
        """The name that a collection has in this batch; its header is put at the commit."""
        for name, collection in self._collections.items():
            if collection.header.number == number:
                return name
        return super().name_of(number)

    def rename_collection(self, name: str, new_name: str) -> None:
        """Give a collection another name.

        An alias of that name that leads to this collection becomes its name.

        Raises:
            NotFoundError: No collection of that name.
            CollectionExistsError: The new name is taken.
        """
        collection = self.collection(name)
        number = collection.header.number
        self.require_free_name(new_name, alias_of=number)
        self.delete(keys.name(name))
        self.delete(keys.alias(new_name))
        self.put_sealed(keys.name(new_name), number.to_bytes(4, "little"))
        collection.header.name = new_name
        self._collections[new_name] = self._collections.pop(name)

    def put_alias(self, alias: str, name: str) -> None:
        """Make an alias lead to a collection, whether it is new or led to another one.

        Raises:
            NotFoundError: No collection of that name.
            CollectionExistsError: A collection has the alias for its name.
        """
        number = self.collection_number(name)
        if number is None:
            raise NotFoundError(f"no collection {name!r}", received=name)
        if self.collection_number(alias) is not None:
            raise CollectionExistsError(
                f"there is a collection {alias!r}, so no alias can have that name",
                expected="a name that is not taken",
                received=alias,
            )
        self.require_format(ALIAS_VERSION)
        self.put_sealed(keys.alias(alias), number.to_bytes(4, "little"))

    def delete_alias(self, alias: str) -> None:
        """Remove an alias; nothing happens where there is none."""
        self.delete(keys.alias(alias))

    def require_free_name(self, name: str, *, alias_of: int | None = None) -> None:
        """Refuse a name that is taken.

        Raises:
            CollectionExistsError: It is the name of a collection, or an alias of another one than
                number `alias_of`.
        """
        leads_to = self.alias_number(name)
        if self.collection_number(name) is not None:
            raise CollectionExistsError(
                f"there is a collection {name!r} already",
                expected="a name that is not taken",
                received=name,
            )
        if leads_to is not None and leads_to != alias_of:
            raise CollectionExistsError(
                f"there is an alias {name!r} already, of collection {self.name_of(leads_to)!r}",
                expected="a name that is not taken",
                received=name,
            )

    @contextlib.contextmanager
    def changing(self) -> Iterator[None]:
        """One call's changes: when anything is raised inside, Ctrl-C included, `commit` refuses.

        Raises:
            BusyError: Another call is half-way through its own, and this one comes from a progress
                callback or a signal handler; nothing was changed.
        """
        if self._changing:
            raise BusyError(
                "another call is changing this batch; a progress callback may only read"
            )
        self._changing = True
        try:
            yield
        except BaseException as error:
            self.fail(error)
            raise
        finally:
            self._changing = False

    # Ending

    def commit(self) -> None:
        """Make everything durable, or nothing; the batch is over either way.

        A batch that wrote nothing ends without a commit.

        Raises:
            ClosedError: The batch is over, or broken (the cause is chained).
            DiskFullError: No room; nothing was changed.
            StaleError: The path leads no longer to the file that is open; nothing was changed.
            CommitUnknownError: The disk failed, and the message says what the database shows now;
                or the file was moved, removed or replaced in this very moment.
        """
        self.transaction()
        try:
            if self.broken:
                raise ClosedError(
                    "the batch cannot be committed, because a call inside it failed half-way: "
                    f"{self.cause!r}"
                ) from self.cause
            changed = self._flush()
            if not self.touched and not changed:
                return
            self._database.commit = self.commit_number
            put_commit(self, self._database, self.base.database, changed)
            self._handle.file.check_space(self.written, self.base.pages())
            self._handle.directory.check_late()
            self._commit_txn()
            self._publish(changed)
            self._check_path()
        finally:
            self.abort()

    def _flush(self) -> journal.Journal:
        """Steps 1 and 2; returns what was touched."""
        changed: journal.Journal = {number: {} for number in self._dropped}
        for collection in self._collections.values():
            changes = flush(self, collection, self.commit_number)
            if changes is not None:
                changed[collection.header.number] = changes
        return changed

    def _commit_txn(self) -> None:
        """Step 5."""
        txn, self._txn = self._txn, None
        try:
            txn.commit()
        except lmdb.Error as error:
            if isinstance(error, lmdb.MapFullError):
                self._handle.file.map_was_full()
            self.base.close()
            raise after_failed_commit(
                self._handle, error, self.commit_number, self.written, self._token
            ) from error

    def _publish(self, changed: journal.Journal) -> None:
        """Step 6. The commit has happened, so nothing here may say otherwise."""
        with contextlib.suppress(VdbError):
            # Under the writer lock: no other process is making the file longer at this moment.
            self._handle.file.lengthen()
        with contextlib.suppress(MemoryError):  # then the next reader moves them on
            written = {
                c.header.number: (c.header, c.generation) for c in self._collections.values()
            }
            self._handle.cache.committed(
                self._database, self._txn_id, changed, self._dropped, written
            )

    def _check_path(self) -> None:
        """Step 7."""
        try:
            self._handle.directory.check()
        except VdbError as error:
            raise CommitUnknownError(
                f"commit {self.commit_number} was written to the file that is open, and meanwhile "
                f"something was done to its place: {error}",
                expected=self.commit_number,
                received=self.commit_number,
            ) from error

    def abort(self) -> None:
        """Forget everything. May be called again, and after `commit`.

        Called by another thread, as by the garbage collector or at the end of a generator, it
        leaves that to the batch's own, as long as that one lives: LMDB's lock is the thread's, and
        no other can give it back. Until that thread next calls, no batch can begin.
        """
        if self._token == 0:
            return
        if self._handle.gate.forked:
            self._token, self._txn = 0, None
            self._collections.clear()
            return  # the transaction and the locks are the parent's
        if not self.ends_here:
            self.fail()
            if self not in self._handle.transactions.stranded:
                self._handle.transactions.stranded.append(self)
            return
        try:
            self._let_go()
        except BaseException:
            # Interrupted, for one: nothing else may stay behind. What is done is not done again.
            self._let_go()
            raise

    @property
    def ends_here(self) -> bool:
        """Whether the calling thread can end the batch: its own, or any once that one is gone."""
        return threading.get_ident() == self._thread or all(
            thread.ident != self._thread for thread in threading.enumerate()
        )

    def _let_go(self) -> None:
        txn, self._txn = self._txn, None
        self._collections.clear()
        try:
            if txn is not None:
                txn.abort()
        finally:
            self.base.close()
            self._handle.gate.leave(self._token)
            self._writer_lock.release(self._hold)
            self._token = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if error is None:
            self.commit()
        else:
            self.base.tell(error)
            self.abort()

    def __del__(self) -> None:
        # Forgotten without commit or abort: the locks must not stay with it.
        if getattr(self, "_token", 0) and getattr(self, "base", None) is not None:
            try:  # noqa: SIM105 - the names of this module may be gone
                self.abort()
            except Exception:  # noqa: BLE001, S110 - as in suppress
                pass

    def __repr__(self) -> str:
        state = "over" if self._txn is None else f"of commit {self.commit_number}"
        return f"<Batch {state} on {self._handle.path}>"
