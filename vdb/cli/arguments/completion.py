"""Completion in a shell: directories of databases, collections in them, and files.

Nothing is created or changed. On any error there are no suggestions.
"""

from __future__ import annotations

from pathlib import Path

import click
from click.shell_completion import CompletionItem

from vdb.api import database
from vdb.errors import VdbError

__all__ = ["collections", "databases", "files"]


def databases(
    _ctx: click.Context, _parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Directories with this beginning; those that are no database end with a slash."""
    try:
        start = Path(incomplete)
        folder = start if incomplete.endswith("/") or not incomplete else start.parent
        folders = [path for path in folder.iterdir() if path.is_dir()]
        names = {str(path) + ("" if (path / "data.mdb").is_file() else "/") for path in folders}
        return [CompletionItem(name) for name in sorted(names) if name.startswith(incomplete)]
    except (OSError, ValueError):
        return []


def collections(
    ctx: click.Context, _parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Names of collections with this beginning, in the database of the argument before."""
    try:
        with database.open(
            ctx.params["directory"], create=False, read_only=True, lock_timeout=0.2
        ) as db:
            names = [name for name in db.collections() if name.startswith(incomplete)]
    except (KeyError, OSError, TypeError, VdbError):
        return []
    return [CompletionItem(name) for name in names]


def files(
    _ctx: click.Context, _parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """The names of files, which the shell itself completes."""
    return [CompletionItem(incomplete, type="file")]
