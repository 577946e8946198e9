"""The campaign's end of a worker: orders, answers, crashes and hangs."""

from __future__ import annotations

import json
import os
import select
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tools import environments
from tools.torture.damaged_sources.small_sources import Small

PATIENCE = 180.0  # seconds by the clock for one case with its trials, on a busy machine


class Reader:
    """A worker, which is started again after a crash."""

    def __init__(self, work: Path) -> None:
        self._work = work
        self._process: subprocess.Popen[bytes] | None = None
        self._rest = b""

    def cases(self, small: Small, seed: str, cases: int) -> Iterator[dict[str, Any]]:
        """What came of each case of a source."""
        order: dict[str, Any] = {
            "format": small.format,
            "place": str(small.place),
            "options": small.options,
            "spans": small.spans,
            "beside": [str(one) for one in small.beside],
            "name": f"{small.format}-{small.place.name}",
            "work": str(self._work),
            "seed": seed,
        }
        first = 0
        while first < cases:
            for outcome in self._answers(order | {"first": first, "cases": cases - first}):
                if "end" in outcome:
                    return
                first = outcome.get("case", first) + 1
                yield outcome

    def close(self) -> None:
        """End the worker."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _answers(self, order: dict[str, Any]) -> Iterator[dict[str, Any]]:
        if self._process is None:
            self._process = self._started()
        process, case = self._process, order["first"]
        assert process.stdin is not None  # noqa: S101 - a pipe
        process.stdin.write(json.dumps(order).encode() + b"\n")
        process.stdin.flush()
        while True:
            line = self._line(process)
            if not line:
                self.close()
                why = "ended the process" if line is not None else f"took {PATIENCE:.0f} s"
                saved = self._saved(order, case)
                ended = {"case": case, "kept": saved, "text": f"{why}, {process.returncode}"}
                yield ended
                return
            if not line.startswith(b"{"):
                continue  # what a library printed
            outcome = json.loads(line)
            yield outcome
            if "end" in outcome:
                return
            case = outcome["case"] + 1

    def _started(self) -> subprocess.Popen[bytes]:
        self._rest = b""
        command = environments.command(sys.executable, "tools.torture.damaged_sources.worker")
        with (self._work / "worker.log").open("ab") as log:
            return subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, bufsize=0
            )

    def _line(self, process: subprocess.Popen[bytes]) -> bytes | None:
        """The next line; empty at the end, None where it takes too long."""
        assert process.stdout is not None  # noqa: S101 - a pipe
        while b"\n" not in self._rest:
            ready, _, _ = select.select([process.stdout], [], [], PATIENCE)
            if not ready:
                return None
            part = os.read(process.stdout.fileno(), 1 << 16)
            if not part:
                return b""
            self._rest += part
        line, self._rest = self._rest.split(b"\n", 1)
        return line or b" "

    def _saved(self, order: dict[str, Any], case: int) -> str:
        """What the worker was reading."""
        target = self._work / f"kept-{order['name']}-{order['seed']}-{case}"
        if (self._work / "damaged").exists():
            shutil.rmtree(target, ignore_errors=True)
            (self._work / "damaged").rename(target)
        return str(target)
