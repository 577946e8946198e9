"""Between values and scores: what engines returned, round trips, directions, precision."""

from __future__ import annotations

import math

import numpy as np
import pytest

import vdb
from support import oracle
from support.golden import PAIRS, rows
from vdb.scores.table import all_conventions

SIMPLE = [row for row in rows() if row.metric != "cosine" or "zero" not in row.pair]
WIDE = ("float64", "widened")
ILL_CONDITIONED = ("vespa-distance", "ngt-angle")
CONVENTIONS = [
    pytest.param(row, id=f"{row.name}-{row.metric}-{row.dtype}") for row in all_conventions()
]
BITS = 64
DTYPES = {"any": "float32"}


def sample(row, random, n):
    """Values of the row's metric, as vectors have them."""
    metric, dtype = row.metric, row.dtype
    if row.near_unit.startswith("the inner product is divided"):
        return random.uniform(-0.999, 0.999, n)  # beyond it saturates
    if dtype == "int8" and metric == "dot":
        return random.integers(-1_040_000, 1_040_000, n).astype(float)
    if metric == "hamming":
        return random.integers(0, BITS + 1, n).astype(float)
    if metric in ("cosine", "dot"):
        return random.uniform(-1, 1, n)
    return random.normal(0, 30, n) if metric == "ip" else random.exponential(20, n)


def options(row):
    return {
        "metric": row.metric,
        "convention": row.name,
        "dim": BITS,
        "dtype": DTYPES.get(row.dtype, row.dtype),
    }


@pytest.mark.parametrize("row", SIMPLE, ids=lambda row: f"{row.convention}-{row.metric}-{row.pair}")
def test_the_hand_made_vectors_have_the_scores_of_the_engines(row):
    if row.convention.startswith("vespa-prenorm"):
        pytest.skip("needs the length of the query")
    q, v = PAIRS[row.pair]
    metric = "ip" if row.metric == "dot" else row.metric
    value = float(
        np.abs(np.subtract(q, v)).sum() if metric == "l1" else oracle.values(metric, q, [v])[0]
    )
    got = vdb.scores.score(value, metric=row.metric, convention=row.convention)
    angle = 1e-3 if row.convention in ILL_CONDITIONED else 1e-6
    assert got == pytest.approx(row.score, rel=3e-6, abs=angle)


@pytest.mark.parametrize("row", CONVENTIONS)
def test_values_come_back_and_order_is_kept(row):
    values = np.sort(sample(row, np.random.default_rng(5), 10_000))
    scores = vdb.scores.score(values, **options(row))
    steps = np.diff(scores.astype(np.float64))
    rising = (row.direction == "higher") == (row.metric in ("ip", "dot", "cosine"))
    assert (steps >= 0).all() if rising else (steps <= 0).all()
    assert scores.dtype == (np.float64 if row.precision in WIDE else np.float32)
    assert row.low - 1e-6 <= scores.min() and scores.max() <= row.high + 1e-6

    back = vdb.scores.value(scores, **options(row))
    assert back.dtype == np.float64
    # The next float32 on either side of a score bounds what the score can tell.
    wide = scores.astype(np.float64)
    ulp = np.spacing(np.abs(scores).astype(np.float32)).astype(np.float64) * 1.01
    ends = [row.family.inverse(np.clip(wide + e, row.low, row.high), BITS) for e in (-ulp, ulp)]
    slack = np.abs(ends[0] - ends[1]) + np.spacing(np.abs(values).astype(np.float32)) + 1e-7
    assert (np.abs(back - values) <= slack).all()


@pytest.mark.parametrize("row", CONVENTIONS)
def test_scalars_and_arrays_agree(row):
    values = sample(row, np.random.default_rng(6), 6).reshape(2, 3)
    scores = vdb.scores.score(values, **options(row))
    assert scores.shape == (2, 3)
    for value, score in zip(values.ravel().tolist(), scores.ravel().tolist(), strict=True):
        alone = vdb.scores.score(value, **options(row))
        assert type(alone) is float and alone == score


def test_nan_stays_nan():
    padded = np.array([0.5, np.nan])
    for row in all_conventions():
        for function in (vdb.scores.score, vdb.scores.value):
            got = function(padded, **options(row) | {"dtype": "float32"})
            assert np.isnan(got[1]) and not np.isnan(got[0])


