"""One table, handed over by every library that has it: the same records come of it.

Each test of a library is skipped where it is not installed.
"""

from __future__ import annotations

import decimal

import numpy as np
import pytest

import vdb
from vdb.model.dtypes import DTYPES
from vdb.model.inputs.joined_rows import joined_rows
from vdb.model.inputs.vectors import vector_parts
from vdb.model.metrics import METRICS

ROWS = [[0.5, 1.0, -2.0], [3.0, 4.0, 5.5], [7.0, 8.0, 9.0]]
CONTENT = [
    ("a", ROWS[0], {"n": 1, "t": "x", "l": [1, 2]}),
    ("b", ROWS[1], {"n": 2, "t": None, "l": []}),
    ("c", ROWS[2], {"n": 3, "t": "日本", "l": [3]}),
]


@pytest.fixture
def docs(db):
    return db.create_collection("d", dim=3, metric="l2")


@pytest.fixture
def table():
    pa = pytest.importorskip("pyarrow")
    return pa.table(
        {
            "id": ["a", "b", "c"],
            "vector": pa.array(ROWS, pa.list_(pa.float32(), 3)),
            "n": [1, 2, 3],
            "t": ["x", None, "日本"],
            "l": [[1, 2], [], [3]],
        }
    )


def content(docs):
    return [(record.id, record.vector.tolist(), record.payload) for record in docs.scan()]


HANDED_OVER = {
    "pyarrow Table": lambda table: table,
    "pyarrow slice": lambda table: (
        type(table).from_batches([*table.slice(2).to_batches(), *table.to_batches()]).slice(1)
    ),
    "pyarrow RecordBatch": lambda table: table.to_batches()[0],
    "pyarrow RecordBatchReader": lambda table: table.to_reader(2),
    "pyarrow lists": lambda table: table.set_column(1, "vector", [table["vector"].to_pylist()]),
    "polars": lambda table: pytest.importorskip("polars").from_arrow(table),
    "DuckDB": lambda table: pytest.importorskip("duckdb").from_arrow(table),
    "nanoarrow": lambda table: pytest.importorskip("nanoarrow").ArrayStream(table),
    "datasets": lambda table: pytest.importorskip("datasets").Dataset(table),
    "ibis": lambda table: pytest.importorskip("ibis").memtable(table),
    "pandas of Arrow": lambda table: table.to_pandas(
        types_mapper=pytest.importorskip("pandas").ArrowDtype
    ),
    "rows": lambda table: iter(table.to_pylist()),
}


@pytest.mark.parametrize("hand_over", HANDED_OVER.values(), ids=HANDED_OVER)
def test_the_same_records_come_of_it(docs, table, hand_over):
    docs.add(hand_over(table))
    assert content(docs) == CONTENT


def test_a_frame_of_pandas_is_read_by_itself(docs, table):
    pytest.importorskip("pandas")
    docs.add(table.drop_columns(["l"]).to_pandas())
    assert [(i, v, {"n": p["n"], "t": p["t"]}) for i, v, p in CONTENT] == content(docs)


def test_rows_of_a_dataset_that_were_chosen_are_those(docs, table):
    datasets = pytest.importorskip("datasets")
    docs.add(datasets.Dataset(table).select([2, 0]))
    assert content(docs) == [CONTENT[0], CONTENT[2]]


def test_what_has_to_arrow_is_asked_for_it(docs, table):
    class Frame:
        def to_arrow(self):
            return table

    docs.add(Frame())
    assert content(docs) == CONTENT


def test_encoded_ids_and_payloads_are_decoded(docs, table):
    pa = pytest.importorskip("pyarrow")
    compute = pytest.importorskip("pyarrow.compute")
    runs = compute.run_end_encode(pa.array([5, 5, 6]))
    encoded = table.set_column(0, "id", table["id"].dictionary_encode())
    encoded = encoded.set_column(3, "t", table["t"].cast(pa.string_view()))
    docs.add(encoded.append_column("r", runs))
    assert [payload["r"] for _, _, payload in content(docs)] == [5, 5, 6]
    assert [payload["t"] for _, _, payload in content(docs)] == ["x", None, "日本"]
    assert [record for record, _, _ in content(docs)] == ["a", "b", "c"]


def test_nested_payloads_are_dicts_and_lists(docs, table):
    pa = pytest.importorskip("pyarrow")
    kind = pa.struct({"m": pa.map_(pa.string(), pa.int8()), "l": pa.list_(pa.list_(pa.float32()))})
    values = [{"m": [("k", 1)], "l": [[0.5], None]}, None, {"m": [], "l": None}]
    docs.add(table.append_column("s", pa.array(values, kind)), payload="s")
    assert [payload for _, _, payload in content(docs)] == [
        {"m": {"k": 1}, "l": [[0.5], None]},
        None,
        {"m": {}, "l": None},
    ]


