"""Runs a program and has the calls with which it changes files, in their order.

The calls are caught by `log.c`, which is compiled here and loaded into the program.
"""

from __future__ import annotations

import enum
import os
import shutil
import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tools.torture.shared.campaign import UnavailableError

SOURCE = Path(__file__).with_name("log.c")
HEADER = struct.Struct("<IIQqQ")


class Call(enum.IntEnum):
    """What was called, as the log has it."""

    WRITE = 1
    RESIZE = 2
    SYNC = 3
    CREATE = 4
    MKDIR = 5
    RENAME = 6
    LINK = 7
    UNLINK = 8
    UNKNOWN = 9


@dataclass(frozen=True, slots=True)
class Entry:
    """One call.

    Attributes:
        call: Which.
        inode: Of the file or directory; 0 where names say what is meant.
        offset: Of what was written; of RESIZE, the new length.
        data: What was written.
        names: Paths relative to the directory that is watched.
        synced: Whether what was written was flushed by the same call.
    """

    call: Call
    inode: int
    offset: int
    data: bytes
    names: tuple[str, ...]
    synced: bool


def library(place: Path) -> Path:
    """The compiled catcher of calls.

    Raises:
        UnavailableError: This is not Linux, or there is no C compiler.
    """
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if sys.platform != "linux" or compiler is None:
        raise UnavailableError("needs Linux and a C compiler (cc), to catch what is written")
    built = place / "log.so"
    subprocess.run(
        [compiler, "-O2", "-shared", "-fPIC", "-o", built, SOURCE, "-ldl"],
        check=True,
    )
    return built


def record(library: Path, root: Path, command: list[str], *, unsynced: bool = False) -> list[Entry]:
    """Run a command to its end; what it did below `root`, which must be empty.

    With `unsynced` it is as if nothing was ever flushed.
    """
    with tempfile.NamedTemporaryFile(dir=root.parent) as log:
        env = os.environ | {
            # Behind a sanitizer's, which must come first.
            "LD_PRELOAD": f"{os.environ.get('LD_PRELOAD', '')} {library}",
            "VDB_LOG": log.name,
            "VDB_LOG_ROOT": str(root),
        }
        if unsynced:
            env["VDB_LOG_UNSYNCED"] = "1"
        subprocess.run(command, env=env, check=True)
        return list(entries(Path(log.name).read_bytes()))


def entries(log: bytes) -> Iterator[Entry]:
    """The calls in a log."""
    at = 0
    while at < len(log):
        call, synced, inode, offset, length = HEADER.unpack_from(log, at)
        at += HEADER.size
        data, names = log[at : at + length], ()
        at += length
        kind = Call(call)
        if kind is Call.UNKNOWN:
            raise ValueError(f"{data.decode()} was called, which cannot be followed")
        if kind >= Call.CREATE:
            data, names = b"", tuple(data.decode().rstrip("\0").split("\0"))
        yield Entry(kind, inode, offset, data, names, bool(synced))
