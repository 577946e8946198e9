"""What campaigns share that play the history in forks and disturb it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import vdb
from tools.torture.faults.chapters import CHAPTERS
from tools.torture.faults.history import DAMAGED, Stage, copied, shown
from tools.torture.shared.campaign import Campaign
from tools.torture.shared.forks import Forks


class Played(Campaign):
    """Rounds that each play one chapter, disturbed once.

    Attributes:
        states: For each chapter, what is shown before its first step and after each of them.
    """

    def __init__(self, place: Path, seed: int, **environment: str) -> None:
        super().__init__(place, seed)
        self.states: dict[str, list[str]] = {}
        for name, chapter in CHAPTERS.items():
            self._begin(name, chapter.begin)
        self.forks = Forks("tools.torture.faults.player", **environment)

    def _begin(self, name: str, begin: Any) -> None:
        """Make the beginning of a chapter, and play it once, undisturbed, on a copy."""
        stage = Stage(self._beginning(name))
        shutil.rmtree(stage.place, ignore_errors=True)
        stage.place.mkdir()
        begin(stage)
        stage = self.stage(name)
        self.states[name] = [shown(stage)]
        for step in CHAPTERS[name].steps:
            step(stage)
            self.states[name].append(shown(stage))

    def _beginning(self, name: str) -> Path:
        return self.place / f"before {name}"

    def stage(self, name: str) -> Stage:
        """A fresh copy of the beginning of a chapter."""
        return copied(self._beginning(name), self.place / "stage")

    def start(self, name: str, stage: Stage, **task: Any) -> int:
        """A fork that plays a chapter; its process id."""
        task |= {"chapter": name, "place": str(stage.place), "states": self.states[name]}
        return self.forks.start(**task)

    def verdict(self, name: str, stage: Stage, done: int) -> str:
        """What is wrong after so many steps were told, or one more; nothing, when all is well."""
        allowed = self.states[name][done : done + 2]
        try:
            now = shown(stage)
            if now not in allowed:
                return f"after step {done} of {name} it shows {now}, not one of {allowed}"
            return goes_on(stage)
        except vdb.VdbError as error:
            return f"after step {done} of {name}: {type(error).__name__}: {error}"

    def end(self) -> None:
        self.forks.close()
        shutil.rmtree(self.place / "stage", ignore_errors=True)


def goes_on(stage: Stage) -> str:
    """Whether the database can be made, repaired and written to; else why not."""
    with vdb.open(stage.path) as db:
        db.repair(threads=1)
        name = "written afterwards"
        db.create_collection(name.replace(" ", "-"), dim=2, metric="l2").add(range(3), [[1, 2]] * 3)
    stage.open = None
    now = shown(stage)
    return "it cannot be written to" if DAMAGED in now else ""
