"""Summation in float32 in an order that is given."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from vdb import kernel
from vdb.scores.summation_order import ONE_BY_ONE, ONE_BY_ONE_FUSED, ByDimension, Order

ROWS = 20
DIMS = (1, 2, 3, 7, 8, 13, 16, 20, 24, 33, 48, 100, 129)


def vectors(dim):
    random = np.random.default_rng(dim)
    a, b = random.normal(size=(2, ROWS, dim)).astype(np.float32)
    return a, b


def fused(total, x, y):
    """Rounded once: products of float32 numbers are exact in float64, and their sums nearly."""
    return (x.astype(np.float64) * y.astype(np.float64) + total.astype(np.float64)).astype(
        np.float32
    )


def folded(lanes, fold):
    while lanes.shape[1] > 1:
        half = lanes.shape[1] // 2
        if fold == "sequence":
            return np.cumsum(lanes, axis=1, dtype=np.float32)[:, -1]
        if fold == "halves" or (fold == "quarters" and half > 2):
            lanes = lanes[:, :half] + lanes[:, half:]
        else:
            lanes = lanes[:, ::2] + lanes[:, 1::2]
    return lanes[:, 0]


@pytest.mark.parametrize("dim", DIMS)
def test_one_by_one_is_a_running_sum(dim):
    a, b = vectors(dim)
    assert np.array_equal(ONE_BY_ONE.dot(a, b), np.cumsum(a * b, axis=1, dtype=np.float32)[:, -1])
    total = np.zeros(ROWS, dtype=np.float32)
    for i in range(dim):
        total = fused(total, a[:, i], b[:, i])
    assert np.array_equal(ONE_BY_ONE_FUSED.dot(a, b), total)


@pytest.mark.parametrize("fold", ["halves", "neighbours", "quarters", "sequence"])
@pytest.mark.parametrize("lanes", [4, 8, 16])
def test_lanes_are_running_sums_that_are_folded(lanes, fold):
    for dim in DIMS:
        a, b = vectors(dim)
        whole = dim // lanes * lanes
        blocks = (a * b)[:, :whole].reshape(ROWS, -1, lanes)
        sums = np.zeros((ROWS, lanes), dtype=np.float32)
        for i in range(blocks.shape[1]):
            sums = sums + blocks[:, i]
        total, apart = folded(sums, fold), np.zeros(ROWS, dtype=np.float32)
        for i in range(whole, dim):
            apart = apart + (a * b)[:, i]
        assert np.array_equal(Order(lanes=lanes, fold=fold, rest="apart").dot(a, b), total + apart)
        for i in range(whole, dim):
            total = total + (a * b)[:, i]
        assert np.array_equal(Order(lanes=lanes, fold=fold).dot(a, b), total)


def test_registers_take_turns_and_are_gathered():
    a, b = vectors(64)
    products = (a * b).reshape(ROWS, 2, 4, 8)  # rounds, registers, lanes
    sums = products[:, 0] + products[:, 1]
    one_by_one = ((sums[:, 0] + sums[:, 1]) + sums[:, 2]) + sums[:, 3]
    neighbours = (sums[:, 0] + sums[:, 1]) + (sums[:, 2] + sums[:, 3])
    each = [folded(sums[:, i], "halves") for i in range(4)]
    turns = [
        (turn[:, 0] + turn[:, 1]) + (turn[:, 2] + turn[:, 3])
        for turn in (products[:, 0], products[:, 1])
    ]
    scalars = [
        folded(products[:, 0, i], "halves") + folded(products[:, 1, i], "halves") for i in range(4)
    ]
    for gather, expected in (
        ("scalars", ((scalars[0] + scalars[1]) + scalars[2]) + scalars[3]),
        ("turns", folded(turns[0] + turns[1], "halves")),
        ("sequence", folded(one_by_one, "halves")),
        ("neighbours", folded(neighbours, "halves")),
        ("folded", ((each[0] + each[1]) + each[2]) + each[3]),
    ):
        order = Order(lanes=8, registers=4, gather=gather, blocks="none")
        assert np.array_equal(order.dot(a, b), expected), gather


def test_what_fills_no_register_goes_where_the_order_says():
    a, b = vectors(8 + 5)
    products = a * b
    lanes = products[:, :8].copy()
    lanes[:, :5] += products[:, 8:]
    got = Order(lanes=8, rest="in lanes").dot(a, b)
    assert np.array_equal(got, folded(lanes, "halves"))
    narrow = products[:, :4] + products[:, 4:8] + products[:, 8:12]
    got = Order(lanes=8, rest="narrower").dot(a, b)
    assert np.array_equal(got, folded(narrow, "halves") + products[:, 12])


def test_fours_of_the_rest_may_be_left_unfused():
    a, b = vectors(7)
    total = np.cumsum((a * b)[:, :4], axis=1, dtype=np.float32)[:, -1]
    for i in range(4, 7):
        total = fused(total, a[:, i], b[:, i])
    order = Order(lanes=8, fused=True, fours_apart=True)
    assert np.array_equal(order.dot(a, b), total)


def test_every_order_has_the_sum_but_for_rounding():
    words = {
        "fold": ("halves", "neighbours", "quarters", "sequence"),
        "gather": ("sequence", "neighbours", "folded", "chunks", "turns", "scalars"),
        "blocks": ("first", "gathered", "none"),
        "rest": ("after", "apart", "in lanes", "narrower"),
    }
    inputs = [vectors(dim) for dim in (5, 101)]
    for chosen in itertools.product(*words.values(), (1, 16), (2, 32), (1, 3)):
        named = dict(zip(words, chosen, strict=False))
        lanes, registers, rounds = chosen[4:]
        order = Order(lanes=lanes, registers=registers, rounds=rounds, **named)
        for a, b in inputs:
            exact = (a.astype(np.float64) * b).sum(axis=1)
            assert order.dot(a, b) == pytest.approx(exact, rel=1e-5, abs=3e-5), (order, a.shape)


def test_an_order_may_depend_on_the_dimension():
    rule = ByDimension("by size", lambda dim: ONE_BY_ONE if dim < 8 else Order(lanes=8))
    for dim in (7, 8, 9):
        a, b = vectors(dim)
        assert np.array_equal(rule.dot(a, b), rule.of(dim).dot(a, b))


def test_what_is_no_order_is_refused():
    a = np.ones((2, 8), dtype=np.float32)
    for wrong in ({"lanes": 3}, {"lanes": 32}, {"registers": 64}, {"rounds": 0}, {"fold": "x"}):
        with pytest.raises(ValueError, match=r"lanes|fold"):
            Order(**wrong).dot(a, a)
    options = {
        "lanes": 1,
        "registers": 1,
        "rounds": 1,
        "fused": False,
        "fold": "halves",
        "gather": "sequence",
        "blocks": "first",
        "rest": "after",
        "narrow_fused": False,
        "fours_apart": False,
        "rest_fused": False,
    }
    with pytest.raises(ValueError, match="as long as"):
        kernel.ordered_dots(a, a[:, :4].copy(), **options)
    with pytest.raises(ValueError, match="as many rows"):
        kernel.ordered_dots(a, a[:1], **options)
    assert kernel.ordered_dots(a[:0], a[:0], **options).shape == (0,)
