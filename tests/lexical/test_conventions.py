"""A row says what its engine computes, and an explanation adds up to the score."""

import math
from itertools import pairwise

import numpy as np
import pytest

import vdb
from vdb import lexical
from vdb.lexical import Phrase, Prefix, Term
from vdb.lexical.convention_text import lexical_facts

ROWS = lexical.conventions()
NAMES = [row.name for row in ROWS]
WORDS = [f"w{number}" for number in range(12)]
CLAUSES = [
    *map(Term, WORDS),
    *(Phrase(pair) for pair in pairwise(WORDS[:7])),
    Phrase(("w0", None, "w1")),
    Prefix("w1"),
    Prefix("w"),
    Term("absent"),
    Prefix("absent"),
    Phrase(("absent", "w1")),
]


def collection(rng):
    weights = 1 / np.arange(1, 13)
    return [
        [None if rng.random() < 0.05 else str(word) for word in words]
        for words in (
            rng.choice(WORDS, rng.integers(0, 60), p=weights / weights.sum())
            for _ in range(rng.integers(1, 20))
        )
    ]


def query(rng):
    return [CLAUSES[place] for place in rng.integers(len(CLAUSES), size=rng.integers(1, 6))]


def test_native_is_first_and_the_others_are_in_order():
    assert NAMES[0] == "native"
    assert NAMES[1:] == sorted(NAMES[1:])
    assert all(lexical.describe(name).name == name for name in NAMES)
    assert lexical.describe("bm25s").name == "bm25s-lucene"
    assert lexical.describe("rank-bm25").name == "rank-bm25-okapi"


@pytest.mark.parametrize("row", ROWS, ids=NAMES)
def test_every_fact_has_a_text_and_none_ends_in_a_stop(row):
    facts = lexical_facts(row)
    may_be_empty = {"delta", "note"}
    assert not [name for name in facts if facts[name] in ("", None) and name not in may_be_empty]
    assert not [name for name, text in facts.items() if str(text).endswith(".")]
    assert set(row.settable) <= {"k1", "b", "delta"}


@pytest.mark.parametrize("row", ROWS, ids=NAMES)
def test_an_explanation_adds_up_to_the_score_in_its_precision(row):
    rng = np.random.default_rng(11)
    for _ in range(60):
        documents, clauses = collection(rng), query(rng)
        scores = lexical.score(clauses, documents, row.name)
        assert scores.dtype == row.dtype and np.isfinite(scores).all()
        place = int(rng.integers(len(documents)))
        one = lexical.explain(clauses, documents, place, row.name)
        assert one.score == scores[place]
        if row.name.startswith(("lucene", "elastic", "opensearch", "azure", "mongodb")):
            total = np.float32(math.fsum(share.share for share in one.clauses))
        else:
            total = scores.dtype.type(0)
            for share in one.clauses:
                total += scores.dtype.type(share.share)
            bases = np.array([share.base for share in one.clauses], scores.dtype)
            total += bases[bases != 0].sum()
        assert total == one.score
        assert one.length == sum(term is not None for term in documents[place])
        assert (one.length_byte is None) == (row.lengths == "exact")
        assert str(one).count("\n") >= 5 and row.name in str(one)


@pytest.mark.parametrize("row", ROWS, ids=NAMES)
def test_scores_are_those_of_the_formula_in_words(row):
    """In float64, with exact lengths where the row has them."""
    documents = [["a"] * 3 + ["x"] * 4, ["a", "b"], ["x"] * 9, ["b"] * 2, ["y"], [], ["y", "x"]]
    names = {
        "N": sum(bool(d) for d in documents) if row.counts == "with terms" else len(documents),
        "n": 2,
        "tf": 3,
        "dl": 7,
        "k1": row.k1,
        "b": row.b,
        "delta": row.delta,
        "ln": math.log,
    }
    names["avgdl"] = sum(map(len, documents)) / names["N"]
    tf_part = row.tf_part
    if ", c = " in tf_part:
        tf_part, _, c = tf_part.partition(", c = ")
        names["c"] = evaluated(c, names)
    idf = evaluated(row.idf.partition(", with")[0].partition(", at")[0].partition(";")[0], names)
    expected = idf * evaluated(tf_part, names)
    score = lexical.score(["a"], documents, row.name)[0]
    assert abs(score) == pytest.approx(expected, rel=1e-6)
    assert (score < 0) == (row.direction == "lower")


