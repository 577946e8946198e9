"""A process in which Ctrl-C is pressed while it makes a call; prints how late it is answered.

    python -m tools.torture.long_calls.interrupted DATABASE CALL SECONDS QUERIES

Two numbers, in seconds: by the clock, and of this process's processor time.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from pathlib import Path

from tools.torture.long_calls import calls


def main() -> None:
    """Prints one line."""
    path, name, seconds = Path(sys.argv[1]), sys.argv[2], float(sys.argv[3])
    signal.signal(signal.SIGINT, signal.default_int_handler)
    place, call = calls.opened(path, queries=int(sys.argv[4])), calls.CALLS[name]
    pressed: list[float] = []

    def press() -> None:
        time.sleep(seconds)
        pressed.extend((time.perf_counter(), time.process_time()))
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=press, daemon=True).start()
    try:
        while True:
            call(place)
    except KeyboardInterrupt:
        late = time.perf_counter() - pressed[0], time.process_time() - pressed[1]
    print(*late, flush=True)
    place.db.close()


if __name__ == "__main__":
    main()
