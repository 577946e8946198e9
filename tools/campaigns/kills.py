"""Processes that are killed: the tests of that, with as many rounds as are wanted."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import ClassVar

from tools.campaigns.campaign import Campaign

AT_ONCE = 100


class Kills(Campaign):
    """A writer of batches is killed a hundred times: nothing acknowledged is lost, nothing half."""

    accepted = ("passed",)
    full = 100
    test: ClassVar[str] = "tests/crash/test_kill.py"

    def round(self, number: int) -> str:
        wanted = {"VDB_KILL_ROUNDS": str(AT_ONCE), "VDB_KILL_SEED": str(self.seed + number)}
        ran = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-x", "-o", "timeout=0", self.test],
            env=os.environ | wanted,
            capture_output=True,
            text=True,
            check=False,
        )
        return "passed" if ran.returncode == 0 else ran.stdout[-2000:]


class RebuildKills(Kills):
    """The same during rebuilds: the collection is as before or as after."""

    test = "tests/crash/test_rebuild_kill.py"
