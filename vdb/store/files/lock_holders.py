"""Which other processes hold a lock file, as far as the system says."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

__all__ = ["holders", "named", "others"]

LOCKS = Path("/proc/locks")
MOST_NAMED = 5
LONGEST = 60
"""Characters of a command that are shown."""
_KINDS = ("FLOCK", "POSIX")


def holders(lock: Path) -> list[int]:
    """Ids of the other processes that hold a lock on a file; empty where the system does not say.

    Linux lists all locks with device and inode of the file. A lock that was taken by a parent that
    has ended is listed under the parent, and one across containers under no id at all.
    """
    try:
        status, listed = lock.stat(), LOCKS.read_text(encoding="ascii", errors="replace")
    except OSError:
        return []
    file = f"{os.major(status.st_dev):02x}:{os.minor(status.st_dev):02x}:{status.st_ino}"
    processes = set()
    for line in listed.splitlines():
        words = line.split()  # "1: FLOCK ADVISORY READ 4711 fe:00:2189698 0 EOF"; "->" if waiting
        if len(words) == 8 and words[1] in _KINDS and words[5] == file and words[4].isdigit():
            processes.add(int(words[4]))
    return sorted(processes - {0, os.getpid()})


def others(lock: Path) -> str:
    """The holders of a lock file as a message adds them: " (4711 python ingest.py)", or ""."""
    processes = holders(lock)
    return f" ({named(processes)})" if processes else ""


def named(processes: list[int]) -> str:
    """Processes as a message lists them: "4711 python ingest.py, 4712 vdb info DIR"."""
    shown = [f"{process}{_name(process)}" for process in processes[:MOST_NAMED]]
    return ", ".join([*shown, "..."] if len(processes) > MOST_NAMED else shown)


def _name(process: int) -> str:
    """Its command, without the directories of the program, or what the system calls it."""
    about = Path(f"/proc/{process}")
    with contextlib.suppress(OSError):
        program, *arguments = (about / "cmdline").read_bytes().decode(errors="replace").split("\0")
        words = " ".join([program.rpartition("/")[2], *arguments]).strip()
        name = words or (about / "comm").read_text(encoding="utf-8", errors="replace").strip()
        shown = "".join(c if c.isprintable() else "?" for c in name)
        return f" {shown[:LONGEST]}..." if len(shown) > LONGEST else f" {shown}"
    return ""
