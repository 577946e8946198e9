"""Recall and queries per second over ef: all loaded, pinned to one core, searched in turn."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from tools.bench.data import Dataset
from tools.bench.recall import recall_of

from .built import Case, open_built, place
from .contestants import CONTESTANTS, REFERENCE, Contestant
from .course import Course
from .groups import grouped
from .process import PeerError, Worker

PART: Final = "curves"
EFS: Final = (10, 14, 20, 28, 40, 56, 80, 113, 160, 226, 320, 452, 640, 905, 1280)
ENOUGH: Final = 0.995  # recall at which a curve ends
EASY: Final = 0.95  # recall at which one query a call, and two threads, are timed
SURE: Final = 4  # times as many for the recall, where there are as many
PROBES: Final = 3
PROBED: Final = 20  # queries asked to see how long one takes
LEAST: Final = 50  # queries in a timed call, however slow


@dataclass
class Rival:
    """One contestant on the track.

    Attributes:
        points: by ef: recall, queries of a timed call, and the laps.
        each: laps with one query a call at the ef `easy`.
        pair: laps with two threads at the same.
        lone: laps with one thread, taken in turn with those.
        error: what it failed over.
    """

    contestant: Contestant
    worker: Worker
    points: dict[int, dict[str, Any]] = field(default_factory=dict)
    each: list[dict[str, float]] = field(default_factory=list)
    pair: list[dict[str, float]] = field(default_factory=list)
    lone: list[dict[str, float]] = field(default_factory=list)
    error: str = ""

    @property
    def easy(self) -> int:
        """The least ef that reaches recall 0.95, or the largest."""
        good = [ef for ef, point in self.points.items() if point["recall"] >= EASY]
        return min(good, default=max(self.points))


def run(course: Course, case: Case, contestants: tuple[Contestant, ...]) -> None:
    """Measure contestants without an entry, in groups that fit memory, each with the reference."""
    todo = course.missing(PART, case.key, contestants)
    others = [one for one in todo if one.name != REFERENCE]
    if not todo:
        return
    reference = next(one for one in CONTESTANTS if one.name == REFERENCE)
    for group in grouped(course, case, others) or [[]]:
        _run_group(course, case, [reference, *group])


def _run_group(course: Course, case: Case, group: Sequence[Contestant]) -> None:
    with contextlib.ExitStack() as stack:
        rivals = []
        for one in group:
            try:
                rivals.append(_enter(course, case, one, stack))
            except PeerError as error:
                course.say(f"  {one.name}: {error}")
                course.put(PART, case.key, one, {"error": str(error)})
        _time(course, case, rivals)
        good = [one for one in rivals if not one.error]
        beside = next((one for one in good if one.contestant.name == REFERENCE), None)
        for rival in rivals:
            if rival.error:
                course.put(PART, case.key, rival.contestant, {"error": rival.error})
                continue
            count = rival.points[rival.easy]["count"]
            entry = {"curve": _curve(rival), "count": count, "ef": rival.easy}
            entry |= {"each": rival.each, "pair": rival.pair, "lone": rival.lone}
            if beside is not None:
                entry["reference"] = {"curve": _curve(beside)}
            course.put(PART, case.key, rival.contestant, entry)


def _curve(rival: Rival) -> list[dict[str, Any]]:
    return [{"ef": ef, **point} for ef, point in sorted(rival.points.items())]


def _enter(course: Course, case: Case, one: Contestant, stack: contextlib.ExitStack) -> Rival:
    """Load, pin, and find the recall at every ef that will be timed."""
    rival = Rival(one, stack.enter_context(open_built(course, case, one)))
    rival.worker.ask("load")
    rival.worker.pin(course.cpus[:1])
    dataset = case.files.mapped()
    out = place(course, case, one).parent / f"{one.slug}.ids.npy"
    for ef in EFS:
        count = _count(course, case, rival, ef)
        _ask(course, case, rival, ef, count=min(SURE * count, course.queries), out=str(out))
        recall = _recall(course, case, dataset, np.load(out))
        same = [point for point in rival.points.values() if point["recall"] == recall]
        rival.points[ef] = {"recall": recall, "count": count, "laps": []}
        if recall >= ENOUGH or (recall > EASY and len(same) > 2):
            break
    out.unlink()
    best = max(point["recall"] for point in rival.points.values())
    course.say(f"  {one.name}: recall up to {best:.4f}")
    return rival


def _count(course: Course, case: Case, rival: Rival, ef: int) -> int:
    """As many queries as a timed call has time for."""
    most = min(course.queries, len(np.load(case.files.queries, mmap_mode="r")))
    count = min(PROBED, most)
    # Several times, because the first call of a process may do what none does after it.
    laps = [_ask(course, case, rival, ef, count=count)["search"]["wall"] for _ in range(PROBES)]
    fits = int(course.seconds * count / max(min(laps), 1e-6))
    return min(most, max(LEAST, fits))


def _recall(course: Course, case: Case, dataset: Dataset, ids: Any) -> float:
    count = len(ids)
    part = Dataset(dataset.name, dataset.vectors, dataset.queries[:count])
    return recall_of(part, case.metric, case.files.truth(case.metric, course.k, count), ids)


def _ask(
    course: Course, case: Case, rival: Rival, ef: int, count: int | None = None, **more: Any
) -> dict[str, Any]:
    return rival.worker.ask(
        "search",
        queries=str(case.files.queries),
        count=rival.points[ef]["count"] if count is None else count,
        k=course.k,
        ef=ef,
        **more,
    )


def _time(course: Course, case: Case, rivals: list[Rival]) -> None:
    """Interleave by ef: every contestant is searched at one ef before the next."""
    for number in range(course.rounds):
        for ef in EFS:
            for rival in _turn(rivals, number):
                if ef in rival.points:
                    _lap(course, case, rival, rival.points[ef]["laps"], ef=ef)
        for rival in _turn(rivals, number):
            _lap(course, case, rival, rival.each, each=True)
    for rival in rivals if len(course.cpus) > 1 else ():
        rival.worker.pin(course.cpus[:2])
        with contextlib.suppress(PeerError):
            _ask(course, case, rival, rival.easy, threads=2)
            for _ in range(course.rounds):
                rival.pair.append(_ask(course, case, rival, rival.easy, threads=2)["search"])
                rival.lone.append(_ask(course, case, rival, rival.easy, threads=1)["search"])


def _lap(course: Course, case: Case, rival: Rival, laps: list[Any], **how: Any) -> None:
    """One timed call; a contestant that fails gets no more."""
    if rival.error:
        return
    ef = how.pop("ef", rival.easy)
    try:
        laps.append(_ask(course, case, rival, ef, **how)["search"])
    except PeerError as error:
        rival.error = str(error)
        course.say(f"  {rival.contestant.name}: {error}")


def _turn(rivals: list[Rival], number: int) -> Iterator[Rival]:
    """Odd rounds go backwards, so that none is always first."""
    return iter(rivals) if number % 2 == 0 else reversed(rivals)
