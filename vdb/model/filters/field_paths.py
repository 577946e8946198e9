"""Paths of fields where they are arguments by themselves, outside a filter."""

from __future__ import annotations

from vdb.errors import InvalidArgumentError, InvalidFilterError
from vdb.model import arguments
from vdb.model.filters.paths import check_path, names_of

__all__ = ["field_path", "field_paths"]

_MOST_PATHS = 1024


def field_path(argument: str, path: object) -> tuple[str, ...]:
    """The names that a path is made of.

    Raises:
        ArgumentTypeError: It is not a str.
        InvalidArgumentError: It cannot be the name of a field.
    """
    text = arguments.text(argument, path)
    try:
        return names_of(check_path(text))
    except InvalidFilterError as error:
        raise InvalidArgumentError(
            f"{argument}: {error.message}", expected=error.expected, received=error.received
        ) from None


def field_paths(argument: str, paths: object) -> list[tuple[str, ...]]:
    """The same for each of several paths."""
    listed = arguments.sequence(argument, paths, _MOST_PATHS)
    return [field_path(f"{argument}[{i}]", path) for i, path in enumerate(listed)]
