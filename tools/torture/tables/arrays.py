"""Random arrays of pyarrow's, of every type that has a value in Python.

Under their nulls lies what a library may leave there: random bytes, lists that span anything. They
are made of buffers and children, not of Python's values, so that they come in every layout.
"""

from __future__ import annotations

import itertools
import random
import string
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa

__all__ = ["random_array", "random_vectors", "sliced"]

DEEPEST = 3
ALPHABET = string.ascii_letters + "äß日本🜁\0 "
ZONES = (None, "UTC", "+05:30", "-08:00", "Europe/Paris")
UNITS = ("s", "ms", "us", "ns")


def random_array(draw: random.Random, rows: int, depth: int = 0) -> Any:
    """An array of so many rows, of a random type, some of them null."""
    makers: list[Callable[[random.Random, int, int], Any]] = [
        _numbers,
        _numbers,
        _bools,
        _texts,
        _texts,
        _binaries,
        _times,
        _decimals,
        _others,
    ]
    if depth < DEEPEST:
        makers += [_lists, _lists, _fixed_lists, _structs, _structs, _maps]
        makers += [_dictionaries, _runs, _unions]
    maker = draw.choice(makers)
    # Part of a longer one, as slices are.
    before, after = (draw.choice((0, 0, 1, 9)), draw.choice((0, 0, 3)))
    whole = maker(draw, before + rows + after, depth)
    return whole.slice(before, rows)


def sliced(draw: random.Random, array: Any) -> Any:
    """The same rows in chunks of random lengths, some of them empty."""
    places = sorted(draw.randrange(len(array) + 1) for _ in range(draw.randrange(4)))
    bounds = [0, *places, len(array)]
    chunks = [array.slice(a, b - a) for a, b in itertools.pairwise(bounds)]
    return pa.chunked_array(chunks, array.type)


def random_vectors(draw: random.Random, rows: int) -> tuple[Any, int]:
    """An array of lists of numbers and the length of most of them; a few are wrong or null."""
    length = draw.randrange(1, 6)
    sound = draw.random() < 0.7
    layout = draw.choice(["fixed", "list", "large", "view", "large view", "tensor"])
    many = rows * length + draw.randrange(5)
    kind = draw.choice(
        [pa.float16(), pa.float32(), pa.float32(), pa.float64(), pa.int8(), pa.uint8(), pa.int32()]
    )
    numbers = _of_bytes(draw, kind, many, nulls=not sound and draw.random() < 0.4)
    mask = None
    if not sound and draw.random() < 0.5:
        mask = pa.array([draw.random() < 0.2 for _ in range(rows)], pa.bool_())
    if layout in ("fixed", "tensor"):
        numbers = numbers.slice(many - rows * length)
        array = pa.FixedSizeListArray.from_arrays(numbers, length, mask=mask)
        if layout == "tensor":
            tensor = pa.fixed_shape_tensor(kind, [length], permutation=draw.choice([None, [0]]))
            array = pa.ExtensionArray.from_storage(tensor, array)
        return array, length
    sizes = [length] * rows
    if not sound and rows and draw.random() < 0.3:
        sizes[draw.randrange(rows)] -= 1
    if "view" in layout:
        starts = [draw.randrange(many - size + 1) for size in sizes]
        large = layout == "large view"
        maker = pa.LargeListViewArray if large else pa.ListViewArray
        width = pa.int64() if large else pa.int32()
        return maker.from_arrays(
            pa.array(starts, width), pa.array(sizes, width), numbers, mask=mask
        ), length
    first = draw.randrange(many - sum(sizes) + 1)
    maker, width = (
        (pa.LargeListArray, pa.int64()) if layout == "large" else (pa.ListArray, pa.int32())
    )
    offsets = pa.array(first + np.cumsum([0, *sizes]), width)
    return maker.from_arrays(offsets, numbers, mask=mask), length


def _bitmap(draw: random.Random, rows: int, *, nulls: bool = True) -> Any:
    share = draw.choice((0.0, 0.1, 0.5, 1.0)) if nulls else 0.0
    if share == 0.0 and draw.random() < 0.7:
        return None
    return pa.py_buffer(
        np.packbits(
            np.array([draw.random() >= share for _ in range(rows)], np.bool_), bitorder="little"
        ).tobytes()
    )


def _mask(draw: random.Random, rows: int) -> Any:
    return pa.array([draw.random() < 0.2 for _ in range(rows)], pa.bool_())


