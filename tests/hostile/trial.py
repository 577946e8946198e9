"""One hostile argument after the other: refused by a typed error that names it, or fine."""

from __future__ import annotations

import re
import shutil
from contextlib import suppress
from pathlib import Path

import numpy as np

import vdb
from hostile.calls import DEFAULT, DIM, LASTING, Call
from hostile.values import VALUES

# What messages call an argument, where it is not by its own name.
EMBEDDING = ("commit_rebuild", "plan_rebuild", "rebuild", "rollback")
"""The methods that may be given a function which makes vectors."""

SPOKEN = {
    "where": r"where|filter|field|\$\w+",
    "payloads": r"payloads?|ids and payloads",
    "vectors": r"vectors?",
    "name": r"name|collection",
    "id": r"id|record",
    "path": r"path|database|directory|field|there|exists",
    "fields": r"fields?",
    "type": r"type",
    "kind": r"kind",
    "index": r"index",
    "q": r"q\b",
    "Q": r"Q\b",
    "relevant": r"relevant|ids",
    "k": r"k\b",
    "resume": r"resume|unfinished",
    "collection": r"collection",
    "ids": r"ids?\b|delete",
    "convention": r"convention",
    "source": r"source|convention",
    "target": r"target|convention",
    "scores": r"scores|convention",
    "read_only": r"read_only|there is no database",
    "to_scores": r"to_scores|convention",
}


class UndoError(Exception):
    """Leaves a batch so that it is undone."""


class Trial:
    """A small database in which calls are tried."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.template = place / "template.vdb"
        self.path = place / "tried.vdb"
        self.db = self.owners = None
        self._usual = {}
        with vdb.open(self.template, durability="relaxed") as db:
            docs = db.create_collection(
                "docs",
                dim=DIM,
                metric="l2",
                index=vdb.HNSW(M=4),
                fields={"k": "keyword", "t": vdb.Text()},
            )
            rows = np.random.default_rng(3).normal(size=(40, DIM))
            docs.add(
                range(40), rows, [{"n": i, "k": "ab"[i % 2], "t": f"text {i}"} for i in range(40)]
            )
        self.begin()

    def begin(self) -> None:
        """A fresh copy of it, open."""
        self.end()
        shutil.rmtree(self.path, ignore_errors=True)
        shutil.copytree(self.template, self.path)
        self.db = db = vdb.open(self.path, durability="relaxed", lock_timeout=0.2)
        snapshot = db.snapshot()
        self.owners = {
            "db": db,
            "docs": db.collection("docs"),
            "snapshot": snapshot,
            "then": snapshot.collection("docs"),
            "vdb": vdb,
            "scores": vdb.scores,
        }
        self.before = self.content()

    def end(self) -> None:
        if self.db is not None:
            self.owners["snapshot"].close()
            self.db.close()
            self.db = None

    def content(self):
        """What can be seen, in short."""
        docs = self.owners["docs"]
        records = [(one.id, one.vector.tobytes(), repr(one.payload)) for one in docs.scan()]
        info = docs.info()
        return self.db.info().commit, self.db.collections(), records, info.fields, info.generation

    def outcome(self, call: Call, name: str) -> str:
        """ "fine", "refused", or what is wrong."""
        value = VALUES[name]()
        try:
            made = self._made(call, value)
        except vdb.VdbError as error:
            said = "fine" if str(error) == self.usual(call) else self._told(call, error)
        except MemoryError:  # more was asked for than there is, which is what that says
            said = "refused"
        except Exception as error:  # noqa: BLE001 - that is the finding
            # What a caller's own function raises comes out as it is.
            embeds = call.method in EMBEDDING and callable(value)
            if call.parameter == "progress" or (call.parameter == "vectors" and embeds):
                return self._again()
            said = f"raised {type(error).__name__}: {error!s:.100}"
        else:
            return "fine" if made != "changed" else self._again()
        if self.content() != self.before:
            self.begin()
            return f"{said}, and something changed"
        return said

    def usual(self, call: Call) -> str | None:
        """What the call says with arguments that are fine: nothing, or what it is not ready for."""
        if call not in self._usual:
            self._usual[call] = None
            try:
                self._made(call, call.fine(self.owners, self.place).get(call.parameter, DEFAULT))
            except vdb.VdbError as error:
                self._usual[call] = str(error)
            self.begin()
        return self._usual[call]

    def _again(self) -> str:
        self.begin()
        return "fine"

    def _made(self, call: Call, value: object) -> str:
        if call.method in LASTING or call.owner in ("vdb", "snapshot"):
            made = call.make(self.owners, self.place, value)
            if call.method == "open":
                made.close()
            shutil.rmtree(self.place / "other.vdb", ignore_errors=True)
            return "changed" if call.owner in ("db", "docs") else "same"
        with suppress(UndoError), self.db.batch():
            made = call.make(self.owners, self.place, value)
            if hasattr(made, "__next__"):
                list(made)
            raise UndoError
        return "same"

    @staticmethod
    def _told(call: Call, error: vdb.VdbError) -> str:
        spoken = SPOKEN.get(call.parameter, rf"{call.parameter}")
        if re.search(rf"(?<![A-Za-z]){spoken}", str(error)) is None:
            return f"does not name {call.parameter}: {type(error).__name__}: {error!s:.100}"
        if len(str(error)) > 3_000:
            return f"says {len(str(error))} characters"
        return "refused"
