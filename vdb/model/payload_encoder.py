"""Payload encoders: JSON-like values in place of those that payloads cannot hold.

Payloads are strict: a value that would not come back unchanged is refused. An encoder belongs to an
open database or collection and is never stored. It is applied to payloads that were refused, before
they are refused for good. A payload that needs no conversion costs nothing more.
"""

from __future__ import annotations

import dataclasses
import enum
import math
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, time
from typing import Any, Final, TypeAlias

import numpy as np

from vdb.errors import ArgumentTypeError
from vdb.model import arguments
from vdb.model.filters.values import spelling
from vdb.model.payload_changes import Removal
from vdb.model.synonyms import hinting

__all__ = ["Conversion", "PayloadEncoder", "ValueRefusedError", "converted", "converts", "encoder"]

Conversion: TypeAlias = Callable[[Any], Any]
"""From a value that payloads cannot hold to one that they can."""

_BASES = ("json", "strict")
_NAN = ("refuse", "null")
_PLAIN: Final = frozenset({str, int, bool, type(None)})
_MISSING = ("NAType", "NaTType")  # of pandas
_NO_KEYS = (bool, float, np.bool_, Mapping, tuple, list)
_LARGEST_ARRAY = 1 << 20  # entries: no payload holds more
_MOST_STEPS = 16  # conversions of one value, each of the result of the one before


@hinting
@dataclass(frozen=True, slots=True, kw_only=True)
class PayloadEncoder:
    """How payloads hold values that JSON has no form for; what ``payload_encoder=`` takes.

    The word "json" stands for ``PayloadEncoder()``, and a function for
    ``PayloadEncoder(base="strict", default=function)``.

    ==================================  ============================================
    value                               the payload holds (``base="json"``)
    ==================================  ============================================
    datetime, date, time, datetime64    text in ISO 8601; without a zone as it is
    UUID, Path                          ``str(value)``
    Decimal                             ``str(value)``, every digit; NaN as a float's
    Enum                                its value
    named tuple, dataclass              a dict by field names
    pydantic model                      ``model_dump(mode="json")``
    tuple, deque                        a list
    subclasses of str, int, float       the plain str, int or float
    subclasses of list and dict,        a plain list or dict
    any other Mapping
    keys: int, Enum, UUID, date, ...    their text
    ==================================  ============================================

    Bytes, sets, timedeltas and everything else are refused, unless `default` converts them.

    Attributes:
        base: "json" for these conversions, "strict" for none.
        nan: "refuse", or "null": NaN and missing values of pandas become None. Infinity is always
            refused.
        default: Called with each value that is still refused because of its type, as by
            ``json.dumps``; returns what the payload holds instead, which may need conversion
            itself. It is not called for numbers that are out of range, nor for keys.

    Example:
        db = vdb.open("notes.vdb", payload_encoder=vdb.PayloadEncoder(nan="null"))
    """

    base: str = "json"
    nan: str = "refuse"
    default: Conversion | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "base", arguments.choice("base", self.base, _BASES))
        object.__setattr__(self, "nan", arguments.choice("nan", self.nan, _NAN))
        arguments.callback("default", self.default)


class ValueRefusedError(Exception):
    """A value that payloads cannot hold.

    Attributes:
        expected: What it should have been.
        received: What it is.
        advice: What to write instead, for the end of a message.
        value: The value.
        path: The keys and places that lead to it, innermost first.
    """

    def __init__(
        self, expected: str, received: str, advice: str = "", *, value: object = None
    ) -> None:
        super().__init__(expected, received)
        self.expected = expected
        self.received = received
        self.advice = advice
        self.value = value
        self.path: list[str] = []


def encoder(value: object, name: str = "payload_encoder") -> PayloadEncoder | None:
    """The encoder that an argument stands for; None for "strict"."""
    if isinstance(value, PayloadEncoder):
        return value
    if isinstance(value, str):
        word = arguments.choice(name, value, ("strict", "json"))
        return PayloadEncoder() if word == "json" else None
    if callable(value) and value is not PayloadEncoder:
        return PayloadEncoder(base="strict", default=value)
    raise ArgumentTypeError(
        f"{name} must be 'strict', 'json', a vdb.PayloadEncoder or a function of one value, got "
        f"{type(value).__name__}",
        expected="str | PayloadEncoder | callable",
        received=type(value).__name__,
    )


def converted(payload: Any, how: PayloadEncoder, deepest: int) -> Any:
    """The payload with every value that the encoder converts; others stay as they are.

    Args:
        payload: The payload; it is not changed.
        how: The encoder.
        deepest: Levels of lists and dicts that a payload may have.

    Raises:
        ValueRefusedError: It has more levels, a conversion raised, or two keys became one.
    """
    return _Walk(how, deepest).value(payload, deepest)


def converts(value: object) -> bool:
    """Whether the conversions of "json" know what to do with a value."""
    return _conversion(value) is not None


