"""Runs one campaign and ends with a line that says its verdict, its seed and how to go on."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
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
    names = "\n".join(
        f"  {name:14} {one.__doc__} ({one.full} rounds)" for name, one in CAMPAIGNS.items()
    )
    parser = argparse.ArgumentParser(
        prog="tools/torture",
        description=f"campaigns:\n{names}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("campaign", choices=CAMPAIGNS)
    parser.add_argument("--rounds", type=int, help="default: a whole run")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", type=int, default=0, help="the round to begin with, to resume")
    given = parser.parse_args()
    kind = CAMPAIGNS[given.campaign]
    last = given.first + (kind.full if given.rounds is None else given.rounds)
    began, seen, failures = time.monotonic(), Counter[str](), 0
    with tempfile.TemporaryDirectory(prefix="vdb-torture-") as place:
        campaign = kind(Path(place), given.seed)
        number = given.first
        try:
            while number < last:
                outcome = campaign.round(number)
                seen[outcome] += 1
                if outcome not in campaign.accepted:
                    failures += 1
                    print(f"round {number}: {outcome}", flush=True)
                number += 1
                if sys.stderr.isatty():
                    print(f"\r{number - given.first}/{last - given.first}", end="", file=sys.stderr)
        except KeyboardInterrupt:
            print(f"interrupted: --seed {given.seed} --first {number} goes on")
        campaign.end()
    verdict = "FAILED" if failures else "passed" if number == last else "incomplete"
    counts = ", ".join(f"{count} {outcome}" for outcome, count in sorted(seen.items()))
    print(
        f"{given.campaign}: {verdict}: {number - given.first} rounds from {given.first}, "
        f"seed {given.seed}, {time.monotonic() - began:.0f} s: {counts}"
    )
    return 0 if verdict == "passed" else 1


if __name__ == "__main__":
    sys.exit(main())
