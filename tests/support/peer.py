"""A second process for the tests: runs the statements it is sent, and answers with a line each.

`Peer` is the test's end. In the process, ``db`` is the open database, ``vdb`` and ``np`` are there.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Self

import vdb


class Peer:
    """A process with the database open. A context manager."""

    def __init__(self, path: Path, **options: object) -> None:
        self.process = subprocess.Popen(
            [sys.executable, __file__, str(path), repr(options)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.answer() == "ready"

    def send(self, code: str) -> None:
        """Have it run something, without waiting."""
        print(repr(code), file=self.process.stdin, flush=True)

    def answer(self) -> str:
        """What came of the oldest thing sent: the repr of its value, or the name of its error."""
        return self.process.stdout.readline().rstrip("\n")

    def ask(self, code: str) -> object:
        """Have it evaluate something."""
        self.send(code)
        text = self.answer()
        assert not text.startswith("!"), text
        return eval(text, dict(vars(vdb)))  # a result may be a dataclass of vdb

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait()


def main() -> None:
    import numpy as np

    names = {"np": np, "vdb": vdb, "db": vdb.open(sys.argv[1], **eval(sys.argv[2]))}
    print("ready", flush=True)
    for line in sys.stdin:
        code = eval(line)
        try:
            try:
                value = eval(compile(code, "peer", "eval"), names)
            except SyntaxError:
                value = exec(compile(code, "peer", "exec"), names)
            print(repr(value), flush=True)
        except BaseException as error:  # noqa: BLE001 - told to the other end
            print(f"!{type(error).__name__}: {str(error).splitlines()[:1]}", flush=True)
    names["db"].close()


if __name__ == "__main__":
    main()
