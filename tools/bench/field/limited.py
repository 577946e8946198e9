"""Searching with the memory limited to a quarter of the database, page cache included.

The limit is the same for all: a quarter of vdb's directory with 8-bit codes.
"""

from __future__ import annotations

import contextlib
from typing import Any, Final

from . import cache
from .built import Case, open_built, place
from .contestants import Contestant
from .course import Course
from .limits import NoLimitError, limited
from .opening import USUAL
from .process import PeerError, Worker

PART: Final = "limited"
SHARE: Final = 0.25
BASES: Final = ("vdb int8", "vdb")  # the first that was built: the limit is a share of its size
LEAST: Final = 64 * 2**20  # what an interpreter with numpy needs to live in
COUNT: Final = 50  # queries of a timed call; other ones every time
WARMING: Final = 2_000  # queries before: what is verified when it is first read has been read
PATIENCE: Final = 300.0


def run(course: Course, case: Case, contestants: tuple[Contestant, ...]) -> None:
    """Load each contestant in a control group of its own, then search in turn."""
    todo = course.missing(PART, case.key, contestants)
    built = [course.store.get("build", *case.key, base) or {} for base in BASES]
    sizes = [one["bytes"] for one in built if "bytes" in one]
    if not todo or not sizes:
        return
    limit = int(SHARE * sizes[0])
    if limit < LEAST:
        course.say(f"  {PART}: a quarter of {case.files.name} is too little for an interpreter")
        return
    entries: dict[str, dict[str, Any]] = {one.name: {"laps": [], "limit": limit} for one in todo}
    with contextlib.ExitStack() as stack:
        workers: dict[str, Worker] = {}
        for one in todo:
            try:
                workers[one.name] = _enter(course, case, one, limit, stack)
            except (PeerError, NoLimitError) as error:
                course.say(f"  {one.name}: {error}")
                entries[one.name] = {"error": str(error), "limit": limit}
        for number in range(course.rounds + 1):
            for name, worker in workers.items():
                if "error" not in entries[name]:
                    _ask(course, case, (name, worker), entries[name], number)
    for one in todo:
        course.put(PART, case.key, one, entries[one.name])


def _enter(
    course: Course, case: Case, one: Contestant, limit: int, stack: contextlib.ExitStack
) -> Worker:
    cache.evict(place(course, case, one))
    group = stack.enter_context(limited(limit, one.slug))
    worker = stack.enter_context(
        open_built(course, case, one, cpus=course.cpus[:1], enter=group.enter)
    )
    worker.ask("load", patience=PATIENCE)
    return worker


def _ask(
    course: Course, case: Case, contestant: tuple[str, Worker], entry: dict[str, Any], number: int
) -> None:
    """One lap; the first is for warming up and does not count."""
    name, worker = contestant
    curve = course.store.get("curves", *case.key, name) or {}
    total = len(case.files.mapped().queries)
    count = min(COUNT if number else WARMING, total)
    try:
        answer = worker.ask(
            "search",
            queries=str(case.files.queries),
            first=(WARMING + number * COUNT) % (total - count) if number and total > count else 0,
            count=count,
            k=course.k,
            ef=int(curve.get("ef", USUAL)),
            patience=PATIENCE,
        )
    except PeerError as error:
        entry["error"] = str(error)
        return
    if number:
        entry["laps"].append({**answer["search"], "read": answer["read"], "count": answer["count"]})
