"""What may be set of a fusion, and what was set."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from vdb.errors import ArgumentTypeError, InvalidArgumentError
from vdb.model import arguments, synonyms

__all__ = [
    "Parameter",
    "Settings",
    "WeightRule",
    "flag",
    "rank_constant",
    "read_words",
    "real",
    "require_one_each",
    "word",
]

_MOST_LISTS = 10_000
_MOST_WORDS = 1_000


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of one engine.

    Attributes:
        name: Its name as an argument of `fuse`.
        default: What holds when it is not set.
        text: What it does, and what is accepted.
        called: What the engine calls it; "" where it has that name.
        read: Checks a value, under a name for messages, and returns it in its plain form.
    """

    name: str
    default: Any
    text: str
    called: str = ""
    read: Callable[[str, Any], Any] = field(default=lambda _, value: value, repr=False)


@dataclass(frozen=True, slots=True)
class WeightRule:
    """Which weights an engine takes.

    Attributes:
        text: What is refused, in words; "" where nothing is.
        low: The smallest weight.
        high: The largest.
        total: What the weights must sum to; None where any sum will do.
        slack: How far from `total` the sum may be.
        default: The weights that hold when none are set; None for 1 each.
        needed: Whether the engine has no default.
        positive_sum: Whether a sum of 0 is refused.
    """

    text: str = ""
    low: float = -float("inf")
    high: float = float("inf")
    total: float | None = None
    slack: float = 0.0
    default: tuple[float, ...] | None = None
    needed: bool = False
    positive_sum: bool = False

    def read(self, value: Any, lists: int, fusion: str) -> list[float] | None:
        """Weights of so many lists, or None; raises where the engine refuses them."""
        if value is None:
            if self.needed:
                raise InvalidArgumentError(
                    f"weights must be given: {fusion} has no default for them",
                    expected=f"{lists} weights",
                    received=None,
                )
            if self.default is not None and len(self.default) == lists:
                return list(self.default)
            return None
        entries = arguments.sequence("weights", value, _MOST_LISTS)
        weights = [arguments.number(f"weights[{i}]", one) for i, one in enumerate(entries)]
        require_one_each("weights", weights, lists)
        self._refuse(weights, fusion)
        return weights

    def _refuse(self, weights: list[float], fusion: str) -> None:
        for place, weight in enumerate(weights):
            if not self.low <= weight <= self.high:
                raise InvalidArgumentError(
                    f"weights[{place}] must be {self._span()} in {fusion}, got {weight:g}",
                    expected=(self.low, self.high),
                    received=weight,
                )
        total = sum(weights)
        if self.positive_sum and total == 0:
            raise InvalidArgumentError(
                f"weights must not sum to 0 in {fusion}, which divides by their sum",
                expected="a sum other than 0",
                received=total,
            )
        if self.total is not None and abs(total - self.total) > self.slack:
            raise InvalidArgumentError(
                f"weights must sum to {self.total:g} in {fusion} (within {self.slack:g}), got "
                f"{total:g}",
                expected=self.total,
                received=total,
            )

    def _span(self) -> str:
        if self.high == float("inf"):
            return f"at least {self.low:g}"
        return f"between {self.low:g} and {self.high:g}"


@dataclass(frozen=True, slots=True)
class Settings:
    """What holds in one call.

    Attributes:
        weights: One for each list, or None where none were set and the engine has no default.
        values: Every parameter of the engine, by name.
        chosen: The names of those that were set.
    """

    weights: list[float] | None
    values: Mapping[str, Any]
    chosen: frozenset[str] = frozenset()

    def __getitem__(self, name: str) -> Any:
        return self.values[name]

    def weights_or(self, weight: float, lists: int) -> list[float]:
        """The weights, or this one for each of the lists."""
        return [weight] * lists if self.weights is None else self.weights


def read_parameters(
    fusion: str, known: Sequence[Parameter], given: Mapping[str, Any]
) -> dict[str, Any]:
    """Every parameter of a fusion by name, checked; raises ArgumentTypeError for another name."""
    names = tuple(one.name for one in known)
    for name in given:
        if name not in names:
            called = {one.called: one.name for one in known if one.called}
            close = called.get(name) or synonyms.suggestion(name, names)
            there = f"there are {', '.join(names)}" if names else "it has none of its own"
            hint = f"did you mean {close!r}?" if close else there
            raise ArgumentTypeError(
                f"{fusion} has no parameter {name!r}; {hint}", expected=names, received=name
            )
    return {
        one.name: one.read(one.name, given[one.name]) if one.name in given else one.default
        for one in known
    }


def require_one_each(name: str, values: Sequence[object], lists: int) -> None:
    """Refuse what must be one for each of so many lists, and is not."""
    if len(values) != lists:
        raise InvalidArgumentError(
            f"{name} must be one for each of the {lists} lists, got {len(values)}",
            expected=lists,
            received=len(values),
        )


# Kinds of parameters


def read_words(name: str, value: Any, choices: tuple[str, ...]) -> tuple[str, ...]:
    """A sequence of some words, each one of the choices."""
    entries = arguments.sequence(name, value, _MOST_WORDS)
    return tuple(arguments.choice(f"{name}[{i}]", one, choices) for i, one in enumerate(entries))


def rank_constant(
    default: float, low: float, high: float = 2**31 - 1, *, whole: bool = True, called: str = ""
) -> Parameter:
    """The constant of reciprocal rank fusion, within what the engine takes."""

    def read(name: str, value: Any) -> float:
        if whole:
            return arguments.whole(name, value, int(low), int(high))
        number = arguments.number(name, value)
        if not low < number < high:
            raise InvalidArgumentError(
                f"{name} must be above {low:g} and below {high:g}, got {number:g}",
                expected=(low, high),
                received=number,
            )
        return number

    span = f"{low:g} to {high:g}" if whole else f"above {low:g}, below {high:g}"
    kind = "an int, " if whole else ""
    return Parameter(
        "rank_constant",
        default,
        f"added to each rank: the larger, the less the first ranks stand out; {kind}{span}",
        called,
        read,
    )


def real(
    name: str,
    default: float | None,
    text: str,
    low: float = -float("inf"),
    high: float = float("inf"),
    *,
    called: str = "",
) -> Parameter:
    """A number within a range."""

    def read(title: str, value: Any) -> float:
        number = arguments.number(title, value)
        if not low <= number <= high:
            raise InvalidArgumentError(
                f"{title} must be between {low:g} and {high:g}, got {number:g}",
                expected=(low, high),
                received=number,
            )
        return number

    return Parameter(name, default, text, called, read)


def word(
    name: str, default: str | None, text: str, choices: tuple[str, ...], called: str = ""
) -> Parameter:
    """One of some words; None where that is the default."""

    def read(title: str, value: Any) -> str | None:
        if value is None and default is None:
            return None
        return arguments.choice(title, value, choices)

    return Parameter(name, default, text, called, read)


def flag(name: str, default: bool, text: str, called: str = "") -> Parameter:
    """True or False."""
    return Parameter(name, default, text, called, arguments.truth)
