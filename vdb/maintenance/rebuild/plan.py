"""What a rebuild would do, before it does anything: whether it can be done, and what it takes."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, replace

import numpy as np

from vdb import index
from vdb.config import IndexConfig, index_from_map
from vdb.dtypes import DTYPES
from vdb.errors import DiskFullError, InvalidVectorError
from vdb.index import Building, new_generation
from vdb.maintenance.rebuild.target import Target, refused
from vdb.records import Id
from vdb.store import CollectionView, Environment, Snapshot
from vdb.store.views import build

__all__ = ["RebuildPlan", "estimate", "refuse_unfit", "require_room", "unfit"]

NAMED = 5
"""Ids that a message lists."""

_TRIAL_SECONDS = 1.5
_TRIAL_ROWS = 1024
_SPARE = 1 << 20


@dataclass(frozen=True, slots=True)
class RebuildPlan:
    """What a rebuild would do; nothing was changed.

    Attributes:
        collection: Name of the collection.
        metric: The metric it has.
        to_metric: The metric it would have.
        index: The index it has.
        to_index: The index it would have.
        to_scores: The default convention of results it would have.
        records: Records to link.
        refused: Records whose vectors the new metric cannot take; with any, nothing can be done.
        refused_ids: The first of them.
        bytes_needed: Room that it takes while it runs, at most.
        bytes_free: Room there is, on the disk and in the file; None where nobody can tell.
        seconds: How long it takes, roughly, by a short trial.
        resumes: Share (0..1) that an earlier, unfinished rebuild to the same has done; None when
            there is none.
    """

    collection: str
    metric: str
    to_metric: str
    index: IndexConfig
    to_index: IndexConfig
    to_scores: str
    records: int
    refused: int
    refused_ids: tuple[Id, ...]
    bytes_needed: int
    bytes_free: int | None
    seconds: float
    resumes: float | None

    @property
    def feasible(self) -> bool:
        """Whether nothing stands against it."""
        room = self.bytes_free is None or self.bytes_needed <= self.bytes_free
        return room and not self.refused


def unfit(reader: Snapshot, view: CollectionView, metric: str) -> tuple[int, list[Id]]:
    """How many records a metric cannot take, and the ids of the first few."""
    norms = index.norms(reader, view)
    bad = np.flatnonzero((norms >= 0) & refused(metric, DTYPES[view.header.dtype].real, norms))
    return len(bad), named([reader.id_at(view, slot) for slot in bad[:NAMED].tolist()])


def named(ids: list[Id]) -> list[Id]:
    """Ids as they are listed; those of a collection are all int or all str."""
    return sorted(ids, key=lambda value: (value if isinstance(value, int) else 0, str(value)))


def refuse_unfit(name: str, metric: str, count: int, ids: list[Id]) -> None:
    """Raise InvalidVectorError when there are any."""
    if not count:
        return
    listed = ", ".join(map(repr, ids)) + (", ..." if count > len(ids) else "")
    vectors, have = ("vector", "has") if count == 1 else ("vectors", "have")
    raise InvalidVectorError(
        f"collection {name!r} cannot become {metric!r}: {count:,} {vectors} {have} no place under "
        f"that metric (ids {listed}). Delete or replace these records first; nothing was changed",
        expected=f"vectors that {metric!r} accepts",
        received=ids,
    )


def require_room(environment: Environment, needed: int) -> None:
    """Raise DiskFullError where a rebuild would not fit."""
    room = environment.room()
    if room is not None and room < needed:
        raise DiskFullError(
            f"the rebuild wants {needed:,} bytes free on the disk of {environment.path}, and "
            f"{room:,} are; nothing was changed",
            expected=needed,
            received=room,
        )


def bytes_needed(target: Target, view: CollectionView, small_block: int) -> int:
    """Room that a build takes: its blocks, and once more for those that a commit replaces."""
    return 2 * target.block_bytes(view.header, small_block) + _SPARE


def estimate(reader: Snapshot, view: CollectionView, target: Target, threads: int) -> float:
    """Seconds that linking all records takes, from linking some that are never stored."""
    header = view.header
    record = new_generation(header.next_generation, target.metric, target.index)
    own = replace(build(reader.database_header(), header, record), vectors=view.vectors)
    if not own.links or not header.count:
        return 0.0
    building = Building(
        view,
        own,
        reader.fetch,
        fit=lambda *_: None,
        slots=0,
        nodes=0,
        spread=header.slots,
        threads=threads,
    )
    began = time.monotonic()
    while time.monotonic() - began < _TRIAL_SECONDS and building.sweep(_TRIAL_ROWS):
        pass
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
