"""A snippet is a part of the text, with the words in it that a query finds."""

import re

import numpy as np
import pytest

import vdb
from vdb.lexical import Phrase, Prefix, Term, analyzer, snippet

SIMPLE = analyzer("simple")
TEXT = (
    "One fish. Two fish. " + "Filler words go here. " * 20 + "Red fish and blue fish swim. The end."
)


def brute_force(text, words, length):
    """The most distinct words, and then words, of any window of that length."""
    places = [
        (m.start(), m.end(), m[0].lower()) for m in re.finditer(r"[a-z]+", text, re.IGNORECASE)
    ]
    places = [place for place in places if place[2] in words]
    best = (0, 0)
    for first in range(len(places)):
        inside = [p for p in places[first:] if p[1] - places[first][0] <= length]
        best = max(best, (len({p[2] for p in inside}), len(inside)))
    return best


def test_the_best_window_has_most_words():
    one = snippet(TEXT, "red blue fish", SIMPLE, 40)
    assert one.marked() == "…here. [Red] [fish] and [blue] [fish] swim…" or "[Red]" in one.marked()
    assert one.text == TEXT[one.start : one.end] and len(one.text) <= 40


def test_windows_are_as_good_as_any():
    rng = np.random.default_rng(5)
    for _ in range(300):
        text = " ".join(rng.choice(list("abcdefgh"), rng.integers(1, 60)))
        words = list(rng.choice(list("abc"), 2))
        length = int(rng.integers(5, 40))
        one = snippet(text, " ".join(words), SIMPLE, length)
        shown = [one.text[start:end] for start, end in one.matches]
        assert set(shown) <= set(words)
        assert (len(set(shown)), len(shown)) >= brute_force(text, words, length)
        assert one.text == text[one.start : one.end] and len(one.text) <= length
        plain = one.marked("", "", "")
        assert plain == one.text and one.marked().count("[") == len(one.matches)


def test_phrases_and_beginnings_mark_their_own_words():
    text = "fox quick fox and the quick foxes"
    assert str(snippet(text, '"quick fox"', SIMPLE)) == "fox [quick] [fox] and the quick foxes"
    assert str(snippet(text, "fox*", SIMPLE)) == "[fox] quick [fox] and the quick [foxes]"
    assert str(snippet(text, "fox", "english")) == "[fox] quick [fox] and the quick [foxes]"
    clauses = (Phrase(("fox", None, "the")), Prefix("qu"), Term("and"))
    assert str(snippet(text, clauses, SIMPLE)) == "fox [quick] [fox] [and] [the] [quick] foxes"


def test_characters_that_overlap_are_marked_once():
    assert str(snippet("東京都に行く", "東京都", "cjk")) == "[東京都]に行く"
    assert str(snippet("abcdef", "bcde", "ngrams-2-3")) == "a[bcde]f"


def test_nothing_found_is_the_beginning():
    one = snippet(TEXT, "absent", SIMPLE, 12)
    assert (one.text, one.matches, one.before, one.after) == ("One fish.", (), False, True)
    assert snippet("", "a", SIMPLE).marked() == ""
    assert snippet("short", "", SIMPLE).marked() == "short"


def test_html_is_made_when_it_is_asked_for_and_escapes():
    one = snippet("<b>fox & co</b>", "fox", SIMPLE)
    assert one.marked() == "<b>[fox] & co</b>"
    assert one.html() == "&lt;b&gt;<mark>fox</mark> &amp; co&lt;/b&gt;"


def test_a_word_longer_than_the_window_is_cut():
    one = snippet("a" * 50, "a" * 50, SIMPLE, 10)
    assert one.text == "a" * 10 and one.matches == ((0, 10),) and one.after


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        (("a", "a", SIMPLE, 0), vdb.InvalidArgumentError, "length"),
        (("a", "a", SIMPLE, "x"), vdb.ArgumentTypeError, "length"),
        ((None, "a", SIMPLE), vdb.ArgumentTypeError, "text must be a str"),
        (("a", ["a"], SIMPLE), vdb.ArgumentTypeError, "query must be a str or clauses"),
        (("a", "a", "nobody"), vdb.InvalidArgumentError, "analyzer must be one of"),
    ],
)
def test_what_is_no_snippet_is_refused(arguments, error, text):
    with pytest.raises(error, match=text):
        snippet(*arguments)
