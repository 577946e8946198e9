"""What came of an import, and of the comparison with the source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from vdb.model.records import Id
from vdb.sources import Refusal, SourceInfo

__all__ = ["Difference", "ImportReport", "NeighborRecall", "VerificationReport"]


class Difference(NamedTuple):
    """A neighbour whose score is not the one that the other side gives.

    Attributes:
        query: The id of the record whose vector was asked.
        id: The neighbour.
        expected: The source's score; None where it does not have this neighbour.
        received: The collection's score; None likewise.
    """

    query: Id
    id: Id
    expected: float | None
    received: float | None


class NeighborRecall(NamedTuple):
    """The neighbours that a source has stored for queries of its own, and the collection's.

    Attributes:
        queries: Queries that were asked.
        k: The largest number of neighbours of one.
        by_index: The share of the stored neighbours that searches find, 0 to 1.
        by_comparison: The share that exact search finds: 1 where the source's neighbours are the
            true ones under the metric of the collection.
    """

    queries: int
    k: int
    by_index: float
    by_comparison: float


@dataclass(frozen=True, slots=True)
class VerificationReport:
    """Stored vectors, asked of the source's library and of the collection.

    Attributes:
        queries: How many were asked.
        k: Neighbours of each.
        engine: The library that answered for the source; "exact search" where it is not installed.
        exact: Whether it looks at every vector; else its neighbours need not be the nearest.
        convention: The convention that scores are compared in.
        compared: Pairs of scores that were compared.
        equal: Pairs that are the same number.
        largest_difference: Between two scores of a pair, absolute.
        tolerance: The largest that the precision of the source explains.
        overlap: The share of the source's neighbours that the collection's exact search has too;
            neighbours as near as the last one count.
        differences: The first pairs beyond the tolerance.
        neighbors: Recall against the neighbours that the source has stored for queries of its own,
            as benchmarks have them; None where it has none.
    """

    queries: int
    k: int
    engine: str
    exact: bool
    convention: str
    compared: int
    equal: int
    largest_difference: float
    tolerance: float
    overlap: float
    differences: tuple[Difference, ...] = ()
    neighbors: NeighborRecall | None = None

    @property
    def agrees(self) -> bool:
        """Whether all scores agree, and the neighbours too where the engine is exact."""
        return not self.differences and (self.overlap == 1.0 or not self.exact)


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What became of the records of a source.

    Attributes:
        collection: The name of the collection.
        source: What the source holds.
        read: Records that were read; `added`, `replaced`, `existing` and `refused` make them up.
        added: New records.
        replaced: Records in the place of older ones.
        existing: Left out, because a record of that id was there.
        skipped: Rows that are no records any more, by reason, such as "deleted"; none of `read`.
        refused: Rows that cannot be records.
        refusals: The first of these, with their reasons.
        metric: The metric of the collection.
        scores: Its default convention.
        fields: Its declared fields.
        seconds: How long it took.
        written: False after a dry run.
        verification: The comparison, if it was asked for.
    """

    collection: str
    source: SourceInfo
    read: int
    added: int
    replaced: int
    existing: int
    skipped: Mapping[str, int]
    refused: int
    refusals: tuple[Refusal, ...]
    metric: str
    scores: str
    fields: Mapping[str, str]
    seconds: float
    written: bool = True
    verification: VerificationReport | None = None
    notes: tuple[str, ...] = field(default=())
