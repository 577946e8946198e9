"""What a load did."""

from __future__ import annotations

from dataclasses import dataclass

from vdb.model.results import Result

__all__ = ["LoadProgress", "LoadReport"]


@dataclass(frozen=True, slots=True)
class LoadProgress:
    """How far a load is.

    Attributes:
        pieces: How many there are.
        done: How many of them are done, those of earlier calls included.
        rows: Rows in all pieces; None where only reading says it.
        read: Rows of pieces that are done.
        seconds: Since the call began.
    """

    pieces: int
    done: int
    rows: int | None
    read: int
    seconds: float

    def __str__(self) -> str:
        """One line, for `progress=print`."""
        total = "" if self.rows is None else f" of {self.rows:,}"
        speed = self.read / self.seconds if self.seconds > 0 else 0.0
        return (
            f"{self.done:,} of {self.pieces:,} pieces, {self.read:,}{total} rows, "
            f"{self.seconds:.0f} s, {speed:,.0f} rows/s"
        )


@dataclass(frozen=True, slots=True)
class LoadReport(Result):
    """What a load did, over all calls with its name.

    Attributes:
        name: Of the load: the same call goes on with it.
        files: Files that were loaded.
        pieces: Their row groups, fragments, or whole files.
        resumed: Pieces that an earlier call had done.
        read: Rows read.
        added: Records added.
        replaced: Records replaced.
        skipped: Rows whose records were there and have been left.
        refused: Rows left out, as they cannot become records.
        verified: Records that were read again and hold the vectors of the files.
        checksum: Of their ids and stored vectors, 16 hexadecimal digits, whatever the order.
        seconds: Of this call.
    """

    name: str
    files: int
    pieces: int
    resumed: int
    read: int
    added: int
    replaced: int
    skipped: int
    refused: int
    verified: int
    checksum: str
    seconds: float
