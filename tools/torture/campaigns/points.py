"""Kills at system calls."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from collections import Counter
from pathlib import Path

from tools.torture.faults.chapters import CHAPTERS
from tools.torture.faults.history import Stage
from tools.torture.faults.played import Played
from tools.torture.shared.campaign import UnavailableError

CALLS = (
    *("write", "pwrite64", "writev", "pwritev", "pwritev2", "sendfile", "copy_file_range"),
    *("fsync", "fdatasync", "msync", "sync_file_range", "syncfs", "sync"),
    *("ftruncate", "truncate", "fallocate"),
    *("open", "openat", "openat2", "creat", "mkdir", "mkdirat", "link", "linkat"),
    *("rename", "renameat", "renameat2", "unlink", "unlinkat", "rmdir", "chmod", "fchmodat"),
    *("flock", "fcntl"),
)
"""What changes files or names, makes that last, or locks: on some machine or other."""

_LOGGED = re.compile(r"^(\d+)\s+(\w+)\(")


class Points(Played):
    """A scripted history is killed at a system call: before or after the step, and it goes on."""

    accepted = ("killed", "ended before")
    full = 0

    def __init__(self, place: Path, seed: int) -> None:
        if shutil.which("strace") is None:
            raise UnavailableError("strace, which kills at system calls, is not installed")
        super().__init__(place, seed)
        self.points: list[tuple[str, str, int]] = []
        """Chapter, system call, and which of them: a round each."""
        for name in CHAPTERS:
            for call, count in sorted(self._count(name).items()):
                self.points += [(name, call, nth) for nth in range(1, count + 1)]
        self.full = len(self.points)

    def _count(self, name: str) -> dict[str, int]:
        """How often a chapter that nothing disturbs makes each system call, in one thread."""
        log = self.place / "calls.log"
        status, output = self.play(name, self.stage(name), "-o", str(log))
        if status != 0:
            raise RuntimeError(f"{name} does not play: {output}")
        lines = [_LOGGED.match(line) for line in log.read_text().splitlines()]
        counts = Counter((line[2], line[1]) for line in lines if line)
        return {call: max(n for (c, _), n in counts.items() if c == call) for call, _ in counts}

    def play(self, name: str, stage: Stage, *options: str) -> tuple[int | None, list[str]]:
        """Play a chapter under strace; how it ended, and what it told."""
        child = self.start(name, stage, wait=True)
        if self.forks.hear(30) != ["waiting"]:
            raise RuntimeError(f"{name} does not begin")
        calls = ",".join(f"?{call}" for call in CALLS)
        command = ["strace", "-f", "-p", str(child), "-e", f"trace={calls}", *options]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as strace:
            if strace.stderr is None:
                raise ValueError("strace has no output")
            for line in strace.stderr:
                if "attached" in line:
                    break
                if "attach" in line:
                    self.forks.kill(child)
                    self.forks.gone()
                    raise UnavailableError(f"strace may not trace here: {line.strip()}")
            os.kill(child, signal.SIGUSR1)
            status = self.forks.gone()
            if status is None:
                self.forks.kill(child)
                self.forks.gone()
            strace.communicate(timeout=60)
        return status, self.forks.hear(0)

    def round(self, number: int) -> str:
        name, call, nth = self.points[number % len(self.points)]
        stage = self.stage(name)
        inject = f"inject={call}:signal=KILL:when={nth}"
        status, lines = self.play(name, stage, "-o", "/dev/null", "-e", inject)
        where = f"at {call} {nth} of {name}"
        if status not in (0, -signal.SIGKILL):
            return f"{where}: ended with {status}: {lines}"
        steps = sum(line.startswith("done") for line in lines)
        wrong = self.verdict(name, stage, steps)
        if wrong:
            return f"{where}: {wrong}"
        return "killed" if status else "ended before"
