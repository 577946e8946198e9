"""Payloads that the kernel encodes from columns are those that Python's msgpack makes."""

from __future__ import annotations

import numpy as np
import pytest

from support.arrow_producer import Node, bitmap, numbers, texts
from vdb.kernel import ArrowNode, encode_columns, import_arrow_array
from vdb.model import arrow
from vdb.store.format.packing import LARGEST, pack

EDGES = sorted(
    {
        sign * (2**bits + by)
        for bits in (0, 4, 5, 7, 8, 15, 16, 31, 32, 62)
        for by in (-1, 0, 1)
        for sign in (1, -1)
    }
)


def column(node: Node) -> tuple[object, ArrowNode, int]:
    tree, array = import_arrow_array(*node.__arrow_c_array__())
    return arrow.kernel_type(arrow.DataType.of(tree)), array, 0


def encoded(*nodes: Node, names: list[str] | None = None, largest: int = LARGEST):
    return encode_columns([column(node) for node in nodes], names, nodes[0].length, largest)


@pytest.mark.parametrize(
    ("format_", "kind"),
    [
        ("c", "i1"),
        ("C", "u1"),
        ("s", "i2"),
        ("S", "u2"),
        ("i", "i4"),
        ("I", "u4"),
        ("l", "i8"),
        ("L", "u8"),
    ],
)
def test_every_integer_takes_its_shortest_form(format_, kind):
    limits = np.iinfo(kind)
    inside = [limits.min, limits.max, *(n for n in EDGES if limits.min <= n <= limits.max)]
    assert encoded(numbers(format_, kind, inside)) == [pack(number) for number in inside]
    own = np.array(inside, kind)
    tree = (arrow.FORMATS[kind], "", (), None)
    assert encode_columns([(tree, own, 1)], ["n"], len(own) - 1, LARGEST) == [
        pack({"n": number}) for number in inside[1:]
    ]


@pytest.mark.parametrize(("format_", "kind"), [("e", "f2"), ("f", "f4"), ("g", "f8")])
def test_every_real_number_is_a_float64(format_, kind):
    info = np.finfo(kind)
    values = [
        0.0,
        -0.0,
        0.1,
        -1.5,
        float(info.max),
        float(info.tiny),
        float(info.smallest_subnormal),
    ]
    stored = np.array(values, kind)
    assert encoded(numbers(format_, kind, stored)) == [pack(float(value)) for value in stored]


def test_every_half_is_the_number_that_it_is():
    halves = np.arange(2**16, dtype=np.uint16).view(np.float16)
    halves = halves[np.isfinite(halves)]
    assert encoded(numbers("e", "f2", halves)) == [pack(float(value)) for value in halves]


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_is_left_to_who_has_words(bad):
    assert encoded(numbers("g", "f8", [1.0, bad])) is None
    under_a_null = numbers("g", "f8", [1.0, bad])
    under_a_null.buffers[0] = bitmap([True, False])
    assert encoded(under_a_null) == [pack(1.0), None]


@pytest.mark.parametrize("length", [0, 1, 31, 32, 255, 256, 65535, 65536])
def test_every_text_has_its_length(length):
    assert encoded(texts(["x" * length])) == [pack("x" * length)]
    many = Node("+l", 1, [None, np.array([0, length], "i4")], [numbers("C", "u1", [7] * length)])
    assert encoded(many) == [pack([7] * length)]


@pytest.mark.parametrize(
    "raw",
    [
        b"\x80",
        b"\xc0\xaf",
        b"\xc1\xbf",
        b"\xe0\x9f\xbf",
        b"\xed\xa0\x80",
        b"\xf0\x8f\xbf\xbf",
        b"\xf4\x90\x80\x80",
        b"\xf5\x80\x80\x80",
        b"\xff",
        b"abcdefgh\xe6\x97",
        b"\xe6\x97x",
        b"\xf0\x9f\x9c",
    ],
)
def test_what_is_no_utf8_is_left_to_who_has_words(raw):
    node = Node("u", 1, [None, np.array([0, len(raw)], "i4"), raw])
    with pytest.raises(UnicodeDecodeError):
        raw.decode()
    assert encoded(node) is None


def test_text_of_every_length_of_utf8_is_kept():
    words = [
        "a",
        "\x7f",
        "\x80",
        "߿",
        "ࠀ",
        "\ud7ff",
        "\ue000",
        "\uffff",
        "\U00010000",
        "\U0010ffff",
    ]
    assert encoded(texts(words)) == [pack(word) for word in words]


def test_nulls_are_nil_in_a_map_and_nothing_alone():
    node = texts(["x", None])
    assert encoded(node) == [pack("x"), None]
    assert encoded(node, names=["t"]) == [pack({"t": "x"}), pack({"t": None})]


def test_what_has_no_form_or_no_room_is_left_to_who_has_words():
    assert encoded(Node("tsu:UTC", 1, [None, bytes(8)])) is None
    assert encoded(Node("w:2", 1, [None, bytes(2)])) is None
    assert encoded(texts(["x" * 100]), largest=101) is None
    assert encoded(texts(["x" * 100]), largest=102) == [pack("x" * 100)]


@pytest.mark.parametrize(
    "node",
    [
        Node("+w:3", 2, [None], [numbers("l", "i8", [1, 2, 3])]),
        Node("+l", 1, [None, np.array([0, 9], "i4")], [numbers("l", "i8", [1])]),
        Node("+l", 1, [None, np.array([3, 0], "i4")], [numbers("l", "i8", [1, 2, 3])]),
        Node("c", 1, [None, b"\5"], dictionary=texts(["a"])),
        Node("c", 1, [None, b"\xff"], dictionary=texts(["a"])),
        Node("+r", 3, [], [numbers("i", "i4", [2]), texts(["a"])]),
        Node("vu", 1, [None, np.array([99, 0, 0, 0], "i4"), b"x", np.array([1], "i8")]),
        Node("+s", 2, [None], [texts(["a"])]),
        Node("l", 1, [None]),
        Node("l", 1, [None, None]),
    ],
    ids=[
        "short",
        "beyond",
        "backwards",
        "index",
        "below",
        "runs",
        "view",
        "struct",
        "none",
        "null",
    ],
)
def test_an_array_that_does_not_fit_its_type_is_refused(node):
    with pytest.raises(ValueError, match=r"array|list|run|view"):
        encoded(node)
