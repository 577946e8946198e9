"""Some records of a source, and the rows among them that cannot become records."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from vdb.model.records import Id, Payload

__all__ = ["Refusal", "SourceBatch"]


class Refusal(NamedTuple):
    """A row that cannot become a record.

    Attributes:
        place: Where it is, such as "row 7" or "line 12", counted as the source counts.
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
    """

    rows: NDArray[np.int64]
    ids: Sequence[Id] | NDArray[np.int64]
    vectors: NDArray[Any]
    payloads: Any = None
    missing: NDArray[np.bool_] | None = None
    refusals: list[Refusal] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.rows)

    def take(self, chosen: NDArray[np.bool_]) -> SourceBatch:
        """The records where `chosen`, bool (n,), is true; refusals stay behind."""
        if chosen.all():
            return SourceBatch(self.rows, self.ids, self.vectors, self.payloads, self.missing)
        places = np.flatnonzero(chosen)
        ids = self.ids[places] if isinstance(self.ids, np.ndarray) else _taken(self.ids, places)
        return SourceBatch(
            self.rows[places],
            ids,
            self.vectors[places],
            _taken(self.payloads, places),
            None if self.missing is None else self.missing[places],
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
            part = slice(start, start + rows)
            yield SourceBatch(
                self.rows[part],
                self.ids[part],
                self.vectors[part],
                None if self.payloads is None else self.payloads[part],
                None if self.missing is None else self.missing[part],
                self.refusals if not start else [],
            )


def _taken(values: Any, places: NDArray[np.int64]) -> Any:
    """Those at these places, of a list or of an array of Arrow's."""
    if values is None:
        return None
    if hasattr(values, "take"):
        return values.take(places)
    return [values[place] for place in places.tolist()]
