"""Columns and tables of pandas, numpy and all that speaks Arrow, in plain Python.

No library is imported: an object of one can only come from a program that has imported it already.
Whatever hands over its memory through the Arrow C data interface (pyarrow, polars, DuckDB, ...) is
read in place. pandas is read by itself: it needs pyarrow to speak Arrow, and would make a null of a
NaN. Tables of other libraries are recognized by their attributes, because iterating over one would
give its column names.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np

from vdb.model import pauses

if TYPE_CHECKING:
    from vdb.model.arrow import Column

__all__ = [
    "advice",
    "arrow_column",
    "column",
    "described",
    "is_column",
    "is_pandas",
    "is_scalar",
    "is_series",
    "is_table",
    "joined",
    "records",
    "release_unused",
    "scalar",
    "series_values",
    "speaks_arrow",
]

_WORTH_RELEASING = 1 << 25  # bytes


def is_table(value: object) -> bool:
    """Whether it has rows and named columns: iterating over it need not give its rows."""
    kind = type(value)
    return (hasattr(kind, "columns") and hasattr(kind, "shape")) or (
        isinstance(value, np.ndarray) and value.dtype.names is not None
    )


def is_column(value: object) -> bool:
    """Whether it is a column of pandas, or of a library that speaks Arrow."""
    return _is(value, "pandas", "Series", "Index") or (
        speaks_arrow(value) and not is_table(value) and not is_scalar(value)
    )


def is_pandas(value: object) -> bool:
    """Whether it is a table of pandas."""
    return _is(value, "pandas", "DataFrame")


def is_series(value: object) -> bool:
    """Whether it is a column of pandas."""
    return _is(value, "pandas", "Series")


def speaks_arrow(value: object) -> bool:
    """Whether it hands over its memory through the Arrow C data or stream interface.

    Not hits and scans: their rows are taken as they are, payloads among them, which in a table of
    Arrow are texts of JSON.
    """
    kind = type(value)
    if _is_of_vdb(value):
        return False
    return (
        hasattr(kind, "__arrow_c_stream__")
        or hasattr(kind, "__arrow_c_array__")
        or _is(value, "vdb.model.arrow.columns", "Column")
    )


def _is_of_vdb(value: object) -> bool:
    return _is(value, "vdb.model.tables.arrow_table", "ArrowTable")


def arrow_column(value: Any) -> Column | None:
    """A column or a table of a library that speaks Arrow, nothing of it copied; else None.

    A stream is read to its end, and cannot be read again.

    Raises:
        Exception: Whatever the library raises.
    """
    if _is(value, "pandas", "Series"):
        value = _arrow_of_pandas(value)
    elif _is(value, "datasets", "Dataset"):  # of which rows may have been chosen or put in order
        value = value.with_format("arrow")[:]
    elif _is_of_vdb(value):
        return None
    elif not speaks_arrow(value) and hasattr(type(value), "to_arrow"):
        value = value.to_arrow()
    if not speaks_arrow(value) or _is(value, "pandas", "Series", "Index", "DataFrame"):
        return None
    from vdb.model import arrow

    return value if isinstance(value, arrow.Column) else arrow.read(value)


def _arrow_of_pandas(series: Any) -> Any:
    """The array of pyarrow's that a column of pandas consists of, where it does, else itself."""
    pandas = sys.modules["pandas"]
    kind = series.dtype
    of_arrow = _is(kind, "pandas", "ArrowDtype") or (
        isinstance(kind, pandas.StringDtype) and kind.storage == "pyarrow"
    )
    return series.array.__arrow_array__() if of_arrow else series


def column(value: Any) -> list[Any] | None:
    """The entries of a column in plain Python; None for other values.

    Raises:
        ValueError: It is a table.
    """
    if not is_column(value):
        return None
    read = arrow_column(value)
    if read is None:
        return list(value.to_list())
    if read.is_table:
        raise ValueError("it is a table; give one of its columns")
    from vdb.model import arrow

    return arrow.python_values(read)


def release_unused(read: int) -> None:
    """Have pyarrow give memory back that it has freed, after so many bytes were read of a table.

    Its allocator keeps what was freed after decoding a file, for its own use alone: more than twice
    what a table of Parquet takes. The call takes a millisecond or two, so small tables are not
    followed by one. Nothing happens where pyarrow is not loaded.
    """
    pyarrow = sys.modules.get("pyarrow")
    if read >= _WORTH_RELEASING and pyarrow is not None:
        with suppress(AttributeError):  # another thread is importing it
            pyarrow.default_memory_pool().release_unused()


def is_scalar(value: object) -> bool:
    """Whether it is one value of pyarrow's, as its columns hold them."""
    return _is(value, "pyarrow", "Scalar")


def scalar(value: Any) -> Any:
    """A value of pyarrow's in plain Python; others as they are."""
    return value.as_py() if is_scalar(value) else value


def records(value: Any) -> list[Any] | None:
    """The rows of a table as dicts by column; None for a table of another library.

    Missing entries are None; NaN in a column of floats is a number like others.

    Raises:
        ValueError: Two columns have one name.
    """
    if is_pandas(value):
        names = list(value.columns)
        columns = [series_values(value.iloc[:, i]) for i in range(len(names))]
        return joined(names, columns, len(value))
    if isinstance(value, np.ndarray) and value.dtype.names is not None and value.ndim == 1:
        fields = list(value.dtype.names)
        return joined(fields, [list(value[name]) for name in fields], len(value))
    read = arrow_column(value)
    if read is None or not read.is_table:
        return None
    from vdb.model import arrow

    return arrow.python_values(read)


def joined(names: list[Any], columns: list[list[Any]], rows: int) -> list[dict[Any, Any]]:
    """Rows as dicts, of columns."""
    duplicate = next((name for i, name in enumerate(names) if name in names[:i]), None)
    if duplicate is not None:
        raise ValueError(f"two of its columns are called {duplicate!r}")
    if not columns:
        return [{} for _ in range(rows)]
    entries = pauses.paced(zip(*columns, strict=True))
    return [dict(zip(names, row, strict=True)) for row in entries]


def series_values(series: Any) -> list[Any]:
    """A column of pandas with None for what is missing, where that cannot be a number or object."""
    entries: list[Any] = series.tolist()
    plain = isinstance(series.dtype, np.dtype) and series.dtype.kind in "biufcO"
    if plain or not series.hasnans:
        return entries
    missing = series.isna().tolist()
    pairs = zip(entries, missing, strict=True)
    return [None if is_missing else entry for entry, is_missing in pairs]


def described(value: object) -> str:
    """The class of a value, with its library, for messages."""
    kind = type(value)
    library = kind.__module__.partition(".")[0]
    return kind.__qualname__ if library == "builtins" else f"{library}.{kind.__qualname__}"


def advice(value: object) -> str:
    """How to give something that is no table yet, as the end of a message; of others nothing."""
    if _is(value, "polars", "LazyFrame"):
        return "; frame.collect() makes a table of it"
    if speaks_arrow(value) and not is_scalar(value):
        return "; batches are one table: pyarrow.Table.from_batches(batches)"
    return ""


def _is(value: object, library: str, *names: str) -> bool:
    """Whether a value is of one of these classes of a library, which need not be installed."""
    module = sys.modules.get(library)
    if module is None or type(value).__module__ == "builtins":
        return False
    return any(isinstance(value, getattr(module, name, ())) for name in names)
