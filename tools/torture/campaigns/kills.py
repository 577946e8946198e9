"""Processes that are killed while they write and rebuild."""

from __future__ import annotations

import random
import shutil
import signal
import time
from pathlib import Path

import numpy as np

import vdb
from tools.torture.shared.campaign import Campaign
from tools.torture.shared.forks import Forks
from tools.torture.workload import batches
from tools.torture.workload.batches import Contents

LIFE = 250
"""Rounds that go on with one database; then another one is made."""
REBUILDING = 0.4
"""Share of the rounds in which a rebuild is under way."""


class Kills(Campaign):
    """A process that writes is killed: nothing acknowledged is lost, and nothing is half there."""

    accepted = ("writing", "rebuilding", "opening")
    full = 10_000

    def __init__(self, place: Path, seed: int, *, rebuilding: float = REBUILDING) -> None:
        super().__init__(place, seed)
        self.path = place / "killed.vdb"
        self.shown = 0
        """The batch that the database showed last."""
        self._rebuilding = rebuilding
        self._life: int | None = None
        self._forks = Forks("tools.torture.workload.batches")

    def round(self, number: int) -> str:
        draw = random.Random(f"{self.seed} {number}")
        if self._life != number // LIFE:
            self._begin(number // LIFE)
        rebuilding = draw.random() < self._rebuilding
        child = self._forks.start(path=str(self.path), rebuild=rebuilding, seed=draw.random())
        lines = self._forks.hear(10) if draw.random() < 0.8 else []
        longest = draw.choice((0.05, 0.3, 0.6)) if rebuilding else 0.02
        time.sleep(longest * draw.random())
        self._forks.kill(child)
        status = self._forks.gone()
        lines += self._forks.hear(0)
        complaints = [line for line in lines if line.startswith("!")]
        if complaints or status != -signal.SIGKILL:
            outcome = f"ended by itself with {status}: {complaints}"
        else:
            outcome = self._compare([int(line) for line in lines])
        if outcome:
            self._life = None  # what comes of it later says nothing new
            return outcome
        return ("rebuilding" if rebuilding else "writing") if lines else "opening"

    def _begin(self, life: int) -> None:
        shutil.rmtree(self.path, ignore_errors=True)
        batches.make(self.path, random.Random(f"{self.seed} life {life}"))
        self._life, self.shown = life, 0

    def _compare(self, batches: list[int]) -> str:
        """What is wrong with the database; nothing, when it shows what it must."""
        acknowledged = max([self.shown, *batches])
        try:
            with vdb.open(self.path, create=False) as db:
                batch = db.collection("log").get("last").payload
                wrong = differences(db, batch)
        except vdb.VdbError as error:
            return f"{type(error).__name__}: {error}"
        self.shown = batch
        # At most the one batch that was being acknowledged is there untold.
        if not acknowledged <= batch <= acknowledged + 1:
            return f"batch {acknowledged} was acknowledged, and {batch} is there"
        return wrong

    def end(self) -> None:
        self._forks.close()


def differences(db: vdb.Database, batch: int) -> str:
    """In what a database differs from what it holds after a batch; nothing, when in nothing."""
    problems = [str(problem) for problem in db.check()]
    if problems:
        return f"not sound: {problems[:3]}"
    docs, contents = db.collection("docs"), Contents(batch)
    expected = contents.docs(docs.dim)
    records = {record.id: (record.vector, record.payload) for record in docs.scan()}
    if list(docs.ids()) != sorted(expected) or records.keys() != expected.keys():
        return f"ids after batch {batch}: {sorted(records.keys() ^ expected.keys())}"
    for number, (vector, payload) in expected.items():
        if not np.array_equal(records[number][0], vector) or records[number][1] != payload:
            return f"record {number} is not as batch {batch} leaves it"
    return _notes(db, contents) or _searches(docs, contents) or _history(docs)


def _notes(db: vdb.Database, contents: Contents) -> str:
    held = contents.notes()
    if ("notes" in db) != (held is not None):
        return "the collection of notes is there, or not, and should not be so"
    if held is not None:
        notes = {record.id: record.payload for record in db.collection("notes").scan()}
        if notes != held:
            return f"notes: {sorted(notes)} instead of {sorted(held)}"
    return ""


def _searches(docs: vdb.Collection, contents: Contents) -> str:
    """Searches through the graph find what a scan finds, with a filter and without."""
    since = contents.batch - 3
    recent = {number for number, batch in contents.written_by().items() if batch >= since}
    # Codes choose among candidates that are nearly as near as each other; then only the nearest,
    # the record itself, is certain.
    certain = 5 if docs.index.codes is None else 1
    for number, (vector, _) in [*contents.docs(docs.dim).items()][::40]:
        near = docs.search(vector, 5, ef=1000).values[:certain]
        true = docs.search(vector, 5, exact=True).values[:certain]
        if not np.allclose(near, true, rtol=1e-5, atol=1e-5):
            return f"a search for record {number} misses some: {near} instead of {true}"
        hits = docs.search(vector, 100, where={"batch": {"$gte": since}})
        if {hit.id for hit in hits} != recent:
            return f"a filtered search for record {number} finds others"
    return ""


def _history(docs: vdb.Collection) -> str:
    info = docs.info()
    line = info.history[-1]
    generation = (line.generation, line.metric, line.dtype, line.dim, line.model, line.index)
    in_use = (info.generation, info.metric, info.dtype, info.dim, info.model, info.index)
    if generation != in_use:
        return f"its history says {generation}"
    if info.dim != batches.DIMS[info.model or ""]:
        return f"{info.dim} dimensions of model {info.model}"
    return ""
