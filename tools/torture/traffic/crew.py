"""Processes that play roles on one database while a campaign goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from tools.torture.traffic.traffic import Traffic


class Member:
    """One process; see `roles`."""

    def __init__(self, role: str, path: Path, traffic: Traffic, number: int, output: Path) -> None:
        """Its complaints are added to the file `said`."""
        self.role = role
        self._said = output
        words = [role, path, traffic.seed, traffic.kept, traffic.dim, number]
        with output.open("a") as errors:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tools.torture.traffic.roles", *map(str, words)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
            )
        if self._process.stdout is not None:
            os.set_blocking(self._process.stdout.fileno(), False)

    def heard(self) -> list[str]:
        """Lines that it has said since."""
        out = self._process.stdout
        data = out.read() if out is not None else None
        return data.decode().splitlines() if data else []

    def complaint(self) -> str | None:
        """What it died of; None while it lives."""
        if self._process.poll() is None:
            return None
        last = self._said.read_text().strip().splitlines()[-1:]
        return f"a process ({self.role}) ended: {''.join(last) or self._process.returncode}"

    def kill(self) -> None:
        """End it at once, wherever it is."""
        self._process.send_signal(signal.SIGKILL)
        self._let_go()

    def end(self) -> None:
        """Let it finish what it is at."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            self._process.wait(120)
        except subprocess.TimeoutExpired:
            self._process.kill()
        self._let_go()

    def _let_go(self) -> None:
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
