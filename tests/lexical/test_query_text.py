"""The text of a query means what its signs say, and no text is an error."""

import numpy as np
import pytest

import vdb
from vdb.lexical import Phrase, Prefix, Term, analyzer, parse_query

SIMPLE, ENGLISH = analyzer("simple"), analyzer("english")


@pytest.mark.parametrize(
    ("text", "clauses"),
    [
        ("", ()),
        ("red Fox red", (Term("red"), Term("fox"), Term("red"))),
        ('"quick fox"', (Phrase(("quick", "fox")),)),
        ('a "quick fox" b', (Term("a"), Phrase(("quick", "fox")), Term("b"))),
        ("“quick fox”", (Phrase(("quick", "fox")),)),
        ('"fox"', (Term("fox"),)),
        ('""', ()),
        ("app*", (Prefix("app"),)),
        ("x foo-Ba* y", (Term("x"), Term("foo"), Prefix("ba"), Term("y"))),
        ("* ** a *b c*d", (Term("a"), Term("b"), Term("c"), Term("d"))),
        ("foo-*", (Term("foo"),)),
        (r"app\* \"a b\"", (Term("app"), Term("a"), Term("b"))),
        (r"a\\b \c", (Term("a"), Term("b"), Term("c"))),
        ('6" pipe 8" hose', (Term("6"), Term("pipe"), Term("8"), Term("hose"))),
        ('a "b c', (Term("a"), Term("b"), Term("c"))),
        ('"a b" c "d', (Phrase(("a", "b")), Term("c"), Term("d"))),
        ('("a b")', (Phrase(("a", "b")),)),
        ('"ap* x"', (Phrase(("ap", "x")),)),
    ],
)
def test_the_clauses_of_a_text(text, clauses):
    assert parse_query(text, SIMPLE) == clauses


def test_clauses_of_two_kinds_are_not_equal():
    assert Term("a") != Prefix("a") and len({Term("a"), Prefix("a"), Phrase(("a",))}) == 3


def test_stop_words_are_gaps_in_phrases_and_nothing_elsewhere():
    assert parse_query('"end of the world" of', ENGLISH) == (Phrase(("end", None, None, "world")),)
    assert parse_query('"the end of"', ENGLISH) == (Term("end"),)
    assert parse_query("of the", ENGLISH) == parse_query('"of the"', ENGLISH) == ()


def test_a_beginning_is_not_stemmed():
    assert parse_query("Walki* walking", ENGLISH) == (Prefix("walki"), Term("walk"))
    assert parse_query("the*", ENGLISH) == (Prefix("the"),)


def test_n_grams_have_no_beginnings():
    assert parse_query("abcd*", analyzer("ngrams-3")) == (Term("abc"), Term("bcd"))
    assert parse_query("東*", analyzer("cjk")) == (Prefix("東"),)


def test_without_syntax_all_is_plain():
    text = '"quick fox" app* \\x'
    assert parse_query(text, SIMPLE, syntax=False) == tuple(map(Term, ("quick", "fox", "app", "x")))
    assert parse_query("a* b", analyzer("whitespace"), syntax=False) == (Term("a*"), Term("b"))


def test_a_query_loses_no_word():
    rng = np.random.default_rng(3)
    for _ in range(3000):
        text = "".join(rng.choice(list('ab "*\\“”')) for _ in range(rng.integers(1, 14)))
        words = []
        for clause in parse_query(text, SIMPLE):
            if isinstance(clause, Phrase):
                terms = clause.terms
            else:
                terms = (clause.term if isinstance(clause, Term) else clause.prefix,)
            words += [term for term in terms if term]
        plain = SIMPLE.terms(text.replace('\\"', " ").replace("\\*", " "))
        assert words == plain, text


def test_a_query_is_a_str():
    with pytest.raises(vdb.ArgumentTypeError, match="text must be a str"):
        parse_query(None, SIMPLE)
