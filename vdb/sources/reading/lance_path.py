"""A path as Lance takes it."""

from __future__ import annotations

from pathlib import Path

from vdb.errors import InvalidArgumentError
from vdb.model.arguments import shown

__all__ = ["lance_path"]


def lance_path(path: Path) -> str:
    """The absolute path: of a relative one Lance takes a colon for the end of a URI's scheme.

    Raises:
        InvalidArgumentError: A line end, a tab or the like is in it, which Lance takes in no path.
    """
    text = str(path.absolute())
    if any(one < " " or one == "\x7f" for one in text):
        raise InvalidArgumentError(
            f"Lance takes no path with a line end, a tab or the like in it, got {shown(path.name)}",
            expected="a path without control characters",
            received=path.name,
        )
    return text
