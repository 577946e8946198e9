"""Stores of objects for tests: in memory, and one that fails at a call."""

from __future__ import annotations

import threading
import time

from vdb.errors import CorruptedError, DiskFullError, RemoteError
from vdb.maintenance.repository.object_store import Entry


class MemoryObjects:
    """Objects in a dict, with the time of their putting, which a test may set back."""

    url = "test://objects"

    def __init__(self):
        self.objects = {}
        self.times = {}
        self._lock = threading.Lock()

    def put(self, name, content):
        with self._lock:
            self.objects[name] = bytes(content)
            self.times[name] = time.time()

    def create(self, name, content):
        with self._lock:
            if name in self.objects:
                return False
            self.objects[name] = bytes(content)
            self.times[name] = time.time()
            return True

    def get(self, name, most):
        content = self.objects.get(name)
        if content is not None and len(content) > most:
            raise CorruptedError(f"longer than {most:,} bytes", where=f"{self.url}/{name}")
        return content

    def entries(self, prefix):
        with self._lock:
            names = [name for name in self.objects if name.startswith(prefix)]
        for name in names:
            yield Entry(name, len(self.objects[name]), self.times[name])

    def delete(self, names):
        for name in names:
            with self._lock:
                self.objects.pop(name, None)
                self.times.pop(name, None)

    def tidy(self):
        pass

    def names(self, prefix=""):
        return sorted(name for name in self.objects if name.startswith(prefix))

    def age(self, seconds, prefix=""):
        """Set back the times of objects."""
        for name in self.names(prefix):
            self.times[name] -= seconds


class FailingObjects:
    """Another store, whose `at`-th call does something first: raises, or ends the process."""

    def __init__(self, store, at, failure=None):
        self._store = store
        self._at = at
        self._failure = failure or self._fail
        self._lock = threading.Lock()
        self.calls = 0

    @property
    def url(self):
        return self._store.url

    @staticmethod
    def _fail():
        raise RemoteError("the connection was lost", url="test://objects")

    def _count(self):
        with self._lock:
            self.calls += 1
            fails = self.calls == self._at
        if fails:
            self._failure()

    def put(self, name, content):
        self._count()
        self._store.put(name, content)

    def create(self, name, content):
        self._count()
        return self._store.create(name, content)

    def get(self, name, most):
        self._count()
        return self._store.get(name, most)

    def entries(self, prefix):
        self._count()
        yield from self._store.entries(prefix)

    def delete(self, names):
        self._count()
        self._store.delete(names)

    def tidy(self):
        self._store.tidy()


class UnreliableObjects(FailingObjects):
    """Another store: of every `every` calls one fails before it is done, or after.

    `failures` says which, in turn: "before" the call, or "after" it was done, so that the answer is
    lost.
    """

    def __init__(self, store, every, failures=("before", "after")):
        super().__init__(store, None)
        self._every = every
        self._failures = failures

    def _failing(self, call):
        with self._lock:
            self.calls += 1
            turn, rest = divmod(self.calls, self._every)
        failure = self._failures[turn % len(self._failures)] if rest == 0 else ""
        if failure == "before":
            self._fail()
        result = call()
        if failure == "after":
            self._fail()
        return result

    def put(self, name, content):
        self._failing(lambda: self._store.put(name, content))

    def create(self, name, content):
        return self._failing(lambda: self._store.create(name, content))

    def get(self, name, most):
        return self._failing(lambda: self._store.get(name, most))

    def entries(self, prefix):
        return iter(self._failing(lambda: list(self._store.entries(prefix))))

    def delete(self, names):
        listed = list(names)
        self._failing(lambda: self._store.delete(listed))


class SlowObjects(FailingObjects):
    """Another store, each call of which takes `seconds` longer."""

    def __init__(self, store, seconds):
        super().__init__(store, None)
        self._seconds = seconds

    def _count(self):
        time.sleep(self._seconds)


class FullObjects(FailingObjects):
    """Another store, which takes `room` bytes more and no others."""

    def __init__(self, store, room):
        super().__init__(store, None)
        self._room = room

    def _take(self, size):
        with self._lock:
            if size > self._room:
                raise DiskFullError("no space left on the disk of test://objects")
            self._room -= size

    def put(self, name, content):
        self._take(len(content))
        self._store.put(name, content)

    def create(self, name, content):
        self._take(len(content))
        return self._store.create(name, content)
