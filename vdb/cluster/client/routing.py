"""The way from a collection to its shards and back: with the newest map, again where it was old.

A read asks every shard that it needs for the generation that the map says. A shard that answers
`StaleMapError` was asked with an old map: the map is read again, and all shards are asked anew, so
that no answer is put together from two generations. A shard that does not answer is asked again
until the time is over.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from vdb.cluster.client.generations import follow_generations
from vdb.cluster.client.session import Session
from vdb.cluster.metadata.cluster_map import ClusterMap, CollectionMap
from vdb.cluster.metadata.map_parts import ShardEntry
from vdb.cluster.metadata.slots import slots_of
from vdb.errors import (
    ClosedError,
    NotFoundError,
    ShardUnavailableError,
    StaleMapError,
    VdbError,
)
from vdb.model.records import Id, Ids

__all__ = ["Call", "Gathered", "Router", "common_remarks", "seconds_left"]

FIRST_PAUSE = 0.01
LONGEST_PAUSE = 0.5
_LONG = 0.1
_DIRECT = frozenset({"search_many", "tune"})
"""Methods of a shard that are called by their own names; others are read by name."""


class Call(NamedTuple):
    """What one shard is asked: a reading method of `Collection`, and its arguments."""

    method: str
    arguments: Sequence[Any] = ()
    named: Mapping[str, Any] = {}


class Gathered(NamedTuple):
    """The answers of shards, all to one map.

    Attributes:
        results: What each shard returned, by its name, in the order of the map.
        missing: The shards that did not answer.
        remarks: What every shard has to say of a filter, as that no record has one of its fields.
    """

    results: dict[str, Any]
    missing: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


def common_remarks(answers: Iterable[Any]) -> tuple[str, ...]:
    """The remarks of the first answer, where every one has some."""
    listed = [tuple(getattr(answer, "remarks", ())) for answer in answers]
    return listed[0] if listed and all(listed) else ()


class Router:
    """The shards of one collection."""

    def __init__(self, session: Session, name: str) -> None:
        self.session = session
        self.name = name

    def collection(self) -> CollectionMap:
        """The collection in the newest map that is known.

        Raises:
            NotFoundError: It was dropped.
            ClosedError: The cluster is closed.
        """
        self.session.check_open()
        try:
            return self.session.maps.newest.collection(self.name)
        except NotFoundError:
            return self.session.maps.reload().collection(self.name)

    def owners(self, ids: Ids) -> dict[str, NDArray[np.intp]]:
        """For each shard that has some of these ids, their places among them."""
        collection = self.collection()
        owners = collection.owners()[slots_of(ids)]
        return {
            collection.shards[shard].id: np.flatnonzero(owners == shard)
            for shard in np.unique(owners).tolist()
        }

    # Reads

    def everywhere(self, call: Call, *, timeout: float, partial: bool = False) -> Gathered:
        """Ask all shards the same."""
        return self.ask(
            lambda shards: dict.fromkeys(shards, call), timeout=timeout, partial=partial
        )

    def at(self, shard: str, call: Call, *, timeout: float) -> Any:
        """Ask one shard, by its name.

        Raises:
            NotFoundError: The collection has no such shard.
        """

        def calls(shards: Iterable[str]) -> dict[str, Call]:
            if shard not in shards:
                names = ", ".join(shards)
                raise NotFoundError(
                    f"collection {self.name!r} has no shard {shard!r}; there are {names}",
                    expected=list(shards),
                    received=shard,
                )
            return {shard: call}

        return self.ask(calls, timeout=timeout).results[shard]

    def ask(
        self,
        calls: Callable[[Sequence[str]], Mapping[str, Call]],
        *,
        timeout: float,
        partial: bool = False,
    ) -> Gathered:
        """Ask shards, all with one map.

        Args:
            calls: Of the names of the shards, what each of those is asked that are; called again
                where the map has changed.
            timeout: Seconds for everything together.
            partial: Whether shards may be missing from the answer.

        Raises:
            ShardUnavailableError: A shard did not answer in time; names it.
            StaleMapError: The map went on changing until the time was over.
        """
        deadline = time.monotonic() + timeout
        pause = FIRST_PAUSE
        while True:
            cluster = self.session.maps.newest
            collection = self.collection()
            shards = {shard.id: shard for shard in collection.shards}
            asked = calls(list(shards))
            results, failed = self._asked(
                collection, [(shards[name], one) for name, one in asked.items()], deadline
            )
            stale = next((one for one in failed.values() if isinstance(one, StaleMapError)), None)
            if stale is None and self._is_replaced(cluster, shards, results):
                continue
            if not failed or (partial and stale is None):
                ordered = {name: results[name] for name in asked if name in results}
                return Gathered(
                    {name: answer.result for name, answer in ordered.items()},
                    tuple(failed),
                    common_remarks(ordered.values()),
                )
            error = next(iter(failed.values())) if stale is None else stale
            if stale is not None and self.session.moment is not None:
                raise ClosedError(
                    f"the snapshot of collection {self.name!r} is over: its shards were replaced"
                ) from stale
            if time.monotonic() + pause >= deadline:
                raise error
            pause = self.wait(cluster, pause, deadline, stale=stale is not None)

    def _is_replaced(
        self,
        cluster: ClusterMap,
        shards: Mapping[str, ShardEntry],
        results: Mapping[str, Any],
    ) -> bool:
        """Whether answers are of a generation that a newer map has replaced.

        A shard that has changed over answers from the generation before for a while, as nobody
        writes until the next map is there. After it this lacks what was written since.
        """
        if self.session.moment is not None or all(
            answer.newest == shards[name].generation for name, answer in results.items()
        ):
            return False
        return self.session.maps.reload(cluster) is not cluster

    def wait(self, cluster: ClusterMap, pause: float, deadline: float, *, stale: bool) -> float:
        """Before shards are asked again: the next map, or a pause; how long the next one is.

        Args:
            cluster: The map that was asked with.
            pause: Seconds to wait where there is no newer one.
            deadline: When the time of the call is over.
            stale: Whether a shard said that the map is old.
        """
        maps = self.session.maps
        if maps.reload(cluster) is not cluster:
            return FIRST_PAUSE
        if stale and pause >= _LONG:
            # It stays so: a program has cleared the collection, and ended before the map said so.
            with suppress(StaleMapError, ShardUnavailableError):
                if (
                    follow_generations(self.session, self.name, seconds_left(deadline))
                    is not cluster
                ):
                    return FIRST_PAUSE
        time.sleep(pause)
        return min(2 * pause, LONGEST_PAUSE)

    def _asked(
        self, collection: CollectionMap, asked: list[tuple[ShardEntry, Call]], deadline: float
    ) -> tuple[dict[str, Any], dict[str, VdbError]]:
        """The answers of shards, and the errors of those that have to be asked again."""
        replies: dict[str, Any] = {}
        results: dict[str, Any] = {}
        failed: dict[str, VdbError] = {}
        for shard, call in asked:
            try:
                direct = call.method in _DIRECT
                replies[shard.id] = self.session.call(
                    collection, shard, call.method if direct else "read", shard.generation,
                    *(() if direct else (call.method,)), *call.arguments,
                    timeout=seconds_left(deadline), **call.named,
                )  # fmt: skip
            except (ShardUnavailableError, StaleMapError) as error:
                failed[shard.id] = error
        for name, reply in replies.items():
            try:
                results[name] = reply.result(seconds_left(deadline))
            except (ShardUnavailableError, StaleMapError) as error:
                failed[name] = error
                self.session.forget(name)
        return results, failed

    def by_id(
        self, ids: list[Id], call: Callable[[list[Id]], Call], *, timeout: float
    ) -> Iterator[tuple[int, Any]]:
        """Ask the shards of some ids; the places of the ids, and what is said of each.

        Args:
            ids: The ids.
            call: Of the ids of a shard, what it is asked; it returns one thing for each.
            timeout: Seconds for everything together.
        """
        places: dict[str, NDArray[np.intp]] = {}

        def calls(_: Sequence[str]) -> dict[str, Call]:
            places.clear()
            places.update(self.owners(ids))
            return {
                shard: call([ids[place] for place in own.tolist()]) for shard, own in places.items()
            }

        for shard, results in self.ask(calls, timeout=timeout).results.items():
            yield from zip(places[shard].tolist(), results, strict=True)


def seconds_left(deadline: float) -> float:
    """Until a moment of the monotonic clock; 0 when it is over."""
    return max(0.0, deadline - time.monotonic())
