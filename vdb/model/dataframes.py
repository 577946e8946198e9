"""Columns and tables of pandas, polars, pyarrow and numpy, in plain Python and numpy arrays.

pandas, polars and pyarrow are not imported: an object of theirs can only come from a program that
has imported them already. Tables of other libraries are recognized by their attributes, because
iterating over one would give its column names.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "column",
    "described",
    "fixed_rows",
    "is_column",
    "is_scalar",
    "is_table",
    "records",
    "scalar",
]


def is_table(value: object) -> bool:
    """Whether it has rows and named columns: iterating over it need not give its rows."""
    kind = type(value)
    return (hasattr(kind, "columns") and hasattr(kind, "shape")) or (
        isinstance(value, np.ndarray) and value.dtype.names is not None
    )


def is_column(value: object) -> bool:
    """Whether it is a column of pandas, polars or pyarrow."""
    return (
        _is(value, "pandas", "Series", "Index")
        or _is(value, "polars", "Series")
        or _is(value, "pyarrow", "Array", "ChunkedArray")
    )


def column(value: Any) -> list[Any] | None:
    """The entries of a column as its library converts them to Python; None for other values."""
    if not is_column(value):
        return None
    return list(value.to_pylist() if hasattr(value, "to_pylist") else value.to_list())


def is_scalar(value: object) -> bool:
    """Whether it is one value of pyarrow's, as its columns hold them."""
    return _is(value, "pyarrow", "Scalar")


def scalar(value: Any) -> Any:
    """A value of pyarrow's in plain Python; others as they are."""
    return value.as_py() if is_scalar(value) else value


def records(value: Any) -> list[dict[Any, Any]] | None:
    """The rows of a table as dicts by column; None for a table of another library.

    Missing entries are None; NaN in a column of floats is a number like others.

    Raises:
        ValueError: Two columns have one name.
    """
    if _is(value, "pandas", "DataFrame"):
        names = list(value.columns)
        columns = [_of_pandas(value.iloc[:, i]) for i in range(len(names))]
        return _joined(names, columns, len(value))
    if _is(value, "polars", "DataFrame"):
        return list(value.to_dicts())
    if _is(value, "pyarrow", "Table", "RecordBatch"):
        names = list(value.schema.names)
        return _joined(names, [one.to_pylist() for one in value.columns], value.num_rows)
    if isinstance(value, np.ndarray) and value.dtype.names is not None and value.ndim == 1:
        fields = list(value.dtype.names)
        return _joined(fields, [list(value[name]) for name in fields], len(value))
    return None


def _joined(names: list[Any], columns: list[list[Any]], rows: int) -> list[dict[Any, Any]]:
    duplicate = next((name for i, name in enumerate(names) if name in names[:i]), None)
    if duplicate is not None:
        raise ValueError(f"two of its columns are called {duplicate!r}")
    if not columns:
        return [{} for _ in range(rows)]
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def _of_pandas(series: Any) -> list[Any]:
    """A column of pandas with None for what is missing, where that cannot be a number or object."""
    entries: list[Any] = series.tolist()
    plain = isinstance(series.dtype, np.dtype) and series.dtype.kind in "biufcO"
    if plain or not series.hasnans:
        return entries
    missing = series.isna().tolist()
    pairs = zip(entries, missing, strict=True)
    return [None if is_missing else entry for entry, is_missing in pairs]


def fixed_rows(value: Any) -> NDArray[Any] | None:
    """A column of pyarrow's whose entries are lists of one length, as a matrix, without a copy.

    None for any other column, and for one with missing entries.
    """
    if not _is(value, "pyarrow", "Array", "ChunkedArray"):
        return None
    chunks = list(_chunks(value))
    size = getattr(chunks[0].type, "list_size", None) if chunks else None
    if not size or any(chunk.null_count for chunk in chunks):
        return None
    parts = [chunk.flatten() for chunk in chunks]
    if any(part.null_count for part in parts):
        return None
    arrays = [part.to_numpy(zero_copy_only=False) for part in parts]
    whole = arrays[0] if len(arrays) == 1 else np.concatenate(arrays)
    return whole.reshape(-1, size) if whole.dtype.kind in "fiu" else None


def _chunks(value: Any) -> Iterator[Any]:
    """The arrays that a column consists of, of extension types those that they are stored as."""
    for chunk in value.chunks if hasattr(value, "chunks") else [value]:
        yield getattr(chunk, "storage", chunk)


def described(value: object) -> str:
    """The class of a value, with its library, for messages."""
    kind = type(value)
    library = kind.__module__.partition(".")[0]
    return kind.__qualname__ if library == "builtins" else f"{library}.{kind.__qualname__}"


def _is(value: object, library: str, *names: str) -> bool:
    """Whether a value is of one of these classes of a library, which need not be installed."""
    module = sys.modules.get(library)
    if module is None or type(value).__module__ == "builtins":
        return False
    return any(isinstance(value, getattr(module, name, ())) for name in names)
