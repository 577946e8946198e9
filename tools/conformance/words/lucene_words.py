"""Scores of words as Lucene computes them: a program in Java, beside this file, answers."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import numpy as np

from tools.conformance.lucene import jar, java

__all__ = ["answers"]

_PROGRAM = Path(__file__).parent / "LuceneWords.java"
_DEFAULTS = {"k1": 1.2, "b": 0.75}


def answers(convention: str, all_cases: list[dict[str, Any]]) -> tuple[str, list[list[Any]]]:
    """Lucene's version, and its scores.

    Raises:
        AbsentError: There is no Java, or no Lucene.
    """
    lines = []
    for case in all_cases:
        k1, b = (case["settings"].get(name, _DEFAULTS[name]) for name in _DEFAULTS)
        boosted = int(convention == "elasticsearch")
        lines.append(f"corpus {k1} {b} {boosted} {len(case['documents'])}")
        lines += [" ".join(words) for words in case["documents"]]
        if case["deleted"]:
            lines.append("delete " + " ".join(map(str, case["deleted"])))
        lines += ["query\t" + "\t".join(query) for query in case["queries"]]
    completed = subprocess.run(
        [java(), "-Xmx512m", "--add-modules", "jdk.incubator.vector", "-cp", jar(), str(_PROGRAM)],
        input="\n".join(lines) + "\n",
        capture_output=True,
        text=True,
        check=False,
    )
    if completed.returncode:
        raise RuntimeError(completed.stderr.strip().splitlines()[-1])
    version, *found = completed.stdout.split("\n")
    replies = iter(found)
    return f"Lucene {version}", [
        [_pairs(next(replies)) for _ in case["queries"]] for case in all_cases
    ]


def _pairs(text: str) -> list[list[Any]]:
    pairs = (word.split(":") for word in text.split())
    return [[int(place), float(np.int32(int(bits)).view(np.float32))] for place, bits in pairs]
