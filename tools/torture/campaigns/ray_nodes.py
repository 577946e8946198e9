"""A cluster on Ray, three nodes on this machine: processes, nodes, drivers and heads are killed."""

from __future__ import annotations

import importlib.util
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from statistics import median

import numpy as np

from tools.ray_cluster import RayCluster
from tools.torture.shared.campaign import Campaign, UnavailableError
from tools.torture.workload.ray_driver import DISKS, vector_of
from vdb import cluster

_FAULTS = {"process": 12, "driver": 7, "node": 3, "stall": 2, "head": 2}
"""What is killed, and how often among each other."""

_DOWN = 3.0
_STALLED = 15.0  # longer than Ray needs to notice
_QUIET = 1.5  # seconds without a failed call: it is back
_LONGEST = 180.0


class RayNodes(Campaign):
    """One fault under reads and writes; then every acknowledged record is read without Ray."""

    accepted = ("holds",)
    full = 100

    def __init__(self, place: Path, seed: int) -> None:
        super().__init__(place, seed)
        if importlib.util.find_spec("ray") is None:
            raise UnavailableError("Ray is not installed")
        self._root = place
        self._log = place / "driver.log"
        self._log.touch()
        self._random = random.Random(seed)
        self._back: dict[str, list[float]] = {name: [] for name in _FAULTS}
        self._ray = RayCluster(*DISKS)
        self._program = self._started()
        self._wait(time.time(), "start")

    def round(self, number: int) -> str:
        names, weights = list(_FAULTS), list(_FAULTS.values())
        fault = self._random.choices(names, weights)[0]
        start = time.time()
        getattr(self, f"_{fault}")()
        try:
            self._back[fault].append(self._wait(start, fault))
        except TimeoutError as error:
            return f"round {number}: {error}"
        wrong = [line for line in self._lines() if line[0] == "wrong"]
        if wrong:
            return f"{fault}: {len(wrong)} wrong answers: {wrong[0]}"
        lost = self._lost()
        return f"{fault}: {len(lost)} acknowledged lost: {lost[:5]}" if lost else self.accepted[0]

    def end(self) -> None:
        self._end_program()
        with cluster.open(str(self._root / "truth"), create=False) as db:
            problems = db.check()
            records = db.collection("papers").count()
        self._ray.close()
        kinds = Counter(line[0] for line in self._lines())
        print(
            f"{len(self._acknowledged()):,} writes acknowledged, {records:,} records, "
            f"{kinds['search']:,} searches, {kinds['failed']:,} calls failed, "
            f"{kinds['wrong']:,} wrong answers, problems: {problems}"
        )
        for fault, seconds in self._back.items():
            if seconds:
                print(
                    f"{fault}: {len(seconds)}, back after {median(seconds):.1f} s (median), "
                    f"{max(seconds):.1f} s (longest)"
                )

    # The faults

    def _process(self) -> None:
        pids = [int(line[1]) for line in self._lines() if line[0] == "pid"]
        alive = [pid for pid in pids[-len(DISKS) :] if Path(f"/proc/{pid}").exists()]
        if alive:
            os.kill(self._random.choice(alive), signal.SIGKILL)

    def _driver(self) -> None:
        self._end_program()
        self._program = self._started()

    def _node(self) -> None:
        disk = self._random.choice(DISKS)
        self._ray.kill_node(disk)
        time.sleep(_DOWN)
        self._ray.add_node(disk)

    def _stall(self) -> None:
        disk = self._random.choice(DISKS)
        self._ray.stall_node(disk)
        time.sleep(_STALLED)
        self._ray.wake_node(disk)
        time.sleep(_DOWN)
        self._ray.kill_node(disk)  # its raylet has ended itself: it was declared dead
        self._ray.add_node(disk)

    def _head(self) -> None:
        os.kill(self._ray.head, signal.SIGKILL)
        time.sleep(_DOWN)
        self._end_program()
        self._ray.close()
        self._ray = RayCluster(*DISKS)
        self._program = self._started()

    # The driver and what it says

    def _started(self) -> subprocess.Popen[bytes]:
        command = [
            sys.executable, "-m", "tools.torture.workload.ray_driver",
            str(self._root), self._ray.address, str(self._log),
        ]  # fmt: skip
        variables = {name: text for name, text in os.environ.items() if "RAY_CLUSTER" not in name}
        return subprocess.Popen(
            command, env=variables, stderr=(self._root / "error.log").open("ab")
        )

    def _end_program(self) -> None:
        self._program.kill()
        self._program.wait()

    def _lines(self) -> list[list[str]]:
        return [line.split() for line in self._log.read_text().splitlines() if line.endswith(".")]

    def _acknowledged(self) -> list[int]:
        return sorted({int(line[1]) for line in self._lines() if line[0] == "wrote"})

    def _wait(self, start: float, fault: str) -> float:
        """Seconds from the fault to the last call that failed, once both kinds succeed again."""
        end = time.time() + _LONGEST
        while time.time() < end:
            time.sleep(0.1)
            later = [line for line in self._lines() if float(line[2]) > start]
            bad = [float(line[2]) for line in later if line[0] == "failed"]
            last = max(bad, default=start)
            good = {
                kind: [float(line[2]) for line in later if line[0] == kind]
                for kind in ("wrote", "search")
            }
            # Each kind of call has succeeded after the last failure, for long enough.
            firsts = [
                min((one for one in times if one > last), default=0.0) for times in good.values()
            ]
            newest = [max(times, default=0.0) for times in good.values()]
            if all(firsts) and min(newest) > max(last, start) + _QUIET:
                return max(firsts) - start
        raise TimeoutError(f"{fault}: not back after {_LONGEST:g} s")

    def _lost(self) -> list[int]:
        """Acknowledged writes that the shards do not have, read by another engine."""
        acknowledged = self._acknowledged()
        with cluster.open(str(self._root / "truth"), create=False) as db:
            records = db.collection("papers").get(acknowledged)
        return [
            number
            for number, record in zip(acknowledged, records, strict=True)
            if record is None or not np.array_equal(record.vector, vector_of(number))
        ]
