"""Rows of Arrow's tables become the records that they say, whatever the layout of their columns."""

from __future__ import annotations

import datetime
import decimal
import uuid

import numpy as np
import pytest

import vdb
from sources import records

pa = pytest.importorskip("pyarrow")

from vdb.sources.reading.arrow_rows import ArrowRows  # noqa: E402 - pyarrow is there

ROWS = records.vectors(6, 4)


def table(vectors, **columns):
    names = ["vector", *columns]
    return pa.record_batch([vectors, *(pa.array(one) for one in columns.values())], names=names)


def read(rows, start=0, **options):
    return ArrowRows(rows.schema, **options).batch(rows, start)


def fixed(rows, kind=None):
    return pa.FixedSizeListArray.from_arrays(pa.array(rows.ravel(), kind), rows.shape[1])


def listed(kind):
    return pa.array(ROWS.tolist(), kind)


LAYOUTS = {
    "fixed": fixed(ROWS),
    "sliced": pa.concat_arrays([fixed(ROWS[:2] + 9), fixed(ROWS)])[2:],
    "list": listed(pa.list_(pa.float32())),
    "list, sliced": pa.concat_arrays(
        [pa.array([[1, 2, 3]], pa.list_(pa.float32())), listed(pa.list_(pa.float32()))]
    )[1:],
    "large list": listed(pa.large_list(pa.float64())),
    "list view": listed(pa.list_view(pa.float32())),
    "half": fixed(ROWS.astype(np.float16)),
    "tensor": pa.FixedShapeTensorArray.from_numpy_ndarray(ROWS),
    "tensor of axes in another order": pa.FixedShapeTensorArray.from_numpy_ndarray(
        ROWS.reshape(-1, 2, 2).transpose(0, 2, 1).copy().transpose(0, 2, 1)
    ),
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_vectors_are_those_of_the_rows(name):
    batch = read(table(LAYOUTS[name]))
    assert np.array_equal(batch.vectors, ROWS) and batch.ids.tolist() == list(range(6))
    assert batch.payloads is None and batch.missing is None and batch.refusals == []


@pytest.mark.parametrize("kind", ["int8", "uint8", "int16", "int64", "uint64", "float64"])
def test_numbers_are_of_the_type_of_the_column(kind):
    rows = (np.arange(24).reshape(6, 4) % 100).astype(kind)
    made = ArrowRows(table(fixed(rows)).schema)
    batch = made.batch(table(fixed(rows)), 0)
    assert made.vector.numbers == kind and made.vector.dim == 4
    assert batch.vectors.dtype == kind and np.array_equal(batch.vectors, rows)


def test_bool_becomes_packed_bits_of_whole_bytes():
    rows = np.arange(60).reshape(6, 10) % 3 == 0
    made = ArrowRows(table(fixed(rows)).schema)
    batch = made.batch(table(fixed(rows)), 0)
    assert (made.vector.numbers, made.vector.dim) == ("bit", 16)
    assert np.array_equal(batch.vectors, np.packbits(rows, axis=1))


def test_bfloat16_is_read_where_the_column_names_it():
    halves = (ROWS.view(np.uint32) >> 16).astype(np.uint16)
    values = pa.FixedSizeBinaryArray.from_buffers(pa.binary(2), 24, [None, pa.py_buffer(halves)])
    element = pa.field("item", pa.binary(2), metadata={"ARROW:extension:name": "lance.bfloat16"})
    column = pa.FixedSizeListArray.from_arrays(values, type=pa.list_(element, 4))
    rows = table(column)
    assert ArrowRows(rows.schema).vector.numbers == "bfloat16"
    assert np.array_equal(read(rows[2:]).vectors, ROWS[2:])
    with pytest.raises(vdb.InvalidArgumentError, match="lists of numbers"):
        ArrowRows(table(fixed(halves, pa.uint16()).cast(pa.list_(pa.string()))).schema)


@pytest.mark.parametrize("kind", [pa.list_(pa.float32()), pa.list_view(pa.float32())])
def test_rows_that_hold_no_vector_are_refused_and_move_no_other(kind):
    rows = ROWS.tolist()
    rows[1], rows[2], rows[4] = None, [1.0, 2.0], [1.0, None, 3.0, 4.0]
    ids = [10, 11, 12, None, 14, 15]
    batch = read(table(pa.array(rows, kind), id=ids), start=100)
    assert batch.ids.tolist() == [10, 15] and batch.rows.tolist() == [100, 105]
    assert np.array_equal(batch.vectors, ROWS[[0, 5]])
    assert [(one.place, one.id) for one in batch.refusals] == [
        ("row 101", 11),
        ("row 102", 12),
        ("row 103", 0),
        ("row 104", 14),
    ]
    reasons = [one.reason for one in batch.refusals]
    assert reasons[0] == "the vector is null" and "2 numbers, where others have 4" in reasons[1]
    assert reasons[2] == "the id is null" and "null at position 1" in reasons[3]


def test_records_may_have_no_vector_where_the_source_says_so():
    mask = pa.array([True, False, False, True, False, False])
    values = pa.array(np.where(np.arange(24) < 4, np.nan, ROWS.ravel()).astype("f4"))
    column = pa.FixedSizeListArray.from_arrays(values, 4, mask=mask)
    batch = read(table(column), optional=True)
    assert batch.missing.tolist() == mask.to_pylist() and batch.refusals == []
    assert np.array_equal(batch.vectors[[1, 2, 4, 5]], ROWS[[1, 2, 4, 5]])
    assert not batch.vectors[[0, 3]].any()
    nothing = read(table(pa.nulls(6, pa.list_(pa.float32()))), optional=True)
    assert nothing.missing.all() and nothing.vectors.shape == (6, 0)


IDS = {
    "int32": (pa.array([3, 1, 2, 9, 8, -7], pa.int32()), "int", [3, 1, 2, 9, 8, -7]),
    "beyond int64": (pa.array([2**64 - 1, *range(5)], pa.uint64()), "int", [2**64 - 1, *range(5)]),
    "texts": (pa.array(list("abcüef")), "str", list("abcüef")),
    "view": (pa.array(list("abcüef"), pa.string_view()), "str", list("abcüef")),
    "dictionary": (pa.array(list("abcabc")).dictionary_encode(), "str", list("abcabc")),
    "runs": (
        pa.RunEndEncodedArray.from_arrays(pa.array([2, 6], pa.int32()), pa.array([7, 8])),
        "int",
        [7, 7, 8, 8, 8, 8],
    ),
    "uuid": (
        pa.array([uuid.UUID(int=i).bytes for i in range(6)], pa.uuid()),
        "str",
        [str(uuid.UUID(int=i)) for i in range(6)],
    ),
}


@pytest.mark.parametrize("name", IDS)
def test_ids_are_numbers_or_texts(name):
    array, kind, expected = IDS[name]
    rows = pa.record_batch([array, fixed(ROWS)], names=["key", "v"])
    made = ArrowRows(rows.schema, id="key")
    assert made.ids == kind and made.batch(rows, 0).id_list() == expected
    assert made.batch(rows[2:], 2).id_list() == expected[2:]


def test_columns_are_named_where_they_cannot_be_told():
    rows = pa.record_batch([fixed(ROWS), fixed(ROWS + 1), pa.array([0.5] * 6)], names=list("abc"))
    with pytest.raises(vdb.InvalidArgumentError, match="may be a, b: give vector="):
        ArrowRows(rows.schema)
    assert np.array_equal(read(rows, vector="b").vectors, ROWS + 1)
    for options, text in [
        ({"vector": "c"}, "type double"),
        ({"vector": "z"}, "no column 'z'; it has a, b, c"),
        ({"vector": "a", "id": "z"}, "no column 'z'"),
        ({"vector": "a", "id": "c"}, "type double; ids are"),
        ({"vector": "a", "payload": ["z"]}, "no column 'z'"),
    ]:
        with pytest.raises(vdb.InvalidArgumentError, match=text):
            ArrowRows(rows.schema, **options)
    assert read(rows, vector="a", payload=["c"]).payload_list() == [{"c": 0.5}] * 6
    assert read(table(fixed(ROWS), id=[5] * 6), id="row").id_list() == list(range(6))


def test_payloads_are_the_other_columns_and_become_a_collection():
    moment = datetime.datetime(2024, 5, 1, 10, 30, 0, 250_000, tzinfo=datetime.UTC)
    rows = table(
        fixed(ROWS),
        id=records.names(6),
        n=[1, None, 3, 4, 5, 6],
        x=[0.5, 1, 2, 3, 4, 5],
        yes=[True, False, None, True, True, True],
        tag=pa.array(list("abcabc")).dictionary_encode(),
        short=["a", None, "ü", "d", "e", "f"],
        long=["x" * 300] * 6,
        tags=[["a", "b"], [], None, ["c"], ["d"], ["e"]],
        at=pa.array([moment, None, *[moment] * 4], pa.timestamp("us", "Europe/Berlin")),
        deep=[{"a": 1, "b": [{"c": None}]}] * 6,
    )
    made = ArrowRows(rows.schema)
    fields = made.payloads.declared(rows)
    assert fields == {
        "n": "int",
        "x": "float",
        "yes": "bool",
        "tag": "keyword",
        "short": "keyword",
        "tags": "keyword[]",
        "at": "datetime",
    }
    assert set(made.payloads.columns) == {*fields, "long", "deep"} and made.payloads.notes == ()
    batch = made.batch(rows, 0)
    first = {
        "n": 1,
        "x": 0.5,
        "yes": True,
        "tag": "a",
        "short": "a",
        "long": "x" * 300,
        "tags": ["a", "b"],
        "at": "2024-05-01T10:30:00.250000Z",
        "deep": {"a": 1, "b": [{"c": None}]},
    }
    assert batch.payload_list()[0] == first and batch.payload_list()[1]["at"] is None
    with vdb.temporary() as db:
        docs = db.create_collection("docs", dim=4, metric="l2", fields=fields)
        docs.add(batch.ids, batch.vectors, batch.payloads)
        assert [one.payload for one in docs.get(batch.ids)] == batch.payload_list()
        assert docs.count(vdb.F("at") < moment + datetime.timedelta(days=1)) == 5
        assert list(db.check()) == []


def test_values_without_a_form_in_json_become_texts():
    second = 1_500_000_000
    rows = table(
        fixed(ROWS)[:2],
        day=[datetime.date(2024, 2, 29), None],
        clock=pa.array([1, None], pa.time64("ns")),
        noon=[datetime.time(12), None],
        lapse=pa.array([-second, None], pa.duration("ns")),
        price=[decimal.Decimal("1.50"), None],
        raw=[b"\xff\0", None],
        stamp=pa.array([second, None], pa.timestamp("ns")),
        days=[[datetime.date(2024, 2, 29)], None],
        pairs=pa.array([[("a", 1)], None], pa.map_(pa.string(), pa.int64())),
    )
    made = ArrowRows(rows.schema)
    payloads = made.batch(rows, 0).payload_list()
    assert payloads[0] == {
        "day": "2024-02-29",
        "clock": "00:00:00.000000001",
        "noon": "12:00:00",
        "lapse": "-PT1.5S",
        "price": "1.50",
        "raw": "/wA=",
        "stamp": "1970-01-01T00:00:01.500000000",
        "days": ["2024-02-29"],
        "pairs": {"a": 1},
    }
    assert set(payloads[1].values()) == {None}
    assert made.payloads.notes == (
        "lapse: its durations become texts such as PT1.5S",
        "price: its decimals become texts",
        "raw: its bytes become texts of base64",
    )


def test_nan_is_null_only_where_it_is_asked():
    rows = table(fixed(ROWS)[:2], x=pa.array([float("nan"), 1.0]))
    assert read(rows, nan_is_null=True).payload_list() == [{"x": None}, {"x": 1.0}]
    assert np.isnan(read(rows).payload_list()[0]["x"])
