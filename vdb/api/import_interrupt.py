"""Ctrl-C during the import of this package for its own command line.

`vdb` and `python -m vdb` import the package before the first line of the command line runs, which
takes a fifth of a second. A KeyboardInterrupt there would show a traceback from a module that is
half loaded. Nothing is open yet, so the process just ends, with the status that shells expect.
Programs that import vdb themselves are not affected, and do not load `signal`.

Importing this module sets the signal handler; `over` restores it. The imports of this module, and
the start of Python and of the script, stay unguarded: some hundredths of a second.
"""

from __future__ import annotations

import os
import sys

__all__ = ["INTERRUPTED", "end_quietly", "over"]

INTERRUPTED = 130  # as shells count: 128 and the number of SIGINT


def end_quietly(*_: object) -> None:
    """The handler of SIGINT during the import."""
    os._exit(INTERRUPTED)


def _for_the_command_line() -> bool:
    argv: list[str] = getattr(sys, "argv", None) or [""]
    if argv[0] == "-m":  # argv[0] of `python -m` while it imports the package of the module
        words = sys.orig_argv
        return "-m" in words and words[words.index("-m") + 1 :][:1] == ["vdb"]
    return os.path.basename(argv[0]).removesuffix(".exe") == "vdb"  # noqa: PTH119 - is light


def _swap(current: object, replacement: object) -> None:
    import signal

    if signal.getsignal(signal.SIGINT) is current:
        try:
            signal.signal(signal.SIGINT, replacement)  # type: ignore[arg-type]  # one of the two above
        except ValueError:  # only the main thread may set a handler
            return


def over() -> None:
    """Restore Python's own handler of SIGINT."""
    if _GUARDED:
        import signal

        _swap(end_quietly, signal.default_int_handler)


_GUARDED = _for_the_command_line()
if _GUARDED:
    import signal

    _swap(signal.default_int_handler, end_quietly)
