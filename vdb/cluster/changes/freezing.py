"""Writers stopped on several shards, for the last part of a change."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Final

from vdb.cluster.changes.shard_calls import ClusterAccess, on_all
from vdb.cluster.metadata.cluster_map import CollectionMap
from vdb.cluster.metadata.map_parts import ShardEntry
from vdb.errors import VdbError

__all__ = ["Stop", "frozen"]

_RENEWED: Final = 3
"""A freeze is renewed after this part of its time."""


@dataclass(slots=True)
class Stop:
    """Writers that are stopped.

    Attributes:
        thaw: Whether they are let on when the block ends, however it ends.
    """

    thaw: bool


@contextmanager
def frozen(
    access: ClusterAccess,
    collection: CollectionMap,
    shards: Sequence[ShardEntry],
    token: str,
    *,
    seconds: float,
    thaw: bool = True,
) -> Iterator[Stop]:
    """Inside the block no shard of these accepts writes; they wait, or are told that the map moves.

    The freeze is renewed while the block runs, and ends by itself `seconds` after the last time
    where this program dies. A shard that was frozen looks at the map before it accepts writes.
    `thaw` is False where the shards have no part in the cluster after the block, or nobody may
    know whether they have: then they are thawed by whoever undoes or completes the change, or
    when the time is over, after a look at the map. The block may change it.
    """
    on_all(access, collection, shards, "freeze", token, seconds)
    ended = threading.Event()

    def renew() -> None:
        while not ended.wait(seconds / _RENEWED):
            with suppress(VdbError):
                on_all(access, collection, shards, "freeze", token, seconds)

    thread = threading.Thread(target=renew, name="vdb freeze", daemon=True)
    thread.start()
    stop = Stop(thaw)
    try:
        yield stop
    finally:
        ended.set()
        thread.join()
        if stop.thaw:
            with suppress(VdbError):  # it ends by itself
                on_all(access, collection, shards, "thaw", token)
