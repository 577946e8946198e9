"""One page of HTML with everything in it: plots as SVG, tables, and what was not measured."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

from tools.bench.timing import Clock
from vdb.analysis.pages.page import page, section, table, text

from . import bars, tables
from .lines import LOWEST, Line, of_case
from .store import Store

Scale = Callable[[float], float]
WIDTH, HEIGHT = 860, 470
LEFT, RIGHT, TOP, BOTTOM = 62, 10, 10, 34


def write(store: Store, clock: Clock) -> str:
    """The page."""
    machine, settings = store.machine, store.settings
    sub = (
        f"{machine.get('cpu')}, {machine.get('cores')} cores, "
        f"{' '.join(machine.get('instructions', ()))}; {machine.get('system')}; "
        f"Python {machine.get('python')}; {clock} time; {_settings(settings)}"
    )
    return page("vdb in its field", sub, _parts(store, clock))


def _settings(settings: dict[str, object]) -> str:
    return ", ".join(f"{name} {value}" for name, value in settings.items())


def _parts(store: Store, clock: Clock) -> Iterator[str]:
    yield section("What vdb is held to", "Ratios within one run.", _verdicts(store, clock))
    parts = list(tables.all_tables(store, clock))
    for case in tables.cases(store):
        lines = of_case(store, case, clock)
        if lines:
            note = "Recall@10 and queries a second on one thread; further up and right is better."
            title = f"Recall and speed: {case[0]}, {case[1]}"
            yield section(title, note, f'<div class="card">{plot(lines)}</div>')
        for one in parts:
            if one.title.endswith(f": {case[0]}, {case[1]}"):
                yield _shown(one)
    for one in parts:
        if one.title.startswith("Growth"):
            yield _shown(one)
    rows = [(name, _facts(facts)) for name, facts in store.facts.items()]
    yield section("Versions", "", table(("", "what it says of itself"), rows))
    missing = list(tables.left_out(store).items())
    if missing:
        yield section("Not measured", "", table(("", "why"), missing))


def _shown(one: tables.Table) -> str:
    right = [i for i, name in enumerate(one.columns) if i and name != "lacks"]
    return section(one.title, "", table(one.columns, one.rows, numbers=right))


def _verdicts(store: Store, clock: Clock) -> str:
    rows = [
        (row.what, row.data, row.bar, row.measured, row.mark) for row in bars.verdicts(store, clock)
    ]
    return table(("what", "on", "bar", "measured", ""), rows)


def _facts(facts: dict[str, object]) -> str:
    return ", ".join(str(facts[name]) for name in ("version", "instructions") if facts.get(name))


def plot(lines: Sequence[Line]) -> str:
    """Curves on a logarithmic scale of rates; titles show what stands at a point."""
    rates = [rate for line in lines for _, _, rate in line.points]
    low, high = math.floor(math.log10(min(rates))), math.ceil(math.log10(max(rates)))
    high = max(high, low + 1)

    def x(recall: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * (recall - LOWEST) / (1 - LOWEST)

    def y(rate: float) -> float:
        return TOP + (HEIGHT - TOP - BOTTOM) * (high - math.log10(rate)) / (high - low)

    legend = HEIGHT + 20 * -(-len(lines) // 4)
    out = [f'<svg viewBox="0 0 {WIDTH} {legend + 8}" role="img">', *_grid(low, high, x, y)]
    for line in lines:
        path = " ".join(f"{x(recall):.1f},{y(rate):.1f}" for _, recall, rate in line.points)
        width = 2.6 if line.ours else 1.5
        style = f'fill="none" stroke="{line.colour}" stroke-width="{width}"'
        out.append(f'<polyline points="{path}" {style} stroke-dasharray="{line.stroke}"/>')
        out += [
            f'<circle cx="{x(recall):.1f}" cy="{y(rate):.1f}" r="2.6" fill="{line.colour}">'
            f"<title>{text(line.name)}: recall {recall:.4f}, {rate:,.0f}/s at ef {ef}</title>"
            "</circle>"
            for ef, recall, rate in line.points
        ]
    for i, line in enumerate(reversed(lines)):
        at = LEFT + (WIDTH - LEFT) // 4 * (i % 4), HEIGHT + 14 + 20 * (i // 4)
        out.append(
            f'<line x1="{at[0]}" x2="{at[0] + 24}" y1="{at[1] - 4}" y2="{at[1] - 4}" '
            f'stroke="{line.colour}" stroke-width="2.4" stroke-dasharray="{line.stroke}"/>'
            f'<text x="{at[0] + 30}" y="{at[1]}">{text(line.name)}</text>'
        )
    return "".join([*out, "</svg>"])


def _grid(low: int, high: int, x: Scale, y: Scale) -> Iterator[str]:
    for step in range(5):
        recall = LOWEST + (1 - LOWEST) * step / 4
        yield (
            f'<line class="axis" x1="{x(recall):.1f}" x2="{x(recall):.1f}" y1="{TOP}" '
            f'y2="{HEIGHT - BOTTOM}"/><text class="soft" x="{x(recall):.1f}" '
            f'y="{HEIGHT - BOTTOM + 16}" text-anchor="middle">{recall:.2f}</text>'
        )
    for power in range(low, high + 1):
        for factor in (1, 2, 5):
            rate = factor * 10.0**power
            if rate > 10.0**high:
                continue
            yield (
                f'<line class="axis" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y(rate):.1f}" '
                f'y2="{y(rate):.1f}"/><text class="soft" x="{LEFT - 6}" y="{y(rate) + 4:.1f}" '
                f'text-anchor="end">{rate:,.0f}</text>'
            )
