"""Disks that fill up: file systems of some megabytes, mounted for the purpose."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
from collections import Counter
from pathlib import Path
from typing import ClassVar

import numpy as np

import vdb
from tools.torture.shared.campaign import Campaign, UnavailableError
from tools.torture.shared.forks import Forks
from tools.torture.workload import filling

LIFE = 10
"""Rounds on one database; then another one is made, on a disk that is full already."""


class FullDisk(Campaign):
    """A small disk fills up: DiskFullError, nothing lost, and it goes on."""

    accepted = ("full",)
    full = 50

    def __init__(self, place: Path, seed: int) -> None:
        super().__init__(place, seed)
        self.disk = place / "disk"
        self.disk.mkdir(exist_ok=True)
        self._mount()
        self._loads: set[int] = set()
        self._life: int | None = None
        self._refused: Counter[str] = Counter()
        self._forks = Forks("tools.torture.workload.filling")

    def _mount(self) -> None:
        raise NotImplementedError

    def mount(self, *arguments: object) -> None:
        """Mount the disk; UnavailableError where that is not allowed."""
        if shutil.which("mount") is None or os.geteuid() != 0:
            raise UnavailableError("mounting is for root, with mount(8)")
        command = ["mount", *map(str, arguments), str(self.disk)]
        completed = subprocess.run(command, capture_output=True, text=True, check=False)
        if completed.returncode:
            raise UnavailableError(f"nothing can be mounted here: {completed.stderr.strip()}")

    def round(self, number: int) -> str:
        if self._life != number // LIFE:
            self._begin(number // LIFE)
        seed = random.Random(f"{self.seed} {number}").random()
        task = {"disk": str(self.disk), "spare": str(self.place), "seed": seed}
        child = self._forks.start(**task, loads=sorted(self._loads))
        status = self._forks.gone(300.0)
        lines = self._forks.hear(0)
        if status is None:
            self._forks.kill(child)
            self._forks.gone()
        if status != 0 or any(line.startswith("!") for line in lines):
            self._life = None
            return f"ended with {status}: {lines}"
        words = [line.split() for line in lines]
        self._refused.update(kind for what, kind, _ in words if what == "full")
        wrong = self._compare([(kind, int(load)) for what, kind, load in words if what == "did"])
        if wrong:
            self._life = None
            return f"{wrong}: {lines}"
        return "full" if any(what == "full" for what, *_ in words) else "never full"

    def _begin(self, life: int) -> None:
        for file in self.disk.iterdir():
            if file.is_dir():
                shutil.rmtree(file, ignore_errors=True)
            else:
                file.unlink()
        self._life = life
        self._loads.clear()

    def _compare(self, did: list[tuple[str, int]]) -> str:
        """What is wrong after what was told to be done; nothing, when nothing is."""
        for kind, load in did:
            if kind in ("add", "import"):
                self._loads.add(load)
            elif kind == "delete":
                self._loads.discard(load)
        with vdb.open(self.disk / "full.vdb", create=False) as db:
            problems = [str(problem) for problem in db.check()]
            if problems:
                return f"not sound: {problems[:3]}"
            records = {one.id: (one.vector, one.payload) for one in db.collection("docs").scan()}
        for load in self._loads:
            rows = zip(filling.ids_of(load), filling.vectors_of(load), strict=True)
            for (i, vector), payload in zip(rows, filling.payloads_of(load), strict=True):
                row, stored = records.pop(i, (None, None))
                if row is None or stored != payload or not np.array_equal(row, vector):
                    return f"record {i} is lost, or is not what it was"
        return f"records that were not acknowledged: {sorted(records)}" if records else ""

    def fault(self, seen: Counter[str]) -> str | None:
        missing = {"add", "import", "rebuild", "back_up", "compact"} - self._refused.keys()
        if missing and sum(seen.values()) >= self.full:
            return f"never refused: {sorted(missing)}"
        print(f"refused: {dict(sorted(self._refused.items()))}")
        return None

    def end(self) -> None:
        self._forks.close()
        self.unmount()

    def unmount(self) -> None:
        """Give the disk back."""
        subprocess.run(["umount", str(self.disk)], check=False)


class FullExt4(FullDisk):
    """An ext4 file system of 24 MiB fills up: DiskFullError, nothing lost, and it goes on."""

    size: ClassVar[int] = 24 << 20

    def _mount(self) -> None:
        image = self.place / "disk.img"
        if shutil.which("mkfs.ext4") is None:
            raise UnavailableError("mkfs.ext4 is not installed")
        with image.open("wb") as file:
            file.truncate(self.size)
        subprocess.run(["mkfs.ext4", "-q", "-F", str(image)], check=True)
        self.mount("-o", "loop", image)


class FullTmpfs(FullDisk):
    """A tmpfs of 16 MiB fills up: DiskFullError, nothing lost, and it goes on."""

    def _mount(self) -> None:
        self.mount("-t", "tmpfs", "-o", "size=16m", "none")
