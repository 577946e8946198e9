"""What a rebuild would take: room on the disk, and time by a short trial."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vdb.errors import DiskFullError
from vdb.index.vectors.build_order import RUN
from vdb.index.vectors.online_build import Building
from vdb.maintenance.rebuild.conversion import Conversion
from vdb.maintenance.rebuild.spec import GenerationSpec
from vdb.model.dtypes import DTYPES
from vdb.store import CollectionView, Environment, Snapshot, generation_view
from vdb.store.format.generation import Build

__all__ = ["bytes_needed", "require_space", "seconds_needed", "space_shortage"]

_TRIAL_SECONDS = 1.5
_TRIAL_ROWS = 256
_TRIAL_COMMITS = 2  # a trial ends early after this many commits of others, whose pages it pins
_SPARE = 1 << 20


def space_shortage(environment: Environment, needed: int, free: int | None) -> str | None:
    """Why a rebuild does not fit the disk, as a sentence; None where it fits or `free` is None."""
    if free is None or free >= needed:
        return None
    return (
        f"the rebuild wants {needed:,} bytes free on the disk of {environment.path}, and "
        f"{free:,} are"
    )


def require_space(environment: Environment, needed: int) -> None:
    """Raise DiskFullError where a rebuild would not fit."""
    free = environment.room()
    if shortage := space_shortage(environment, needed, free):
        raise DiskFullError(f"{shortage}; nothing was changed", expected=needed, received=free)


def bytes_needed(spec: GenerationSpec, view: CollectionView, small_block: int) -> int:
    """Room that a build takes: its blocks, and once more for those that a commit replaces.

    Vectors are converted once, block after block, and replaced only where others write.
    """
    header = view.header
    vectors = spec.vector_bytes(header.slots) if spec.has_own_vectors(header) else 0
    return 2 * spec.block_bytes(header, small_block) + vectors + _SPARE


def seconds_needed(
    reader: Snapshot, view: CollectionView, spec: GenerationSpec, threads: int
) -> float:
    """Seconds that linking all records takes, measured by linking a few that are never stored.

    In place of vectors that are not there yet, random ones are linked.
    """
    header = view.header
    record = spec.record(header.next_generation, header, view.generation)
    own = generation_view(reader.database_header(), view, record)
    if not own.links or not header.vector_count:
        return 0.0
    conversion = Conversion.to(spec, header, exact=False)

    def convert(slots: NDArray[np.uint32], stored: Callable[[], NDArray[Any]]) -> NDArray[Any]:
        return _random_rows(spec, slots) if external else conversion.rows(stored())[0]

    external = spec.origin == "external"
    building = Building(
        view,
        own,
        reader.fetch,
        fit=lambda *_: None,
        convert=convert if spec.has_own_vectors(header) else None,
        build=Build(0.0, "", "", "", spread=header.slots, run=RUN),
        threads=threads,
    )
    began = time.monotonic()
    while time.monotonic() - began < _TRIAL_SECONDS and building.sweep(_TRIAL_ROWS):
        if reader.behind() > _TRIAL_COMMITS:
            break
    seconds = time.monotonic() - began
    linked, total = building.nodes, header.vector_count
    if linked == total:
        return seconds
    # Walks grow with the logarithm of the graph, and faster once it no longer fits the processor's
    # caches.
    growth = (math.log(total) / math.log(max(2, linked))) ** 2
    return seconds / linked * total * growth


def _random_rows(spec: GenerationSpec, slots: NDArray[np.uint32]) -> NDArray[Any]:
    """Rows of the right shape and of about length 1, one for each slot."""
    dtype, dim = DTYPES[spec.dtype], spec.embedding.dim
    shape = len(slots), dtype.columns(dim)
    random = np.random.default_rng(0 if not len(slots) else int(slots[0]))
    if not dtype.real:
        whole = np.iinfo(dtype.stored)
        return random.integers(whole.min, whole.max, shape, dtype.stored, endpoint=True)
    return (random.normal(size=shape) / math.sqrt(dim)).astype(dtype.stored)