def test_times_and_decimals_are_for_the_encoder(db, table):
    pa = pytest.importorskip("pyarrow")
    when = pa.array([0, None, 1], pa.timestamp("us", "UTC"))
    price = pa.array([decimal.Decimal("1.50"), None, decimal.Decimal(2)], pa.decimal128(9, 2))
    whole = table.append_column("when", when).append_column("price", price)
    strict = db.create_collection("strict", dim=3, metric="l2")
    with pytest.raises(vdb.InvalidPayloadError, match=r"payloads\[0\]\['when'\].*datetime"):
        strict.add(whole)
    declared = db.create_collection("declared", dim=3, metric="l2", fields={"when": "datetime"})
    declared.add(whole, payload=["when"])
    assert declared.get("a").payload == {"when": "1970-01-01T00:00:00+00:00"}
    assert declared.get("b").payload == {"when": None}
    json = db.create_collection("json", dim=3, metric="l2", payload_encoder="json")
    json.add(whole, payload=["when", "price"])
    assert json.get("a").payload == {"when": "1970-01-01T00:00:00+00:00", "price": "1.50"}


def test_nothing_is_copied_of_polars_and_pyarrow(table):
    frames = [table, pytest.importorskip("polars").from_arrow(table)]
    for frame in frames:
        (part,) = vector_parts(
            frame["vector"], dim=3, metric=METRICS["l2"], dtype=DTYPES["float32"], rows=3, name="v"
        ).parts
        assert not part.flags.owndata
        assert not part.flags.writeable


class TestRowsThatAreArrays:
    def test_rows_behind_each_other_are_seen_where_they_lie(self):
        matrix = np.arange(60, dtype=np.float32).reshape(20, 3)
        (part,) = joined_rows(list(matrix))
        assert np.shares_memory(part, matrix)
        assert np.array_equal(part, matrix)
        first, second = np.zeros((40, 3)), np.ones((40, 3))
        parts = joined_rows([*second, *first])
        assert np.array_equal(np.concatenate(parts), np.concatenate([second, first]))
        assert all(
            np.shares_memory(part, first) or np.shares_memory(part, second) for part in parts
        )

    def test_rows_anywhere_are_copied_together(self):
        matrix = np.arange(60, dtype=np.float32).reshape(20, 3)
        rows = [row.copy() for row in matrix]
        parts = joined_rows(rows)
        assert np.array_equal(np.concatenate(parts), matrix)
        assert not any(np.shares_memory(part, row) for part in parts for row in rows)

    @pytest.mark.parametrize(
        "rows",
        [
            [],
            [1.0, 2.0],
            [np.zeros(3), np.zeros(2)],
            [np.zeros(3), np.zeros(3, np.float32)],
            [np.zeros(3), [0.0, 0.0, 0.0]],
            [np.zeros((1, 3))],
            [np.zeros(6)[::2]],
            [np.array(["a"])],
        ],
        ids=["none", "numbers", "length", "type", "class", "axes", "strides", "text"],
    )
    def test_others_are_left_to_numpy(self, rows):
        assert joined_rows(rows) is None

    def test_a_list_that_changes_does_not_change_them(self):
        matrix = np.arange(60, dtype=np.float32).reshape(20, 3)
        rows = list(matrix.copy())
        (part,) = joined_rows(rows)
        rows.clear()
        assert np.array_equal(part, matrix)

    def test_a_column_of_pandas_is_stacked(self, docs):
        pd = pytest.importorskip("pandas")
        docs.add(pd.Series(["a", "b", "c"]), pd.Series([np.array(row) for row in ROWS]))
        assert [vector for _, vector, _ in content(docs)] == ROWS


class Pool:
    """Counts how often memory is asked back."""

    def __init__(self):
        self.asked = 0

    def release_unused(self):
        self.asked += 1


@pytest.fixture
def pool(monkeypatch):
    made = Pool()
    monkeypatch.setattr(pytest.importorskip("pyarrow"), "default_memory_pool", lambda: made)
    return made


def wide(rows):
    pa = pytest.importorskip("pyarrow")
    numbers = np.arange(rows * 1024, dtype=np.float32)
    vectors = pa.FixedSizeListArray.from_arrays(pa.array(numbers), 1024)
    return pa.table({"id": range(rows), "vector": vectors})


def test_after_a_large_table_the_memory_of_decoding_is_given_back(db, pool):
    docs = db.create_collection("wide", dim=1024, metric="l2", index=vdb.Flat())
    docs.add(wide(100))
    assert pool.asked == 0  # less than 32 MiB
    docs.add(wide(8_200).slice(100))
    assert pool.asked == 0
    docs.upsert(wide(8_200))
    assert pool.asked == 1
    docs.upsert(wide(8_200).to_reader(1_000))
    assert pool.asked == 2
    db.create_collection("streamed", dim=1024, metric="l2", index=vdb.Flat()).add(
        wide(8_200).to_reader(1_000)
    )
    assert pool.asked == 4  # once more when the batches are in blocks
    assert not list(db.check())
