"""Runs every engine in an environment and a process of its own; prints a table and a verdict."""

from __future__ import annotations

import argparse
import atexit
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, Protocol

from tools import environments

from . import homes, table
from .cases import EVERY
from .engine import AbsentError, Engine
from .graphs import ENGINES as GRAPHS
from .libraries import ENGINES as LIBRARIES
from .lucene import ENGINES as LUCENE
from .milvus import ENGINES as MILVUS
from .outcome import Outcome
from .servers import ENGINES as SERVERS
from .stores import ENGINES as STORES

ALL = (*LIBRARIES, *GRAPHS, *STORES, *MILVUS, *SERVERS, *LUCENE)
ENGINES: dict[str, type[Engine]] = {kind.convention: kind for kind in ALL}
TIMEOUT = 900  # seconds for one engine
_ABSENT = 3  # exit status


def main() -> int:
    """0 when every engine that ran agrees."""
    parser = argparse.ArgumentParser(prog="python -m tools.conformance", description=__doc__)
    parser.add_argument("--only", help="engines, with commas between: " + ", ".join(ENGINES))
    parser.add_argument("--metrics", default=",".join(EVERY), help="of them: %(default)s")
    parser.add_argument("--seed", type=int, default=1, help="of the random vectors")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of a table")
    parser.add_argument("--page", type=Path, help="write the table to this file too, in Markdown")
    parser.add_argument("--engine", choices=ENGINES, help=argparse.SUPPRESS)
    group = parser.add_argument_group("files of other systems, instead of engines")
    group.add_argument(
        "--sources", action="store_true", help="make files of every format, read and compare them"
    )
    group.add_argument(
        "--fusions", action="store_true", help="fuse random lists beside the libraries that do"
    )
    group.add_argument(
        "--lexical", action="store_true", help="score random words beside the engines that do"
    )
    group.add_argument(
        "--python",
        default=sys.executable,
        help="an interpreter that has the libraries: %(default)s",
    )
    group.add_argument("--count", type=int, default=1000, help="of records or cases: %(default)s")
    group.add_argument(
        "--refresh", action="store_true", help="make the small files in tests/files/sources again"
    )
    options = parser.parse_args()
    if options.engine:
        return one(ENGINES[options.engine], options.seed, options.metrics.split(","))
    if options.sources:
        return sources(parser, options)
    if options.fusions:
        return fusions(parser, options)
    if options.lexical:
        return lexical(parser, options)
    names = options.only.split(",") if options.only else list(ENGINES)
    unknown = sorted(set(names) - set(ENGINES))
    if unknown:
        parser.error(f"unknown: {', '.join(unknown)}")
    arguments = ["--seed", str(options.seed), "--metrics", options.metrics]
    outcomes, absent = everyone(names, arguments, quiet=options.json)
    if options.json:
        rows = [outcome.as_dict() for outcome in outcomes]
        print(json.dumps({"outcomes": rows, "did not run": absent}, indent=2))
    else:
        print(table.verdict(outcomes, absent))
    if options.page:
        options.page.write_text(table.page(outcomes, absent), encoding="utf-8", newline="\n")
    return 0 if all(outcome.good for outcome in outcomes) else 1


def sources(parser: argparse.ArgumentParser, options: argparse.Namespace) -> int:
    """0 when every source holds what its library was given."""
    # Reading needs an installed vdb, which the comparison of engines brings along.
    from .sources import recipes, run
    from .sources import table as sources_table

    names = options.only.split(",") if options.only else recipes.names()
    unknown = sorted(set(names) - set(recipes.names()))
    if unknown:
        parser.error(f"unknown: {', '.join(unknown)}; there are {', '.join(recipes.names())}")
    if options.refresh:
        return 1 if run.refresh(names, options.python) else 0
    results, absent = run.compare(
        names, options.python, options.seed, options.count, quiet=options.json
    )
    if options.json:
        rows = [result.as_dict() for result in results]
        print(json.dumps({"results": rows, "not made": absent}, indent=2))
    else:
        print(sources_table.verdict(results, absent))
    if options.page:
        text = sources_table.page(results, absent, options.seed, options.count)
        options.page.write_text(text, encoding="utf-8", newline="\n")
    return 1 if any(result.faults for result in results) else 0


class Comparison(Protocol):
    """What came of one row, beside its engine."""

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""


