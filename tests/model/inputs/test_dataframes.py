"""What people hold in their hands: tables and columns of pandas, polars and pyarrow.

They are extras: each test of one of these libraries is skipped where it is not installed.
"""

from __future__ import annotations

import ctypes
import datetime
import subprocess
import sys

import numpy as np
import pytest

import vdb
from support.rows import matrix

ROWS = [[0.5, 1.0, -2.0], [3.0, 4.0, 5.5]]


def columns_of_vectors():
    """By name: the library, and what makes a column of ROWS, or of ROWS and a missing one."""

    def pandas_arrays(rows):
        pd = pytest.importorskip("pandas")
        return pd.Series([None if row is None else np.array(row) for row in rows])

    def pandas_lists(rows):
        return pytest.importorskip("pandas").Series(rows)

    def pandas_arrow(rows):
        pd, pa = pytest.importorskip("pandas"), pytest.importorskip("pyarrow")
        return pd.Series(rows, dtype=pd.ArrowDtype(pa.list_(pa.float32())))

    def polars_lists(rows):
        return pytest.importorskip("polars").Series(rows)

    def polars_arrays(rows):
        pl = pytest.importorskip("polars")
        return pl.Series(rows, dtype=pl.Array(pl.Float32, 3))

    def arrow(kind):
        def make(rows):
            pa = pytest.importorskip("pyarrow")
            return pa.array(rows, kind(pa))

        return make

    def arrow_chunks(rows):
        pa = pytest.importorskip("pyarrow")
        return pa.chunked_array([rows[:1], rows[1:]], pa.list_(pa.float32(), 3))

    return {
        "pandas, arrays": pandas_arrays,
        "pandas, lists": pandas_lists,
        "pandas, of Arrow": pandas_arrow,
        "polars, List": polars_lists,
        "polars, Array": polars_arrays,
        "Arrow, FixedSizeList": arrow(lambda pa: pa.list_(pa.float32(), 3)),
        "Arrow, List": arrow(lambda pa: pa.list_(pa.float64())),
        "Arrow, LargeList": arrow(lambda pa: pa.large_list(pa.float64())),
        "Arrow, chunks": arrow_chunks,
    }


@pytest.fixture(params=columns_of_vectors().values(), ids=columns_of_vectors())
def column(request):
    return request.param


class TestVectors:
    def test_a_column_of_lists_is_a_matrix(self, db, column):
        docs = db.create_collection("d", dim=3, metric="l2")
        docs.add(["a", "b"], column(ROWS))
        docs.upsert("b", column(ROWS[1:])[0])
        assert [record.vector.tolist() for record in docs.scan()] == ROWS
        assert docs.search_many(column(ROWS), k=1).ids.tolist() == [["a"], ["b"]]

    def test_a_missing_vector_is_refused_by_its_row(self, db, column):
        docs = db.create_collection("d", dim=3, metric="l2")
        with pytest.raises(vdb.InvalidVectorError, match=r"vectors\[1\] (is missing|holds NaN)"):
            docs.add([1, 2], column([ROWS[0], None]))
        assert len(docs) == 0

    def test_a_part_of_an_arrow_array_is_that_part(self, db):
        pa = pytest.importorskip("pyarrow")
        docs = db.create_collection("d", dim=3, metric="l2")
        whole = pa.array([[9.0, 9, 9], *ROWS, [8.0, 8, 8]], pa.list_(pa.float32(), 3))
        docs.add(["a", "b"], whole[1:3])
        assert [record.vector.tolist() for record in docs.scan()] == ROWS

    def test_bytes_and_bits_come_as_columns_too(self, db):
        pa = pytest.importorskip("pyarrow")
        small = db.create_collection("small", dim=3, metric="l2", dtype="int8")
        small.add([1], pa.array([[1, -2, 3]], pa.list_(pa.int8(), 3)))
        assert small.get(1).vector.tolist() == [1, -2, 3]
        bits = db.create_collection("bits", dim=16, metric="hamming", dtype="bit")
        bits.add([1], pa.array([[255, 1]], pa.list_(pa.uint8())))
        assert bits.get(1).vector.tolist() == [255, 1]

    def test_rows_of_different_lengths_are_named(self, db):
        pd = pytest.importorskip("pandas")
        docs = db.create_collection("d", dim=3, metric="l2")
        with pytest.raises(vdb.DimensionMismatchError, match=r"vectors\[1\] must have 3 .* got 2"):
            docs.add([1, 2], pd.Series([np.zeros(3), np.zeros(2)]))

    @pytest.mark.parametrize("name", ["pandas", "polars"])
    def test_a_column_of_text_is_refused_by_what_it_is(self, db, name):
        docs = db.create_collection("d", dim=3, metric="l2")
        series = pytest.importorskip(name).Series(["a", "b"])
        with pytest.raises(vdb.ArgumentTypeError, match=r"must hold real numbers, got .*"):
            docs.add([1, 2], series)


