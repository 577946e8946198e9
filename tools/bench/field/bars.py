"""What vdb is held to beside the field, and whether the results meet it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tools.bench.report import Row
from tools.bench.timing import Clock

from . import targets
from .contestants import CONTESTANTS, LIBRARY, REFERENCE
from .store import Store
from .tables import MIB, cases, sizes

LARGE = 1_000_000  # vectors from which the bars of opening hold
WIDE = 768  # dimensions from which the smallest code's bar holds


@dataclass(frozen=True)
class Bar:
    """A ratio to the reference at a recall, for a contestant."""

    contestant: str
    target: float
    least: float
    dims: int = 0


SPEEDS = (
    Bar("vdb", 0.95, 1.15),
    Bar("vdb", 0.99, 1.15),
    Bar("vdb int8", 0.95, 2.0),
    Bar("vdb int8", 0.99, 1.8),
    Bar("vdb int4", 0.95, 3.0, dims=WIDE),
)
BUILDS = {"vdb": 0.9, "vdb int8": 0.6, "vdb int4": 0.6}
OURS = tuple(BUILDS)
DOUBLED = 1.85
WARM, COLD = 0.025, 10 * MIB
STARVED = 3.0


def verdicts(store: Store, clock: Clock = "wall") -> Iterator[Row]:
    """A row for every bar that there are figures for."""
    for case in cases(store):
        yield from _speeds(store, case, clock)
        yield from _ahead(store, case, clock)
        yield from _builds(store, case, clock)
        yield from _threads(store, case)
        yield from _openings(store, case)
        yield from _starved(store, case)
    yield from _growth(store, clock)


def _row(what: str, case: tuple[str, str], bar: str, measured: str, *, passed: bool) -> Row:
    return Row(what, " ".join(case), bar, measured, passed)


def _speeds(store: Store, case: tuple[str, str], clock: Clock) -> Iterator[Row]:
    for bar in SPEEDS:
        build = store.get("build", *case, bar.contestant) or {}
        entry = store.get("curves", *case, bar.contestant) or {}
        if build.get("dim", 0) < bar.dims or "curve" not in entry:
            continue
        ratio = targets.ratio(entry, bar.target, clock)
        yield _row(
            f"queries/s at {bar.target}, {bar.contestant}",
            case,
            f">= {bar.least}x {REFERENCE}",
            "never there" if ratio is None else f"{ratio:.2f}x",
            passed=ratio is not None and ratio >= bar.least,
        )


def _ahead(store: Store, case: tuple[str, str], clock: Clock) -> Iterator[Row]:
    """With int8, ahead of every library; by the ratios to the reference, which bridge groups."""
    libraries = [one.name for one in CONTESTANTS if one.kind == LIBRARY]
    ours = store.get("curves", *case, "vdb int8") or {}
    for target in targets.TARGETS:
        rates = {
            name: value
            for name in libraries
            if (value := targets.ratio(store.get("curves", *case, name) or {}, target, clock))
        }
        mine = targets.ratio(ours, target, clock)
        if mine is None or not rates:
            continue
        name, value = max(rates.items(), key=lambda pair: pair[1])
        yield _row(
            f"queries/s at {target}, vdb int8 against the fastest library",
            case,
            "> 1x",
            f"{mine / value:.2f}x {name}",
            passed=mine > value,
        )


def _builds(store: Store, case: tuple[str, str], clock: Clock) -> Iterator[Row]:
    base = targets.seconds(store.get("build", *case, REFERENCE) or {}, "build", clock)
    for name, most in BUILDS.items():
        seconds = targets.seconds(store.get("build", *case, name) or {}, "build", clock)
        if base and seconds:
            measured = f"{seconds / base:.2f}x ({seconds:.1f} s)"
            yield _row(
                f"build, {name}", case, f"<= {most}x", measured, passed=seconds <= most * base
            )


def _threads(store: Store, case: tuple[str, str]) -> Iterator[Row]:
    for name in OURS:
        ratio = targets.doubled(store.get("curves", *case, name) or {})
        if ratio is not None:
            yield _row(
                f"search_many, two threads over one, {name}",
                case,
                f">= {DOUBLED}x",
                f"{ratio:.2f}x",
                passed=ratio >= DOUBLED,
            )


def _openings(store: Store, case: tuple[str, str]) -> Iterator[Row]:
    for name in OURS:
        rows = (store.get("build", *case, name) or {}).get("rows", 0)
        entry = store.get("opening", *case, name) or {}
        warm = targets.opened(entry, "warm", "open", "first")
        cold = targets.opened(entry, "cold", "read")
        if rows < LARGE or warm is None or cold is None:
            continue
        yield _row(
            f"open to first answer, warm, {name}",
            case,
            f"<= {WARM * 1e3:.0f} ms",
            f"{warm * 1e3:.1f} ms",
            passed=warm <= WARM,
        )
        yield _row(
            f"read from disk to first answer, cold, {name}",
            case,
            f"<= {COLD / MIB:.0f} MiB",
            f"{cold / MIB:.1f} MiB",
            passed=cold <= COLD,
        )


def _starved(store: Store, case: tuple[str, str]) -> Iterator[Row]:
    rates = {}
    for name in OURS:
        laps = (store.get("limited", *case, name) or {}).get("laps") or ()
        rates[name] = targets.quantile([lap["count"] / lap["wall"] for lap in laps], 0.5)
    if rates["vdb"] and rates["vdb int8"]:
        ratio = rates["vdb int8"] / rates["vdb"]
        yield _row(
            "queries/s in a quarter of the memory, vdb int8 over float32",
            case,
            f">= {STARVED:.0f}x",
            f"{ratio:.2f}x",
            passed=ratio >= STARVED,
        )


def _growth(store: Store, clock: Clock) -> Iterator[Row]:
    """From the smallest set to the largest of the same kind, against the reference beside it."""
    for (kind, metric), names in sizes(store).items():
        for ours in OURS:
            ends = [
                targets.ratio(store.get("curves", names[size], metric, ours) or {}, 0.95, clock)
                for size in (min(names), max(names))
            ]
            if ends[0] is None or ends[1] is None:
                continue
            yield _row(
                f"growth {min(names):,} to {max(names):,} at 0.95, {ours}",
                (f"x{kind}", metric),
                f"falls no faster than {REFERENCE}",
                f"{ends[0]:.2f}x, then {ends[1]:.2f}x",
                passed=ends[1] >= ends[0],
            )
