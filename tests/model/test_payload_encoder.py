"""Payload encoders: what "json" converts, what it refuses, and what a function is asked for."""

from __future__ import annotations

import collections
import dataclasses
import datetime
import decimal
import enum
import json
import math
import pathlib
import types
import typing
import uuid

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import vdb
from support.rows import matrix
from vdb.model.payload_encoder import encoder
from vdb.store.format import payloads

UTC = datetime.UTC
WHEN = datetime.datetime(2024, 5, 1, 10, 30, tzinfo=UTC)
IDENTITY = uuid.UUID(int=7)


class Colour(enum.Enum):
    RED = "red"
    PAIR = (1, 2)


class Number(enum.IntEnum):
    ONE = 1


class Name(str):
    __slots__ = ()


class Count(int):
    pass


class Point(typing.NamedTuple):
    x: int
    when: datetime.date


@dataclasses.dataclass(slots=True)
class Place:
    name: Name
    points: tuple[Point, ...] = ()


class Model:
    """As pydantic's models behave."""

    def __init__(self, **fields):
        self.fields = fields

    def __repr__(self):  # part of a test's name, which is the same in every process
        return f"Model({self.fields})"

    def model_dump(self, *, mode):
        assert mode == "json"
        return self.fields


def through(payload, how="json"):
    return payloads.decode(payloads.encode(payload, encoder=encoder(how)), "here")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (WHEN, "2024-05-01T10:30:00+00:00"),
        (WHEN.replace(tzinfo=None), "2024-05-01T10:30:00"),
        (datetime.date(2024, 5, 1), "2024-05-01"),
        (datetime.time(10, 30), "10:30:00"),
        (np.datetime64("2024-05-01T10:30", "ns"), "2024-05-01T10:30:00.000000000"),
        (np.array(["2024-05-01", "2024-05-02"], "M8[D]"), ["2024-05-01", "2024-05-02"]),
        (np.array([["2024-05-01"]], "M8[D]"), [["2024-05-01"]]),
        (np.array([WHEN, 1.5, IDENTITY], object), [WHEN.isoformat(), 1.5, str(IDENTITY)]),
        (IDENTITY, "00000000-0000-0000-0000-000000000007"),
        (pathlib.PurePosixPath("a/b"), "a/b"),
        (decimal.Decimal("0.10000000000000000000001"), "0.10000000000000000000001"),
        (Colour.RED, "red"),
        (Colour.PAIR, [1, 2]),
        (Number.ONE, 1),
        (Name("text"), "text"),
        (Count(5), 5),
        ((1, (2, None)), [1, [2, None]]),
        (collections.deque([1, 2]), [1, 2]),
        (Point(1, datetime.date(2024, 5, 1)), {"x": 1, "when": "2024-05-01"}),
        (
            Place(Name("here"), (Point(1, datetime.date(2024, 5, 1)),)),
            {"name": "here", "points": [{"x": 1, "when": "2024-05-01"}]},
        ),
        (collections.OrderedDict(a=1), {"a": 1}),
        (collections.Counter("aab"), {"a": 2, "b": 1}),
        (types.MappingProxyType({"a": (1,)}), {"a": [1]}),
        (Model(a=1, b=[2.5]), {"a": 1, "b": [2.5]}),
        ({1: "a", Colour.RED: "b", IDENTITY: "c", Name("d"): "d", np.int64(2): "e"},
         {"1": "a", "red": "b", str(IDENTITY): "c", "d": "d", "2": "e"}),
        ({np.str_("k"): np.float32(0.5)}, {"k": 0.5}),
    ],
    ids=repr,
)  # fmt: skip
def test_json_converts_what_the_page_says(value, expected):
    for payload, result in ((value, expected), ({"a": [value]}, {"a": [expected]})):
        stored = through(payload)
        assert stored == result
        assert json.loads(json.dumps(stored)) == result, "plain values all the way down"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (b"bytes", "builtins.bytes; give text"),
        ({1, 2}, "builtins.set; give a list"),
        (datetime.timedelta(1), r"total_seconds"),
        (math.nan, "a finite float, got nan; None"),
        (math.inf, "a finite float, got inf"),
        (decimal.Decimal("NaN"), "a finite float, got nan"),
        (np.float32("nan"), "a finite float, got nan"),
        (2**64, "a larger one"),
        (1j, "builtins.complex"),
        (range(3), "builtins.range"),
        ({(1, 2): 3}, "str keys, got builtins.tuple"),
        ({None: 3}, "str keys, got builtins.NoneType"),
        ({1: 2, "1": 3}, "keys that differ, got two that become '1'"),
        (np.broadcast_to(np.float32(1), (1, 10**12)), "numpy.ndarray"),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_json_refuses_the_rest_and_says_where(value, text):
    payload = {"a": [0, {"b": (value,)}]}
    with pytest.raises(vdb.InvalidPayloadError, match=text) as caught:
        payloads.encode(payload, row=3, encoder=encoder("json"))
    assert str(caught.value).startswith("payloads[3]['a'][1]['b'][0]")
    assert "payload_encoder='json'" not in str(caught.value)
    assert caught.value.row == 3


