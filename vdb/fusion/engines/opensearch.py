"""OpenSearch: the normalization processor's means, and the score ranker."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vdb.errors import ArgumentTypeError, InvalidArgumentError
from vdb.fusion.candidates import Candidates, summed
from vdb.fusion.fusion_row import Fusion
from vdb.fusion.normalizers.opensearch import Bound, l2, min_max, z_score
from vdb.fusion.outcome import Outcome, summed_outcome
from vdb.fusion.ranked_list import RankedList
from vdb.fusion.settings import Parameter, Settings, WeightRule, rank_constant, word
from vdb.fusion.tie_orders import by_id
from vdb.model import arguments

__all__ = ["FUSIONS"]

_ENGINE = "OpenSearch 3.x (neural-search 3.8.0-SNAPSHOT, August 2026)"
_TIES = "that of a Java hash map of document numbers, arbitrary; here by id"
_WINDOW = "what the sub-query of each shard returned"
_MEANS = ("arithmetic_mean", "geometric_mean", "harmonic_mean")
_WEIGHTS = WeightRule(low=0, high=1, total=1, slack=0.01)
_WEIGHT_RULE = "0 to 1, of sum 1 within 0.01"
_FARTHEST = 10_000

Numbers = NDArray[np.float32]


def _mean(
    normalize: Callable[[Numbers, int, Settings], Numbers],
) -> Callable[[list[RankedList], Settings], Outcome]:
    def run(lists: list[RankedList], settings: Settings) -> Outcome:
        candidates = Candidates(lists)
        columns = [
            normalize(each.scores.astype(np.float32), i, settings) for i, each in enumerate(lists)
        ]
        # A list that lacks the id has 0 there.
        scores = candidates.spread(columns, 0, np.float32)
        weights = np.array(settings.weights_or(1.0, len(lists)), np.float32)[:, None]
        fused, shares = _COMBINATIONS[settings["combination"]](scores, weights)
        return Outcome(
            candidates,
            candidates.ranks,
            fused,
            shares,
            candidates.spread(columns, np.nan, np.float32),
            by_id(fused, candidates, False),
        )

    return run


def _arithmetic(scores: Numbers, weights: Numbers) -> tuple[Numbers, Numbers | None]:
    counted = scores >= 0
    parts = np.where(counted, scores * weights, np.float32(0))
    total = summed(np.where(counted, weights, np.float32(0)))
    fused = np.where(total == 0, np.float32(0), summed(parts) / total)
    return fused, np.where(total == 0, np.float32(0), parts / total)


def _geometric(scores: Numbers, weights: Numbers) -> tuple[Numbers, Numbers | None]:
    logs = np.zeros(scores.shape[1], np.float32)
    total = np.zeros(scores.shape[1], np.float32)
    for row, weight in zip(scores, weights[:, 0], strict=True):
        counted = row > 0
        total = np.where(counted, total + weight, total)
        # The product and the sum in float64, then rounded to float32.
        more = logs + np.float64(weight) * np.log(np.where(counted, row, 1).astype(np.float64))
        logs = np.where(counted, more.astype(np.float32), logs)
    mean = np.exp((logs / total).astype(np.float64)).astype(np.float32)
    return np.where(total == 0, np.float32(0), mean), None


def _harmonic(scores: Numbers, weights: Numbers) -> tuple[Numbers, Numbers | None]:
    counted = scores > 0
    total = summed(np.where(counted, weights, np.float32(0)))
    inverse = summed(np.where(counted, weights / scores, np.float32(0)))
    return np.where(inverse > 0, total / inverse, np.float32(0)), None


_COMBINATIONS = {
    "arithmetic_mean": _arithmetic,
    "geometric_mean": _geometric,
    "harmonic_mean": _harmonic,
}


def _bounded(scores: Numbers, place: int, settings: Settings) -> Numbers:
    bounds = []
    for name in ("lower_bounds", "upper_bounds"):
        given = settings[name]
        if given is not None and place >= len(given):
            raise InvalidArgumentError(
                f"{name} must be one for each list, got {len(given)}",
                expected="one for each list",
                received=len(given),
            )
        bounds.append(None if given is None else given[place])
    return min_max(scores, *bounds)


def _read_bounds(key: str, default: float) -> Callable[[str, Any], Any]:
    def read(name: str, value: Any) -> Any:
        if value is None:
            return None
        out = []
        for i, one in enumerate(arguments.sequence(name, value, 1000)):
            if not isinstance(one, Mapping) or not set(one) <= {"mode", key}:
                raise ArgumentTypeError(
                    f"{name}[{i}] must be a dict of 'mode' and {key!r}, got {arguments.shown(one)}",
                    expected=("mode", key),
                    received=type(one).__name__,
                )
            mode = arguments.choice(
                f"{name}[{i}]['mode']", one.get("mode", "apply"), ("apply", "clip", "ignore")
            )
            score = arguments.number(f"{name}[{i}][{key!r}]", one.get(key, default))
            if abs(score) > _FARTHEST:
                raise InvalidArgumentError(
                    f"{name}[{i}][{key!r}] must be between {-_FARTHEST} and {_FARTHEST}, got "
                    f"{score:g}",
                    expected=(-_FARTHEST, _FARTHEST),
                    received=score,
                )
            out.append(Bound(mode, np.float32(score)))  # type: ignore[arg-type]
        return tuple(out)

    return read


def _rrf(lists: list[RankedList], settings: Settings) -> Outcome:
    candidates = Candidates(lists)
    divisors = settings["rank_constant"] + candidates.ranks
    # 1 / divisor to ten decimals, half up, in whole numbers; then float32.
    tenths = (2 * 10**10 + divisors) // (2 * divisors)
    terms = (tenths / 1e10).astype(np.float32)
    weights = np.array(settings.weights_or(1.0, len(lists)), np.float32)[:, None]
    shares = np.where(candidates.present, terms * weights, np.float32(0))
    return summed_outcome(candidates, shares)


def _row(name: str, technique: str, normalizer: str, edges: str, **more: Any) -> Fusion:
    means = more.pop("means", _MEANS)
    parameters = (
        word("combination", "arithmetic_mean", f"the mean: {', '.join(means)}", means, "technique"),
        *more.pop("parameters", ()),
    )
    return Fusion(
        name=name,
        engine=_ENGINE,
        source=f"neural-search, processor/normalization ({technique}), processor/combination",
        evidence="transcribed",
        formula="weighted mean of norm(s)",
        inputs="any",
        enters="scores",
        vector_scores="opensearch",
        weight_form="of the mean; 1 by default",
        weight_rule=_WEIGHT_RULE,
        normalizer=normalizer,
        edges=edges,
        missing="0 with its weight in the arithmetic mean; left out, its weight too, in the others",
        combination="arithmetic mean (of scores >= 0), geometric or harmonic mean (of scores > 0), "
        "with the weights of those that count; 0 where none does",
        term_dtype="float32",
        sum_dtype="float32",
        dtype="float32",
        rounding="geometric mean: logarithms in float64, each sum rounded to float32",
        tie_order=_TIES,
        window=_WINDOW,
        window_rule=lambda k: k,
        text_scores="opensearch",
        weights=_WEIGHTS,
        parameters=parameters,
        **more,
    )


FUSIONS = (
    _row(
        "opensearch-minmax",
        "MinMaxScoreNormalizationTechnique",
        "(s - min) / (max - min)",
        "1 for one hit or equal ones; 0.001 for a result of 0; the maximum is at least 1.4e-45, so "
        "that negative scores are scaled against 0",
        parameters=(
            Parameter(
                "lower_bounds",
                None,
                "one dict {'mode': 'apply', 'clip' or 'ignore', 'min_score': number} for each "
                "list: apply begins there for higher scores, clip gives lower ones 0.001",
                "",
                _read_bounds("min_score", 0.0),
            ),
            Parameter(
                "upper_bounds",
                None,
                "one dict {'mode': ..., 'max_score': number} for each list: apply ends there for "
                "lower scores, clip gives higher ones 1",
                "",
                _read_bounds("max_score", 1.0),
            ),
        ),
        run=_mean(_bounded),
    ),
    _row(
        "opensearch-l2",
        "L2ScoreNormalizationTechnique",
        "s / sqrt(sum of s^2), the squares added in float32",
        "0 where the root is 0; negative scores are kept, and then left out of every mean",
        run=_mean(lambda scores, place, settings: l2(scores)),
    ),
    _row(
        "opensearch-zscore",
        "ZScoreNormalizationTechnique",
        "(s - mean) / deviation, over n - 1",
        "0.001 for a result of 0 or less; a score that equals the mean becomes the list's raw "
        "maximum, so that one hit of 12.5 is 12.5; no deviation: the raw minimum",
        means=("arithmetic_mean",),
        run=_mean(lambda scores, place, settings: z_score(scores)),
    ),
    Fusion(
        name="opensearch-rrf",
        engine=_ENGINE,
        source="neural-search, RRFNormalizationTechnique, RRFScoreCombinationTechnique",
        evidence="transcribed",
        formula="sum of w * round10(1 / (rank_constant + r))",
        inputs="any",
        enters="ranks",
        rank_base=1,
        rank_constant=60,
        weight_form="w * round10(1 / (rank_constant + r)), since 3.1, not divided by their sum; 1 "
        "by default",
        weight_rule=_WEIGHT_RULE,
        missing="0",
        combination="sum, in the order of the lists",
        term_dtype="decimal, then float32",
        sum_dtype="float32",
        dtype="float32",
        rounding="1 / (rank_constant + r) to ten decimals, half up",
        tie_order=_TIES,
        window=_WINDOW,
        window_rule=lambda k: k,
        text_scores="opensearch",
        weights=_WEIGHTS,
        parameters=(rank_constant(60, 1, 10_000),),
        run=_rrf,
    ),
)
