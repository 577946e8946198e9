"""Many threads: of one process on one database, and of the kernel on one index."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from tools.campaigns.frame.campaign import Campaign, UnavailableError
from tools.campaigns.sanitized import harness

SECONDS = 20


def _last_lines(ran: subprocess.CompletedProcess[str]) -> str:
    return (ran.stdout + ran.stderr)[-3000:].strip()


class Threads(Campaign):
    """Eight searchers, a writer, close, fork, garbage and Ctrl-C, under sanitizers."""

    accepted = ("right",)
    full = 30
    command = ("bash", "tools/sanitise", "--python")

    def __init__(self, place: Path, seed: int) -> None:
        super().__init__(place, seed)
        ran = self._run("-c", "import vdb")
        if ran.returncode != 0:
            raise UnavailableError("tools/sanitise cannot build the kernel: " + _last_lines(ran))

    def _run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [*self.command, *arguments]
        return subprocess.run(
            command, cwd=harness.ROOT, capture_output=True, text=True, check=False
        )

    def round(self, number: int) -> str:
        path = self.place / "crowd.vdb"
        shutil.rmtree(path, ignore_errors=True)
        ran = self._run(
            "-m",
            "tools.campaigns.sanitized.crowd",
            str(path),
            str(SECONDS),
            f"{self.seed + number}",
        )
        return "right" if ran.returncode == 0 else _last_lines(ran)


class Races(Campaign):
    """Threads that search while others link, under ThreadSanitizer."""

    accepted = ("right",)
    full = 30

    def __init__(self, place: Path, seed: int) -> None:
        super().__init__(place, seed)
        self._program = harness.build("thread") / "threads"

    def round(self, number: int) -> str:
        ran = subprocess.run(
            [self._program, str(SECONDS), str(self.seed + number)],
            capture_output=True,
            text=True,
            check=False,
        )
        return "right" if ran.returncode == 0 else _last_lines(ran)
