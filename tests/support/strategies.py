"""Hypothesis strategies for what callers hand in."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

import vdb
from support import kinds
from vdb.model import config
from vdb.model.dtypes import DTYPES
from vdb.model.filters import parse
from vdb.model.filters.field_types import TYPES
from vdb.model.metrics import METRICS

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


def vectors(kind: kinds.Kind, dim: int, *, zero: bool = True) -> st.SearchStrategy[np.ndarray]:
    """Vectors of small numbers, so that equal ones and ties come up, as a kind stores them."""
    numbers = st.integers(-3, 3).map(float)
    made = npst.arrays(np.float64, (dim,), elements=numbers)
    if not zero or kind.unit or kind.metric == "cosine":
        made = made.filter(lambda v: bool(np.any(v)))
    return made.map(kind.stored)


all_kinds = st.sampled_from(kinds.KINDS)
indexes = st.sampled_from(
    [
        vdb.HNSW(M=4, ef_construction=24, codes="int8"),
        vdb.HNSW(M=3, codes="int4"),
        vdb.HNSW(M=2),
        vdb.Flat(),
    ]
)


def fitting(index, metric, dtype):
    """The index, without codes where they are refused."""
    try:
        return config.fitting_index(index, METRICS[metric], DTYPES[dtype])
    except vdb.InvalidArgumentError:
        return vdb.HNSW(M=index.M, ef_construction=index.ef_construction)


# Filters over few fields and few values, so that they meet, and payloads to go with them. Values
# stand at the borders: between ints and floats, kinds, moments, long and short strings.

few_fields = st.sampled_from(["i", "f", "k", "t", "d", "b", "n.m", "x"])
few_numbers = st.sampled_from(
    [-(2**63), -2, -1, 0, 1, 2, 2**53, 2**53 + 1, 2**63 - 1, -0.5, 0.0, 0.5, 1.0, 1e300, 2.0**53]
)
few_texts = st.sampled_from(
    ["", "a", "ab", "a\0", "b", "B", "ä", "\U0001f40d", "x" * 240, "x" * 241, "x" * 300 + "y"]
)
few_parts = st.sampled_from(["A", "Ä", "\0", "05", "0\0", "x" * 239, "X" * 245, "xy"])
few_sizes = st.integers(-1, 3) | st.dictionaries(
    st.sampled_from(["$eq", "$lt", "$lte", "$gt", "$gte"]), st.integers(-1, 3), min_size=1
)
few_moments = st.sampled_from(
    ["2024-05-01", "2024-05-01T00:00:00Z", "2024-05-01T02:00+02:00", "1969-12-31T23:59:59.5"]
)
few_values = st.none() | st.booleans() | few_numbers | few_texts | few_moments
few_literals = few_values | few_moments.map(lambda text: {"$date": text})
filter_values = few_values | st.lists(few_values, max_size=3)
filter_payloads = st.none() | st.dictionaries(
    few_fields.filter(lambda name: "." not in name) | st.just("n"),
    filter_values | st.fixed_dictionaries({}, optional={"m": filter_values}),
    max_size=6,
)


def _conditions() -> st.SearchStrategy[dict]:
    ordered = few_numbers | few_texts | few_moments.map(lambda text: {"$date": text})
    several = st.lists(few_literals, max_size=3)
    return st.one_of(
        st.builds(lambda o, v: {o: v}, st.sampled_from(["$eq", "$ne", "$contains"]), few_literals),
        st.builds(lambda o, v: {o: v}, st.sampled_from(["$lt", "$lte", "$gt", "$gte"]), ordered),
        st.builds(lambda o, v: {o: v}, st.sampled_from(["$in", "$nin", "$any", "$all"]), several),
        st.builds(
            lambda o, v: {o: v}, st.sampled_from(["$exists", "$isnull", "$empty"]), st.booleans()
        ),
        st.builds(
            lambda o, v: {o: v},
            st.sampled_from(["$prefix", "$contains", "$icontains"]),
            few_texts | few_parts,
        ),
        st.builds(lambda v: {"$size": v}, few_sizes),
    )


filter_dicts = st.recursive(
    st.builds(lambda name, said: {name: said}, few_fields, _conditions()),
    lambda inner: st.one_of(
        st.builds(
            lambda o, p: {o: p},
            st.sampled_from(["$and", "$or"]),
            st.lists(inner, min_size=1, max_size=3),
        ),
        st.builds(lambda p: {"$not": p}, inner),
    ),
    max_leaves=6,
)
filters = filter_dicts.map(parse)
field_types = st.sampled_from([*TYPES, "text", "text"])
