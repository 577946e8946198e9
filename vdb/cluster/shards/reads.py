"""Reading a shard: from the generation that the caller's map says, and from no other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from vdb.api import filter_warning
from vdb.api.collection import Collection
from vdb.api.collection_reader import CollectionReader
from vdb.cluster.merging.hit_columns import HitColumns, columns_of, columns_of_one
from vdb.cluster.shards.answer import Answer
from vdb.cluster.shards.pins import Generation, Pins
from vdb.errors import ClosedError, InvalidArgumentError, StaleMapError
from vdb.model.hits import Hits

__all__ = ["Reads"]

_PLAIN: Final = frozenset(
    {"bench", "count", "explain", "explain_text", "get", "info", "inspect", "inspect_record"}
    | {"more_like", "plan_rebuild", "recall", "rows_within", "search", "search_hybrid"}
    | {"search_text", "values", "__contains__", "__len__"}
)
"""Methods of a collection whose results can be sent."""

_LISTS: Final = frozenset({"ids", "scan"})
"""Those that return iterators; their items are sent, so that `limit` should be there."""

_THREADED: Final = frozenset({"bench", "recall"})


class Reads:
    """The reads of an open shard. Threads may share it."""

    def __init__(self, collection: Collection, pins: Pins, threads: int | None) -> None:
        self._collection = collection
        self._name = collection.name
        self._environment = collection._access.environment  # noqa: SLF001 - numbers of commits
        self._pins = pins
        self._threads = threads

    def newest(self) -> tuple[int, int]:
        """The number of the newest commit, and the generation in use at it."""
        with self._environment.snapshot() as reader:
            return reader.commit, reader.collection(self._name).generation.number

    def search(self, generation: Generation, q: Any, k: Any, options: Mapping[str, Any]) -> Answer:
        """A search of one query; its result is `HitColumns`."""

        def search(collection: CollectionReader) -> HitColumns:
            hits = collection.search(q, k, **options)
            if not isinstance(hits, Hits):
                raise InvalidArgumentError(
                    "groups are read with read(generation, 'search', ...)",
                    expected=None,
                    received=options.get("group_by"),
                )
            return columns_of_one(hits)

        return self._answer(generation, search)

    def search_many(
        self, generation: Generation, Q: Any, k: Any, options: Mapping[str, Any]
    ) -> Answer:
        """A search of several queries; its result is `HitColumns`."""
        threads = options.get("threads") or self._threads
        options = {**options, "threads": threads}
        return self._answer(
            generation, lambda collection: columns_of(collection.search_many(Q, k, **options))
        )

    def read(
        self,
        generation: Generation,
        method: str,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> Answer:
        """A reading method of the collection, by its name."""
        if method not in _PLAIN and method not in _LISTS:
            raise InvalidArgumentError(
                f"{method!r} is no reading method that a shard answers",
                expected=sorted(_PLAIN | _LISTS),
                received=method,
            )
        if method in _THREADED and kwargs.get("threads") is None:
            kwargs = {**kwargs, "threads": self._threads}

        def read(collection: CollectionReader) -> Any:
            result = getattr(collection, method)(*args, **kwargs)
            return list(result) if method in _LISTS else result

        with filter_warning.remarks() as remarks:
            answer = self._answer(generation, read)
        return answer._replace(remarks=tuple(remarks))

    def _answer(self, generation: Generation, read: Callable[[CollectionReader], Any]) -> Answer:
        """What is read, from one generation, or from a snapshot by its name.

        Between a change-over and its map the old generation is asked for, and answered from the
        pinned moment. A generation that is in use is not: it may be in use again, after a way back,
        and a moment of before would lack what was written since.
        """
        if isinstance(generation, str):
            moment = self._pins.get(generation)
            if moment is None:
                raise ClosedError(
                    "the snapshot is closed: its time was over, or the shard was started anew"
                )
            newest = self.newest()[1]
            return Answer(newest, newest, read(moment))
        while True:
            newest = self.newest()[1]
            if generation is not None and generation != newest:
                pinned = self._pins.get(generation)
                if pinned is not None:
                    return Answer(generation, newest, read(pinned))
                raise StaleMapError(
                    f"generation {generation} is asked for, and {newest} is in use",
                    expected=newest,
                    received=generation,
                )
            result = read(self._collection)
            if self.newest()[1] == newest:  # else it was replaced meanwhile: which one answered?
                return Answer(newest, newest, result)
