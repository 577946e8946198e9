"""Shards in this process: each has threads of its own. Nothing is copied or pickled."""

from __future__ import annotations

import platform
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYetError
from contextlib import suppress
from dataclasses import replace
from typing import Any, Final

from vdb.cluster.engines.base import Reply, RunningShard
from vdb.cluster.shards.shard import Shard
from vdb.cluster.shards.shard_place import ShardPlace
from vdb.errors import EngineError, InvalidArgumentError, ShardUnavailableError, VdbError

__all__ = ["LocalEngine"]

_THREADS: Final = {"search": 8, "write": 16, "control": 8, "work": 4}
"""Threads of each kind of call, at most; they are started when they are needed."""

_KINDS: Final = {
    **dict.fromkeys(("read", "search", "search_many"), "search"),
    **dict.fromkeys(("put_rows", "put_tokens", "write"), "write"),
    **dict.fromkeys(("begin_journal", "changed_since", "end_journal"), "control"),
    **dict.fromkeys(("known_writes", "rows"), "control"),
    **dict.fromkeys(("freeze", "thaw", "retire", "rebuild_progress", "stop_rebuild"), "control"),
    **dict.fromkeys(("kept_generation", "record_count", "schema", "status"), "control"),
}
"""Of each method the kind; what is not here may take long."""


class LocalEngine:
    """Runs shards in threads of this process.

    A shard has threads for searches, for writes, for what changes of the cluster ask, and for what
    takes long, so that none of them waits for the others.

    Example:
        engine = LocalEngine()
        engine.start(place)
        answer = engine.call("docs-000000", "read", None, "count").result()
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: dict[str, _Running] = {}
        self._stopped: dict[str, float] = {}
        self._closed = False

    def start(self, place: ShardPlace) -> None:
        """As `Engine.start`."""
        with self._lock:
            if self._closed:
                raise EngineError("the engine is closed")
            running = self._running.get(place.shard)
            if running is not None:
                if _same(running.place, place):
                    return
                del self._running[place.shard]
        if running is not None:
            running.close()
        started = _Running(place)
        with self._lock:
            other = self._running.setdefault(place.shard, started)
            self._stopped.pop(place.shard, None)
        if other is not started:
            started.close()

    def find(self, shard: str) -> bool:
        """As `Engine.find`."""
        return shard in self._running

    def call(
        self, shard: str, method: str, /, *args: Any, timeout: float | None = None, **kwargs: Any
    ) -> Reply:
        """As `Engine.call`."""
        running = self._running.get(shard)
        if running is None:
            raise self._gone(shard)
        try:
            return running.call(method, args, kwargs, timeout)
        except RuntimeError as error:  # its threads have ended meanwhile
            if isinstance(error, VdbError):
                raise
            raise self._gone(shard) from error

    def stop(self, shard: str) -> None:
        """As `Engine.stop`."""
        with self._lock:
            running = self._running.pop(shard, None)
            if running is not None:
                self._stopped[shard] = time.time()
        if running is not None:
            running.close()

    def list(self) -> list[RunningShard]:
        """As `Engine.list`."""
        with self._lock:
            return [
                RunningShard(shard, _NODE, running.since)
                for shard, running in sorted(self._running.items())
            ]

    def close(self) -> None:
        """Closes all shards."""
        with self._lock:
            self._closed = True
            running = dict(self._running)
            self._running.clear()
        for one in running.values():
            one.close()

    def _gone(self, shard: str) -> ShardUnavailableError:
        since = self._stopped.get(shard)
        return ShardUnavailableError(
            f"shard {shard} is not running in this process", shard=shard, node=_NODE, since=since
        )


_NODE: Final = platform.node() or "this machine"


def _same(one: ShardPlace, other: ShardPlace) -> bool:
    """Whether a shard that runs is the one that is asked for."""
    # What may differ from map to map, and is looked up there, is no reason to open it again.
    return one == replace(
        other,
        schema=one.schema,
        may_be_empty=one.may_be_empty,
        threads=one.threads,
        source=one.source,
    )


class _Running:
    """A shard, and its threads."""

    def __init__(self, place: ShardPlace) -> None:
        self.place = place
        self.since = time.time()
        self._shard = Shard(place)
        self._pools = {
            kind: ThreadPoolExecutor(most, f"{place.shard} {kind}")
            for kind, most in _THREADS.items()
        }

    def call(
        self, method: str, args: tuple[Any, ...], kwargs: dict[str, Any], timeout: float | None
    ) -> Reply:
        function = None if method.startswith("_") else getattr(self._shard, method, None)
        if not callable(function):
            raise InvalidArgumentError(
                f"a shard has no method {method!r}", expected="a method", received=method
            )
        future = self._pools[_KINDS.get(method, "work")].submit(_run, function, args, kwargs)
        end = None if timeout is None else time.monotonic() + timeout
        return _LocalReply(future, self.place.shard, end)

    def close(self) -> None:
        for pool in self._pools.values():
            pool.shutdown(wait=False, cancel_futures=True)
        with suppress(VdbError):
            self._shard.close()


def _run(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Call a method, in a thread of the shard; results of other calls are waited for there."""
    if any(isinstance(one, _LocalReply) for one in args):
        args = tuple(_value(one) for one in args)
    if any(isinstance(one, _LocalReply) for one in kwargs.values()):
        kwargs = {name: _value(one) for name, one in kwargs.items()}
    return function(*args, **kwargs)


def _value(argument: Any) -> Any:
    return argument.result() if isinstance(argument, _LocalReply) else argument


class _LocalReply:
    """The result of a call in another thread."""

    __slots__ = ("_end", "_future", "_shard")

    def __init__(self, future: Future[Any], shard: str, end: float | None) -> None:
        self._future = future
        self._shard = shard
        self._end = end

    def result(self, timeout: float | None = None) -> Any:
        """As `Reply.result`."""
        if timeout is None and self._end is not None:
            timeout = max(0.0, self._end - time.monotonic())
        try:
            return self._future.result(timeout)
        except NotYetError as error:
            if isinstance(error, VdbError):
                raise  # the method's own: BusyError is of that class too
            raise self._unavailable("did not answer in time") from error
        except BaseException as error:
            if self._future.cancelled():
                raise self._unavailable("was stopped before it answered") from error
            raise

    def _unavailable(self, what: str) -> ShardUnavailableError:
        return ShardUnavailableError(
            f"shard {self._shard} {what}", shard=self._shard, node=_NODE, since=None
        )
