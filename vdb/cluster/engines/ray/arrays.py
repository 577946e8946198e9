"""Results that do not pin Ray's object store.

Ray gives large arrays as views of shared memory, which stays occupied as long as one of them
lives. Who holds on to the ids of one answer would hold on to all of it, so they are copied.
"""

from __future__ import annotations

import dataclasses
from typing import Any, Final

import numpy as np

__all__ = ["owned"]

_PLAIN: Final = (bool, int, float, str, bytes, type(None))


def owned(value: Any) -> Any:
    """The value, with every array in it that is a view replaced by a read-only copy.

    Looks into tuples, lists, dicts and dataclasses; lists of ids or payloads are
    returned as they are.
    """
    if isinstance(value, np.ndarray):
        return _copy(value)
    if isinstance(value, _PLAIN):
        return value
    if isinstance(value, dict):
        return {key: owned(one) for key, one in value.items()}
    if isinstance(value, list):
        return value if _plain(value) else [owned(one) for one in value]
    if isinstance(value, tuple):
        items = [owned(one) for one in value]
        return type(value)(*items) if hasattr(value, "_fields") else tuple(items)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return _dataclass(value)
    return value


def _copy(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    if array.base is not None or not array.flags.owndata:
        array = array.copy()
    array.flags.writeable = False
    return array


def _plain(values: list[Any]) -> bool:
    """By the first: ids and payloads come in thousands, are of a kind, and have no arrays."""
    return not values or isinstance(values[0], (*_PLAIN, dict))


def _dataclass(value: Any) -> Any:
    changes = {}
    for field in dataclasses.fields(value):
        old = getattr(value, field.name)
        new = owned(old)
        if new is not old and field.init:
            changes[field.name] = new
    return dataclasses.replace(value, **changes) if changes else value
