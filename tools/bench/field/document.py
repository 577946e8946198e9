"""The results as Markdown: machine, bars, tables, versions, and what was not measured."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tools.bench.timing import Clock

from . import bars, tables
from .store import Store

VERDICTS = ("what", "on", "bar", "measured", "")


def write(store: Store, clock: Clock) -> str:
    """All of it."""
    parts = [heading(store, clock)]
    verdicts = [
        (row.what, row.data, row.bar, row.measured, row.mark) for row in bars.verdicts(store, clock)
    ]
    if verdicts:
        parts += ["### Bars", grid(VERDICTS, verdicts)]
    for one in tables.all_tables(store, clock):
        right = [i for i, name in enumerate(one.columns) if i and name != "lacks"]
        parts += [f"### {one.title}", grid(one.columns, one.rows, right)]
    missing = tables.left_out(store)
    if missing:
        parts += ["### Not measured", grid(("", "why"), list(missing.items()))]
    return "\n\n".join(parts) + "\n"


def heading(store: Store, clock: Clock) -> str:
    """What ran on what."""
    machine = store.machine
    versions = {
        f"{name.split()[0]} {facts['version']}": facts.get("instructions")
        for name, facts in store.facts.items()
        if "version" in facts
    }
    texts = (f"{name} ({of})" if of else name for name, of in versions.items())
    settings = ", ".join(f"{name} {value}" for name, value in store.settings.items())
    return (
        f"{machine.get('cpu')}, {machine.get('cores')} cores, "
        f"{' '.join(machine.get('instructions', ()))}; {machine.get('system')}; Python "
        f"{machine.get('python')}; load {machine.get('load')}; {clock} time; {settings}.\n\n"
        f"{', '.join(texts)}."
    )


def grid(columns: Sequence[str], rows: Iterable[Sequence[str]], right: Sequence[int] = ()) -> str:
    """A table; `right` are the columns of figures."""
    ruled = ("---:" if i in right else "---" for i in range(len(columns)))
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (columns, tuple(ruled), *rows))