def fusions(parser: argparse.ArgumentParser, options: argparse.Namespace) -> int:
    """0 when every fusion is that of its library."""
    from .fusions import run

    names = _chosen(parser, options, run.FUSIONS)
    results, absent = run.compare_all(
        names, options.python, options.seed, options.count, quiet=options.json
    )
    _report(options, results, absent)
    return 1 if any(result.differences for result in results) else 0


def lexical(parser: argparse.ArgumentParser, options: argparse.Namespace) -> int:
    """0 when every score of words is that of its engine."""
    from .words import run

    names = _chosen(parser, options, run.CONVENTIONS)
    results, absent = run.compare_all(
        names, options.python, options.seed, options.count, quiet=options.json
    )
    _report(options, results, absent)
    if options.page:
        text = run.page(results, absent, options.count, options.seed)
        options.page.write_text(text, encoding="utf-8", newline="\n")
    return 1 if any(result.differences for result in results) else 0


def _chosen(
    parser: argparse.ArgumentParser, options: argparse.Namespace, rows: Collection[str]
) -> list[str]:
    """The names that --only lists, all without it."""
    names = options.only.split(",") if options.only else list(rows)
    unknown = sorted(set(names) - set(rows))
    if unknown:
        parser.error(f"unknown: {', '.join(unknown)}; there are {', '.join(rows)}")
    return names


def _report(
    options: argparse.Namespace, results: Sequence[Comparison], absent: dict[str, str]
) -> None:
    """Print as JSON what came of it, or else what did not run; the rest is printed by then."""
    if options.json:
        rows = [result.as_dict() for result in results]
        print(json.dumps({"results": rows, "did not run": absent}, indent=2))
        return
    for name, words in absent.items():
        print(f"did not run: {name}: {words}")


def one(kind: type[Engine], seed: int, metrics: list[str]) -> int:
    """Compare one engine; prints an outcome a line."""
    from .cases import cases
    from .compare import compare

    try:
        version = kind.version()
    except AbsentError as error:
        print(error, file=sys.stderr, flush=True)
        return _left(_ABSENT)
    for metric in kind.metrics:
        if metric not in metrics:
            continue
        outcome = Outcome(kind.convention, version, metric)
        for case in cases(seed):
            if metric not in case.metrics or not kind.takes(case.dim):
                continue
            if kind.estimates and not case.queries.any():
                continue  # codes of nothing
            with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
                engine = kind(metric, case.dim, Path(folder))
                try:
                    compare(engine, case, outcome, Path(folder))
                finally:
                    engine.close()
        print("outcome " + json.dumps(outcome.as_dict()), flush=True)
    return _left(0)


def _left(status: int) -> int:
    """Servers are ended; then the process is, at once: some engines do not end well."""
    atexit._run_exitfuncs()  # noqa: SLF001 - what would be done after main, without the rest
    sys.stdout.flush()
    os._exit(status)
    return status


def everyone(
    names: list[str], arguments: list[str], *, quiet: bool
) -> tuple[list[Outcome], dict[str, str]]:
    """Compare all, and print each when it is there; what came of them, and why others did not."""
    outcomes: list[Outcome] = []
    absent: dict[str, str] = {}
    wheel = homes.build_wheel()
    if not quiet:
        print(f"vdb, {' '.join(arguments)}\n\n{table.heading()}")
    for name in names:
        kind = ENGINES[name]
        try:
            home = homes.install(kind.home(), kind.requires, wheel)
        except environments.InstallError as error:
            absent[name] = str(error)[:160]
            continue
        command = environments.command(
            home.python, "tools.conformance", "--engine", name, *arguments
        )
        status, output, complaint = _ran(command)
        marked = [line for line in output.splitlines() if line.startswith("outcome ")]
        own = [Outcome(**json.loads(line.removeprefix("outcome "))) for line in marked]
        outcomes += own
        for outcome in own if not quiet else ():
            print(table.line(outcome), flush=True)
        if status != 0:
            last = [line for line in complaint.strip().splitlines() if line][-1:]
            absent[name] = (last[0] if last else f"exit status {status}")[:160]
            if status != _ABSENT:
                outcomes.append(Outcome(name, "", "", differences=[f"it failed: {absent[name]}"]))
    return outcomes, absent


def _ran(command: list[str]) -> tuple[int, str, str]:
    try:
        completed: Any = subprocess.run(
            command, capture_output=True, text=True, timeout=TIMEOUT, check=False
        )
    except subprocess.TimeoutExpired:
        return 1, "", f"no answer within {TIMEOUT} s"
    return completed.returncode, completed.stdout, completed.stderr


if __name__ == "__main__":
    sys.exit(main())
