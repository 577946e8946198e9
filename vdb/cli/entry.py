"""Where the `vdb` command begins: what must hold before anything heavy is imported.

- Ctrl-C is exit status 130 from here on, also while modules are being loaded.
- The three standard streams are open. A closed one would lend its number to the next file that is
  opened, which may be a database.
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

    # Modules make other errors of a KeyboardInterrupt that comes while they are being imported.
    # Nothing has been opened yet, so the process may just end.
    before = signal.getsignal(signal.SIGINT)
    if before is signal.default_int_handler:
        signal.signal(signal.SIGINT, end_quietly)
    from vdb.cli import app

    signal.signal(signal.SIGINT, before)
    return app.run(sys.argv[1:])


def _keep_streams() -> None:
    """Put the null device in the place of each standard stream that is closed."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123 - for good
