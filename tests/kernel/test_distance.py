"""Every instruction set computes what numpy computes, whatever the length."""

from collections.abc import Iterator

import numpy as np
import pytest

from kernel_memory import MemoryIndex, exact_values
from vdb import kernel


@pytest.fixture(params=kernel.instruction_sets())
def instruction_set(request: pytest.FixtureRequest) -> Iterator[str]:
    kernel.use_instruction_set(request.param)
    yield request.param
    kernel.use_instruction_set("")


@pytest.mark.usefixtures("instruction_set")
@pytest.mark.parametrize("dim", [1, 2, 3, 7, 8, 15, 16, 17, 31, 33, 64, 100, 127, 384, 769, 1537])
def test_loops_agree_with_numpy(dim: int) -> None:
    rng = np.random.default_rng(dim)
    a, b = rng.normal(size=(2, 20, dim)).astype(np.float32)
    got = kernel.distances(a, b).astype(np.float64)
    dot = (a.astype(np.float64) * b).sum(axis=1)
    l2 = ((a.astype(np.float64) - b) ** 2).sum(axis=1)
    scale = np.abs(a.astype(np.float64) * b).sum(axis=1)
    for column, expected, size in ((0, dot, scale), (1, l2, l2), (2, dot, scale), (3, l2, l2)):
        assert np.all(np.abs(got[:, column] - expected) <= 3e-6 * size + 1e-30)


def test_every_instruction_set_can_be_chosen(instruction_set: str) -> None:
    assert kernel.instruction_set() == instruction_set


def test_an_unknown_instruction_set_is_refused() -> None:
    with pytest.raises(ValueError, match="sse9"):
        kernel.use_instruction_set("sse9")


@pytest.mark.usefixtures("instruction_set")
@pytest.mark.parametrize("metric", ["l2", "ip", "cosine"])
def test_values_are_exact_to_float64(metric: str) -> None:
    rng = np.random.default_rng(5)
    # Far from the origin, where float32 sums would lose everything.
    rows = (rng.normal(size=(50, 48)) + 1000).astype(np.float32)
    index = MemoryIndex(metric, 48)
    index.add(rows)
    query = rows[7] + np.float32(0.25)
    slots, values, counts = index.search(query[None], 50)
    assert counts[0] == 50
    expected = exact_values(metric, query, rows[slots[0]])
    np.testing.assert_allclose(values[0], expected, rtol=1e-12)


def test_denormal_queries_do_not_slow_the_caller_down_or_change_its_float_mode() -> None:
    tiny = np.full((1, 64), 1e-42, dtype=np.float32)
    index = MemoryIndex("l2", 64)
    index.add(np.random.default_rng(0).normal(size=(200, 64)).astype(np.float32))
    index.search(tiny, 5)
    # Still denormal afterwards: the caller's rounding mode was given back.
    assert (tiny * np.float32(1.0))[0, 0] != 0
