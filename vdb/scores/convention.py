"""A convention: how an engine scores a metric, in words and as functions."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from vdb.errors import InvalidArgumentError, NotInvertibleError
from vdb.model.metrics import METRICS
from vdb.model.records import Direction
from vdb.scores.engine_rows import Evidence, Precision, Zero
from vdb.scores.formula_families import Family
from vdb.scores.thresholds import ScoredHits, Threshold
from vdb.scores.vector_quantities import FromVectors

__all__ = ["Convention"]

Numbers = NDArray[Any]

# Rounding, and vectors that count as unit vectors, may put a cosine a little beyond 1.
_COSINE_SLACK = 5e-3
_SLACK = 1e-6


@dataclass(frozen=True, slots=True)
class Convention:
    """How one engine scores one metric.

    Attributes:
        name: The convention's name.
        metric: The metric's name.
        dtype: The stored type it is for: "int8", or "any" but those that have a row of their own.
        called: What the engine calls the metric, and the number.
        formula: The score as a formula of the query q and the stored vector v; n is the dimension.
        inverse: The metric's value as a formula of the score s.
        direction: Which scores are closer.
        low: Smallest possible score.
        high: Largest possible score.
        precision: What it is computed in: "float32", "float64", "rounded" (from float64 to float32
            at the end), or "widened" (from float32 to float64 at the beginning).
        threshold: Whether a hit exactly at the threshold is in ("inclusive") or not ("strict").
        threshold_unit: What a threshold is compared with: the "score", the "value", or a quantity
            in words.
        threshold_parameter: What the engine calls its parameter; "" where it has none.
        threshold_note: What else is to be known about it.
        zero_vectors: What the engine does with a zero vector.
        near_unit: What it does to vectors before it compares them, and how it adds up, where that
            shows in scores.
        nan: What it does with NaN. (Here NaN and infinity are refused, always.)
        not_invertible: Which scores do not tell their value; "" where all do.
        engine: The engine and the version whose behaviour this is.
        source: Where that behaviour is written down.
        evidence: How it was found: "measured" in the running engine; "compiled" from its source and
            run alone; "transcribed" around real Lucene kernels; "read" in its source; "documented"
            by its maker; or "own".
        note: What else is to be known.
        alias_of: The convention's usual name, where this is another one.
    """

    name: str
    metric: str
    dtype: str
    called: str
    formula: str
    inverse: str
    direction: Direction
    low: float
    high: float
    precision: Precision
    threshold: Literal["inclusive", "strict"]
    threshold_unit: str
    threshold_parameter: str
    threshold_note: str
    zero_vectors: str
    near_unit: str
    nan: str
    not_invertible: str
    engine: str
    source: str
    evidence: Evidence
    note: str
    alias_of: str
    family: Family = field(repr=False)
    rule: Threshold = field(repr=False)
    from_vectors: FromVectors | None = field(repr=False)
    zero: Zero = field(repr=False)

    @property
    def range(self) -> tuple[float, float]:
        """Smallest and largest possible score: (low, high)."""
        return self.low, self.high

    @property
    def version(self) -> str:
        """The engine's version, with its name: what `engine` says."""
        return self.engine

    # There and back

    def from_value(self, values: Numbers, dim: int | None = None) -> Numbers:
        """Scores of values of any shape, in the engine's precision.

        Raises:
            InvalidArgumentError: A number that no vectors have as their value, or dim is missing.
        """
        numbers = np.asarray(values, dtype=np.float64)
        if self.name != "native":
            low, high = self._possible(dim)
            self._check(numbers, low, high, self.metric, "value")
            numbers = self._within(numbers, low, high)
        return self.scored(numbers, dim)

    def scored(self, quantities: Any, dim: int | None = None) -> Numbers:
        """The formula alone, in the engine's precision, without a look at the range."""
        kind = np.float32 if self.precision == "float32" else np.float64
        with np.errstate(all="ignore"):
            numbers = np.atleast_1d(np.asarray(quantities))
            if self.precision == "widened":
                numbers = numbers.astype(np.float32)
            numbers = numbers.astype(kind)
            out = self.family.forward(numbers, kind(self._n(dim)))
            if self.precision == "rounded":
                out = out.astype(np.float32)
        return out.reshape(np.shape(quantities))

    def to_value(self, scores: Numbers, dim: int | None = None) -> NDArray[np.float64]:
        """Values of scores of any shape, float64.

        Raises:
            NotInvertibleError: Several values have that score.
            InvalidArgumentError: A number that is no score of this convention, or dim is missing.
        """
        numbers = np.asarray(scores, dtype=np.float64)
        n = self._n(dim)
        if self.family.lost is not None:
            self._refuse_lost(numbers)
        bounded = np.isfinite(METRICS[self.metric].low) or self.family.needs_dim
        if self.name != "native" and bounded:
            self._check(numbers, self.low, self.high, f"the convention {self.name!r}", "score")
        with np.errstate(all="ignore"):
            out = self.family.inverse(np.atleast_1d(numbers), n)
        if self.name != "native":
            out = self._within(out, *self._possible(dim))
        return np.asarray(out, dtype=np.float64).reshape(numbers.shape)

    def _n(self, dim: int | None) -> int:
        if dim is None and self.family.needs_dim:
            raise InvalidArgumentError(
                f"dim is needed for the convention {self.name!r} of metric {self.metric!r}: its "
                f"score is {self.formula}; give dim=",
                expected="dim",
                received=None,
            )
        return 0 if dim is None else dim

    def _possible(self, dim: int | None) -> tuple[float, float]:
        metric = METRICS[self.metric]
        if self.metric == "hamming" and dim is not None:
            return 0.0, float(dim)
        return metric.low, metric.high

    def _within(self, values: Numbers, low: float, high: float) -> Numbers:
        """The values without what rounding puts beyond their ends; NaN stays NaN."""
        # Vectors that count as unit vectors do have a cosine above 1: that is kept.
        return values if self.metric == "cosine" else np.clip(values, low, high)

    def _check(self, numbers: Numbers, low: float, high: float, whose: str, what: str) -> None:
        slack = _COSINE_SLACK if self.metric == "cosine" else _SLACK
        if np.isfinite(high):
            slack *= max(1.0, abs(high))
        # NaN is let through: it pads the arrays of results.
        wrong = (numbers < low - slack) | (numbers > high + slack)
        if wrong.any():
            bad = float(numbers[wrong].flat[0])
            raise InvalidArgumentError(
                f"{what} must be between {low:g} and {high:g} for {whose}, got {bad:g}",
                expected=(low, high),
                received=bad,
            )

    def _refuse_lost(self, scores: Numbers) -> None:
        assert self.family.lost is not None  # noqa: S101 - for mypy; the caller has looked
        lost = self.family.lost(scores)
        if lost.any():
            bad = float(scores[lost].flat[0])
            raise NotInvertibleError(
                f"score {bad:g} of the convention {self.name!r} does not tell its "
                f"{METRICS[self.metric].value}: {self.family.lost_text}",
                expected="a score that only one value has",
                received=bad,
            )

    # Thresholds

    def check_threshold(self, threshold: float) -> None:
        """Raise InvalidArgumentError where the engine refuses that threshold."""
        self.rule.check(threshold, self.name)

    def takes(self, threshold: float) -> bool:
        """Whether the engine takes that threshold."""
        return self.rule.accepts is None or self.rule.accepts(threshold)

    def admits(
        self,
        scores: Numbers,
        values: Numbers,
        threshold: float,
        *,
        dim: int | None = None,
        quantities: Numbers | None = None,
    ) -> Numbers:
        """Which hits a threshold lets in, as this engine compares, elementwise.

        Args:
            scores: Their scores.
            values: Their natural values, float64.
            threshold: In the engine's own unit.
            dim: Dimension of the vectors.
            quantities: What the scores were made of, where the engine makes it from the vectors
                (`from_vectors`); None for the values.
        """
        made_of = values if quantities is None else quantities
        hits = ScoredHits(scores, values, made_of, self.direction, lambda x: self.scored(x, dim))
        with np.errstate(over="ignore"):  # of a threshold beyond float32 the comparison is right
            return self.rule.admits(hits, threshold)
