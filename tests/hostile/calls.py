"""Every public callable with arguments that are fine, found by its signature."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import NamedTuple

import numpy as np

import vdb

DIM = 4
OTHER = "other.vdb"
SCORES = vdb.scores
DEFAULT = object()  # stands for what a parameter is when it is left out


def vectors_file():
    """A file of another system's vectors."""
    place = Path("vectors.fvecs")
    place.write_bytes(np.array([DIM, *[0] * DIM], "<i4").tobytes() * 2)
    return place


# What is fine for a parameter that has no default, or whose default leaves it out; for all
# callables, or for one. A new parameter without a default has to be put down here.
FINE = {
    "alias": lambda: "current",
    "Q": lambda: np.ones((2, DIM)),
    "convention": lambda: "elasticsearch",
    "dim": lambda: DIM,
    "id": lambda: 3,
    "ids": lambda: [1, 2],
    "metric": lambda: "l2",
    "name": lambda: "docs",
    "new_name": lambda: "renamed",
    "path": lambda: "n",
    "payloads": lambda: [{"n": 1}, {"n": 2}],
    "q": lambda: np.ones(DIM),
    "query": lambda: "tea",
    "queries": lambda: np.ones((2, DIM)),
    "score": lambda: 0.25,
    "source": lambda: "elasticsearch",
    "target": lambda: "faiss",
    "texts": lambda: ["text 1", "text 2"],
    "threshold": lambda: 3.0,
    "to_fusion": lambda: "qdrant-rrf",
    "to_metric": lambda: "cosine",
    "type": lambda: "int",
    "value": lambda: 0.25,
    "vectors": lambda: np.ones((2, DIM)),
}
FINE_FOR = {
    ("add", "ids"): lambda: [101, 102],
    ("add", "vectors"): lambda: np.ones((2, DIM)),
    ("upsert", "vectors"): lambda: np.ones((2, DIM)),
    ("set_payloads", "payloads"): lambda: [{"n": 1}, {"n": 2}],
    ("create_collection", "name"): lambda: "made",
    ("import_source", "name"): lambda: "imported",
    ("import_source", "source"): vectors_file,
    ("import_source", "metric"): lambda: "l2",
    ("update_payloads", "ids"): lambda: [1, 2],
    ("update_payloads", "changes"): lambda: {"n": 5},
    ("values", "field"): lambda: "k",
    ("rows_within", "memory_limit"): lambda: 1 << 28,
    ("search", "threshold"): lambda: None,
    ("search_hybrid", "threshold"): lambda: None,
    ("search_hybrid", "vector"): lambda: np.ones(DIM),
    ("search_text", "threshold"): lambda: None,
    ("search_many", "threshold"): lambda: None,
    ("delete", "where"): lambda: None,
    ("plan_rebuild", "metric"): lambda: "ip",
    ("rebuild", "metric"): lambda: "ip",
    ("recall", "queries"): lambda: None,
    ("bench", "queries"): lambda: None,
    ("tune", "queries"): lambda: None,
    ("drop_field", "path"): lambda: "k",
    ("calibrate_threshold", "queries"): lambda: np.ones((2, DIM)),
    ("calibrate_threshold", "metric"): lambda: None,
    ("convert", "to_metric"): lambda: None,
    ("compare_fusions", "fusions"): lambda: ["native"],
    ("calibrate_fusion", "queries"): lambda: np.ones((2, DIM)),
    ("calibrate_fusion", "texts"): lambda: ["text 1", "text 2"],
    ("calibrate_fusion", "threshold"): lambda: 0.01,
    ("bench", "rounds"): lambda: 1,
    ("bench", "efs"): lambda: [8],
}

PLACES = {"open", "backup", "export"}  # whose path is one of the file system
LASTING = {  # what a batch cannot undo
    "backup", "close", "commit_rebuild", "compact", "discard_rebuild", "drop_previous", "export",
    "import_source", "open", "rebuild", "repair", "rollback", "snapshot", "tune",
}  # fmt: skip


class Call(NamedTuple):
    """One parameter of one callable, and fine arguments for all of them."""

    owner: str  # "vdb", "db", "docs", "snapshot", "then" (a collection of it), "scores"
    method: str
    parameter: str

    def __str__(self):
        return f"{self.owner}.{self.method}({self.parameter})"

    def fine(self, owners, place: Path):
        """Arguments that the call takes."""
        found = {}
        for name, parameter in parameters(getattr(owners[self.owner], self.method)).items():
            if (self.method, name) in FINE_FOR:
                found[name] = FINE_FOR[self.method, name]()
            elif name in ("path", "target") and self.method in PLACES:
                found[name] = place / OTHER
            elif name == "collection":
                found[name] = owners["docs"]
            elif parameter.default is inspect.Parameter.empty:
                found[name] = FINE[name]()
        return found

    def make(self, owners, place, value):
        """The call with one argument in the place of the fine one."""
        function = getattr(owners[self.owner], self.method)
        given = self.fine(owners, place)
        if value is not DEFAULT:
            given[self.parameter] = value
        positional = [
            given.pop(name)
            for name, one in parameters(function).items()
            if one.kind is inspect.Parameter.POSITIONAL_ONLY
        ]
        return function(*positional, **given)


def parameters(function):
    """Those by name; what goes on to a fusion has no name here."""
    found = dict(inspect.signature(function).parameters)
    others = inspect.Parameter.VAR_KEYWORD
    return {name: one for name, one in found.items() if name != "self" and one.kind is not others}


def public(kind):
    """Public methods of a class, and the operators that take something."""
    for name, member in inspect.getmembers(kind, callable):
        if not name.startswith("_") or name == "__contains__":
            yield name, member


OWNERS = {
    "db": vdb.Database,
    "docs": vdb.Collection,
    "snapshot": vdb.Snapshot,
    "then": vdb.CollectionReader,
}
FUNCTIONS = {
    "vdb": (
        vdb,
        (
            *("open", "HNSW", "compare_metrics", "calibrate_threshold"),
            *("compare_fusions", "calibrate_fusion"),
        ),
    ),
    "scores": (SCORES, [name for name in SCORES.__all__ if name[0].islower()]),
}


def all_calls():
    """One call for each parameter of everything public."""
    for owner, kind in OWNERS.items():
        for method, member in public(kind):
            for name in parameters(member):
                yield Call(owner, method, name)
    for owner, (module, names) in FUNCTIONS.items():
        for method in names:
            for name in parameters(getattr(module, method)):
                yield Call(owner, method, name)


CALLS = sorted(set(all_calls()))
