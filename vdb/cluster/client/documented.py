"""Methods that do what those of an embedded collection do, and say so in the same words."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, TypeVar

from vdb.model.synonyms import with_hints

__all__ = ["as_embedded"]

_F = TypeVar("_F", bound=Callable[..., Any])
_ARGS = "\nArgs:\n"
_SECTIONS = ("\nReturns:\n", "\nRaises:\n", "\nExample:\n")


def as_embedded(method: Callable[..., Any] | property, *, hints: bool = True) -> Callable[[_F], _F]:
    """Gives a method the docstring of an embedded one; its own is what differs.

    The text of its own docstring comes behind the first line, its arguments behind those that both
    have. Unknown arguments get the hints of `with_hints`.

    Args:
        method: The method of an embedded class.
        hints: Whether the method takes keyword arguments.
    """

    def documented(function: _F) -> _F:
        function.__doc__ = _joined(inspect.getdoc(method) or "", inspect.getdoc(function) or "")
        return with_hints(function) if hints else function  # type: ignore[return-value]

    return documented


def _joined(embedded: str, own: str) -> str:
    text, _, own_arguments = f"{own}\n".partition(_ARGS)
    text = text.strip()
    head, separator, rest = embedded.partition("\n\n")
    made = f"{head}\n\n{text}" if text else head
    if separator:
        made += f"\n\n{rest}"
    if own_arguments.strip():
        made = _with_arguments(made, own_arguments.rstrip())
    return made


def _with_arguments(text: str, own: str) -> str:
    """The text, with more arguments behind those that it describes."""
    place = text.find(_ARGS)
    ends = [end for end in (text.find(one, max(place, 0)) for one in _SECTIONS) if end >= 0]
    end = min(ends, default=len(text))
    before, after = text[:end].rstrip("\n"), text[end:]
    return f"{before}{'' if place >= 0 else chr(10) + _ARGS.rstrip(chr(10))}\n{own}\n{after}"
