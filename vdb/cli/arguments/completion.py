"""Completion in a shell: directories of databases, and the collections in them.

Nothing is created or changed. On any error there are no suggestions.
"""

from __future__ import annotations

from pathlib import Path

import typer

__all__ = ["collections", "databases"]


def databases(incomplete: str) -> list[str]:
    """Directories with this beginning; those that are no database end with a slash."""
    try:
        start = Path(incomplete)
        folder = start if incomplete.endswith("/") or not incomplete else start.parent
        folders = [path for path in folder.iterdir() if path.is_dir()]
        names = {str(path) + ("" if (path / "data.mdb").is_file() else "/") for path in folders}
        return sorted(name for name in names if name.startswith(incomplete))
    except (OSError, ValueError):
        return []


def collections(ctx: typer.Context, incomplete: str) -> list[str]:
    """Names of collections with this beginning, in the database of the argument before."""
    from vdb.api import database
    from vdb.errors import VdbError

    try:
        with database.open(
            ctx.params["directory"], create=False, read_only=True, lock_timeout=0.2
        ) as db:
            return [name for name in db.collections() if name.startswith(incomplete)]
    except (KeyError, OSError, TypeError, VdbError):
        return []
