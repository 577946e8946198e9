"""From any column to Python's values: None where a row is null, dicts for structs and maps.

Values under a null are never read: they may be anything. What Python's own class cannot hold
exactly, such as a moment with nanoseconds, becomes numpy's.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vdb.errors import InvalidPayloadError
from vdb.kernel import ArrowNode
from vdb.model.arrow import moments, texts
from vdb.model.arrow.buffers import fixed, list_bounds
from vdb.model.arrow.columns import Column
from vdb.model.arrow.data_types import INTEGERS, DataType
from vdb.model.arrow.validity import bits, validity

__all__ = ["python_values"]

Wanted = NDArray[np.bool_] | None
"""Which of some rows are to be read, None for all; the others become None."""


def python_values(column: Column) -> list[Any]:
    """The values of a column, as one list.

    bool, int, float, str, bytes, list, dict (struct, map), datetime, date, time, timedelta,
    Decimal, UUID; numpy.datetime64 and timedelta64 for what datetime and timedelta cannot hold.
    Columns of the extension type arrow.json give what their texts stand for.

    Raises:
        InvalidPayloadError: A text of the type arrow.json is no JSON; has its row.
        ValueError: The arrays do not fit the type, a type has no value in Python, or a struct or
            map has a name twice.
    """
    values: list[Any] = []
    for chunk in column.chunks:
        try:
            values += _values(column.type, chunk.node, chunk.first, chunk.count, chunk.there)
        except _JsonError as error:
            row = None if error.row is None else len(values) + error.row
            where = f"a column of {column.type}" if row is None else f"row {row} of {column.type}"
            raise InvalidPayloadError(
                f"{where} holds no JSON: {error}", row=row, expected="JSON", received=error.text
            ) from None
    return values


class _JsonError(ValueError):
    """A text that should be JSON.

    Attributes:
        row: Its place in what is read; None where it lies in a list, or is one of several values
            that rows share.
        text: The text.
    """

    def __init__(self, row: int, text: str, reason: object) -> None:
        super().__init__(str(reason))
        self.row: int | None = row
        self.text = text


def _values(
    kind: DataType, node: ArrowNode, first: int, count: int, wanted: Wanted = None
) -> list[Any]:
    """The values of `count` rows of an array from `first` on, its own offset not counted."""
    if count == 0:
        return []
    if first + count > node.length:
        raise ValueError("an array shorter than what refers to it")
    read = _reader(kind)
    if read in _WITHOUT_BITMAP:
        there = wanted
    else:
        own = validity(node, first, count)
        there = own if wanted is None else wanted if own is None else own & wanted
    if there is not None and not there.any():
        return [None] * count
    try:
        values = read(kind, node, first, count, there)
    except _JsonError as error:
        if not kind.is_json and kind.format != "+s":
            error.row = None
        raise
    if there is not None:
        for row in np.flatnonzero(~there).tolist():
            values[row] = None
    return values


_Read = Callable[[DataType, ArrowNode, int, int, Wanted], list[Any]]


def _reader(kind: DataType) -> _Read:
    format_ = kind.format
    if kind.dictionary is not None:
        return _dictionary
    if kind.extension == "arrow.bool8" and format_ == "c":
        return _bool8
    if kind.extension == "arrow.uuid" and format_ == "w:16":
        return _uuids
    if kind.is_json:
        return _json_texts
    reader = _READERS.get(format_)
    if reader is None:
        prefix = next((key for key in _BY_PREFIX if format_.startswith(key)), None)
        if prefix is None:
            raise ValueError(f"Arrow's type {kind} has no value in Python")
        reader = _BY_PREFIX[prefix]
    return reader


def _nulls(kind: DataType, node: ArrowNode, first: int, count: int, there: Wanted) -> list[Any]:  # noqa: ARG001
    return [None] * count


def _numbers(kind: DataType, node: ArrowNode, first: int, count: int, there: Wanted) -> list[Any]:  # noqa: ARG001
    numbers = kind.numbers
    assert numbers is not None  # noqa: S101 - by the format
    values: list[Any] = fixed(node, first, count, numbers).tolist()
    return values


def _bools(kind: DataType, node: ArrowNode, first: int, count: int, there: Wanted) -> list[Any]:  # noqa: ARG001
    values: list[Any] = bits(node, 1, node.offset + first, count).tolist()
    return values


def _bool8(kind: DataType, node: ArrowNode, first: int, count: int, there: Wanted) -> list[Any]:  # noqa: ARG001
    values: list[Any] = (fixed(node, first, count, np.dtype("i1")) != 0).tolist()
    return values


def _json_texts(
    kind: DataType, node: ArrowNode, first: int, count: int, there: Wanted
) -> list[Any]:
    read = texts.string_views if kind.format == "vu" else texts.strings
    values: list[Any] = read(kind, node, first, count, there)
    for row in range(count) if there is None else np.flatnonzero(there).tolist():
        try:
            values[row] = json.loads(values[row])
        except (ValueError, RecursionError) as error:
            raise _JsonError(row, values[row], error) from None
    return values


def _uuids(kind: DataType, node: ArrowNode, first: int, count: int, there: Wanted) -> list[Any]:
    import uuid

    return [uuid.UUID(bytes=raw) for raw in texts.fixed_size(kind, node, first, count, there)]


def _structs(kind: DataType, node: ArrowNode, first: int, count: int, there: Wanted) -> list[Any]:
    names = [child.name for child in kind.children]
    _require_different(names, "fields of a struct")
    if not names:
        return [{} for _ in range(count)]
    columns = [
        _values(child, below, node.offset + first, count, there)
        for child, below in zip(kind.children, node.children, strict=True)
    ]
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def _lists(kind: DataType, node: ArrowNode, first: int, count: int, there: Wanted) -> list[Any]:
    starts, sizes = list_bounds(kind, node, first, count)
    if there is not None:  # a null list may span anything
        starts, sizes = np.where(there, starts, 0), np.where(there, sizes, 0)
    if (sizes < 0).any() or (starts < 0).any():
        raise ValueError("a list of a negative length")
    begins = np.concatenate(([0], np.cumsum(sizes)))
    element, child = kind.children[0], node.children[0]
    filled = np.flatnonzero(sizes)
    if not filled.size:
        return [[] for _ in range(count)]
    low, high = int(starts[filled].min()), int((starts + sizes)[filled].max())
    total = int(begins[-1])
    if total == high - low and np.array_equal(starts[filled], low + begins[:-1][filled]):
        values = _values(element, child, low, total)
    else:  # with gaps, or in another order, or several of the same elements
        values = []
        for row in filled.tolist():
            values += _values(element, child, int(starts[row]), int(sizes[row]))
    return [values[start:end] for start, end in pairwise(begins.tolist())]


def _fixed_lists(
    kind: DataType, node: ArrowNode, first: int, count: int, there: Wanted
) -> list[Any]:
    size = kind.size
    wanted = None if there is None else np.repeat(there, size)
    start = (node.offset + first) * size
    values = _values(kind.children[0], node.children[0], start, count * size, wanted)
    return [values[row * size : (row + 1) * size] for row in range(count)]


def _maps(kind: DataType, node: ArrowNode, first: int, count: int, there: Wanted) -> list[Any]:
    entries = kind.children[0]
    if entries.format != "+s" or len(entries.children) != 2:
        raise ValueError("a map without keys and values")
    renamed = DataType("+s", "", "", b"", tuple(map(_nameless, entries.children, "kv")), None)
    list_kind = DataType("+l", "", "", b"", (renamed,), None)
    maps = []
    for pairs in _lists(list_kind, node, first, count, there):
        keys = [pair["k"] for pair in pairs]
        _require_different(keys, "entries of a map")
        maps.append(dict(zip(keys, (pair["v"] for pair in pairs), strict=True)))
    return maps


def _nameless(kind: DataType, name: str) -> DataType:
    return DataType(
        kind.format, name, kind.extension, kind.parameters, kind.children, kind.dictionary
    )


def _dictionary(
    kind: DataType, node: ArrowNode, first: int, count: int, there: Wanted
) -> list[Any]:
    values_node = node.dictionary
    assert kind.dictionary is not None  # noqa: S101 - by the reader that was chosen
    if values_node is None or kind.format not in INTEGERS:
        raise ValueError("indices without their dictionary")
    indices = fixed(node, first, count, np.dtype(INTEGERS[kind.format]))
    if there is not None:
        indices = np.where(there, indices, 0)
    used = np.zeros(values_node.length, np.bool_)
    chosen = indices if there is None else indices[there]
    if chosen.size and not (int(chosen.min()) >= 0 and int(chosen.max()) < values_node.length):
        raise ValueError("an index beyond its dictionary")
    used[chosen.astype(np.int64)] = True
    values = _values(kind.dictionary, values_node, 0, values_node.length, used)
    return _shared(kind.dictionary, values, indices.tolist(), there)


def _run_ends(kind: DataType, node: ArrowNode, first: int, count: int, there: Wanted) -> list[Any]:
    ends_kind, values_kind = kind.children
    ends_node, values_node = node.children
    if ends_kind.format not in ("s", "i", "l"):
        raise ValueError("run ends that are no integers")
    ends = fixed(ends_node, 0, ends_node.length, np.dtype(INTEGERS[ends_kind.format]))
    rows = node.offset + first + np.arange(count)
    runs = np.searchsorted(ends, rows, side="right")
    if int(runs[-1]) >= values_node.length:
        raise ValueError("more rows than runs")
    low, high = int(runs[0]), int(runs[-1]) + 1
    values = _values(values_kind, values_node, low, high - low)
    return _shared(values_kind, values, (runs - low).tolist(), there)


def _shared(kind: DataType, values: list[Any], places: list[int], there: Wanted) -> list[Any]:
    """Values by their places; each row has a list or a dict of its own."""
    taken = [values[place] for place in places] if values else [None] * len(places)
    if kind.children:
        import copy

        taken = [copy.deepcopy(value) for value in taken]
    return taken if there is None else list(taken)


def _sparse_union(
    kind: DataType, node: ArrowNode, first: int, count: int, there: Wanted
) -> list[Any]:
    codes = fixed(node, first, count, np.dtype("i1"), number=0)
    values: list[Any] = [None] * count
    for code, child, below in _alternatives(kind, node):
        chosen = codes == code if there is None else (codes == code) & there
        column = _values(child, below, node.offset + first, count, chosen)
        for row in np.flatnonzero(chosen).tolist():
            values[row] = column[row]
    return values


def _dense_union(
    kind: DataType, node: ArrowNode, first: int, count: int, there: Wanted
) -> list[Any]:
    codes = fixed(node, first, count, np.dtype("i1"), number=0)
    offsets = fixed(node, first, count, np.dtype("i4"), number=1)
    values: list[Any] = [None] * count
    for code, child, below in _alternatives(kind, node):
        rows = np.flatnonzero(codes == code if there is None else (codes == code) & there)
        if rows.size:
            places = offsets[rows]
            low, high = int(places.min()), int(places.max()) + 1
            column = _values(child, below, low, high - low)
            for row, place in zip(rows.tolist(), (places - low).tolist(), strict=True):
                values[row] = column[place]
    return values


def _alternatives(kind: DataType, node: ArrowNode) -> list[tuple[int, DataType, ArrowNode]]:
    codes = [int(code) for code in kind.format.partition(":")[2].split(",") if code]
    return list(zip(codes, kind.children, node.children, strict=True))


def _require_different(names: Sequence[Any], what: str) -> None:
    if len(set(names)) != len(names):
        name = next(name for i, name in enumerate(names) if name in names[:i])
        raise ValueError(f"two {what} are called {name!r}")


_WITHOUT_BITMAP: frozenset[_Read] = frozenset((_nulls, _sparse_union, _dense_union, _run_ends))

_READERS: dict[str, _Read] = {
    "n": _nulls,
    "b": _bools,
    **dict.fromkeys("cCsSiIlLefg", _numbers),
    **dict.fromkeys(("u", "U"), texts.strings),
    **dict.fromkeys(("z", "Z"), texts.binaries),
    "vu": texts.string_views,
    "vz": texts.binary_views,
    "+s": _structs,
    **dict.fromkeys(("+l", "+L", "+vl", "+vL"), _lists),
    "+m": _maps,
    "+r": _run_ends,
}
_BY_PREFIX: dict[str, _Read] = {
    "+w:": _fixed_lists,
    "+us:": _sparse_union,
    "+ud:": _dense_union,
    "w:": texts.fixed_size,
    "d:": moments.decimals,
    "ts": moments.timestamps,
    "td": moments.dates,
    "tt": moments.times,
    "tD": moments.durations,
}
