"""A trial: what a library can die of is read in a process of its own first.

Some libraries end the process on damaged files, by an abort or a wild read, which no exception can
turn into an error; some never come to an end, or take all memory. The same bytes do the same thing
again, so a source that another process has read can be read here.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from vdb.errors import SourceError
from vdb.sources.source_format import Option, Place

__all__ = ["TRIAL", "Limits", "require_survival"]

TRIAL: Final = Option(
    "trial",
    "whether it is read by a process of its own first, since damage can end the process within "
    "the library; true if not said",
    kind="bool",
)
STARTED: Final = b"a trial of vdb\n"
"""What the process writes first, so that another program is not taken for it."""

_READER: Final = "vdb.sources.trial_reader"
_PATIENCE: Final = 6  # seconds by the clock for one of the processor: the machine may be busy


class Limits(NamedTuple):
    """What a trial may take.

    Attributes:
        seconds: Of processor time; six times as many by the clock.
        memory: Bytes, beyond those of the library itself. Windows has no such limit.
    """

    seconds: int
    memory: int


def require_survival(
    format: str,  # noqa: A002 - a name of the public face
    place: Place,
    options: Mapping[str, Any],
    *,
    part: str = "the directory",
    limits: Limits | None = None,
    head: bool = False,
) -> None:
    """Read a source in another process, with the same options.

    A program that is no Python to begin with, such as a frozen one, cannot start another; there is
    no trial then.

    Args:
        format: Its format.
        place: Where it is.
        options: Those that it is opened with.
        part: What errors call the part that is read.
        limits: What it may take; None for no limits.
        head: Only open it. Else it is read to its end, and its library is asked once.

    Raises:
        SourceError: That process was ended or, within limits, met damage.
    """
    if not sys.executable or getattr(sys, "frozen", False):
        return
    asked = {name: value for name, value in options.items() if value is not None}
    request = json.dumps([format, str(place.path), asked, limits, head], default=str)
    modules = os.pathsep.join(one or os.curdir for one in sys.path)
    environment = {**os.environ, "PYTHONPATH": modules}
    try:
        # -P: what lies in the working directory is not imported, unless this process does so.
        ended = subprocess.run(  # noqa: S603 - Python, with a module of vdb
            [sys.executable, "-P", "-m", _READER, request],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            timeout=None if limits is None else _PATIENCE * limits.seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise _error(place, part, _too_long(limits)) from None
    if not ended.stdout.startswith(STARTED):
        return
    if -ended.returncode == getattr(signal, "SIGXCPU", None):
        raise _error(place, part, _too_long(limits))
    if ended.returncode not in (0, 1):  # 1 is an error of Python, which is met again here
        raise _error(place, part, "is damaged: the library that reads it ended its process")
    answer = ended.stdout[len(STARTED) :]
    if answer:
        text, where = json.loads(answer)
        raise SourceError(text, path=place.text, place=where)


def _error(place: Place, part: str, reason: str) -> SourceError:
    where = "" if part == "the directory" else part
    return SourceError(f"{place.text}: {part}: {reason}", path=place.text, place=where)


def _too_long(limits: Limits | None) -> str:
    seconds = 0 if limits is None else limits.seconds
    return f"is damaged: the library does not come to its end within {seconds:,} s"
