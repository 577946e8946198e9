"""Many threads: of one process on one database, and of the kernel on one index."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from tools.torture.sanitized import harness, kernel
from tools.torture.shared.campaign import Campaign

SECONDS = 20


def _last_lines(completed: subprocess.CompletedProcess[str]) -> str:
    return (completed.stdout + completed.stderr)[-3000:].strip()


class Threads(Campaign):
    """Eight searchers, a writer, close, fork, garbage and Ctrl-C, under sanitizers."""

    accepted = ("right",)
    full = 30

    def __init__(self, place: Path, seed: int) -> None:
        super().__init__(place, seed)
        self.python, self.variables = kernel.prepare()

    def round(self, number: int) -> str:
        path = self.place / "crowd.vdb"
        shutil.rmtree(path, ignore_errors=True)
        program = ("-m", "tools.torture.sanitized.crowd", path, SECONDS, self.seed + number)
        completed = subprocess.run(
            [self.python, *map(str, program)],
            cwd=harness.ROOT,
            env=self.variables,
            capture_output=True,
            text=True,
            check=False,
        )
        return "right" if completed.returncode == 0 else _last_lines(completed)


class Races(Campaign):
    """Threads that search while others link, under ThreadSanitizer."""

    accepted = ("right",)
    full = 30

    def __init__(self, place: Path, seed: int) -> None:
        super().__init__(place, seed)
        self._program = harness.build("thread") / "threads"

    def round(self, number: int) -> str:
        completed = subprocess.run(
            [self._program, str(SECONDS), str(self.seed + number)],
            capture_output=True,
            text=True,
            check=False,
        )
        return "right" if completed.returncode == 0 else _last_lines(completed)
