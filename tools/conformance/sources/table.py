"""Results as text for a terminal, and as a page."""

from __future__ import annotations

import datetime
import platform
from dataclasses import replace

from .reading import QUERIES
from .result import Result

_LINE = "{:<14} {:<38} {:>7} {:>7} {:>7} {:>18} {:>8} {:<22} {:>12} {:>9}  {}"
_HEADS = (
    "format", "source", "records", "ids", "vectors", "", "payloads", "asked", "equal scores",
    "largest",
)  # fmt: skip


def heading() -> str:
    """The names of the columns."""
    return _LINE.format(*_HEADS, "verdict")


def line(result: Result) -> str:
    """One line of the table, and what differs."""
    words = "as given" if not result.faults else "DIFFERS"
    text = _LINE.format(*_cells(result), words)
    return "\n".join([text, *(f"    {fault}" for fault in result.faults)])


def _cells(result: Result) -> tuple[str, ...]:
    if result.fidelity == "exact" and not result.largest:
        fidelity = "exact"
    else:
        kept = {"normalized": "unit length"}.get(result.fidelity, result.fidelity)
        fidelity = f"{kept}, {result.largest:.0e}".replace("0e+00", "0")
    asked = bool(result.engine)
    return (
        result.format,
        result.place,
        f"{result.records:,}",
        f"{result.ids:,}",
        f"{result.vectors:,}",
        fidelity,
        "" if result.payloads is None else f"{result.payloads:,}",
        result.engine,
        f"{result.equal:,} of {result.compared:,}" if asked else "",
        f"{result.difference:.0e}".replace("0e+00", "0") if asked else "",
    )


def verdict(results: list[Result], absent: dict[str, str]) -> str:
    """All in a few lines."""
    lines = [f"not made: {name}: {words}" for name, words in absent.items()]
    formats = {result.format for result in results}
    wrong = sum(bool(result.faults) for result in results)
    compared = sum(result.compared for result in results)
    equal = sum(result.equal for result in results)
    lines.append(
        f"\n{len(formats)} formats, {len(results)} sources, "
        f"{sum(result.records for result in results):,} records, {compared:,} scores compared, "
        f"{equal:,} equal: {f'{wrong} DIFFER' if wrong else 'all as given'}"
    )
    return "\n".join(lines)


_PAGE = """\
# Sources held against the libraries that made them

Written by `python -m tools.conformance --sources --page` on {today}, CPython {python}, {machine}.

Each library is given random records (seed {seed}, {count:,} records), writes its files, and
deletes, replaces and adds again some of them where it can. The files are then read, before the
library can be imported where reading does not need it, and compared with what it was given.

- *ids*: records that were read under their ids; *vectors*: those that are the same bit for bit;
- *kept*: whether the source holds the vectors exactly, to a rounding, at unit length or as codes,
  and by how much a number differs at most from what was given, brought to unit length, or decoded
  by the library itself;
- *payloads*: those that are the same values;
- *asked*: what answered {queries} of the stored vectors, with 10 neighbours each: the library, or
  an exact search over the source where there is none or it cannot be asked; *equal scores*: scores
  of the collection, in the convention of the source, that are the same number; *largest*: the
  largest difference of the others. All lie within what the library's precision explains.

| format | source | records | ids | vectors | kept | payloads | asked | equal scores | largest |
|---|---|---|---|---|---|---|---|---|---|
"""


def page(results: list[Result], absent: dict[str, str], seed: int, count: int) -> str:
    """The table in Markdown, with what it means."""
    opening = _PAGE.format(
        today=datetime.datetime.now(tz=datetime.UTC).date().isoformat(),
        python=platform.python_version(),
        machine=platform.machine(),
        seed=seed,
        count=count,
        queries=QUERIES,
    )
    rows = [f"| {' | '.join(_cells(replace(one, place=f'`{one.place}`')))} |" for one in results]
    versions = sorted({result.versions for result in results} - {""})
    lines = ["", "Made with:", "", *(f"- {one}" for one in versions)]
    if absent:
        lines += ["", "Not made on that machine:", ""]
        lines += [f"- {name}: {words}" for name, words in absent.items()]
    return opening + "\n".join([*rows, *lines]) + "\n"
