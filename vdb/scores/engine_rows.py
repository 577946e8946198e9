"""How an engine is written down: its facts once, then a row for each metric."""

from __future__ import annotations

from typing import Literal, NamedTuple

from vdb.scores.formula_families import Family
from vdb.scores.thresholds import Threshold
from vdb.scores.vector_quantities import FromVectors

__all__ = [
    "HARMLESS",
    "NAN_SCORE",
    "Engine",
    "EngineRow",
    "Evidence",
    "Precision",
    "Zero",
    "ip_and_dot",
    "zero_is",
    "zero_refused",
]

Evidence = Literal["measured", "compiled", "transcribed", "read", "documented", "own"]
"""How the behaviour was found: measured in the running engine; its own source files compiled and
run alone; its steps transcribed around real Lucene kernels; read in its source; read in its
manual; or vdb's own."""

Precision = Literal["float32", "float64", "rounded", "widened"]
"""What the formula is computed in; "rounded": in float64, with the result rounded to float32;
"widened": in float64, of a number that was rounded to float32."""


class Zero(NamedTuple):
    """An engine's behaviour for a zero vector, where the metric has no value for it.

    Attributes:
        query: What a search with a zero query gives: a "number" (that of `value`), "nan" (all
            records, with NaN as their score), "nothing" (no hits) or "refused".
        text: The engine's behaviour in words.
        value: What the cosine counts as, where that is a "number".
    """

    query: Literal["number", "nan", "nothing", "refused"]
    text: str
    value: float = 0.0

    @property
    def counts_as(self) -> float | None:
        """The cosine that a zero query has with everything, perhaps NaN; None: no hits."""
        return {"number": self.value, "nan": float("nan")}.get(self.query)


NAN_SCORE = "accepted; the score is NaN"
"""What engines that do not look for NaN, or for a zero vector, do with it."""

HARMLESS = Zero("number", "as any other vector")


def zero_is(number: str, more: str = "") -> Zero:
    """A zero vector has a score; its similarity counts as 0."""
    return Zero("number", f"similarity taken as 0: the score is {number}{more}")


def zero_refused(text: str) -> Zero:
    """A zero vector is refused, in these words."""
    return Zero("refused", f"refused: {text}")


class EngineRow(NamedTuple):
    """How an engine scores one metric; None stands for the engine's own field.

    Attributes:
        metric: The metric's name here.
        called: Its name there, and the name of the number.
        family: The formula.
        threshold: How a threshold compares.
        dtype: The stored type that the row is for; None for all that have no row of their own.
        from_vectors: How the engine makes what the formula takes, where that is not the value.
        zero: What it does with zero vectors.
        precision: What it computes in.
        evidence: How that was found.
        note: Other facts.
    """

    metric: str
    called: str
    family: Family
    threshold: Threshold | None = None
    dtype: str | None = None
    from_vectors: FromVectors | None = None
    zero: Zero | None = None
    precision: Precision | None = None
    evidence: Evidence | None = None
    note: str = ""


class Engine(NamedTuple):
    """An engine: facts that hold for all its metrics, and a row for each metric."""

    name: str
    version: str
    source: str
    evidence: Evidence
    threshold: Threshold
    nan: str
    rows: tuple[EngineRow, ...]
    precision: Precision = "float32"
    zero: Zero = HARMLESS
    alias_of: str = ""


def ip_and_dot(called: str, family: Family, **more: object) -> tuple[EngineRow, EngineRow]:
    """The same row for ip and for dot, which are one metric in most engines."""
    return (
        EngineRow("ip", called, family)._replace(**more),  # type: ignore[arg-type]  # fields of EngineRow
        EngineRow("dot", called, family)._replace(**more),  # type: ignore[arg-type]
    )
