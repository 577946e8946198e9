"""Hostile values: what no caller should hand in, and what some day one does.

Each has a name, and is made anew for every use. Most are wrong for most parameters; some are right
for some (a numpy int for k), and then the call must simply work.
"""

from __future__ import annotations

import datetime
import decimal
import enum
import fractions
import pathlib
from collections import OrderedDict, UserDict, UserString
from collections.abc import Mapping

import numpy as np


class HostileError(Exception):
    """Raised by what hostile objects do when they are looked at."""


def hostile(*names, **given):
    """An object some of whose special methods raise, or return something."""

    def raising(*_):
        raise HostileError

    methods = {f"__{name}__": raising for name in names}
    methods |= {f"__{name}__": (lambda *_, value=value: value) for name, value in given.items()}
    return type("Hostile", (), methods)()


class HostileStr(str):
    """A str that cannot be encoded, shown, hashed or compared by itself."""

    __slots__ = ()

    def encode(self, *_):
        raise HostileError

    def __repr__(self):
        raise HostileError


class HostileMap(Mapping):
    """A mapping that says it has entries, and has none that can be read."""

    def __len__(self):
        return 3

    def __iter__(self):
        return iter(("a", "b"))

    def __getitem__(self, key):
        raise HostileError


class HostileList(list):
    """A list that says another length than it has."""

    def __len__(self):
        return 10**9


class HostilePath(pathlib.PurePosixPath):
    """A path that cannot be told."""

    def __fspath__(self):
        raise HostileError


class Colour(enum.IntEnum):
    """An int by another name."""

    RED = 10**12


def recursive():
    made = []
    made.append(made)
    return made


def deep(depth):
    made = []
    for _ in range(depth):
        made = [made]
    return made


def deep_map(depth, key="a"):
    made = 1
    for _ in range(depth):
        made = {key: made}
    return made


def broken_off():
    yield 1
    raise HostileError


def read_only(array):
    array.flags.writeable = False
    return array


NUMBERS = {
    "-1": lambda: -1,
    "0": lambda: 0,
    "2**31": lambda: 2**31,
    "2**63": lambda: 2**63,
    "2**64": lambda: 2**64,
    "-2**63-1": lambda: -(2**63) - 1,
    "10**400": lambda: 10**400,
    "10**5000": lambda: 10**5000,  # more digits than Python prints
    "True": lambda: True,
    "np.bool": lambda: np.bool_(1),
    "np.int8": lambda: np.int8(-5),
    "np.uint64": lambda: np.uint64(2**64 - 1),
    "nan": lambda: float("nan"),
    "inf": lambda: float("inf"),
    "-inf": lambda: -float("inf"),
    "1e308": lambda: 1e308,
    "5e-324": lambda: 5e-324,
    "0.5": lambda: 0.5,
    "np.float16 nan": lambda: np.float16("nan"),
    "np.longdouble": lambda: np.longdouble("1e4000"),
    "complex": lambda: 1j,
    "Decimal": lambda: decimal.Decimal("1e999"),
    "Decimal nan": lambda: decimal.Decimal("sNaN"),
    "Fraction": lambda: fractions.Fraction(10**400, 3),
    "IntEnum": lambda: Colour.RED,
    "datetime": lambda: datetime.datetime(2024, 1, 1),  # noqa: DTZ001 - without a zone
    "datetime64": lambda: np.datetime64("NaT", "us"),
}

TEXTS = {
    "''": lambda: "",
    "NUL": lambda: "\0",
    "a NUL b": lambda: "a\0b",
    "surrogate": lambda: "a\ud800",
    "long text": lambda: "x" * 100_000,
    "newline": lambda: "a\nb",
    "..": lambda: "../../outside",
    "unknown word": lambda: "no such thing",
    "other letters": lambda: "日本",
    "$": lambda: "$where",
    "points": lambda: "a..b",
    "bytes": lambda: b"bytes",
    "bytearray": lambda: bytearray(b"ab"),
    "memoryview": lambda: memoryview(b"abcd"),
    "np.str": lambda: np.str_("word"),
    "UserString": lambda: UserString("word"),
    "hostile str": lambda: HostileStr("word"),
}

THINGS = {
    "None": lambda: None,
    "...": lambda: ...,
    "NotImplemented": lambda: NotImplemented,
    "object": object,
    "a class": lambda: int,
    "a function": lambda: recursive,
    "a module": lambda: np,
    "an error": lambda: ValueError("not raised"),
    "path": lambda: pathlib.PurePosixPath("no/such/place"),
    "hostile path": lambda: HostilePath("a"),
    "fspath bytes": lambda: hostile(fspath=b"a"),
    "fspath int": lambda: hostile(fspath=5),
    "hostile len": lambda: hostile("len", getitem=1),
    "negative len": lambda: hostile(len=-1, getitem=1),
    "hostile iter": lambda: hostile("iter"),
    "hostile next": lambda: hostile("next", iter=hostile("next")),
    "hostile index": lambda: hostile("index"),
    "index 10**400": lambda: hostile(index=10**400),
    "index str": lambda: hostile(index="5"),
    "hostile float": lambda: hostile("float"),
    "float nan": lambda: hostile(float=float("nan")),
    "hostile int": lambda: hostile("int", "trunc"),
    "hostile bool": lambda: hostile("bool", "len"),
    "hostile array": lambda: hostile("array"),
    "array of text": lambda: hostile(array="text"),
    "hostile repr": lambda: hostile("repr", "str", "format"),
    "hostile eq": lambda: hostile("eq", "hash", "lt", "gt", "le", "ge"),
    "hostile getattr": lambda: hostile("getattr"),
    "hostile call": lambda: hostile("call", iter=iter(())),
    "array interface": type("I", (), {"__array_interface__": {"shape": (2,)}}),
}

