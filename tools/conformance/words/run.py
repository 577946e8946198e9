"""Compares scores of words with those of the engines, which run in processes of their own."""

from __future__ import annotations

import json
import subprocess
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from tools.conformance.engine import AbsentError
from vdb import lexical
from vdb.lexical.clause_counts import occurrences

from . import lucene_words
from .cases import CONVENTIONS, cases
from .engines import MISSING

__all__ = ["CONVENTIONS", "Result", "compare", "compare_all", "page"]

_TIMEOUT = 3600
_LIBRARY = Path(__file__).parent / "engines.py"
_LINE = "{:<18} {:<28} {:>7} {:>9} {:>9} {:>10} {:>9}"
_SHOWN = 3
_HEADING = "| convention | engine | queries | scores | equal to the bit | largest | different |"
_OPENING = """\
# Scores of words held against the engines

Written by `python -m tools.conformance --lexical --page`: {count:,} random queries a convention,
seed {seed}, ten a corpus.

Corpora have up to 25 documents of 0 to 5,000 words, of a vocabulary of 3 to 60; queries have one
to twenty-three clauses: words, some of them repeated or in no document, and where the engine has
them phrases and beginnings of words. Constants are set where the engine's users may set them.
SQLite and Lucene delete documents, too, and Lucene merges then; "elasticsearch" is Lucene with
the boost of Elasticsearch's similarity. Every score is compared with that of `vdb.lexical.score`,
to which those of a search are equal to the bit.

- *largest*: the largest relative difference of scores that are not equal to the bit;
- *different*: queries with other documents, and scores with another bit (of bm25s: further apart
  than 4e-7, which numpy 1 may bring about).
"""
_BM25S_ULPS = 4  # of float32; 4e-7 and a little


@dataclass
class Result:
    """What came of one convention.

    Attributes:
        convention: Its name.
        version: The engine and its version.
        cases: How many queries were scored.
        scores: How many scores were compared.
        equal: How many of them are equal to the bit.
        largest: The largest relative difference of the others.
        differences: What is not the same, in words: any bit, but of bm25s more than 4e-7.
    """

    convention: str
    version: str = ""
    cases: int = 0
    scores: int = 0
    equal: int = 0
    largest: float = 0.0
    differences: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def compare_all(
    names: list[str], python: str, seed: int, count: int, *, quiet: bool
) -> tuple[list[Result], dict[str, str]]:
    """What came of each convention, printed as it comes, and why others did not run."""
    results: list[Result] = []
    absent: dict[str, str] = {}
    if not quiet:
        heading = ("convention", "engine", "cases", "scores", "equal", "largest", "different")
        print(f"{count:,} cases each, seed {seed}\n\n{_LINE.format(*heading)}")
    for name in names:
        result = compare(name, python, seed, count)
        if isinstance(result, str):
            absent[name] = result
            continue
        results.append(result)
        if not quiet:
            print(_line(result), flush=True)
    return results, absent


def _line(result: Result) -> str:
    text = _LINE.format(
        result.convention,
        result.version,
        result.cases,
        result.scores,
        result.equal,
        f"{result.largest:.1e}",
        len(result.differences),
    )
    return "\n".join([text, *(f"    {one}" for one in result.differences[:_SHOWN])])


def compare(convention: str, python: str, seed: int, count: int) -> Result | str:
    """One convention; why it did not run where its engine is not there."""
    all_cases = cases(convention, count, seed)
    result = Result(convention)
    try:
        if convention in ("lucene", "elasticsearch"):
            result.version, found = lucene_words.answers(convention, all_cases)
        else:
            result.version, found = _answers(convention, python, all_cases)
    except AbsentError as error:
        return str(error)
    except RuntimeError as error:
        result.differences.append(f"it failed: {error}")
        return result
    for case, answer in zip(all_cases, found, strict=True):
        _compare_one(convention, case, answer, result)
    return result


def _answers(convention: str, python: str, all_cases: list[Any]) -> tuple[str, list[Any]]:
    completed = subprocess.run(
        [python, str(_LIBRARY), convention],
        input="\n".join(map(json.dumps, all_cases)),
        capture_output=True,
        text=True,
        timeout=_TIMEOUT,
        check=False,
    )
    last = completed.stderr.strip().splitlines()[-1:] or [f"status {completed.returncode}"]
    if completed.returncode == MISSING:
        raise AbsentError(last[0])
    if completed.returncode:
        raise RuntimeError(last[0])
    version, *lines = completed.stdout.splitlines()
    return version, [json.loads(line) for line in lines]


def _compare_one(convention: str, case: dict[str, Any], answer: list[Any], result: Result) -> None:
    living = [n for n in range(len(case["documents"])) if n not in set(case["deleted"])]
    documents = [case["documents"][place] for place in living]
    for query, theirs in zip(case["queries"], answer, strict=True):
        clauses = [_clause(text) for text in query]
        scores = lexical.score(clauses, documents, convention, **case["settings"])
        ours = dict(zip(living, scores, strict=True))
        result.cases += 1
        matching = {
            place
            for place, document in zip(living, documents, strict=True)
            if _matches(clauses, document)
        }
        if {place for place, _ in theirs} not in (matching, set(living)):
            result.differences.append(f"other documents: {json.dumps(query)}")
        for place, score in theirs:
            _compare_scores(result, ours[place], scores.dtype.type(score), (query, place))


def _clause(text: str) -> lexical.Term | lexical.Phrase | lexical.Prefix:
    if text.endswith("*"):
        return lexical.Prefix(text.removesuffix("*"))
    return lexical.Phrase(tuple(text.split())) if " " in text else lexical.Term(text)


def _matches(clauses: list[Any], document: list[str]) -> bool:
    return any(occurrences(clause, document) for clause in clauses)


def _compare_scores(result: Result, ours: Any, theirs: Any, what: Any) -> None:
    result.scores += 1
    if ours == theirs:
        result.equal += 1
        return
    result.largest = max(result.largest, float(abs(ours - theirs) / max(abs(ours), abs(theirs))))
    if not result.convention.startswith("bm25s") or abs(ours - theirs) > _BM25S_ULPS * np.spacing(
        np.float32(max(abs(ours), abs(theirs)))
    ):
        result.differences.append(f"{what}: here {float(ours)!r}, there {float(theirs)!r}")


def page(results: list[Result], absent: dict[str, str], count: int, seed: int) -> str:
    """The table in Markdown."""
    lines = [_OPENING.format(count=count, seed=seed), _HEADING, "|---|---|---|---|---|---|---|"]
    lines += [
        f"| `{one.convention}` | {one.version} | {one.cases:,} | {one.scores:,} | {one.equal:,} | "
        f"{f'{one.largest:.1e}' if one.largest else '0'} | {len(one.differences)} |"
        for one in results
    ]
    if absent:
        lines += ["", "Did not run:", ""]
        lines += [f"- {name}: {words}" for name, words in absent.items()]
    return "\n".join(lines) + "\n"
