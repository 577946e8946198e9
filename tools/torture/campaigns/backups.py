"""Copies that are made while others write."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import ClassVar

import vdb
from tools.torture.shared.campaign import Campaign
from tools.torture.traffic.crew import Member
from tools.torture.traffic.traffic import Traffic, batches_at, fault


class Backups(Campaign):
    """A copy under load opens, is sound, and equals one commit."""

    accepted = ("one commit",)
    kept: ClassVar[int] = 240

    def __init__(self, place: Path, seed: int) -> None:
        super().__init__(place, seed)
        self._traffic = Traffic(seed, self.kept, 8)
        live = place / "live.vdb"
        self._db = vdb.open(live, durability="relaxed")
        if "log" not in self._db:
            self._traffic.make(self._db)
        output = place / "said"
        self._crew = [
            Member(role, live, self._traffic, number, output)
            for role, number in (("write", 1), ("write", 2), ("rebuild", 3))
        ]

    def round(self, number: int) -> str:
        copy = self.place / f"copy-{number}.vdb"
        before = batches_at(self._db)
        if number % 2:
            self._db.backup(copy)
        else:  # where each sends what changed since the last
            backups = (self.place / "backups").as_uri()
            name = self._db.backup(backups, keep=3).name
            vdb.restore(backups, copy, at=name)
        after = batches_at(self._db)
        try:
            with vdb.open(copy, create=False, verify="full") as db:
                batches = batches_at(db)
                wrong = fault(db, self._traffic)
                self._traffic.write(db, 1)
        except (vdb.VdbError, ValueError) as error:
            wrong, batches = f"{type(error).__name__}: {error}", before
        finally:
            shutil.rmtree(copy, ignore_errors=True)
        if wrong is None and any(not before[w] <= batches[w] <= after[w] for w in batches):
            wrong = f"shows {batches}, and was made between {before} and {after}"
        complaints = [one.complaint() for one in self._crew]
        return next((c for c in complaints if c is not None), wrong or "one commit")

    def end(self) -> None:
        for one in self._crew:
            one.end()
        self._db.close()
