"""What came of one source: how many ids, vectors and payloads are what the library was given."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass
class Result:
    """Counts of one source.

    Attributes:
        format: The format.
        place: The file or directory, and the part of it.
        versions: The libraries that made it, with their versions.
        records: Records that the library was given and did not delete.
        ids: How many of them were read, under their ids.
        vectors: How many vectors are the same, bit for bit.
        fidelity: What the source is said to hold: exact, normalized or quantized vectors.
        largest: The largest difference of a number, where they are not exact.
        payloads: How many payloads are the same; None where the format has none.
        engine: What answered for the source; "" where it was not asked.
        compared: Pairs of scores.
        equal: Pairs that are the same number.
        difference: The largest difference of such a pair.
        library_free: Whether it was read before the library could be imported.
        faults: What is not as it must be.
    """

    format: str
    place: str
    versions: str
    records: int = 0
    ids: int = 0
    vectors: int = 0
    fidelity: str = "exact"
    largest: float = 0.0
    payloads: int | None = None
    engine: str = ""
    compared: int = 0
    equal: int = 0
    difference: float = 0.0
    library_free: bool = True
    faults: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)