class TestIds:
    @pytest.mark.parametrize("ids", [[7, 8, 9], ["a", "ä", "日本"]], ids=["int", "str"])
    @pytest.mark.parametrize("name", ["pandas", "polars", "pyarrow"])
    def test_a_column_is_a_list_of_ids(self, collection, ids, name):
        library = pytest.importorskip(name)
        column = library.array(ids) if name == "pyarrow" else library.Series(ids)
        collection.add(column, matrix(3), column)
        assert list(collection.ids()) == ids
        assert {type(value) for value in collection.ids()} == {type(ids[0])}
        assert [record.payload for record in collection.get(column)] == ids
        assert collection.count(where={"a": {"$nin": column}}) == 3
        assert collection.delete(column[1:]) == 2

    @pytest.mark.parametrize("name", ["pandas", "polars", "pyarrow"])
    def test_a_missing_id_is_refused_by_its_row(self, collection, name):
        library = pytest.importorskip(name)
        column = library.array(["a", None]) if name == "pyarrow" else library.Series(["a", None])
        with pytest.raises(vdb.ArgumentTypeError, match=r"ids\[1\] must be an int or a str"):
            collection.add(column, matrix(2))

    @pytest.mark.parametrize("name", ["pandas", "polars", "pyarrow"])
    def test_a_table_is_no_list_of_its_columns(self, full, name):
        library = pytest.importorskip(name)
        made = library.table if name == "pyarrow" else library.DataFrame
        table = made({"id": [1, 2]})
        for call in (full.get, full.delete, lambda ids: full.add(ids, matrix(1))):
            with pytest.raises(vdb.ArgumentTypeError, match="give one of its columns"):
                call(table)
        with pytest.raises(vdb.InvalidFilterError, match="expected a list of values"):
            full.count(where={"n": {"$in": table}})
        assert len(full) == 2000

    def test_entries_of_arrow_are_ids_too(self, collection):
        pa = pytest.importorskip("pyarrow")
        collection.add(list(pa.array([3, 4])), matrix(2))
        assert list(collection.ids()) == [3, 4]

    @pytest.mark.parametrize("kind", ["pyarrow", "numpy"])
    @pytest.mark.parametrize("ids", [[7, 8], ["a", "日本"]], ids=["int", "str"])
    def test_one_entry_is_one_id_wherever_ids_are_taken(self, db, kind, ids):
        if kind == "pyarrow":
            pa = pytest.importorskip("pyarrow")
            first, second = map(pa.scalar, ids)
        else:
            first, second = np.array(ids)
        docs = db.create_collection("one", dim=matrix(1).shape[1], metric="l2")
        docs.add(first, matrix(1)[0], {"n": 1})
        docs.add([first, second][1:], matrix(1))
        assert list(docs.ids()) == ids
        assert {type(value) for value in docs.ids()} == {type(ids[0])}
        assert docs.get(first).id == ids[0]
        assert [record.id for record in docs.get([second, first])] == ids[::-1]
        assert first in docs
        docs.set_payloads(second, {"n": 2})
        assert docs.explain(matrix(1)[0], second, k=1).id == ids[1]
        assert docs.inspect_record(second).id == ids[1]
        docs.upsert(second, matrix(1)[0], {"n": 3})
        assert docs.get(second).payload == {"n": 3}
        assert docs.delete(first) == 1
        assert list(docs.ids()) == ids[1:]
        assert list(db.check()) == []

    def test_an_entry_that_is_no_id_is_refused(self, full):
        pa = pytest.importorskip("pyarrow")
        for value in (1.0, True, None, b"1"):
            for call in (full.get, full.delete, lambda one: full.get([1, one])):
                with pytest.raises(vdb.ArgumentTypeError, match="must be an int or a str"):
                    call(pa.scalar(value))
            assert pa.scalar(value) not in full
        with pytest.raises(vdb.InvalidArgumentError, match="64-bit"):
            full.get(pa.scalar(2**64 - 1, pa.uint64()))
        assert len(full) == 2000


TABLE = {
    "n": [1, 2**60 + 1, 3],
    "x": [0.1, -0.0, 1e300],
    "t": ["a", "日本", ""],
    "b": [True, False, True],
}
RECORDS = [dict(zip(TABLE, row, strict=True)) for row in zip(*TABLE.values(), strict=True)]


