"""Inserting into what was built, one by one and in batches: latency and rate."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Sequence
from typing import Any, Final

from .built import Case, open_built, place
from .contestants import Contestant
from .course import Course
from .groups import grouped
from .process import PeerError, Worker

PART: Final = "inserts"
BATCH: Final = 1_000
BATCHES: Final = 2  # of 1,000 in a round
SECONDS: Final = 4.0  # for either, in a round


def run(course: Course, case: Case, contestants: tuple[Contestant, ...]) -> None:
    """Insert into copies, in rounds that take turns."""
    todo = course.missing(PART, case.key, contestants)
    for group in grouped(course, case, todo):
        with contextlib.ExitStack() as stack:
            scratch = course.folder / "scratch"
            stack.callback(shutil.rmtree, scratch, ignore_errors=True)
            _run_group(course, case, group, stack)


def _run_group(
    course: Course, case: Case, group: Sequence[Contestant], stack: contextlib.ExitStack
) -> None:
    entries: dict[str, dict[str, Any]] = {one.name: {"one": [], "batch": []} for one in group}
    workers: dict[str, Worker] = {}
    for one in group:
        copy = course.folder / "scratch" / one.slug
        try:
            if place(course, case, one).exists():
                shutil.copytree(place(course, case, one), copy, dirs_exist_ok=True)
            worker = stack.enter_context(
                open_built(course, case, one, copy, cpus=course.cpus[: course.threads])
            )
            worker.ask("load")
            workers[one.name] = worker
        except PeerError as error:
            entries[one.name] = {"error": str(error)}
    rows = len(case.files.mapped().vectors)
    following = dict.fromkeys(workers, rows)
    for number in range(course.rounds):
        for kind, count, size in (("one", course.ones, 1), ("batch", BATCHES, BATCH)):
            names = list(workers) if number % 2 == 0 else list(reversed(workers))
            for name in names:
                if "error" in entries[name]:
                    continue
                try:
                    answer = _insert(case, workers[name], following[name], count, size)
                except PeerError as error:
                    entries[name] = {"error": str(error)}
                    continue
                following[name] += size * len(answer["laps"])
                entries[name][kind] += [round(lap, 7) for lap in answer["laps"]]
    for one in group:
        course.put(PART, case.key, one, {**entries[one.name], "rows": BATCH})


def _insert(case: Case, worker: Worker, first: int, count: int, size: int) -> dict[str, Any]:
    """Rows that are not those of the index: the queries, again and again, where they are enough."""
    return worker.ask(
        "insert",
        vectors=str(case.files.queries),
        first=first,
        count=count,
        rows=size,
        seconds=SECONDS,
    )
