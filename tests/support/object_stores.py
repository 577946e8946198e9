"""Stores of objects for tests: in memory, and one that fails at a call."""

from __future__ import annotations

import threading
import time

from vdb.errors import RemoteError
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
        assert content is None or len(content) <= most
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
