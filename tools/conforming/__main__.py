"""Runs every engine in a process of its own, prints a table of the outcomes and a verdict."""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from .cases import EVERY
from .engine import Engine
from .libraries import ENGINES as LIBRARIES
from .stores import ENGINES as STORES

ENGINES: dict[str, type[Engine]] = {kind.convention: kind for kind in (*LIBRARIES, *STORES)}
LINE = "{:<11} {:<10} {:<7} {:<14} {:>7} {:>7} {:>8} {:>11}  {}"
TIMEOUT = 600  # seconds for one engine


def main() -> int:
    """0 when every engine that ran agrees."""
    parser = argparse.ArgumentParser(prog="tools/conformance", description=__doc__)
    parser.add_argument("--only", help="engines, with commas between: " + ", ".join(ENGINES))
    parser.add_argument("--metrics", default=",".join(EVERY), help="of them: %(default)s")
    parser.add_argument("--seed", type=int, default=1, help="of the random vectors")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of a table")
    parser.add_argument("--requirements", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--engine", choices=ENGINES, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.requirements:
        print("\n".join(["numpy", *(kind.requires for kind in ENGINES.values())]))
        return 0
    if options.engine:
        return one(options.engine, options.seed, options.metrics.split(","))
    names = options.only.split(",") if options.only else list(ENGINES)
    unknown = sorted(set(names) - set(ENGINES))
    if unknown:
        parser.error(f"unknown: {', '.join(unknown)}")
    given = ["--seed", str(options.seed), "--metrics", options.metrics]
    return everyone(names, given, as_json=options.json)


def one(name: str, seed: int, metrics: list[str]) -> int:
    """Compare one engine; prints an outcome a line."""
    from .cases import cases
    from .compare import Outcome, compare

    kind = ENGINES[name]
    version = importlib.metadata.version(kind.version_of)
    for case in cases(seed):
        for metric in kind.metrics:
            if metric not in case.metrics or metric not in metrics:
                continue
            outcome = Outcome(name, version, metric, case.name)
            with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
                engine = kind(metric, case.dim, Path(folder))
                compare(engine, case, outcome, Path(folder))
                engine.close()
            print("outcome " + json.dumps(outcome.as_dict()), flush=True)
    sys.stdout.flush()
    os._exit(0)  # some engines do not end well
    return 0


def everyone(names: list[str], given: list[str], *, as_json: bool) -> int:
    """Compare all, and print."""
    outcomes: list[dict[str, Any]] = []
    failed: list[str] = []
    if not as_json:
        print(f"vdb {importlib.metadata.version('vdb')}, {' '.join(given)}\n")
        heads = ("engine", "version", "metric", "vectors", "scores", "worst", "missing")
        print(LINE.format(*heads, "thresholds", "verdict"))
    for name in names:
        command = [sys.executable, "-m", "conforming", "--engine", name, *given]
        try:
            ran = subprocess.run(
                command, capture_output=True, text=True, timeout=TIMEOUT, check=False
            )
            status, said, complaint = ran.returncode, ran.stdout, ran.stderr
        except subprocess.TimeoutExpired:
            status, said, complaint = 1, "", f"no answer within {TIMEOUT} s"
        marked = [line for line in said.splitlines() if line.startswith("outcome ")]
        own = [json.loads(line.removeprefix("outcome ")) for line in marked]
        outcomes += own
        for outcome in own if not as_json else ():
            show(outcome)
        if status != 0:
            last = [line for line in complaint.strip().splitlines() if line][-1:]
            failed.append(f"{name}: {last[0] if last else f'exit status {status}'}"[:160])
    differing = [outcome for outcome in outcomes if outcome["differences"]]
    if as_json:
        print(json.dumps({"outcomes": outcomes, "did not run": failed}, indent=2))
    else:
        print()
        for line in failed:
            print(f"did not run: {line}")
        ran_through = Counter(outcome["engine"] for outcome in outcomes)
        scores = sum(outcome["scores"] for outcome in outcomes)
        thresholds = sum(outcome["thresholds"] for outcome in outcomes)
        verdict = f"{len(differing)} DIFFER" if differing else "all agree"
        print(
            f"{len(ran_through)} engines, {len(outcomes)} comparisons, {scores:,} scores, "
            f"{thresholds} thresholds: {verdict}"
        )
    return 1 if differing else 0


def show(outcome: dict[str, Any]) -> None:
    """One line of the table, and what differs."""
    found = outcome["differences"]
    words = f"DIFFERS ({len(found)})" if found else "agrees"
    notes = "; ".join(dict.fromkeys(outcome["notes"]))
    print(
        LINE.format(
            outcome["engine"],
            outcome["version"],
            outcome["metric"],
            outcome["case"],
            outcome["scores"],
            f"{outcome['worst']:.2f}",
            outcome["missing"],
            outcome["thresholds"],
            f"{words}  {notes}".rstrip(),
        )
    )
    for difference in found[:5]:
        print(f"    {difference}")


if __name__ == "__main__":
    sys.exit(main())
