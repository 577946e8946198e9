"""The check of a whole database, without writing."""

from __future__ import annotations

from vdb.maintenance.check.database import check

__all__ = ["check"]
