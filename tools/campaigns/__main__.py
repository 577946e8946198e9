"""Runs one campaign and ends with a line that says its verdict, its seed and how to go on."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from tools.campaigns import backups, cuts, damage, kills
from tools.campaigns.campaign import Campaign

CAMPAIGNS: dict[str, type[Campaign]] = {
    "damage": damage.Damage,
    "cuts": cuts.Cuts,
    "backups": backups.Backups,
    "kills": kills.Kills,
    "rebuild-kills": kills.RebuildKills,
}


def main() -> int:
    """0 when every round came out as it must."""
    names = "\n".join(f"  {name:14} {one.__doc__}" for name, one in CAMPAIGNS.items())
    parser = argparse.ArgumentParser(
        prog="tools/torture",
        description=f"campaigns:\n{names}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("campaign", choices=CAMPAIGNS)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", type=int, default=0, help="the round to begin with, to resume")
    given = parser.parse_args()
    began, seen = time.monotonic(), {}
    with tempfile.TemporaryDirectory(prefix="vdb-torture-") as place:
        campaign = CAMPAIGNS[given.campaign](Path(place), given.seed)
        failures = []
        for number in range(given.first, given.first + given.rounds):
            outcome = campaign.round(number)
            seen[outcome] = seen.get(outcome, 0) + 1
            if outcome not in campaign.accepted:
                failures.append(number)
                print(f"round {number}: {outcome}", flush=True)
            if sys.stderr.isatty():
                print(f"\r{number + 1 - given.first}/{given.rounds}", end="", file=sys.stderr)
        campaign.end()
    counts = ", ".join(f"{count} {outcome}" for outcome, count in sorted(seen.items()))
    print(
        f"{given.campaign}: {'FAILED' if failures else 'passed'}: {given.rounds} rounds from "
        f"{given.first}, seed {given.seed}, {time.monotonic() - began:.0f} s: {counts}"
    )
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
