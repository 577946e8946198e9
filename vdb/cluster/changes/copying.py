"""The records of shards in others, which take their slots, while the old ones are written to.

First every record, in the order of ids; then, in rounds, those that were changed meanwhile, which
the old shards write down. A round makes the new shard equal to the old one in these ids, whatever
was there, so nothing depends on what was copied before. Records go from shard to shard.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Event, Lock
from typing import Any, Final

import numpy as np

from vdb.cluster.changes.shard_calls import ClusterAccess, on_all, repeated
from vdb.cluster.metadata.cluster_map import CollectionMap
from vdb.cluster.metadata.map_parts import ShardEntry
from vdb.cluster.metadata.slots import SLOTS, slots_of
from vdb.cluster.shards.inherited import KnownWrites, inherited_tokens
from vdb.errors import StaleMapError
from vdb.model.records import Id

__all__ = ["Copy"]

_PAGE: Final = 2_000
"""Ids that are asked for at once."""


class Copy:
    """Copies the records of some shards of a collection to others.

    Attributes:
        copied: Records that were copied, again after each change.
    """

    def __init__(
        self,
        access: ClusterAccess,
        collection: CollectionMap,
        old: Sequence[ShardEntry],
        new: Sequence[ShardEntry],
        *,
        token: str,
        progress: Callable[[int, int], object] | None = None,
    ) -> None:
        """`progress` is called with the records that were copied and those that there are."""
        self.copied = 0
        self._access, self._collection, self._token = access, collection, token
        self._old, self._new = list(old), list(new)
        self._progress = progress
        self._total = 0
        self._lock = Lock()
        self._stopped = Event()
        self._owners = np.full(SLOTS, -1, np.int64)
        for number, shard in enumerate(self._new):
            self._owners[shard.slot_list()] = number
        self._seen: dict[str, int] = {}
        self._calls = 0
        self._handed = 0  # how often writes were
        # Of each old shard, how many writes there were, and the results of the last by token.
        self._writes: dict[str, tuple[int, dict[str, Mapping[str, Any]]]] = {
            shard.id: (0, {}) for shard in old
        }

    def begin(self) -> None:
        """Let the old shards write down what is changed from now on."""
        begun = on_all(self._access, self._collection, self._old, "begin_journal", self._token)
        self._seen = {shard: int(seq) for shard, seq in begun.items()}

    def everything(self) -> None:
        """Copy every record, of all old shards at once."""
        counts = on_all(self._access, self._collection, self._old, "read", None, "count")
        self._total = sum(answer.result for answer in counts.values())
        pool = ThreadPoolExecutor(len(self._old), "vdb copy")
        try:
            for call in [pool.submit(self._everything, shard) for shard in self._old]:
                call.result()
        finally:
            self._stopped.set()
            pool.shutdown()
            self._stopped.clear()

    def changes(self) -> int:
        """Copy what was changed since the last call, or since `begin`; how many ids that were."""
        with ThreadPoolExecutor(len(self._old), "vdb copy") as pool:
            return sum(pool.map(self._changes, self._old))

    def writes(self) -> None:
        """Let the new shards know the last writes of the old ones, so that none is made twice.

        Once before writers are stopped, so that little is left for the call when they are.
        """
        seen = {shard.id: {"since": self._writes[shard.id][0]} for shard in self._old}
        answers = on_all(self._access, self._collection, self._old, "known_writes", each=seen)
        fresh: set[str] = set()
        for shard, (tokens, writes) in answers.items():
            fresh.update(token for token, _ in tokens)
            self._writes[shard] = writes, {**self._writes[shard][1], **dict(tokens)}
        known = [
            KnownWrites(
                shard.slots,
                [one for one in self._writes[shard.id][1].items() if one[0] in fresh],
            )
            for shard in self._old
        ]
        inherited = inherited_tokens(known, [shard.slots for shard in self._new])
        each = {shard.id: {"tokens": own} for shard, own in zip(self._new, inherited, strict=True)}
        self._handed += 1
        token = f"{self._token}-tokens-{self._handed}"
        on_all(self._access, self._collection, self._new, "put_tokens", token, each=each)

    def counts(self) -> tuple[int, int]:
        """The records of the old and of the new shards, by counting them there."""
        sums = [
            sum(on_all(self._access, self._collection, shards, "record_count").values())
            for shards in (self._old, self._new)
        ]
        return sums[0], sums[1]

    def _changes(self, shard: ShardEntry) -> int:
        ids, seq = self._ask(shard, "changed_since", self._seen[shard.id])
        for start in range(0, len(ids), _PAGE):
            self._copy(shard, ids[start : start + _PAGE])
        self._seen[shard.id] = seq
        return len(ids)

    def _everything(self, shard: ShardEntry) -> None:
        last: Id | None = None
        while not self._stopped.is_set():
            answer = self._ask(shard, "read", None, "ids", limit=_PAGE, after=last)
            ids = list(answer.result)
            self._copy(shard, ids)
            with self._lock:
                self.copied += len(ids)
                if self._progress is not None:
                    self._progress(min(self.copied, self._total), self._total)
            if len(ids) < _PAGE:
                return
            last = ids[-1]

    def _copy(self, source: ShardEntry, ids: list[Id]) -> None:
        """Make the new shards equal to an old one in these ids."""
        if not ids:
            return
        owners = self._owners[slots_of(ids)]
        if (owners < 0).any():
            raise StaleMapError(f"shard {source.id} has an id of a slot that is not its own")
        parts = [
            (self._new[number], [ids[row] for row in np.flatnonzero(owners == number).tolist()])
            for number in np.unique(owners).tolist()
        ]
        if len(parts) == 1:
            self._hand_over(source, *parts[0])
            return
        with ThreadPoolExecutor(len(parts), "vdb copy") as pool:
            list(pool.map(lambda part: self._hand_over(source, *part), parts))

    def _hand_over(self, source: ShardEntry, target: ShardEntry, ids: list[Id]) -> None:
        with self._lock:
            self._calls += 1
            token = f"{self._token}-{self._calls}"

        def hand_over() -> Any:
            rows = self._access.call(self._collection, source, "rows", ids)
            return self._access.call(self._collection, target, "put_rows", token, rows).result()

        repeated(self._access, target.id, hand_over)

    def _ask(self, shard: ShardEntry, method: str, *args: Any, **named: Any) -> Any:
        return repeated(
            self._access,
            shard.id,
            lambda: self._access.call(self._collection, shard, method, *args, **named).result(),
        )