class TestPayloads:
    @pytest.mark.parametrize("name", ["pandas", "polars", "pyarrow"])
    def test_each_row_of_a_table_is_a_payload(self, collection, name):
        library = pytest.importorskip(name)
        table = (library.table if name == "pyarrow" else library.DataFrame)(TABLE)
        collection.add([1, 2, 3], matrix(3), table)
        assert repr([record.payload for record in collection.scan()]) == repr(RECORDS)
        collection.set_payloads([1, 2], table[1:])
        assert collection.get(1).payload == RECORDS[1]
        with pytest.raises(vdb.InvalidArgumentError, match="4 ids, 3 payloads"):
            collection.add(range(4, 8), matrix(4), table)

    def test_as_many_columns_as_ids_are_rows_all_the_same(self, collection):
        pd = pytest.importorskip("pandas")
        collection.add([1, 2], matrix(2), pd.DataFrame({"n": [1, 2], "f": [0.5, 1.5]}))
        assert collection.get(2).payload == {"n": 2, "f": 1.5}

    def test_what_a_table_calls_missing_is_none(self, collection):
        pd = pytest.importorskip("pandas")
        table = pd.DataFrame(
            {
                "n": pd.array([1, None], dtype="Int64"),
                "t": pd.array(["a", None], dtype="string"),
                "c": pd.Categorical(["x", None]),
            }
        )
        collection.add([1, 2], matrix(2), table)
        assert collection.get(1).payload == {"n": 1, "t": "a", "c": "x"}
        assert collection.get(2).payload == {"n": None, "t": None, "c": None}

    def test_nan_is_a_number_and_refused_with_what_to_write(self, collection):
        pd = pytest.importorskip("pandas")
        table = pd.DataFrame({"x": [0.5, np.nan]})
        with pytest.raises(vdb.InvalidPayloadError, match=r"payloads\[1\]\['x'\].*None") as caught:
            collection.add([1, 2], matrix(2), table)
        assert caught.value.row == 1
        collection.add([1, 2], matrix(2), table.astype(object).where(table.notna(), None))
        assert collection.get(2).payload == {"x": None}

    def test_two_columns_of_one_name_are_refused(self, collection):
        pd = pytest.importorskip("pandas")
        table = pd.DataFrame([[1, 2]], columns=["a", "a"])
        with pytest.raises(vdb.ArgumentTypeError, match="two of its columns are called 'a'"):
            collection.add([1], matrix(1), table)

    def test_a_column_of_times_fits_a_field_that_is_declared_as_one(self, db):
        pd = pytest.importorskip("pandas")
        docs = db.create_collection("d", dim=16, metric="l2", fields={"t": "datetime"})
        times = pd.to_datetime(["2024-05-01T10:00:00.123456789", None])
        docs.add([1, 2], matrix(2), pd.DataFrame({"t": times}))
        assert docs.get(1).payload == {"t": "2024-05-01T10:00:00.123456789"}
        assert docs.get(2).payload == {"t": None}

    def test_a_table_of_numpy_gives_its_rows(self, collection):
        table = np.array(
            [(1, 0.5, "a"), (2, 1.5, "b")], dtype=[("n", "i4"), ("x", "f4"), ("t", "U1")]
        )
        collection.add([1, 2], matrix(2), table)
        assert collection.get(2).payload == {"n": 2, "x": 1.5, "t": "b"}

    @pytest.mark.parametrize(
        "payloads",
        [{"a", "b"}, frozenset({"a", "b"}), {"a": 1, "b": 2}.keys(), {"a": 1, "b": 2}.items()],
        ids=["set", "frozenset", "keys", "items"],
    )
    def test_what_has_no_order_is_refused(self, collection, payloads):
        with pytest.raises(vdb.ArgumentTypeError, match="payloads must be a sequence"):
            collection.add([1, 2], matrix(2), payloads)
        with pytest.raises(vdb.ArgumentTypeError, match="payloads must be a sequence"):
            collection.set_payloads([1, 2], payloads)
        assert len(collection) == 0

    def test_the_values_of_a_dict_have_one(self, collection):
        made = {"x": {"n": 1}, "y": {"n": 2}}
        collection.add(made.keys(), matrix(2), made.values())
        assert collection.get("y").payload == {"n": 2}

    def test_a_table_that_nobody_knows_is_refused(self, collection):
        class Table:
            columns = ("a", "b")
            shape = (1, 2)

            def __iter__(self):
                return iter(self.columns)

        with pytest.raises(vdb.ArgumentTypeError, match="give its rows, as a list of dicts"):
            collection.add([1, 2], matrix(2), Table())
        with pytest.raises(vdb.ArgumentTypeError, match="give one of its columns"):
            collection.get(Table())


