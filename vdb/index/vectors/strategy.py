"""Graph or scan: how a search goes, and the `Plan` that says so.

A scan costs one comparison for each record that passes, in the order they lie; a walk costs a
number of comparisons that depends on ef and hardly on how many pass. So a small filter set is
scanned, and a large one is walked. The kernel watches each walk: one that reaches too few records,
or has compared as many vectors as a scan would, or is about to, gives way to the scan. So no choice
made here can cost a hit.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from vdb.index.types import View
from vdb.index.vectors.filter_set import FilterSet
from vdb.model.records import Plan
from vdb.store.format.limits import NO_SLOT

__all__ = [
    "SearchStats",
    "filtered_plan",
    "has_no_links",
    "is_small",
    "scan_reason",
    "unfiltered_plan",
]

FLAT_SCAN_BELOW = 2_000
"""Records up to which a scan takes no longer than a walk with the default ef."""

FLAT_SCAN_BELOW_BITS = 8_000
"""The same for packed bits: comparing them costs less, walking does not."""

SCANS_PER_CANDIDATE = 64
"""Records scanned in about the time that a walk takes for each candidate that it keeps."""

_WALKED = Plan("graph", None, None, None, "no filter; a walk through the graph")
_UNLINKED = Plan(
    "graph", None, None, None, "no filter; nothing is linked yet, and every vector was compared"
)
_SCANNED = Plan("exact", None, None, None, "no filter; every record was looked at")
_FEW_SCANNED = Plan("exact", None, None, None, "no filter; a scan of so few is as fast as a walk")


class SearchStats(NamedTuple):
    """Counts over the queries of one filtered search, or of several for one call.

    Attributes:
        compared: Vectors compared.
        scans: Queries answered by a scan from the beginning.
        walks: Queries for which the graph was walked.
        switches: Walks that gave way to a scan.
        reason: Why the last of these searches scanned or walked.
    """

    compared: int
    scans: int
    walks: int
    switches: int
    reason: str

    def then(self, later: SearchStats | None) -> SearchStats:
        """The counts of both."""
        if later is None:
            return self
        return SearchStats(
            self.compared + later.compared,
            self.scans + later.scans,
            self.walks + later.walks,
            self.switches + later.switches,
            later.reason,
        )


def is_small(view: View) -> bool:
    """Whether a collection is so small that searches scan it unless they name an ef."""
    few = FLAT_SCAN_BELOW_BITS if view.header.dtype == "bit" else FLAT_SCAN_BELOW
    return view.header.vector_count <= few


def has_no_links(view: View) -> bool:
    """Whether there is a graph, for vectors to come, in which no vector stands yet."""
    generation = view.generation
    return bool(generation.waiting) and generation.entry == NO_SLOT


def scan_reason(count: int, ef: int, *, flat: bool, exact: bool) -> tuple[bool, str]:
    """Whether to scan `count` records instead of a walk that keeps `ef` candidates, and why."""
    limit = SCANS_PER_CANDIDATE * ef
    if flat:
        return True, "the collection has no graph"
    if exact:
        return True, "an exact search"
    if count <= limit:
        return True, f"scanning those costs no more than a walk with ef={ef}"
    return False, f"a scan of more than {limit:,} costs more than a walk with ef={ef}"


def unfiltered_plan(*, exact: bool, chosen: bool = True, unlinked: bool = False) -> Plan:
    """The plan of a search without a filter.

    Args:
        exact: Whether it was a scan.
        chosen: Whether the scan was asked for.
        unlinked: Whether nothing is linked yet.
    """
    if not exact:
        return _UNLINKED if unlinked else _WALKED
    return _SCANNED if chosen else _FEW_SCANNED


def filtered_plan(filter_set: FilterSet, stats: SearchStats | None) -> Plan:
    """The plan of a search with a filter; without `stats` there was nothing to search."""
    strategy: Literal["graph", "exact", "graph, then exact"] = "exact"
    count, total, remark = filter_set.count, filter_set.total, filter_set.remark
    compared, reason = 0, "nothing was asked for"
    if stats is not None:
        compared, reason = stats.compared, stats.reason
        if stats.walks:
            strategy = "graph, then exact" if stats.switches or stats.scans else "graph"
            if stats.switches:
                some = f"{stats.switches} of {stats.walks} walks"
                which = some if stats.walks > 1 else "the walk"
                reason = f"{which} found too few, or would have cost more than a scan"
    if not count:
        reason = remark or "nothing passes"
    elif remark:
        reason = f"{reason}; {remark}"
    return Plan(strategy, count, count / total if total else 0.0, compared, reason)
