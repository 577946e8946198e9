"""The lines of a plot: a colour for each library, a stroke for each variant."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tools.bench.timing import Clock

from . import targets
from .contestants import CONTESTANTS
from .store import Store

COLOURS: Final = {
    "vdb": "#d62728",
    "hnswlib": "#4d4d4d",
    "faiss": "#1f77b4",
    "usearch": "#2ca02c",
    "vsag": "#9467bd",
    "voyager": "#8c6d31",
    "hannoy": "#e377c2",
    "chroma": "#ff7f0e",
    "lancedb": "#17a2b8",
    "sqlite_vec": "#7f7f7f",
    "qdrant": "#bcbd22",
    "zvec": "#3b5b92",
}
STROKES: Final = ("", "6 3", "2 3")  # the first, second and third variant of a library
LOWEST: Final = 0.80  # recall at which the plots begin


@dataclass(frozen=True)
class Line:
    """One contestant's curve.

    Attributes:
        name: the contestant.
        colour: as #rrggbb.
        stroke: dashes and gaps, or "".
        points: (ef, recall, queries a second), by ef.
    """

    name: str
    colour: str
    stroke: str
    points: tuple[tuple[int, float, float], ...]

    @property
    def ours(self) -> bool:
        """Whether it is vdb's."""
        return self.colour == COLOURS["vdb"]


def of_case(store: Store, case: tuple[str, str], clock: Clock = "wall") -> list[Line]:
    """The curves of one set that come into the picture; vdb's last, so that they lie on top."""
    seen: dict[str, int] = {}
    lines = []
    for one in CONTESTANTS:
        variant = seen[one.module] = seen.get(one.module, -1) + 1
        points = targets.points(store.get("curves", *case, one.name) or {}, clock)
        visible = tuple(point for point in points if point[1] >= LOWEST)
        if visible:
            lines.append(Line(one.name, COLOURS[one.module], STROKES[variant], visible))
    return sorted(lines, key=lambda line: line.ours)
