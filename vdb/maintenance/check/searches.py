"""The check of searches: some stored vectors are searched for.

A graph can keep every invariant of its links and still lead nowhere, when it was built by codes
that could not tell its vectors apart: releases that did not check the resolution of codes made such
graphs. A vector that does not find itself shows it.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from vdb import index
from vdb.index.vectors.angular_spread import angular_spread, blind_walks
from vdb.model.dtypes import DTYPES
from vdb.model.metrics import METRICS, Metric
from vdb.model.problem import Problem
from vdb.store import CollectionView, Snapshot

__all__ = ["check_search"]

_SAMPLE = 64
_TOLERANCE = 1e-6
"""Values that differ by less, in parts of the value, are the same in float32."""


def check_search(reader: Snapshot, view: CollectionView) -> Iterator[Problem]:
    """Float32 tells the vectors apart, and stored ones find themselves, or others as near.

    Run where `verify` has found no problem. Half of a sample must find themselves; only
    graphs that were built by codes are searched.
    """
    header, generation = view.header, view.generation
    blind = blind_walks(view, angular_spread(reader, view))
    if blind is not None:
        yield Problem(f"collection {header.name!r}", blind, "warning")
        return
    if generation.index.get("codes") is None or not header.vector_count:
        return
    slots = _sample(index.norms(reader, view))
    queries = index.stored_vectors(reader, view, slots).astype(
        DTYPES[DTYPES[header.dtype].queries].stored
    )
    neighbors = index.search(reader, view, queries, index.SearchParameters(k=1))
    near = neighbors.counts > 0
    near[near] = _as_near(METRICS[header.metric], queries[near], neighbors.values[near, 0])
    if 2 * near.sum() < len(slots):
        yield Problem(
            f"collection {header.name!r}",
            f"searches with ef={index.DEFAULT_EF} find {near.sum()} of {len(slots)} stored "
            "vectors: its graph has too few links, or was built by codes that could not tell "
            "them apart. rebuild() makes one that finds more",
            "warning",
        )


def _sample(norms: NDArray[np.float32]) -> NDArray[np.uint32]:
    """Slots in use, evenly spread."""
    used = np.flatnonzero(norms >= 0).astype(np.uint32)
    places = np.linspace(0, len(used) - 1, min(_SAMPLE, len(used))).astype(np.intp)
    return np.ascontiguousarray(used[places])


def _as_near(
    metric: Metric, vectors: NDArray[np.float32], values: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Whether values are those of the vectors with themselves, but for rounding, or closer."""
    own = np.array([float(metric.values(row, row[np.newaxis])[0]) for row in vectors])
    slack = _TOLERANCE * np.abs(own)
    bound = own + slack if metric.direction == "lower" else own - slack
    return np.asarray(metric.closer(values, bound))
