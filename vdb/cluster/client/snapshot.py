"""One moment of a cluster, for reading."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, cast
from uuid import uuid4

from vdb.api.snapshot import Snapshot
from vdb.api.write_methods import refuse_write_method
from vdb.cluster.client.collection_reads import ShardedReads
from vdb.cluster.client.collection_searches import ShardedSearches
from vdb.cluster.client.documented import as_embedded
from vdb.cluster.client.map_cache import MapCache
from vdb.cluster.client.measurements import ShardedFigures
from vdb.cluster.client.session import Session
from vdb.cluster.engines.base import Reply
from vdb.cluster.metadata.cluster_map import ClusterMap, CollectionMap
from vdb.cluster.metadata.map_parts import ShardEntry
from vdb.errors import ArgumentTypeError, BusyError, ClosedError, NotFoundError, VdbError
from vdb.model import config
from vdb.model.unpicklable import Handle

__all__ = ["ClusterSnapshot", "ShardedReader", "snapshot_of"]

_READS = frozenset({"read", "search_many"})
_FREEZE = 10.0  # seconds after which shards accept writes again by themselves
_AT_ONCE = 16


class ShardedReader(ShardedSearches, ShardedReads, ShardedFigures):
    """One collection of a snapshot of a cluster, for reading. Made by `ClusterSnapshot.collection`.

    It has the reads of `ShardedCollection`; all see the same moment.
    """

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> object:
            """Refuse writing methods, with a typed error."""
            refuse_write_method(self.__dict__["_router"].name, name)
            message = f"{type(self).__name__!r} object has no attribute {name!r}"
            raise AttributeError(message, name=name, obj=self)


class ClusterSnapshot(Handle):
    """One moment of a cluster, for reading. Made by `Cluster.snapshot`.

    Also a context manager. While it is open, space that later commits free cannot be used again by
    any shard. It is over when a shard is replaced or its process started anew: ClosedError.
    """

    def __init__(self, session: _MomentSession) -> None:
        self._session = session

    def _place(self) -> Path:
        return Path(self._session.url)

    def _not_sent(self) -> ArgumentTypeError:
        return ArgumentTypeError(
            "a ClusterSnapshot belongs to the process that made it, and cannot be pickled or "
            "copied",
            expected="what can be pickled",
            received="ClusterSnapshot",
        )

    @as_embedded(Snapshot.collection)
    def collection(
        self,
        name: str,
        *,
        metric: str | None = None,
        dim: int | None = None,
        model: str | None = None,
    ) -> ShardedReader:
        """All of its shards are read at that moment."""
        name = config.collection_name(name)
        self._session.check_open()
        names = self.collections()
        if name not in names:
            raise NotFoundError(
                f"no collection {name!r} at this moment; there are {', '.join(map(repr, names))}",
                expected=names,
                received=name,
            )
        return ShardedReader(self._session, name, metric=metric, dim=dim, model=model)

    def collections(self) -> list[str]:
        """The names of the collections at this moment, sorted."""
        self._session.check_open()
        return [one.name for one in self._session.maps.newest.collections]

    def __contains__(self, name: object) -> bool:
        return name in self.collections()

    def close(self) -> None:
        """Release the moment. Its collections raise ClosedError from then on."""
        self._session.close()

    def __enter__(self) -> Self:
        self._session.check_open()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<ClusterSnapshot of {self._session.url!r}>"


class _FixedMap:
    """The map of the moment, which does not change."""

    def __init__(self, newest: ClusterMap) -> None:
        self.newest = newest

    def reload(self, seen: ClusterMap | None = None) -> ClusterMap:  # noqa: ARG002 - see MapCache
        """See `MapCache`."""
        return self.newest


class _MomentSession(Session):
    """The session of a cluster, whose reads name a moment."""

    def __init__(self, session: Session, cluster: ClusterMap, moment: str) -> None:
        super().__init__(
            session.url, session.store, cast("MapCache", _FixedMap(cluster)), session.engine,
            timeout=session.timeout, storage_options=session.storage_options,
            threads=session.threads,
        )  # fmt: skip
        self._live = session
        self.moment = moment

    def check_open(self) -> None:
        """Raise ClosedError where the snapshot or the cluster is closed."""
        if self._closed:
            raise ClosedError("the snapshot is closed")
        self._live.check_open()

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
        """As `Session.call`; a read is one of the moment, and not of a generation."""
        if method in _READS:
            args = (self.moment, *args[1:])
        return self._live.call(collection, shard, method, *args, timeout=timeout, **named)

    def close(self) -> None:
        """Let the moment go on all shards."""
        if self._closed:
            return
        self._closed = True
        self.twins.close()
        shards = _shards(self.maps.newest)
        with suppress(VdbError):
            self._live.check_open()
            _each(self._live, shards, "unpin_moment", self.moment, suppressed=True)


def snapshot_of(session: Session, seconds: float) -> ClusterSnapshot:
    """Stop the writers of all shards, pin this moment on each, and let them go on.

    Raises:
        BusyError: A collection is being changed, or a shard is frozen for another reason.
        ShardUnavailableError: A shard does not answer.
    """
    moment = f"snapshot-{uuid4().hex}"
    cluster = session.maps.reload()
    shards = _shards(cluster)
    try:
        _each(session, shards, "freeze", moment, _FREEZE)
        _require_same_map(session, cluster)
        _each(session, shards, "pin_moment", moment, seconds)
    except BaseException:
        _each(session, shards, "unpin_moment", moment, suppressed=True)
        raise
    finally:
        _each(session, shards, "thaw", moment, suppressed=True)
    return ClusterSnapshot(_MomentSession(session, cluster, moment))


def _require_same_map(session: Session, cluster: ClusterMap) -> None:
    if session.maps.reload() is not cluster:
        raise BusyError("the map of the cluster has changed meanwhile; try again")


def _shards(cluster: ClusterMap) -> list[tuple[CollectionMap, ShardEntry]]:
    return [(one, shard) for one in cluster.collections for shard in one.shards]


def _each(
    session: Session,
    shards: Sequence[tuple[CollectionMap, ShardEntry]],
    method: str,
    *args: Any,
    suppressed: bool = False,
) -> None:
    """Call a method of all shards; the first error is raised, unless they are suppressed."""

    def call(pair: tuple[CollectionMap, ShardEntry]) -> None:
        reply = session.call(*pair, method, *args, timeout=session.timeout)
        reply.result(session.timeout)

    def call_quietly(pair: tuple[CollectionMap, ShardEntry]) -> None:
        with suppress(VdbError):
            call(pair)

    with ThreadPoolExecutor(min(_AT_ONCE, max(1, len(shards)))) as pool:
        list(pool.map(call_quietly if suppressed else call, shards))
