"""Lists of lists are read a few thousand numbers at a time; it makes no other difference."""

from __future__ import annotations

import numpy as np
import pytest

import vdb
from vdb.model.dtypes import DTYPES
from vdb.model.inputs import arrays
from vdb.model.inputs.listed_rows import listed_rows

ROWS = np.random.default_rng(0).normal(size=(3000, 48))


@pytest.mark.parametrize("kind", [list, tuple])
@pytest.mark.parametrize("numbers", [ROWS, (ROWS * 100).astype(int)])
def test_the_parts_are_the_whole(kind, numbers):
    rows = kind(map(kind, numbers.tolist()))
    parts = listed_rows(rows, (48,), "fiu")
    assert len(parts) > 2
    assert all(part.size <= 1 << 15 for part in parts)
    assert np.array_equal(np.concatenate(parts), np.asarray(rows))


@pytest.mark.parametrize(
    "rows",
    [
        ROWS[:10].tolist(),
        [*ROWS.tolist()[:-1], [0.0]],
        [*ROWS.tolist(), [None] * 48],
        [*ROWS.tolist(), ["a"] * 48],
        [*ROWS.tolist(), [2**70] * 48],
        [*ROWS.tolist(), [[1.0]] * 48],
        ROWS[:, :47].tolist(),
        [],
        [[]] * 3000,
        list(ROWS),
        "text",
        None,
    ],
)
def test_a_few_rows_and_anything_odd_are_left_to_who_names_the_row(rows):
    assert listed_rows(rows, (48,), "fiu") is None


@pytest.mark.parametrize(
    ("last", "message"),
    [
        ([0.0], r"vectors\[3000\] must have 48 dimensions"),
        ([None] * 48, "float or int|real numbers|None"),
        (["a"] * 48, "real numbers"),
    ],
)
def test_messages_stay_those_of_a_whole(last, message):
    with pytest.raises((vdb.ArgumentTypeError, vdb.DimensionMismatchError), match=message):
        arrays.array_of([*ROWS.tolist(), last], "vectors", 48, DTYPES["float32"])


@pytest.mark.parametrize(("dtype", "kind"), [("float32", np.float32), ("float16", np.float64)])
def test_an_iterator_of_lists_is_read_the_same_way(dtype, kind):
    got = arrays.array_of(iter(ROWS.tolist()), "vectors", 48, DTYPES[dtype])
    assert got.dtype == kind  # float16 is rounded once, from what was given
    assert np.array_equal(got, ROWS.astype(kind))


def test_what_float32_cannot_hold_is_named_as_it_was_given():
    rows = ROWS.tolist()
    rows[2000][7] = 1e39
    with (
        vdb.temporary() as db,
        pytest.raises(vdb.InvalidVectorError, match=r"vectors\[2000\] has length 1e\+39"),
    ):
        db.create_collection("c", dim=48, metric="l2").add(range(3000), rows)
