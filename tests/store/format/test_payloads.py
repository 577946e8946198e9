"""Payloads come back exactly as they were given, or are refused with the path to the culprit."""

import collections
import dataclasses
import datetime
import decimal
import enum
import pathlib
import tracemalloc
import typing
import uuid

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vdb import kernel
from vdb.errors import CorruptedError, InvalidPayloadError
from vdb.store.format import payloads

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


OR_JSON = ", or use payload_encoder='json'"


class Colour(enum.IntEnum):
    RED = 1


class Name(str):
    __slots__ = ()


class Point(typing.NamedTuple):
    x: int
    y: int


@dataclasses.dataclass
class Place:
    x: int


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
        np.float64("nan"),
        np.longdouble(1) / 3,
        np.timedelta64(1, "s"),
        np.datetime64(1, "s"),
        np.complex64(1),
        np.bytes_(b"text"),
        np.array(["2020-01-01"], "M8[D]"),
        np.zeros(2, "V4"),
        np.broadcast_to(np.int8(1), (1, 10**12)),
        "\ud800",
        Colour.RED,
        Name("text"),
        object(),
        range(3),
    ],
    # Equal in every process that collects the tests: without addresses.
    ids=lambda culprit: repr(culprit).split(" at 0x")[0],
)
def test_what_would_not_come_back_unchanged_is_refused_with_its_path(culprit):
    payload = {"a": [0, {"b c": [True, culprit]}]}
    with pytest.raises(InvalidPayloadError) as caught:
        payloads.encode(payload)
    assert caught.value.path == "['a'][1]['b c'][1]"
    assert str(caught.value).startswith("payload['a'][1]['b c'][1]: expected ")
    assert caught.value.expected
    assert caught.value.received


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (np.float64(1.5), 1.5),
        (np.float32(0.1), 0.10000000149011612),
        (np.float16(0.1), 0.0999755859375),
        (np.longdouble(0.5), 0.5),
        (np.int64(-(2**63)), -(2**63)),
        (np.uint64(2**64 - 1), 2**64 - 1),
        (np.int8(5), 5),
        (np.bool_(True), True),  # the type is the point
        (np.str_("text"), "text"),
        (np.array([1, 2], np.int16), [1, 2]),
        (np.array([[0.5, 1]], np.float32), [[0.5, 1.0]]),
        (np.array(3.0), 3.0),
        (np.array(["a", "日本"]), ["a", "日本"]),
        (np.array([1, None, "x", np.int8(2)], object), [1, None, "x", 2]),
        ([np.int64(1), {np.str_("k"): np.float32(2)}], [1, {"k": 2.0}]),
    ],
    ids=repr,
)
def test_numbers_and_texts_of_numpy_are_the_python_values_that_they_are(given, kept):
    before = repr(given)
    for payload, expected in ((given, kept), ({"a": [0, given]}, {"a": [0, kept]})):
        assert same(payloads.decode(payloads.encode(payload), "here"), expected)
    assert repr(given) == before, "what was given is not changed"


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (
            float("nan"),
            r"missing, and payload_encoder=vdb\.PayloadEncoder\(nan='null'\) puts it there",
        ),
        (
            datetime.date(2020, 1, 1),
            rf"give \.isoformat\(\), or declare the field as 'datetime'{OR_JSON}",
        ),
        (datetime.timedelta(1), r"give \.total_seconds\(\)"),
        (decimal.Decimal(1), rf"give str\(\.\.\.\) or float\(\.\.\.\){OR_JSON}"),
        (Colour.RED, rf"give \.value{OR_JSON}"),
        (Name("text"), rf"give str\(\.\.\.\){OR_JSON}"),
        ((1, 2), rf"give list\(\.\.\.\){OR_JSON}"),
        ({1}, "give a list"),
        (Point(1, 2), rf"give \._asdict\(\){OR_JSON}"),
        (Place(1), rf"give dataclasses\.asdict\(\.\.\.\){OR_JSON}"),
        (collections.OrderedDict(a=1), rf"give dict\(\.\.\.\){OR_JSON}"),
        (uuid.UUID(int=1), rf"give str\(\.\.\.\){OR_JSON}"),
        (pathlib.Path("a"), rf"give str\(\.\.\.\){OR_JSON}"),
        (b"x", r"give text, such as \.hex\(\) or base64"),
    ],
    ids=repr,
)
def test_the_refusal_says_what_to_write(given, text):
    with pytest.raises(InvalidPayloadError, match=f"{text}$"):
        payloads.encode({"a": given})


