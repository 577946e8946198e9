"""Checks of the paths of databases."""

from __future__ import annotations

import re
from errno import ELOOP, ENAMETOOLONG
from os import PathLike, curdir, fspath, lstat, sep
from os.path import lexists
from pathlib import Path

from vdb.api import temporary_databases
from vdb.errors import ArgumentTypeError, InvalidArgumentError
from vdb.model import arguments

__all__ = ["directory_of", "path_of"]

_URI = re.compile(r"(?:file|sqlite|sqlite3|mem|memory):|[a-z][a-z0-9+.-]+:/", re.IGNORECASE)
"""The beginning of a URI. The schemes without a slash are those of SQLite and similar engines."""


def directory_of(path: object, argument: str = "path") -> Path:
    """The directory that an argument names; see `path_of`."""
    return path_of(path, argument, "a directory")


def path_of(path: object, argument: str, what: str) -> Path:
    """The path that an argument names, of `what`; ArgumentTypeError if it is not a path.

    A leading ``~`` is the user's home, as in a shell.
    """
    try:
        name = fspath(path) if isinstance(path, str | PathLike) else None
    except Exception as error:
        raise arguments.unreadable(argument, path, error) from error
    if not isinstance(name, str):
        raise ArgumentTypeError(
            f"{argument} must be a str or a path, got {type(path).__name__}",
            expected="str | os.PathLike[str]",
            received=type(path).__name__,
        )
    name = arguments.at_home(str.__str__(name))
    if name == temporary_databases.MEMORY:
        raise InvalidArgumentError(
            f'"{name}" is what vdb.open takes, as a str, for a temporary database; {what} of '
            f"that name is {curdir}{sep}{name}",
            expected="a path",
            received=name,
        )
    if not name or "\0" in name:
        raise InvalidArgumentError(f"{argument} must name {what}", expected="a path", received=name)
    _refuse_uri(name, argument, what)
    try:
        name.encode()  # LMDB needs UTF-8
        lstat(name)
    except UnicodeEncodeError:
        raise InvalidArgumentError(
            f"{argument} must be text that UTF-8 can hold", expected="a path", received=name
        ) from None
    except OSError as error:
        if error.errno in (ENAMETOOLONG, ELOOP):
            raise InvalidArgumentError(
                f"{argument} {arguments.shown(name)} cannot be one: {error.strerror}",
                expected="a path",
                received=name,
            ) from None
    return Path(name)


def _refuse_uri(name: str, argument: str, what: str) -> None:
    """Raise InvalidArgumentError for a URI, unless its first part exists as a directory.

    A single letter before the colon is a drive of Windows.
    """
    if _URI.match(name) and not lexists(Path(name).parts[0]):
        memory = f'"{temporary_databases.MEMORY}"'
        of_a_database = what == "a directory"
        hint = f"; {memory} is a temporary database" if of_a_database else ""
        raise InvalidArgumentError(
            f"{argument} must be that of {what}, got the URI {arguments.shown(name)}{hint}",
            expected=f"a path, or {memory} for vdb.open" if of_a_database else "a path",
            received=name,
        )
