"""What backups report."""

from __future__ import annotations

from dataclasses import dataclass

from vdb.model.results import Result

__all__ = ["BackupReport", "PruneReport"]


@dataclass(frozen=True, slots=True)
class BackupReport(Result):
    """What a backup did.

    Attributes:
        target: Where the copy is, without credentials; "" for a writer.
        name: Its name among the backups there; None for a directory or a writer.
        commit: The commit that it shows.
        bytes: Bytes of the copy.
        sent: Bytes that were sent.
        reused: Bytes of chunks that were there already.
        chunks: Number of chunks; 0 for a directory.
        seconds: How long it took.
        verified: Whether it was verified.
        removed: Names of the backups that `keep` removed.
    """

    target: str
    name: str | None
    commit: int
    bytes: int
    sent: int
    reused: int
    chunks: int
    seconds: float
    verified: bool
    removed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PruneReport(Result):
    """What pruning a repository did.

    Attributes:
        kept: Names of the backups that are there, oldest first.
        removed: Names of those that were removed.
        chunks: Number of chunks that were deleted.
        bytes: Their bytes.
    """

    kept: tuple[str, ...]
    removed: tuple[str, ...]
    chunks: int
    bytes: int
