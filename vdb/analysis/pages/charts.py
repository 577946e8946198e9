"""Plots as inline SVG, in the colours of the page."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, floor, isfinite, log10

from vdb.analysis.pages.page import color, text
from vdb.model.interval import Interval

__all__ = ["bars", "box", "intervals", "matrix", "stack"]

WIDTH = 520


def intervals(
    rows: Sequence[tuple[str, Interval, int]], *, low: float | None = None, zero: bool = False
) -> str:
    """A dot with its interval for each row, on one scale.

    Args:
        rows: Label, interval, number of the colour.
        low: The beginning of the scale; None: below the lowest interval.
        zero: Whether to draw a line at 0.
    """
    ends = [
        end
        for _, interval, _ in rows
        for end in (interval.low, interval.high, interval.value)
        if isfinite(end)
    ]
    if not ends:
        return ""
    begin = min(ends) if low is None else low
    begin, finish = (min(begin, 0.0), max(*ends, 0.0)) if zero else (begin, max(ends))
    ticks = _ticks(begin, finish)
    begin, finish = min(ticks[0], begin), max(ticks[-1], finish)
    longest = max(len(label) for label, _, _ in rows)
    left, right, step = min(max(78, 8 * longest + 10), 220), 62, 30
    height = step * len(rows) + 26

    def x(value: float) -> float:
        return left + (WIDTH - left - right) * (value - begin) / ((finish - begin) or 1)

    out = [_tick(x(tick), height, f"{tick:g}") for tick in ticks]
    if zero:
        out.append(
            f'<line x1="{x(0):.1f}" x2="{x(0):.1f}" y1="0" y2="{height - 20}" '
            'stroke="var(--soft)" stroke-dasharray="3 3"/>'
        )
    for i, (label, interval, number) in enumerate(rows):
        y, fill = step * i + step / 2, color(number)
        out.append(f'<text x="0" y="{y + 4}">{text(label)}</text>')
        if not isfinite(interval.value):
            continue
        out.append(
            f"<g><title>{text(label)}: {text(interval)}</title>"
            f'<line x1="{x(interval.low):.1f}" x2="{x(interval.high):.1f}" y1="{y}" y2="{y}" '
            f'stroke="{fill}" stroke-width="6" stroke-linecap="round" opacity="0.35"/>'
            f'<circle cx="{x(interval.value):.1f}" cy="{y}" r="5.5" fill="{fill}"/></g>'
            f'<text x="{WIDTH}" y="{y + 4}" text-anchor="end">{interval.value:.3f}</text>'
        )
    return _svg(height, out)


def matrix(names: Sequence[str], values: Sequence[Sequence[float | None]], form: str) -> str:
    """A square of shares or correlations, darker for more; None leaves a place empty."""
    cell, left, top = 92, 70, 24
    height = top + 44 * len(names)
    out = []
    for i, name in enumerate(names):
        y = top + 44 * i
        out.append(f'<text x="0" y="{y + 26}">{text(name)}</text>')
        out.append(
            f'<text class="soft" x="{left + cell * i + cell / 2}" y="15" '
            f'text-anchor="middle">{text(name)}</text>'
        )
        for j, value in enumerate(values[i]):
            if value is None or not isfinite(value):
                continue
            x, share = left + cell * j, min(max(value, 0.0), 1.0)
            out.append(
                f"<g><title>{text(name)} and {text(names[j])}: {value:{form}}</title>"
                f'<rect x="{x + 2}" y="{y + 2}" width="{cell - 4}" height="40" rx="5" '
                f'fill="rgba(var(--heat), {0.06 + 0.62 * share:.3f})"/>'
                f'<text x="{x + cell / 2}" y="{y + 26}" text-anchor="middle">'
                f"{value:{form}}</text></g>"
            )
    return _svg(height, out, width=left + cell * len(names))


def bars(
    counts: Sequence[int], labels: Sequence[str], *, number: int = 0, height: int = 170
) -> str:
    """A histogram; every few labels below it."""
    if not counts or not max(counts):
        return ""
    highest, plot_height = max(counts), height - 30
    step = WIDTH / len(counts)
    every = max(1, ceil(len(counts) / 9))
    out = [f'<line class="axis" x1="0" x2="{WIDTH}" y1="{plot_height}" y2="{plot_height}"/>']
    for i, count in enumerate(counts):
        bar_height = plot_height * count / highest
        bar_height = max(bar_height, 1.5) if count else 0
        out.append(
            f"<g><title>{text(labels[i])}: {count:,}</title>"
            f'<rect x="{step * i + step * 0.08:.1f}" y="{plot_height - bar_height:.1f}" '
            f'width="{step * 0.84:.1f}" height="{bar_height:.1f}" rx="2" '
            f'fill="{color(number)}"/></g>'
        )
        if i % every == 0:
            out.append(
                f'<text class="soft" x="{step * (i + 0.5):.1f}" y="{plot_height + 17}" '
                f'text-anchor="middle">{text(labels[i])}</text>'
            )
    return _svg(height, out)


def stack(parts: Sequence[tuple[str, float, str]]) -> str:
    """One bar of shares with a legend: (label, size, size as text)."""
    total = sum(size for _, size, _ in parts)
    if not total:
        return ""
    out, x = [], 0.0
    for i, (label, size, figure) in enumerate(parts):
        width = WIDTH * size / total
        out.append(
            f"<g><title>{text(label)}: {text(figure)}</title>"
            f'<rect x="{x:.1f}" y="0" width="{max(width - 1.5, 0.5):.1f}" height="26" rx="3" '
            f'fill="{color(i)}"/></g>'
        )
        x += width
        y = 52 + 21 * i
        out.append(
            f'<rect x="0" y="{y - 10}" width="11" height="11" rx="2" fill="{color(i)}"/>'
            f'<text x="20" y="{y}">{text(label)}</text>'
            f'<text x="{WIDTH}" y="{y}" text-anchor="end">'
            f"{text(figure)} ({size / total:.1%})</text>"
        )
    return _svg(42 + 21 * len(parts), out)


def box(
    ends: tuple[float, float, float, float, float], marks: Sequence[tuple[str, float, int]]
) -> str:
    """A range with its middle part and median, and marks below it: (label, value, colour)."""
    low, p5, median, p95, high = ends
    ticks = _ticks(low, high)
    begin, finish = min(low, ticks[0]), max(high, ticks[-1])
    height = 62 + 22 * len(marks)

    def x(value: float) -> float:
        return 8 + (WIDTH - 16) * (value - begin) / ((finish - begin) or 1)

    out = [_tick(x(tick), height, f"{tick:g}") for tick in ticks]
    out.append(
        f"<g><title>{low:.4g} to {high:.4g}; 90 of 100 from {p5:.4g} to {p95:.4g}; median "
        f"{median:.4g}</title>"
        f'<line x1="{x(low):.1f}" x2="{x(high):.1f}" y1="20" y2="20" stroke="var(--soft)"/>'
        f'<rect x="{x(p5):.1f}" y="9" width="{x(p95) - x(p5):.1f}" height="22" rx="4" '
        'fill="var(--soft)" opacity="0.35"/>'
        f'<line x1="{x(median):.1f}" x2="{x(median):.1f}" y1="6" y2="34" stroke="var(--ink)" '
        'stroke-width="2"/></g>'
    )
    for i, (label, place, number) in enumerate(marks):
        y, end = 50 + 22 * i, x(place) > WIDTH * 0.7
        out.append(
            f"<g><title>{text(label)}: {place:.4g}</title>"
            f'<circle cx="{x(place):.1f}" cy="{y}" r="5.5" fill="{color(number)}"/>'
            f'<text x="{x(place) + (-12 if end else 12):.1f}" y="{y + 4}" '
            f'text-anchor="{"end" if end else "start"}">{text(label)} {place:.3g}</text></g>'
        )
    return _svg(height, out)


def _svg(height: float, parts: Sequence[str], *, width: float = WIDTH) -> str:
    limit = f' style="max-width:{width * 1.25:.0f}px"'
    return f'<svg viewBox="0 0 {width:.0f} {height:.0f}" role="img"{limit}>{"".join(parts)}</svg>'


def _tick(x: float, height: float, label: str) -> str:
    return (
        f'<line class="axis" x1="{x:.1f}" x2="{x:.1f}" y1="0" y2="{height - 20}"/>'
        f'<text class="soft" x="{x:.1f}" y="{height - 5}" text-anchor="middle">{label}</text>'
    )


def _ticks(low: float, high: float) -> list[float]:
    """Round numbers around a range, about five."""
    if high <= low:
        return [low]
    raw = (high - low) / 4
    size = 10.0 ** floor(log10(raw))
    step = next(size * factor for factor in (1, 2, 2.5, 5, 10) if size * factor >= raw)
    return [round(step * i, 12) for i in range(floor(low / step), ceil(high / step) + 1)]
