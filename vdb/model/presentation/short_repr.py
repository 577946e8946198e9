"""Values of records on one line, cut where they are long."""

from __future__ import annotations

from reprlib import Repr
from typing import Any

from numpy.typing import NDArray

__all__ = ["payload_text", "vector_text"]

_FIRST = 3

_SHORT = Repr()
_SHORT.maxlevel = 4
_SHORT.maxdict = _SHORT.maxlist = 6
_SHORT.maxstring = _SHORT.maxother = 80
_LONGEST = 240


def vector_text(vector: NDArray[Any] | None) -> str:
    """A vector: its type, its length and its first numbers."""
    if vector is None:
        return "None"
    shown = ", ".join(f"{number:.4g}" for number in vector[:_FIRST].tolist())
    more = ", ..." if len(vector) > _FIRST else ""
    return f"<{vector.dtype.name}, {len(vector)}: {shown}{more}>"


def payload_text(payload: Any) -> str:
    """A payload as its repr, without what would make it long."""
    text = _in_order(payload) if type(payload) is dict else _SHORT.repr(payload)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def _in_order(payload: dict[Any, Any]) -> str:
    """`reprlib` sorts the keys of a dict; those of a payload have an order of their own."""
    entries = list(payload.items())
    shown = [f"{_SHORT.repr(key)}: {_SHORT.repr(value)}" for key, value in entries[:6]]
    return "{" + ", ".join(shown) + (", ..." if len(entries) > 6 else "") + "}"
