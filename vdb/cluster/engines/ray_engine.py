"""Shards as actors of Ray: one process a shard, on the node that has its disk.

Ray runs the processes, starts them again, and carries calls; it is never asked what is true. Actors
are detached, so that they go on when the program that started them ends, and have the cluster's id
and the shard's in their name, so that the next program finds them. A call that failed is not sent
again by Ray (`max_task_retries=0`): whether it was carried out is for the token of the write to
say.
"""

from __future__ import annotations

import platform
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, Final

from vdb.cluster.engines.base import Reply, RunningShard
from vdb.cluster.engines.ray import data, placement, session
from vdb.cluster.engines.ray.actor import Greeting, ShardActor, group_of, groups
from vdb.cluster.engines.ray.head import asked
from vdb.cluster.engines.ray.library import ray
from vdb.cluster.engines.ray.replies import RayReply, raised_error, resolved
from vdb.cluster.shards.shard_place import ShardPlace
from vdb.errors import EngineError, ShardUnavailableError, VdbError
from vdb.model.version import __version__

__all__ = ["RayEngine"]

_START: Final = 60.0
"""Seconds that a process may need to start on a busy machine."""

_FOUND: Final = 4.0
"""Seconds for one that was started before: its node may be gone without Ray's having noticed."""

_OPEN: Final = 600.0
"""Seconds for opening, which applies what the log has and the database has not."""

_SHARDS_OF_A_NODE: Final = 4
_CLOSE: Final = 5.0
_POLL: Final = 0.2


