"""Columns of payloads are what json.dumps and the rules of declared fields make of them."""

import json
import math
import struct
from datetime import UTC, datetime, timedelta

import msgpack
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vdb.kernel import payload_columns, payload_parts
from vdb.model.filters.values import moment

pa = pytest.importorskip("pyarrow")

from support.arrow import FORMATS, table_of  # noqa: E402 - they need pyarrow

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
NUMBERS = st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(TEXTS, inner, max_size=5),
    max_leaves=25,
)


def packed(payloads):
    return [None if payload is None else msgpack.packb(payload) for payload in payloads]


def columns(payloads, *fields, text=False):
    """The columns as lists; fields are (path, type)."""
    described = [
        (tuple(path.split(".")), kind.removesuffix("[]"), kind.endswith("[]"))
        for path, kind in fields
    ]
    made = payload_columns(packed(payloads), described, text=text)
    if len(made) == 3:
        return made
    types = [(path, FORMATS[kind]) for path, kind in fields]
    table = table_of([*types, ("payload", "u")] if text else types, made[0])
    return [column.to_pylist() for column in table.columns]


@settings(max_examples=300, deadline=None)
@given(st.lists(VALUES, max_size=5))
def test_the_text_is_the_one_of_json_dumps(payloads):
    (texts,) = columns(payloads, text=True)
    assert texts == [
        None if payload is None else json.dumps(payload, ensure_ascii=False) for payload in payloads
    ]


@settings(max_examples=500, deadline=None)
@given(st.integers(0, 2**64 - 1))
def test_every_float_has_the_text_of_its_repr(bits):
    (number,) = struct.unpack("<d", struct.pack("<Q", bits))
    if math.isfinite(number):
        assert columns([number], text=True) == [[repr(number)]]


@pytest.mark.parametrize(
    "number",
    [0.0, -0.0, 1e16, 9999999999999998.0, 1e-4, 9.999999999999999e-05, 5e-324, 1.7e308, 2.0**53,
     123456789012345680.0, 0.1, -1e22, 1e15, 1.5],
)  # fmt: skip
def test_floats_at_the_bounds_of_plain_spelling(number):
    assert columns([number], text=True) == [[repr(number)]]


def test_every_character_is_escaped_as_json_does_it():
    text = "".join(map(chr, [*range(0x250), 0x2028, 0x2029, 0xD7FF, 0xE000, 0xFFFF, 0x10FFFF]))
    for start in range(9):  # at every place of the eight that are looked at together
        payload = {"x" * start + text: text[start:]}
        assert columns([payload], text=True) == [[json.dumps(payload, ensure_ascii=False)]]


@pytest.mark.parametrize(
    "broken",
    [b"\xa1\xff", b"\xa2\xc0\x80", b"\xa3\xed\xa0\x80", b"\xa4\xf4\x90\x80\x80", b"\xa1\x80",
     b"\xa3\xe0\x80\x80", b"\xa2\xc3\x28", b"\xa3\xe2\x82\x28", b"\xa2\xe2\x82",
     b"\xa9aaaaaaaa\xc3"],
)  # fmt: skip
def test_text_that_is_not_utf8_is_refused_where_python_refuses_it(broken):
    with pytest.raises(UnicodeDecodeError):
        msgpack.unpackb(broken)
    assert payload_columns([b"\xc0", broken], [], text=True)[:2] == (1, -1)
    inside = b"\x81\xa1k" + broken
    assert payload_columns([inside], [(("k",), "keyword", False)], text=False) == (0, 0, "no text")


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=40))
def test_bytes_that_are_no_payload_are_refused(body):
    try:
        payload = msgpack.unpackb(body, strict_map_key=True)
        json.dumps(payload, allow_nan=False)
        sound = True
    except Exception:  # noqa: BLE001 - whatever a decoder may say
        sound = False
    made = payload_columns([body], [(("a", "b"), "int", False)], text=True)
    if not sound:
        assert len(made) == 3 and made[:2] == (0, -1)


def test_fields_are_found_by_their_path():
    payloads = [
        {"a": {"b": {"c": 1}}, "b": "x", "c": [1.5, 2]},
        {"a": {"b": 3}, "c": None},
        {"a": 3, "b": None},
        {"x": [{"a": {"b": {"c": 9}}}], "a": {"b": {"c": None}}, "c": []},
        None,
        [],
        "a",
        {"b": "", "a": {"c": 4, "b": {"d": 1, "c": -5}}},
    ]
    fields = [("a.b.c", "int"), ("b", "keyword"), ("c", "float[]")]
    assert columns(payloads, *fields) == [
        [1, None, None, None, None, None, None, -5],
        ["x", None, None, None, None, None, None, ""],
        [[1.5, 2.0], None, None, [], None, None, None, None],
    ]


