"""How much memory this process may still take: what the system has, and its control group."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

__all__ = ["Room", "room"]

_MEMINFO = Path("/proc/meminfo")
_OWN_GROUPS = Path("/proc/self/cgroup")
_GROUPS = Path("/sys/fs/cgroup")
_DEEPEST = 32  # groups above each other


class Room(NamedTuple):
    """Bytes of memory.

    Attributes:
        free: What can be taken, pages of files that would be dropped for it included.
        total: All there is.
    """

    free: int
    total: int


def room() -> Room | None:
    """Of the system and of each control group above this process, the one with the least left.

    None where nothing is known: outside Linux.
    """
    rooms = [*_system(), *_groups()]
    return min(rooms, default=None, key=lambda one: one.free)


def _system() -> Iterator[Room]:
    try:
        lines = _lines(_MEMINFO)
        kib = {name: int(rest.split()[0]) for name, _, rest in (x.partition(":") for x in lines)}
        yield Room(kib["MemAvailable"] << 10, kib["MemTotal"] << 10)
    except (OSError, ValueError, KeyError, IndexError):
        return


def _groups() -> Iterator[Room]:
    try:
        lines = _lines(_OWN_GROUPS)
    except OSError:
        return
    for line in lines:
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if controllers == "":
            yield from _above(_GROUPS, path, ("memory.max", "memory.current", "inactive_file"))
        elif "memory" in controllers.split(","):
            names = "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"
            yield from _above(_GROUPS / "memory", path, names)


def _above(top: Path, path: str, names: tuple[str, str, str]) -> Iterator[Room]:
    """The group and all above it that limit memory; paths of another namespace lead nowhere."""
    parts = [part for part in path.split("/") if part not in ("", "..")][:_DEEPEST]
    for depth in range(len(parts), -1, -1):
        group = top.joinpath(*parts[:depth])
        try:
            limit, used = (int(_lines(group / name)[0]) for name in names[:2])
            statistics = _lines(group / "memory.stat")
        except (OSError, ValueError, IndexError):  # no such group, or "max"
            continue
        files = (int(x.split()[1]) for x in statistics if x.startswith(names[2] + " "))
        yield Room(max(0, limit - used + next(files, 0)), limit)


def _lines(file: Path) -> list[str]:
    """The lines of a file of the system.

    Decoded without a codec of its own: Python loads those from its library when they are first
    used, and a process that gave up its rights may not read that any more.
    """
    return file.read_bytes().decode("utf-8", "surrogateescape").splitlines()
