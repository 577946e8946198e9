"""The hand-made vectors, and what engines return for them (golden.tsv).

`-` is an error or a missing row. Six pairs of a query and a stored vector:
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import NamedTuple

PAIRS = {
    "seed": ([1, 2], [2, 0.5]),
    "negative": ([2, 2], [-5, -5]),
    "collinear": ([1, 2], [2, 4]),
    "opposite": ([1, 2], [-1, -2]),
    "one_zero": ([1, 2], [0, 0]),
    "both_zero": ([0, 0], [0, 0]),
}
STORED_ONLY_ELSEWHERE = ("one_zero", "both_zero")  # under cosine zero vectors are not stored here


class Row(NamedTuple):
    convention: str
    metric: str
    pair: str
    score: float | None  # None: refused or missing


def rows() -> list[Row]:
    """Every number of the table."""
    with (Path(__file__).parent / "golden.tsv").open(encoding="utf-8") as file:
        return [
            Row(line["convention"], line["metric"], pair, number(line[pair]))
            for line in csv.DictReader(file, delimiter="\t")
            for pair in PAIRS
        ]


def number(text: str) -> float | None:
    return None if text == "-" else float(text)
