"""Terms keep the order of values; leaves come back as they were; hostile ones are refused."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from vdb.errors import CorruptedError
from vdb.model.filters.values import moment
from vdb.store.format import posting_leaves, terms
from vdb.store.format.posting_leaves import Leaf, posting
from vdb.store.format.terms import terms as terms_of

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=6) | st.sampled_from(
    ["x" * 240, "x" * 241, "x" * 239 + "\0", "x" * 239 + "\0z", "x" * 240 + "\0", "x" * 239 + "y"]
)
values = {
    "int": st.integers(-(2**63), 2**64 - 1),
    "float": st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**53), 2**53),
    "keyword": texts,
    "bool": st.booleans(),
    "datetime": st.datetimes().map(lambda moment: moment.isoformat()),
}


def key(kind, value):
    """The term of a value."""
    (found,) = terms_of(kind, value) - {terms.PRESENT}
    return found


@pytest.mark.parametrize("kind", values)
def test_the_order_of_terms_is_the_order_of_values(kind):
    meaning = {
        "keyword": str.encode,
        "datetime": lambda text: datetime.fromisoformat(text).replace(tzinfo=UTC),
    }.get(kind, lambda value: value)

    @given(values[kind], values[kind])
    def compare(a, b):
        one, other = key(kind, a), key(kind, b)
        if one.endswith(b"\0\2") and one == other:
            assert a[:239] == b[:239]
        else:
            assert (one < other) == (meaning(a) < meaning(b))
            assert (one == other) == (meaning(a) == meaning(b))
        assert one == other or not one.startswith(other)
        assert one > terms.NULL and len(posting(one, 0)) <= 247

    compare()


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("int", 1.0), ("int", True), ("int", "1"), ("int", [1]), ("int", {}),
        ("float", 2**53 + 1), ("float", "1"), ("float", False),
        ("keyword", 5), ("keyword", ["a"]), ("bool", 1), ("bool", "true"),
        ("datetime", 0), ("datetime", "soon"), ("datetime", "2024"),
        ("int[]", 5), ("int[]", [1, None]), ("keyword[]", ["a", 5]), ("keyword[]", [["a"]]),
    ],
)  # fmt: skip
def test_what_does_not_fit_a_type_has_no_terms(kind, value):
    assert terms_of(kind, value) is None


listed = st.sets(
    st.builds(posting, st.binary(max_size=8).map(lambda b: b"\2" + b + b"\0\1"), st.integers(0, 9)),
    min_size=1,
    max_size=60,
).map(sorted)


@given(listed, st.integers(40, 200))
@example([posting(b"\0", slot) for slot in range(3000)], 4076)
@example([posting(b"\2" + bytes([n // 9]) * (n % 7), n) for n in range(300)], 300)
def test_postings_come_back_from_leaves_that_fit(found, room):
    found = sorted(set(found))
    pieces = posting_leaves.cut(found, room)
    assert [entry for piece, _ in pieces for entry in piece] == found
    for piece, body in pieces:
        assert len(body) <= room or len(piece) == 1
        leaf = Leaf(body, "here")
        assert leaf.postings() == piece
        every = [int.from_bytes(entry[-4:], "big") for entry in piece]
        assert leaf.slots.tolist() == leaf.between(b"", b"\xff").tolist() == every
        low, high = piece[0][:-4], piece[-1][:-4]
        inside = [int.from_bytes(e[-4:], "big") for e in piece if low < e[:-4] < high]
        assert leaf.between(low + b"\0", high).tolist() == inside


@given(st.data())
def test_a_hostile_leaf_is_refused_or_read_never_a_crash(data):
    found = sorted({posting(b"\2%d\0\1" % (n % 7), n) for n in range(20)})
    body = bytearray(posting_leaves.encode(found))
    for _ in range(data.draw(st.integers(1, 4))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(body[: data.draw(st.integers(0, len(body)))]) if data.draw(st.booleans()) else body
    for ask in (
        lambda leaf: leaf.postings(),
        lambda leaf: leaf.terms(),
        lambda leaf: leaf.between(b"\0", b"\2\xff"),
        lambda leaf: leaf.between(b"\2" + b"3", b"\2" + b"5"),
        lambda leaf: leaf.slots,
    ):
        try:
            ask(Leaf(bytes(cut), "here"))
        except CorruptedError as error:
            assert error.where == "here"


@pytest.mark.parametrize("kind", values)
def test_a_term_tells_its_value(kind):
    tell = terms.value_of(kind + "[]")
    assert tell(terms.PRESENT) is None
    assert tell(terms.NULL) is None

    @given(values[kind])
    def told(value):
        said = tell(key(kind, value))
        if kind == "keyword" and len(value.encode().replace(b"\0", b"\0\xff")) > terms.LONGEST:
            assert said is terms.SEVERAL
        elif kind == "datetime":
            assert said == moment(value)
        else:
            assert said == value
            assert type(said) is type(value) or kind == "float"

    told()
