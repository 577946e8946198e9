"""Plain values of Python read in bulk: as numpy and msgpack read them one by one, or not at all."""

from __future__ import annotations

import math
import random

import msgpack
import numpy as np
import pytest

from vdb.kernel import float_rows, id_keys, plain_payloads, sealed_records
from vdb.store.format import keys, records
from vdb.store.format.checksums import SEAL_SIZE, Seal

DEEPEST, LARGEST = 64, 1 << 20


def plain(*payloads, deepest=DEEPEST, largest=LARGEST):
    return plain_payloads(list(payloads), deepest, largest)


@pytest.mark.parametrize("outer", [list, tuple])
@pytest.mark.parametrize("inner", [list, tuple])
def test_rows_of_floats_are_those_of_numpy_bit_for_bit(outer, inner):
    values = np.random.default_rng(1).normal(size=(40, 7)) * 10.0 ** np.arange(-3, 4)
    values[3, 2], values[4, 1], values[5, 0], values[6, 6] = math.nan, math.inf, -0.0, 5e-324
    rows = outer(inner(row) for row in values.tolist())
    got = float_rows(rows, 3, 30, 7)
    assert got.dtype == np.float64
    assert got.tobytes() == np.asarray(rows)[3:33].tobytes()


@pytest.mark.parametrize(
    "rows",
    [
        [[1.0, 2.0], [1.0, 2]],
        [[1.0, 2.0], [1.0, True]],
        [[1.0, 2.0], [1.0, None]],
        [[1.0, 2.0], [1.0, np.float64(2.0)]],
        [[1.0, 2.0], [1.0]],
        [[1.0, 2.0], [1.0, 2.0, 3.0]],
        [[1.0, 2.0], np.array([1.0, 2.0])],
        [[1.0, 2.0], "ab"],
        [[1.0, 2.0]],
        "ab",
        {0: [1.0, 2.0], 1: [1.0, 2.0]},
        [[1.0, 2.0], type("Row", (list,), {})([1.0, 2.0])],
    ],
)
def test_rows_of_anything_else_are_left_to_numpy(rows):
    assert float_rows(rows, 0, 2, 2) is None


def test_rows_as_float32_are_rounded_as_numpy_rounds():
    values = np.random.default_rng(2).normal(size=(9, 64)) * 10.0 ** np.arange(-32, 32)
    values[3, 2], values[4, 1] = -0.0, 1e-44
    got = float_rows(values.tolist(), 0, 9, 64, single=True)
    assert got.dtype == np.float32
    assert got.tobytes() == values.astype(np.float32).tobytes()


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf, 1e39, -1e39, 1e-60, -5e-324])
def test_rows_that_float32_cannot_hold_are_left_to_numpy(number):
    rows = [[1.0, 2.0], [3.0, number]]
    assert float_rows(rows, 0, 2, 2, single=True) is None
    assert float_rows(rows, 0, 2, 2).shape == (2, 2)


@pytest.mark.parametrize(
    "ids",
    [
        [0, 1, -1, 255, 256, 2**63 - 1, -(2**63)],
        ["a", "\u00e9", "\U0001f600", "x" * 400, ""],
        [],
    ],
)
def test_keys_of_ids_are_those_of_one_id(ids):
    prefix = b"\x30\x00\x00\x00\x07"
    assert id_keys(prefix, ids) == [keys.slot_of(7, one) for one in ids]
    assert keys.slots_of(7, ids) == [keys.slot_of(7, one) for one in ids]


@pytest.mark.parametrize("one", [True, 1.0, None, b"a", 2**63, "\ud800", np.int64(1)])
def test_keys_of_anything_else_are_not_made(one):
    assert id_keys(b"", ["a", one]) is None


def test_keys_of_subclasses_are_made_one_by_one():
    class Name(str):
        __slots__ = ()

    assert keys.slots_of(1, ["a", Name("b")]) == [keys.slot_of(1, "a"), keys.slot_of(1, "b")]


def test_places_outside_the_rows_are_none():
    rows = [[1.0, 2.0]] * 3
    assert float_rows(rows, 2, 2, 2) is None
    assert float_rows(rows, 4, 0, 2) is None
    assert float_rows(rows, 0, 3, 0) is None
    assert float_rows(rows, 3, 0, 2).shape == (0, 2)


