"""Texts become JSON, and are checked to be UTF-8, in the same way by every instruction set."""

import json
import random

import msgpack
import pytest

from vdb import kernel

pa = pytest.importorskip("pyarrow")

from support.arrow import table_of  # noqa: E402 - it needs pyarrow

SIZES = [
    *range(35),
    47,
    48,
    49,
    63,
    64,
    65,
    66,
    79,
    80,
    81,
    127,
    128,
    129,
    300,
    511,
    512,
    513,
    1100,
]
SPECIALS = '"\\\b\t\n\f\r' + "\x00\x01\x0b\x0e\x0f\x10\x18\x1f"


@pytest.fixture(params=kernel.instruction_sets())
def loops(request):
    kernel.use_instruction_set(request.param)
    yield request.param
    kernel.use_instruction_set("")


def texts_of(bodies):
    made = kernel.payload_columns(bodies, [], text=True)
    return table_of([("payload", "u")], made[0])["payload"].to_pylist() if len(made) == 1 else made


def body_of(raw):
    """A text of these bytes as msgpack, which need not be UTF-8."""
    return b"\xdb" + len(raw).to_bytes(4, "big") + raw


@pytest.mark.usefixtures("loops")
def test_every_special_at_every_place_is_written_as_by_json():
    texts = [
        "x" * before + special + "é" * 3 + "y" * after
        for special in (*SPECIALS, "", "\x7f", '"\\', "\n\x01")
        for before in range(70)
        for after in (0, 1, 20, 64)
    ]
    wanted = [json.dumps(text, ensure_ascii=False) for text in texts]
    assert texts_of([msgpack.packb(text) for text in texts]) == wanted


@pytest.mark.usefixtures("loops")
@pytest.mark.parametrize("alphabet", [SPECIALS, SPECIALS[:7] + "abc", "ab\n" + "c" * 40, "aé日🜁\n"])
def test_random_texts_of_all_lengths_are_written_as_by_json(alphabet):
    draw = random.Random(alphabet)
    texts = ["".join(draw.choices(alphabet, k=size)) for size in SIZES for _ in range(20)]
    wanted = [json.dumps(text, ensure_ascii=False) for text in texts]
    assert texts_of([msgpack.packb(text) for text in texts]) == wanted
    nested = [{text: [text]} for text in texts]
    assert texts_of([msgpack.packb(one) for one in nested]) == [
        json.dumps(one, ensure_ascii=False) for one in nested
    ]


BAD = [b"\x80", b"\xc0\x80", b"\xc1\xbf", b"\xc3", b"\xe0\x9f\xbf", b"\xe2\x82", b"\xed\xa0\x80"]
BAD += [b"\xed\xbf\xbf", b"\xf0\x8f\xbf\xbf", b"\xf0\x9f\x9c", b"\xf4\x90\x80\x80", b"\xf5\x80"]
BAD += [
    b"\xff",
    b"\xfe",
    b"\xc3\xa9\xa9",
    b"\xe6\x97\xa5\x80",
    b"\xf0\x9f\x9c\x81\x80",
    b"\xe6A\xa5",
]


@pytest.mark.usefixtures("loops")
@pytest.mark.parametrize("bad", BAD, ids=bytes.hex)
def test_what_python_does_not_decode_is_refused_at_every_place(bad):
    with pytest.raises(UnicodeDecodeError):
        bad.decode()
    for before in range(140):
        for filling, rest in ((b"x", b"y" * 3), (b"x", b""), (b"x", b"y" * 70), (b"\xc3\xa9", b"")):
            raw = filling * before + bad + rest
            assert texts_of([body_of(raw)])[2] == "text that is not UTF-8", (raw, before)


@pytest.mark.usefixtures("loops")
def test_random_bytes_are_judged_as_by_python():
    draw = random.Random(1)
    judged = 0
    for _ in range(4_000):
        size = draw.choice(SIZES)
        text = "".join(draw.choices("ab\n߿ࠀ퟿\U0010ffff\U00010000é", k=size)).encode()
        raw = bytearray(text)
        if raw and draw.random() < 0.7:
            raw[draw.randrange(len(raw))] = draw.randrange(256)
        if draw.random() < 0.3:
            del raw[draw.randrange(len(raw) + 1) :]
        try:
            wanted = [json.dumps(raw.decode(), ensure_ascii=False)]
        except UnicodeDecodeError:
            assert texts_of([body_of(bytes(raw))])[2] == "text that is not UTF-8"
            judged += 1
        else:
            assert texts_of([body_of(bytes(raw))]) == wanted
    assert judged > 1_000


@pytest.mark.parametrize("share", [0.0, 0.9])
def test_many_rows_of_one_kind_and_then_of_another(share):
    """Room is made by what the first rows took."""
    rows = 4_000
    texts = ["a" * 50 if i < rows * share else "\x01" * 200 + '"' * 100 for i in range(rows)]
    assert texts_of([msgpack.packb(text) for text in texts]) == list(map(json.dumps, texts))
