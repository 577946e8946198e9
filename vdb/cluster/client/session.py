"""What the collections of one open cluster share: the map, the engine, and the way to a shard."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from typing import Any

from vdb.api.collection_schema import CollectionSchema
from vdb.cluster.client.map_cache import MapCache
from vdb.cluster.client.twin import Twins
from vdb.cluster.engines.base import Engine, Reply
from vdb.cluster.metadata.cluster_map import CollectionMap
from vdb.cluster.metadata.map_parts import ShardEntry
from vdb.cluster.shards.shard_place import ShardPlace
from vdb.errors import ClosedError, EngineError, ForkError, ShardUnavailableError, VdbError
from vdb.maintenance.repository.object_store import ObjectStore

__all__ = ["Session"]


class Session:
    """An open cluster, as its collections see it.

    Attributes:
        url: Its URL, as it was given.
        store: The store of its objects.
        maps: The newest map.
        engine: What runs the shards.
        twins: By which arguments are checked.
        timeout: Seconds that a call may take where it says nothing else.
        moment: The name of the moment that is read; None for the newest.
    """

    moment: str | None = None

    def __init__(
        self,
        url: str,
        store: ObjectStore,
        maps: MapCache,
        engine: Engine,
        *,
        timeout: float,
        storage_options: Mapping[str, object],
        threads: int | None = None,
        payload_encoder: Any = "strict",
    ) -> None:
        self.url, self.store, self.maps, self.engine = url, store, maps, engine
        self.timeout, self.threads = timeout, threads
        self.storage_options = dict(storage_options)
        self.twins = Twins(payload_encoder)
        self._lock = threading.Lock()
        self._started: set[str] = set()
        self._starting: dict[str, Future[None]] = {}
        self._closed = False
        self._schemas: dict[str, tuple[Mapping[str, Any], CollectionSchema]] = {}
        self._process = os.getpid()

    def check_open(self) -> None:
        """Raise ClosedError where the cluster is closed."""
        if self._closed:
            raise ClosedError(f"the cluster {self.url} is closed; open it again with cluster.open")
        if os.getpid() != self._process:
            raise ForkError(
                f"the cluster {self.url} was opened in another process, which was forked; open it "
                "here with cluster.open",
                expected=self._process,
                received=os.getpid(),
            )

    def schema(self, collection: CollectionMap) -> CollectionSchema:
        """The schema of a collection of the map, which is read once for each state of it."""
        known = self._schemas.get(collection.name)
        if known is None or known[0] is not collection.schema:
            schema = collection.collection_schema()
            known = self._schemas[collection.name] = (collection.schema, schema)
        return known[1]

    def call(
        self,
        collection: CollectionMap,
        shard: ShardEntry,
        method: str,
        /,
        *args: Any,
        timeout: float | None = None,
        **named: Any,
    ) -> Reply:
        """Call a method of a shard, which is started where it does not run.

        Raises:
            ShardUnavailableError: It cannot be started or reached.
            StaleMapError: The shard is retired.
        """
        self.start(collection, shard, timeout)
        try:
            return self.engine.call(shard.id, method, *args, timeout=timeout, **named)
        except ShardUnavailableError:
            self.forget(shard.id)  # its process has ended: the next call starts it again
            raise

    def start(
        self, collection: CollectionMap, shard: ShardEntry, timeout: float | None = None
    ) -> None:
        """Start a shard, or find the one that runs; nothing where this was done.

        Raises:
            ShardUnavailableError: It is not there after `timeout` seconds; its start goes on, and
                the next call waits for it.
        """
        if shard.id in self._started:
            return
        with self._lock:
            start = self._starting.get(shard.id)
            if start is None:
                start = self._starting[shard.id] = Future()
                # A process may take long to start, or its node be gone: not the caller's thread.
                arguments = (start, collection, shard)
                threading.Thread(
                    target=self._start, args=arguments, name=f"vdb start {shard.id}", daemon=True
                ).start()
        try:
            start.result(timeout)
        except TimeoutError as error:
            if start.done():  # its own: ShardUnavailableError is of that class, too
                raise
            raise ShardUnavailableError(
                f"shard {shard.id} on disk {shard.disk!r} is still being started",
                shard=shard.id,
                node=shard.disk,
            ) from error

    def _start(self, start: Future[None], collection: CollectionMap, shard: ShardEntry) -> None:
        """Start a shard, in a thread of its own."""
        failure: BaseException | None = None
        try:
            self.engine.start(self.place(collection, shard))
        except BaseException as error:  # noqa: BLE001 - whoever waits for it raises it
            failure = error
        with self._lock:
            self._starting.pop(shard.id, None)
            if failure is None:
                self._started.add(shard.id)
        if failure is None:
            start.set_result(None)
        else:
            start.set_exception(failure)

    def remove(self, collection: CollectionMap) -> None:
        """Stop the shards of a collection that is in the map no more, and remove their directories.

        Other programs that have them open learn it from the shards themselves. The directory of a
        shard that does not answer stays; its name is never given out again.
        """
        for shard in collection.shards:
            with suppress(VdbError):
                self.call(collection, shard, "remove", timeout=self.timeout).result(self.timeout)
            self.forget(shard.id)
            self.engine.stop(shard.id)
        self.twins.forget(collection.name)

    def forget(self, shard: str) -> None:
        """Look for the shard again at the next call: it did not answer."""
        self._started.discard(shard)

    def stop(self, shard: str) -> None:
        """Stop a shard, and forget it."""
        self.forget(shard)
        self.engine.stop(shard)

    def place(self, collection: CollectionMap, shard: ShardEntry) -> ShardPlace:
        """Where and what a shard is, for the engine.

        Raises:
            EngineError: The map does not say where its disk is, and the engine does not either.
        """
        cluster = self.maps.newest
        disk = cluster.disk(shard.disk)
        if disk.path is None:
            raise EngineError(
                f"disk {disk.label!r} has no path in the map, so shard {shard.id} has no directory",
                expected="a path",
                received=None,
            )
        return ShardPlace(
            cluster=cluster.cluster,
            url=self.url,
            collection=collection.name,
            shard=shard.id,
            directory=_directory(disk.path, shard.id),
            schema=self.schema(collection),
            storage_options=self.storage_options,
            disk=disk.label,
            may_be_empty=shard.new,
            durability=cluster.durability,
            lease=cluster.lease,
            threads=self.threads,
            source=collection.source_of(shard.id),
        )

    def close(self) -> None:
        """Close everything; the shards go on where the engine has processes of their own."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
        self.engine.close()
        self.twins.close()


def _directory(disk: str, shard: str) -> str:
    """The directory of a shard on a disk."""
    return str(Path(disk) / shard)