def test_labels_and_texts_may_be_columns(full, crowd):
    pl = pytest.importorskip("polars")
    relevant, texts = pl.Series([[1, 2], None, [3]]), pl.Series(["a", None, "c"])
    found = vdb.compare_metrics(full, crowd[:3], relevant=relevant, texts=texts)
    assert found == vdb.compare_metrics(
        full, crowd[:3], relevant=[[1, 2], None, [3]], texts=["a", None, "c"]
    )


def test_nothing_of_this_is_imported_by_vdb(tmp_path):
    code = (
        "import sys, numpy as np, vdb; db = vdb.open('d.vdb'); "
        "c = db.create_collection('c', dim=2, metric='l2'); "
        "c.add(range(2), np.ones((2, 2)), [{}, None]); c.search([1, 1]); "
        "assert not {'pandas', 'polars', 'pyarrow', 'ml_dtypes'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=tmp_path)


class TestArrays:
    def test_bfloat16_is_exact_in_float32(self, db):
        ml_dtypes = pytest.importorskip("ml_dtypes")
        docs = db.create_collection("d", dim=3, metric="l2")
        rows = np.array(ROWS, dtype=ml_dtypes.bfloat16)
        docs.add([1, 2], rows)
        docs.upsert(2, rows[1].astype(ml_dtypes.float8_e5m2))
        assert docs.get(1).vector.tolist() == rows[0].astype(np.float32).tolist()
        assert docs.search(rows[0], k=1)[0].id == 1
        docs.set_payloads(1, {"x": rows[0][0].item()})

    def test_what_speaks_dlpack_only_is_an_array(self, db):
        class Tensor:
            def __init__(self, array):
                self._array = array

            def __dlpack__(self, **given):
                return self._array.__dlpack__(**given)

            def __dlpack_device__(self):
                return self._array.__dlpack_device__()

        docs = db.create_collection("d", dim=3, metric="l2")
        docs.add([1, 2], Tensor(np.array(ROWS)))
        assert docs.search(Tensor(np.array(ROWS[1])), k=1)[0].id == 2

    @pytest.mark.parametrize("turned", [False, True])
    def test_a_tensor_of_bfloat16_is_read_through_dlpack(self, db, turned):
        halves = (np.array(ROWS, np.float32).view(np.uint32) >> 16).astype(np.uint16)
        if turned:
            halves = np.asfortranarray(halves)

        class Tensor:
            def __dlpack__(self, **_):
                """The same memory, called what numpy has no name for."""
                capsule = halves.__dlpack__()
                prototype = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.py_object, ctypes.c_char_p)
                pointer = prototype(("PyCapsule_GetPointer", ctypes.pythonapi))
                ctypes.c_uint8.from_address(pointer(capsule, b"dltensor") + 20).value = 4
                return capsule

            def __dlpack_device__(self):
                return halves.__dlpack_device__()

        docs = db.create_collection("d", dim=3, metric="l2")
        docs.add([1, 2], Tensor())
        assert [record.vector.tolist() for record in docs.scan()] == ROWS

    def test_a_tensor_of_bfloat16_that_numpy_cannot_read_is_widened(self, db):
        class Tensor:
            dtype = "torch.bfloat16"

            def __array__(self, *_, **__):
                raise TypeError("Got unsupported ScalarType BFloat16")

            def float(self):
                return np.array(ROWS, np.float32)

        docs = db.create_collection("d", dim=3, metric="l2")
        docs.add([1, 2], Tensor())
        assert docs.get(1).vector.tolist() == ROWS[0]

    def test_vectors_may_come_one_by_one(self, db):
        docs = db.create_collection("d", dim=3, metric="l2")
        docs.add((i for i in (1, 2)), (row for row in ROWS), ({"n": i} for i in (1, 2)))
        assert [record.vector.tolist() for record in docs.scan()] == ROWS
        assert docs.get(2).payload == {"n": 2}
        assert docs.search_many(iter(ROWS), k=1).ids.tolist() == [[1], [2]]
        with pytest.raises(vdb.InvalidArgumentError, match="2 ids, 1 vectors"):
            docs.upsert(iter((1, 2)), iter(ROWS[:1]))

    def test_numbers_that_are_objects_are_numbers(self, db):
        docs = db.create_collection("d", dim=3, metric="l2")
        docs.add([1, 2], np.array(ROWS, dtype=object))
        docs.upsert(2, [3, True, np.float32(2)])
        assert docs.get(2).vector.tolist() == [3.0, 1.0, 2.0]
        with pytest.raises(vdb.InvalidVectorError, match="has length"):
            docs.upsert(2, [2**70, 1, 2])
        with pytest.raises(vdb.InvalidVectorError, match="infinity"):
            docs.upsert(2, [10**400, 1, 2])

    @pytest.mark.parametrize(
        ("given", "text"),
        [
            ({1: [0, 0, 0]}, r"got dict, .*list\(vectors.values\(\)\)"),
            ({0.5}, "got set, which has no order"),
            (object(), r"got object, .* array of shape \(n, dim\)"),
            ([[1, None, 2], [1, 2, 3]], r"vectors\[0\] holds None at position 1"),
            ([[1, "2", 2], [1, 2, 3]], "an array of <U"),
            (np.array([[1, "2", 2]] * 2, object), r"vectors\[0\] holds str at position 1"),
            ([{"a": 1}, {"b": 2}], r"vectors holds dict at position 0"),
            (np.array(["2024-01-01"], "M8[D]"), "datetime64"),
        ],
    )
    def test_what_came_is_named(self, db, given, text):
        docs = db.create_collection("d", dim=3, metric="l2")
        with pytest.raises(vdb.ArgumentTypeError, match=f"vectors must hold real numbers.*{text}"):
            docs.add([1, 2], given)


