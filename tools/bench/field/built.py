"""Indexes on disk: built once, in a process of their own, and opened by all that measure them."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.bench.size import directory_size

from . import cache
from .contestants import Contestant
from .course import Course
from .environments import begin
from .process import PeerError, Worker
from .sets import DataFiles

PART = "build"
MARK = "built"  # a file in the folder of an index that is whole


@dataclass(frozen=True)
class Case:
    """One set under one metric."""

    files: DataFiles
    metric: str

    @property
    def key(self) -> tuple[str, str]:
        """As the store has it."""
        return self.files.name, self.metric


def place(course: Course, case: Case, contestant: Contestant) -> Path:
    """Folder of a built index."""
    return course.folder / "built" / case.files.folder.name / case.metric / contestant.slug


def build(course: Course, case: Case, contestants: Sequence[Contestant]) -> None:
    """Build every index, interleaved; one of this version that stands is not built again.

    A contestant that refuses, or fails, gets an entry that says so, and takes no further part.
    """
    if course.again:
        for one in contestants:
            course.store.drop(PART, *case.key, one.name)
    cache.warm(case.files.folder)  # the disk is no part of a build
    for number in range(course.builds):
        order = contestants if number % 2 == 0 else list(reversed(contestants))
        for one in order:
            if len(_laps(course, case, one)) <= number:
                _build(course, case, one)


def open_built(
    course: Course, case: Case, contestant: Contestant, folder: Path | None = None, **how: Any
) -> Worker:
    """Start a process with its library imported, ready to load its index.

    Raises:
        PeerError: there is nothing to load.
    """
    entry = course.store.get(PART, *case.key, contestant.name) or {"error": "never built"}
    if "error" in entry:
        raise PeerError(str(entry["error"]), refused=True)
    home = folder or place(course, case, contestant)
    worker = course.environments.start(contestant, home, **how)
    try:
        begin(worker, contestant, case.metric, _dim(case), home)
    except PeerError:
        worker.close()
        raise
    return worker


def _dim(case: Case) -> int:
    return case.files.mapped().dim


def _laps(course: Course, case: Case, one: Contestant) -> list[dict[str, Any]]:
    """Builds that count: of what is installed now, and still on disk; a failure counts as all."""
    entry = course.store.get(PART, *case.key, one.name)
    if entry is None or entry.get("of") != course.identity(one):
        return []
    if "error" in entry:
        return [{}] * course.builds
    laps: list[dict[str, Any]] = entry["laps"]
    return laps if (place(course, case, one) / MARK).exists() else []


def _build(course: Course, case: Case, one: Contestant) -> None:
    home = place(course, case, one)
    earlier = _laps(course, case, one)
    shutil.rmtree(home, ignore_errors=True)
    rows = len(case.files.mapped().vectors)
    try:
        with course.environments.start(one, home, cpus=course.cpus[: course.threads]) as worker:
            facts = begin(worker, one, case.metric, _dim(case), home)
            course.store.note(one.name, facts)
            lap = worker.ask(
                "build",
                vectors=str(case.files.vectors),
                rows=rows,
                **course.parameters,
            )
            worker.ask("close")
    except PeerError as error:
        course.say(f"  {one.name}: {error}")
        entry = {"error": str(error), "refused": error.refused}
        course.put(PART, case.key, one, entry)
        return
    (home / "log.txt").unlink(missing_ok=True)
    entry = {
        "laps": [*earlier, lap],
        "bytes": directory_size(home),
        "rows": rows,
        "dim": _dim(case),
        **course.parameters,
    }
    (home / MARK).touch()
    course.put(PART, case.key, one, entry)
    course.say(f"  {one.name}: built in {lap['build']['wall']:.1f} s")


def discard(course: Course, case: Case) -> None:
    """Delete the indexes of a set; what was measured of them stays."""
    shutil.rmtree(
        course.folder / "built" / case.files.folder.name / case.metric, ignore_errors=True
    )
