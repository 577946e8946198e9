"""Limiting the memory of a process, its page cache included, by a control group.

Limits of a single process (`ulimit`) say nothing about the page cache, which is what a database
that maps its file lives in; so there is no other way than a control group of one's own.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path("/sys/fs/cgroup")


class NoLimitError(Exception):
    """This machine lets us limit nothing; the text says what was tried."""


@dataclass(frozen=True)
class Group:
    """A control group that processes can enter before they allocate anything."""

    folder: Path

    def enter(self, pid: int) -> None:
        """Put a process into it."""
        (self.folder / "cgroup.procs").write_text(str(pid))


@contextlib.contextmanager
def limited(size: int, name: str) -> Iterator[Group]:
    """A group below this process's own that may have `size` bytes, removed afterwards.

    Raises:
        NoLimitError: neither version of control groups lets us.
    """
    tried = []
    for parent, setting in _places():
        folder = parent / f"vdb-bench-{os.getpid()}-{name}"
        try:
            folder.mkdir()
        except OSError as error:
            tried.append(f"{parent}: {error.strerror}")
            continue
        try:
            (folder / setting).write_text(str(size))
        except OSError as error:
            folder.rmdir()
            tried.append(f"{folder / setting}: {error.strerror}")
            continue
        try:
            yield Group(folder)
        finally:
            with contextlib.suppress(OSError):  # a process that is still ending
                folder.rmdir()
        return
    raise NoLimitError("no control group for memory: " + ("; ".join(tried) or "none is mounted"))


def _places() -> Iterator[tuple[Path, str]]:
    """Our own groups, of either version, with the name of the file that holds the limit."""
    for line in Path("/proc/self/cgroup").read_text(encoding="ascii").splitlines():
        _, controllers, path = line.split(":", 2)
        if "memory" in controllers.split(","):
            yield ROOT / "memory" / path.lstrip("/"), "memory.limit_in_bytes"
        if not controllers:
            yield ROOT / path.lstrip("/"), "memory.max"