def test_nan_becomes_null_when_asked():
    values = [
        math.nan,
        np.float32("nan"),
        np.datetime64("NaT", "s"),
        decimal.Decimal("NaN"),
        np.array([1.0, math.nan]),
        {"x": math.nan},
    ]
    expected = [None, None, None, None, [1.0, None], {"x": None}]
    assert through(values, vdb.PayloadEncoder(nan="null")) == expected
    plain = vdb.PayloadEncoder(base="strict", nan="null")
    assert through([*values[:3], *values[4:]], plain) == [*expected[:3], *expected[4:]]
    for how in ("json", plain):
        with pytest.raises(vdb.InvalidPayloadError, match="got inf"):
            payloads.encode(math.inf, encoder=encoder(how))


def test_a_function_is_called_for_what_strict_refuses_and_for_nothing_else():
    asked = []

    def default(value):
        asked.append(value)
        return {"is": type(value).__name__, "of": (value.year,)} if hasattr(value, "year") else [1]

    payload = {
        "a": [1, "x", None, 2.5, True, np.int8(3), np.str_("y"), np.array([1, 2])],
        "b": WHEN,
        "c": {1},
    }
    assert through(payload, default) == {
        "a": [1, "x", None, 2.5, True, 3, "y", [1, 2]],
        "b": {"is": "datetime", "of": [1]},
        "c": [1],
    }
    assert asked == [WHEN, (2024,), {1}]
    asked.clear()
    for refused in (math.nan, 2**64, "\ud800", {1: 2}):
        with pytest.raises(vdb.InvalidPayloadError):
            payloads.encode({"a": refused}, encoder=encoder(default))
    assert asked == []


def test_with_json_a_function_is_called_for_what_remains():
    how = vdb.PayloadEncoder(default=lambda value: value.hex())
    assert through({"a": (b"\x01", IDENTITY)}, how) == {"a": ["01", str(IDENTITY)]}


@pytest.mark.parametrize(
    ("default", "text"),
    [
        (lambda _: 1 / 0, "got builtins.set; the payload encoder raised ZeroDivisionError"),
        (lambda value: value, "got builtins.set; give a list"),
        (lambda _: {1}, "16 conversions, each of the one before, and still builtins.set"),
        (lambda value: [value, value], "at most 64 levels of nesting"),
        (lambda _: math.nan, "a finite float, got nan"),
    ],
)
def test_a_function_that_leads_nowhere_is_an_error_with_the_place(default, text):
    with pytest.raises(vdb.InvalidPayloadError, match=text) as caught:
        payloads.encode({"a": [0, {1}]}, encoder=encoder(default))
    assert caught.value.path.startswith("['a'][1]")


def test_what_a_function_raised_is_the_cause():
    with pytest.raises(vdb.InvalidPayloadError) as caught:
        payloads.encode({1}, encoder=encoder(lambda value: [0][len(value)]))
    assert isinstance(caught.value.__cause__, IndexError)


def test_lists_that_hold_themselves_end():
    loop = [WHEN]
    loop += [loop, loop]
    with pytest.raises(vdb.InvalidPayloadError, match="64 levels"):
        payloads.encode(loop, encoder=encoder("json"))
    deepest = WHEN
    for _ in range(payloads.DEEPEST):
        deepest = (deepest,)
    stored = through(deepest)
    for _ in range(payloads.DEEPEST):
        (stored,) = stored
    assert stored == WHEN.isoformat()
    with pytest.raises(vdb.InvalidPayloadError, match="64 levels"):
        payloads.encode((deepest,), encoder=encoder("json"))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False,
    allow_infinity=False) | st.text(st.characters(exclude_categories=["Cs"]), max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("ab", max_size=2), inner),
    max_leaves=20,
)  # fmt: skip


