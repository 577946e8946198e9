"""Literals of filters lead to the terms of the values that equal them."""

from __future__ import annotations

from datetime import UTC

from hypothesis import given
from hypothesis import strategies as st

from vdb.index.fields import term_ranges
from vdb.store.format import terms

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=6) | st.sampled_from(
    ["x" * 240, "x" * 241, "x" * 239 + "\0", "x" * 239 + "\0z", "x" * 240 + "\0", "x" * 239 + "y"]
)


def term(kind, value):
    """The term of a value."""
    (only,) = terms.terms(kind, value) - {terms.PRESENT}
    return only


@given(st.lists(texts, max_size=6))
def test_a_list_of_literals_has_the_terms_of_each(listed):
    together = term_ranges.of_literals("keyword", listed)
    each = [term_ranges.of_literals("keyword", [text, None]) for text in listed]
    for which in (0, 1):
        assert together[which] == sorted({pair for one in each for pair in one[which]})


@given(texts)
def test_a_term_is_shared_just_where_it_does_not_tell_its_value(text):
    several = terms.value_of("keyword")(term("keyword", text)) is terms.SEVERAL
    shared = [terms.whole(term("keyword", text))] if several else []
    assert term_ranges.shared_terms([text, None]) == shared
    assert term_ranges.of_literals("keyword", [text]).unsure == shared


@given(st.datetimes())
def test_a_datetime_is_looked_up_by_what_its_term_means(moment):
    literal = moment.replace(tzinfo=UTC)
    value = terms.value_of("datetime")(term("datetime", moment.isoformat()))
    assert term_ranges.lookup_keys("datetime", [None, literal]) == [value]


def test_numbers_and_texts_are_looked_up_as_they_are():
    assert term_ranges.lookup_keys("int[]", [1, 2.5]) == [1, 2.5]
    assert term_ranges.lookup_keys("keyword", ["a"]) == ["a"]
