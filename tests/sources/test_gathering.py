"""Small batches of a source become parts, and nothing else of them changes."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import vdb
from vdb.sources import Refusal, SourceBatch
from vdb.sources import open as open_source
from vdb.sources.gathering import gathered


def batch_of(start, size, *, texts=False, missing=False, payloads=False, unit="row", refusals=0):
    rows = np.arange(start, start + size)
    lacking = rows % 2 == 1
    return SourceBatch(
        rows,
        [f"r{row}" for row in rows] if texts else rows * 10,
        np.where(lacking[:, None] & missing, 0, rows[:, None] + np.arange(3.0)),
        [{"row": int(row)} for row in rows] if payloads else None,
        lacking if missing else None,
        [Refusal(f"row {start}", None, "no vector")] * refusals,
        unit=unit,
        numbers=rows + 1 if texts else None,
    )


def facts(batches):
    """What each record is, and each refusal, in order."""
    for batch in batches:
        yield from batch.refusals
        missing = [False] * len(batch) if batch.missing is None else batch.missing.tolist()
        payloads, vectors = batch.payload_list(), batch.vectors.tolist()
        for row, one in enumerate(batch.id_list()):
            yield batch.place(row), one, vectors[row], payloads[row], missing[row]


@given(
    st.lists(
        st.fixed_dictionaries(
            {"size": st.integers(0, 9)},
            optional={
                "texts": st.booleans(),
                "missing": st.booleans(),
                "payloads": st.booleans(),
                "unit": st.sampled_from(["row", "line"]),
            },
        ),
        max_size=12,
    ),
    st.integers(9, 30),
)
def test_the_records_are_those_of_the_batches(kinds, rows):
    starts = np.cumsum([0, *(kind["size"] for kind in kinds)])
    batches = [batch_of(start, **kind) for start, kind in zip(starts[:-1], kinds, strict=True)]
    parts = list(gathered(iter(batches), rows))
    assert list(facts(parts)) == list(facts(batches))
    assert all(len(part) <= rows for part in parts)
    if all(kind.keys() == {"size"} for kind in kinds):
        assert all(2 * len(part) > rows - 9 for part in parts[:-1])


def test_refusals_stay_in_order_and_bound_a_part():
    batches = [batch_of(3 * i, 3, refusals=i % 3 * 4_000) for i in range(9)]
    parts = list(gathered(iter(batches), 1_000))
    said = [(one.place, one.reason) for part in parts for one in part.refusals]
    assert said == [(one.place, one.reason) for batch in batches for one in batch.refusals]
    assert max(len(part.refusals) for part in parts) <= 10_000
    assert [len(part) for part in parts] == [6, 6, 3, 6, 3, 3]


def test_long_payloads_bound_a_part():
    batches = [batch_of(3 * i, 3, payloads=True) for i in range(6)]
    for batch in batches:
        batch.payloads = [{"text": "x" * 5_000_000}] * 3
    parts = list(gathered(iter(batches), 1_000))
    assert [len(part) for part in parts] == [6, 6, 6]
    assert list(facts(parts)) == list(facts(batches))


def test_what_came_before_an_error_is_read():
    def batches():
        yield batch_of(0, 2)
        yield batch_of(2, 2)
        raise vdb.SourceError("cut short")

    parts = gathered(batches(), 100)
    assert next(parts).rows.tolist() == [0, 1, 2, 3]
    with pytest.raises(vdb.SourceError, match="cut short"):
        next(parts)


def test_a_part_of_its_own_size_is_not_copied():
    whole = batch_of(0, 8)
    assert list(gathered(iter([whole, whole]), 8)) == [whole, whole]


@pytest.mark.parametrize("format", ["parquet", "arrow"])
def test_row_groups_of_a_few_rows_become_few_commits(tmp_path, format):  # noqa: A002
    pa = pytest.importorskip("pyarrow")
    pq = pytest.importorskip("pyarrow.parquet")
    vectors = np.random.default_rng(1).standard_normal((2_000, 4), np.float32)
    lists = pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), 4)
    table = pa.table({"id": range(2_000), "vector": lists, "n": [str(i) for i in range(2_000)]})
    place = tmp_path / f"rows.{format}"
    if format == "parquet":
        pq.write_table(table, place, row_group_size=7)
    else:
        with pa.ipc.new_file(place, table.schema) as writer:
            writer.write_table(table, max_chunksize=7)
    with open_source(place) as source:
        assert [len(batch) for batch in source.batches()] == [2_000]
        assert [len(batch) for batch in source.id_batches()] == [2_000]
    with vdb.temporary() as db:
        db.import_source(place, "docs", metric="l2")
        docs = db.collection("docs")
        found = docs.get(list(range(2_000)))
        assert np.array_equal([one.vector for one in found], vectors)
        assert [one.payload for one in found] == [{"n": str(i)} for i in range(2_000)]
        assert list(db.check()) == []


def test_payloads_of_arrow_and_refusals_are_put_together(tmp_path):
    pa = pytest.importorskip("pyarrow")
    pq = pytest.importorskip("pyarrow.parquet")
    vectors = [None if row % 5 == 2 else [float(row), 1.0] for row in range(100)]
    table = pa.table({"vector": vectors, "words": [["a", str(row)] for row in range(100)]})
    pq.write_table(table, tmp_path / "small.parquet", row_group_size=3)
    pq.write_table(table, tmp_path / "one.parquet")
    sides = []
    for name in ("small", "one"):
        with open_source(tmp_path / f"{name}.parquet") as source:
            (batch,) = source.batches()
            sides.append((list(facts([dataclasses.replace(batch)])), source.checksum()))
    assert sides[0] == sides[1]
    assert len(sides[0][0]) == 100
