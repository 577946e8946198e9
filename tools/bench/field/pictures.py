"""The same curves as PNG files, drawn by matplotlib where it is installed."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tools.bench.timing import Clock

from . import tables
from .lines import LOWEST, Line, of_case
from .store import Store

SIZE = (9.0, 5.6)


def write(store: Store, folder: Path, clock: Clock) -> Iterator[Path]:
    """One file for each set and metric.

    Raises:
        ImportError: there is no matplotlib.
    """
    matplotlib: Any = importlib.import_module("matplotlib")
    matplotlib.use("Agg")
    pyplot: Any = importlib.import_module("matplotlib.pyplot")
    for case in tables.cases(store):
        lines = of_case(store, case, clock)
        if not lines:
            continue
        figure, axes = pyplot.subplots(figsize=SIZE, layout="constrained")
        for line in lines:
            _draw(axes, line)
        axes.set(
            xlim=(LOWEST, 1.002),
            yscale="log",
            xlabel="recall@10",
            ylabel="queries a second, one thread",
            title=f"{case[0]}, {case[1]}",
        )
        axes.grid(visible=True, which="both", alpha=0.25)
        figure.legend(*axes.get_legend_handles_labels(), loc="outside right upper", fontsize=8)
        path = folder / f"{case[0]}-{case[1]}.png"
        figure.savefig(path, dpi=130)
        pyplot.close(figure)
        yield path


def _draw(axes: Any, line: Line) -> None:
    dashes = tuple(float(one) for one in line.stroke.split())
    axes.plot(
        [recall for _, recall, _ in line.points],
        [rate for _, _, rate in line.points],
        color=line.colour,
        linestyle=(0, dashes) if dashes else "-",
        linewidth=2.4 if line.ours else 1.2,
        marker=".",
        label=line.name,
    )
