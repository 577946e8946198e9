"""Graph or scan: how a search among some of the records goes, and why.

A scan of the records that pass costs one comparison each, in the order they lie; a walk costs a
number that depends on ef and hardly on how many pass. So few are scanned, and many walked among.
The kernel watches each walk: one that finds too few, has compared as many vectors as a scan would,
or is about to, gives way to the scan, so that no choice made here can cost a hit.
"""

from __future__ import annotations

from typing import Literal

from vdb.index.vectors.filter_set import Among
from vdb.index.vectors.kernel_view import Collection
from vdb.model.records import Plan

__all__ = ["Course", "few", "unfiltered"]

SCANNED_FOR_EACH = 64
"""Records that are scanned in about the time a walk takes for each candidate that it keeps."""

_WALKED = Plan("graph", None, None, None, "no filter; a walk through the graph")
_SCANNED = Plan("exact", None, None, None, "no filter; every record was looked at")


_FEW_SCANNED = Plan("exact", None, None, None, "no filter; a scan of so few is as fast as a walk")

FEW = 2_000
"""Records of which a scan takes no longer than a walk of the default width."""

FEW_BITS = 8_000
"""The same, of packed bits: comparing them costs less, walking does not."""


def few(view: Collection) -> bool:
    """Whether a collection is so small that searches look at everything unless told otherwise."""
    return view.header.count <= (FEW_BITS if view.header.dtype == "bit" else FEW)


def unfiltered(*, exact: bool, chosen: bool = True) -> Plan:
    """The plan of a search without a filter: one of three constants."""
    if not exact:
        return _WALKED
    return _SCANNED if chosen else _FEW_SCANNED


class Course:
    """One search among some of the records: what it looks among, and what it has done so far.

    Attributes:
        among: What the filter lets through.
        compared: Vectors compared.
        scans: Queries answered by a scan from the beginning.
        walks: Queries for which the graph was walked.
        switches: Walks that gave way to a scan.
    """

    __slots__ = ("_reason", "among", "compared", "scans", "switches", "walks")

    def __init__(self, among: Among) -> None:
        self.among = among
        self.compared = self.scans = self.walks = self.switches = 0
        nothing = among.remark or "nothing passes"
        self._reason = nothing if among.count == 0 else "nothing was asked for"

    def scanning(self, width: int, *, flat: bool, exact: bool) -> bool:
        """Whether to scan instead of a walk that keeps `width` candidates; remembers why."""
        count, most = self.among.count, SCANNED_FOR_EACH * width
        if flat:
            self._reason = "the collection has no graph"
        elif exact:
            self._reason = "an exact search"
        elif count <= most:
            self._reason = f"scanning those costs no more than a walk with ef={width}"
        else:
            self._reason = f"a scan of more than {most:,} costs more than a walk with ef={width}"
        return flat or exact or count <= most

    def plan(self) -> Plan:
        """What was done, for whoever asks."""
        among, reason = self.among, self._reason
        strategy: Literal["graph", "exact", "graph, then exact"] = "exact"
        if self.walks and (self.switches or self.scans):
            strategy = "graph, then exact"
            if self.switches:
                which = "the walk" if self.walks == 1 else f"{self.switches} of {self.walks} walks"
                reason = f"{which} found too few, or would have cost more than a scan"
        elif self.walks:
            strategy = "graph"
        if among.count and among.remark:
            reason = f"{reason}; {among.remark}"
        share = among.count / among.total if among.total else 0.0
        return Plan(strategy, among.count, share, self.compared, reason)
