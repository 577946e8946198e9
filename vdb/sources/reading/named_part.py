"""One of several parts of a source, such as a table of a database, by its name."""

from __future__ import annotations

from collections.abc import Iterable

from vdb.errors import InvalidArgumentError
from vdb.model.arguments import shown

__all__ = ["named_part"]


def named_part(option: str, several: str, name: str | None, choices: Iterable[str]) -> str:
    """The part that the user names with an option; the only one where `name` is None.

    Raises:
        InvalidArgumentError: There is none of that name, or there are several, as the words
            `several` say; the message lists them.
    """
    names = tuple(choices)
    if name is None and len(names) == 1:
        return names[0]
    if name is not None and name in names:
        return name
    reason = f"{several}: give {option}=, one of"
    if name is not None:
        reason = f"there is no {option} {shown(name)}; there are"
    raise InvalidArgumentError(f"{reason} {', '.join(names)}", expected=names, received=name)
