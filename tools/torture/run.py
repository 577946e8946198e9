"""Runs one campaign and ends with a line that says its verdict, its seed and how to go on.

Exit codes: 0 when everything came out as it must, 1 when not, 77 when the machine lacks something
that the campaign needs.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tools.torture.campaigns import (
    agreement,
    arguments,
    backups,
    churn,
    claims,
    cluster,
    cuts,
    damage,
    denormals,
    endings,
    failing,
    full,
    graphs,
    images,
    kills,
    machines,
    merging,
    moves,
    mutants,
    points,
    processes,
    ray_nodes,
    round_trips,
    sources,
    tables,
    threads,
)
from tools.torture.shared.campaign import Campaign, UnavailableError

CAMPAIGNS: dict[str, type[Campaign]] = {
    "agreement": agreement.Agreement,
    "arguments": arguments.Arguments,
    "backups": backups.Backups,
    "churn": churn.Churn,
    "claims": claims.Claims,
    "cluster": cluster.Cluster,
    "cuts": cuts.Cuts,
    "damage": damage.Damage,
    "denormals": denormals.Denormals,
    "endings": endings.Endings,
    "failing": failing.Failing,
    "full-ext4": full.FullExt4,
    "full-tmpfs": full.FullTmpfs,
    "graphs": graphs.Graphs,
    "images": images.Images,
    "images-relaxed": images.RelaxedImages,
    "images-unsynced": images.UnsyncedImages,
    "interrupts": endings.Interrupts,
    "kills": kills.Kills,
    "machines": machines.Machines,
    "merging": merging.Merging,
    "moves": moves.Moves,
    "mutants": mutants.Mutants,
    "points": points.Points,
    "processes": processes.Processes,
    "ray-nodes": ray_nodes.RayNodes,
    "races": threads.Races,
    "round-trips": round_trips.RoundTrips,
    "sources": sources.Sources,
    "starving": failing.Starving,
    "tables": tables.Tables,
    "threads": threads.Threads,
}

UNAVAILABLE = 77
LINE_EVERY = 60.0  # seconds, where nobody watches a terminal


def main(arguments: list[str]) -> int:
    """The exit code."""
    options = _options(arguments)
    with _place(options.place) as place:
        try:
            campaign = CAMPAIGNS[options.campaign](place, options.seed)
        except UnavailableError as error:
            print(f"{options.campaign}: not run: {error}")
            return UNAVAILABLE
        try:
            return _run(campaign, options)
        finally:
            campaign.end()


def list_campaigns() -> str:
    """A line for each campaign."""
    return "\n".join(
        f"  {name:16} {one.__doc__} ({one.full or 'as many as there are'} rounds)"
        for name, one in CAMPAIGNS.items()
    )


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tools.torture", description="Runs rounds of a campaign."
    )
    parser.add_argument("campaign", choices=CAMPAIGNS, metavar="NAME")
    parser.add_argument("--rounds", type=int, help="default: a whole run")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", type=int, default=0, help="the round to begin with, to resume")
    parser.add_argument(
        "--place", type=Path, help="a directory to work in and to keep; default: a temporary one"
    )
    return parser.parse_args(arguments)


@contextlib.contextmanager
def _place(directory: Path | None) -> Iterator[Path]:
    if directory is not None:
        directory.mkdir(parents=True, exist_ok=True)
        yield directory
        return
    with tempfile.TemporaryDirectory(prefix="vdb-torture-") as place:
        yield Path(place)


def _run(campaign: Campaign, options: argparse.Namespace) -> int:
    rounds = campaign.full if options.rounds is None else options.rounds
    number, last = options.first, options.first + rounds
    began, seen, failures = time.monotonic(), Counter[str](), 0
    printed = began
    try:
        while number < last:
            outcome = campaign.round(number)
            if outcome in campaign.accepted:
                seen[outcome] += 1
            else:
                seen["FAILED"] += 1
                failures += 1
                print(f"round {number}: {outcome}", flush=True)
            number += 1
            if sys.stderr.isatty():
                print(f"\r{number - options.first}/{rounds}", end="", file=sys.stderr)
            elif time.monotonic() > printed + LINE_EVERY:
                printed = time.monotonic()
                print(f"{number - options.first}/{rounds}", file=sys.stderr, flush=True)
    except KeyboardInterrupt:
        print(f"interrupted: --seed {options.seed} --first {number} goes on")
    if number == last and (fault := campaign.fault(seen)) is not None:
        failures += 1
        print(f"all rounds: {fault}", flush=True)
    verdict = "FAILED" if failures else "passed" if number == last else "incomplete"
    counts = ", ".join(f"{count} {outcome}" for outcome, count in sorted(seen.items()))
    print(
        f"{options.campaign}: {verdict}: {number - options.first} rounds from {options.first}, "
        f"seed {options.seed}, {time.monotonic() - began:.0f} s: {counts}"
    )
    return 0 if verdict == "passed" else 1
