"""Compares fused lists with those of the libraries, in processes of their own."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import vdb

from .cases import FUSIONS, cases
from .libraries import MISSING

__all__ = ["FUSIONS", "Result", "compare", "compare_all", "heading", "line"]

_TIMEOUT = 3600
_LIBRARY = Path(__file__).parent / "libraries.py"
_LINE = "{:<24} {:>7} {:>9} {:>9}  {}"
_SHOWN = 3


@dataclass
class Result:
    """What came of one fusion.

    Attributes:
        fusion: Its name.
        cases: How many lists of lists were fused.
        hits: How many hits came of them.
        scores: How many of those have a score that the library returned.
        differences: What is not the same, in words.
    """

    fusion: str
    cases: int = 0
    hits: int = 0
    scores: int = 0
    differences: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "fusion": self.fusion,
            "cases": self.cases,
            "hits": self.hits,
            "scores": self.scores,
            "differences": self.differences,
        }


def heading() -> str:
    """The names of the columns."""
    return _LINE.format("fusion", "cases", "hits", "scores", "differences")


def line(result: Result) -> str:
    """One line of the table, and the first differences."""
    text = _LINE.format(
        result.fusion, result.cases, result.hits, result.scores, len(result.differences)
    )
    return "\n".join([text, *(f"    {one}" for one in result.differences[:_SHOWN])])


def compare_all(
    names: list[str], python: str, seed: int, count: int, *, quiet: bool
) -> tuple[list[Result], dict[str, str]]:
    """What came of each fusion, printed as it comes, and why others did not run."""
    results: list[Result] = []
    absent: dict[str, str] = {}
    if not quiet:
        print(f"{count:,} cases a fusion, seed {seed}, libraries of {python}\n\n{heading()}")
    for name in names:
        result = compare(name, python, seed, count)
        if isinstance(result, str):
            absent[name] = result
            continue
        results.append(result)
        if not quiet:
            print(line(result), flush=True)
    return results, absent


def compare(fusion: str, python: str, seed: int, count: int) -> Result | str:
    """One fusion; why it did not run where its library is not there."""
    all_cases = cases(fusion, count, seed)
    completed = subprocess.run(
        [python, str(_LIBRARY), fusion],
        input="\n".join(map(json.dumps, all_cases)),
        capture_output=True,
        text=True,
        timeout=_TIMEOUT,
        check=False,
    )
    last = completed.stderr.strip().splitlines()[-1:] or [f"status {completed.returncode}"]
    if completed.returncode == MISSING:
        return last[0]
    result = Result(fusion)
    if completed.returncode:
        result.differences.append(f"it failed: {last[0]}")
        return result
    answers = completed.stdout.splitlines()
    for case, answer in zip(all_cases, answers, strict=True):
        _compare_one(fusion, case, json.loads(answer), result)
    return result


def _compare_one(fusion: str, case: dict[str, Any], theirs: Any, result: Result) -> None:
    if isinstance(theirs, dict):
        case = case | {"lists": theirs["lists"]}
        theirs = theirs["hits"]
    hits = vdb.fusion.fuse(case["lists"], fusion, **case["arguments"])
    ours = list(map(list, zip(hits.ids.tolist(), hits.scores.tolist(), strict=True)))
    result.cases += 1
    result.hits += len(ours)
    result.scores += sum(score is not None for _, score in theirs)
    if any(score is None for _, score in theirs):
        same = [one for one, _ in ours] == [one for one, _ in theirs]
    elif _arbitrary(fusion, case, len(ours)):
        same = sorted(ours) == sorted(theirs)
    else:
        same = ours == theirs
    if not same:
        result.differences.append(f"{json.dumps(case)}: here {ours}, there {theirs}")


def _arbitrary(fusion: str, case: dict[str, Any], hits: int) -> bool:
    """Whether equal scores are in no order that can be known.

    ranx sorts up to 15 hits stably and more otherwise; under borda it begins with a set of strs.
    Qdrant has a hash map.
    """
    if fusion in ("qdrant-rrf", "qdrant-dbsf"):
        return True
    unknown = hits > 15 or case["arguments"].get("norm") == "borda"
    return fusion.startswith("ranx") and unknown
