"""A fusion: how one engine makes one ranking of several, in words and as a function."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from vdb.fusion.outcome import Outcome
from vdb.fusion.ranked_list import ListReading, RankedList
from vdb.fusion.settings import Parameter, Settings, WeightRule
from vdb.model.records import Direction

__all__ = ["Evidence", "Fusion"]

Evidence: TypeAlias = Literal["measured", "transcribed", "published", "own"]
"""How the behaviour was found: "measured" in the engine or library itself; "transcribed" from its
source; from numbers that its users "published"; or vdb's "own"."""

WindowRule: TypeAlias = Callable[[int], int]
"""How many hits of each list enter, where a search asks for k hits."""

MetricParameters: TypeAlias = Callable[[str, tuple[str, ...]], Mapping[str, Any]]
"""What the engine knows of itself: parameters for a metric of `vdb` and the lists, each "text" or
"vector"."""

ListDirection: TypeAlias = Callable[[int, Settings], Direction | None]
"""Which scores are better in the list of that number, where it does not say so itself; None:
the engine has no opinion."""


def _none(place: int, settings: Settings) -> Direction | None:
    return None


def _no_parameters(metric: str, lists: tuple[str, ...]) -> Mapping[str, Any]:
    return {}


def _wide(k: int) -> int:
    return max(100, k)


@dataclass(frozen=True, slots=True)
class Fusion:
    """How one engine fuses ranked lists.

    Attributes:
        name: The fusion's name.
        engine: The engine and the version whose behaviour this is.
        source: Where that behaviour is written down.
        evidence: How it was found.
        formula: The fused score: `r` is a rank, `s` a score, `w` a weight, `n` the number of lists.
        inputs: Which lists it takes; "any", or two by name, in that order.
        enters: Whether "ranks" or "scores" enter.
        vector_scores: The convention of `vdb.scores` in which the engine's vector list enters; ""
            where only its ranks do, or scores of any kind.
        text_scores: The convention of `vdb.lexical` of the engine's list of words, or of its own
            retriever of words; "" where vdb has none of it.
        rank_base: The rank of the best hit; None where ranks do not enter.
        ties_share_rank: Whether equal scores of a list share a rank (1, 1, 3).
        rank_constant: What is added to a rank by default; None where nothing is.
        weight_form: Where a weight stands in the formula.
        weight_rule: Which weights are refused.
        normalizer: What is done to the scores of a list; "" for nothing.
        edges: What the normalizer does to one hit, equal, negative and tiny scores.
        missing: What a list adds to the score of an id that it lacks.
        combination: How the parts become one score.
        term_dtype: What each part is computed in.
        sum_dtype: What they are added up in.
        dtype: The type of the score.
        rounding: Roundings on the way; "" for none but the dtypes'.
        direction: Which fused scores are better.
        tie_order: The order of equal scores.
        window: How many hits of each list the engine takes by default, in words. `fuse` takes all
            unless window= says how many; a hybrid search takes `default_window`.
        lower_enters: As what a score `s` enters where lower scores of a list are better; "" where
            such lists are refused, or only ranks enter.
        parameters: What else may be set.
        note: What else is to be known.
    """

    name: str
    engine: str
    source: str
    evidence: Evidence
    formula: str
    inputs: str
    enters: Literal["ranks", "scores"]
    missing: str
    combination: str
    term_dtype: str
    sum_dtype: str
    dtype: str
    tie_order: str
    window: str
    weight_form: str
    run: Callable[[list[RankedList], Settings], Outcome] = field(repr=False)
    vector_scores: str = ""
    text_scores: str = ""
    rank_base: int | None = None
    ties_share_rank: bool = False
    rank_constant: float | None = None
    weight_rule: str = ""
    normalizer: str = ""
    edges: str = ""
    rounding: str = ""
    direction: Direction = "higher"
    lower_enters: str = ""
    parameters: tuple[Parameter, ...] = ()
    note: str = ""
    weights: WeightRule = field(default=WeightRule(), repr=False)
    reading: ListReading = field(default=ListReading(), repr=False)
    list_direction: ListDirection = field(default=_none, repr=False)
    fewest_lists: int = field(default=1, repr=False)
    window_covers: bool = field(default=False, repr=False)
    window_rule: WindowRule = field(default=_wide, repr=False)
    metric_parameters: MetricParameters = field(default=_no_parameters, repr=False)

    @property
    def takes_weights(self) -> bool:
        """Whether the engine has weights."""
        return bool(self.weight_form)

    def default_window(self, k: int) -> int:
        """How many hits of each list a hybrid search for k hits takes: as the engine does.

        Where the engine has no number of its own: 100, or k if that is more.

        Example:
            vdb.fusion.describe("redis-rrf").default_window(10)
        """
        return self.window_rule(k)

    def usual_direction(self, place: int, settings: Settings) -> Direction | None:
        """Which scores the engine takes for better in that list; None where it has no opinion."""
        return self.list_direction(place, settings)
