"""Ctrl-C while this package is being imported for its own command line.

`vdb` and `python -m vdb` import the package before the first line of the command line runs, and
that takes a fifth of a second. A KeyboardInterrupt there would end in a traceback out of some
module that was half loaded. Nothing has been opened yet, so the process may just end, with the
status that shells expect. Programs that import vdb for themselves notice nothing of this.

Importing this module begins it; `over` ends it. What it imports itself, and what Python and the
script do before, stay unguarded: some hundredths of a second.
"""

from __future__ import annotations

import os
import signal
import sys

__all__ = ["INTERRUPTED", "end_quietly", "over"]

INTERRUPTED = 130  # as shells count: 128 and the number of SIGINT


def end_quietly(*_: object) -> None:
    """What SIGINT does meanwhile."""
    os._exit(INTERRUPTED)


def _for_the_command_line() -> bool:
    argv: list[str] = getattr(sys, "argv", None) or [""]
    if argv[0] == "-m":  # so it is called while the package of a module is being imported
        given = sys.orig_argv
        return "-m" in given and given[given.index("-m") + 1 :][:1] == ["vdb"]
    return os.path.basename(argv[0]).removesuffix(".exe") == "vdb"  # noqa: PTH119 - is light


def _swap(before: object, after: object) -> None:
    if signal.getsignal(signal.SIGINT) is before:
        try:
            signal.signal(signal.SIGINT, after)  # type: ignore[arg-type]  # one of the two above
        except ValueError:  # no thread but the main one may
            return


def over() -> None:
    """Ctrl-C is what it was."""
    _swap(end_quietly, signal.default_int_handler)


if _for_the_command_line():
    _swap(signal.default_int_handler, end_quietly)
