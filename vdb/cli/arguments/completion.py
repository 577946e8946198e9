"""What a shell offers after TAB: directories that are databases, and the collections in them.

Nothing is ever made or changed, and whatever goes wrong is nothing to offer.
"""

from __future__ import annotations

from pathlib import Path

import typer

__all__ = ["collections", "databases"]


def databases(incomplete: str) -> list[str]:
    """Directories that begin so; those inside of which one may be end with a slash."""
    try:
        start = Path(incomplete)
        folder = start if incomplete.endswith("/") or not incomplete else start.parent
        found = [path for path in folder.iterdir() if path.is_dir()]
        names = {str(path) + ("" if (path / "data.mdb").is_file() else "/") for path in found}
        return sorted(name for name in names if name.startswith(incomplete))
    except (OSError, ValueError):
        return []


def collections(ctx: typer.Context, incomplete: str) -> list[str]:
    """Names of collections that begin so, in the database that was named before."""
    from vdb.api import database
    from vdb.errors import VdbError

    try:
        with database.open(
            ctx.params["directory"], create=False, read_only=True, lock_timeout=0.2
        ) as db:
            return [name for name in db.collections() if name.startswith(incomplete)]
    except (KeyError, OSError, TypeError, VdbError):
        return []
