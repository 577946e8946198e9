"""The payloads that pass a filter: evaluated one by one, or many at once, whichever costs less.

A few conditions are evaluated for each payload by itself (`evaluate`); more of them, or long texts
among their literals, for many payloads at once (`columns`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from vdb.model import pauses
from vdb.model.filters import nodes
from vdb.model.filters.block_evaluation import Columns
from vdb.model.filters.evaluate import predicate
from vdb.model.filters.field_presence import FieldPresence
from vdb.model.filters.nodes import Filter
from vdb.model.filters.simplify import conditions
from vdb.model.records import Payload

__all__ = ["LONG_TEXT", "Passing", "passing", "text_length"]

Passing: TypeAlias = Callable[[Iterable[Payload]], NDArray[np.bool_]]

_FEW = 4

LONG_TEXT = 1 << 16
"""Characters of literals from which on it takes long to hash a filter."""


def passing(where: Filter, presence: FieldPresence | None = None) -> Passing:
    """Which of some payloads pass, as a function of them; `presence` counts their fields.

    A filter that is `simplified` costs less.
    """
    if len(conditions(where)) > _FEW or text_length(where) >= LONG_TEXT:
        return Columns(where, presence).passing
    passes = predicate(where, presence)
    return lambda payloads: np.fromiter(map(passes, pauses.paced(payloads)), dtype=np.bool_)


def text_length(where: Filter) -> int:
    """Characters in all that a filter compares with."""
    length = 0
    for one in conditions(where):
        if isinstance(one, nodes.Membership):
            if str in one.kinds:
                length += sum(len(value) for value in one.values if isinstance(value, str))
        elif isinstance(one, nodes.Comparison | nodes.TextCondition) and isinstance(one.value, str):
            length += len(one.value)
    return length
