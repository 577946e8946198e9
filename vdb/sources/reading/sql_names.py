"""Names of tables and columns in statements of SQL."""

from __future__ import annotations

__all__ = ["quoted"]


def quoted(name: str) -> str:
    """A name between double quotes, whatever is in it, as SQLite, DuckDB and PostgreSQL read it."""
    return '"' + name.replace('"', '""') + '"'
