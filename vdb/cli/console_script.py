"""The entry point of the `vdb` command, before heavy modules are imported.

- Ctrl-C gives exit status 130, also during imports.
- The three standard streams are open. Otherwise the next opened file, which may be a database,
  would get the number of a closed stream.
"""

from __future__ import annotations

import os
import signal
import sys

from vdb.api.import_interrupt import INTERRUPTED, end_quietly


def main() -> None:
    """The `vdb` command."""
    try:
        status = _run()
    except KeyboardInterrupt:
        status = INTERRUPTED
    sys.exit(status)


def _run() -> int:
    _keep_streams()
    if sys.stdout is None:
        print("vdb: standard output is closed", file=sys.stderr)  # noqa: T201 - `output` is heavy
        return 1
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # a terminal that is not UTF-8

    # Modules may turn a KeyboardInterrupt during their import into another error. Nothing is open
    # yet, so the process just ends.
    handler = signal.getsignal(signal.SIGINT)
    if handler is signal.default_int_handler:
        signal.signal(signal.SIGINT, end_quietly)
    from vdb.cli import app

    signal.signal(signal.SIGINT, handler)
    return app.run(sys.argv[1:])


def _keep_streams() -> None:
    """Open the null device in place of each closed standard stream."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123 - for good
