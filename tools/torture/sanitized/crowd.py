"""One process with many threads at once: eight search, one writes, the main thread disturbs them.

Run as a program it takes PATH SECONDS SEED. The main thread closes and opens the database, forks,
lets the garbage collector run, and interrupts itself (SIGINT). Every answer is held against what
its ids must have; every error must be one of ours. Prints what happened, as JSON; exits with 1
after anything else, and is ended when it hangs.
"""

from __future__ import annotations

import contextlib
import faulthandler
import gc
import json
import os
import random
import signal
import sys
import threading
import time
import traceback
from collections import Counter
from pathlib import Path
from typing import Any, NoReturn

import vdb
from tools.torture.sanitized.calls import VECTORS, Calls, WrongAnswerError

SEARCHERS, PATIENCE = 8, 60.0


class Crowd(Calls):
    """What the threads share."""

    def __init__(self, path: Path, seed: int) -> None:
        super().__init__(path)
        self.seed = seed
        self.over = threading.Event()
        self.seen = Counter[str]()
        self.failures: list[str] = []

    def guarded(self, work: Any, number: int) -> None:
        """A thread's life: it goes on until time is over, and takes typed errors as they come."""
        draw = random.Random(f"{self.seed} {work.__name__} {number}")
        while not self.over.is_set():
            try:
                what = work(draw)
                self.seen[what] += 1
            except (vdb.ClosedError, vdb.BusyError) as error:
                self.seen[f"{work.__name__}: {type(error).__name__}"] += 1
                time.sleep(0.002)
            except BaseException:  # noqa: BLE001 - whatever it is, it is told in the end
                self.failures.append(traceback.format_exc())
                self.over.set()

    def disturb(self, draw: random.Random) -> str:
        """Close and open, fork, collect garbage, be interrupted."""
        kind = draw.choice(["reopen", "twice", "fork", "garbage", "interrupt", "interrupt"])
        if kind == "reopen":
            self.db.close()
            self.db = vdb.open(self.path, lock_timeout=2.0)
        elif kind == "twice":
            with vdb.open(self.path, lock_timeout=2.0) as other:
                self.judge(other.collection("docs").search(VECTORS[3], k=3), VECTORS[3])
        elif kind == "fork":
            self._fork()
        elif kind == "garbage":
            self._litter()
        else:
            return self._interrupted(draw)
        return kind

    def _fork(self) -> None:
        child = os.fork()
        if child == 0:
            self._live_on()
        until = time.monotonic() + PATIENCE
        while (ended := os.waitpid(child, os.WNOHANG))[0] == 0:
            if time.monotonic() > until:
                os.kill(child, signal.SIGABRT)  # which says where it hangs
                os.waitpid(child, 0)
                raise WrongAnswerError("a forked child hangs")
            time.sleep(0.005)
        if ended[1] != 0:
            raise WrongAnswerError(f"a forked child ended with {ended[1]}")

    def _live_on(self) -> NoReturn:
        """In the child: what it inherited refuses, what it opens works."""
        code = 1
        try:
            refused = 0
            for use in (lambda: self.db.collection("docs"), self.db.snapshot, self.db.compact):
                try:
                    use()
                except (vdb.ForkError, vdb.ClosedError):  # closed: before the fork
                    refused += 1
            with vdb.open(self.path, read_only=True) as db:
                self.judge(db.collection("docs").search(VECTORS[5], k=3), VECTORS[5])
            code = 0 if refused == 3 else 2
        except BaseException:  # noqa: BLE001 - the parent learns of it
            traceback.print_exc()
        finally:
            os._exit(code)

    def _litter(self) -> None:
        """Handles, snapshots and results that only the garbage collector finds."""
        for _ in range(5):
            cycle: dict[str, Any] = {"docs": self.db.collection("docs")}
            cycle["snapshot"] = self.db.snapshot()
            cycle["hits"] = cycle["snapshot"].collection("docs").search(VECTORS[0], k=3)
            cycle["scan"] = iter(cycle["docs"].scan())
            next(cycle["scan"])
            cycle["self"] = cycle
            del cycle
        gc.collect()

    def _interrupted(self, draw: random.Random) -> str:
        """Ctrl-C at some moment of some call."""
        timer = threading.Timer(draw.random() * 0.02, os.kill, (os.getpid(), signal.SIGINT))
        try:
            timer.start()
            for _ in range(50):
                (self.search if draw.random() < 0.5 else self.write)(draw)
                time.sleep(0)
            time.sleep(0.1)
        except KeyboardInterrupt:
            return "interrupted"
        finally:
            with contextlib.suppress(KeyboardInterrupt):
                timer.join()
                time.sleep(0.01)
        return "not interrupted"


def main(path: str, seconds: str, seed: str) -> int:
    """0 when nothing happened that must not."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # in the background it is ignored
    faulthandler.enable()
    faulthandler.dump_traceback_later(float(seconds) + 3 * PATIENCE, exit=True)
    gc.set_threshold(200, 5, 5)
    crowd = Crowd(Path(path), int(seed))
    threads = [
        threading.Thread(target=crowd.guarded, args=(crowd.search, n)) for n in range(SEARCHERS)
    ]
    threads.append(threading.Thread(target=crowd.guarded, args=(crowd.write, 0)))
    for thread in threads:
        thread.start()
    ender = threading.Timer(float(seconds), crowd.over.set)
    ender.start()
    try:
        crowd.guarded(crowd.disturb, 0)
    finally:
        crowd.over.set()
        ender.cancel()
    for thread in threads:
        thread.join()
    with contextlib.suppress(vdb.ClosedError):
        crowd.db.close()
    with vdb.open(path, create=False) as db:
        crowd.failures += [str(problem) for problem in db.check()]
    print(json.dumps(crowd.seen, sort_keys=True))
    for failure in crowd.failures:
        print(failure, file=sys.stderr)
    return 1 if crowd.failures else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
