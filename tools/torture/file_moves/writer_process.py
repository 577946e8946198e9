"""The other end of a writer's process."""

from __future__ import annotations

import json
import select
import subprocess
import sys
from pathlib import Path
from typing import Any

from tools.torture.file_moves.writer import Event

SECONDS = 60.0


class WriterProcess:
    """One process that writes, used for one round after the other."""

    def __init__(self) -> None:
        self._child = subprocess.Popen(
            [sys.executable, "-m", "tools.torture.file_moves.writer"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
        )
        self._unread = b""

    def _answer(self) -> str:
        """The next line; "" where there is none for too long, or the process has ended."""
        out = self._child.stdout
        while b"\n" not in self._unread:
            if out is None or not select.select([out], [], [], SECONDS)[0]:
                self._child.kill()
                return ""
            received = out.read(65536)
            if not received:
                return ""
            self._unread += received
        line, _, self._unread = self._unread.partition(b"\n")
        return line.decode()

    def _say(self, line: str) -> None:
        if self._child.stdin is not None:
            self._child.stdin.write(f"{line}\n".encode())

    def open(self, path: Path, first: int, **more: Any) -> list[Event] | None:
        """Have the database opened; None when it is, else what came of it."""
        self._say(json.dumps({"path": str(path), "first": first, "patience": 0.3, **more}))
        answer = self._answer()
        return None if answer == "open" else self._events(answer)

    def stop(self) -> list[Event]:
        """Have the writing stopped, and the database closed; what was done."""
        self._say("stop")
        return self._events(self._answer())

    def visited(self) -> list[Event]:
        """The event of a visit."""
        return self._events(self._answer())

    def _events(self, answer: str) -> list[Event]:
        if not answer:
            status = self._child.wait()
            return [(-1, 0.0, 0.0, f"the process ended with {status}, or did not answer")]
        return [(event[0], event[1], event[2], event[3]) for event in json.loads(answer)]

    def end(self) -> None:
        """Let it go."""
        for pipe in (self._child.stdin, self._child.stdout):
            if pipe is not None:
                pipe.close()
        self._child.wait()
