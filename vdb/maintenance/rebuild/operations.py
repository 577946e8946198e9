"""Rebuild, roll back, discard: from the call to the report.

`rebuild`, top to bottom:

1. what is asked for is made plain, and compared with what was left unfinished;
2. whether it can be done: vectors that the metric cannot take, room on the disk;
3. a new generation begins, or the unfinished one goes on (`roles`);
4. it is built, validated and put to use (`run`);
5. the blocks of what is over are removed, a bounded number with each commit.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from typing import NoReturn

from vdb.errors import InvalidArgumentError, NotFoundError, VdbError
from vdb.maintenance.rebuild import run, transitions
from vdb.maintenance.rebuild.admissible import misfit, named, refuse_unfit, unfit
from vdb.maintenance.rebuild.context import RebuildReport, Subject
from vdb.maintenance.rebuild.plan import (
    RebuildPlan,
    bytes_needed,
    estimate,
    lack_of_room,
    present_index,
    require_room,
)
from vdb.maintenance.rebuild.run import Run
from vdb.maintenance.rebuild.schedule import RebuildProgress
from vdb.maintenance.rebuild.target import Target
from vdb.model.config import index_from_map
from vdb.store import Batch, CollectionView, Snapshot, WritableCollection, generations
from vdb.store.format.changes import PART, SLOTS
from vdb.store.format.generation import GenerationRecord

__all__ = [
    "discard",
    "drop_previous",
    "plan",
    "rebuild",
    "rollback",
]


def plan(
    subject: Subject, *, metric: object, dtype: object, index: object, scores: object
) -> RebuildPlan:
    """What `rebuild` would do; changes nothing, and takes a second or two."""
    with subject.environment.snapshot() as reader:
        view = subject.view(reader)
        header = view.header
        target = Target.of(
            header, view.generation, metric=metric, dtype=dtype, index=index, scores=scores
        )
        bad = unfit(reader, view, target)
        needed = bytes_needed(target, view, subject.environment.small_block)
        room = subject.environment.room()
        obstacles = (
            misfit(reader, view, target, bad),
            lack_of_room(subject.environment, needed, room),
        )
        return RebuildPlan(
            collection=header.name,
            metric=header.metric,
            to_metric=target.metric,
            dtype=header.dtype,
            to_dtype=target.dtype,
            index=present_index(view),
            to_index=target.index,
            to_scores=target.scores,
            records=header.count,
            refused=len(bad),
            refused_ids=tuple(named(reader, view, bad)),
            obstacles=tuple(obstacle for obstacle in obstacles if obstacle),
            bytes_needed=needed,
            bytes_free=room,
            commit_bytes=PART * -(-max(1, header.slots) // SLOTS),
            pinned_seconds=run.PACE.moment,
            seconds=0.0 if bad.size else estimate(reader, view, target, subject.threads),
            resumes=_share_done(reader, view, target),
        )


def rebuild(
    subject: Subject,
    *,
    metric: object,
    dtype: object,
    index: object,
    scores: object,
    floor: float | None,
    keep_previous: bool,
    reason: str,
    resume: bool | None,
) -> RebuildReport:
    """Build the next generation and put it to use; see `Collection.rebuild`."""
    began = time.monotonic()
    environment = subject.environment
    with environment.rebuilding():
        with environment.snapshot() as reader:
            view = subject.view(reader)
            pending = _pending(reader, view)
            if resume and pending is None:
                raise NotFoundError(
                    f"collection {subject.name!r} has no unfinished rebuild to resume",
                    received=subject.name,
                )
            if resume and pending is not None and (metric, dtype, index) == (None, None, None):
                target = Target.stored(pending)
            else:
                target = Target.of(
                    view.header,
                    view.generation,
                    metric=metric,
                    dtype=dtype,
                    index=index,
                    scores=scores,
                )
            resumed = resume is not False and pending is not None and _same(pending, target)
            if resume and not resumed:
                _refuse_to_resume(subject.name, pending)
            _require_fit(reader, view, target, pending if resumed else None)
            require_room(environment, bytes_needed(target, view, environment.small_block))
            before = view.generation
        _remove(subject)
        with environment.batch() as batch:
            collection = subject.writable(batch)
            if resumed:
                record = transitions.go_on(batch, collection, reason)
            else:
                record = transitions.begin(batch, collection, target, reason)
        return _build(
            subject,
            record,
            before,
            began,
            floor=floor,
            keep_previous=keep_previous,
            resumed=resumed,
        )


def rollback(subject: Subject, *, reason: str) -> RebuildReport:
    """Put the kept generation to use again; what came since is linked into it first."""
    began = time.monotonic()
    environment = subject.environment
    with environment.rebuilding():
        with environment.snapshot() as reader:
            view = subject.view(reader)
            pending = _pending(reader, view)
            resumed = pending is not None and pending.build is not None and pending.build.complete
            if not resumed:
                transitions.require_kept(subject.name, view.header.kept)
            back = pending if resumed else _kept(reader, view)
            if back is not None:
                _require_fit(reader, view, Target.stored(back), back)
            before = view.generation
        with environment.batch() as batch:
            collection = subject.writable(batch)
            if resumed:
                record = transitions.go_on(batch, collection, reason)
            else:
                record = transitions.revive(batch, collection, reason)
        return _build(
            subject, record, before, began, floor=None, keep_previous=True, resumed=resumed
        )


def discard(subject: Subject) -> bool:
    """Drop what an unfinished rebuild left; whether there was anything."""
    return _drop(subject, transitions.discard)


def drop_previous(subject: Subject) -> bool:
    """Drop the generation that is kept to go back to; whether there was one."""
    return _drop(subject, transitions.drop_kept)


def _drop(subject: Subject, role: Callable[[Batch, WritableCollection], bool]) -> bool:
    with subject.environment.rebuilding():
        with subject.environment.batch() as batch:
            dropped = role(batch, subject.writable(batch))
        _remove(subject)
    return dropped


def _build(
    subject: Subject,
    record: GenerationRecord,
    before: GenerationRecord,
    began: float,
    *,
    floor: float | None,
    keep_previous: bool,
    resumed: bool,
) -> RebuildReport:
    building = Run(
        subject.environment,
        subject.name,
        subject.identity,
        record,
        floor=floor,
        threads=subject.threads,
        progress=subject.progress,
        pace=run.PACE,
    )
    building.to_the_end(keep_previous=keep_previous)
    with suppress(VdbError):  # it is in use: what is left to remove, later commits remove
        _remove(subject)
    return RebuildReport(
        collection=subject.name,
        generation=record.number,
        metric=record.metric,
        dtype=record.dtype,
        index=index_from_map(record.index),
        previous=before.number,
        previous_metric=before.metric,
        previous_dtype=before.dtype,
        previous_kept=keep_previous,
        records=building.records,
        caught_up=building.caught_up,
        recall=building.recall,
        resumed=resumed,
        commits=building.commits,
        seconds=time.monotonic() - began,
    )


def _require_fit(
    reader: Snapshot, view: CollectionView, target: Target, known: GenerationRecord | None
) -> None:
    """Refuse vectors that the target cannot take.

    `known` is what there is of it already. One that was in use has the vectors it had then; what
    came since must be converted to it without loss, because nobody else would keep it.
    """
    complete = known is not None and known.build is not None and known.build.complete
    since = None
    if complete and known is not None:
        since = generations.changed_slots(reader, view.header, known.number)
    bad = unfit(reader, view, target, among=since)
    refuse_unfit(reader, view, target, bad, exact=complete)


def _remove(subject: Subject) -> None:
    """The blocks of generations that are over, a bounded number with each commit."""
    removed = 0
    while True:
        with subject.environment.snapshot() as reader:
            if not subject.view(reader).header.leaving:
                return
        with subject.environment.batch(timeout=run.PACE.patience) as batch:
            removed += generations.remove_retired(
                batch, subject.writable(batch), generations.REMOVED_AT_ONCE
            )
        if subject.progress is not None:
            subject.progress(RebuildProgress("removing", removed, 0))


def _pending(reader: Snapshot, view: CollectionView) -> GenerationRecord | None:
    number = view.header.building
    return reader.inactive_generation(view.header, number) if number else None


def _kept(reader: Snapshot, view: CollectionView) -> GenerationRecord | None:
    number = view.header.kept
    return reader.inactive_generation(view.header, number) if number else None


def _same(pending: GenerationRecord, target: Target) -> bool:
    """Whether an unfinished rebuild is one to the same, and can be gone on with."""
    whole = pending.build is not None and pending.build.whole
    return whole and Target.stored(pending) == target


def _refuse_to_resume(name: str, pending: GenerationRecord | None) -> NoReturn:
    whole = pending is not None and pending.build is not None and pending.build.whole
    what = "is one to other parameters" if whole else "was killed at a moment it cannot go on from"
    raise InvalidArgumentError(
        f"the unfinished rebuild of collection {name!r} {what}; start anew with resume=False",
        expected="an unfinished rebuild to the same",
        received=None if pending is None else Target.stored(pending),
    )


def _share_done(reader: Snapshot, view: CollectionView, target: Target) -> float | None:
    pending = _pending(reader, view)
    if pending is None or pending.build is None or not _same(pending, target):
        return None
    return min(1.0, pending.build.slots / max(1, view.header.slots))
