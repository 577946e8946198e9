"""Columns of payloads that are JSON, and came as plain texts."""

from __future__ import annotations

from typing import Any

import numpy as np

from vdb.errors import InvalidPayloadError
from vdb.model import dataframes, pauses

__all__ = ["refuse_unmarked_json"]

_FIRST = 64
"""Rows that are looked at before all of them are."""


def refuse_unmarked_json(column: Any, name: str) -> None:
    """Refuse a column whose payloads would be stored as texts of JSON.

    A table of records or hits has its payloads as Arrow's type arrow.json, which some libraries
    turn into text. A column is taken for one of these where every text in it is JSON, and at least
    one an object or a list.

    Args:
        column: Of pandas, numpy or Arrow.
        name: What it is called in messages.

    Raises:
        InvalidPayloadError: It is one.
    """
    if _kinds(_texts(column, _FIRST)) is None:
        return
    kinds = _kinds(_texts(column))
    if kinds is None or not kinds & {dict, list}:
        return
    raise InvalidPayloadError(
        f"{name} holds JSON as plain text, so the payloads would be texts; it must be of Arrow's "
        "type arrow.json (in DuckDB: SET arrow_lossless_conversion = true), or be decoded: "
        "payloads=[json.loads(text) for text in column] beside ids and vectors. "
        "payloads=list(column) stores the texts",
        expected="arrow.json",
        received="JSON as text",
    )


def _texts(column: Any, first: int | None = None) -> list[Any]:
    """The entries of a column of text, or the first of them; none of another column."""
    read = dataframes.arrow_column(column)
    if read is not None:
        kind = read.type.dictionary or read.type
        if not kind.is_text or kind.extension:
            return []
        from vdb.model import arrow

        some = read if first is None else read.rows(np.arange(len(read)) < first)
        return arrow.python_values(some)
    if isinstance(column, np.ndarray):
        return column[:first].tolist() if column.dtype.kind in "UOT" else []
    return dataframes.series_values(column.iloc[:first])


def _kinds(texts: list[Any]) -> set[type] | None:
    """What the texts are JSON of, but for those that are missing; None where one is no JSON."""
    import json

    kinds: set[type] = set()
    for text in pauses.paced(texts):
        if text is None or text != text:  # noqa: PLR0124 - NaN
            continue
        if not isinstance(text, str):
            return None
        try:
            kinds.add(type(json.loads(text)))
        except (ValueError, RecursionError):
            return None
    return kinds
