"""A worker process from outside: starting, asking, pinning, ending."""

from __future__ import annotations

import contextlib
import json
import os
import select
import subprocess
import time
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from tools import environments

PATIENCE: Final = 7_200.0  # seconds; a build of a million vectors may take long


class PeerError(Exception):
    """A peer cannot do what was asked, or died over it; its text says what happened.

    Attributes:
        refused: whether the library said so itself.
    """

    def __init__(self, text: str, *, refused: bool = False) -> None:
        super().__init__(text)
        self.refused = refused


class Worker:
    """One library in a process of its own. Close it, or use it in a `with` statement."""

    def __init__(
        self,
        python: Path,
        log: Path,
        *,
        cpus: Collection[int] = (),
        enter: Callable[[int], None] | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Start it.

        Args:
            python: interpreter of the environment that the library is installed in.
            log: file that takes what the library writes.
            cpus: cores that it may use; empty: all.
            enter: called with the number of the process before it has done anything.
            environment: variables that it gets besides this process's own.
        """
        log.parent.mkdir(parents=True, exist_ok=True)
        self._log = log
        with log.open("ab") as errors:
            self._process = subprocess.Popen(
                environments.command(python, "tools.bench.field.worker"),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                env=os.environ | dict(environment or {}),
                cwd=log.parent,
            )
        if enter is not None:
            enter(self._process.pid)
        if cpus:
            self.pin(cpus)

    def pin(self, cpus: Collection[int]) -> None:
        """Keep every thread that it has, and those that these will start, on some cores."""
        for task in Path(f"/proc/{self._process.pid}/task").iterdir():
            with contextlib.suppress(ProcessLookupError):  # that thread has just ended
                os.sched_setaffinity(int(task.name), cpus)

    def ask(self, do: str, *, patience: float = PATIENCE, **request: Any) -> dict[str, Any]:
        """Have one request answered.

        Raises:
            PeerError: it refuses, fails, dies, or takes longer than `patience` seconds.
        """
        if self._process.stdin is None or self._process.stdout is None:
            raise PeerError("no pipes")
        try:
            self._process.stdin.write(json.dumps({"do": do, **request}).encode() + b"\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise PeerError(self._last_words()) from None
        deadline, line = time.monotonic() + patience, b""
        while not line.endswith(b"\n"):
            ready, _, _ = select.select(
                [self._process.stdout], [], [], max(0.0, deadline - time.monotonic())
            )
            if not ready:
                self._process.kill()
                raise PeerError(f"{do}: no answer in {patience:g} s")
            part = os.read(self._process.stdout.fileno(), 1 << 20)
            if not part:
                raise PeerError(f"{do}: {self._last_words()}")
            line += part
        answer: dict[str, Any] = json.loads(line)
        if "refused" in answer:
            raise PeerError(answer["refused"], refused=True)
        if "failed" in answer:
            raise PeerError(f"{do}: {answer['failed']}")
        return answer

    def close(self) -> None:
        """Let it end; kill it if it does not."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _last_words(self) -> str:
        status = self._process.wait()
        lines = self._log.read_text(errors="replace").splitlines()
        text = lines[-1][:300] if lines else "nothing"
        return f"ended with status {status}, having written: {text}"
