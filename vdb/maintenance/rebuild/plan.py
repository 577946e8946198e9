"""What a rebuild would do, before it does anything: whether it can be done, and what it takes."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

from vdb.errors import DiskFullError
from vdb.index import RUN, Building
from vdb.maintenance.rebuild.conversion import Conversion
from vdb.maintenance.rebuild.target import Target
from vdb.model.config import IndexConfig, index_from_map
from vdb.model.records import Id
from vdb.store import CollectionView, Environment, Snapshot, generation_view
from vdb.store.format.generation import Build

__all__ = [
    "RebuildPlan",
    "bytes_needed",
    "estimate",
    "lack_of_room",
    "present_index",
    "require_room",
]

_TRIAL_SECONDS = 1.5
_TRIAL_ROWS = 256
_OVERTAKEN = 2  # commits of others after which a trial ends early
_SPARE = 1 << 20


@dataclass(frozen=True, slots=True)
class RebuildPlan:
    """What a rebuild would do; nothing was changed.

    Attributes:
        collection: Name of the collection.
        metric: The metric it has.
        to_metric: The metric it would have.
        dtype: How its vectors are stored.
        to_dtype: How they would be stored.
        index: The index it has.
        to_index: The index it would have.
        to_scores: The default convention of results it would have.
        records: Records to link.
        refused: Records whose vectors the new metric or dtype cannot take; with any, nothing can be
            done.
        refused_ids: The first of them.
        obstacles: Why it cannot be done, a sentence each; empty where it can.
        bytes_needed: Room that it takes while it runs, at most.
        bytes_free: Room there is, on the disk and in the file; None where nobody can tell.
        commit_bytes: Bytes more that each commit of others writes while it runs, at most: what it
            changed is noted.
        pinned_seconds: For how long, about, what others replace meanwhile cannot be used again: so
            often the rebuild goes on to the newest moment.
        seconds: How long it takes, roughly, by a short trial.
        resumes: Share (0..1) that an earlier, unfinished rebuild to the same has done; None when
            there is none.
    """

    collection: str
    metric: str
    to_metric: str
    dtype: str
    to_dtype: str
    index: IndexConfig
    to_index: IndexConfig
    to_scores: str
    records: int
    refused: int
    refused_ids: tuple[Id, ...]
    obstacles: tuple[str, ...]
    bytes_needed: int
    bytes_free: int | None
    commit_bytes: int
    pinned_seconds: float
    seconds: float
    resumes: float | None

    @property
    def feasible(self) -> bool:
        """Whether nothing stands against it."""
        return not self.obstacles


def lack_of_room(environment: Environment, needed: int, room: int | None) -> str | None:
    """Why a rebuild does not fit, as a sentence; None where it fits, or nobody can tell."""
    if room is None or room >= needed:
        return None
    return (
        f"the rebuild wants {needed:,} bytes free on the disk of {environment.path}, and "
        f"{room:,} are"
    )


def require_room(environment: Environment, needed: int) -> None:
    """Raise DiskFullError where a rebuild would not fit."""
    room = environment.room()
    if lack := lack_of_room(environment, needed, room):
        raise DiskFullError(f"{lack}; nothing was changed", expected=needed, received=room)


def bytes_needed(target: Target, view: CollectionView, small_block: int) -> int:
    """Room that a build takes: its blocks, and once more for those that a commit replaces.

    Vectors are converted once, block after block, and then replaced only where others write.
    """
    header = view.header
    own = target.dtype != header.dtype
    vectors = target.vector_bytes(header.dim, header.slots) if own else 0
    return 2 * target.block_bytes(header, small_block) + vectors + _SPARE


def estimate(reader: Snapshot, view: CollectionView, target: Target, threads: int) -> float:
    """Seconds that linking all records takes, from linking some that are never stored."""
    header = view.header
    record = target.record(header.next_generation, view.generation)
    own = generation_view(reader.database_header(), view, record)
    if not own.links or not header.count:
        return 0.0
    conversion = Conversion.to(target, header, exact=False)
    building = Building(
        view,
        own,
        reader.fetch,
        fit=lambda *_: None,
        convert=None if own.vectors is view.vectors else lambda _, rows: conversion.rows(rows)[0],
        build=Build(0.0, "", "", "", spread=header.slots, run=RUN),
        threads=threads,
    )
    began = time.monotonic()
    while time.monotonic() - began < _TRIAL_SECONDS and building.sweep(_TRIAL_ROWS):
        if reader.behind() > _OVERTAKEN:  # it pins what others replace
            break
    seconds = time.monotonic() - began
    linked, total = building.nodes, header.count
    if linked == total:
        return seconds
    # Walks grow with the logarithm of the graph, and more than that with what no longer fits the
    # processor's caches.
    growth = (math.log(total) / math.log(max(2, linked))) ** 2
    return seconds / linked * total * growth


def present_index(view: CollectionView) -> IndexConfig:
    """Parameters of the index in use."""
    return index_from_map(view.generation.index)
