"""Taking a decoded record apart, each field by its type and inside its range.

Here, and nowhere else, is decided what a field may hold, so later code need not check it again.
A stored field without a range here is free text, which is only ever shown.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn, TypeVar

from vdb.errors import CorruptedError
from vdb.model.config import NAME
from vdb.store.format.limits import EARLIEST, LATEST, LONGEST_WORD, MOST_SLOTS

__all__ = ["Fields"]

_MISSING = object()
_T = TypeVar("_T")


class Fields:
    """Takes the fields of a decoded map one by one; `end` refuses what is left."""

    def __init__(self, value: Any, where: str) -> None:
        if type(value) is not dict:
            raise CorruptedError(f"expected a map, got {type(value).__name__}", where=where)
        self._rest: dict[str, Any] = dict(value)
        self._where = where

    def _take(self, name: str, kind: type) -> Any:
        value = self._rest.pop(name, _MISSING)
        if value is _MISSING:
            raise CorruptedError(f"{name} is missing", where=self._where)
        if type(value) is not kind:
            self.refuse(name, kind.__name__, type(value).__name__)
        return value

    def refuse(self, name: str, expected: object, received: object) -> NoReturn:
        """Raise the CorruptedError for one field."""
        raise CorruptedError(
            f"{name}: expected {expected}, got {received}",
            where=self._where,
            expected=expected,
            received=received,
        )

    def whole(self, name: str, low: int, high: int) -> int:
        """An int in [low, high]."""
        value: int = self._take(name, int)
        if not low <= value <= high:
            self.refuse(name, f"{low} to {high}", value)
        return value

    def number(self, name: str, low: float, high: float) -> float:
        """A float in [low, high]."""
        value: float = self._take(name, float)
        if not low <= value <= high:  # NaN neither
            self.refuse(name, f"{low:g} to {high:g}", value)
        return value

    def seconds(self, name: str) -> float:
        """How long something took."""
        return self.number(name, 0.0, LATEST)

    def share(self, name: str) -> float:
        """A part of a whole, 0 to 1."""
        return self.number(name, 0.0, 1.0)

    def moment(self, name: str) -> float:
        """Seconds since 1970 UTC, as a datetime can say them."""
        return self.number(name, EARLIEST, LATEST)

    def or_none(self, take: Callable[[str], _T], name: str) -> _T | None:
        """What `take`, a method of this object, takes; or None."""
        if self._rest.get(name, _MISSING) is None:
            del self._rest[name]
            return None
        return take(name)

    def optional(self, take: Callable[[str], _T], name: str, default: _T) -> _T:
        """What `take` takes, or the default where the field is missing; never a stored default."""
        if name not in self._rest:
            return default
        value = take(name)
        if value == default:
            self.refuse(name, f"no field where it is {default!r}", repr(value))
        return value

    def flag(self, name: str) -> bool:
        """True or False."""
        value: bool = self._take(name, bool)
        return value

    def text(self, name: str, longest: int) -> str:
        """A str of at most `longest` bytes of UTF-8."""
        value: str = self._take(name, str)
        size = len(value.encode(errors="surrogatepass"))
        if size > longest:
            self.refuse(name, f"at most {longest} bytes", size)
        return value

    def word(self, name: str) -> str:
        """A str of 1 to 64 characters of ASCII that can be printed."""
        value: str = self._take(name, str)
        if not (1 <= len(value) <= LONGEST_WORD and value.isascii() and value.isprintable()):
            self.refuse(name, f"1 to {LONGEST_WORD} letters", _shown(value))
        return value

    def collection_name(self, name: str) -> str:
        """A name that a collection may have."""
        value: str = self._take(name, str)
        if NAME.fullmatch(value) is None:
            self.refuse(name, "the name of a collection", _shown(value))
        return value

    def choice(self, name: str, allowed: tuple[str, ...]) -> str:
        """One of the allowed words."""
        value = self.text(name, 64)
        if value not in allowed:
            self.refuse(name, f"one of {', '.join(allowed)}", repr(value))
        return value

    def anything(self, name: str) -> Any:
        """A value of any type, unchecked."""
        if name not in self._rest:
            raise CorruptedError(f"{name} is missing", where=self._where)
        return self._rest.pop(name)

    def raw(self, name: str, length: int) -> bytes:
        """Exactly `length` bytes."""
        value: bytes = self._take(name, bytes)
        if len(value) != length:
            self.refuse(name, f"{length} bytes", len(value))
        return value

    def octets(self, name: str, longest: int) -> bytes:
        """At most `longest` bytes."""
        value: bytes = self._take(name, bytes)
        if len(value) > longest:
            self.refuse(name, f"at most {longest} bytes", len(value))
        return value

    def items(self, name: str, longest: int) -> list[Any]:
        """A list of at most `longest` items, unchecked."""
        value: list[Any] = self._take(name, list)
        if len(value) > longest:
            self.refuse(name, f"at most {longest} items", len(value))
        return value

    def slots(self, name: str, most: int) -> list[int]:
        """A list of at most `most` slots, no two of them the same."""
        slots = self.items(name, most)
        if not all(type(slot) is int and 0 <= slot < MOST_SLOTS for slot in slots):
            self.refuse(name, f"slots below {MOST_SLOTS}", _shown(slots))
        if len(set(slots)) != len(slots):
            self.refuse(name, "different slots", "one of them twice")
        return slots

    def map(self, name: str) -> Fields:
        """A map inside the map; the caller ends it."""
        return Fields(self._take(name, dict), f"{self._where} {name}")

    def names(self) -> list[str]:
        """The names of the fields that were not taken yet."""
        return list(self._rest)

    def rest(self) -> dict[str, Any]:
        """All fields that were not taken yet, unchecked; takes them."""
        rest, self._rest = self._rest, {}
        return rest

    def end(self) -> None:
        """All fields were taken."""
        if self._rest:
            unknown = _shown(next(iter(self._rest)))
            raise CorruptedError(f"unknown field {unknown}", where=self._where)


def _shown(value: object) -> str:
    """What came, in a few characters that can be printed."""
    text = ascii(value if not isinstance(value, str | list) else value[:60])
    return text if len(text) <= 80 else f"{text[:80]}..."
