"""An engine whose shards die, and a store whose calls do, when a test says so.

A death is one of these, at a call that is counted down to:

========  ==========================================================================================
before    the shard is dead before the call is carried out
after     the call is carried out, the answer is lost, and the shard is dead
refused   the shard is not reached, and lives
lost      the call is carried out, the answer is lost, and the shard lives
slow      the answer takes a while
caller    the caller is dead before the call is sent: `Dead` is raised, which nothing catches
sent      the caller is dead after the call was carried out
========  ==========================================================================================

A shard that is dead is closed, and starts again from its directory alone.
"""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager, suppress
from typing import Any

from vdb.errors import RemoteError, ShardUnavailableError, VdbError

FAULTS = ("before", "after", "refused", "lost", "slow")
DEATHS = ("caller", "sent")
SLOW = 0.02
NODE = "here"


class Dead(BaseException):
    """What calls is dead: its memory is gone, and nothing in it goes on."""


class Countdown:
    """Does something at the n-th thing that happens from now on. Threads may share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._left: int | None = None
        self._fault = ""
        self._times = 1
        self.happened = ""  # the last fault that did

    def arm(self, at: int, fault: str, times: int = 1) -> None:
        """From the `at`-th from now (1 is the next one) that fault happens, so many times."""
        with self._lock:
            self._left, self._fault, self._times, self.happened = at, fault, times, ""

    def disarm(self) -> None:
        """Nothing happens any more."""
        with self._lock:
            self._left = None

    def tick(self) -> str:
        """The fault that happens now; "" for none."""
        with self._lock:
            if self._left is None:
                return ""
            self._left -= 1
            if self._left > 0:
                return ""
            if self._left <= 1 - self._times:
                self._left = None
            self.happened = self._fault
            return self._fault


class FaultyEngine:
    """Another engine, and the faults that a test wants of it.

    Attributes:
        calls: Counts calls of shards and starts.
    """

    def __init__(self, engine: Any) -> None:
        self.inner = engine
        self.calls = Countdown()
        self.roles = Roles()

    def start(self, place: Any) -> None:
        """As `Engine.start`; a shard that cannot be reached is not started."""
        fault = self.calls.tick()
        self._caller_before(fault)
        if fault in ("before", "refused", "after", "lost"):
            raise _unavailable(place.shard)
        with self.roles.playing(place.shard):
            self.inner.start(place)
        self._caller_after(fault)

    def find(self, shard: str) -> bool:
        """As `Engine.find`."""
        return bool(self.inner.find(shard))

    def call(
        self, shard: str, method: str, /, *args: Any, timeout: float | None = None, **kwargs: Any
    ) -> Any:
        """As `Engine.call`."""
        if any(isinstance(one, _Lost) for one in (*args, *kwargs.values())):
            return _Lost(shard)  # what it was to be called with never came
        args = tuple(map(_inner, args))
        kwargs = {name: _inner(one) for name, one in kwargs.items()}
        fault = self.calls.tick()
        self._caller_before(fault)
        if fault == "before":
            self.kill(shard)
        if fault in ("before", "refused"):
            raise _unavailable(shard)
        reply = self.inner.call(shard, method, *args, timeout=timeout, **kwargs)
        if fault in ("after", "lost", "sent"):
            self._carried_out(reply)
        if fault == "after":
            self.kill(shard)
        self._caller_after(fault)
        if fault in ("after", "lost"):
            return _Lost(shard)
        if fault == "slow":
            return _Slow(reply)
        return _Deadly(self, shard, reply)

    @staticmethod
    def _carried_out(reply: Any) -> None:
        with suppress(VdbError, Dead):  # nobody hears it
            reply.result(60.0)

    @staticmethod
    def _caller_before(fault: str) -> None:
        if fault == "caller":
            raise Dead

    @staticmethod
    def _caller_after(fault: str) -> None:
        if fault == "sent":
            raise Dead

    def kill(self, shard: str) -> None:
        """The shard's process is no more; calls that wait for it end."""
        self.inner.stop(shard)

    def kill_all(self) -> None:
        """All shards are."""
        for running in self.inner.list():
            self.kill(running.shard)

    def stop(self, shard: str) -> None:
        """As `Engine.stop`."""
        self.inner.stop(shard)

    def list(self) -> Any:
        """As `Engine.list`."""
        return self.inner.list()

    def close(self) -> None:
        """Does nothing: another caller goes on with the shards. `end` closes them."""

    def end(self) -> None:
        """Closes all shards."""
        self.inner.close()


class _Lost:
    """A reply that never comes."""

    def __init__(self, shard: str) -> None:
        self._shard = shard

    def result(self, timeout: float | None = None) -> Any:
        raise _unavailable(self._shard)


class _Slow:
    def __init__(self, reply: Any) -> None:
        self._reply = reply

    def result(self, timeout: float | None = None) -> Any:
        time.sleep(SLOW)
        return self._reply.result(timeout)


class _Deadly:
    """A reply of a shard that may have died over the call: by a fault of its store."""

    def __init__(self, engine: FaultyEngine, shard: str, reply: Any) -> None:
        self._engine = engine
        self._shard = shard
        self._reply = reply

    def result(self, timeout: float | None = None) -> Any:
        try:
            return self._reply.result(timeout)
        except Dead:
            self._engine.kill(self._shard)
            raise _unavailable(self._shard) from None


def _inner(argument: Any) -> Any:
    """The reply of the engine itself: it knows its own as arguments."""
    return argument._reply if isinstance(argument, _Deadly | _Slow) else argument


def _unavailable(shard: str) -> ShardUnavailableError:
    return ShardUnavailableError(
        f"shard {shard} does not answer: so the test", shard=shard, node=NODE, since=time.time()
    )


class Roles:
    """Who opens a store: a shard while it is started, else the caller."""

    def __init__(self) -> None:
        self._local = threading.local()

    @contextmanager
    def playing(self, role: str) -> Any:
        before = self.now
        self._local.role = role
        try:
            yield
        finally:
            self._local.role = before

    @property
    def now(self) -> str:
        """The name of the shard, or "caller"."""
        return getattr(self._local, "role", "caller")


class FaultyObjects:
    """Another store, whose calls meet the faults of its owner.

    before: the call is not carried out, and an error says so. after: it is carried out, and an
    error says that it was not. caller and sent: the owner dies before the call, or after it.
    """

    def __init__(self, store: Any, calls: Countdown) -> None:
        self._store = store
        self._calls = calls

    @property
    def url(self) -> str:
        return str(self._store.url)

    def _do(self, call: Any) -> Any:
        fault = self._calls.tick()
        if fault == "caller":
            raise Dead
        if fault in ("before", "refused"):
            raise RemoteError("the connection was refused: so the test", url=self.url)
        if fault == "slow":
            time.sleep(SLOW)
        result = call()
        if fault == "sent":
            raise Dead
        if fault in ("after", "lost"):
            raise RemoteError("the connection was lost: so the test", url=self.url)
        return result

    def put(self, name: str, content: bytes) -> None:
        self._do(lambda: self._store.put(name, content))

    def create(self, name: str, content: bytes) -> Any:
        return self._do(lambda: self._store.create(name, content))

    def get(self, name: str, most: int) -> Any:
        return self._do(lambda: self._store.get(name, most))

    def entries(self, prefix: str) -> Any:
        return iter(self._do(lambda: list(self._store.entries(prefix))))

    def delete(self, names: Any) -> None:
        listed = list(names)
        self._do(lambda: self._store.delete(listed))

    def tidy(self) -> None:
        self._store.tidy()
