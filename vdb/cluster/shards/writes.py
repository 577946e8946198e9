"""Writing to a shard: whole, once for each token, and several waiting writes in one commit.

A write checks the state of the shard, is applied, and leaves its token with its result, all in the
same commit. So a caller that did not hear the answer asks again with the same token, and nothing
is done twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Final

from vdb.api import filter_warning
from vdb.api.collection import Collection
from vdb.api.commit_queue import CommitQueue
from vdb.api.database import Database
from vdb.cluster.shards.journal import Journal
from vdb.cluster.shards.state import ShardState, StateRecords
from vdb.errors import InvalidArgumentError, StaleMapError
from vdb.model import inputs
from vdb.model.records import Id
from vdb.store import Batch

__all__ = ["OPERATIONS", "Writes"]

_SMALL: Final = 4096
"""Bytes that a write is taken for where nothing says how many it has."""


@dataclass
class _Commit:
    """Writes that are committed together. One thread has it."""

    state: ShardState
    changed: bool = False

    @property
    def seq(self) -> int:
        """The number of the commit."""
        return self.state.seq + 1


class Writes:
    """The writes of an open shard. Threads may share it; their writes take turns."""

    def __init__(
        self,
        db: Database,
        collection: Collection,
        state: StateRecords,
        journal: Journal,
        threads: int | None,
    ) -> None:
        self._db = db
        self._collection = collection
        self._state = state
        self._journal = journal
        self._threads = threads
        self._queue = CommitQueue()
        self._commit: _Commit | None = None  # of the thread whose batch is open

    def write(
        self,
        token: str,
        operation: str,
        args: tuple[Any, ...],
        kwargs: Mapping[str, Any],
        *,
        generation: int | None,
        timeout: float,
    ) -> tuple[Any, tuple[str, ...]]:
        """Carries a write out, unless one of that token was; its result, and remarks on filters.

        Raises:
            StaleMapError: The shard is retired or frozen, or has another generation.
            BusyError: It was not its turn within `timeout` seconds.
            VdbError: As the method of the collection; nothing was changed.
        """
        function = OPERATIONS.get(operation)
        if function is None:
            raise InvalidArgumentError(
                f"{operation!r} is no write of a shard",
                expected=sorted(OPERATIONS),
                received=operation,
            )
        remarks: list[str] = []

        def make(batch: Batch) -> Any:
            commit = self._commit
            assert commit is not None  # noqa: S101 - for mypy; true in a batch of the queue
            refuse(commit.state)
            known, result = self._state.known(token, commit.state)
            if known:
                return result
            self._require_generation(batch, generation)
            with filter_warning.remarks() as texts:
                result, ids = function(self._collection, args, self._with_threads(kwargs))
            try:
                if commit.state.journal:
                    self._journal.add(commit.seq, commit.state.writes, ids)
                numbered = replace(commit.state, seq=commit.seq)
                after = self._state.put_token(token, result, numbered)
            except BaseException as error:
                batch.fail(error)  # the write is in the batch, and its token is not
                raise
            commit.state = replace(after, seq=commit.state.seq)
            commit.changed = True
            remarks[:] = texts
            return result

        room = _room(args)
        return self._queue.run(self._begin, make, room=room, timeout=timeout), tuple(remarks)

    def change_state(self, change: Callable[[ShardState], ShardState]) -> ShardState:
        """Changes the state, in a commit of its own. Where `change` raises, nothing is."""
        with self._db.batch():
            before = self._state.read()
            after = change(before)
            if after != before:
                self._state.write(after)
        return after

    @contextmanager
    def _begin(self, room: int, _: float) -> Iterator[Batch]:
        """A batch that ends with the state of the shard after all writes in it."""
        access = self._db._access  # noqa: SLF001 - the batch that the queue looks at
        try:
            with self._db.batch(), access.writing(room=room) as batch:
                commit = self._commit = _Commit(self._state.read())
                yield batch
                if commit.changed:
                    self._state.write(replace(commit.state, seq=commit.seq))
            self._state.committed()
        except BaseException:
            self._state.undone()
            raise
        finally:
            self._commit = None

    def _require_generation(self, batch: Batch, generation: int | None) -> None:
        newest = self._collection._view(batch).generation.number  # noqa: SLF001
        if generation is not None and generation != newest:
            raise StaleMapError(
                f"generation {generation} is written to, and {newest} is in use",
                expected=newest,
                received=generation,
            )

    def _with_threads(self, kwargs: Mapping[str, Any]) -> dict[str, Any]:
        return {**kwargs, "threads": kwargs.get("threads") or self._threads}


def refuse(state: ShardState) -> None:
    """Raise StaleMapError where no writes are accepted."""
    if state.retired:
        raise StaleMapError(f"the shard is retired: {state.retired}")
    if state.frozen is not None:
        raise StaleMapError(f"the shard is frozen by {state.frozen.owner}, for a change of the map")


# Operations: what a write does, and which ids it changes

Operation = Callable[[Collection, tuple[Any, ...], dict[str, Any]], tuple[Any, list[Id]]]


def _rows(method: str) -> Operation:
    """A method of rows, with or without threads."""

    def write(
        coll: Collection, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[Any, list[Id]]:
        ids = args[0] if args else kwargs["ids"]
        if method == "set_payloads":
            del kwargs["threads"]
        return getattr(coll, method)(*args, **kwargs), inputs.id_list(ids)

    return write


def _update_payloads(
    coll: Collection, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[Any, list[Id]]:
    arguments = {**dict(zip(("ids", "changes"), args, strict=False)), **kwargs}
    where = arguments.get("where")
    ids = arguments.get("ids") if where is None else list(coll.ids(where=where))
    return coll.update_payloads(ids, arguments.get("changes")), inputs.id_list(ids)


def _delete(
    coll: Collection, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[Any, list[Id]]:
    where = kwargs.get("where")
    ids = args[0] if args else kwargs.get("ids")
    chosen = inputs.id_list(ids, ordered=False) if where is None else list(coll.ids(where=where))
    return coll.delete(chosen), chosen


def _clear(coll: Collection, _: tuple[Any, ...], __: dict[str, Any]) -> tuple[Any, list[Id]]:
    ids = list(coll.ids())
    return coll.clear(), ids


def _fields(method: str) -> Operation:
    """A method that declares a field or drops one: no record changes."""

    def write(
        coll: Collection, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[Any, list[Id]]:
        del kwargs["threads"]
        return getattr(coll, method)(*args, **kwargs), []

    return write


OPERATIONS: Final[dict[str, Operation]] = {
    "add": _rows("add"),
    "clear": _clear,
    "delete": _delete,
    "drop_field": _fields("drop_field"),
    "index_field": _fields("index_field"),
    "set_payloads": _rows("set_payloads"),
    "update_payloads": _update_payloads,
    "upsert": _rows("upsert"),
}


def _room(args: tuple[Any, ...]) -> int:
    return _SMALL + sum(getattr(one, "nbytes", 0) for one in args)
