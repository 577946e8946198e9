"""The dataclasses of an inspection."""

from __future__ import annotations

from dataclasses import dataclass, fields

from vdb.analysis.common.norms import Norms
from vdb.maintenance.info import CollectionInfo
from vdb.model.config import IndexConfig
from vdb.model.presentation.short_repr import payload_text
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
    """A histogram: ``counts[i]`` values lie from ``edges[i]`` to ``edges[i + 1]``."""

    edges: tuple[float, ...]
    counts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class LevelUse(Result):
    """One level of the graph.

    Attributes:
        level: Its number; every node is on level 0.
        nodes: The number of nodes on it.
        capacity: The largest number of links of a node.
        mean_degree: Mean number of links of a node.
        max_degree: Largest number of links of a node.
        full: The share of nodes without room for another link.
        alone: Nodes without any link on this level.
        out_degrees: Numbers of nodes with 0, 1, 2, ... outgoing links.
        in_degrees: Numbers of nodes with 0, 1, 2, ... incoming links.
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
        blocks: The number of blocks.
        bytes: Their bytes.
        rows: Rows that fit into them.
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
        """The share of rows in use, 0..1."""
        return self.used / self.rows if self.rows else 0.0


@dataclass(frozen=True, slots=True)
class GenerationUse(Result):
    """A generation that is not in use, and its own space.

    Attributes:
        generation: Its number.
        role: "being built", "kept" for a rollback, or "over": retired, and removed step by step.
        metric: Its metric; None if it is retired.
        dtype: The dtype of its vectors; None if it is retired.
        dim: Their dimension; None if it is retired.
        model: Where they come from, or None.
        index: Its index; None if it is retired.
        blocks: Its own blocks; shared blocks of vectors do not count.
        bytes: Their bytes.
    """

    generation: int
    role: str
    metric: str | None
    dtype: str | None
    dim: int | None
    model: str | None
    index: IndexConfig | None
    blocks: int
    bytes: int


@dataclass(frozen=True, slots=True)
class FileUse(Result):
    """The file of the whole database, which all its collections share.

    Attributes:
        bytes: Its size.
        used_bytes: Bytes of pages in use.
        free_bytes: Bytes of free pages, which later commits use again; `compact` gives them back.
        readers: Readers at this moment, in all processes, besides this call.
        reader_lag: Commits that the oldest reader is behind; pages freed by these commits cannot
            be used again yet. None without a reader.
    """

    bytes: int
    used_bytes: int
    free_bytes: int
    readers: int
    reader_lag: int | None

    @property
    def fragmentation(self) -> float:
        """The share of the file that is free, 0..1."""
        return self.free_bytes / self.bytes if self.bytes else 0.0


@dataclass(frozen=True, slots=True)
class Inspection(Result):
    """Statistics of one stored collection.

    Attributes:
        info: The result of `Collection.info`, history of generations included.
        norms: Lengths of its vectors.
        norm_histogram: The distribution of these lengths.
        levels: The levels of the graph, level 0 first; empty for a flat collection.
        nodes: Records that are nodes of the graph themselves.
        duplicates: Records attached to a node with exactly the same vector.
        duplicate_groups: Nodes with duplicates.
        unlinked: New records without links yet; every search compares them.
        reached: Records that walks can reach; all of them, in a sound graph.
        blocks: Blocks by kind and level, of the generation in use.
        beside: The generations that are not in use.
        bytes: Bytes by kind: vectors, links, codes, records, ids and others.
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
        value: The natural value between the two vectors.
        norm: The length of its vector; None for a record without one.
    """

    id: Id
    value: float
    norm: float


@dataclass(frozen=True, slots=True)
class RecordInspection(Result):
    """One stored record.

    Attributes:
        collection: The collection's name.
        metric: Its metric.
        id: The record's id.
        slot: Its number inside the collection.
        norm: The length of its vector.
        payload: Its payload.
        representative: The record with the same vector that is the node in the graph; often the
            record itself. None in a flat collection, and for a record without a vector.
        duplicates: Other records with exactly the same vector.
        levels: Its neighbours on each level, level 0 first, each list closest first.
    """

    collection: str
    metric: str
    id: Id
    slot: int
    norm: float | None
    payload: Payload
    representative: Id | None
    duplicates: tuple[Id, ...]
    levels: tuple[tuple[Link, ...], ...]

    def __repr__(self) -> str:
        shown = {field.name: repr(getattr(self, field.name)) for field in fields(self)}
        shown["payload"] = payload_text(self.payload)
        return f"RecordInspection({', '.join(f'{name}={text}' for name, text in shown.items())})"
