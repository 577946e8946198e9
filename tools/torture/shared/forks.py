"""Processes that are made cheaply: one imports everything once, and forks another for each line.

`serve` is what such a process does; `Forks` is its other end. What a fork tells goes over a socket
as lines, so that no call that tells is one of those which campaigns count, fail or kill at.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from typing import Any

Tell = Callable[[str], None]
Act = Callable[[dict[str, Any], Tell], None]

TOLD_BY = "VDB_TOLD_BY"


class Forks:
    """Starts forks, hears what they tell, and kills them."""

    def __init__(self, module: str, **environment: str) -> None:
        """Start the process that forks; `module` is run as a program and calls `serve`."""
        self._ear, mouth = socket.socketpair()
        self._output, write = os.pipe()
        with mouth:
            self._server = subprocess.Popen(
                [sys.executable, "-m", module],
                stdin=subprocess.PIPE,
                stdout=write,
                pass_fds=[mouth.fileno()],
                env=os.environ | environment | {TOLD_BY: str(mouth.fileno())},
            )
        os.close(write)
        self._rest = self._unread = b""
        if self._answer(60.0) != "ready":
            raise RuntimeError(f"{module} does not start")

    def _answer(self, seconds: float) -> str | None:
        """The next line of the process that forks; None when none comes within that time."""
        while b"\n" not in self._unread:
            if not select.select([self._output], [], [], seconds)[0]:
                return None
            received = os.read(self._output, 4096)
            if not received:
                raise RuntimeError("the process that forks has ended")
            self._unread += received
        line, _, self._unread = self._unread.partition(b"\n")
        return line.decode()

    def start(self, **task: Any) -> int:
        """A fork that does the task; its process id."""
        if self._server.stdin is None:
            raise ValueError("the process that forks has no input")
        self._server.stdin.write(json.dumps(task).encode() + b"\n")
        self._server.stdin.flush()
        child = self._answer(60.0)
        if child is None:
            raise RuntimeError("nothing was forked for a minute")
        return int(child)

    def hear(self, seconds: float) -> list[str]:
        """Lines that were told since the last time; waits so long for the first of them."""
        lines: list[str] = []
        while select.select([self._ear], [], [], 0 if lines else seconds)[0]:
            received = self._ear.recv(65536)
            if not received:
                break
            *whole, self._rest = (self._rest + received).split(b"\n")
            lines += [line.decode() for line in whole]
        return lines

    def kill(self, child: int) -> None:
        """SIGKILL; nothing happens to one that has ended."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)

    def gone(self, seconds: float = 60.0) -> int | None:
        """Wait for the end of the fork; its exit code, minus the signal that ended it.

        None when it did not end within that time.
        """
        status = self._answer(seconds)
        return None if status is None else int(status)

    def close(self) -> None:
        """End the process that forks."""
        if self._server.stdin is not None:
            self._server.stdin.close()
        self._server.wait()
        os.close(self._output)
        self._ear.close()


def serve(act: Act) -> None:
    """Fork for every line, one after the other; the fork does what it says, and ends.

    Whatever it raises is told as a line "! ERROR: TEXT".
    """
    with socket.socket(fileno=int(os.environ[TOLD_BY])) as mouth:

        def tell(line: str) -> None:
            mouth.sendall(f"{line}\n".encode())

        print("ready", flush=True)
        for line in sys.stdin:
            child = os.fork()
            if child == 0:
                _be_forked(act, json.loads(line), tell)
            print(child, flush=True)
            print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


def _be_forked(act: Act, task: dict[str, Any], tell: Tell) -> None:
    try:
        act(task, tell)
    except BaseException as error:  # noqa: BLE001 - its text is all that is left of it
        text = str(error).replace("\n", " ")
        tell(f"! {type(error).__name__}: {text}")
        os._exit(1)
    os._exit(0)
