"""What can be done to the files of a database while it is open."""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import vdb

FILES = ("data.mdb", "lock.mdb", "writer.lock", "open.lock", "rebuild.lock")
WHOLE = "the directory"
AWAY = 0.005  # seconds until what was moved comes back

_AT_FDCWD, _RENAME_EXCHANGE = -100, 2


class Stage:
    """Where it happens: a database that is open, another one, and a copy of the first.

    Attributes:
        live: The database that is open.
        other: Another database.
        kept: A copy of the first as it was before.
        aside: Where things are moved to.
    """

    def __init__(self, root: Path) -> None:
        self.live, self.other = root / "live.vdb", root / "other.vdb"
        self.kept, self.aside = root / "kept.vdb", root / "aside"
        self.aside.mkdir()


def exchange(one: Path, two: Path) -> None:
    """In one step where the system can, in three otherwise."""
    libc = ctypes.CDLL(None, use_errno=True)
    if hasattr(libc, "renameat2"):
        names = (os.fsencode(one), os.fsencode(two))
        if libc.renameat2(_AT_FDCWD, names[0], _AT_FDCWD, names[1], _RENAME_EXCHANGE) == 0:
            return
    between = one.with_name("between")
    one.rename(between)
    two.rename(one)
    between.rename(two)


def _places(stage: Stage, what: str) -> tuple[Path, Path, Path, Path]:
    if what == WHOLE:
        return stage.live, stage.other, stage.kept, stage.aside / "moved.vdb"
    return tuple(  # type: ignore[return-value]  # four of them
        directory / what for directory in (stage.live, stage.other, stage.kept, stage.aside)
    )


def _delete(stage: Stage, what: str) -> None:
    live = _places(stage, what)[0]
    if what == WHOLE:
        shutil.rmtree(live, ignore_errors=True)
    else:
        live.unlink()


def _move(stage: Stage, what: str) -> None:
    live, _, _, aside = _places(stage, what)
    live.rename(aside)


def _move_and_back(stage: Stage, what: str) -> None:
    live, _, _, aside = _places(stage, what)
    live.rename(aside)
    time.sleep(AWAY)
    if not os.path.lexists(live):  # another process may have made one meanwhile
        aside.rename(live)


def _exchange(stage: Stage, what: str) -> None:
    live, other, _, _ = _places(stage, what)
    exchange(live, other)


def _restore(stage: Stage, what: str) -> None:
    """As a deployment does: the copy is put in the place of what is there."""
    live, _, kept, aside = _places(stage, what)
    if what == WHOLE:
        live.rename(aside)
        kept.rename(live)
    else:
        new = stage.aside / "new"
        shutil.copy(kept, new)
        new.replace(live)


def _ask_for_restore(stage: Stage, what: str) -> None:
    """By our own command, which refuses it as long as the database is open."""
    del what
    with contextlib.suppress(vdb.BusyError):
        vdb.restore(stage.kept, stage.live, lock_timeout=0.05)


_KINDS: dict[str, Callable[[Stage, str], None]] = {
    "delete": _delete,
    "move": _move,
    "move and back": _move_and_back,
    "exchange": _exchange,
    "restore": _restore,
}
OPERATIONS: list[tuple[str, str]] = [
    *((kind, what) for what in (*FILES, WHOLE) for kind in _KINDS),
    ("vdb.restore", WHOLE),
]
"""What is done, and to what."""


def perform(operation: tuple[str, str], stage: Stage) -> bool:
    """Do it; whether it was done. Files may be missing, and others may be doing something too."""
    kind, what = operation
    try:
        _KINDS.get(kind, _ask_for_restore)(stage, what)
    except FileNotFoundError:
        return False
    return True


def loses(operation: tuple[str, str]) -> bool:
    """Whether the open file has no name any more afterwards, with all that is in it."""
    kind, what = operation
    return (kind == "delete" and what in ("data.mdb", WHOLE)) or operation == (
        "restore",
        "data.mdb",
    )


def stays(operation: tuple[str, str], call: str) -> bool:
    """Whether a process that had it open may write nothing any more.

    A process that compacts opens the files again, alone, and may then use another table of readers.
    """
    kind, what = operation
    gone = kind not in ("move and back", "vdb.restore")
    table = call != "compact" and what == "lock.mdb"
    return gone and (table or what in ("data.mdb", "writer.lock", WHOLE))
