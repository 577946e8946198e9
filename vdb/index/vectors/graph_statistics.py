"""Statistics of a whole graph (levels, degrees, reachability), and the links of one slot."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from vdb.index.types import Reader, View
from vdb.index.vectors.kernel_view import opened

__all__ = ["GraphStatistics", "Level", "Neighborhood", "graph_statistics", "neighborhood"]


class Level(NamedTuple):
    """One level: its nodes, and histograms of their links ([d] nodes have d)."""

    nodes: int
    out_degrees: NDArray[np.uint32]
    in_degrees: NDArray[np.uint32]


class GraphStatistics(NamedTuple):
    """Counts over a whole graph.

    Attributes:
        nodes: Slots that are nodes of the graph themselves.
        duplicates: Slots linked to a node with the same vector instead.
        representatives: Nodes with duplicates.
        unlinked: New slots without links so far; every search compares them.
        reached: Slots reachable from the entry point, and those that every search compares.
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


def graph_statistics(reader: Reader, view: View) -> GraphStatistics | None:
    """Counts over the whole graph; None for a flat index."""
    if not view.links:
        return None
    index, fetch = opened(reader, view)
    nodes, duplicates, representatives, reached, levels = index.graph_statistics(fetch)
    unlinked = len(index.unlinked)
    return GraphStatistics(
        nodes,
        duplicates,
        representatives,
        unlinked,
        reached + unlinked,
        [Level(*one) for one in levels],
    )


def neighborhood(reader: Reader, view: View, slot: int) -> Neighborhood | None:
    """The links of the node that stands for a slot; None for a flat index.

    Raises:
        CorruptedError: The slot has no place in the graph, or a link leads out of it.
    """
    if not view.links:
        return None
    index, fetch = opened(reader, view)
    return Neighborhood(*index.neighborhood(fetch, slot))
