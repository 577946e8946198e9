"""A copy of LMDB's file, made so that Ctrl-C can end it.

LMDB copies in one call, which nothing can end, and which may take minutes. So it copies into a
pipe, on a thread of its own, and the calling thread moves what comes out on to the file. If that is
interrupted, or the disk is full, the pipe is closed, and LMDB gives up at its next write.

What was written is flushed as it grows: a single flush at the end could not be ended either.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from pathlib import Path
from typing import Any

import lmdb

__all__ = ["stream"]

_PIECE = 1 << 20
_FLUSHED_AT_ONCE = 1 << 25
_SET_PIPE_SIZE = 1031  # Linux; elsewhere pipes keep the size they have


def stream(engine: Any, file: Path, *, compact: bool) -> None:
    """Copy the newest commit of an environment into a new file, and see it onto the disk.

    Raises:
        lmdb.Error: It cannot be read.
        OSError: It cannot be written.
    """
    target = os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0), 0o600)
    try:
        out, into = os.pipe()
        with contextlib.suppress(OSError, ImportError):
            _widen(into)
        failed: list[lmdb.Error] = []
        copier = threading.Thread(target=_copy, args=(engine, into, compact, failed), daemon=True)
        copier.start()
        try:
            _move(out, target)
        finally:
            os.close(out)
            copier.join()
        if failed:
            raise failed[0]
        os.fsync(target)
    finally:
        os.close(target)


def _copy(engine: Any, into: int, compact: bool, failed: list[lmdb.Error]) -> None:
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGPIPE})  # the error alone will do
    try:
        engine.copyfd(into, compact=compact)
    except lmdb.Error as error:
        failed.append(error)
    finally:
        os.close(into)


def _move(out: int, target: int) -> None:
    waiting = 0
    while piece := os.read(out, _PIECE):
        rest = memoryview(piece)
        while rest:
            rest = rest[os.write(target, rest) :]
        waiting += len(piece)
        if waiting >= _FLUSHED_AT_ONCE:
            os.fsync(target)
            waiting = 0


def _widen(pipe: int) -> None:
    if sys.platform == "linux":
        import fcntl  # noqa: PLC0415 - not on Windows

        fcntl.fcntl(pipe, _SET_PIPE_SIZE, _PIECE)
