"""Pickles give plain values, admitted classes as plain objects, and run nothing."""

from __future__ import annotations

import collections
import os
import pickle

import numpy as np
import pytest

from vdb.sources.reading.plain_pickle import (
    ARRAYS,
    PlainObject,
    PlainPickleError,
    array_of,
    plain_values,
)

VALUES = [
    None,
    True,
    [1, -(2**70), 2**31, 1.5, "text ü", b"bytes", "", b""],
    {"a": {"b": (1, 2, 3, 4)}, 3: {1, 2}, "set": frozenset({5})},
    [[1] * 50, {str(i): i for i in range(20)}],
    (),
    {},
]


class Point:
    def __init__(self):
        self.x, self.y = 1, [2, 3]


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_plain_values_are_what_was_pickled(protocol):
    for value in VALUES:
        if protocol < 4 and "set" in str(value):
            continue  # sets are objects there
        assert plain_values(pickle.dumps(value, protocol)) == value
    shared = [1]
    one, two = plain_values(pickle.dumps([shared, shared], protocol))
    assert one is two


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_an_admitted_class_becomes_a_plain_object(protocol):
    data = pickle.dumps({"p": Point()}, protocol)
    name = f"{Point.__module__}.Point"
    point = plain_values(data, {name})["p"]
    assert isinstance(point, PlainObject) and point.name == name
    assert point.state == {"x": 1, "y": [2, 3]}
    with pytest.raises(PlainPickleError, match=f"names {name}"):
        plain_values(data)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_nothing_is_called(protocol, tmp_path):
    class Harmless:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "made"),)

    with pytest.raises(PlainPickleError, match="mkdir"):
        plain_values(pickle.dumps([Harmless()], protocol))
    admitted = plain_values(pickle.dumps([Harmless()], protocol), {f"{os.mkdir.__module__}.mkdir"})
    assert admitted[0].arguments == (str(tmp_path / "made"),)
    assert not (tmp_path / "made").exists()


def test_other_containers_are_refused_by_name():
    with pytest.raises(PlainPickleError, match=r"collections\.OrderedDict"):
        plain_values(pickle.dumps(collections.OrderedDict(a=1)))
    made = plain_values(pickle.dumps(collections.OrderedDict(a=1)), {"collections.OrderedDict"})
    assert made.items == [("a", 1)]


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("dtype", ["f4", "<f2", ">f8", "i8", "u1"])
def test_arrays_are_those_of_numpy(protocol, dtype):
    array = np.arange(12).astype(dtype).reshape(3, 4)
    for one in (array, np.asfortranarray(array)):
        made = array_of(plain_values(pickle.dumps(one, protocol), ARRAYS))
        assert np.array_equal(made, one) and made.dtype == one.dtype
    with pytest.raises(PlainPickleError):
        array_of(plain_values(pickle.dumps(np.array([{}], object), protocol), ARRAYS))


def test_damaged_pickles_are_refused():
    whole = pickle.dumps(VALUES, 4)
    for length in range(len(whole)):
        with pytest.raises(PlainPickleError):
            plain_values(whole[:length])
    random = np.random.default_rng(0)
    for _ in range(1000):
        data = bytearray(whole)
        data[int(random.integers(len(data)))] = int(random.integers(256))
        try:
            plain_values(bytes(data))
        except PlainPickleError as error:
            assert str(error)