@pytest.mark.parametrize("key", [1, None, b"k", ("a",), True, Name("k")])
def test_keys_are_str(key):
    with pytest.raises(InvalidPayloadError, match="str keys"):
        payloads.encode({"a": {key: 1}})


def test_a_key_that_utf_8_cannot_hold_is_refused():
    with pytest.raises(InvalidPayloadError, match="surrogate"):
        payloads.encode({"a\udfff": 1})


def test_what_is_refused_in_an_array_is_named_by_its_place_there():
    for array in (np.array([[0.5, np.inf]]), np.array([[0.5, object()]])):
        with pytest.raises(InvalidPayloadError) as caught:
            payloads.encode({"a": array})
        assert caught.value.path == "['a'][0][1]"


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


def deep(levels):
    made = []
    for _ in range(levels - 1):
        made = [made]
    return made


@pytest.mark.parametrize(
    "payload",
    [
        [1] * 100_001,
        {"tokens": [1] * 100_001},
        {str(i): i for i in range(100_001)},
        [None] * (payloads.LARGEST - 5),
        deep(payloads.DEEPEST),
        {"a": deep(payloads.DEEPEST - 1)},
        "x" * (payloads.LARGEST - 5),
    ],
    ids=["items", "inner items", "keys", "as many as fit", "depth", "inner depth", "length"],
)
def test_whatever_is_taken_comes_back_at_every_bound(payload):
    body = payloads.encode(payload)
    assert len(body) <= payloads.LARGEST
    assert payloads.decode(body, "here") == payload
    assert list(payloads.Payloads([body, None, body])) == [payload, None, payload]


@pytest.mark.parametrize(
    "payload", [[None] * (payloads.LARGEST - 4), deep(payloads.DEEPEST + 1), {"a": deep(64)}]
)
def test_one_more_is_refused_before_it_is_written(payload):
    with pytest.raises(InvalidPayloadError):
        payloads.encode(payload)


@pytest.mark.parametrize(
    ("body", "what"),
    [
        (b"\xdd\x7f\xff\xff\xff" * 200_000, "more items than bytes"),
        (b"\xdc\x03\xe8" * 10_000 + b"\xc0" * 20_000, "nested too deep"),
        (b"\xdf\x00\x08\x00\x00" + b"\xa0" * 600_000, "more items"),
        (b"\x91" * 65 + b"\xc0", "nested too deep"),
        (b"\xcb\x7f\xf8\x00\x00\x00\x00\x00\x00", "not finite"),
        (b"\xca\x7f\x80\x00\x00", "not finite"),
        (b"\x91\xc4\x01a", "bytes"),
        (b"\x81\x01\x01", "a key that is no text"),
        (b"\x81\xa1a\xd6\xff\x00\x00\x00\x00", "not used here"),
        (b"\xdb\xff\xff\xff\xff", "longer than what is there"),
        (b"\xcd\x01", "cut short"),
        (b"\x01\x01", "followed by other bytes"),
        (b"\xa1\xff", "payload"),
        (b"", "cut short"),
    ],
)
def test_bytes_that_claim_more_than_they_hold_are_called_damaged(body, what):
    tracemalloc.start()
    try:
        with pytest.raises(CorruptedError, match=what):
            payloads.decode(body, "here")
        with pytest.raises(CorruptedError, match=what):
            list(payloads.Payloads([b"\x01", body]))
        assert tracemalloc.get_traced_memory()[1] < 4 * len(body) + (1 << 18)
    finally:
        tracemalloc.stop()


@given(st.binary(max_size=60))
def test_the_look_before_decoding_agrees_with_the_decoder(body):
    """What it finds sound, msgpack reads; what it does not, is no payload."""
    try:
        made = payloads.decode(body, "here")
    except CorruptedError:
        return
    assert kernel.msgpack_fault(body, 64, payload=True) is None
    assert same(payloads.decode(payloads.encode(made), "here"), made)