def test_bytes_have_a_formula_of_their_own():
    bytes_ = {"metric": "dot", "dtype": "int8", "dim": 2}
    for engine in ("lucene", "elasticsearch", "mongodb"):
        got = vdb.scores.score(500, convention=engine, **bytes_)
        assert got == pytest.approx(0.50762939, rel=1e-8)
        assert vdb.scores.score(2 * 128 * 128, convention=engine, **bytes_) == 1.0
        assert vdb.scores.value(got, convention=engine, **bytes_) == 500.0
        with pytest.raises(vdb.InvalidArgumentError, match="score must be between"):
            vdb.scores.value(3.0, convention=engine, **bytes_)
        with pytest.raises(vdb.InvalidArgumentError, match="dim is needed"):
            vdb.scores.score(500, metric="dot", convention=engine, dtype="int8")
    assert vdb.scores.score(500, metric="ip", convention="lucene", dtype="int8") == 501.0


def test_bits_are_a_fraction_of_all():
    assert vdb.scores.score(2, metric="hamming", convention="elasticsearch", dim=8) == 0.75
    assert vdb.scores.value(0.75, metric="hamming", convention="lucene", dim=8) == 2.0
    with pytest.raises(vdb.InvalidArgumentError, match="dim is needed"):
        vdb.scores.score(2, metric="hamming", convention="elasticsearch")
    with pytest.raises(vdb.InvalidArgumentError, match="between 0 and 8"):
        vdb.scores.score(9, metric="hamming", convention="elasticsearch", dim=8)


@pytest.mark.parametrize(
    ("score", "metric", "convention"),
    [
        (0.0, "dot", "lucene"),
        (0.0, "dot", "elasticsearch"),
        (0.0, "dot", "mongodb"),
        (0.0, "ip", "lucene"),
        (0.0, "l2", "vespa"),
        (1.0, "cosine", "vespa-prenormalized-angular"),
        (1 / 3, "cosine", "vespa-innerproduct"),
    ],
)
def test_a_score_that_many_values_share_is_refused(score, metric, convention):
    with pytest.raises(vdb.NotInvertibleError, match="does not tell"):
        vdb.scores.value(score, metric=metric, convention=convention)
    with pytest.raises(vdb.NotInvertibleError):
        vdb.scores.convert([0.7, score], metric=metric, source=convention, target="native")


def test_rounding_alone_is_not_refused():
    for engine, score, value in [
        ("weaviate", 0.0, 1.0),
        ("nmslib", 0.0, 1.0),
        ("lucene", 0.0, -1.0),
        ("elasticsearch", 1.0004, 1.0008),
    ]:
        got = vdb.scores.value(score, metric="cosine", convention=engine)
        assert got == pytest.approx(value)
    assert vdb.scores.value(1.0, metric="l2", convention="lucene") == 0.0


@pytest.mark.parametrize(
    ("score", "metric", "convention"),
    [
        (7.0, "cosine", "elasticsearch"),
        (-1.0, "l2", "faiss"),
        (1.5, "l2", "lucene"),
        (4.0, "cosine", "vespa-distance"),
    ],
)
def test_a_number_that_is_no_score_is_refused(score, metric, convention):
    with pytest.raises(vdb.InvalidArgumentError, match="score must be between"):
        vdb.scores.value(score, metric=metric, convention=convention)


def test_a_number_that_is_no_value_is_refused():
    with pytest.raises(vdb.InvalidArgumentError, match="value must be between -1 and 1"):
        vdb.scores.score(3.25, metric="cosine", convention="lucene")
    with pytest.raises(vdb.InvalidArgumentError, match="value must be between 0 and inf"):
        vdb.scores.score([1.0, -2.0], metric="l2", convention="pgvector")


def test_what_rounding_puts_beyond_the_ends_counts_as_the_end():
    assert vdb.scores.score(-1e-7, metric="l2", convention="pgvector") == 0.0
    assert vdb.scores.score([-1e-7], metric="l2", convention="vespa").tolist() == [1.0]
    assert vdb.scores.value(1 + 1e-7, metric="l2", convention="lucene") == 0.0


@pytest.mark.parametrize("dim", [384, 65_536])
@pytest.mark.parametrize("name", vdb.scores.conventions("hamming"))
def test_the_value_of_a_score_is_one_that_can_be_scored(name, dim):
    options = {"metric": "hamming", "convention": name, "dim": dim}
    scores = vdb.scores.score(np.arange(dim + 1), **options)
    again = vdb.scores.score(vdb.scores.value(scores, **options), **options)
    assert again == pytest.approx(scores, rel=1e-6)


def test_angles_are_in_radians():
    score = vdb.scores.score
    assert score(0.0, metric="cosine", convention="vespa-distance") == pytest.approx(math.pi / 2)
    assert score(-1.0, metric="cosine", convention="vespa") == pytest.approx(0.241453, rel=3e-6)
