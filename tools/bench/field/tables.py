"""The results as tables: rows of texts, for the document and for the page alike."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from tools.bench.timing import Clock

from . import targets
from .contestants import CONTESTANTS, NAMES, REFERENCE
from .store import Store

MIB: Final = 2**20
NONE: Final = ""
MakeRow = Callable[[dict[str, Any]], tuple[str, ...]]


@dataclass(frozen=True)
class Table:
    """A heading, columns, and rows of the same length.

    Attributes:
        title: what it shows, of which set.
        columns: the first is the contestant's name, the others hold figures but where told.
        rows: texts.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def cases(store: Store) -> list[tuple[str, str]]:
    """Sets and metrics that have been measured, in that order."""
    return list(dict.fromkeys((one["set"], one["metric"]) for one in store.find()))


def sizes(store: Store) -> dict[tuple[str, str], dict[int, str]]:
    """Made sets that differ only in their size: by (dimensions, metric), their names by size."""
    cells: dict[tuple[str, str], dict[int, str]] = {}
    for name, metric in cases(store):
        size, _, kind = name.partition("x")
        if size.isdigit():
            cells.setdefault((kind, metric), {})[int(size)] = name
    return {kind: names for kind, names in cells.items() if len(names) > 1}


def all_tables(store: Store, clock: Clock = "wall") -> Iterator[Table]:
    """Every table that there are figures for."""
    for case in cases(store):
        for make in (searches, builds, files, inserts, limited):
            table = make(store, case, clock)
            if table.rows:
                yield table
    yield from growth(store, clock)


def searches(store: Store, case: tuple[str, str], clock: Clock) -> Table:
    """Rates at both recalls, with one query a call, and on two threads."""

    def row(entry: dict[str, Any]) -> tuple[str, ...]:
        cells = []
        for target in targets.TARGETS:
            cells += [
                _number(targets.rate(entry, target, clock)),
                _times(targets.ratio(entry, target, clock)),
            ]
        return (
            *cells,
            _number(targets.one_by_one(entry, clock)),
            _times(targets.doubled(entry)),
            _number(targets.best(entry), "{:.4f}"),
        )

    columns = [
        title
        for target in targets.TARGETS
        for title in (f"queries/s at {target}", f"by {REFERENCE}")
    ]
    more = ("one query a call", "2 threads over 1", "most recall")
    return _table(
        _title("Searches", case), (*columns, *more), _measured(store, "curves", case), row
    )


def builds(store: Store, case: tuple[str, str], clock: Clock) -> Table:
    """Seconds of building and saving, memory and bytes, and what the contestant lacks."""
    base = store.get("build", *case, REFERENCE) or {}
    lacks = {one.name: one.lacks for one in CONTESTANTS}

    def row(entry: dict[str, Any]) -> tuple[str, ...]:
        both = [targets.seconds(one, "build", clock) for one in (entry, base)]
        raw = entry["rows"] * entry["dim"] * 4
        return (
            _number(both[0], "{:.1f}"),
            _times(both[0] / both[1] if both[0] and both[1] else None),
            _number(targets.seconds(entry, "save"), "{:.2f}"),
            _number(max(lap["peak"] for lap in entry["laps"]) / MIB, "{:,.0f}"),
            _number(entry["bytes"] / MIB, "{:,.1f}"),
            _times(entry["bytes"] / raw),
            lacks.get(entry["contestant"], NONE),
        )

    columns = ("build s", f"by {REFERENCE}", "save s", "most memory MiB", "disk MiB")
    return _table(
        _title("Builds", case),
        (*columns, "by vectors", "lacks"),
        _measured(store, "build", case),
        row,
    )


def files(store: Store, case: tuple[str, str], clock: Clock) -> Table:
    """Opening, cold and warm, and the memory of a process that searches."""
    del clock  # waiting for the disk is what this is about

    def row(entry: dict[str, Any]) -> tuple[str, ...]:
        used = targets.memory(entry) or {}
        read = targets.opened(entry, "cold", "read")
        return (
            _milli(targets.opened(entry, "cold", "open", "first")),
            _number(None if read is None else read / MIB, "{:,.1f}"),
            _milli(targets.opened(entry, "warm", "open", "first")),
            _milli(targets.opened(entry, "warm", "open")),
            _milli(targets.opened(entry, "warm", "second")),
            *(_number(used.get(name, 0) / MIB, "{:,.1f}") for name in ("private", "mapped")),
        )

    columns = (
        "cold: open + first ms",
        "read MiB",
        "warm: open + first ms",
        "open ms",
        "second query ms",
        "private MiB",
        "shared MiB",
    )
    return _table(
        _title("Opening and memory", case), columns, _measured(store, "opening", case), row
    )


