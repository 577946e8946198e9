"""Tables whose rows are asked for by name: the conventions and the fusions of engines."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol, TypeVar

from vdb.errors import ArgumentTypeError, InvalidArgumentError
from vdb.model import synonyms
from vdb.model.arguments import shown, words

__all__ = ["by_name", "row_named"]


class NamedRow(Protocol):
    """A row with a name: the engine's, mostly with more behind a hyphen."""

    @property
    def name(self) -> str:
        """It."""


_R = TypeVar("_R", bound=NamedRow)


def by_name(native: Iterable[_R], engines: Iterable[_R]) -> dict[str, _R]:
    """The table: vdb's own rows first, those of engines in alphabetical order."""
    return {row.name: row for row in (*native, *sorted(engines, key=lambda row: row.name))}


def row_named(
    table: Mapping[str, _R],
    name: Any,
    *,
    argument: str,
    what: str,
    defaults: Mapping[str, str] | None = None,
) -> _R:
    """The row of that name.

    Args:
        table: All rows by their names.
        name: The name, unchecked.
        argument: What a message calls it.
        what: What the rows are, as "a fusion".
        defaults: Other names, and those that they stand for.

    Raises:
        ArgumentTypeError: The name is not a str.
        InvalidArgumentError: There is none; the message suggests those of the engine that was
            named, or one that is spelled alike.
    """
    if not isinstance(name, str):
        raise ArgumentTypeError(
            f"{argument} must be the name of {what}, got {type(name).__name__}",
            expected=tuple(table),
            received=type(name).__name__,
        )
    plain = str.__str__(name)
    row = table.get((defaults or {}).get(plain, plain))
    if row is not None:
        return row
    raise InvalidArgumentError(
        f"{argument} must be one of {words(tuple(table))}; got {shown(plain)}{_hint(table, plain)}",
        expected=tuple(table),
        received=plain,
    )


def _hint(table: Mapping[str, _R], name: str) -> str:
    close = synonyms.suggestion(name, table)
    if close is not None:
        return f"; did you mean {close!r}?"
    engine = name.casefold().replace("_", "-").partition("-")[0]
    own = tuple(row for row in table if row.partition("-")[0] == engine)
    return f"; of {engine} there are {words(own)}" if own else ""