def test_a_path_may_lead_through_another_field():
    payloads = [{"a": None}, {}, {"a": {"b": 7}}]
    made = payload_columns(
        packed(payloads[:2]), [(("a",), "keyword", False), (("a", "b"), "int", False)], text=False
    )
    assert len(made) == 1
    assert columns(payloads[2:], ("a.b", "int"), ("a", "keyword"))[:2] == (0, 1)


INTS = st.integers(-(2**63), 2**63 - 1)
KINDS = {
    "int": INTS,
    "float": st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**53), 2**53),
    "keyword": TEXTS,
    "bool": st.booleans(),
}


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_values_come_back_in_columns_and_in_lists(kind, data):
    one = st.none() | KINDS[kind]
    single = data.draw(st.lists(one, max_size=20))
    several = data.draw(st.lists(st.none() | st.lists(KINDS[kind], max_size=4), max_size=20))
    if single:
        assert columns([{"v": v} for v in single], ("v", kind)) == [single]
    if several:
        assert columns([{"v": v} for v in several], ("v", f"{kind}[]")) == [several]


@pytest.mark.parametrize(
    ("kind", "value", "reason"),
    [
        ("int", 2**63, "an int above 2**63 - 1, which int64 cannot hold"),
        ("int", 1.0, "no int"),
        ("int", True, "no int"),
        ("int", "1", "no int"),
        ("float", 2**53 + 1, "no number that float64 can hold"),
        ("float", 2**64 - 1, "no number that float64 can hold"),
        ("float", False, "no number that float64 can hold"),
        ("keyword", 1, "no text"),
        ("bool", 1, "no bool"),
        ("datetime", "yesterday", "no text of a moment"),
        ("datetime", 5, "no text of a moment"),
        ("int[]", 1, "no list"),
        ("int[]", [1, None], "no int"),
        ("keyword[]", "a", "no list"),
    ],
)
def test_a_value_that_has_no_place_is_named(kind, value, reason):
    assert columns([{}, {"v": value}], ("v", kind), text=True) == (1, 0, reason)


@pytest.mark.parametrize("number", [2**53, -(2**53), 2**63, 2**64 - 2048, -(2**63), 0])
def test_whole_numbers_that_float64_holds_are_floats(number):
    assert columns([{"v": number}], ("v", "float")) == [[float(number)]]


ZONES = ["", "Z", "z", "+02:00", "-0530", "+23:59", "-24:00", "+1", "é"]


@st.composite
def moments(draw):
    """Text that is a moment, or nearly."""
    text = f"{draw(st.integers(0, 9999)):04}-{draw(st.integers(0, 13)):02}-"
    text += f"{draw(st.integers(0, 32)):02}"
    if draw(st.booleans()):
        text += draw(st.sampled_from("Tt _"))
        text += f"{draw(st.integers(0, 23)):02}:{draw(st.integers(0, 60)):02}"
        if draw(st.booleans()):
            text += f":{draw(st.integers(0, 60)):02}"
            if draw(st.booleans()):
                text += draw(st.sampled_from(".,;")) + draw(
                    st.from_regex(r"\d{0,13}", fullmatch=True)
                )
        text += draw(
            st.sampled_from(["", "Z", "z", "+02:00", "-0530", "+23:59", "-24:00", "+1", "é"])
        )
    return text


@settings(max_examples=1500, deadline=None)
@given(moments())
def test_moments_are_those_of_filters(text):
    micro = moment(text)
    made = columns([{"v": text}], ("v", "datetime"))
    if micro is None:
        assert made == (0, 0, "no text of a moment")
    else:
        assert made == [[datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micro)]]


def test_parts_are_as_long_as_rows_and_bytes_allow():
    bodies = [b"x" * 10, None, b"x" * 10, b"x" * 30, b"x", b"", b"x" * 9]
    assert payload_parts(bodies, 100, 1000) == [7]
    assert payload_parts(bodies, 100, 20) == [3, 4, 7]
    assert payload_parts(bodies, 2, 1000) == [2, 4, 6, 7]
    assert payload_parts([], 2, 1000) == []
    assert payload_parts(bodies, 1, 0) == [1, 2, 3, 4, 5, 6, 7]
