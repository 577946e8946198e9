"""Generations that shards have in use and the map does not say: those of a `clear`.

A rebuild says in the map that it is under way before a shard changes over. Clearing a collection
makes a generation, too, in one commit of each shard, and the map follows. Where the program that
cleared it ended before that, whoever asks next completes it here.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from vdb.cluster.changes.rebuild import complete_swap
from vdb.cluster.client.session import Session
from vdb.cluster.metadata.cluster_map import ClusterMap
from vdb.errors import StaleMapError

__all__ = ["follow_generations"]


def follow_generations(session: Session, name: str, timeout: float) -> ClusterMap:
    """Put the generations of a collection's shards into the map; the map that is true now.

    A rebuild that changes over is completed. Nothing where the collection is being changed
    otherwise, or a shard has another metric or dtype than the
    map says.

    Raises:
        ShardUnavailableError: A shard does not answer.
    """
    collection = session.maps.reload().collection(name)
    if collection.change is not None:
        if collection.change.stage == "swap":
            complete_swap(session, name)  # the program that began it is gone perhaps
        return session.maps.newest
    schema = session.schema(collection)
    facts: dict[str, dict[str, Any]] = {}
    for shard in collection.shards:
        one = session.call(collection, shard, "status", timeout=timeout).result(timeout)
        if (one["metric"], one["dtype"]) != (schema.metric, schema.dtype):
            return session.maps.newest
        facts[shard.id] = one

    def follow(old: ClusterMap) -> ClusterMap:
        present = old.collection(name)
        if present.change is not None or present.schema != collection.schema:
            raise StaleMapError(f"collection {name!r} is being changed")
        if present.shards != collection.shards:
            return old  # others have looked later than this
        shards = tuple(
            replace(shard, generation=max(shard.generation, facts[shard.id]["generation"]))
            if shard.id in facts
            else shard
            for shard in present.shards
        )
        if shards == present.shards:
            return old
        return old.with_changed(replace(present, shards=shards))

    return session.maps.change(follow)
