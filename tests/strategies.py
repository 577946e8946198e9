"""Hypothesis strategies for what callers hand in."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

import vdb

int_ids = st.integers(-(2**63), 2**63 - 1)
str_ids = st.text(
    st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=40
)

# Few ids, so that histories meet them again.
few_int_ids = st.sampled_from([-(2**63), -300, -1, 0, 1, 2, 3, 255, 256, 65536, 2**63 - 1])
few_str_ids = st.sampled_from(["a", "b", "c", "ä", "日本", "a b", "A", "x" * 400, "z"])

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
)
payloads = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), max_size=8), inner)
    ),
    max_leaves=12,
)
# Some that do not fit one small block, so that records are split.
long_payloads = st.integers(3_000, 20_000).map(lambda size: {"text": "x" * size})


def vectors(dim: int, *, zero: bool = True) -> st.SearchStrategy[np.ndarray]:
    """Vectors of small numbers, so that equal ones and ties come up; float32, shape (dim,)."""
    numbers = st.integers(-3, 3).map(float)
    made = npst.arrays(np.float32, (dim,), elements=numbers)
    return made if zero else made.filter(lambda v: bool(np.any(v)))


metrics = st.sampled_from(["l2", "ip", "cosine"])
indexes = st.sampled_from([vdb.HNSW(M=4, ef_construction=24), vdb.HNSW(M=2), vdb.Flat()])