@given(JSON)
def test_json_like_values_stay_as_they_are(payload):
    """And the same with each list as a tuple and each dict as one of another class."""

    def dressed(value):
        if isinstance(value, list):
            return tuple(map(dressed, value))
        if isinstance(value, dict):
            return collections.OrderedDict((k, dressed(v)) for k, v in value.items())
        return value

    assert repr(through(payload)) == repr(payload)
    assert repr(through(dressed(payload))) == repr(payload)


@pytest.mark.parametrize(
    ("value", "error"),
    [
        ("jsn", "did you mean 'json'"),
        (5, "a vdb.PayloadEncoder or a function of one value, got int"),
        (vdb.PayloadEncoder, "got type"),
        (True, "got bool"),
    ],
)
def test_what_is_no_encoder_is_refused(path, value, error):
    with pytest.raises((vdb.InvalidArgumentError, vdb.ArgumentTypeError), match=error):
        vdb.open(path, payload_encoder=value)
    assert not path.exists()


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"nan": "none"}, "nan must be one of 'refuse', 'null'"),
        ({"base": "pickle"}, "base must be one of"),
        ({"default": 5}, "default must be callable"),
        ({"nans": "null"}, "did you mean 'nan'"),
    ],
)
def test_options_of_an_encoder_are_checked(options, error):
    with pytest.raises((vdb.InvalidArgumentError, vdb.ArgumentTypeError), match=error):
        vdb.PayloadEncoder(**options)


# Databases and collections


PAYLOAD = {"when": WHEN, "tags": ("a", "b")}
STORED = {"when": WHEN.isoformat(), "tags": ["a", "b"]}


def test_the_database_decides_and_a_collection_may_differ(path):
    with vdb.open(path, payload_encoder="json") as db:
        docs = db.create_collection("docs", dim=16, metric="l2")
        docs.add([1, 2], matrix(2), [PAYLOAD, None])
        docs.upsert(2, matrix(1)[0], PAYLOAD)
        docs.set_payloads([1], [{**PAYLOAD, "n": 1}])
        assert [record.payload for record in docs.scan()] == [{**STORED, "n": 1}, STORED]
        strict = db.collection("docs", payload_encoder="strict")
        with pytest.raises(vdb.InvalidPayloadError, match="or use payload_encoder='json'"):
            strict.add(3, matrix(1)[0], PAYLOAD)
        texts = db.create_collection("texts", dim=16, metric="l2", payload_encoder=str)
        texts.add(1, matrix(1)[0], {"a": IDENTITY, "b": {1}})
        assert texts.get(1).payload == {"a": str(IDENTITY), "b": "{1}"}
        with pytest.raises(vdb.InvalidPayloadError, match="finite"):
            texts.add(2, matrix(1)[0], {"a": math.nan})
    with vdb.open(path) as db:
        with pytest.raises(vdb.InvalidPayloadError, match=r"payloads\[1\]\['when'\]"):
            db.collection("docs").add([3, 4], matrix(2), [None, PAYLOAD])
        assert len(db.collection("docs")) == 2


def test_declared_fields_hold_what_is_converted(db):
    fields = {"when": "datetime", "tags": "keyword[]", "days": "datetime[]", "id": "keyword"}
    docs = db.create_collection("docs", dim=16, metric="l2", fields=fields, payload_encoder="json")
    days = (datetime.date(2024, 5, 1), WHEN)
    docs.add(1, matrix(1)[0], {**PAYLOAD, "days": days, "id": IDENTITY})
    assert docs.count({"when": {"$gte": WHEN}, "days": WHEN, "tags": "b", "id": str(IDENTITY)}) == 1
    with pytest.raises(vdb.InvalidPayloadError, match="declared as datetime, got int 5"):
        docs.add(2, matrix(1)[0], {"when": Count(5)})


def test_without_an_encoder_declared_datetimes_are_taken_everywhere(db):
    docs = db.create_collection(
        "docs", dim=16, metric="l2", fields={"a.t": "datetime", "all": "datetime[]"}
    )
    for write in (docs.add, docs.upsert, lambda i, _, payload: docs.set_payloads(i, payload)):
        write([1], matrix(1), [{"a": {"t": WHEN}, "all": [WHEN, datetime.date(2024, 5, 2)]}])
        assert docs.get(1).payload == {
            "a": {"t": WHEN.isoformat()},
            "all": [WHEN.isoformat(), "2024-05-02"],
        }
        assert docs.count({"a.t": WHEN, "all": datetime.date(2024, 5, 2)}) == 1