def some_payload(draw, depth=4):
    kinds = ["none", "bool", "int", "float", "str"] + (["list", "dict"] * 2 if depth else [])
    match draw.choice(kinds):
        case "none":
            return None
        case "bool":
            return draw.random() < 0.5
        case "int":
            near = draw.choice([0, 2**5, 2**7, 2**8, 2**15, 2**16, 2**31, 2**32, 2**63])
            number = draw.choice([-1, 1]) * near + draw.randint(-2, 2)
            return min(max(number, -(2**63)), 2**64 - 1)
        case "float":
            return draw.choice([0.0, -0.0, 0.1, -1e300, 5e-324, float(draw.randint(-9, 9))])
        case "str":
            size = draw.choice([0, 1, 31, 32, 255, 256, 70_000 if draw.random() < 0.05 else 3])
            return draw.choice("aé€😀\0") * size
        case "list":
            size = draw.choice([0, 1, 15, 16, 40])
            return [some_payload(draw, depth - 1) for _ in range(min(size, 5 * depth))]
        case _:
            return {f"k{i}é": some_payload(draw, depth - 1) for i in range(draw.randint(0, 18))}


@pytest.mark.parametrize("seed", range(20))
def test_a_plain_payload_has_the_bytes_that_msgpack_makes_of_it(seed):
    draw = random.Random(seed)
    payloads = [some_payload(draw) for _ in range(30)]
    expected = [None if one is None else msgpack.packb(one) for one in payloads]
    fits = [None if one is None or len(one) > LARGEST else one for one in expected]
    assert plain_payloads(payloads, DEEPEST, LARGEST) == fits


class Text(str):
    __slots__ = ()


@pytest.mark.parametrize(
    "value",
    [
        math.nan, math.inf, -math.inf, 2**64, -(2**63) - 1, 10**40, "\ud800", b"bytes", (1,), {1},
        np.float64(1.0), np.int64(1), np.str_("a"), np.array([1]), Text("a"), object(), 1j,
        {1: "a"}, {Text("a"): 1}, {"\ud800": 1}, {None: 1},
    ],
)  # fmt: skip
def test_what_is_not_plain_is_left_to_the_caller(value):
    assert plain(value) == [None]
    assert plain({"a": [1, {"b": value}]}, 5) == [None, b"\x05"]


def test_nesting_and_length_have_their_limits():
    nested = "leaf"
    for _ in range(DEEPEST):
        nested = [nested]
    assert plain(nested) == [msgpack.packb(nested)]
    assert plain([nested]) == plain({"a": nested}) == [None]
    assert plain([], deepest=0) == [None]
    assert plain("a" * 10, largest=11) == [b"\xaa" + b"a" * 10]
    assert plain("a" * 11, largest=11) == [None]
    assert plain(["a" * 5] * 3, largest=18) == [None]
    ring = []
    ring.append(ring)
    assert plain(ring) == [None]


def test_records_are_sealed_as_one_by_one():
    seal, room = Seal(bytes(range(16))), 100
    ids = ["a", "é" * 20, "x" * 31, "x" * 32, "y" * 90, "z" * 98, "z" * 99]
    payloads = [None, b"\xc0", b"\x01" * 30, b"", b"\x02" * 8, None, None]
    slots = np.array([0, 7, 256, 70_000, 2**31 - 3, 5, 6], np.uint32)
    got = sealed_records(2**32 - 2, slots, ids, payloads, seal.start, room)
    for slot, one, payload, item in zip(slots.tolist(), ids, payloads, got, strict=True):
        body, key = records.encode(one, payload), keys.record(2**32 - 2, slot)
        assert item == (None if len(body) > room else (key, seal.wrap(key, body)))
    assert got[-1] is None
    assert got[-2] is not None
    assert SEAL_SIZE == 4


@pytest.mark.parametrize("number", [0, -1, 31, 127, 128, -32, -33, 2**31, -(2**63), 2**63 - 1])
def test_records_of_numbers_are_sealed_as_one_by_one(number):
    seal, key = Seal(b"salt"), keys.record(1, 3)
    item = sealed_records(1, np.array([3], np.uint32), [number], [b"\xc3"], seal.start, 4000)[0]
    assert item == (key, seal.wrap(key, records.encode(number, b"\xc3")))


def test_columns_of_different_lengths_are_refused():
    with pytest.raises(ValueError, match="one for each slot"):
        sealed_records(1, np.array([3], np.uint32), [1, 2], [None], 0, 4000)
