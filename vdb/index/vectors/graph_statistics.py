"""What a graph looks like: norms, degrees, levels, and the links of one slot."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from vdb.index.vectors.kernel_view import Collection, Reader, opened

__all__ = ["Level", "Neighborhood", "Survey", "neighborhood", "norms", "survey"]


class Level(NamedTuple):
    """One level: its nodes, and histograms of their links ([d] nodes have d)."""

    nodes: int
    out_degrees: NDArray[np.uint32]
    in_degrees: NDArray[np.uint32]


class Survey(NamedTuple):
    """Counts over a whole graph.

    Attributes:
        nodes: Slots that stand in the graph themselves.
        duplicates: Slots that hang off a node with the same vector.
        representatives: Nodes with duplicates.
        unlinked: New slots that wait for their links; every search looks at them.
        reached: Slots that a walk from the entry point comes by, or that every search looks at.
        levels: Level 0 first, up to the highest with nodes.
    """

    nodes: int
    duplicates: int
    representatives: int
    unlinked: int
    reached: int
    levels: list[Level]


class Neighborhood(NamedTuple):
    """The links of one slot: of the node that stands for it, which is often itself."""

    representative: int
    duplicates: NDArray[np.uint32]
    links: list[NDArray[np.uint32]]


def norms(reader: Reader, view: Collection) -> NDArray[np.float32]:
    """The stored norm of every slot, float32 (slots,); -1 where it is not in use."""
    index, fetch = opened(reader, view)
    return index.norms(fetch)


def survey(reader: Reader, view: Collection) -> Survey | None:
    """Counts over the whole graph; None for a flat index."""
    if not view.links:
        return None
    index, fetch = opened(reader, view)
    nodes, duplicates, representatives, reached, levels = index.survey(fetch)
    unlinked = len(index.unlinked)
    return Survey(
        nodes,
        duplicates,
        representatives,
        unlinked,
        reached + unlinked,
        [Level(*one) for one in levels],
    )


def neighborhood(reader: Reader, view: Collection, slot: int) -> Neighborhood | None:
    """The links of the node that stands for a slot; None for a flat index.

    Raises:
        CorruptedError: The slot has no place in the graph, or a link leads out of it.
    """
    if not view.links:
        return None
    index, fetch = opened(reader, view)
    return Neighborhood(*index.neighbourhood(fetch, slot))
