"""Directories in the making: named at random, private, renamed when they are whole.

What a crash leaves of one is removed by whoever makes the next of its kind, an hour later. (The
standard library's tempfile and shutil could do all this; they also double the time that importing
vdb takes.)
"""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path

__all__ = ["STALE_SECONDS", "make", "name", "remove", "remove_stale"]

STALE_SECONDS = 3600.0
"""Directories in the making that are older were left by a crash."""


def name(prefix: str) -> str:
    """A name that nobody else uses."""
    return prefix + os.urandom(8).hex()


def make(parent: Path, prefix: str) -> Path:
    """A new directory of mode 0700; OSError where it cannot be made."""
    remove_stale(parent, prefix)
    new = parent / name(prefix)
    new.mkdir(mode=0o700)
    return new


def remove(directory: Path) -> None:
    """Remove a directory of ours with the files in it, as far as that goes; it may be gone."""
    with contextlib.suppress(OSError):
        for file in directory.iterdir():
            file.unlink()
        directory.rmdir()


def remove_stale(parent: Path, prefix: str) -> None:
    """Remove directories of ours with that prefix that nobody has touched for long."""
    long_ago = time.time() - STALE_SECONDS
    with os.scandir(parent) as entries:
        for entry in entries:
            if entry.name.startswith(prefix) and entry.is_dir(follow_symlinks=False):
                status = entry.stat(follow_symlinks=False)
                mine = not hasattr(os, "geteuid") or status.st_uid == os.geteuid()
                if mine and status.st_mtime < long_ago:
                    remove(Path(entry.path))