def evaluated(text, names):
    """A formula as it is written: a space between factors means times."""
    tokens = text.replace("(", " ( ").replace(")", " ) ").split()
    parts = []
    for token in tokens:
        ends = parts and (parts[-1] == ")" or parts[-1].isidentifier() or parts[-1][0].isdigit())
        begins = token == "(" or token.isidentifier() or token[0].isdigit()
        if ends and begins and parts[-1] != "ln":
            parts.append("*")
        parts.append(token)
    return eval(" ".join(parts), {"__builtins__": {}}, names)


def test_elasticsearch_has_the_factor_that_lucene_dropped():
    documents = [["fox"], ["dog", "dog"], ["fox", "dog"]]
    lucene = lexical.score(["fox"], documents, "lucene")
    for name in ("elasticsearch", "opensearch-2"):
        assert lexical.score(["fox"], documents, name) == pytest.approx(2.2 * lucene, rel=1e-6)
    assert (lexical.score(["fox"], documents, "opensearch") == lucene).all()


def test_repeated_words_count_as_the_engine_counts_them():
    documents = [["a", "b"], ["a"], ["c"] * 3]
    for row in ROWS:
        one, three = (lexical.score(["a"] * times, documents, row.name) for times in (1, 3))
        assert three == pytest.approx(3 * one, rel=1e-6)
    explanation = lexical.explain(["a", "b", "a"], documents, 0, "lucene")
    assert [(share.clause, share.times) for share in explanation.clauses] == [("a", 2), ("b", 1)]


def test_empty_texts_count_where_the_row_says_so():
    documents = [["a"], ["b", "a"], []]
    for row in ROWS:
        with_empty = lexical.score(["b"], documents, row.name)[1]
        without = lexical.score(["b"], documents[:2], row.name)[1]
        assert (with_empty == without) == (row.counts == "with terms")
        assert lexical.score(["a"], [[], []], row.name).tolist() == [0, 0]
        assert lexical.score([], documents, row.name).tolist() == [0, 0, 0]
        assert lexical.score(["a"], [], row.name).shape == (0,)


def test_constants_that_an_engine_lets_set_change_the_score():
    documents = [["a"] * 3 + ["b"] * 9, ["a"], ["c"], ["d"], ["e"]]
    for row in ROWS:
        own = lexical.score(["a"], documents, row.name)
        for name, value in (("k1", 0.9), ("b", 0.4), ("delta", 0.2)):
            if name in row.settable:
                assert not np.array_equal(
                    lexical.score(["a"], documents, row.name, **{name: value}), own
                )
            else:
                with pytest.raises(vdb.InvalidArgumentError, match=f"^{name} .* cannot be set"):
                    lexical.score(["a"], documents, row.name, **{name: value})
        assert (lexical.score(["a"], documents, row.name, k1=row.k1, b=row.b) == own).all()


@pytest.mark.parametrize(
    ("arguments", "options", "error", "text"),
    [
        (["a", [["a"]]], {}, vdb.ArgumentTypeError, "query must be a list"),
        ([[3], [["a"]]], {}, vdb.ArgumentTypeError, r"query\[0\] must be a term"),
        ([["a"], ["a"]], {}, vdb.ArgumentTypeError, r"documents\[0\] must be a list"),
        ([["a"], [[3]]], {}, vdb.ArgumentTypeError, r"documents\[0\] must hold strs"),
        ([["a"], [["a"]], "lucen"], {}, vdb.InvalidArgumentError, "did you mean 'lucene'"),
        ([["a"], [["a"]], 3], {}, vdb.ArgumentTypeError, "scores must be the name"),
        ([["a"], [["a"]]], {"k1": -1}, vdb.InvalidArgumentError, "k1 must be 0 or more"),
        ([["a"], [["a"]]], {"b": 2}, vdb.InvalidArgumentError, "b must be from 0 to 1"),
        ([["a"], [["a"]]], {"k1": math.nan}, vdb.InvalidArgumentError, "k1"),
        ([["a"], [["a"]]], {"k1": "x"}, vdb.ArgumentTypeError, "k1"),
        (
            [["a"], [["a"]], "bm25s-bm25l"],
            {"k1": 0, "delta": 0},
            vdb.InvalidArgumentError,
            "both be 0",
        ),
        ([["a"], [["a"]]], {"delta": 1}, vdb.InvalidArgumentError, "delta does not exist"),
    ],
)
def test_what_is_no_query_is_refused(arguments, options, error, text):
    with pytest.raises(error, match=text):
        lexical.score(*arguments, **options)


def test_a_place_outside_is_refused():
    with pytest.raises(vdb.InvalidArgumentError, match="place"):
        lexical.explain(["a"], [["a"]], 1)


def test_an_engine_alone_is_answered_with_its_conventions():
    with pytest.raises(vdb.InvalidArgumentError, match="of rank there are 'rank-bm25-l'"):
        lexical.describe("rank")
