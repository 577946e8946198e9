"""Scores of words are those of the engines: to the bit where they have one, in their precision."""

import json
from pathlib import Path

import numpy as np
import pytest

import vdb
from vdb.lexical.byte_lengths import LENGTH_OF_BYTE, length_bytes, seen_lengths

FILE = Path(__file__).parents[1] / "files" / "lexical" / "golden.json"
GOLDEN = json.loads(FILE.read_text(encoding="utf-8"))
ROWS = GOLDEN["rows"]


def words(document):
    """The terms of a document of the file, which may be ('word ' * 50) + 'end'."""
    if not document.startswith("("):
        return document.split()
    repeated, _, end = document.partition(") + ")
    word, times = repeated.removeprefix("(").split(" * ")
    return word.strip("' ").split() * int(times) + end.strip("'").split()


DOCUMENTS = [words(document) for document in GOLDEN["documents"]]


def documents_of(row):
    """Those that the engine's statistics count, and the numbers of the living among them."""
    living = [place for place in range(6) if place != 1 or not row["state"].startswith("deleted")]
    counted = range(6) if row["state"].endswith("unmerged") else living
    return list(counted), living


@pytest.mark.parametrize(
    "row", ROWS, ids=[f"{row['scores']} {row['state']} {row['query']}" for row in ROWS]
)
def test_the_scores_are_the_engines(row):
    counted, living = documents_of(row)
    scores = vdb.lexical.score(
        row["query"].split(), [DOCUMENTS[place] for place in counted], row["scores"]
    )
    ours = {place: score for place, score in zip(counted, scores, strict=True) if place in living}
    theirs = dict(row["output"])
    assert {place for place, score in ours.items() if score or row["state"] == "all"} == set(theirs)
    for place, expected in theirs.items():
        if row["engine"] == "bm25s":
            assert ours[place] == pytest.approx(expected, rel=4e-7)
        else:
            assert ours[place] == scores.dtype.type(expected)


def test_a_wrong_digit_would_be_seen():
    row = next(row for row in ROWS if row["scores"] == "lucene")
    place, expected = row["output"][0]
    assert np.nextafter(np.float32(expected), np.float32(9)) != np.float32(expected)
    ours = vdb.lexical.score(row["query"].split(), DOCUMENTS, "lucene")[place]
    assert ours == np.float32(expected)


def test_a_score_that_was_published_of_mongodb_is_lucenes():
    """Franck Pachot on dev.to, 19 December 2025: nine texts of fruits, scoreDetails and all."""
    texts = [
        *("🍏 🍌 🍊", "🍎 🍌 🍊", "🍎 🍌 🍊 🍎", "🍎 🍌 🍊 🍊 🍊", "🍎 🍌 🍊 🌴 🫐 🍈 🍇 🌰"),
        *("🍎 🍎 🍎 🍎 🍎 🍎", "🍎 🍌", "🍌 🍊 🌴 🫐 🍈 🍇 🌰 🍎", "🍎 🍎 🍌 🍌 🍌"),
    ]
    documents = [text.split() for text in texts]
    scores = vdb.lexical.score(["🍎", "🍏"], documents, "mongodb")
    assert float(scores[0]) == 1.0242118835449219


def test_the_table_of_lengths_is_lucenes():
    assert LENGTH_OF_BYTE.tolist() == GOLDEN["byte_lengths"]
    lengths = np.arange(100_000)
    seen = seen_lengths(lengths)
    assert (seen <= lengths).all() and (np.diff(seen) >= 0).all()
    assert (LENGTH_OF_BYTE[length_bytes(lengths).astype(int) + 1] > lengths).all()
    assert seen_lengths([51, 1002]).tolist() == [50, 984]


def test_every_engine_that_was_measured_has_rows():
    tested = {row["scores"] for row in ROWS}
    measured = {row.name for row in vdb.lexical.conventions() if row.evidence == "measured"}
    assert measured == tested
