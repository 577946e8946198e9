"""Another process that reads whole databases, and may die of it.

Run as a program it takes lines "VERIFY PATH" and answers each with what it read, or the name of
the error. `Reader` is the other end of this and of other programs that answer lines.
"""

from __future__ import annotations

import hashlib
import json
import signal
import subprocess
import sys

import numpy as np

import vdb
from tools.torture.shared.lines import answer_of

SECONDS = 60.0


class Reader:
    """Asks a child process, and starts another one when it dies or hangs."""

    def __init__(self, module: str = "tools.torture.shared.reader") -> None:
        """`module` is run; it answers each line with one."""
        self._module = module
        self._child: subprocess.Popen[str] | None = None

    def ask(self, line: str) -> str:
        """The answer; or the name of a signal, or "hang"."""
        if self._child is None:
            self._child = subprocess.Popen(
                [sys.executable, "-m", self._module],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )
        child = self._child
        answer = answer_of(child, line, SECONDS)
        if answer:
            return answer
        if answer is not None:
            status = child.wait()
            self.end()
            return signal.Signals(-status).name if status < 0 else f"exit {status}"
        child.kill()
        self.end()
        return "hang"

    def end(self) -> None:
        """Let the child go."""
        if self._child is not None:
            for pipe in (self._child.stdin, self._child.stdout):
                if pipe is not None:
                    pipe.close()
            self._child.wait()
            self._child = None


def digest(path: str, verify: str) -> str:
    """Every record, and searches of every collection, as a short text."""
    seen = []
    with vdb.open(path, create=False, read_only=True, verify=verify) as db:
        for name in db.collections():
            docs = db.collection(name)
            rows = [(one.id, one.vector.tolist(), one.payload) for one in docs.scan()]
            queries = np.random.default_rng(0).normal(size=(8, docs.dim))
            ids = [docs.search(q, 5).ids.tolist() for q in queries]
            among = [docs.search(q, 5, where={"n": {"$gte": 3}}).ids.tolist() for q in queries]
            seen.append([name, len(docs), rows, ids, among])
    return hashlib.sha256(json.dumps(seen).encode()).hexdigest()


def main() -> None:
    """Answer until the input ends."""
    for line in sys.stdin:
        verify, path = line.rstrip("\n").split(" ", 1)
        try:
            print(digest(path, verify), flush=True)
        except vdb.VdbError as error:
            print(type(error).__name__, flush=True)


if __name__ == "__main__":
    main()