def _of_bytes(draw: random.Random, kind: Any, rows: int, *, nulls: bool = True) -> Any:
    content = draw.randbytes(rows * kind.bit_width // 8)
    if draw.random() < 0.5 and pa.types.is_floating(kind):
        real = np.frombuffer(draw.randbytes(rows), np.int8) / 4
        content = real.astype(kind.to_pandas_dtype()).tobytes()
    bitmap = _bitmap(draw, rows, nulls=nulls)
    return pa.Array.from_buffers(kind, rows, [bitmap, pa.py_buffer(content)])


def _numbers(draw: random.Random, rows: int, _depth: int) -> Any:
    kinds = [pa.int8(), pa.uint8(), pa.int16(), pa.uint16(), pa.int32(), pa.uint32()]
    kinds += [pa.int64(), pa.uint64(), pa.float16(), pa.float32(), pa.float64()]
    return _of_bytes(draw, draw.choice(kinds), rows)


def _bools(draw: random.Random, rows: int, _depth: int) -> Any:
    content = pa.py_buffer(draw.randbytes(rows // 8 + 1))
    return pa.Array.from_buffers(pa.bool_(), rows, [_bitmap(draw, rows), content])


def _words(draw: random.Random, rows: int) -> list[str]:
    most = draw.choice((0, 3, 12, 40))
    return ["".join(draw.choices(ALPHABET, k=draw.randrange(most + 1))) for _ in range(rows)]


def _spans(draw: random.Random, raw: list[bytes], kind: Any) -> Any:
    """Texts or binaries, with something under each null."""
    large = kind in (pa.large_string(), pa.large_binary())
    offsets = np.cumsum([0, *map(len, raw)]).astype(np.int64 if large else np.int32)
    buffers = [
        _bitmap(draw, len(raw)),
        pa.py_buffer(offsets.tobytes()),
        pa.py_buffer(b"".join(raw)),
    ]
    return pa.Array.from_buffers(kind, len(raw), buffers)


def _texts(draw: random.Random, rows: int, _depth: int) -> Any:
    kind = draw.choice([pa.string(), pa.large_string(), pa.string_view()])
    words = _words(draw, rows)
    if kind == pa.string_view():
        some = [None if draw.random() < 0.2 else word for word in words]
        return pa.array(some, kind)
    return _spans(draw, [word.encode() for word in words], kind)


def _binaries(draw: random.Random, rows: int, _depth: int) -> Any:
    kind = draw.choice([pa.binary(), pa.large_binary(), pa.binary_view(), pa.binary(3)])
    raw = [draw.randbytes(draw.randrange(20)) for _ in range(rows)]
    if kind == pa.binary(3):
        content = pa.py_buffer(draw.randbytes(3 * rows))
        return pa.Array.from_buffers(kind, rows, [_bitmap(draw, rows), content])
    if kind == pa.binary_view():
        return pa.array([None if draw.random() < 0.2 else one for one in raw], kind)
    return _spans(draw, raw, kind)


def _times(draw: random.Random, rows: int, _depth: int) -> Any:
    """Values that Python can hold; under nulls anything."""
    choice = draw.randrange(5)
    unit = draw.choice(UNITS)
    scale = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[unit]
    if choice == 0:
        kind, most, step = pa.timestamp(unit, draw.choice(ZONES)), 9 * 10**9 * scale, 1
    elif choice == 1:
        kind, most, step = pa.duration(unit), 10**9 * scale, 1
    elif choice == 2:
        kind = pa.time32(unit) if unit in ("s", "ms") else pa.time64(unit)
        most, step = 86_400 * scale, 1
    elif choice == 3:
        kind, most, step = pa.date32(), 2_000_000, 1
    else:
        kind, most, step = pa.date64(), 2_000_000, 86_400_000
    if unit == "ns" and choice < 3:
        most, step = most // 1000, 1000
    low = 0 if choice == 2 else -most // 9
    bitmap = _bitmap(draw, rows)
    values = np.array([draw.randrange(low, most) * step for _ in range(rows)], np.int64)
    if bitmap is not None:
        there = np.unpackbits(np.frombuffer(bitmap, np.uint8), count=rows, bitorder="little")
        wild = np.frombuffer(draw.randbytes(8 * rows), np.int64)
        values = np.where(there == 1, values, wild)
    content = values.astype(np.int32 if kind.bit_width == 32 else np.int64).tobytes()
    return pa.Array.from_buffers(kind, rows, [bitmap, pa.py_buffer(content)])


def _decimals(draw: random.Random, rows: int, _depth: int) -> Any:
    maker, digits = draw.choice(
        [(pa.decimal32, 9), (pa.decimal64, 18), (pa.decimal128, 38), (pa.decimal256, 76)]
    )
    kind = maker(digits, draw.randrange(-3, 6))
    number = int(draw.random() * 10 ** draw.randrange(digits))
    raw = b"".join(
        (draw.choice((1, -1)) * number).to_bytes(kind.bit_width // 8, "little", signed=True)
        for _ in range(rows)
    )
    return pa.Array.from_buffers(kind, rows, [_bitmap(draw, rows), pa.py_buffer(raw)])


def _others(draw: random.Random, rows: int, _depth: int) -> Any:
    choice = draw.randrange(3)
    if choice == 0:
        return pa.nulls(rows)
    if choice == 1:
        content = pa.py_buffer(draw.randbytes(16 * rows))
        storage = pa.Array.from_buffers(pa.binary(16), rows, [_bitmap(draw, rows), content])
        return pa.ExtensionArray.from_storage(pa.uuid(), storage)
    return pa.ExtensionArray.from_storage(pa.bool8(), _of_bytes(draw, pa.int8(), rows))


def _lists(draw: random.Random, rows: int, depth: int) -> Any:
    many = draw.randrange(3 * rows + 1)
    child = random_array(draw, many, depth + 1)
    mask = _mask(draw, rows) if draw.random() < 0.6 else None
    large = draw.random() < 0.3
    width = pa.int64() if large else pa.int32()
    if draw.random() < 0.3:
        sizes = [draw.randrange(min(4, many + 1)) for _ in range(rows)]
        starts = [draw.randrange(many - size + 1) for size in sizes]
        maker = pa.LargeListViewArray if large else pa.ListViewArray
        return maker.from_arrays(pa.array(starts, width), pa.array(sizes, width), child, mask=mask)
    offsets = sorted(draw.randrange(many + 1) for _ in range(rows + 1))
    maker = pa.LargeListArray if large else pa.ListArray
    return maker.from_arrays(pa.array(offsets, width), child, mask=mask)


def _fixed_lists(draw: random.Random, rows: int, depth: int) -> Any:
    size = draw.randrange(1, 4)
    child = random_array(draw, rows * size, depth + 1)
    mask = _mask(draw, rows) if draw.random() < 0.6 else None
    return pa.FixedSizeListArray.from_arrays(child, size, mask=mask)


def _structs(draw: random.Random, rows: int, depth: int) -> Any:
    names = draw.sample(["a", "b", "c", "ä b", ""], draw.randrange(1, 4))
    children = [random_array(draw, rows, depth + 1) for _ in names]
    mask = _mask(draw, rows) if draw.random() < 0.6 else None
    return pa.StructArray.from_arrays(children, names, mask=mask)


def _maps(draw: random.Random, rows: int, depth: int) -> Any:
    sizes = [draw.randrange(4) for _ in range(rows)]
    keys = [key for size in sizes for key in draw.sample(["a", "b", "c", "日"], size)]
    items = random_array(draw, len(keys), depth + 1)
    offsets = pa.array(np.cumsum([0, *sizes]), pa.int32())
    return pa.MapArray.from_arrays(offsets, pa.array(keys, pa.string()), items)


def _dictionaries(draw: random.Random, rows: int, depth: int) -> Any:
    values = random_array(draw, draw.randrange(1, 5), max(depth + 1, DEEPEST))
    kind = draw.choice([pa.int8(), pa.uint8(), pa.int16(), pa.int32(), pa.int64()])
    indices = [None if draw.random() < 0.2 else draw.randrange(len(values)) for _ in range(rows)]
    return pa.DictionaryArray.from_arrays(pa.array(indices, kind), values)


def _runs(draw: random.Random, rows: int, depth: int) -> Any:
    if rows == 0:
        return pa.nulls(0)
    ends = sorted({draw.randrange(1, rows + 1) for _ in range(draw.randrange(4))} | {rows})
    values = random_array(draw, len(ends), max(depth + 1, DEEPEST))
    kind = draw.choice([pa.int16(), pa.int32(), pa.int64()])
    return pa.RunEndEncodedArray.from_arrays(pa.array(ends, kind), values)


def _unions(draw: random.Random, rows: int, depth: int) -> Any:
    kinds = draw.randrange(1, 4)
    codes = pa.array([draw.randrange(kinds) for _ in range(rows)], pa.int8())
    if draw.random() < 0.5:
        children = [random_array(draw, rows, depth + 1) for _ in range(kinds)]
        return pa.UnionArray.from_sparse(codes, children)
    children = [random_array(draw, draw.randrange(1, 5), depth + 1) for _ in range(kinds)]
    places = [draw.randrange(len(children[code.as_py()])) for code in codes]
    return pa.UnionArray.from_dense(codes, pa.array(places, pa.int32()), children)