class RayEngine:
    """Starts shards on a cluster of Ray's, and calls them.

    Args:
        cluster: The id of the cluster, which the names of its actors begin with.
        address: The head's, as `ray.init` takes it. None: the connection that the process has, else
            RAY_ADDRESS or a cluster on this machine, else a Ray of its own.
        object_store_memory: Bytes of Ray's object store, for a Ray that is started here; 512 MiB.
        options: More arguments of `ray.init`, used where it is called.

    Raises:
        EngineError: Ray is not installed, does not answer, or is of another version there.

    Example:
        engine = RayEngine(map.cluster, address="10.0.0.5:6379")
    """

    def __init__(
        self,
        cluster: str,
        *,
        address: str | None = None,
        object_store_memory: int | None = None,
        **options: Any,
    ) -> None:
        """Connects."""
        self._prefix = f"{cluster}/"
        self._handles: dict[str, Any] = {}
        self._methods: dict[tuple[str, str], Any] = {}
        self._nodes: dict[str, str] = {}
        self._since: dict[str, float] = {}
        self._lock = threading.Lock()
        self._closed = False
        session.connect(address, object_store_memory, options)

    def disks(self) -> list[str]:
        """The names of the disks that the nodes have now.

        Raises:
            EngineError: Ray's head does not answer.
        """
        return list(asked(placement.disks))

    def start(self, place: ShardPlace) -> None:
        """Starts a shard on the node that has its disk, or finds the one that runs.

        Raises:
            EngineError: No node has the disk of a new shard; or the node has another version of
                vdb or Python.
            ShardUnavailableError: No node has the disk of one with records; or its process did
                not start in time, or cannot open it.
        """
        try:
            node, options = asked(placement.placed, place.disk)
        except EngineError as error:
            if place.may_be_empty:
                raise
            raise self._unavailable(place.shard, str(error), error) from None
        with self._lock:
            self._nodes[place.shard] = f"{node.address} ({place.disk})"
        handle = self._look_up(place.shard)
        if handle is not None:
            greeting = self._greeting(place.shard, handle, _FOUND)
            if _same(greeting.place, place):
                _require_same_versions(place.shard, greeting)
                return
            self.stop(place.shard)
        if place.threads is None:
            # Left to itself each shard would take all processors of the node.
            place = replace(place, threads=max(1, node.cores // _SHARDS_OF_A_NODE))
        handle = asked(self._create, place, options)
        try:
            _require_same_versions(place.shard, self._greeting(place.shard, handle, _START))
            opened = handle.open.options(concurrency_group="control").remote()
            self._reply(place.shard, opened, _OPEN).result()
        except VdbError:
            self.stop(place.shard)
            raise
        self._forget(place.shard)
        with self._lock:
            self._handles[place.shard] = handle

    def find(self, shard: str) -> bool:
        """Whether there is an actor of that shard, be it starting.

        Raises:
            EngineError: Ray's head does not answer.
        """
        return self._look_up(shard) is not None

    def call(
        self, shard: str, method: str, /, *args: Any, timeout: float | None = None, **kwargs: Any
    ) -> Reply:
        """Sends a call of a method of a shard.

        Raises:
            ShardUnavailableError: There is no actor of that shard.
        """
        group = group_of(method)
        sent = self._methods.get((shard, group))
        if sent is None:
            # Making it takes longer than all else that is done here.
            sent = self._handle(shard).call.options(concurrency_group=group)
            self._methods[shard, group] = sent
        arguments = [resolved(one) for one in args]
        named = {name: resolved(one) for name, one in kwargs.items()}
        try:
            ref = sent.remote(method, *arguments, **named)
        except ray.exceptions.RayError as error:
            raise self._unavailable(shard, "it cannot be called", error) from error
        return self._reply(shard, ref, timeout)

    def stop(self, shard: str) -> None:
        """Closes a shard and ends its process; nothing where there is none."""
        handle = self._look_up(shard)
        self._forget(shard)
        if handle is None:
            return
        with suppress(ray.exceptions.RayError):  # it is ended below; LMDB needs no closing
            ray.get(handle.close.options(concurrency_group="control").remote(), timeout=_CLOSE)
        asked(ray.kill, handle)

    def list(self) -> list[RunningShard]:
        """The shards of this cluster that run, by id.

        Raises:
            EngineError: Ray's head does not answer.
        """
        rows = asked(ray.util.list_named_actors, True)
        names = sorted(
            row["name"].removeprefix(self._prefix)
            for row in rows
            if row["namespace"] == session.NAMESPACE and row["name"].startswith(self._prefix)
        )
        return [self._running(name) for name in names]

    def each(
        self,
        function: Callable[[Any], dict[str, Any]],
        things: Sequence[Any],
        workers: int | None = None,
    ) -> Iterator[dict[str, Any]]:
        """Does something with many things in processes of Ray's; see `vdb.cluster.loading`.

        Raises:
            EngineError: Ray failed, or Ray Data is not installed.
        """
        return data.each(function, things, workers)

    def close(self) -> None:
        """Ends the connection, if it was made here; the shards go on."""
        if not self._closed:
            self._closed = True
            session.disconnect()

    # What the methods share

    def _name(self, shard: str) -> str:
        return f"{self._prefix}{shard}"

    def _look_up(self, shard: str) -> Any:
        """The actor of that name; None where there is none."""
        try:
            return asked(ray.get_actor, self._name(shard), session.NAMESPACE)
        except ValueError:
            return None

    def _handle(self, shard: str) -> Any:
        with self._lock:
            handle = self._handles.get(shard)
        if handle is None:
            handle = self._look_up(shard)
            if handle is None:
                raise self._unavailable(shard, "it is not running", None)
            with self._lock:
                self._handles[shard] = handle
        return handle

    def _create(self, place: ShardPlace, options: dict[str, Any]) -> Any:
        shard = ray.remote(concurrency_groups=groups())(ShardActor)
        return shard.options(
            name=self._name(place.shard),
            namespace=session.NAMESPACE,
            lifetime="detached",
            get_if_exists=True,  # two programs may start it at the same time
            num_cpus=0,
            max_restarts=-1,
            max_task_retries=0,
            **options,
        ).remote(place)

    def _reply(self, shard: str, ref: Any, timeout: float | None) -> RayReply:
        return RayReply(
            ref,
            timeout,
            lambda reason, error: self._unavailable(shard, reason, error),
            lambda: self._answered(shard),
        )

    def _greeting(self, shard: str, handle: Any, seconds: float) -> Greeting:
        """What an actor says of itself, once its process has started."""
        end = time.monotonic() + seconds
        while True:
            left = max(0.1, end - time.monotonic())
            ref = handle.greet.options(concurrency_group="control").remote()
            try:
                greeting: Greeting = ray.get(ref, timeout=left)
            except ray.exceptions.GetTimeoutError as error:
                raise self._unavailable(
                    shard, f"its process did not answer within {seconds:g} s", error
                ) from None
            except ray.exceptions.RayTaskError as error:
                raise raised_error(error) from None
            except ray.exceptions.ActorUnavailableError as error:
                if time.monotonic() + _POLL > end:
                    raise self._unavailable(shard, "its process does not start", error) from None
                time.sleep(_POLL)  # its process ended just now; Ray starts another
            except ray.exceptions.RayError as error:
                raise EngineError(
                    f"the shard {shard} cannot be started on {self._nodes.get(shard)}: {error}"
                ) from error
            else:
                self._answered(shard)
                return greeting

    def _running(self, shard: str) -> RunningShard:
        handle = self._handle(shard)
        try:
            ref = handle.greet.options(concurrency_group="control").remote()
            greeting = ray.get(ref, timeout=_CLOSE)
        except ray.exceptions.RayError:
            return RunningShard(shard, self._nodes.get(shard, ""), None)
        return RunningShard(shard, f"{greeting.node} ({greeting.place.disk})", greeting.since)

    def _forget(self, shard: str) -> None:
        """Looks the actor up anew at the next call."""
        with self._lock:
            self._handles.pop(shard, None)
            for one in [one for one in self._methods if one[0] == shard]:
                del self._methods[one]

    def _answered(self, shard: str) -> None:
        if shard in self._since:
            self._since.pop(shard, None)

    def _unavailable(self, shard: str, reason: str, error: BaseException | None) -> VdbError:
        """The error of a shard that does not answer; an actor that ended is looked up anew."""
        since = self._since.setdefault(shard, time.time())
        if isinstance(error, ray.exceptions.ActorDiedError):
            self._forget(shard)
        node = self._nodes.get(shard, "")
        return ShardUnavailableError(
            f"the shard {shard} on {node} does not answer: {reason}",
            shard=shard,
            node=node,
            since=since,
        )


def _same(running: ShardPlace, place: ShardPlace) -> bool:
    """Whether an actor serves that place."""
    # What may differ from map to map, and is looked up there, is no reason to open it again.
    return running == replace(
        place, schema=running.schema, may_be_empty=running.may_be_empty, threads=running.threads
    )


def _require_same_versions(shard: str, greeting: Greeting) -> None:
    """A shard of another vdb, or another Python, may understand a call in another way."""
    here, there = __version__, greeting.version
    if here != there:
        raise EngineError(
            f"the node {greeting.node} of the shard {shard} has vdb {there}, and this program "
            f"{here}; install the same on all nodes",
            expected=here,
            received=there,
        )
    ours, theirs = _minor(platform.python_version()), _minor(greeting.python)
    if ours != theirs:
        raise EngineError(
            f"the node {greeting.node} of the shard {shard} has Python {theirs}, and this program "
            f"{ours}; install the same on all nodes",
            expected=ours,
            received=theirs,
        )


def _minor(version: str) -> str:
    return ".".join(version.split(".")[:2])
