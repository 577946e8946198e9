"""An open cluster of one collection on the local engine, as far as changes of it use one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from tests.support.shard_cluster import ShardCluster
from vdb.cluster.engines.local import LocalEngine
from vdb.cluster.metadata.slots import slots_of
from vdb.errors import ShardUnavailableError, StaleMapError


class ClusterOfDocs(ShardCluster):
    """What `ClusterAccess` says, and records that go to their shards."""

    def __init__(self, folder: Path, shards: int = 2, engine: Any = None, **schema: Any):
        super().__init__(folder, shards, **schema)
        self.engine = LocalEngine() if engine is None else engine
        self.timeout = 5.0
        self.tokens = 0
        self._newest = self.map
        self._make()

    def _make(self) -> None:
        """Start the shards, and put a map that says that they are there."""
        collection = self.reload().collection("docs")
        for shard in collection.shards:
            self.call(collection, shard, "status").result()

        def made(old: Any) -> Any:
            present = old.collection("docs")
            shards = [replace(shard, new=False) for shard in present.shards]
            return old.with_changed(present.with_shards([], shards))

        self.map = self.change(made)

    @property
    def maps(self) -> Any:
        return self

    @maps.setter
    def maps(self, maps: Any) -> None:
        self._maps = maps

    # The map

    def create(self, first: Any) -> Any:
        return self._maps.create(first)

    @property
    def newest(self) -> Any:
        return self._newest

    def reload(self, seen: Any = None) -> Any:
        self._newest = self._maps.newest(self._newest)
        return self._newest

    def change(self, function: Any, *, timeout: float = 30.0) -> Any:
        self._newest = self._maps.change(function, timeout=timeout)
        return self._newest

    # The shards

    def call(
        self, collection: Any, shard: Any, method: str, /, *args: Any,
        timeout: float | None = None, **named: Any,
    ) -> Any:  # fmt: skip
        place = self.place(
            shard=shard.id,
            directory=str(self.folder / shard.disk / shard.id),
            disk=shard.disk,
            may_be_empty=shard.new,
            schema=collection.collection_schema(),
            source=collection.source_of(shard.id),
        )
        self.engine.start(place)
        return self.engine.call(shard.id, method, *args, timeout=timeout, **named)

    def forget(self, shard: str) -> None:
        pass

    def stop(self, shard: str) -> None:
        self.engine.stop(shard)

    # Records

    def write(self, operation: str, ids: Any, *columns: Any, token: str | None = None) -> None:
        """Writes rows on the shards that have their slots; again where the map moves."""
        ids = list(ids)
        self.tokens += 1
        token = token or f"test-{self.tokens}"
        todo = set(range(len(ids)))
        while todo:
            collection = self.reload().collection("docs")
            rows = sorted(todo)
            owners = collection.owners()[slots_of([ids[row] for row in rows])]
            for number in np.unique(owners).tolist():
                part = [
                    row for row, owner in zip(rows, owners.tolist(), strict=True) if owner == number
                ]
                columns_of_part = [[column[row] for row in part] for column in columns]
                shard = collection.shards[number]
                try:
                    self.call(
                        collection, shard, "write", token, operation,
                        [ids[row] for row in part], *columns_of_part,
                    ).result(30)  # fmt: skip
                except (StaleMapError, ShardUnavailableError):
                    continue
                todo -= set(part)

    def records(self) -> dict[Any, tuple[Any, Any]]:
        """All records, by asking every shard; each id is on the shard that has its slot."""
        collection = self.reload().collection("docs")
        found: dict[Any, tuple[Any, Any]] = {}
        for number, shard in enumerate(collection.shards):
            answer = self.call(collection, shard, "read", shard.generation, "ids").result()
            ids = list(answer.result)
            if ids:
                assert (collection.owners()[slots_of(ids)] == number).all()
            read = self.call(collection, shard, "read", shard.generation, "get", ids).result()
            for record in read.result:
                assert record.id not in found
                found[record.id] = (record.vector.tolist(), record.payload)
        return found

    def check(self) -> None:
        """No shard has a problem."""
        collection = self.reload().collection("docs")
        for shard in collection.shards:
            assert self.call(collection, shard, "check").result() == []

    def close(self) -> None:
        self.engine.close()
