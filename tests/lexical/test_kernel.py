"""The kernel scores as the reference does, to the bit, in every convention."""

from __future__ import annotations

import numpy as np
import pytest

from vdb import lexical
from vdb.kernel import (
    TextIndex,
    TextScorer,
    TextSegment,
    build_text_segment,
    text_byte_length,
    text_families,
    text_length_byte,
)
from vdb.lexical import Phrase, Prefix, Term
from vdb.lexical.byte_lengths import LENGTH_OF_BYTE, length_bytes

ROWS = lexical.conventions()
WORDS = [f"w{number}" for number in range(12)]
SETTINGS = {"k1": (0.0, 0.9, 2.0), "b": (0.0, 0.4, 1.0), "delta": (0.1, 0.3, 2.0)}


def collection(rng):
    weights = 1 / np.arange(1, 13)
    sizes = rng.choice([0, 1, 5, 20, 60, 300], rng.integers(1, 25))
    return [
        [None if rng.random() < 0.05 else str(word) for word in words]
        for words in (rng.choice(WORDS, size, p=weights / weights.sum()) for size in sizes)
    ]


def query(rng):
    clauses = [
        *map(Term, WORDS),
        Term("absent"),
        *(Phrase(tuple(rng.choice(WORDS[:4], 2))) for _ in range(3)),
        Prefix("w1"),
    ]
    return [
        clauses[place]
        for place in rng.integers(len(clauses), size=rng.choice([1, 2, 3, 5, 9, 17, 200]))
    ]


def as_tuple(clause):
    if isinstance(clause, Phrase):
        return "phrase", [term if term is None else str(term) for term in clause.terms]
    return ("prefix", [clause.prefix]) if isinstance(clause, Prefix) else ("term", [clause.term])


def searched(row, clauses, documents, settings):
    slots = np.arange(len(documents), dtype=np.uint32)
    index = TextIndex([TextSegment(build_text_segment(slots, documents))], [None])
    lengths = [sum(term is not None for term in document) for document in documents]
    counted = len(documents) if row.counts == "texts" else sum(map(bool, lengths))
    share = 0.25 * index.mean_okapi_idf(counted) if row.family == "rank-bm25-okapi" else 0.0
    scorer = TextScorer(
        row.family, documents=counted, length_sum=sum(lengths), negative_idf=share, **settings
    )
    hits, scores = index.search([as_tuple(clause) for clause in clauses], scorer, len(documents))
    sign = -1 if row.direction == "lower" else 1
    return dict(zip(hits.tolist(), (sign * scores).tolist(), strict=True))


def random_settings(row, rng):
    return {name: float(rng.choice(SETTINGS[name])) for name in row.settable if rng.random() < 0.3}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_searches_give_the_scores_of_the_reference(row):
    rng = np.random.default_rng(23)
    compared = 0
    for _ in range(60):
        documents, clauses = collection(rng), query(rng)
        settings = random_settings(row, rng)
        expected = lexical.score(clauses, documents, row.name, **settings)
        hits = searched(row, clauses, documents, settings)
        assert {slot: float(expected[slot]) for slot in hits} == hits
        found = {
            slot
            for slot, document in enumerate(documents)
            if any(lexical.explain([clause], [document], 0).clauses[0].tf for clause in clauses)
        }
        assert found <= set(hits)
        compared += len(hits)
    assert compared > 150


def test_every_formula_of_the_kernel_has_a_convention():
    assert {row.family for row in ROWS} == set(text_families())


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_the_constants_are_the_same(row):
    scorer = TextScorer(row.family, documents=5, length_sum=9)
    assert (scorer.k1, scorer.b) == (row.k1, row.b)
    assert row.delta is None or scorer.delta == row.delta
    assert scorer.single == (row.dtype == "float32")


def test_lengths_in_bytes_are_the_same():
    for length in (*range(2000), 65_535, 10**6, 2**31 - 1):
        assert text_length_byte(length) == length_bytes([length])[0]
    assert [text_byte_length(byte) for byte in range(256)] == LENGTH_OF_BYTE.tolist()
