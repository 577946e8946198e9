"""Exact scans: what the first look in float32 turns away is never among the nearest."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.kernel_memory import MemoryIndex, nothing_stored

DIM = 40
CASES = [
    ("l2", "float32"), ("ip", "float32"), ("cosine", "float32"), ("l1", "float32"),
    ("l2", "float16"), ("ip", "float16"), ("cosine", "float16"), ("l1", "float16"),
    ("l2", "int8"), ("ip", "int8"), ("cosine", "int8"), ("l1", "int8"),
    ("hamming", "bit"),
]  # fmt: skip


def rows_of(dtype, random, count, *, scale, spread, dim=DIM):
    """Vectors that are far apart, or so close together that float32 cannot tell them apart."""
    if dtype == "bit":
        return random.integers(0, 256, (count, dim // 8)).astype(np.uint8)
    if dtype == "int8":
        return random.integers(-127, 128, (count, dim)).astype(np.int8)
    centre = random.normal(size=dim)
    rows = (centre + spread * random.normal(size=(count, dim))) * scale
    return rows.astype(np.float16 if dtype == "float16" else np.float32)


@settings(max_examples=30)
@pytest.mark.parametrize("case", CASES, ids="-".join)
@given(
    seed=st.integers(0, 2**32 - 1),
    power=st.sampled_from([-36, -30, -20, -19, -10, 0, 3, 10, 16]),
    spread=st.sampled_from([1.0, 1e-3, 1e-6, 1e-7]),
    k=st.integers(1, 12),
)
def test_the_nearest_are_those_of_a_scan_that_turns_nothing_away(case, seed, power, spread, k):
    metric, dtype = case
    random = np.random.default_rng(seed)
    count = 90
    scale = 10.0 ** (min(max(power, -3), 3) if dtype == "float16" else power)
    rows = rows_of(dtype, random, count, scale=scale, spread=spread)
    zero = ~rows.any(axis=1)
    rows[zero] = 1  # what float16 has rounded to nothing
    memory = MemoryIndex(metric, DIM, dtype=dtype)
    memory.add(rows)
    queries = rows_of(dtype, random, 3, scale=scale, spread=spread)
    queries[~queries.any(axis=1)] = 1
    if dtype == "float16":
        queries = queries.astype(np.float32)
    everything = memory.index.scan(nothing_stored, queries, count)
    nearest = memory.index.scan(nothing_stored, queries, k)
    for whole, part in zip(everything, nearest, strict=True):
        expected = whole[:, :k] if whole.ndim == 2 else np.minimum(whole, k)
        assert np.array_equal(part, expected)
    some = random.random(count) < 0.5
    bits, passing = np.packbits(some, bitorder="little"), int(some.sum())
    among = memory.index.scan_filtered(nothing_stored, queries, bits, passing, min(k, passing))
    for row, slots in zip(everything[0], among[0], strict=True):
        assert slots.tolist() == [slot for slot in row.tolist() if some[slot]][:k]