HOLDERS = {
    "[]": list,
    "()": tuple,
    "{}": dict,
    "set": lambda: {1, 2},
    "empty set": set,
    "[[]]": lambda: [[]],
    "[None]": lambda: [None],
    "mixed": lambda: ["a", 1],
    "[nan]": lambda: [float("nan")],
    "text first": lambda: ["a", [], {}],
    "ragged": lambda: [[1, 2], [3]],
    "[object]": lambda: [object()],
    "[surrogate]": lambda: ["\udfff"],
    "recursive": recursive,
    "deep": lambda: deep(3000),
    "generator": lambda: (i for i in range(2)),
    "broken generator": broken_off,
    "range": lambda: range(10**15),
    "lying list": lambda: HostileList([1.0, 2.0]),
    "map": lambda: {"a": 1},
    "int keys": lambda: {1: 2},
    "operator": lambda: {"$where": "1"},
    "and": lambda: {"$and": 5},
    "deep filter": lambda: deep_map(3000, "$not"),
    "deep map": lambda: deep_map(3000),
    "map of objects": lambda: {"a": object()},
    "map of nan": lambda: {"a": float("nan")},
    "map of 10**400": lambda: {"a": 10**400},
    "map of lists": lambda: {"a": [recursive()]},
    "hostile map": HostileMap,
    "UserDict": lambda: UserDict({"a": 1}),
    "OrderedDict": lambda: OrderedDict(a=1),
}

ARRAYS = {
    "0-d": lambda: np.array(3.0),
    "0-d object": lambda: np.array(None),
    "empty": lambda: np.empty(0),
    "(0, 4)": lambda: np.empty((0, 4)),
    "(4, 0)": lambda: np.empty((4, 0)),
    "3 axes": lambda: np.zeros((2, 2, 2)),
    "30 axes": lambda: np.zeros((1,) * 30),
    "of objects": lambda: np.array([None, object(), "a", 1], dtype=object),
    "of hostile": lambda: np.array([hostile("float", "int", "index", "repr")] * 4, dtype=object),
    "of complex": lambda: np.ones(4, complex),
    "of text": lambda: np.array(["a", "b", "c", "d"]),
    "of bytes": lambda: np.array([b"a", b"b"]),
    "of times": lambda: np.array(["2024-01-01"] * 4, "datetime64[s]"),
    "of records": lambda: np.zeros(4, [("a", "f4"), ("b", "i4")]),
    "of void": lambda: np.zeros(4, "V8"),
    "of bools": lambda: np.ones(4, bool),
    "nan": lambda: np.array([1, 2, 3, np.nan]),
    "inf": lambda: np.array([[1, 2, 3, -np.inf]]),
    "1e300": lambda: np.full(4, 1e300),
    "1e30": lambda: np.full(4, 1e30),
    "denormal": lambda: np.full(4, 1e-45, np.float32),
    "zeros": lambda: np.zeros(4, np.float32),
    "longdouble": lambda: np.full(4, np.longdouble("1e4000")),
    "big-endian": lambda: np.arange(4, dtype=">f8"),
    "uint64": lambda: np.full(4, 2**64 - 1, np.uint64),
    "backwards": lambda: np.arange(4.0)[::-1],
    "every other": lambda: np.arange(8, dtype=np.float32)[::2],
    "stride 0": lambda: np.broadcast_to(np.float32(0.5), (4,)),
    "by columns": lambda: np.asfortranarray(np.arange(8.0).reshape(2, 4)),
    "read-only": lambda: read_only(np.arange(4, dtype=np.float32)),
    "unaligned": lambda: np.frombuffer(b"\0" + bytes(16), np.float32, 4, offset=1),
    "masked": lambda: np.ma.array([1.0, 2, 3, 4], mask=[0, 1, 0, 0]),
    "unmasked": lambda: np.ma.array([1.0, 2, 3, 4]),
    "matrix": lambda: np.asmatrix(np.arange(4.0)),
    "wide": lambda: np.zeros((2, 70_000)),
    "one scalar": lambda: np.float64(0.5),
    "a million wide": lambda: np.broadcast_to(np.int8(1), (1, 10**12)),
}

VALUES = {
    f"{kind} {name}": make
    for kind, made in {
        "number": NUMBERS,
        "text": TEXTS,
        "thing": THINGS,
        "holder": HOLDERS,
        "array": ARRAYS,
    }.items()
    for name, make in made.items()
}
