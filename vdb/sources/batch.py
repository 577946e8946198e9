"""Some records of a source, and the rows among them that cannot become records."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from vdb.model.records import Id, Payload

__all__ = ["Refusal", "SourceBatch"]


class Refusal(NamedTuple):
    """A row that cannot become a record.

    Attributes:
        place: Where it is, such as "row 7" or "line 12", as `SourceBatch.place` says it.
        id: Its id, if it has one.
        reason: Why, in words.
    """

    place: str
    id: Id | None
    reason: str


@dataclass(slots=True)
class SourceBatch:
    """Some records of a source, in its order.

    Attributes:
        rows: Their row numbers in the source, int64 (n,), for messages.
        ids: Their ids (n,): int64, or a list of int or str.
        vectors: (n, dim) of the source's numbers; packed bytes for bits. Rows of `missing` are 0.
        payloads: One for each, or a struct array of Arrow's; None where there are none.
        missing: Which of them have no vector, bool (n,); None where all have one.
        refusals: Rows between them that cannot become records.
        unit: What the source calls a row, such as "line".
        numbers: Their numbers as the source counts, int64 (n,); None where these are `rows`.
        file: The file that `numbers` count in, where it is another than that of the vectors.
    """

    rows: NDArray[np.int64]
    ids: Sequence[Id] | NDArray[np.int64]
    vectors: NDArray[Any]
    payloads: Any = None
    missing: NDArray[np.bool_] | None = None
    refusals: list[Refusal] = field(default_factory=list)
    unit: str = "row"
    numbers: NDArray[np.int64] | None = None
    file: str | None = None

    def __len__(self) -> int:
        return len(self.rows)

    def place(self, row: int) -> str:
        """Where a record is, by its place in the batch, such as "row 7" or "line 12"."""
        numbers = self.rows if self.numbers is None else self.numbers
        return f"{self.unit} {int(numbers[row]):,}"

    def take(self, chosen: NDArray[np.bool_]) -> SourceBatch:
        """The records where `chosen`, bool (n,), is true; refusals stay behind."""
        if chosen.all():
            return replace(self, refusals=[])
        places = np.flatnonzero(chosen)
        ids = self.ids[places] if isinstance(self.ids, np.ndarray) else _taken(self.ids, places)
        return replace(
            self,
            rows=self.rows[places],
            ids=ids,
            vectors=self.vectors[places],
            payloads=_taken(self.payloads, places),
            missing=None if self.missing is None else self.missing[places],
            numbers=None if self.numbers is None else self.numbers[places],
            refusals=[],
        )

    def id_list(self) -> list[Id]:
        """The ids as int and str."""
        return self.ids.tolist() if isinstance(self.ids, np.ndarray) else list(self.ids)

    def payload_list(self) -> list[Payload]:
        """The payloads as Python's values."""
        if self.payloads is None:
            return [None] * len(self)
        if hasattr(self.payloads, "to_pylist"):
            values: list[Payload] = self.payloads.to_pylist()
            return values
        return list(self.payloads)

    def slices(self, rows: int) -> Iterator[SourceBatch]:
        """The batch in parts of at most so many records; the first part has the refusals."""
        if len(self) <= rows:
            yield self
            return
        for start in range(0, len(self), rows):
            yield self.part(start, start + rows)

    def part(self, start: int, stop: int) -> SourceBatch:
        """The records from one place to another; those from 0 on have the refusals."""
        part = slice(start, stop)
        return replace(
            self,
            rows=self.rows[part],
            ids=self.ids[part],
            vectors=self.vectors[part],
            payloads=None if self.payloads is None else self.payloads[part],
            missing=None if self.missing is None else self.missing[part],
            numbers=None if self.numbers is None else self.numbers[part],
            refusals=[] if start else self.refusals,
        )


def _taken(values: Any, places: NDArray[np.int64]) -> Any:
    """Those at these places, of a list or of an array of Arrow's."""
    if values is None:
        return None
    if hasattr(values, "take"):
        return values.take(places)
    return [values[place] for place in places.tolist()]
