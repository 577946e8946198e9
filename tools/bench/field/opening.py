"""Opening in a fresh process, files cold and warm, and the memory that searching takes."""

from __future__ import annotations

from typing import Any, Final

from . import cache
from .built import Case, open_built, place
from .contestants import Contestant
from .course import Course
from .process import PeerError

PART: Final = "opening"
SEARCHES: Final = 1_000
USUAL: Final = 64  # ef, where no curve says which one gives 0.95


def run(course: Course, case: Case, contestants: tuple[Contestant, ...]) -> None:
    """Open every contestant in turn, cold and then warm, round after round."""
    todo = course.missing(PART, case.key, contestants)
    entries: dict[str, dict[str, Any]] = {one.name: {"cold": [], "warm": []} for one in todo}
    for number in range(course.rounds):
        for state in ("cold", "warm"):
            for one in todo if number % 2 == 0 else reversed(todo):
                entry = entries[one.name]
                if "error" in entry:
                    continue
                last = number == course.rounds - 1 and state == "warm"
                try:
                    entry[state].append(_open(course, case, one, state=state, search=last))
                except PeerError as error:
                    entry["error"] = str(error)
    for one in todo:
        course.put(PART, case.key, one, entries[one.name])


def _open(course: Course, case: Case, one: Contestant, *, state: str, search: bool) -> Any:
    """Seconds and bytes from disk of opening, the first query and the second."""
    home = place(course, case, one)
    with open_built(course, case, one, cpus=course.cpus[:1]) as worker:
        (cache.evict if state == "cold" else cache.warm)(home)
        before = worker.ask("memory")
        load = worker.ask("load")
        request = {"queries": str(case.files.queries), "k": course.k, "ef": _ef(course, case, one)}
        first, second = (
            worker.ask("search", first=row, count=1, each=True, **request) for row in range(2)
        )
        lap = {
            "open": load["load"]["wall"],
            "first": first["search"]["wall"],
            "second": second["search"]["wall"],
            "read": load["read"] + first["read"],
        }
        if search:
            worker.ask("search", count=SEARCHES, each=True, **request)
            after = worker.ask("memory")
            lap["memory"] = {name: after[name] - before[name] for name in after}
        return lap


def _ef(course: Course, case: Case, one: Contestant) -> int:
    """What gave recall 0.95, as far as that has been measured."""
    entry = course.store.get("curves", *case.key, one.name) or {}
    return int(entry.get("ef", USUAL))
