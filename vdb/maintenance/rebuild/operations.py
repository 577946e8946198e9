"""Plan, rebuild, put to use, roll back, discard: from the call to the report.

`rebuild`, top to bottom:

1. the arguments are checked, and compared with an unfinished rebuild;
2. the collection is checked: vectors that the metric cannot take, room on the disk;
3. a new generation begins, or the unfinished one is resumed (`transitions`);
4. it is built, validated and put to use (`run`), or held until `commit` does that;
5. the blocks of retired generations are removed, a bounded number with each commit.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import NamedTuple, NoReturn

from vdb.errors import InvalidArgumentError, NotFoundError, RebuildError, VdbError
from vdb.maintenance.rebuild import run, transitions
from vdb.maintenance.rebuild.context import RebuildContext
from vdb.maintenance.rebuild.estimate import (
    bytes_needed,
    require_space,
    seconds_needed,
    space_shortage,
)
from vdb.maintenance.rebuild.external_source import (
    lacking_vectors,
    rows_to_go_back,
    source_rows,
    source_to_resume,
    trial_of,
)
from vdb.maintenance.rebuild.refused_vectors import (
    first_ids,
    inadmissible_slots,
    obstacle,
    require_admissible,
)
from vdb.maintenance.rebuild.report import RebuildPlan, RebuildProgress, RebuildReport
from vdb.maintenance.rebuild.request import RebuildRequest
from vdb.maintenance.rebuild.run import Run
from vdb.maintenance.rebuild.source_rows import SourceRows
from vdb.maintenance.rebuild.spec import GenerationSpec, require_dimension, target_dtype
from vdb.maintenance.rebuild.vector_source import source_of
from vdb.model.config import index_from_map
from vdb.store import Batch, CollectionView, Snapshot, WritableCollection, generations
from vdb.store.format.change_log import PART, SLOTS
from vdb.store.format.embedding import Embedding
from vdb.store.format.generation import GenerationRecord
from vdb.store.format.headers import CollectionHeader

__all__ = [
    "commit",
    "discard",
    "drop_previous",
    "plan",
    "rebuild",
    "rollback",
]


def plan(context: RebuildContext, request: RebuildRequest) -> RebuildPlan:
    """What `rebuild` would do; changes nothing, and takes a second or two."""
    with context.environment.snapshot() as reader:
        view = context.view(reader)
        header = view.header
        require_dimension(header)
        source = source_of(request.vectors, target_dtype(header, request))
        trial = trial_of(source, reader, view, request)
        dim = None if trial is None else trial.dim
        spec = GenerationSpec.of(header, view.generation, request, source_dim=dim)
        refused = inadmissible_slots(reader, view, spec)
        rows = source_rows(context, source, spec, request)
        lacking, reason = lacking_vectors(reader, view, rows)
        needed = bytes_needed(spec, view, context.environment.small_block)
        free = context.environment.room()
        obstacles = (
            obstacle(reader, view, spec, refused),
            reason,
            space_shortage(context.environment, needed, free),
        )
        seconds = 0.0 if trial is None else trial.seconds * header.vector_count
        if not refused.size:
            seconds += seconds_needed(reader, view, spec, context.threads)
        return RebuildPlan(
            collection=header.name,
            metric=header.metric,
            to_metric=spec.metric,
            dtype=header.dtype,
            to_dtype=spec.dtype,
            dim=header.dim,
            to_dim=spec.embedding.dim,
            model=header.model,
            to_model=spec.embedding.model,
            index=index_from_map(view.generation.index),
            to_index=spec.index,
            to_scores=spec.scores,
            records=header.count,
            refused=len(refused) + lacking.records,
            refused_ids=(*first_ids(reader, view, refused), *lacking.ids),
            obstacles=tuple(reason for reason in obstacles if reason),
            bytes_needed=needed,
            bytes_free=free,
            commit_bytes=PART * -(-max(1, header.slots) // SLOTS),
            pinned_seconds=run.SCHEDULE.snapshot_seconds,
            seconds=seconds,
            resumes=_share_done(reader, view, spec),
        )


def rebuild(
    context: RebuildContext,
    request: RebuildRequest,
    *,
    recall_floor: float | None,
    keep_previous: bool,
    reason: str,
    resume: bool | None,
    hold: bool,
) -> RebuildReport:
    """Build the next generation and put it to use, or hold it; see `Collection.rebuild`."""
    if hold and keep_previous:
        raise InvalidArgumentError(
            "hold=True does not change over, so nothing is kept yet; say keep_previous=True to "
            "commit_rebuild()",
            expected="keep_previous=False",
            received=True,
        )
    began = time.monotonic()
    environment = context.environment
    with environment.rebuilding():
        with environment.snapshot() as reader:
            view = context.view(reader)
            require_dimension(view.header)
            pending = _pending(reader, view)
            if resume and pending is None:
                raise NotFoundError(
                    f"collection {context.name!r} has no unfinished rebuild to resume",
                    received=context.name,
                )
            if resume and pending is not None and request.is_empty:
                spec = GenerationSpec.stored(pending, view.header)
                source = source_to_resume(context, request, spec)
            else:
                source = source_of(request.vectors, target_dtype(view.header, request))
                trial = trial_of(source, reader, view, request)
                dim = None if trial is None else trial.dim
                spec = GenerationSpec.of(view.header, view.generation, request, source_dim=dim)
            resumed = resume is not False and _same(view.header, pending, spec)
            if resume and not resumed:
                _refuse_to_resume(view.header, pending)
            _require_admissible(reader, view, spec, pending if resumed else None)
            rows = source_rows(context, source, spec, request)
            if rows is not None:
                rows.check_all(reader, view)
            if not (resumed and _is_held(pending)):  # else it has its blocks
                require_space(environment, bytes_needed(spec, view, environment.small_block))
            before = _Before(view.generation, view.header.embedding)
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
            rows=rows,
            recall_floor=recall_floor,
            resumed=resumed,
            previous_kept=keep_previous,
            held=hold,
            end=Run.to_hold if hold else partial(Run.to_the_end, keep_previous=keep_previous),
        )


def commit(context: RebuildContext, *, vectors: object, keep_previous: bool) -> RebuildReport:
    """Put to use the generation that is held; see `Collection.commit_rebuild`."""
    began = time.monotonic()
    environment = context.environment
    with environment.rebuilding():
        with environment.snapshot() as reader:
            view = context.view(reader)
            pending = _pending(reader, view)
            if pending is None:
                raise NotFoundError(
                    f"collection {context.name!r} has no rebuild that is held, and generation "
                    f"{view.header.generation} is in use; rebuild(hold=True) builds one",
                    expected="a rebuild that is held",
                    received=None,
                )
            if not _is_held(pending):
                raise RebuildError(
                    f"the rebuild of collection {context.name!r} to generation {pending.number} "
                    "is unfinished; rebuild(hold=True) with the same parameters goes on with it",
                    expected="a rebuild that is held",
                    received="an unfinished rebuild",
                )
            spec = GenerationSpec.stored(pending, view.header)
            rows = rows_to_go_back(context, spec, vectors)
            _require_admissible(reader, view, spec, pending)
            if rows is not None:  # refuses what it lacks
                changed = generations.changed_slots(reader, view.header, pending.number)
                rows.missing(reader, view, changed)
            before = _Before(view.generation, view.header.embedding)
        with environment.batch() as batch:
            record = transitions.resume(batch, context.writable(batch), "")
        # What the blocks of the one before leave is removed with later commits: this one is quick.
        return _build(
            context,
            record,
            before,
            began,
            rows=rows,
            recall_floor=None,
            resumed=True,
            previous_kept=keep_previous,
            end=partial(Run.commit, keep_previous=keep_previous),
            remove=False,
        )


def rollback(context: RebuildContext, *, vectors: object, reason: str) -> RebuildReport:
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
            rows = None
            if back is not None:
                spec = GenerationSpec.stored(back, view.header)
                rows = rows_to_go_back(context, spec, vectors)
                _require_admissible(reader, view, spec, back)
                if rows is not None:  # refuses what it lacks
                    changed = generations.changed_slots(reader, view.header, back.number)
                    rows.missing(reader, view, changed)
            before = _Before(view.generation, view.header.embedding)
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
            rows=rows,
            recall_floor=None,
            resumed=resumed,
            previous_kept=True,
            end=partial(Run.to_the_end, keep_previous=True),
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


class _Before(NamedTuple):
    """The generation that is in use when a build begins."""

    record: GenerationRecord
    embedding: Embedding


def _build(
    context: RebuildContext,
    record: GenerationRecord,
    before: _Before,
    began: float,
    *,
    rows: SourceRows | None,
    recall_floor: float | None,
    resumed: bool,
    previous_kept: bool,
    end: Callable[[Run], None],
    held: bool = False,
    remove: bool = True,
) -> RebuildReport:
    """Run a build to its `end`, and say what came of it."""
    embedding = before.embedding if record.embedding is None else record.embedding
    build = Run(context, record, recall_floor=recall_floor, source=rows)
    end(build)
    if remove:
        with suppress(VdbError):  # what was built is stored; later commits remove the rest
            _remove_retired(context)
    size = None if rows is None else rows.size
    return RebuildReport(
        collection=context.name,
        generation=record.number,
        metric=record.metric,
        dtype=record.dtype,
        dim=embedding.dim,
        model=embedding.model,
        index=index_from_map(record.index),
        previous=before.record.number,
        previous_metric=before.record.metric,
        previous_dtype=before.record.dtype,
        previous_dim=before.embedding.dim,
        previous_model=before.embedding.model,
        previous_kept=previous_kept,
        held=held,
        records=build.records,
        caught_up=build.caught_up,
        ignored=0 if size is None else max(0, size - build.records),
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
    generation would keep them. Of one that was in use, or is held, those were looked at that did
    not change since.
    """
    if spec.origin == "external":
        return
    complete = stored is not None and stored.build is not None and stored.build.complete
    changed = None
    if stored is not None and (complete or _is_held(stored)):
        changed = generations.changed_slots(reader, view.header, stored.number)
    refused = inadmissible_slots(reader, view, spec, changed=changed, exact=complete)
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


def _is_held(pending: GenerationRecord | None) -> bool:
    return pending is not None and pending.build is not None and pending.build.held is not None


def _same(header: CollectionHeader, pending: GenerationRecord | None, spec: GenerationSpec) -> bool:
    """Whether an unfinished rebuild has the same parameters, and can be resumed."""
    whole = pending is not None and pending.build is not None and pending.build.whole
    return pending is not None and whole and GenerationSpec.stored(pending, header) == spec


def _refuse_to_resume(header: CollectionHeader, pending: GenerationRecord | None) -> NoReturn:
    whole = pending is not None and pending.build is not None and pending.build.whole
    why = "is one to other parameters" if whole else "was killed at a moment it cannot go on from"
    raise InvalidArgumentError(
        f"the unfinished rebuild of collection {header.name!r} {why}; start anew with resume=False",
        expected="an unfinished rebuild to the same",
        received=None if pending is None else GenerationSpec.stored(pending, header),
    )


def _share_done(reader: Snapshot, view: CollectionView, spec: GenerationSpec) -> float | None:
    pending = _pending(reader, view)
    if pending is None or pending.build is None or not _same(view.header, pending, spec):
        return None
    return min(1.0, pending.build.slots / max(1, view.header.slots))
