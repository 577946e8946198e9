"""Child processes that answer each line with one."""

from __future__ import annotations

import select
import subprocess


def answer_of(child: subprocess.Popen[str], line: str, seconds: float) -> str | None:
    """What a child with pipes says to a line; "" when it ended instead, None when it hangs."""
    if child.stdin is None or child.stdout is None:
        raise ValueError("the child has no pipes")
    print(line, file=child.stdin, flush=True)
    if not select.select([child.stdout], [], [], seconds)[0]:
        return None
    return child.stdout.readline().strip()
