"""vdb's own measures, each beside its bar: `python -m tools.bench own`."""

import argparse
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from . import (
    build,
    commit,
    dtypes,
    filters,
    imports,
    inserts,
    memory,
    mips,
    opening,
    reachability,
    rebuild,
    recall,
    size,
    speed,
)
from .metrics import METRICS
from .peers import DRIVERS, version
from .report import Row, describe_machine, print_heading, print_table, write_json
from .settings import Settings
from .stand import Stand

ROOT: Final = Path(__file__).resolve().parents[2]
SETS: Final = ("real", "synthetic")

# In this order: the later ones change the large collection that the earlier ones measure.
BENCHMARKS: Final[dict[str, Callable[[Stand], Iterator[Row]]]] = {
    "recall": recall.run,
    "speed": speed.run,
    "dtypes": dtypes.run,
    "build": build.run,
    "size": size.run,
    "opening": opening.run,
    "memory": memory.run,
    "filters": filters.run,
    "inserts": inserts.run,
    "imports": imports.run,
    "commit": commit.run,
    "reachability": reachability.run,
    "rebuild": rebuild.run,
    "mips": mips.run,
}


def read_arguments() -> argparse.Namespace:
    """Options of the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.bench own",
        description="vdb's own measures and their bars, beside its peers in one process.",
    )
    parser.add_argument("--only", help="comma-separated: " + ",".join(BENCHMARKS))
    parser.add_argument("--quick", action="store_true", help="small data, few rounds")
    parser.add_argument(
        "--data",
        type=Path,
        default=ROOT / "docs" / "sample",
        help="folder with paragraphs.f16.npy (n, dim) and queries.f16.npy (m, dim)",
    )
    parser.add_argument("--peers", default="hnswlib", help="comma-separated: " + ",".join(DRIVERS))
    parser.add_argument("--sets", default=",".join(SETS), help="data sets of recall, speed, build")
    parser.add_argument("--metrics", default=",".join(METRICS), help="metrics of the same")
    parser.add_argument("--rounds", type=int, help="interleaved rounds behind a median (default 5)")
    parser.add_argument(
        "--clock",
        choices=("wall", "cpu"),
        default="wall",
        help="cpu: compare processor time, for a machine that is not quiet",
    )
    parser.add_argument("--json", type=Path, default=ROOT / ".bench" / "results.json")
    return parser.parse_args()


def main() -> int:
    """Run what was asked for; 0: every bar met, 1: a bar missed, 2: cannot run."""
    arguments = read_arguments()
    chosen = arguments.only.split(",") if arguments.only else list(BENCHMARKS)
    peers = [name for name in arguments.peers.split(",") if name]
    unknown = [name for name in chosen if name not in BENCHMARKS]
    unknown += [name for name in arguments.sets.split(",") if name not in SETS]
    unknown += [name for name in arguments.metrics.split(",") if name not in METRICS]
    unknown += [name for name in peers if name not in DRIVERS or version(name) is None]
    if unknown:
        print(f"not known or not installed: {', '.join(unknown)}", file=sys.stderr)
        return 2
    settings = Settings(
        folder=ROOT / ".bench",
        data=arguments.data,
        peers=tuple(peers),
        with_vdb=version("vdb") is not None,
        rounds=arguments.rounds or (3 if arguments.quick else 5),
        quick=arguments.quick,
        clock=arguments.clock,
        sets=tuple(arguments.sets.split(",")),
        metrics=tuple(arguments.metrics.split(",")),
    )
    rows = run_benchmarks(settings, [name for name in BENCHMARKS if name in chosen])
    print_heading(settings, describe_machine())
    print_table(rows)
    write_json(arguments.json, settings, rows)
    return 1 if any(row.passed is False for row in rows) else 0


def run_benchmarks(settings: Settings, names: list[str]) -> list[Row]:
    """Collect all rows; progress goes to stderr."""
    stand = Stand(settings)
    rows: list[Row] = []
    shutil.rmtree(settings.scratch, ignore_errors=True)
    try:
        for name in names:
            start = time.perf_counter()
            print(f"{name} ...", end="", file=sys.stderr, flush=True)
            rows.extend(BENCHMARKS[name](stand))
            print(f" {time.perf_counter() - start:.0f} s", file=sys.stderr)
    finally:
        stand.release()
        shutil.rmtree(settings.scratch, ignore_errors=True)
    return rows


if __name__ == "__main__":
    sys.exit(main())
