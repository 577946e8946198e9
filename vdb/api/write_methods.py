"""The methods that a collection of a snapshot lacks, and the error that says so."""

from __future__ import annotations

from vdb.errors import SnapshotWriteError

__all__ = ["refuse_write_method"]

_WRITE_METHODS = frozenset(
    ("add", "clear", "delete", "discard_rebuild", "drop_field", "drop_previous", "index_field")
) | frozenset(
    (
        "commit_rebuild",
        "plan_rebuild",
        "rebuild",
        "rollback",
        "rows_within",
        "set_payloads",
        "tune",
        "update_payloads",
        "upsert",
    )
)
"""The methods of `Collection` that write, or prepare writing."""


def refuse_write_method(collection: str, method: str) -> None:
    """Raise SnapshotWriteError for a method that writes; nothing for another name."""
    if method in _WRITE_METHODS:
        raise SnapshotWriteError(
            f"this is collection {collection!r} of a snapshot, which only reads; {method}() "
            f"is for the one that db.collection({collection!r}) returns",
            expected="a collection of the database",
            received="a collection of a snapshot",
        )
