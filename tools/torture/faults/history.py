"""A scripted history in chapters, each with a beginning of its own and some steps.

What a database shows after each step is known from a run that nothing disturbed. A run that was
disturbed, by a kill or by a call that failed, must show what was there before the step or after it,
and nothing else, and must go on to the same end.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import vdb

NOTHING = "no database"
DAMAGED = "damaged"


@dataclass
class Stage:
    """Where a chapter is played.

    Attributes:
        place: A directory; the database lies in it, and copies.
        open: The database, while it is open.
    """

    place: Path
    open: vdb.Database | None = None

    @property
    def path(self) -> Path:
        """Where the database is."""
        return self.place / "played.vdb"

    @property
    def copy(self) -> Path:
        """Where a backup goes."""
        return self.place / "copy.vdb"

    @property
    def db(self) -> vdb.Database:
        """The open database."""
        if self.open is None:
            raise ValueError("the chapter has not opened its database")
        return self.open

    @property
    def docs(self) -> vdb.Collection:
        """Its first collection."""
        return self.db.collection("docs")

    @property
    def notes(self) -> vdb.Collection:
        """Its second collection."""
        return self.db.collection("notes")

    def close(self) -> None:
        """Close the database, if it is open; when that fails, it may be tried again."""
        if self.open is not None:
            self.open.close()
            self.open = None


Step = Callable[[Stage], object]


@dataclass(frozen=True)
class Chapter:
    """A beginning, and steps from there on; each of them is one commit, or none."""

    begin: Callable[[Stage], object]
    steps: tuple[Step, ...]


def contents(db: vdb.Database) -> str:
    """A digest of all that a database holds: the same for the same."""
    if any(problem.severity == "error" for problem in db.check()):
        return DAMAGED
    seen = []
    for name in db.collections():
        docs = db.collection(name)
        rows = sorted((str(one.id), one.vector.tolist(), one.payload) for one in docs.scan())
        ids = [docs.search(row, 5, exact=True).ids.tolist() for _, row, _ in rows[::9]]
        info = docs.info()
        fields = sorted(info.fields.keys() - info.unfinished_fields)
        threes = sorted(str(one) for one in docs.ids(where={"n": 3}))
        seen.append([name, len(docs), info.metric, info.dtype, fields, rows, ids, threes])
    return hashlib.sha256(json.dumps(seen).encode()).hexdigest()[:16]


def shown(stage: Stage) -> str:
    """What a place shows: the database, through the handle if it is open, and the backup."""
    played = _shown(stage.path) if stage.open is None else contents(stage.open)
    return f"{played} {_shown(stage.copy)}"


def _shown(path: Path) -> str:
    if not (path / "data.mdb").exists():
        return NOTHING
    with vdb.open(path, create=False) as db:
        return contents(db)


def copied(source: Path, target: Path) -> Stage:
    """A stage that begins as another one does."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target)
    return Stage(target)
