"""Another process that makes every call on a database, and says what none of them may do.

Run as a program it takes lines that name a directory and answers each with "refused" (opening with
verify="full" found something), "right" (it did not), or what went wrong.
"""

from __future__ import annotations

import contextlib
import io
import resource
import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import vdb
from tools.torture.forgery.calls import READING, SHELL, WRITING, Call
from vdb.cli import app

SECONDS = 5.0
"""Of processor time, for one call."""

BYTES = 192 << 20
"""That all calls together may take more than the first ones did."""


class Wrong(Exception):  # noqa: N818 - a finding
    """What a call did that none may do."""


@contextlib.contextmanager
def _watched(name: str) -> Iterator[None]:
    began = time.process_time()
    try:
        yield
    except Wrong:
        raise
    except vdb.VdbError as error:
        _printable(name, str(error))
        raise
    except BaseException as error:
        raise Wrong(f"{name}: {type(error).__name__}: {error!s:.200}") from error
    finally:
        spent = time.process_time() - began
    if spent > SECONDS:
        raise Wrong(f"{name}: {spent:.1f} s")


def _printable(name: str, text: str) -> None:
    if len(text) > 3000:
        raise Wrong(f"{name}: says {len(text)} characters")


def use(place: Path) -> str:
    """All calls on the database in a directory, which is used up."""
    sound = True
    try:
        with _watched("open, full"):
            vdb.open(place, verify="full", read_only=True).close()
    except vdb.VdbError:
        sound = False
    copy = place.with_name("written.vdb")
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(place, copy)
    _each(READING, place, sound=sound)
    for line in SHELL:
        _shell([part.format(place) for part in line])
    _each(WRITING, copy, sound=False)
    return "right" if sound else "refused"


def _each(calls: dict[str, Call], place: Path, *, sound: bool) -> None:
    """Make the calls, one after the other; where the file is sound none may meet damage."""
    db = None
    for name, call in calls.items():
        try:
            with _watched(name):
                if db is None:
                    db = vdb.open(place, create=False, durability="relaxed", lock_timeout=1)
                call(db, place)
        except vdb.CorruptedError as error:
            if sound:
                raise Wrong(f"{name}: check found nothing, and here: {error}") from error
        except vdb.VdbError:
            pass
    if db is not None:
        db.close()


def _shell(line: list[str]) -> None:
    out, err = io.StringIO(), io.StringIO()
    with _watched(line[0]), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = app.run(line)
    output = out.getvalue() + err.getvalue()
    odd = [c for c in output if not c.isprintable() and c != "\n"]
    if odd:
        raise Wrong(f"vdb {line[0]}: prints {odd[0]!r}")
    if status not in (0, 1, 2) or "internal error" in output or "Traceback" in output:
        raise Wrong(f"vdb {line[0]}: {status}: {output[-200:]!r}")


def peak() -> int:
    """Bytes of memory that the process has had at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def main() -> None:
    """Answer until the input ends."""
    resource.setrlimit(resource.RLIMIT_DATA, (2 << 30, resource.RLIM_INFINITY))
    first = None
    for line in sys.stdin:
        place = Path(line.rstrip("\n"))
        try:
            outcome = use(place)
        except Wrong as error:
            outcome = str(error).replace("\n", " ")
        except vdb.VdbError as error:  # while closing
            outcome = f"closing: {error}".replace("\n", " ")
        for name in ("written.vdb", "backup.vdb", f"{place.name}.copy"):
            shutil.rmtree(place.with_name(name), ignore_errors=True)
        first = peak() if first is None else first
        if outcome in ("right", "refused") and peak() > first + BYTES:
            outcome = f"took {(peak() - first) >> 20} MiB"
        print(outcome, flush=True)


if __name__ == "__main__":
    main()
