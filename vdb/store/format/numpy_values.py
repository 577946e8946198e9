"""Values of payloads that are not Python's own: numpy's, and what to write instead of others."""

from __future__ import annotations

import dataclasses
import enum
from typing import Any

import numpy as np

__all__ = ["advice", "is_foreign", "plain"]

_TAKEN = (np.bool_, np.integer, np.str_, np.float16, np.float32, np.float64)

_REMOVAL = "update_payloads removes the field of a key, as in {'a.b': vdb.REMOVE}"

_ADVICE = {
    "vdb.Removal": _REMOVAL,
    "vdb.model.payload_changes.Removal": _REMOVAL,
    "datetime.date": "give .isoformat(), or declare the field as 'datetime'",
    "datetime.time": "give .isoformat()",
    "datetime.timedelta": "give .total_seconds()",
    "numpy.datetime64": "give str(...), or declare the field as 'datetime'",
    "numpy.timedelta64": "give a number of seconds",
    "decimal.Decimal": "give str(...) or float(...)",
    "fractions.Fraction": "give str(...) or float(...)",
    "uuid.UUID": "give str(...)",
    "pathlib.PurePath": "give str(...)",
    "pathlib._local.PurePath": "give str(...)",
    "builtins.bytes": "give text, such as .hex() or base64",
    "builtins.bytearray": "give text, such as .hex() or base64",
    "builtins.tuple": "give list(...)",
    "builtins.set": "give a list",
    "builtins.frozenset": "give a list",
    "builtins.range": "give list(...)",
    "collections.deque": "give list(...)",
    "builtins.dict": "give dict(...)",
    "builtins.list": "give list(...)",
    "builtins.str": "give str(...)",
    "builtins.int": "give int(...)",
    "builtins.float": "give float(...)",
    "pandas.core.frame.DataFrame": 'give .to_dict("records")',
    "pandas.DataFrame": 'give .to_dict("records")',
    "pandas.core.series.Series": "give .to_dict() or .to_list()",
    "pandas.Series": "give .to_dict() or .to_list()",
    "polars.dataframe.frame.DataFrame": "give .to_dicts()",
    "polars.series.series.Series": "give .to_list()",
}
"""By a class and its module: what to write instead of a value of this class."""


def is_foreign(value: object) -> bool:
    """Whether it is numpy's."""
    return isinstance(value, np.generic | np.ndarray)


def plain(value: Any, most: int) -> Any:
    """A number, text or array of numpy's as the Python value that it is; exactly, or unchanged.

    Arrays become lists, unless they have more than `most` entries; nothing in them is looked at.
    """
    if isinstance(value, np.ndarray):
        kinds = value.dtype.kind in "biufUOT" and value.size <= most
        return value.tolist() if kinds else value
    if isinstance(value, np.timedelta64):  # an int to Python
        return value
    if isinstance(value, _TAKEN):
        return value.item()
    if isinstance(value, np.floating) and float(value) == value:  # longdouble
        return float(value)
    return value


def advice(value: object) -> str:
    """What to write instead of a value that payloads cannot hold; empty where nothing helps."""
    kind = type(value)
    if kind.__name__ in ("NAType", "NaTType"):
        return "give None where a value is missing"
    if hasattr(kind, "model_dump"):
        return 'give .model_dump(mode="json")'
    if hasattr(kind, "_asdict"):
        return "give ._asdict()"
    if isinstance(value, enum.Enum):
        return "give .value"
    if dataclasses.is_dataclass(kind):
        return "give dataclasses.asdict(...)"
    for base in kind.__mro__:
        found = _ADVICE.get(f"{base.__module__}.{base.__qualname__}")
        if found is not None:
            return found
    return "give .tolist()" if hasattr(kind, "tolist") else ""
