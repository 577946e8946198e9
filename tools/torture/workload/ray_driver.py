"""The program of the campaign ray-nodes: writes and searches a cluster on Ray until it is killed.

python -m tools.torture.workload.ray_driver ROOT ADDRESS LOG

Each line of the log is an event, its subject, its time, and a point, so that half lines are known.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import vdb
from vdb import cluster

__all__ = ["DISKS", "vector_of"]

DISKS = ("first", "second")
Say = Callable[[str, object], None]
_DIM = 16
_TIMEOUT = 5.0


def vector_of(number: int) -> NDArray[np.float32]:
    """The vector of a record, which its id alone decides."""
    return np.random.default_rng(number).standard_normal(_DIM, dtype=np.float32)


def main(arguments: Sequence[str]) -> None:
    """Runs for ever."""
    root, address, log = Path(arguments[0]), arguments[1], Path(arguments[2])
    numbers = [int(line.split()[1]) for line in log.read_text().splitlines() if "wrote " in line]
    lock = threading.Lock()
    with log.open("a") as file:

        def say(event: str, subject: object) -> None:
            with lock:
                file.write(f"{event} {subject} {time.time():.3f} .\n")
                file.flush()

        db = cluster.open(
            str(root / "truth"),
            engine="ray",
            address=address,
            disks={disk: root / disk for disk in DISKS},
            durability="stored",
            lease=2.0,
        )
        papers = db.create_collection(
            "papers", dim=_DIM, metric="l2", index=vdb.Flat(), shards=len(DISKS), exist_ok=True
        )
        numbers = numbers or [0]
        threading.Thread(target=_search, args=(papers, numbers, say), daemon=True).start()
        threading.Thread(target=_say_processes, args=(db, say), daemon=True).start()
        number = max(numbers) + 1
        while True:
            _write(papers, number, say)
            numbers.append(number)
            number += 1


def _write(papers: cluster.ShardedCollection, number: int, say: Say) -> None:
    while True:
        try:
            papers.upsert([number], [vector_of(number)], token=f"n{number}", timeout=_TIMEOUT)
        except vdb.VdbError as error:
            say("failed", f"write-{type(error).__name__}")
            time.sleep(0.1)
        else:
            say("wrote", number)
            time.sleep(0.02)
            return


def _search(papers: cluster.ShardedCollection, numbers: list[int], say: Say) -> None:
    rng = np.random.default_rng(len(numbers))
    while True:
        number = numbers[int(rng.integers(len(numbers)))]
        try:
            hits = papers.search(vector_of(number), k=1, timeout=_TIMEOUT)
        except vdb.VdbError as error:
            say("failed", f"search-{type(error).__name__}")
            time.sleep(0.1)
            continue
        right = number == 0 or (list(hits.ids) == [number] and hits[0].value == 0.0)
        say("search" if right else "wrong", number)
        time.sleep(0.02)


def _say_processes(db: cluster.Cluster, say: Say) -> None:
    """The processes of the shards, for who kills them."""
    import ray  # noqa: PLC0415 - an extra

    engine = db._session.engine  # noqa: SLF001 - the campaign looks inside
    while True:
        try:
            for shard in ("papers-000000", "papers-000001"):
                handle = ray.get_actor(engine._name(shard), "vdb")  # noqa: SLF001
                say("pid", ray.get(handle.greet.remote(), timeout=2).pid)
        except (ValueError, ray.exceptions.RayError):
            pass
        time.sleep(0.5)


if __name__ == "__main__":
    main(sys.argv[1:])
