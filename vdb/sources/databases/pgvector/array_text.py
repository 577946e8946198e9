r"""Arrays of PostgreSQL from the text that PostgreSQL writes: ``{1,NULL,"a, \"b\"",{2,3}}``.

Bounds other than from 1 stand before it, as in ``[0:1]={5,6}``. Source: the section "Array Input
and Output Syntax" of PostgreSQL's manual.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

__all__ = ["array_of"]

_TOKEN: Final = re.compile(r'"((?:[^"\\]|\\.)*)"|([^{},"\\]+)|([{},])', re.DOTALL)
_DEEPEST: Final = 6  # dimensions, of PostgreSQL


def array_of(text: str, element: Callable[[str], Any]) -> list[Any]:
    """The elements, each made by `element`; None for NULL, lists for dimensions.

    Raises:
        ValueError: The text is no array.
    """
    place = text.find("=") + 1 if text.startswith("[") else 0
    root: list[Any] = []
    open_lists = [root]
    before = ","  # the sign before; "" for an element
    while (match := _TOKEN.match(text, place)) is not None and (not root or len(open_lists) > 1):
        quoted, plain, sign = match.groups()
        begins = sign is None or sign == "{"
        if begins != (before in ("{", ",")) and (before, sign) != ("{", "}"):
            break
        if sign == "{":
            open_lists[-1].append([])
            open_lists.append(open_lists[-1][-1])
        elif len(open_lists) == 1 or len(open_lists) > _DEEPEST + 1:
            break
        elif sign == "}":
            open_lists.pop()
        elif sign is None:
            value = re.sub(r"\\(.)", r"\1", quoted, flags=re.DOTALL) if plain is None else plain
            open_lists[-1].append(None if plain == "NULL" else element(value))
        before, place = sign or "", match.end()
    if place != len(text) or len(open_lists) > 1 or not root:
        raise ValueError(f"{text[:40]!r} is no array")
    elements: list[Any] = root[0]
    return elements
