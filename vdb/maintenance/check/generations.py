"""The check of the generations that are not in use: one being built, one kept to go back to.

Their graphs lack the changes in their logs, so that only what holds at any time is checked: their
records, blocks with their checksums, and logs.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from vdb.errors import CorruptedError
from vdb.index.vectors.kernel_view import index_of
from vdb.model.problem import Problem
from vdb.query.score_convention import default_convention
from vdb.store import CollectionView, Snapshot, build_view, generations
from vdb.store.format import change_log, keys
from vdb.store.format.generation import GenerationRecord
from vdb.store.format.header_agreement import require_inactive
from vdb.store.format.headers import CollectionHeader, DatabaseHeader

__all__ = ["check_inactive", "check_roles"]

_LISTED_SLOTS = 5
"""Slots that are reported of many."""


def check_roles(
    header: CollectionHeader, records: dict[int, GenerationRecord], *, readable: bool
) -> Iterator[Problem]:
    """The generations that a header names, against the records there are.

    `readable`: whether all records could be read, so that a missing one is a problem.
    """
    where = f"collection {header.name!r}"
    roles = {header.building: "being built", header.kept: "kept"}
    roles.pop(0, None)
    for generation, role in roles.items():
        record = records.get(generation)
        if record is None:
            if readable:
                yield Problem(where, f"generation {generation}, which is {role}, has no record")
        elif record.build is None:
            yield Problem(where, f"generation {generation} is {role}, but says that it is in use")
    for generation, record in sorted(records.items()):
        if generation >= header.next_generation:
            yield Problem(where, f"generation {generation} was never given out")
        elif generation == header.generation:
            if record.build is not None:
                yield Problem(where, f"generation {generation} is in use, but says that it is not")
        elif generation not in roles:
            yield Problem(where, f"generation {generation} is not in use", "warning")
    yield from _check_shared(where, header, records)


def _check_shared(
    where: str, header: CollectionHeader, records: dict[int, GenerationRecord]
) -> Iterator[Problem]:
    """Generations over the same vectors have one dtype and one dimension."""
    kinds: dict[int, tuple[str, int]] = {}
    for generation, record in sorted(records.items()):
        kind = record.dtype, header.embedding_in(record).dim
        first = kinds.setdefault(record.vectors, kind)
        for name, shared, own in zip(("dtype", "dim"), first, kind, strict=True):
            if shared != own:
                yield Problem(
                    where,
                    f"generation {generation}: {name} {own!r}, and {shared!r} of another "
                    "generation over the same vectors",
                )


def check_inactive(
    reader: Snapshot,
    database: DatabaseHeader,
    header: CollectionHeader,
    records: dict[int, GenerationRecord],
) -> Iterator[Problem]:
    """Blocks and logs of the generations that are being built or kept."""
    current = records.get(header.generation)
    for generation in (header.building, header.kept):
        record = records.get(generation)
        if record is None or record.build is None:  # reported by `check_roles`
            continue
        try:
            require_inactive(header, record, reader.small_block)
            default_convention(header, record.build.scores, record.metric, record.dtype)
            view, damaged = build_view(database, header, record), False
        except CorruptedError as error:
            yield Problem(error.where, error.message)
            continue
        shared = current is not None and record.vectors == current.vectors
        for table in view.tables[1:] if shared else view.tables:
            for number in range(table.blocks):
                try:
                    table.check(reader.fetch, number)
                except CorruptedError as error:
                    damaged = True
                    yield Problem(error.where or f"collection {header.name!r}", error.message)
        for problem in _check_log(reader, header, generation):
            damaged = True
            yield problem
        if not damaged and not shared and current is not None:
            yield from _check_copied(reader, view, build_view(database, header, current))


def _check_copied(
    reader: Snapshot, view: CollectionView, current: CollectionView
) -> Iterator[Problem]:
    """A generation with vectors of its own has them in the same slots, but for those in its log."""
    header, record = view.header, view.generation
    if record.build is None or not record.build.whole:
        return
    slots = np.arange(min(record.build.copied, header.slots), dtype=np.uint32)
    slots = np.setdiff1d(slots, generations.changed_slots(reader, header, record.number))
    try:
        # At least 0 where there is a vector; else the number says what the slot is.
        own, others = (
            np.minimum(index_of(one).norms_of(reader.fetch, slots), 0) for one in (view, current)
        )
    except CorruptedError as error:  # of the one in use; reported with it too
        yield Problem(error.where or f"collection {header.name!r}", error.message)
        return
    for place in np.flatnonzero(own != others)[:_LISTED_SLOTS].tolist():
        yield Problem(
            f"collection {header.name!r}, slot {slots[place]}",
            f"{_state(own[place])} in generation {record.number}, {_state(others[place])} in "
            f"generation {header.generation}",
        )


def _state(norm: float) -> str:
    """What the stored norm of a slot says of it."""
    return {0.0: "with a vector", -1.0: "free", -2.0: "without a vector"}.get(norm, "broken")


def _check_log(reader: Snapshot, header: CollectionHeader, generation: int) -> Iterator[Problem]:
    """The log of the slots that changed since."""
    for key, value in reader.items(keys.changes_of(header.number, generation)):
        where = f"collection {header.name!r}, changes since generation {generation}"
        try:
            number = keys.decode(key).number or 0
            slots = change_log.slots_in(reader.seal.unwrap(key, value), number, where)
        except CorruptedError as error:
            yield Problem(error.where or where, error.message)
            continue
        if slots.size and int(slots[-1]) >= header.slots:
            yield Problem(where, f"slot {slots[-1]} of {header.slots}")
