"""Damage in a user's words: which database, which collection, and the command that helps.

Code that meets damage knows a key, a block, a number. Where its error leaves the store, the rest is
added to it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from vdb.errors import CorruptedError

__all__ = ["locate_damage", "locate_unopenable"]

_NUMBERED = r"\bcollection (\d+)\b"


def locate_damage(error: BaseException | None, path: Path, names: Mapping[int, str]) -> None:
    """Add to an error of damage, and to no other, where it was met.

    Args:
        error: The error, if there is one.
        path: The database.
        names: Names of collections by number, to find the one that the error is about.
    """
    if not isinstance(error, CorruptedError) or error.database:
        return
    error.database = str(path)
    named = re.search(_NUMBERED, f"{error.where} {error.message}")
    if named is not None:
        error.collection = names.get(int(named[1]), "")
    elif len(names) == 1:
        (error.collection,) = names.values()
    import shlex

    check = f"vdb check {shlex.quote(str(path))}"
    error.remedy = f"{check} lists the damage, {check} --repair saves what can be read"


def locate_unopenable(error: CorruptedError, path: Path) -> None:
    """Add to an error of damage that the file cannot be opened at all."""
    if error.database or error.expected == "a regular file":  # nothing that a backup would mend
        return
    import shlex

    error.database = str(path)
    error.remedy = (
        "it cannot be opened, and so not be repaired; a backup takes its place with vdb restore "
        f"BACKUP {shlex.quote(str(path))}"
    )
