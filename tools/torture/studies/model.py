"""What a search must return, in numpy, from values, vectors and a row of the table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tools.torture.studies.ground import COUNT, Ground
from vdb.model.metrics import METRICS
from vdb.model.records import Id
from vdb.scores.table import Convention

__all__ = ["Hit", "Judged", "judged", "of_zero"]

Hit = tuple[Id, float, float]
"""Id, score, value."""


@dataclass(frozen=True, slots=True)
class Judged:
    """All records for one query, as an engine judges them: columns by rising id."""

    ground: Ground
    row: Convention
    there: NDArray[np.bool_]
    values: NDArray[np.float64]
    quantities: NDArray[np.float64]
    scores: NDArray[np.floating]

    def inside(self, threshold: float | None) -> NDArray[np.bool_]:
        """Which records a threshold lets in."""
        if threshold is None:
            return self.there
        admitted = self.row.admits(
            self.scores, self.values, threshold, dim=self.ground.dim, quantities=self.quantities
        )
        return np.asarray(admitted) & self.there

    def hits(
        self, k: int | None, threshold: float | None = None, part: int | None = None
    ) -> list[Hit]:
        """The hits of a search: the k of closest value of those that are let in, by score."""
        passes = self.inside(threshold)
        if part is not None:
            passes = passes & (self.ground.parts == part)
        order = np.lexsort((np.arange(COUNT), self.keys))
        chosen = order[passes[order]][:k]
        chosen = chosen[np.lexsort((chosen, self.keys[chosen], self.score_keys[chosen]))]
        ids, scores, values = self.ground.ids, self.scores, self.values
        return [(ids[i], float(scores[i]), float(values[i])) for i in chosen]

    @property
    def keys(self) -> NDArray[np.float64]:
        """The values, closer is smaller."""
        lower = METRICS[self.row.metric].direction == "lower"
        return self.values if lower else -self.values

    @property
    def score_keys(self) -> NDArray[np.float64]:
        """The scores, closer is smaller."""
        scores = self.scores.astype(np.float64)
        return scores if self.row.direction == "lower" else -scores


def judged(ground: Ground, row: Convention, query: NDArray[Any]) -> Judged:
    """Every record, for a query that the metric has values for."""
    values = ground.values(row.metric, query)
    there = ground.there(row.metric)
    quantities, rule = values.copy(), row.from_vectors
    if rule is not None and rule.applies(ground.kind.dtype):
        stored = ground.rows[there].astype(np.float32)
        owners = np.zeros(len(stored), dtype=np.intp)
        own = query[None].astype(np.float32)
        quantities[there] = rule.quantities(own, stored, owners)
    return Judged(ground, row, there, values, quantities, row.scored(quantities, ground.dim))


def of_zero(ground: Ground, row: Convention) -> Judged | None:
    """Every record for a query of zeros, as the engine answers it; None where it finds nothing."""
    number = row.zero.counts_as
    if number is None:
        return None
    values = np.full(COUNT, number)
    there = ground.there(row.metric)
    return Judged(ground, row, there, values, values, row.scored(values, ground.dim))
