"""Payloads of Arrow's tables: their columns, what they are declared as, what is converted.

Columns of plain values stay Arrow's, for `Collection.add` reads a struct array without making
Python's values of it. Moments, decimals and bytes become texts.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable
from typing import Any, Final

import numpy as np

from vdb.model.filters.field_types import MOST_FIELDS
from vdb.model.filters.paths import path_of
from vdb.sources.reading.libraries import needed
from vdb.sources.reading.plain_json import plain_json

__all__ = ["KEYWORD_BYTES", "PayloadTable"]

KEYWORD_BYTES: Final = 256
"""A column of texts is one of keywords where none in its first rows is longer."""

_LISTS: Final = ("list", "large_list", "fixed_size_list")
_TEXTS: Final = ("string", "large_string", "string_view")
_BYTES: Final = ("binary", "large_binary", "fixed_size_binary", "binary_view")
_UNITS: Final = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}


class PayloadTable:
    """The columns that make up payloads.

    Attributes:
        names: Their names.
        columns: Their types, in Arrow's words.
        notes: What becomes something else.
    """

    def __init__(self, schema: Any, names: Iterable[str], *, nan_is_null: bool = False) -> None:
        self.names = list(names)
        self._fields = [schema.field(name) for name in self.names]
        self.columns = {field.name: str(field.type) for field in self._fields}
        self.notes = tuple(
            f"{field.name}: {note}" for field in self._fields if (note := _note(field.type))
        )
        self._nan_is_null = nan_is_null

    def declared(self, rows: Any = None) -> dict[str, str]:
        """The fields that a collection can declare: numbers, bool, moments, short texts.

        Args:
            rows: The first rows, to look at the lengths of texts; without them, only texts of a
                dictionary are short.
        """
        fields: dict[str, str] = {}
        for field in self._fields:
            column = None if rows is None else rows.column(field.name)
            kind = _field_type(field.type, column)
            if kind is not None and field.name and not field.name.startswith("$"):
                fields[path_of((field.name,))] = kind
        return dict(list(fields.items())[:MOST_FIELDS])

    def read(self, rows: Any) -> Any:
        """The payloads of a record batch: a struct array, or a list of dicts; None for none."""
        if not self.names:
            return None
        pyarrow = needed("pyarrow", "pyarrow", "reading tables of Arrow")
        columns = [self._converted(rows.column(name)) for name in self.names]
        if all(isinstance(column, pyarrow.Array) for column in columns):
            return pyarrow.StructArray.from_arrays(columns, names=self.names)
        lists = [
            column.to_pylist() if isinstance(column, pyarrow.Array) else column
            for column in columns
        ]
        return [dict(zip(self.names, row, strict=True)) for row in zip(*lists, strict=True)]

    def _converted(self, column: Any) -> Any:
        kind = column.type
        if self._nan_is_null and _is(kind, "floating"):
            pyarrow = needed("pyarrow", "pyarrow", "reading tables of Arrow")
            compute = needed("pyarrow.compute", "pyarrow", "reading tables of Arrow")
            nan = np.isnan(column.to_numpy(zero_copy_only=False))
            return compute.if_else(pyarrow.array(nan), pyarrow.scalar(None, kind), column)
        if _is_plain(kind):
            return column
        if getattr(kind, "extension_name", "") == "arrow.json":
            return [None if one is None else plain_json(one) for one in column.storage.to_pylist()]
        values = _texts(column)
        if values is None:
            return [_value(one) for one in column.to_pylist(**_pairs_as_dicts(column))]
        pyarrow = needed("pyarrow", "pyarrow", "reading tables of Arrow")
        return pyarrow.array(values, pyarrow.string())


def _is(kind: Any, *names: str) -> bool:
    types = needed("pyarrow", "pyarrow", "reading tables of Arrow").types
    return any(getattr(types, f"is_{name}", lambda _: False)(kind) for name in names)


def _is_plain(kind: Any) -> bool:
    """Whether values of a type have the same form in JSON."""
    if _is(kind, "null", "boolean", "integer", "floating", *_TEXTS):
        return True
    if _is(kind, *_LISTS):
        return _is_plain(kind.value_type)
    if _is(kind, "struct"):
        inner = [kind.field(place) for place in range(kind.num_fields)]
        names = {field.name for field in inner}
        return len(names) == len(inner) and all(_is_plain(field.type) for field in inner)
    return _is(kind, "dictionary") and _is(kind.value_type, *_TEXTS)


def _note(kind: Any) -> str:
    """What a column of a type that is not plain becomes; "" for others."""
    if _is(kind, *_BYTES):
        return "its bytes become texts of base64"
    if _is(kind, "decimal"):
        return "its decimals become texts"
    if _is(kind, "duration"):
        return "its durations become texts such as PT1.5S"
    if _is(kind, *_LISTS) and not _is_plain(kind):
        return _note(kind.value_type)
    return ""


def _texts(column: Any) -> list[str | None] | None:
    """The values of a column of moments, durations, decimals or bytes as texts; None for others."""
    kind = column.type
    text: Callable[[Any], str]
    if _is(kind, "timestamp"):
        zone = "" if kind.tz is None else "Z"
        moments = np.datetime_as_string(_numbers(column, f"M8[{kind.unit}]"), unit=kind.unit)
        values = [f"{one}{zone}" for one in moments.tolist()]
        return _with_nulls(column, values)
    if _is(kind, "duration"):
        scale = _UNITS[kind.unit]
        durations = _numbers(column, "i8").tolist()
        return _with_nulls(column, [_duration(one, scale) for one in durations])
    if _is(kind, "date", "time"):
        if _is(kind, "time64") and kind.unit == "ns":
            numbers = _numbers(column, "i8").tolist()
            return _with_nulls(column, [_clock(one) for one in numbers])
        text = _isoformat
    elif _is(kind, "decimal"):
        text = str
    elif _is(kind, *_BYTES):
        text = _base64
    else:
        return None
    return [None if one is None else text(one) for one in column.to_pylist()]


def _numbers(column: Any, kind: str) -> Any:
    """The numbers that a column is stored as, 0 where it is null."""
    pyarrow = needed("pyarrow", "pyarrow", "reading tables of Arrow")
    return column.view(pyarrow.int64()).fill_null(0).to_numpy(zero_copy_only=False).astype(kind)


def _with_nulls(column: Any, values: list[str]) -> list[str | None]:
    if not column.null_count:
        return list(values)
    present = column.is_valid().to_pylist()
    return [one if here else None for one, here in zip(values, present, strict=True)]


def _isoformat(value: Any) -> str:
    return str(value.isoformat())


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()


def _duration(number: int, scale: int) -> str:
    """A number of 1/scale seconds in ISO 8601."""
    whole, rest = divmod(abs(number), scale)
    digits = f".{rest:0{len(str(scale)) - 1}d}".rstrip("0") if rest else ""
    return f"{'-' if number < 0 else ''}PT{whole}{digits}S"


def _clock(nanoseconds: int) -> str:
    seconds, rest = divmod(nanoseconds, 10**9)
    minutes, second = divmod(seconds, 60)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{second:02d}.{rest:09d}"


def _pairs_as_dicts(column: Any) -> dict[str, Any]:
    """Maps become dicts, where this release of pyarrow can make them."""
    return {"maps_as_pydicts": "strict"} if _holds_maps(column.type) else {}


def _holds_maps(kind: Any) -> bool:
    if _is(kind, "map"):
        return True
    if _is(kind, *_LISTS):
        return _holds_maps(kind.value_type)
    if _is(kind, "struct"):
        return any(_holds_maps(kind.field(place).type) for place in range(kind.num_fields))
    return False


def _value(value: Any) -> Any:
    """A value of a nested type in JSON's form."""
    if isinstance(value, dict):
        return {str(name): _value(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_value(one) for one in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, bytes):
        return _base64(value)
    return _isoformat(value) if hasattr(value, "isoformat") else str(value)


def _field_type(kind: Any, column: Any) -> str | None:
    """The type that a column can be declared as."""
    if _is(kind, *_LISTS):
        values = None if column is None else column.flatten()
        inner = None if _is(kind.value_type, *_LISTS) else _field_type(kind.value_type, values)
        return None if inner is None else f"{inner}[]"
    for name, declared in (
        ("boolean", "bool"),
        ("integer", "int"),
        ("floating", "float"),
        ("timestamp", "datetime"),
    ):
        if _is(kind, name):
            return declared
    if _is(kind, "dictionary"):
        return "keyword" if _is(kind.value_type, *_TEXTS) else None
    if column is None or not _is(kind, *_TEXTS):
        return None
    longest = max((len(one.encode()) for one in column.to_pylist() if one is not None), default=0)
    return "keyword" if longest <= KEYWORD_BYTES else None
