"""Power cuts, made from the logged calls of one history: the files they may leave are read."""

from __future__ import annotations

import random
import shutil
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import ClassVar

from tools.torture.power_loss import log
from tools.torture.power_loss.disk import Disk
from tools.torture.power_loss.log import Entry
from tools.torture.power_loss.reader import BEFORE, RIGHT, Question
from tools.torture.shared.campaign import Campaign
from tools.torture.shared.reader import Reader

MEMORY = Path("/dev/shm")  # noqa: S108 - nothing here needs to last
AT_CREATION = 60
"""Calls at the beginning, at which more cuts are made than elsewhere."""

LONGER = 5
"""Of so many images one is looked at longer."""


class Images(Campaign):
    """Power cuts with durability="full": everything acknowledged is there, nothing half."""

    accepted = (RIGHT,)
    full = 20_000
    durability: ClassVar[str] = "full"
    unsynced: ClassVar[bool] = False
    of_one_life: ClassVar[int] = 500
    """Images that are made from one life."""

    def __init__(self, place: Path, seed: int) -> None:
        super().__init__(place, seed)
        self._library = log.library(place)
        self._fast = Path(tempfile.mkdtemp(dir=MEMORY if MEMORY.is_dir() else place))
        self._reader = Reader("tools.torture.power_loss.reader")
        self._life = -1
        self._entries: list[Entry] = []
        self._lock = b""
        self._disk = Disk()
        self._followed = 0

    def round(self, number: int) -> str:
        life, image = divmod(number, self.of_one_life)
        if life != self._life:
            self._live(life)
        cut = self._cuts(life)[image]
        if cut < self._followed:
            self._disk, self._followed = Disk(), 0
        self._disk.follow(self._entries[self._followed : cut])
        self._followed = cut
        place = self._fast / "image"
        shutil.rmtree(place, ignore_errors=True)
        draw = random.Random(f"{self.seed} {number}")
        self._disk.cut(place, draw)
        self._leave_locks(place, draw)
        answer = self._reader.ask(self._question(place, longer=number % LONGER == 0).line())
        if answer in self.accepted or self.unsynced:
            return answer
        return f"{answer} (cut after call {cut} of {len(self._entries)} of life {life})"

    def _live(self, life: int) -> None:
        root = self._fast / "life"
        shutil.rmtree(root, ignore_errors=True)
        root.mkdir()
        program = [sys.executable, "-m", "tools.torture.power_loss.history"]
        arguments = [str(self._seed_of(life)), str(root), self.durability]
        self._entries = log.record(self._library, root, program + arguments, unsynced=self.unsynced)
        self._require_whole(root)
        self._lock = (root / "live.vdb" / "lock.mdb").read_bytes()
        self._life, self._disk, self._followed = life, Disk(), 0

    def _require_whole(self, root: Path) -> None:
        """Nothing that was written may have escaped: the calls give the very files there are."""
        disk, copy = Disk(), self._fast / "whole"
        disk.follow(self._entries)
        disk.cut(copy, random.Random(0), kept=1)
        for file in root.rglob("*"):
            same = copy / file.relative_to(root)
            if file.name in {Disk.ACKS, "lock.mdb"} or file.is_dir():
                continue
            if not same.exists() or same.read_bytes() != file.read_bytes():
                raise ValueError(f"{file} is not what the calls have made of it")
        shutil.rmtree(copy)

    def _seed_of(self, life: int) -> int:
        return self.seed * 1_000_003 + life

    def _cuts(self, life: int) -> list[int]:
        """After how many calls the images of a life are made, in order."""
        draw, calls = random.Random(f"{self.seed} {life}"), len(self._entries)
        return sorted(
            draw.randint(1, calls if draw.random() < 0.9 else AT_CREATION)
            for _ in range(self.of_one_life)
        )

    def _leave_locks(self, place: Path, draw: random.Random) -> None:
        """LMDB writes its table of readers through a map: any state of it may be left."""
        for lock in place.rglob("lock.mdb"):
            choice = draw.randrange(4)
            if choice == 0:
                lock.unlink()
            elif choice == 1:
                lock.write_bytes(self._lock)
            elif choice == 2:
                lock.write_bytes(self._lock[: draw.randrange(len(self._lock))])

    def _question(self, place: Path, *, longer: bool) -> Question:
        last = least = 0
        copies = []
        acks = self._disk.acknowledged
        for ack in acks:
            match ack.split():
                case ["batch", number]:
                    last = int(number)
                    least = last if self.durability == "full" else max(least, last - 1)
                case ["flushed" | "closed"]:
                    least = last
                case ["copy", "of", number]:
                    copies.append(int(number))
        seed = self._seed_of(self._life)
        return Question(str(place), seed, "made" in acks, last, least, copies, longer)

    def end(self) -> None:
        self._reader.end()
        shutil.rmtree(self._fast, ignore_errors=True)


class RelaxedImages(Images):
    """The same with durability="relaxed": at most the newest commit is lost."""

    accepted = (RIGHT, BEFORE)
    durability = "relaxed"


class UnsyncedImages(Images):
    """The same, and nothing is ever flushed: more than a tenth must be bad."""

    full = 1000
    unsynced = True

    def round(self, number: int) -> str:
        return "as acknowledged" if super().round(number) == RIGHT else "bad"

    accepted = (RIGHT, "bad")

    def fault(self, seen: Counter[str]) -> str | None:
        bad, images = seen["bad"], sum(seen.values())
        return None if 10 * bad > images else f"only {bad} of {images} images are bad"
