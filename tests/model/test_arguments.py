"""Checks of single arguments."""

from __future__ import annotations

import numpy as np
import pytest

import vdb
from vdb.model import arguments


@pytest.mark.parametrize("value", [3, np.int8(3), np.uint64(3)])
def test_a_whole_number_comes_back_as_an_int(value):
    found = arguments.whole("n", value, 1, 3)
    assert found == 3 and type(found) is int


@pytest.mark.parametrize("value", [True, 3.0, "3", None, np.float32(3), np.bool_(1)])
def test_other_types_are_no_whole_numbers(value):
    with pytest.raises(vdb.ArgumentTypeError, match="n must be an int, got"):
        arguments.whole("n", value, 1, 3)


@pytest.mark.parametrize("value", [0, 4, -(2**70)])
def test_a_whole_number_has_its_range(value):
    with pytest.raises(vdb.InvalidArgumentError, match="n must be between 1 and 3") as caught:
        arguments.whole("n", value, 1, 3)
    assert (caught.value.expected, caught.value.received) == ((1, 3), value)


@pytest.mark.parametrize("value", [2, 2.0, np.float16(2), np.array(2)])
def test_a_number_comes_back_as_a_float(value):
    found = arguments.number("t", value)
    assert found == 2.0 and type(found) is float


@pytest.mark.parametrize("value", [True, "1", None, 1j])
def test_a_number_is_a_number(value):
    with pytest.raises(vdb.ArgumentTypeError, match="t must be a number"):
        arguments.number("t", value)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_a_number_is_finite(value):
    with pytest.raises(vdb.InvalidArgumentError, match="t must be finite"):
        arguments.number("t", value)


def test_a_word_is_one_of_those_allowed():
    assert arguments.choice("c", "a", ("a", "b")) == "a"
    with pytest.raises(vdb.InvalidArgumentError, match="c must be one of 'a', 'b', got 'x'"):
        arguments.choice("c", "x", ("a", "b"))
    with pytest.raises(vdb.ArgumentTypeError, match="c must be one of 'a', 'b', got int"):
        arguments.choice("c", 1, ("a", "b"))
