"""Payloads come back exactly as they were given, or are refused with the path to the culprit."""

import datetime
import decimal
import enum

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vdb.errors import CorruptedError, InvalidPayloadError
from vdb.format import payloads

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
PAYLOADS = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(TEXT, inner, max_size=5),
    max_leaves=30,
)


def same(a, b):
    """Equal, and of equal types all the way down; 0.0 and -0.0 differ."""
    if type(a) is not type(b):
        return False
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[k], b[k]) for k in a)
    if isinstance(a, list):
        return len(a) == len(b) and all(map(same, a, b))
    return repr(a) == repr(b)


@given(PAYLOADS)
def test_a_payload_comes_back(payload):
    assert same(payloads.decode(payloads.encode(payload), "here"), payload)


class Colour(enum.IntEnum):
    RED = 1


class Name(str):
    __slots__ = ()


@pytest.mark.parametrize(
    "culprit",
    [
        (1, 2),
        b"bytes",
        bytearray(b"bytes"),
        {1, 2},
        float("nan"),
        float("inf"),
        2**64,
        -(2**63) - 1,
        1j,
        decimal.Decimal(1),
        datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC),
        datetime.date(2020, 1, 1),
        np.float64(1.5),
        np.float32(1.5),
        np.int64(1),
        np.bool_(True),  # the type is the point
        np.str_("text"),
        np.zeros(2),
        "\ud800",
        Colour.RED,
        Name("text"),
        object(),
        range(3),
    ],
    ids=repr,
)
def test_what_would_not_come_back_unchanged_is_refused_with_its_path(culprit):
    payload = {"a": [0, {"b c": [True, culprit]}]}
    with pytest.raises(InvalidPayloadError) as caught:
        payloads.encode(payload)
    assert caught.value.path == "['a'][1]['b c'][1]"
    assert str(caught.value).startswith("payload['a'][1]['b c'][1]: expected ")
    assert caught.value.expected
    assert caught.value.received


@pytest.mark.parametrize("key", [1, None, b"k", ("a",), True, Name("k")])
def test_keys_are_str(key):
    with pytest.raises(InvalidPayloadError, match="str keys"):
        payloads.encode({"a": {key: 1}})


def test_a_key_that_utf_8_cannot_hold_is_refused():
    with pytest.raises(InvalidPayloadError, match="surrogate"):
        payloads.encode({"a\udfff": 1})


def test_the_row_is_named_when_there_are_several():
    with pytest.raises(InvalidPayloadError, match=r"payloads\[3\]\['x'\]: expected") as caught:
        payloads.encode({"x": {1}}, row=3)
    assert caught.value.row == 3


def nested(depth):
    payload = None
    for _ in range(depth):
        payload = [payload]
    return payload


def test_nesting_has_an_end():
    deepest = nested(payloads.DEEPEST)
    assert payloads.decode(payloads.encode(deepest), "here") == deepest
    with pytest.raises(InvalidPayloadError, match="64 levels"):
        payloads.encode(nested(payloads.DEEPEST + 1))


def test_a_payload_that_holds_itself_is_refused():
    payload = []
    payload.append(payload)
    with pytest.raises(InvalidPayloadError, match="nesting"):
        payloads.encode(payload)
    with pytest.raises(InvalidPayloadError, match="nesting"):
        payloads.encode(nested(10_000))


def test_length_has_an_end():
    longest = "x" * (payloads.LARGEST - 5)
    assert payloads.decode(payloads.encode(longest), "here") == longest
    with pytest.raises(InvalidPayloadError, match=r"1,048,577 bytes"):
        payloads.encode(longest + "x")


@given(st.binary(max_size=100))
def test_arbitrary_bytes_are_decoded_or_called_damaged(body):
    try:
        payloads.decode(body, "here")
    except CorruptedError as error:
        assert error.where == "here"