class TestTimes:
    WHEN = datetime.datetime(2024, 5, 1, 10, 30, tzinfo=datetime.UTC)

    @pytest.mark.parametrize(
        ("given", "kept"),
        [
            (WHEN, "2024-05-01T10:30:00+00:00"),
            (WHEN.replace(tzinfo=None), "2024-05-01T10:30:00"),
            (WHEN.date(), "2024-05-01"),
            (np.datetime64("2024-05-01T10:30", "ns"), "2024-05-01T10:30:00.000000000"),
            (np.datetime64("2024-05", "M"), "2024-05-01"),
            (np.datetime64("2024-05-01T10", "h"), "2024-05-01T10:00"),
            ("2024-05-01", "2024-05-01"),
            (None, None),
        ],
    )
    def test_a_declared_field_takes_a_time_and_keeps_its_text(self, db, given, kept):
        docs = db.create_collection("d", dim=16, metric="l2", fields={"a.t": "datetime"})
        docs.add(1, matrix(1)[0], {"z": 1, "a": {"t": given, "u": 2}})
        assert docs.get(1).payload == {"z": 1, "a": {"t": kept, "u": 2}}
        docs.set_payloads([1], [{"a": {"t": given}}])
        docs.upsert([1], matrix(1), [{"a": {"t": given}}])
        assert docs.get(1).payload == {"a": {"t": kept}}
        if given is not None:
            assert docs.count(where={"a.t": {"$gte": self.WHEN.replace(hour=0, minute=0)}}) == 1
            assert docs.count(where={"a.t": {"$lt": self.WHEN.replace(day=1, month=4)}}) == 0

    def test_lists_of_times_are_taken_too(self, db):
        docs = db.create_collection("d", dim=16, metric="l2", fields={"t": "datetime[]"})
        docs.add(1, matrix(1)[0], {"t": [self.WHEN, "2020-01-01"]})
        docs.add(2, matrix(1)[0], {"t": np.array(["2021-02-03"], "M8[D]")})
        assert docs.get(1).payload == {"t": ["2024-05-01T10:30:00+00:00", "2020-01-01"]}
        assert list(docs.ids(where={"t": {"$contains": self.WHEN}})) == [1]
        assert docs.get(2).payload == {"t": ["2021-02-03"]}

    def test_a_field_that_another_handle_declares_takes_them_from_then_on(self, path):
        with vdb.open(path) as one, vdb.open(path) as other:
            docs = one.create_collection("d", dim=16, metric="l2")
            with pytest.raises(vdb.InvalidPayloadError, match="declare the field as 'datetime'"):
                docs.add(1, matrix(1)[0], {"t": self.WHEN})
            other.collection("d").index_field("t", "datetime")
            docs.add(1, matrix(1)[0], {"t": self.WHEN})
            assert docs.get(1).payload == {"t": self.WHEN.isoformat()}

    def test_a_time_that_is_none_is_refused(self, db):
        docs = db.create_collection("d", dim=16, metric="l2", fields={"t": "datetime"})
        with pytest.raises(vdb.InvalidPayloadError, match=r"\['t'\].*datetime64"):
            docs.add(1, matrix(1)[0], {"t": np.datetime64("NaT", "s")})
