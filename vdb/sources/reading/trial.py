"""A trial: what a library can die of is read once in a process of its own first.

Some libraries end the process on damaged files, by an abort or a wild read, which no exception can
turn into an error. The same bytes do the same thing again, so a source that another process has
read to its end can be read here.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from typing import Any, Final

from vdb.errors import SourceError
from vdb.sources.source_format import Option, Place

__all__ = ["TRIAL", "require_survival"]

TRIAL: Final = Option(
    "trial",
    "whether all of it is read by a process of its own first, since damage can end the process "
    "within the library; true if not said",
    kind="bool",
)
_READER: Final = "vdb.sources.trial_reader"


def require_survival(format: str, place: Place, options: Mapping[str, Any]) -> None:  # noqa: A002
    """Read a source once in another process, with the same options.

    A program that is no Python to begin with, such as a frozen one, cannot start another; there is
    no trial then.

    Raises:
        SourceError: That process was ended.
    """
    if not sys.executable or getattr(sys, "frozen", False):
        return
    asked = {name: value for name, value in options.items() if value is not None}
    request = json.dumps([format, str(place.path), asked], default=str)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    ended = subprocess.run(  # noqa: S603 - Python, with a module of vdb
        [sys.executable, "-m", _READER, request],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=environment,
        check=False,
    )
    if ended.returncode not in (0, 1):  # 1 is an error of Python, which is met again here
        text = "is damaged: the library that reads it ended its process"
        raise SourceError(f"{place.text}: the directory: {text}", path=place.text, place="")
