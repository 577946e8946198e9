"""Random histories of a cluster, compared with an embedded collection."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tools.torture.shared.campaign import Campaign

ROOT = Path(__file__).parents[3]
TEST = "tests/cluster/histories/test_histories.py"
AT_ONCE = 10
STEPS = 30


class Cluster(Campaign):
    """Ten histories of thirty steps of a cluster whose parts die: 0 lost, 0 twice, 0 mixed."""

    accepted = ("no difference",)
    full = 50

    def round(self, number: int) -> str:
        variables = {
            "VDB_HISTORIES": str(AT_ONCE),
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
