"""Calls of the C library that fail on demand, in processes that a campaign starts.

`library` compiles what is preloaded into such a process; the rest is for use inside it.
"""

from __future__ import annotations

import ctypes
import errno
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from tools.torture.shared.campaign import UnavailableError

SOURCE = Path(__file__).with_suffix(".cpp")

# As in preload.cpp.
KINDS = 11
OPEN, CREATE, READ, WRITE, SYNC, LENGTH, NAMES, LOOK, LOCK, MAP, MEMORY = (
    1 << bit for bit in range(KINDS)
)
EVERY = MEMORY - 1
SLOW = OPEN | CREATE | READ | WRITE | SYNC | LENGTH | LOCK
"""Calls that a signal may interrupt."""


class Fault(NamedTuple):
    """What a call does instead of what it was asked for.

    Attributes:
        error: The error number; 0: only half of the bytes are written.
        kinds: Which calls it can happen to.
        stays: Whether all later calls of these kinds fail too, until the first error is reported.
    """

    error: int
    kinds: int
    stays: bool = False


FAULTS = {
    "EIO": Fault(errno.EIO, EVERY & ~MAP),
    "EIO for good": Fault(errno.EIO, EVERY & ~MAP & ~LOOK, stays=True),
    "ENOSPC": Fault(errno.ENOSPC, CREATE | WRITE | SYNC | LENGTH | NAMES),
    "ENOSPC for good": Fault(errno.ENOSPC, CREATE | WRITE | SYNC | LENGTH | NAMES, stays=True),
    "short write": Fault(0, WRITE),
    "EINTR": Fault(errno.EINTR, SLOW),
    "EMFILE": Fault(errno.EMFILE, OPEN | CREATE),
    "ENOMEM": Fault(errno.ENOMEM, MAP),
}
NO_MEMORY = "no memory"
STARVING = {NO_MEMORY: Fault(errno.ENOMEM, MEMORY)}
_ALL = FAULTS | STARVING


def library(place: Path) -> Path:
    """The library to preload, compiled into a directory.

    Raises:
        UnavailableError: There is no compiler, this is not Linux, or there is a library to preload
            already: that of a sanitizer, which must come first.
    """
    if os.environ.get("LD_PRELOAD"):
        raise UnavailableError("another library is preloaded already")
    compiler = shutil.which("c++") or shutil.which("g++") or shutil.which("clang++")
    if sys.platform != "linux" or compiler is None:
        raise UnavailableError("needs Linux and a C++ compiler")
    made = place / "preload.so"
    command = [compiler, "-std=c++17", "-O1", "-shared", "-fPIC", "-o", made, SOURCE, "-ldl"]
    subprocess.run(command, check=True)
    return made


def arm(name: str, nth: int) -> None:
    """From now on the `nth` call (from 1; 0: none) of those that can have the fault has it."""
    fault = _ALL[name]
    _loaded().fault_arm(nth, fault.error, fault.kinds, fault.stays)


def heal() -> None:
    """No call fails any more; they are still counted."""
    if _is_loaded():
        _loaded().fault_heal()


def disarm() -> list[int]:
    """No call is counted any more; how many there were of each kind, nothing if none was armed."""
    if not _is_loaded():
        return []
    _loaded().fault_disarm()
    return [int(_loaded().fault_count(bit)) for bit in range(KINDS)]


def turns(fault: str, counts: list[int]) -> int:
    """How many of the calls that were counted can have a fault."""
    return sum(n for bit, n in enumerate(counts) if _ALL[fault].kinds & 1 << bit)


def _is_loaded() -> bool:
    return hasattr(_loaded(), "fault_arm")


def _loaded() -> ctypes.CDLL:
    return ctypes.CDLL(None)