class _Walk:
    def __init__(self, how: PayloadEncoder, deepest: int) -> None:
        self._json = how.base == "json"
        self._default = how.default
        self._nan_as_null = how.nan == "null"
        self._deepest = deepest

    def value(self, value: Any, depth: int) -> Any:
        """One value; `depth` levels may follow."""
        for _ in range(_MOST_STEPS):
            kind = type(value)
            if kind in _PLAIN:
                return value
            if kind is float:
                return None if self._nan_as_null and value != value else value  # noqa: PLR0124
            if kind is list or kind is dict:
                if depth == 0:
                    raise ValueRefusedError(f"at most {self._deepest} levels of nesting", "more")
                return (self._list if kind is list else self._dict)(value, depth - 1)
            step = self._step(value)
            if step is value:
                return value
            value = step
        raise ValueRefusedError(
            "a payload encoder that comes to an end",
            f"{_MOST_STEPS} conversions, each of the one before, and still {_named(value)}",
        )

    def _step(self, value: Any) -> Any:
        """The value after one conversion; the same object where there is none."""
        if self._nan_as_null and _is_missing(value):
            return None
        if isinstance(value, Removal):
            return value
        conversion = _conversion(value) if self._json else _entries_of(value)
        step = value if conversion is None else _called(conversion, value, "converting it")
        if step is value and self._default is not None and not _is_strict(value):
            step = _called(self._default, value, "the payload encoder")
        return step

    def _list(self, values: list[Any], depth: int) -> list[Any]:
        entries: list[Any] = []
        for i, value in enumerate(values):
            if type(value) in _PLAIN:  # most are: no call
                entries.append(value)
                continue
            try:
                entries.append(self.value(value, depth))
            except ValueRefusedError as refused:
                refused.path.append(f"[{i}]")
                raise
        return entries

    def _dict(self, values: dict[Any, Any], depth: int) -> dict[Any, Any]:
        entries: dict[Any, Any] = {}
        for key, value in values.items():
            name = key if type(key) is str or not self._json else _key(key)
            if name in entries:
                raise ValueRefusedError("keys that differ", f"two that become {name!r}"[:200])
            if type(value) in _PLAIN:
                entries[name] = value
                continue
            try:
                entries[name] = self.value(value, depth)
            except ValueRefusedError as refused:
                refused.path.append(place_of(name))
                raise
        return entries


def place_of(key: object) -> str:
    """A key in the path to a refused value."""
    text = str(key)
    return f"[{text!r}]" if len(text) <= 64 else f"[{text[:64]!r}...]"


def _called(conversion: Conversion, value: Any, what: str) -> Any:
    try:
        return conversion(value)
    except (ValueRefusedError, MemoryError):
        raise
    except Exception as error:
        raise ValueRefusedError(
            "None, bool, int, float, str, list or dict",
            _named(value),
            f"; {what} raised {type(error).__name__}: {arguments.shown(error, str)}",
        ) from error


def _key(key: Any) -> Any:
    """The text of a key; the key itself where it has none."""
    text = key
    for _ in range(_MOST_STEPS):
        if type(text) is str:
            return text
        if text is None or isinstance(text, _NO_KEYS):
            return key
        if isinstance(text, int | np.integer) and not isinstance(text, enum.Enum | np.timedelta64):
            return str(int(text))
        conversion = _conversion(text)
        if conversion is None:
            return key
        text = _called(conversion, text, "converting it")
    return key


def _conversion(value: Any) -> Conversion | None:
    """The conversion of a value under "json"."""
    kind = type(value)
    if isinstance(value, np.ndarray):
        return list if value.dtype.kind == "M" and value.ndim else _entries_of(value)
    if isinstance(value, np.generic):
        return spelling if isinstance(value, np.datetime64) and not np.isnat(value) else None
    if kind.__name__ in _MISSING:
        return None
    for base, conversion in _BY_BASE:
        if isinstance(value, base):
            return conversion
    if hasattr(kind, "model_dump"):
        return _of_model
    if dataclasses.is_dataclass(kind):
        return _of_dataclass
    for base in kind.__mro__:
        named = _BY_NAME.get(f"{base.__module__}.{base.__qualname__}")
        if named is not None:
            return named
    return None


def _entries_of(value: Any) -> Conversion | None:
    """To a list, for an array in which NaN or objects may be; payloads take the others."""
    small = isinstance(value, np.ndarray) and value.size <= _LARGEST_ARRAY
    return np.ndarray.tolist if small and value.dtype.kind in ("f", "O") else None


def _of_tuple(value: Any) -> Any:
    return value._asdict() if hasattr(type(value), "_asdict") else list(value)


def _of_model(value: Any) -> Any:
    return value.model_dump(mode="json")


def _of_dataclass(value: Any) -> dict[str, Any]:
    return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}


def _of_decimal(value: Any) -> Any:
    return str(value) if value.is_finite() else float(value)


_BY_BASE: Final[tuple[tuple[type, Conversion], ...]] = (
    (enum.Enum, lambda value: value.value),
    (str, str.__str__),
    (int, int.__index__),
    (float, float.__float__),
    (date, spelling),
    (time, time.isoformat),
    (tuple, _of_tuple),
    (list, list),
    (deque, list),
    (dict, lambda value: dict(value.items())),
    (Mapping, lambda value: dict(value.items())),
)

_BY_NAME: Final[dict[str, Conversion]] = {
    "decimal.Decimal": _of_decimal,
    "uuid.UUID": str,
    "pathlib.PurePath": str,
    "pathlib._local.PurePath": str,
}
"""By a class and its module, which need not be imported here."""


def _is_missing(value: Any) -> bool:
    """Whether it is NaN, or one of the missing values of numpy and pandas."""
    if type(value).__name__ in _MISSING:
        return True
    if isinstance(value, np.datetime64 | np.timedelta64):
        return bool(np.isnat(value))
    if isinstance(value, float):
        return math.isnan(value)
    return isinstance(value, np.floating) and bool(np.isnan(value))


def _is_strict(value: Any) -> bool:
    """Whether payloads hold values of this type of numpy, if not this one."""
    if isinstance(value, np.ndarray):
        return value.dtype.kind in "biufUOT"
    numbers = np.bool_ | np.integer | np.floating | np.str_
    return isinstance(value, numbers) and not isinstance(value, np.timedelta64)


def _named(value: object) -> str:
    kind = type(value)
    return f"{kind.__module__}.{kind.__qualname__}"
