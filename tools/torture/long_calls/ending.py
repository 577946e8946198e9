"""A process that ends while one of its daemon threads makes a call again and again.

python -m tools.torture.long_calls.ending DATABASE CALL SECONDS
"""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from pathlib import Path

import vdb
from tools.torture.long_calls import calls

QUERIES = 20_000
"""So that searches last far longer than the end of a process waits for."""


def main() -> None:
    """Returns while the call goes on."""
    path, name, seconds = Path(sys.argv[1]), sys.argv[2], float(sys.argv[3])
    place, call = calls.opened(path, queries=QUERIES), calls.CALLS[name]
    begun = threading.Event()

    def again_and_again() -> None:
        with contextlib.suppress(vdb.ClosedError, vdb.BusyError):
            begun.set()
            while True:
                call(place)

    threading.Thread(target=again_and_again, daemon=True).start()
    begun.wait()
    time.sleep(seconds)


if __name__ == "__main__":
    main()
