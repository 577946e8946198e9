"""A piece: a part of a source that is loaded, verified and ticked off by itself."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from typing import Any

__all__ = ["Piece", "PieceReport"]


@dataclass(frozen=True, slots=True)
class Piece:
    """Some rows of one file, which one worker reads in order.

    Attributes:
        number: Its place among the pieces of a load, from 0.
        format: "parquet", "lance", or a format of `vdb.sources`.
        place: The path or URL of its file, without credentials.
        part: The row group, or the fragment; 0 where a file is one piece.
        first: The number of its first row in the file.
        rows: How many it has; None where only reading says it.
        state: What tells this content of the file from another: its size, and its ETag, version or
            time.
    """

    number: int
    format: str
    place: str
    part: int = 0
    first: int = 0
    rows: int | None = None
    state: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """As a JSON object."""
        return asdict(self)

    @property
    def key(self) -> str:
        """20 hexadecimal digits, the same for the same rows: what tokens of its writes begin with.

        Example:
            piece.key  # "4f0e..."
        """
        text = json.dumps(self.to_json(), sort_keys=True, separators=(",", ":"))
        return hashlib.blake2b(text.encode(), digest_size=10).hexdigest()

    def token(self, load: str, batch: int) -> str:
        """The token of the write of one batch: whoever writes it again changes nothing."""
        return f"load/{load}/{self.key}/{batch}"


@dataclass(frozen=True, slots=True)
class PieceReport:
    """A piece that is done, as it is ticked off.

    Attributes:
        key: `Piece.key`, which says that it is done as it was planned.
        read: Rows read.
        added: Records added.
        replaced: Records that were there and have been replaced.
        skipped: Records that were there and have been left.
        refused: Rows left out, as they cannot become records.
        verified: Records that were read again, with the same vectors.
        checksum: Of the ids and the stored vectors that were read again, 16 hexadecimal digits,
            whatever the order.
    """

    key: str
    read: int = 0
    added: int = 0
    replaced: int = 0
    skipped: int = 0
    refused: int = 0
    verified: int = 0
    checksum: str = "0" * 16
