"""Scores of engines that ran, on equal tokens."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from support import text_oracle
from vdb.kernel import TextIndex, TextScorer, text_families

TEXTS = [
    "the quick brown fox",
    "the lazy dog",
    "the quick quick dog jumps over the lazy fox fox fox",
    "filler " * 50 + "quick",
    "fox",
    "word " * 1000 + "dog dog",
]
DOCUMENTS = {slot: text.split() for slot, text in enumerate(TEXTS)}
ROWS: list[dict[str, Any]] = json.loads(
    (Path(__file__).parent / "golden_scores.json").read_text(encoding="utf-8")
)


def case(row: dict[str, Any]) -> tuple[TextIndex, TextScorer]:
    """The index, and the statistics as the engine has them in that state."""
    deleted = row["state"] != "base"
    index = TextIndex([text_oracle.segment(DOCUMENTS)], [b"\x02" if deleted else None])
    counted = DOCUMENTS
    if row["state"] in {"deleted1", "deleted1_merged"}:
        counted = {slot: tokens for slot, tokens in DOCUMENTS.items() if slot != 1}
    return index, text_oracle.scorer(row["family"], counted)


# An engine that counts deleted documents until they are merged away has another df as well.
@pytest.mark.parametrize("row", [row for row in ROWS if row["state"] != "deleted1_unmerged"])
def test_scores_are_those_of_the_engine(row: dict[str, Any]) -> None:
    index, scorer = case(row)
    query = [("term", [word]) for word in row["query"].split()]
    slots, scores = index.search(query, scorer, 10)
    ours = dict(zip(slots.tolist(), scores.tolist(), strict=True))
    sign = -1 if row["family"] == "fts5" else 1
    for slot, expected in row["scores"].items():
        score = sign * ours.pop(int(slot), 0.0)
        if row["family"] == "lucene":  # as Java prints float32: the shortest digits
            assert np.float32(expected) == np.float32(score)
        else:
            assert score == expected
    assert ours == {}


def test_every_family_but_three_has_a_row() -> None:
    # Vespa's and Elasticsearch's were read from their sources, and the native one is vdb's own.
    families = {row["family"] for row in ROWS}
    assert families | {"native", "vespa", "lucene-legacy"} == set(text_families())
