"""Another metric, index or dtype on all shards, used by all from one moment on; and back again.

1. *prepare*: every shard builds its next generation beside the one in use, and holds it. Searches
   and writes go on.
2. Writers are stopped on all shards, and what was written last is linked. Until here everything can
   be refused, for a vector or for another reason, and nothing has changed then.
3. *swap*: each shard keeps a snapshot of the old generation and puts the new one to use. Searches
   with the old map are answered from these snapshots.
4. One map says the new metric and the new generations: from here on everything is answered anew.

Between 3 and 4 nothing can be refused for a reason of data, so that whoever comes after a caller
that is gone completes the change (`interrupted`). Before 3 it stays as an unfinished rebuild.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from vdb.cluster.changes import change_record
from vdb.cluster.changes.freezing import frozen
from vdb.cluster.changes.rebuild_progress import ShardsProgress
from vdb.cluster.changes.shard_calls import ClusterAccess, on_all
from vdb.cluster.metadata.cluster_map import CollectionMap
from vdb.cluster.metadata.map_parts import Change
from vdb.errors import (
    CorruptedError,
    InvalidArgumentError,
    NotFoundError,
    RebuildError,
    StaleMapError,
)
from vdb.maintenance.rebuild import RebuildProgress, RebuildReport
from vdb.model.config import IndexConfig, index_from_map, index_to_map

__all__ = [
    "RebuildArguments",
    "commit",
    "complete_swap",
    "discard",
    "drop_previous",
    "rebuild",
    "rollback",
]

Progress = Callable[[RebuildProgress], object] | None

_UNFINISHED = ("prepare", "held")
"""Stages in which the change is not under way: shards build, or have built and hold."""

_DISCARD = change_record.DISCARD


@dataclass(frozen=True, slots=True)
class RebuildArguments:
    """What `Collection.rebuild` takes, but for what is no property of the new generation.

    Attributes:
        metric: As there, and so are the others.
        index: None: as at present.
        dtype: None: as at present.
        model: None: as at present.
        dim: None: as at present.
        truncate: None: nothing is cut off.
        normalize: Whether vectors are scaled to length 1.
        scores: None: as at present.
        vectors: Vectors of another model, by shard or for all; None: the stored ones.
    """

    metric: str | None = None
    index: IndexConfig | None = None
    dtype: str | None = None
    model: str | None = None
    dim: int | None = None
    truncate: int | None = None
    normalize: bool = False
    scores: str | None = None
    vectors: Any = None

    def named(self) -> dict[str, Any]:
        """Named arguments of `Collection.rebuild`."""
        names = ("metric", "index", "dtype", "model", "dim", "truncate", "normalize", "scores")
        return {name: getattr(self, name) for name in names}

    def to_json(self) -> dict[str, Any]:
        """What the record of the change says of it."""
        index = None if self.index is None else index_to_map(self.index)
        return {**self.named(), "index": index, "other_vectors": self.vectors is not None}

    @classmethod
    def of_json(cls, document: Mapping[str, Any]) -> RebuildArguments:
        """The inverse of `to_json`, without vectors."""
        named = {name: document[name] for name in document if name != "other_vectors"}
        index = named.pop("index")
        return cls(index=None if index is None else index_from_map(index), **named)

    @property
    def is_empty(self) -> bool:
        """Whether nothing is asked for that could contradict an unfinished rebuild."""
        return self == RebuildArguments(scores=self.scores, vectors=self.vectors)


def rebuild(
    access: ClusterAccess,
    name: str,
    arguments: RebuildArguments,
    *,
    vectors: Mapping[str, Any] | None = None,
    progress: Progress = None,
    threads: int | None = None,
    validate: bool | float = True,
    keep_previous: bool = False,
    reason: str = "",
    resume: bool | None = None,
    hold: bool = False,
) -> RebuildReport:
    """Build the next generation on all shards and put it to use; see `Collection.rebuild`.

    Args:
        access: The open cluster.
        name: The collection.
        arguments: What the new generation is to be; checked against the schema.
        vectors: The argument ``vectors`` of each shard, by its name.
        progress: Called with the sums over all shards; what it raises stops the rebuild.
        threads: Threads of each shard; None: as it was started with.
        validate: As there.
        keep_previous: As there, on every shard.
        reason: As there.
        resume: As there; an unfinished rebuild is one of the map.
        hold: As there: the map then says "held".

    Raises:
        BusyError: The collection has another change.
        VdbError: As `Collection.rebuild`; the message is of one shard.
    """
    began = time.monotonic()
    spec = {"arguments": arguments.to_json(), "reason": reason}
    collection, resumed = _begin(access, name, spec, arguments.is_empty, resume)
    build = _Build(access, collection, vectors, progress=progress, threads=threads)
    # A shard that has begun goes on; one that has not begins.
    held = build.prepare(validate=validate, resume=None if resumed else False)
    if hold:
        token = change_record.present(collection).token
        change_record.advance(access, name, token, "held", change_record.present(collection).spec)
        return _joined(held, held, resumed=resumed, seconds=time.monotonic() - began)
    swapped = build.change_over(keep_previous=keep_previous)
    return _joined(held, swapped, resumed=resumed, seconds=time.monotonic() - began)


def commit(
    access: ClusterAccess,
    name: str,
    *,
    vectors: Mapping[str, Any] | None = None,
    keep_previous: bool = False,
    progress: Progress = None,
    threads: int | None = None,
) -> RebuildReport:
    """Put the generation to use that all shards hold; see `Collection.commit_rebuild`.

    Raises:
        NotFoundError: None is held.
        RebuildError: A rebuild is unfinished.
        VdbError: As `Collection.commit_rebuild`; the message is of one shard.
    """
    began = time.monotonic()
    complete_swap(access, name)
    collection = access.maps.reload().collection(name)
    change = collection.change
    if change is None or change.kind != "rebuild":
        raise NotFoundError(
            f"collection {name!r} holds no rebuild; rebuild(hold=True) makes one", received=name
        )
    if change.stage != "held":
        raise RebuildError(
            f"the rebuild of collection {name!r} is unfinished; rebuild(resume=True, hold=True) "
            "finishes it",
            expected="held",
            received=change.stage,
        )
    build = _Build(access, collection, vectors, progress=progress, threads=threads)
    swapped = build.change_over(keep_previous=keep_previous)
    return _joined(swapped, swapped, resumed=True, seconds=time.monotonic() - began)


class _Build:
    """A rebuild in stage "prepare" or "held", and what its caller said of it."""

    def __init__(
        self,
        access: ClusterAccess,
        collection: CollectionMap,
        vectors: Mapping[str, Any] | None,
        *,
        progress: Progress,
        threads: int | None,
    ) -> None:
        self._access, self._collection = access, collection
        self._change = change_record.present(collection)
        self._each = {} if vectors is None else {one: {"vectors": v} for one, v in vectors.items()}
        self._watch = ShardsProgress(access, collection, progress)
        self._threads = threads

    def prepare(self, *, validate: bool | float, resume: bool | None) -> dict[str, RebuildReport]:
        """Build and hold on all shards; what is refused for its vectors is dropped on all."""
        try:
            return self._prepared(validate=validate, resume=resume)
        except InvalidArgumentError:
            discard(self._access, self._collection.name)
            raise
        except BaseException:
            self._watch.stop()
            raise

    def change_over(self, *, keep_previous: bool) -> dict[str, RebuildReport]:
        """Stop writers, link what came last, and put it to use on all shards."""
        access, name, change = self._access, self._collection.name, self._change
        newest = access.maps.reload()
        collection = newest.collection(name)
        before = change_record.own(collection, change.token)
        shards = collection.shards
        with frozen(access, collection, shards, change.token, seconds=newest.lease) as stop:
            last = self._prepared(validate=False, resume=None)
            spec = {
                **before.spec,
                "generations": {shard: report.generation for shard, report in last.items()},
                "keep_previous": keep_previous,
            }
            stop.thaw = False  # from here on the map may say that it changes over
            try:
                change_record.advance(access, name, change.token, "swap", spec, before=before)
            except StaleMapError:
                stop.thaw = True
                raise
            try:
                reports = complete_swap(access, name, threads=self._threads)
            except InvalidArgumentError:
                stop.thaw = True
                raise
            stop.thaw = True
        if reports is None:
            raise StaleMapError(f"the rebuild of collection {name!r} was ended by somebody else")
        return reports

    def _prepared(self, *, validate: bool | float, resume: bool | None) -> dict[str, RebuildReport]:
        return on_all(
            self._access,
            self._collection,
            self._collection.shards,
            "prepare_rebuild",
            self._change.token,
            RebuildArguments.of_json(self._change.spec["arguments"]).named(),
            meanwhile=self._watch.report,
            each=self._each,
            validate=validate,
            threads=self._threads,
            reason=str(self._change.spec["reason"]),
            resume=resume,
        )


def rollback(
    access: ClusterAccess,
    name: str,
    *,
    vectors: Mapping[str, Any] | None = None,
    progress: Progress = None,
    threads: int | None = None,
    reason: str = "",
) -> RebuildReport:
    """Put the kept generation of every shard to use again; see `Collection.rollback`.

    Raises:
        NotFoundError: A shard keeps none; nothing was changed.
        BusyError: The collection has another change, or an unfinished rebuild.
    """
    began = time.monotonic()
    if vectors is not None:
        raise InvalidArgumentError(
            "a sharded collection goes back only to what follows from its stored vectors; rebuild "
            "it with vectors= instead",
            expected=None,
            received="vectors",
        )
    discard(access, name)
    collection = access.maps.reload().collection(name)
    kept = on_all(access, collection, collection.shards, "kept_generation")
    lacking = [shard for shard, generation in kept.items() if generation is None]
    if lacking:
        raise NotFoundError(
            f"collection {name!r} keeps no generation to go back to (shard {lacking[0]})",
            received=name,
        )
    spec = {"generations": kept, "reason": reason, "keep_previous": True}
    token = change_record.new_change_token()
    change_record.begin(access, name, Change("rollback", "swap", token, spec))
    reports = complete_swap(access, name, threads=threads, progress=progress)
    if reports is None:
        raise StaleMapError(f"the rollback of collection {name!r} was completed by somebody else")
    return _joined(reports, reports, resumed=False, seconds=time.monotonic() - began)


def complete_swap(
    access: ClusterAccess,
    name: str,
    *,
    threads: int | None = None,
    progress: Progress = None,
) -> dict[str, RebuildReport] | None:
    """Do what is left of a change in stage "swap"; None where there is none, or not any more.

    Several callers may do so at once: each step that was done is found done. Where it raises,
    writers stay stopped, as a shard that has not changed over would take what the others refuse;
    but not where it is the records that are refused.
    """
    newest = access.maps.reload()
    collection = newest.collection(name)
    change = collection.change
    if change is None or change.kind not in ("rebuild", "rollback") or change.stage != "swap":
        return None
    generations: Mapping[str, int] = change.spec["generations"]
    shards = collection.shards
    with frozen(access, collection, shards, change.token, seconds=newest.lease) as stop:
        if access.maps.reload().collection(name).change != change:
            return None  # somebody else has completed it before writers were stopped
        stop.thaw = False
        try:
            reports = _put_to_use(access, collection, generations, threads, progress)
        except InvalidArgumentError:
            stop.thaw = True
            if change.kind == "rollback":
                # A vector that was written since does not fit: those that went back come again.
                now = {shard.id: shard.generation for shard in collection.shards}
                _put_to_use(access, collection, now, threads, None)
                change_record.end(access, name, change.token)
            raise
        schema = _common_schema(access, collection)

        def changed(old: CollectionMap) -> CollectionMap:
            entries = tuple(replace(one, generation=generations[one.id]) for one in old.shards)
            return replace(old, schema={**old.schema, **schema}, shards=entries)

        change_record.end(access, name, change.token, changed)
        stop.thaw = True
    return reports


def _put_to_use(
    access: ClusterAccess,
    collection: CollectionMap,
    generations: Mapping[str, int],
    threads: int | None,
    progress: Progress,
) -> dict[str, RebuildReport]:
    """Let all shards, which are frozen, use these generations, held or kept."""
    change = change_record.present(collection)
    watch = ShardsProgress(access, collection, progress)
    return on_all(
        access,
        collection,
        collection.shards,
        "commit_rebuild",
        change.token,
        meanwhile=watch.report,
        each={shard: {"generation": number} for shard, number in generations.items()},
        back=change.kind == "rollback",
        keep_previous=bool(change.spec["keep_previous"]),
        reason=str(change.spec["reason"]),
        threads=threads,
    )


_OF_A_GENERATION = ("metric", "index", "dtype", "dim", "model", "scores")
"""The part of a schema that a change-over changes; fields are declared by other means."""


def _common_schema(access: ClusterAccess, collection: CollectionMap) -> dict[str, Any]:
    """The part of the schema that all shards have after they changed over."""
    schemas: dict[str, dict[str, Any]] = on_all(access, collection, collection.shards, "schema")
    parts = {
        shard: {name: schema[name] for name in _OF_A_GENERATION}
        for shard, schema in schemas.items()
    }
    first, *others = parts
    for shard in others:
        if parts[shard] != parts[first]:
            raise CorruptedError(
                f"it has {parts[shard]}, and shard {first} has {parts[first]}",
                where=f"shard {shard}",
            )
    return parts[first]


def discard(access: ClusterAccess, name: str) -> bool:
    """Drop an unfinished rebuild on all shards; whether there was one.

    Raises:
        BusyError: The collection has another change, or a rebuild that cannot be undone any more.
    """
    while True:
        collection = access.maps.reload().collection(name)
        change = collection.change
        if change is None:
            return False
        if change.kind != "rebuild" or change.stage not in (*_UNFINISHED, _DISCARD):
            change_record.refuse_change(collection)
        # In the map first: else another program could change over to what is dropped here.
        with suppress(StaleMapError):  # it is another one now
            change_record.advance(access, name, change.token, _DISCARD, change.spec, before=change)
            break
    on_all(access, collection, collection.shards, "discard_rebuild")
    on_all(access, collection, collection.shards, "thaw", change.token)
    change_record.end(access, name, change.token)
    return True


def drop_previous(access: ClusterAccess, name: str) -> bool:
    """Drop the kept generation of all shards; whether any had one.

    Raises:
        BusyError: The collection is being changed.
    """
    collection = access.maps.reload().collection(name)
    change_record.refuse_change(collection)
    return any(on_all(access, collection, collection.shards, "drop_previous").values())


def _begin(
    access: ClusterAccess, name: str, spec: dict[str, Any], is_empty: bool, resume: bool | None
) -> tuple[CollectionMap, bool]:
    """The collection with a rebuild in stage "prepare", and whether it is one that was left.

    `is_empty`: nothing is asked for that could contradict one that was left.
    """
    complete_swap(access, name)
    collection = access.maps.reload().collection(name)
    if collection.change is not None and collection.change.stage == _DISCARD:
        discard(access, name)
        collection = access.maps.reload().collection(name)
    change, wanted = collection.change, spec["arguments"]
    if change is None:
        if resume:
            raise NotFoundError(
                f"collection {name!r} has no unfinished rebuild to resume", received=name
            )
    elif change.kind != "rebuild" or change.stage not in _UNFINISHED:
        change_record.refuse_change(collection)
    elif resume is not False and (change.spec["arguments"] == wanted or (resume and is_empty)):
        left = {**spec, "arguments": change.spec["arguments"]}
        return change_record.advance(access, name, change.token, "prepare", left), True
    elif resume:
        raise InvalidArgumentError(
            f"the unfinished rebuild of collection {name!r} is one to other parameters; start "
            "anew with resume=False",
            expected=dict(change.spec["arguments"]),
            received=wanted,
        )
    else:
        discard(access, name)
    new = Change("rebuild", "prepare", change_record.new_change_token(), spec)
    return change_record.begin(access, name, new), False


def _joined(
    held: Mapping[str, RebuildReport],
    swapped: Mapping[str, RebuildReport],
    *,
    resumed: bool,
    seconds: float,
) -> RebuildReport:
    """One report of all shards: sums, the lowest recall, the highest generation."""
    reports = list(swapped.values())
    recalls = [one.recall for one in held.values() if one.recall is not None]
    return replace(
        reports[0],
        generation=max(one.generation for one in reports),
        previous=max(one.previous for one in reports),
        records=sum(one.records for one in reports),
        caught_up=sum(one.caught_up for one in reports),
        ignored=sum(one.ignored for one in reports),
        recall=min(recalls, default=None),
        resumed=resumed,
        commits=sum(one.commits for one in (*held.values(), *reports)),
        seconds=seconds,
    )