def inserts(store: Store, case: tuple[str, str], clock: Clock) -> Table:
    """Latency and rate of inserts."""
    del clock

    def row(entry: dict[str, Any]) -> tuple[str, ...]:
        one, batch = entry.get("one", ()), entry.get("batch", ())
        return (
            _milli(targets.quantile(one, 0.5)),
            _milli(targets.quantile(one, 0.99)),
            _number(targets.throughput(one, 1)),
            _number(targets.throughput(batch, entry.get("rows", 0))),
        )

    columns = ("one: median ms", "p99 ms", "a second", "in batches of 1,000, a second")
    return _table(_title("Inserts", case), columns, _measured(store, "inserts", case), row)


def limited(store: Store, case: tuple[str, str], clock: Clock) -> Table:
    """Rates with the memory limited."""
    del clock
    base: dict[str, list[float]] = {}
    for entry in store.find(part="limited", set=case[0], metric=case[1]):
        base[entry["contestant"]] = [lap["count"] / lap["wall"] for lap in entry.get("laps", ())]

    def row(entry: dict[str, Any]) -> tuple[str, ...]:
        laps = entry["laps"]
        rate = targets.quantile(base[entry["contestant"]], 0.5)
        whole = targets.quantile(base.get("vdb", ()), 0.5)
        read = targets.quantile([lap["read"] / lap["count"] / 1024 for lap in laps], 0.5)
        return (
            _number(entry["limit"] / MIB, "{:,.0f}"),
            _number(rate),
            _times(rate / whole if rate and whole else None),
            _number(read),
        )

    columns = ("limit MiB", "queries/s", "by vdb", "KiB read a query")
    return _table(
        _title("A quarter of the memory", case), columns, _measured(store, "limited", case), row
    )


def growth(store: Store, clock: Clock) -> Iterator[Table]:
    """Rates at 0.95 over the size, for sets of the same dimensions that differ only in it."""
    for (kind, metric), names in sizes(store).items():
        rows = []
        for name in NAMES:
            rates = [
                targets.rate(store.get("curves", names[size], metric, name) or {}, 0.95, clock)
                for size in sorted(names)
            ]
            ratio = rates[-1] / rates[0] if rates[0] and rates[-1] else None
            if any(rates):
                rows.append((name, *(_number(one) for one in rates), _number(ratio, "{:.2f}")))
        columns = ("", *(f"{size:,}" for size in sorted(names)), "last over first")
        yield Table(f"Growth: queries/s at 0.95, {kind} dims, {metric}", columns, tuple(rows))


def _measured(store: Store, part: str, case: tuple[str, str]) -> Iterator[dict[str, Any]]:
    """Entries with figures, in the order of the table of contestants."""
    for name in NAMES:
        entry = store.get(part, *case, name)
        if entry is not None and "error" not in entry:
            yield entry


def _table(
    title: str, columns: Sequence[str], entries: Iterable[dict[str, Any]], row: MakeRow
) -> Table:
    """A row for each entry, its contestant's name first."""
    rows = tuple((entry["contestant"], *row(entry)) for entry in entries)
    return Table(title, ("", *columns), rows)


def left_out(store: Store) -> dict[str, str]:
    """Who could not be measured, with the reason."""
    reasons = {}
    for entry in store.find():
        if "error" in entry:
            reasons.setdefault(f"{entry['contestant']} ({entry['part']})", entry["error"])
    return reasons


def _title(what: str, case: tuple[str, str]) -> str:
    return f"{what}: {case[0]}, {case[1]}"


def _number(value: float | None, form: str = "{:,.0f}") -> str:
    return NONE if value is None else form.format(value)


def _times(value: float | None) -> str:
    return _number(value, "{:.2f}x")


def _milli(value: float | None) -> str:
    return NONE if value is None else f"{value * 1e3:,.2f}"
