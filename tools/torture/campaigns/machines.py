"""Random histories over everything that is public, compared with dictionaries and brute force."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tools.torture.shared.campaign import Campaign

ROOT = Path(__file__).parents[3]
TEST = "tests/stateful/test_histories.py"
AT_ONCE = 20
STEPS = 50


class Machines(Campaign):
    """Twenty random histories of fifty steps give what a dictionary and brute force give."""

    accepted = ("no difference",)
    full = 100

    def round(self, number: int) -> str:
        variables = {
            "VDB_MACHINES": str(AT_ONCE),
            "VDB_STEPS": str(STEPS),
            "VDB_SEED": str(self.seed + number),
        }
        completed = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-x", "-o", "timeout=0", TEST],
            cwd=ROOT,
            env=os.environ | variables,
            capture_output=True,
            text=True,
            check=False,
        )
        return "no difference" if completed.returncode == 0 else completed.stdout[-6000:]
