"""Every instruction set computes what numpy computes, whatever the length."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from support import oracle
from support.kernel_memory import MemoryIndex
from support.kinds import KINDS, Kind
from vdb import kernel


@pytest.fixture(params=kernel.instruction_sets())
def instruction_set(request: pytest.FixtureRequest) -> Iterator[str]:
    kernel.use_instruction_set(request.param)
    yield request.param
    kernel.use_instruction_set("")


def pair(dtype: str, dim: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """Two matrices of 9 rows, of dim numbers or bytes of bits, with extreme values among them."""
    rng = np.random.default_rng(dim)
    if dtype in ("int8", "bit"):
        type_ = np.int8 if dtype == "int8" else np.uint8
        low, high = np.iinfo(type_).min, np.iinfo(type_).max
        a, b = rng.integers(low, high, size=(2, 9, dim), endpoint=True, dtype=type_)
        a[0], b[0], a[1], b[1] = low, low, low, high
        return a, b
    a, b = rng.normal(size=(2, 9, dim)).astype(np.float32)
    b[0] *= np.float32(1e-6)  # denormal as float16
    if dtype == "float32":
        return a, b
    return (a if dtype == "float16 query" else a.astype(np.float16)), b.astype(np.float16)


def numbers_of(rows: NDArray[Any]) -> NDArray[np.float64]:
    bits = np.unpackbits(rows, axis=1) if rows.dtype == np.uint8 else rows
    return bits.astype(np.float64)


LENGTHS = [1, 2, 3, 7, 8, 15, 16, 17, 31, 33, 64, 65, 100, 127, 384, 769, 1537]


@pytest.mark.usefixtures("instruction_set")
@pytest.mark.parametrize("dim", LENGTHS)
@pytest.mark.parametrize("dtype", ["float32", "float16", "float16 query", "int8", "bit"])
def test_loops_agree_with_numpy(dtype: str, dim: int) -> None:
    given = pair(dtype, dim)
    x, y = (numbers_of(rows) for rows in given)
    sums = [(x * y).sum(axis=1), ((x - y) ** 2).sum(axis=1), np.abs(x - y).sum(axis=1)]
    scales = [np.abs(x * y).sum(axis=1), *sums[1:]]
    whole = dtype in ("int8", "bit")
    got = kernel.distances(*given, dtype=dtype.removesuffix(" query"))
    for column in range(9):
        error = np.abs(got[:, column] - sums[column % 3])
        # Integers are exact until they are rounded to float32.
        relative = 3e-6 if not whole else 0 if scales[column % 3].max() < 2**24 else 1e-7
        if column >= 6:
            relative = 0 if whole else 1e-13
        assert np.all(error <= relative * scales[column % 3] + (0 if whole else 1e-30))


@pytest.mark.usefixtures("instruction_set")
@pytest.mark.parametrize("dtype", ["float32", "float16", "float16 query", "int8", "bit"])
def test_loops_read_rows_at_any_address(dtype: str) -> None:
    a, b = pair(dtype, 83)

    def moved(rows: NDArray[Any], by: int) -> NDArray[Any]:
        memory = np.zeros(rows.size + by, dtype=rows.dtype)
        memory[by:] = rows.ravel()
        return memory[by:].reshape(rows.shape)

    name = dtype.removesuffix(" query")
    expected = kernel.distances(a, b, dtype=name)
    for by in range(1, 9):
        got = kernel.distances(moved(a, by), moved(b, 9 - by), dtype=name)
        np.testing.assert_array_equal(got, expected)


@pytest.mark.usefixtures("instruction_set")
def test_the_longest_vectors_of_bytes_do_not_overflow() -> None:
    low, high = np.full((2, 1, 64_000), [[[-128]], [[127]]], dtype=np.int8)
    for a, b, l2 in ((low, low, 0), (low, high, 255**2), (high, high, 0)):
        got = kernel.distances(a, b, dtype="int8")[0, 6:]
        dot = int(a[0, 0]) * int(b[0, 0])
        assert got.tolist() == [64_000 * dot, 64_000 * l2, 64_000 * l2**0.5]


def test_every_instruction_set_can_be_chosen(instruction_set: str) -> None:
    assert kernel.instruction_set() == instruction_set


def test_an_unknown_instruction_set_is_refused() -> None:
    with pytest.raises(ValueError, match="sse9"):
        kernel.use_instruction_set("sse9")


@pytest.mark.usefixtures("instruction_set")
@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_values_are_exact_to_float64(kind: Kind) -> None:
    rng = np.random.default_rng(5)
    # Far from the origin, where float32 sums would lose everything.
    floats = rng.normal(size=(50, 48)) + (1000 if kind.dtype[0] == "f" else 0)
    index = MemoryIndex(kind.metric, 48, dtype=kind.dtype)
    rows = kind.stored(floats)
    index.add(rows)
    query = kind.queries(floats[7] + 0.25)
    slots, values, counts = index.search(query[None], 50)
    assert counts[0] == 50
    expected = oracle.values(kind.metric, query, rows[slots[0]], kind.dtype)
    whole = kind.dtype in ("int8", "bit") and kind.metric != "cosine"
    np.testing.assert_allclose(values[0], expected, rtol=0 if whole else 1e-12, atol=1e-15)


def test_denormal_queries_do_not_slow_the_caller_down_or_change_its_float_mode() -> None:
    tiny = np.full((1, 64), 1e-42, dtype=np.float32)
    index = MemoryIndex("l2", 64)
    index.add(np.random.default_rng(0).normal(size=(200, 64)).astype(np.float32))
    index.search(tiny, 5)
    # Still denormal afterwards: the caller's rounding mode was given back.
    assert (tiny * np.float32(1.0))[0, 0] != 0
