"""Line plots of speed over recall, as SVG like the other plots."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, floor, log10

from vdb.analysis.pages.charts import WIDTH
from vdb.analysis.pages.page import color, text

__all__ = ["Line", "speed_curves"]

Line = tuple[str, Sequence[tuple[float, float, str]]]
"""A label, and points: recall, queries a second, the name of the point."""

_LEFT, _RIGHT, _TOP, _HEIGHT = 58, 12, 10, 300
_NINES = (0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999)
_FLOOR = 1e-3  # a recall within this distance of 1 is drawn at 1


def speed_curves(lines: Sequence[Line]) -> str:
    """Queries a second over recall.

    Speed is logarithmic. Recall is stretched towards 1: each halving of 1 - recall is one step.
    """
    points = [point for _, line in lines for point in line]
    if not points:
        return ""
    lowest = min(recall for recall, _, _ in points)
    low = _place(max(0.0, max((tick for tick in _NINES if tick <= lowest), default=0.0)))
    bottom = floor(3 * log10(min(speed for _, speed, _ in points))) / 3
    top = ceil(3 * log10(max(speed for _, speed, _ in points))) / 3
    plot_height = _HEIGHT - _TOP - 24

    def x(recall: float) -> float:
        return _LEFT + (WIDTH - _LEFT - _RIGHT) * (_place(recall) - low) / (_place(1.0) - low)

    def y(speed: float) -> float:
        return _TOP + plot_height * (top - log10(speed)) / ((top - bottom) or 1)

    out = [
        _column(x(tick), plot_height, f"{tick:g}") for tick in (*_NINES, 1.0) if _place(tick) >= low
    ]
    out += [_row(y(speed), f"{speed:,.0f}") for speed in _decades(bottom, top)]
    for number, (label, line) in enumerate(lines):
        path = " ".join(f"{x(recall):.1f},{y(speed):.1f}" for recall, speed, _ in line)
        out.append(
            f'<polyline points="{path}" fill="none" stroke="{color(number)}" stroke-width="2.5"/>'
        )
        for recall, speed, name in line:
            out.append(
                f"<g><title>{text(label)}, {text(name)}: recall {recall:.4f}, {speed:,.0f} a second"
                f'</title><circle cx="{x(recall):.1f}" cy="{y(speed):.1f}" r="4.5" '
                f'fill="{color(number)}"/></g>'
            )
    height = _HEIGHT
    for number, (label, _) in enumerate(lines if len(lines) > 1 else ()):
        out.append(
            f'<rect x="{_LEFT}" y="{height + 2}" width="11" height="11" rx="2" '
            f'fill="{color(number)}"/>'
            f'<text x="{_LEFT + 20}" y="{height + 12}">{text(label)}</text>'
        )
        height += 20
    return (
        f'<svg viewBox="0 0 {WIDTH} {height}" role="img" style="max-width:{WIDTH * 1.6:.0f}px">'
        f"{''.join(out)}</svg>"
    )


def _place(recall: float) -> float:
    """The position of a recall on its axis: each halving of 1 - recall is one step."""
    return -log10(max(1.0 - recall, _FLOOR / 2))


def _decades(bottom: float, top: float) -> list[float]:
    steps = (10.0**power * part for power in range(floor(bottom), ceil(top) + 1) for part in (1, 3))
    return [speed for speed in steps if bottom <= log10(speed) <= top]


def _column(x: float, plot_height: float, label: str) -> str:
    return (
        f'<line class="axis" x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP}" y2="{_TOP + plot_height}"/>'
        f'<text class="soft" x="{x:.1f}" y="{_TOP + plot_height + 16}" '
        f'text-anchor="middle">{label}</text>'
    )


def _row(y: float, label: str) -> str:
    return (
        f'<line class="axis" x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
        f'<text class="soft" x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{label}</text>'
    )
