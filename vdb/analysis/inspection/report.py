"""What an inspection shows: dataclasses."""

from __future__ import annotations

from dataclasses import dataclass

from vdb.analysis.common.norms import Norms
from vdb.maintenance.info import CollectionInfo
from vdb.model.config import IndexConfig
from vdb.model.records import Id, Payload
from vdb.model.results import Result

__all__ = [
    "BlockUse",
    "FileUse",
    "GenerationUse",
    "Histogram",
    "Inspection",
    "LevelUse",
    "Link",
    "RecordInspection",
]


@dataclass(frozen=True, slots=True)
class Histogram(Result):
    """How often what occurs: ``counts[i]`` of them lie from ``edges[i]`` to ``edges[i + 1]``."""

    edges: tuple[float, ...]
    counts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class LevelUse(Result):
    """One level of the graph.

    Attributes:
        level: Its number; every node stands on level 0.
        nodes: How many nodes stand on it.
        capacity: How many links a node can have here.
        mean_degree: Links of a node, on average.
        max_degree: The most links that a node has.
        full: The part of the nodes that have no room for another link.
        alone: Nodes without any link here.
        out_degrees: How many nodes have 0, 1, 2, ... links.
        in_degrees: How many nodes are the end of 0, 1, 2, ... links.
    """

    level: int
    nodes: int
    capacity: int
    mean_degree: float
    max_degree: int
    full: float
    alone: int
    out_degrees: tuple[int, ...]
    in_degrees: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class BlockUse(Result):
    """The blocks of one kind and level.

    Attributes:
        kind: "vectors", "links" or "codes".
        level: The level of links; 0 for vectors and codes.
        blocks: How many blocks there are.
        bytes: Their bytes.
        rows: Rows that they have room for.
        used: Rows in use.
    """

    kind: str
    level: int
    blocks: int
    bytes: int
    rows: int
    used: int

    @property
    def fill(self) -> float:
        """The part of the rows in use."""
        return self.used / self.rows if self.rows else 0.0


@dataclass(frozen=True, slots=True)
class GenerationUse(Result):
    """A generation that is not in use, and what it takes beside the one that is.

    Attributes:
        generation: Its number.
        role: "being built", "kept" to go back to, or "over": what is left is removed bit by bit.
        metric: Its metric; None of one that is over.
        dtype: How the vectors are stored that it is over; None of one that is over.
        index: Its index; None of one that is over.
        blocks: Blocks of its own: those of vectors that it shares do not count.
        bytes: Their bytes.
    """

    generation: int
    role: str
    metric: str | None
    dtype: str | None
    index: IndexConfig | None
    blocks: int
    bytes: int


@dataclass(frozen=True, slots=True)
class FileUse(Result):
    """The file of the whole database, which all its collections share.

    Attributes:
        bytes: Its size.
        used_bytes: Bytes of pages in use.
        free_bytes: Bytes of pages that later commits use again; `compact` gives them back.
        readers: Who reads at this moment, in all processes, besides this call.
        reader_lag: How many commits the oldest reader is behind; what those freed cannot be used
            again yet. None where nobody reads.
    """

    bytes: int
    used_bytes: int
    free_bytes: int
    readers: int
    reader_lag: int | None

    @property
    def fragmentation(self) -> float:
        """The part of the file that is free."""
        return self.free_bytes / self.bytes if self.bytes else 0.0


@dataclass(frozen=True, slots=True)
class Inspection(Result):
    """One collection from the inside.

    Attributes:
        info: What `Collection.info` says, history of generations included.
        norms: Lengths of its vectors.
        norm_histogram: How they are distributed.
        levels: The levels of the graph, level 0 first; empty for a flat collection.
        nodes: Records that stand in the graph themselves.
        duplicates: Records that hang off a node with the very same vector.
        duplicate_groups: Nodes with duplicates.
        unlinked: New records that wait for their links; every search looks at them.
        reached: Records that walks can come by; all of them, in a sound graph.
        blocks: Blocks by kind and level, of the generation in use.
        beside: The generations that are not in use.
        bytes: Bytes by kind: vectors, links, codes, records, ids, and what else there is.
        file: The file.
    """

    info: CollectionInfo
    norms: Norms
    norm_histogram: Histogram
    levels: tuple[LevelUse, ...]
    nodes: int
    duplicates: int
    duplicate_groups: int
    unlinked: int
    reached: int
    blocks: tuple[BlockUse, ...]
    beside: tuple[GenerationUse, ...]
    bytes: dict[str, int]
    file: FileUse


@dataclass(frozen=True, slots=True)
class Link(Result):
    """A neighbour in the graph.

    Attributes:
        id: The neighbour's id.
        value: The natural value of the two vectors.
        norm: The length of its vector.
    """

    id: Id
    value: float
    norm: float


@dataclass(frozen=True, slots=True)
class RecordInspection(Result):
    """One record from the inside.

    Attributes:
        collection: The collection's name.
        metric: Its metric.
        id: The record's id.
        slot: Its number inside the collection.
        norm: The length of its vector.
        payload: Its payload.
        representative: The record whose place in the graph it shares, having the same vector;
            often itself. None in a flat collection.
        duplicates: Other records with the very same vector.
        levels: Its neighbours on each level, level 0 first, each list closest first.
    """

    collection: str
    metric: str
    id: Id
    slot: int
    norm: float
    payload: Payload
    representative: Id | None
    duplicates: tuple[Id, ...]
    levels: tuple[tuple[Link, ...], ...]
