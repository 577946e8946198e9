"""Plan, rebuild, roll back, discard: from the call to the report.

`rebuild`, top to bottom:

1. the arguments are checked, and compared with an unfinished rebuild;
2. the collection is checked: vectors that the metric cannot take, room on the disk;
3. a new generation begins, or the unfinished one is resumed (`transitions`);
4. it is built, validated and put to use (`run`);
5. the blocks of retired generations are removed, a bounded number with each commit.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from typing import NoReturn

from vdb.errors import InvalidArgumentError, NotFoundError, VdbError
from vdb.maintenance.rebuild import run, transitions
from vdb.maintenance.rebuild.context import RebuildContext
from vdb.maintenance.rebuild.estimate import (
    bytes_needed,
    require_space,
    seconds_needed,
    space_shortage,
)
from vdb.maintenance.rebuild.refused_vectors import (
    first_ids,
    inadmissible_slots,
    obstacle,
    require_admissible,
)
from vdb.maintenance.rebuild.report import RebuildPlan, RebuildProgress, RebuildReport
from vdb.maintenance.rebuild.run import Run
from vdb.maintenance.rebuild.spec import GenerationSpec
from vdb.model.config import index_from_map
from vdb.store import Batch, CollectionView, Snapshot, WritableCollection, generations
from vdb.store.format.change_log import PART, SLOTS
from vdb.store.format.generation import GenerationRecord

__all__ = [
    "discard",
    "drop_previous",
    "plan",
    "rebuild",
    "rollback",
]


def plan(
    context: RebuildContext, *, metric: object, dtype: object, index: object, scores: object
) -> RebuildPlan:
    """What `rebuild` would do; changes nothing, and takes a second or two."""
    with context.environment.snapshot() as reader:
        view = context.view(reader)
        header = view.header
        spec = GenerationSpec.of(
            header, view.generation, metric=metric, dtype=dtype, index=index, scores=scores
        )
        refused = inadmissible_slots(reader, view, spec)
        needed = bytes_needed(spec, view, context.environment.small_block)
        free = context.environment.room()
        obstacles = (
            obstacle(reader, view, spec, refused),
            space_shortage(context.environment, needed, free),
        )
        return RebuildPlan(
            collection=header.name,
            metric=header.metric,
            to_metric=spec.metric,
            dtype=header.dtype,
            to_dtype=spec.dtype,
            index=index_from_map(view.generation.index),
            to_index=spec.index,
            to_scores=spec.scores,
            records=header.count,
            refused=len(refused),
            refused_ids=tuple(first_ids(reader, view, refused)),
            obstacles=tuple(reason for reason in obstacles if reason),
            bytes_needed=needed,
            bytes_free=free,
            commit_bytes=PART * -(-max(1, header.slots) // SLOTS),
            pinned_seconds=run.SCHEDULE.snapshot_seconds,
            seconds=0.0 if refused.size else seconds_needed(reader, view, spec, context.threads),
            resumes=_share_done(reader, view, spec),
        )


def rebuild(
    context: RebuildContext,
    *,
    metric: object,
    dtype: object,
    index: object,
    scores: object,
    recall_floor: float | None,
    keep_previous: bool,
    reason: str,
    resume: bool | None,
) -> RebuildReport:
    """Build the next generation and put it to use; see `Collection.rebuild`."""
    began = time.monotonic()
    environment = context.environment
    with environment.rebuilding():
        with environment.snapshot() as reader:
            view = context.view(reader)
            pending = _pending(reader, view)
            if resume and pending is None:
                raise NotFoundError(
                    f"collection {context.name!r} has no unfinished rebuild to resume",
                    received=context.name,
                )
            if resume and pending is not None and (metric, dtype, index) == (None, None, None):
                spec = GenerationSpec.stored(pending)
            else:
                spec = GenerationSpec.of(
                    view.header,
                    view.generation,
                    metric=metric,
                    dtype=dtype,
                    index=index,
                    scores=scores,
                )
            resumed = resume is not False and pending is not None and _same(pending, spec)
            if resume and not resumed:
                _refuse_to_resume(context.name, pending)
            _require_admissible(reader, view, spec, pending if resumed else None)
            require_space(environment, bytes_needed(spec, view, environment.small_block))
            before = view.generation
        _remove_retired(context)
        with environment.batch() as batch:
            collection = context.writable(batch)
            if resumed:
                record = transitions.resume(batch, collection, reason)
            else:
                record = transitions.begin(batch, collection, spec, reason)
        return _build(
            context,
            record,
            before,
            began,
            recall_floor=recall_floor,
            keep_previous=keep_previous,
            resumed=resumed,
        )


def rollback(context: RebuildContext, *, reason: str) -> RebuildReport:
    """Put the kept generation to use again, after linking what changed since into it."""
    began = time.monotonic()
    environment = context.environment
    with environment.rebuilding():
        with environment.snapshot() as reader:
            view = context.view(reader)
            pending = _pending(reader, view)
            resumed = pending is not None and pending.build is not None and pending.build.complete
            if not resumed:
                transitions.require_kept(context.name, view.header.kept)
            back = pending if resumed else _kept(reader, view)
            if back is not None:
                _require_admissible(reader, view, GenerationSpec.stored(back), back)
            before = view.generation
        with environment.batch() as batch:
            collection = context.writable(batch)
            if resumed:
                record = transitions.resume(batch, collection, reason)
            else:
                record = transitions.reactivate(batch, collection, reason)
        return _build(
            context,
            record,
            before,
            began,
            recall_floor=None,
            keep_previous=True,
            resumed=resumed,
        )


def discard(context: RebuildContext) -> bool:
    """Drop an unfinished rebuild; False where there is none."""
    return _drop(context, transitions.discard)


def drop_previous(context: RebuildContext) -> bool:
    """Drop the kept generation; False where there is none."""
    return _drop(context, transitions.drop_previous)


def _drop(context: RebuildContext, transition: Callable[[Batch, WritableCollection], bool]) -> bool:
    with context.environment.rebuilding():
        with context.environment.batch() as batch:
            dropped = transition(batch, context.writable(batch))
        _remove_retired(context)
    return dropped


def _build(
    context: RebuildContext,
    record: GenerationRecord,
    before: GenerationRecord,
    began: float,
    *,
    recall_floor: float | None,
    keep_previous: bool,
    resumed: bool,
) -> RebuildReport:
    build = Run(context, record, recall_floor=recall_floor)
    build.to_the_end(keep_previous=keep_previous)
    with suppress(VdbError):  # the new generation is in use; later commits remove the rest
        _remove_retired(context)
    return RebuildReport(
        collection=context.name,
        generation=record.number,
        metric=record.metric,
        dtype=record.dtype,
        index=index_from_map(record.index),
        previous=before.number,
        previous_metric=before.metric,
        previous_dtype=before.dtype,
        previous_kept=keep_previous,
        records=build.records,
        caught_up=build.caught_up,
        recall=build.recall,
        resumed=resumed,
        commits=build.commits,
        seconds=time.monotonic() - began,
    )


def _require_admissible(
    reader: Snapshot, view: CollectionView, spec: GenerationSpec, stored: GenerationRecord | None
) -> None:
    """Refuse vectors that the generation cannot take.

    `stored` is its record, where it is resumed or goes back into use. One that was in use has the
    vectors it had then; later ones must be converted to it without loss, because no other
    generation would keep them.
    """
    complete = stored is not None and stored.build is not None and stored.build.complete
    changed = None
    if complete and stored is not None:
        changed = generations.changed_slots(reader, view.header, stored.number)
    refused = inadmissible_slots(reader, view, spec, changed=changed)
    require_admissible(reader, view, spec, refused, exact=complete)


def _remove_retired(context: RebuildContext) -> None:
    """Remove the blocks of retired generations, a bounded number with each commit."""
    removed = 0
    while True:
        with context.environment.snapshot() as reader:
            if not context.view(reader).header.leaving:
                return
        with context.environment.batch(timeout=run.SCHEDULE.lock_timeout) as batch:
            removed += generations.remove_retired(
                batch, context.writable(batch), generations.REMOVED_AT_ONCE
            )
        if context.progress is not None:
            context.progress(RebuildProgress("removing", removed, 0))


def _pending(reader: Snapshot, view: CollectionView) -> GenerationRecord | None:
    number = view.header.building
    return reader.inactive_generation(view.header, number) if number else None


def _kept(reader: Snapshot, view: CollectionView) -> GenerationRecord | None:
    number = view.header.kept
    return reader.inactive_generation(view.header, number) if number else None


def _same(pending: GenerationRecord, spec: GenerationSpec) -> bool:
    """Whether an unfinished rebuild has the same parameters, and can be resumed."""
    whole = pending.build is not None and pending.build.whole
    return whole and GenerationSpec.stored(pending) == spec


def _refuse_to_resume(name: str, pending: GenerationRecord | None) -> NoReturn:
    whole = pending is not None and pending.build is not None and pending.build.whole
    why = "is one to other parameters" if whole else "was killed at a moment it cannot go on from"
    raise InvalidArgumentError(
        f"the unfinished rebuild of collection {name!r} {why}; start anew with resume=False",
        expected="an unfinished rebuild to the same",
        received=None if pending is None else GenerationSpec.stored(pending),
    )


def _share_done(reader: Snapshot, view: CollectionView, spec: GenerationSpec) -> float | None:
    pending = _pending(reader, view)
    if pending is None or pending.build is None or not _same(pending, spec):
        return None
    return min(1.0, pending.build.slots / max(1, view.header.slots))
