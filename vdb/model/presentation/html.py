"""Tables of HTML for notebooks.

Every text is escaped and stands in an element of its own direction. There are no scripts, no
classes and nothing to fetch; colours are those of the page, so that light and dark are both
readable.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

from vdb.model.presentation.short_repr import vector_text

__all__ = ["card", "cell_of", "number_text", "table"]

_LONGEST = 300
_LINE = "border:1px solid rgba(128,128,128,.35)"
_TABLE = "border-collapse:collapse;color:inherit;background:transparent;font-size:90%"
_CELL = f"{_LINE};padding:.2em .6em;text-align:left;vertical-align:top"
_NUMBER = f"{_LINE};padding:.2em .6em;text-align:right;vertical-align:top"
_TEXT = "unicode-bidi:isolate;overflow-wrap:anywhere;white-space:pre-wrap"


def cell_of(value: object) -> str:
    """A value as the text of a cell; what is long is cut."""
    if value is None:
        return ""
    if isinstance(value, str):
        text = value
    elif hasattr(value, "dtype"):
        text = vector_text(value)  # type: ignore[arg-type]  # an array of numpy's
    elif isinstance(value, dict | list):
        text = json.dumps(value, ensure_ascii=False, default=repr)
    else:
        text = str(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def number_text(value: float) -> str:
    """A score or a value, with the digits that people compare."""
    return f"{value:.6g}"


def table(heading: str, columns: Sequence[str], rows: Iterable[Sequence[object]], rest: str) -> str:
    """A table under a heading, with a line below it; floats stand at the right."""
    head = "".join(f'<th style="{_CELL}">{escape(name)}</th>' for name in columns)
    body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows)
    below = f"<div>{escape(rest)}</div>" if rest else ""
    return (
        f"<div><div>{_heading(heading)}</div>"
        f'<table style="{_TABLE}"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
        f"{below}</div>"
    )


def card(heading: str, facts: Iterable[tuple[str, object]]) -> str:
    """Names and values, one pair a line, under a heading."""
    rows = "".join(
        f'<tr><th style="{_CELL}">{escape(name)}</th>{_cell(value)}</tr>' for name, value in facts
    )
    return (
        f"<div><div>{_heading(heading)}</div>"
        f'<table style="{_TABLE}"><tbody>{rows}</tbody></table></div>'
    )


def _heading(text: str) -> str:
    return f'<strong style="{_TEXT}">{escape(text)}</strong>'


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return f'<td style="{_NUMBER}">{escape(number_text(value))}</td>'
    return f'<td style="{_CELL}"><span style="{_TEXT}">{escape(cell_of(value))}</span></td>'
