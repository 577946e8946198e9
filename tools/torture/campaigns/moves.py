"""Files of an open database that are moved, exchanged, removed and restored meanwhile."""

from __future__ import annotations

import random
import shutil
import time
from collections import Counter
from pathlib import Path
from typing import ClassVar, NamedTuple

import vdb
from tools.torture.file_moves.operations import OPERATIONS, Stage, loses, perform, stays
from tools.torture.file_moves.remaining_files import RemainingFile, remaining_files
from tools.torture.file_moves.writer import ADDED, CALLS, DIM, ELSE, NAME, Event, vector
from tools.torture.file_moves.writer_process import WriterProcess
from tools.torture.shared.campaign import Campaign

LIVE, OTHER = range(40), range(1000, 1030)
FIRST = (10_000, 20_000)
"""Ids of the first record that each process writes."""
VISITOR = 90_000
SLACK = 0.2
"""Seconds that a call may return later than it looked last where its path leads."""

ROUNDS = [
    (operation, call, writers) for operation in OPERATIONS for call in CALLS for writers in (1, 2)
]
FINE = ("StaleError", "BusyError", "NotFoundError", "CommitUnknownError", "ClosedError")


class Then(NamedTuple):
    """What was done to the files: whether it was, and when it was over."""

    operation: tuple[str, str]
    call: str
    done: bool
    ended: float


class Moves(Campaign):
    """Whatever is done to the files of an open database, no acknowledged record is lost."""

    accepted: ClassVar[tuple[str, ...]] = ("refused", "went on")
    full = len(ROUNDS)

    def __init__(self, place: Path, seed: int) -> None:
        super().__init__(place, seed)
        self._order = ROUNDS.copy()
        random.Random(seed).shuffle(self._order)
        self._writers = [WriterProcess(), WriterProcess(), WriterProcess()]
        self._counts = Counter[str]()
        for name, ids in (("live", LIVE), ("other", OTHER)):
            with vdb.open(place / f"{name}.first") as db:
                docs = db.create_collection(NAME, dim=DIM, metric="l2")
                docs.add(ids, [vector(i) for i in ids])
                docs.rebuild(index=vdb.HNSW(M=8), validate=False)
                docs.delete(ids[-1])
                docs.add(ids[-1], vector(ids[-1]))

    def round(self, number: int) -> str:
        draw = random.Random(f"{self.seed} {number}")
        operation, call, writers = self._order[number % len(self._order)]
        root = self.place / "round"
        shutil.rmtree(root, ignore_errors=True)
        root.mkdir()
        stage = Stage(root)
        for source, target in (("live", stage.live), ("live", stage.kept), ("other", stage.other)):
            shutil.copytree(self.place / f"{source}.first", target)
        for writer, first in zip(self._writers[:writers], FIRST, strict=False):
            failed = writer.open(stage.live, first, call=call)
            if failed is not None:
                return f"{operation}, {call}: was not opened: {failed}"
        time.sleep(draw.uniform(0.005, 0.05))
        done = perform(operation, stage)
        ended = time.monotonic()
        visitor = draw.random() < 0.7
        visit = self._visit(stage) if visitor else []
        time.sleep(draw.uniform(0.005, 0.03))
        events = [writer.stop() for writer in self._writers[:writers]]
        later = self._visit(stage, VISITOR + 1)
        writing = [event for one in events for event in one]
        then = Then(operation, call, done, ended)
        wrong = self._judge(then, writing, [*visit, *later], remaining_files(root))
        wrong = wrong or _last(stage)
        if wrong:
            for writer in self._writers:
                writer.end()
            self._writers = [WriterProcess(), WriterProcess(), WriterProcess()]
            return f"{operation}, {call}, {writers} processes: {wrong}"
        refused = any(error for one in events for _, _, _, error in one)
        return "refused" if refused else "went on"

    def _visit(self, stage: Stage, number: int = VISITOR) -> list[Event]:
        """A later process, which opens what lies at the path by then."""
        failed = self._writers[2].open(stage.live, number)
        return self._writers[2].visited() if failed is None else failed

    def _judge(
        self, then: Then, writing: list[Event], visits: list[Event], files: list[RemainingFile]
    ) -> str:
        """What is wrong; nothing, when all is as it must be."""
        damaged = [f"{one.path.name}: {one.error}" for one in files if one.error]
        if damaged:
            return f"a file is not sound: {damaged}"
        reachable = frozenset[int]().union(*(one.ids for one in files))
        for number, start, end, error in [*writing, *visits]:
            if error:
                if not error.startswith(FINE):
                    return f"{error}"
                self._counts["refused"] += 1
                continue
            self._counts["acknowledged"] += 1
            after = then.done and (start > then.ended or end > then.ended + SLACK)
            if number == ELSE:
                continue
            if after and stays(then.operation, then.call) and not VISITOR <= number < ADDED:
                return f"record {number} was acknowledged after it"
            if number not in reachable and (after or not (then.done and loses(then.operation))):
                return f"record {number} was acknowledged and is nowhere"
        return _others(files, reachable)

    def fault(self, seen: Counter[str]) -> str | None:
        acknowledged, refused = self._counts["acknowledged"], self._counts["refused"]
        print(f"{acknowledged:,} calls acknowledged, {refused:,} refused")
        return "nothing was refused" if not seen["refused"] else None

    def end(self) -> None:
        for writer in self._writers:
            writer.end()


def _others(files: list[RemainingFile], reachable: frozenset[int]) -> str:
    """The other database has what it had, and nothing of the writers'."""
    if not reachable.issuperset(OTHER):
        return f"another database lost {sorted(set(OTHER) - reachable)}"
    for one in files:
        strangers = {i for i in one.ids if FIRST[0] <= i and not VISITOR <= i < ADDED}
        if one.ids.issuperset(OTHER) and strangers:
            return f"another database was given {sorted(strangers)[:5]}"
    return ""


def _last(stage: Stage) -> str:
    """What lies at the path in the end opens and is sound, if anything does."""
    if not (stage.live / "data.mdb").exists():
        return ""
    try:
        with vdb.open(stage.live, create=False, verify="full"):
            return ""
    except vdb.VdbError as error:
        return f"in the end: {type(error).__name__}: {error}"
