"""Snapshots: one LMDB read transaction each, and the views that belong to its commit.

Two kinds, which differ in who waits for whom when the environment is closed:

- A *lease* (the usual kind) is open for the length of one call. Closing waits for it.
- A *held* one is given to a user, who may forget it. It is read inside ``with snapshot.use():``,
  and closing waits only for that; outside of it, closing ends the snapshot, and every later use
  raises ClosedError.

Any open snapshot keeps LMDB from using pages again that were freed since: hold none while idle.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any, NoReturn, Self

import lmdb

from vdb.errors import ClosedError
from vdb.format import keys
from vdb.format.checksums import Seal
from vdb.format.packing import DECODER_ERRORS, stream
from vdb.format.records import CUT
from vdb.records import Id, Payload
from vdb.store.chunk import chunk
from vdb.store.failures import translate
from vdb.store.reader import HasHeader, Reader
from vdb.store.views import CollectionView

if TYPE_CHECKING:
    from vdb.store.environment import Environment

__all__ = ["Snapshot"]

_NOTHING = nullcontext()


class Snapshot(Reader):
    """The database as of one commit; made by `Environment.snapshot`. A context manager.

    Threads: LMDB lets one caller at a time use a read transaction. `fetch` and `get` are safe from
    several threads all the same, because a lookup in a read transaction changes nothing in it; do
    not close a snapshot while another thread reads.
    """

    __slots__ = ("__weakref__", "_env", "_get", "_held", "_token", "_txn", "_users", "_views")

    def __init__(self, env: Environment, *, held: bool = False, inside: bool = False) -> None:
        """Begin; `inside` says that the caller is inside the gate and outlives the snapshot."""
        self._token = env.gate.token()
        self._env = env
        self._held = False  # until it is whole
        self._users: dict[int, int] = {}  # thread -> depth of `use`; each thread has its own entry
        self._txn: Any = None
        self._get: Any = None
        # From here on __del__ takes the token out again, wherever an interrupt strikes.
        if not inside:
            env.gate.enter(self._token, env.lock_timeout)
        try:
            self._txn = txn = env.file.begin_read()
            self._get = txn.get
            txn_id = txn.id()
            views = env.cache.current
            self._views = views if views.txn_id == txn_id else env.cache.at(self, txn_id)
        except BaseException:
            self.close()
            raise
        if held:
            self._held = True
            env.held.add(self)  # before leaving, so that whoever empties the gate finds it
            env.gate.leave(self._token)

    # Reader's

    @property
    def seal(self) -> Seal:
        """The seal of this database."""
        return self._env.seal

    @property
    def small_block(self) -> int:
        """Bytes of a small block."""
        return self._env.small_block

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
            raise translate(error, self._env.path) from error
        return value

    def _getter(self) -> Any:
        """LMDB's own lookup, after the checks that every use needs."""
        get = self._get
        if get is None or self._env.gate.forked or (self._held and not self._users):
            self._refuse()
        return get

    def get(self, key: bytes) -> bytes | None:
        """The raw value under a key, copied; None where there is none."""
        with self.use() if self._held else _NOTHING:
            value = self.fetch(key)
            return None if value is None else bytes(value)

    def records(
        self, collection: HasHeader, slots: list[int], *, payloads: bool = True
    ) -> list[tuple[Id, Payload]]:
        """`record` of each of these slots; the short and sound ones without a detour.

        A search reads its hits through this, so it matters: one decoder for all of them, and no
        copies. Whatever is not plain goes through `record`, which reads it or says what is wrong.
        """
        header = collection.header
        number = header.number
        kind = str if header.id_kind == "str" else int
        key_of, view_of, lookup = keys.record, self.seal.view, self._getter()
        found: list[tuple[Id, Payload]] = []
        decoder = stream()
        position = 0
        for slot in slots:
            key = key_of(number, slot)
            try:
                value = lookup(key)
            except lmdb.Error as error:
                raise translate(error, self._env.path) from error
            body = None if value is None else view_of(key, value)
            if body and body[0] != CUT:
                try:
                    decoder.feed(body)
                    position += len(body)
                    record_id = decoder.unpack()
                    payload: Payload = None
                    if decoder.tell() != position:
                        payload = decoder.unpack() if payloads else decoder.skip()
                    if type(record_id) is kind and decoder.tell() == position:
                        found.append((record_id, payload))
                        continue
                except DECODER_ERRORS:
                    pass
                decoder, position = stream(), 0
            found += super().records(collection, [slot], payloads=payloads)
        return found

    def items(self, prefix: bytes, *, start: bytes | None = None) -> Iterator[tuple[bytes, bytes]]:
        """Raw keys and values in key order, from `start` on, while `prefix` lasts.

        No cursor stays open between two steps, so a held snapshot may be closed meanwhile.
        """
        position: bytes | None = prefix if start is None else start
        while position is not None:
            with self.use():
                found, position = chunk(self._txn, prefix, position, self._env.path)
            yield from found

    def collection(self, name: str) -> CollectionView:
        """The view of a collection, good for this snapshot only.

        Raises:
            NotFoundError: No collection of that name at this commit.
        """
        with self.use() if self._held else _NOTHING:
            return self._views.view(name, self)

    def pages(self) -> tuple[int, int, int, int]:
        """Pages of the file, pages in use, key-value pairs and levels of LMDB's tree."""
        info, stat = self._env.file.engine.info(), self._txn.stat()
        used = 2 + stat["branch_pages"] + stat["leaf_pages"] + stat["overflow_pages"]
        return info["last_pgno"] + 1, used, stat["entries"], stat["depth"]

    # Lifetime

    @contextmanager
    def use(self) -> Iterator[Self]:
        """Keep the environment open while inside: around every use of a held snapshot.

        Raises:
            ClosedError, ForkError: The snapshot or its environment is gone.
        """
        env = self._env
        thread = threading.get_ident()
        depth = self._users.get(thread, 0)
        token = env.gate.token()
        try:
            if self._held and depth == 0:
                # Never while inside already: whoever empties the gate would wait for this thread.
                env.gate.enter(token, env.lock_timeout)
            if self._txn is None or env.gate.forked:
                self._refuse()
            self._users[thread] = depth + 1
            try:
                yield self
            finally:
                if depth:
                    self._users[thread] = depth
                else:
                    self._users.pop(thread, None)
        finally:
            env.gate.leave(token)

    def _refuse(self) -> NoReturn:
        self._env.gate.check()
        if self._txn is None:
            raise ClosedError("the snapshot is closed")
        raise ClosedError("a held snapshot is read inside `with snapshot.use():`")

    @property
    def closed(self) -> bool:
        """Whether it was closed, by its owner or together with the environment."""
        return self._txn is None

    def close(self) -> None:
        """End the snapshot. May be called again."""
        txn, self._txn = self._txn, None
        self._get = None
        if txn is not None and not self._env.gate.forked:
            # Never in a forked child: it would free the parent's reader slot.
            txn.abort()
        self._env.gate.leave(self._token)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def __del__(self) -> None:
        # May run half-made, in any thread, and while the interpreter is going down.
        if getattr(self, "_env", None) is not None:
            self.close()

    def __repr__(self) -> str:
        state = "closed" if self._txn is None else f"commit {self.commit}"
        return f"<Snapshot of {self._env.path}, {state}>"
