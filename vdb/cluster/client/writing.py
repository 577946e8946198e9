"""A write to several shards: with one token, so that nothing is done twice, whoever asks again.

What a shard refuses has changed nothing there. A shard that did not answer may have its part or
not, and is asked again with the same token until the time is over. Where in the end some shards
have their parts and others have not, `PartialWriteError` says which.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

from vdb.api import filter_warning
from vdb.cluster.client.routing import (
    FIRST_PAUSE,
    Call,
    Router,
    common_remarks,
    seconds_left,
)
from vdb.cluster.metadata.cluster_map import CollectionMap
from vdb.cluster.metadata.slots import slots_of
from vdb.errors import (
    BusyError,
    EngineError,
    PartialWriteError,
    ShardUnavailableError,
    StaleMapError,
    VdbError,
)
from vdb.model.records import Id, Ids

__all__ = ["EveryShard", "RowParts", "Write", "new_token"]

_ROW = re.compile(r"ids\[([0-9]+)\]")


def new_token() -> str:
    """A token that no other write has."""
    return uuid4().hex


class Parts(Protocol):
    """What each shard is to write."""

    def calls(self, collection: CollectionMap, done: Container[str]) -> dict[str, Call]:
        """By the names of shards, what those are to write that have not done it."""

    def finish(self, shard: str) -> None:
        """A shard has its part."""

    def ids(self) -> tuple[tuple[Id, ...], tuple[Id, ...]]:
        """The ids that are written, and those that are not."""

    def with_places(self, error: VdbError, shard: str) -> VdbError:
        """The error of a shard, with the places of rows in the whole call."""


class EveryShard:
    """The same for all shards."""

    def __init__(self, call: Call) -> None:
        self._call = call

    def calls(self, collection: CollectionMap, done: Container[str]) -> dict[str, Call]:
        """See `Parts`."""
        return {shard.id: self._call for shard in collection.shards if shard.id not in done}

    def finish(self, shard: str) -> None:
        """See `Parts`."""

    def ids(self) -> tuple[tuple[Id, ...], tuple[Id, ...]]:
        """See `Parts`: which ids there are only the shards know."""
        return (), ()

    def with_places(self, error: VdbError, shard: str) -> VdbError:  # noqa: ARG002 - see `Parts`
        """See `Parts`."""
        return error


class RowParts:
    """Rows, each for the shard of its id."""

    def __init__(
        self,
        ids: Ids,
        call: Callable[[NDArray[np.intp]], Call],
        finished: Callable[[int], object] | None = None,
    ) -> None:
        """Of the places of some rows, `call` makes what is written.

        `finished` is called with the number of rows that are written so far.
        """
        self._ids, self._call, self._finished = ids, call, finished
        self._slots = slots_of(ids)
        self._left = np.ones(len(ids), dtype=np.bool_)
        self._places: dict[str, NDArray[np.intp]] = {}

    def calls(
        self,
        collection: CollectionMap,
        done: Container[str],  # noqa: ARG002 - see `Parts`; here it is rows that are done
    ) -> dict[str, Call]:
        """See `Parts`; a row that is left goes where the map says now."""
        owners = collection.owners()[self._slots]
        calls = {}
        for position in np.unique(owners[self._left]).tolist():
            shard = collection.shards[position].id
            self._places[shard] = np.flatnonzero((owners == position) & self._left)
            calls[shard] = self._call(self._places[shard])
        return calls

    def finish(self, shard: str) -> None:
        """See `Parts`."""
        self._left[self._places[shard]] = False
        if self._finished is not None:
            self._finished(int(np.count_nonzero(~self._left)))

    def ids(self) -> tuple[tuple[Id, ...], tuple[Id, ...]]:
        """See `Parts`."""
        return tuple(self._chosen(~self._left)), tuple(self._chosen(self._left))

    def _chosen(self, rows: NDArray[np.bool_]) -> Iterator[Id]:
        return (self._ids[place] for place in np.flatnonzero(rows).tolist())

    def with_places(self, error: VdbError, shard: str) -> VdbError:
        """See `Parts`."""
        places = self._places.get(shard)
        if places is None:
            return error
        match = _ROW.match(error.message)
        if match and int(match[1]) < len(places):
            error.message = f"ids[{places[int(match[1])]}]{error.message[match.end() :]}"
        row = getattr(error, "row", None)
        if isinstance(row, int) and 0 <= row < len(places):
            error.row = int(places[row])  # type: ignore[attr-defined]
        return error


@dataclass(slots=True)
class Write:
    """One write, until every shard has its part or says no.

    Attributes:
        router: The shards.
        parts: What each of them is to write.
        token: The token of the write.
        timeout: Seconds for everything together.
        done: The answers of shards that have their part.
        refused: The errors of those that have not, and never will.
        unsure: The shards that may have it, or not.
    """

    router: Router
    parts: Parts
    token: str
    timeout: float
    done: dict[str, Any] = field(default_factory=dict)
    refused: dict[str, VdbError] = field(default_factory=dict)
    unsure: set[str] = field(default_factory=set)

    def run(self) -> list[Any]:
        """Write; what each shard returned.

        Raises:
            PartialWriteError: Some shards have their part, or may have, and others have not.
            ShardUnavailableError: No shard has been reached, and nothing was written.
            VdbError: What a shard has refused with; nothing was written.
        """
        deadline = time.monotonic() + self.timeout
        maps = self.router.session.maps
        pause = FIRST_PAUSE
        while True:
            cluster = maps.newest
            waiting = self._round(deadline)
            if not waiting and not self.refused:
                for text in common_remarks(self.done.values()):
                    filter_warning.remark(text)
                return [answer.result for answer in self.done.values()]
            if not waiting or time.monotonic() + pause >= deadline:
                self._fail({**self.refused, **waiting})
            stale = any(isinstance(error, StaleMapError) for error in waiting.values())
            pause = self.router.wait(cluster, pause, deadline, stale=stale)

    def _round(self, deadline: float) -> dict[str, VdbError]:
        """Ask the shards that have not done their part; the errors of those to ask again."""
        session, collection = self.router.session, self.router.collection()
        entries = {shard.id: shard for shard in collection.shards}
        waiting: dict[str, VdbError] = {}
        replies: dict[str, Any] = {}
        for name, call in self.parts.calls(collection, self.done).items():
            if name in self.refused:
                continue
            try:
                replies[name] = session.call(
                    collection, entries[name], "write", self.token, call.method, *call.arguments,
                    timeout=seconds_left(deadline), generation=entries[name].generation,
                    **call.named,
                )  # fmt: skip
            except (ShardUnavailableError, StaleMapError) as error:
                waiting[name] = error
        for name, reply in replies.items():
            try:
                self.done[name] = reply.result(seconds_left(deadline))
            except (ShardUnavailableError, EngineError) as error:
                waiting[name] = error
                self.unsure.add(name)
                session.forget(name)
            except (StaleMapError, BusyError) as error:
                waiting[name] = error
            except VdbError as error:
                self.refused[name] = error
            else:
                self.unsure.discard(name)
                self.parts.finish(name)
        return waiting

    def _fail(self, errors: dict[str, VdbError]) -> None:
        """Raise what became of the write."""
        name, first = next(iter(errors.items()))
        if not self.done and not self.unsure:
            raise self.parts.with_places(first, name)
        written, failed = self.parts.ids()
        verb = "has" if len(errors) == 1 else "have"
        raise PartialWriteError(
            f"{len(self.done)} shards of collection {self.router.name!r} have their part of this "
            f"write, and {', '.join(errors)} {verb} not, or may not: {first}; the same call with "
            f"token={self.token!r} finishes it, and does nothing twice",
            done=written,
            failed=failed,
            token=self.token,
        ) from first
