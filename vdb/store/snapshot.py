"""Snapshots: one LMDB read transaction each, and the views that belong to its commit.

There are two kinds, which differ in what closing the environment does with them:

- A *lease* (the usual kind) is open for the length of one call. Closing waits for it.
- A *held* one is given to a user, who may forget it. It is read inside ``with snapshot.use():``,
  and closing, of it or of the environment, waits only for that; outside of it, closing ends the
  snapshot, and every later use raises ClosedError. See `snapshot_users`.

Any open snapshot keeps LMDB from reusing pages that were freed since: hold none while idle.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from threading import get_ident
from typing import Any, NoReturn, Self

import lmdb
import numpy as np
from numpy.typing import NDArray

from vdb.errors import ClosedError, CorruptedError
from vdb.kernel import read_records
from vdb.model import pauses
from vdb.model.records import Id
from vdb.store import damage, statistics
from vdb.store.files.lmdb_errors import os_errors, translate
from vdb.store.files.read_range import read_range
from vdb.store.format.checksums import Seal
from vdb.store.format.headers import DatabaseHeader
from vdb.store.format.payloads import Payloads
from vdb.store.handle import StoreHandle
from vdb.store.reader import HasHeader, Reader
from vdb.store.snapshot_users import SnapshotUsers
from vdb.store.statistics import EnvironmentStats
from vdb.store.views import CollectionView

__all__ = ["Snapshot"]

_NOTHING = nullcontext()


class Snapshot(Reader):
    """The database as of one commit; made by `Environment.snapshot`. A context manager.

    Threads: LMDB lets one caller at a time use a read transaction. `fetch` and `get` are safe from
    several threads all the same, because a lookup in a read transaction changes nothing in it. A
    lease is closed by the thread that reads it; closing a held one waits for those inside `use`.
    """

    __slots__ = (
        "__weakref__",
        "_get",
        "_handle",
        "_token",
        "_txn",
        "_users",
        "_views",
    )

    def __init__(self, handle: StoreHandle, *, held: bool = False, inside: bool = False) -> None:
        """Begin; `inside` says that the caller is inside the gate and outlives the snapshot."""
        self._token = handle.gate.token()
        self._handle = handle
        self._users: SnapshotUsers | None = None  # of a held one, once it is whole
        self._txn: Any = None
        self._get: Any = None
        # From here on __del__ takes the token out again, wherever an interrupt strikes.
        if not inside:
            handle.gate.enter(self._token, handle.lock_timeout)
        try:
            self._txn = txn = handle.file.begin_read()
            self._get = txn.get
            txn_id = txn.id()
            if not inside and handle.directory.check_reading():
                handle.file.check_reading(txn_id)
                handle.look_at_memory()
            views = handle.cache.current
            self._views = views if views.txn_id == txn_id else handle.cache.at(self, txn_id)
        except BaseException:
            self.close()
            raise
        if held:
            self._users = SnapshotUsers(handle.gate)
            # Before leaving, so that it is found when the gate is emptied.
            handle.transactions.held.add(self)
            handle.gate.leave(self._token)

    @classmethod
    def newest(cls, handle: StoreHandle, *, held: bool = False) -> Self:
        """The newest commit, also where another process made the file larger than the map.

        Raises:
            ClosedError, ForkError: The database is gone.
            BusyError: It is being rewritten, or has as many readers as there can be.
        """
        try:
            return cls(handle, held=True) if held else cls(handle)
        except lmdb.MapResizedError:
            handle.reopen()
            return cls(handle, held=held)

    # Reader's

    @property
    def seal(self) -> Seal:
        """The seal of this database."""
        return self._handle.seal

    @property
    def small_block(self) -> int:
        """Bytes of a small block."""
        return self._handle.small_block

    @property
    def database(self) -> DatabaseHeader:
        """The header of the database; shared, not to be changed."""
        return self._views.database

    @property
    def commit(self) -> int:
        """The number of the commit that is seen."""
        return self._views.database.commit

    @property
    def txn_id(self) -> int:
        """LMDB's number of the transaction that made it."""
        return self._views.txn_id

    def fetch(self, key: bytes) -> memoryview | None:
        """The value under a key, in place: void once the snapshot ends. For the kernel.

        The snapshot must be in use: a lease, or inside `use`.
        """
        try:
            value: memoryview | None = self._getter()(key)
        except lmdb.Error as error:
            raise translate(error, self._handle.path) from error
        return value

    def lookup(self) -> Callable[[bytes], memoryview | None]:
        """The same as `fetch` for many look-ups in a row, which raises LMDB's own errors."""
        getter: Callable[[bytes], memoryview | None] = self._getter()
        return getter

    def _getter(self) -> Any:
        """LMDB's own lookup, after the checks that every use needs."""
        get, users = self._get, self._users
        if get is None or self._handle.gate.forked or (users is not None and not users.threads):
            self._refuse()
        return get

    def get(self, key: bytes) -> bytes | None:
        """The raw value under a key, copied; None where there is none."""
        with _NOTHING if self._users is None else self.use():
            value = self.fetch(key)
            return None if value is None else bytes(value)

    def block_bytes(self) -> int:
        """Bytes of the file in pages of values that have pages of their own, as blocks have."""
        pages: int = self._txn.stat()["overflow_pages"]
        return pages * self._handle.page_size

    def encoded(
        self,
        collection: HasHeader,
        slots: Sequence[int] | NDArray[np.uint32],
        *,
        payloads: bool = True,
    ) -> tuple[list[Id], Payloads]:
        """Ids of the records at these slots, and their payloads, to be decoded when looked at.

        A search reads its hits through this, so speed matters: the kernel reads the plain and
        sound ones. Any other goes the long way, which reads it or reports what is wrong.
        """
        header = collection.header
        number, start, text = header.number, self.seal.start, header.id_kind == "str"
        rest = requested = np.asarray(slots, dtype=np.uint32)
        ids: list[Id] = []
        encoded: list[bytes | None] = []
        try:
            while len(rest):
                # In pieces, between which another thread can have the GIL.
                piece = rest[: pauses.piece(len(rest))]
                some, bodies = read_records(self._getter(), number, piece, start, text, payloads)
                ids += some
                encoded += bodies
                rest = rest[len(some) :]
                if len(some) < len(piece):
                    record_id, body = self._record(collection, int(rest[0]))
                    ids.append(record_id)
                    encoded.append(body if payloads else None)
                    rest = rest[1:]
        except lmdb.Error as error:
            raise translate(error, self._handle.path) from error
        return ids, self.payloads(collection, encoded, requested.tolist())

    def payloads(
        self, collection: HasHeader, encoded: list[bytes | None], slots: Sequence[int]
    ) -> Payloads:
        """Payloads of these slots as they are stored; an error of decoding says where they lie."""
        header = collection.header
        names = {header.number: header.name}
        locate = partial(damage.locate_damage, path=self._handle.path, names=names)
        return Payloads(encoded, slots, header.number, locate)

    def items(
        self, prefix: bytes, *, start: bytes | None = None, until: bytes | None = None
    ) -> Iterator[tuple[bytes, bytes]]:
        """Raw keys and values in key order, from `start` on, while `prefix` lasts.

        With `until`, the first item at or behind that key is the last.

        No cursor stays open between two steps, so a held snapshot may be closed meanwhile; closing
        waits for the step that runs.
        """
        position: bytes | None = prefix if start is None else start
        while position is not None:
            with self.use():
                items, position = read_range(self._txn, prefix, position, self._handle.path, until)
            yield from pauses.paced(items)

    def collection(self, name: str) -> CollectionView:
        """The view of a collection, good for this snapshot only.

        Raises:
            NotFoundError: No collection of that name at this commit.
        """
        if self._users is None:
            return self._views.view(name, self)
        with self.use():
            return self._views.view(name, self)

    def behind(self) -> int:
        """How many commits were made since the one that is seen, by all processes."""
        newest: int = self._handle.file.engine.info()["last_txnid"]
        return max(0, newest - self.txn_id)

    def pages(self) -> tuple[int, int, int, int]:
        """Pages of the file, pages in use, key-value pairs and levels of LMDB's tree."""
        info, stat = self._handle.file.engine.info(), self._txn.stat()
        used = 2 + stat["branch_pages"] + stat["leaf_pages"] + stat["overflow_pages"]
        return info["last_pgno"] + 1, used, stat["entries"], stat["depth"]

    def stats(self) -> EnvironmentStats:
        """Figures of the file, as of this moment as far as they belong to one."""
        with self.use(), os_errors(self._handle.path):
            return statistics.collect(self._handle.file, self.pages())

    # Lifetime

    @contextmanager
    def use(self) -> Iterator[Self]:
        """Keep snapshot and environment open while inside: around every use of a held snapshot.

        Raises:
            ClosedError, ForkError: The snapshot or its environment is gone.
            BusyError: Either was being closed for longer than lock_timeout.
        """
        gate, users = self._handle.gate, self._users
        thread = get_ident()
        depth = 0 if users is None else users.threads.get(thread, 0)
        token = gate.token()
        try:
            if users is not None:
                users.enter(thread, depth, token, self._handle.lock_timeout)
            if self._txn is None or gate.forked:
                self._refuse()
            yield self
        except CorruptedError as error:
            self.tell(error)
            raise
        finally:
            if users is not None:
                users.leave(thread, depth, token)

    def tell(self, error: BaseException) -> None:
        """Tell an error of damage where it was met; any other stays as it is."""
        damage.locate_damage(error, self._handle.path, self._views.names())

    def unused(self, timeout: float) -> AbstractContextManager[None]:
        """No thread uses a held snapshot inside; those that come wait until it is closed or free.

        Raises:
            BusyError: A thread used it for longer than `timeout`, or the calling thread does.
        """
        return _NOTHING if self._users is None else self._users.kept_out(timeout)

    def _refuse(self) -> NoReturn:
        self._handle.gate.check()
        if self._txn is None:
            raise ClosedError("the snapshot is closed")
        raise ClosedError("a held snapshot is read inside `with snapshot.use():`")

    def check(self) -> None:
        """Raise ClosedError or ForkError when it is closed."""
        if self._txn is None or self._handle.gate.forked:
            self._refuse()

    @property
    def closed(self) -> bool:
        """Whether it was closed, by its owner or together with the environment."""
        return self._txn is None

    def close(self, *, timeout: float | None = None) -> None:
        """End the snapshot; a held one once no thread uses it. May be called again.

        Raises:
            BusyError: It was used for longer than `timeout` (default: lock_timeout); it stays open.
        """
        if self._users is not None and self._txn is not None:
            with self._users.kept_out(self._handle.lock_timeout if timeout is None else timeout):
                self._end()
        else:
            self._end()

    def _end(self) -> None:
        txn, self._txn = self._txn, None
        self._get = None
        if self._users is not None:
            self._users.ended = True
        if txn is not None and not self._handle.gate.forked:
            # Never in a forked child: it would free the parent's reader slot.
            txn.abort()
        self._handle.gate.leave(self._token)
        self._token = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if error is not None:
            self.tell(error)
        if self._users is None:
            self._end()
        else:
            self.close()

    def __del__(self) -> None:
        # May run half-made, in any thread, and while the interpreter is going down. Without a
        # reference to it there is no use of it, so there is nothing to wait for.
        try:
            is_inside = self._token
        except AttributeError:
            return
        if is_inside and getattr(self, "_handle", None) is not None:
            self._end()

    def __repr__(self) -> str:
        state = "closed" if self._txn is None else f"commit {self.commit}"
        return f"<Snapshot of {self._handle.path}, {state}>"
