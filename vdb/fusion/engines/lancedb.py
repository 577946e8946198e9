"""LanceDB: RRFReranker, LinearCombinationReranker and MRRReranker of hybrid queries."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vdb.errors import InvalidArgumentError
from vdb.fusion.candidates import Candidates, summed
from vdb.fusion.fusion_row import Fusion
from vdb.fusion.outcome import Outcome
from vdb.fusion.ranked_list import RankedList
from vdb.fusion.settings import Settings, WeightRule, rank_constant, real, word
from vdb.fusion.tie_orders import by_first_seen
from vdb.model.records import Direction

__all__ = ["FUSIONS"]

Numbers = NDArray[np.float32]

_VECTORS_FIRST = (1, 0)
_REAL = float("inf")


def _outcome(
    candidates: Candidates,
    shares: NDArray[Any],
    ranks: NDArray[np.int64],
    normalized: NDArray[Any] | None = None,
) -> Outcome:
    # Vectors are added first.
    scores = summed(shares[::-1]).astype(np.float32)
    order = by_first_seen(scores, candidates, False)
    return Outcome(candidates, ranks, scores, shares, normalized, order)


def _rrf(base: int, dtype: Any) -> Callable[[list[RankedList], Settings], Outcome]:
    def run(lists: list[RankedList], settings: Settings) -> Outcome:
        candidates = Candidates(lists, seen=_VECTORS_FIRST)
        ranks = candidates.ranks + (base - 1) * candidates.present
        terms = dtype(1) / (ranks.astype(dtype) + dtype(settings["rank_constant"]))
        return _outcome(candidates, np.where(candidates.present, terms, dtype(0)), ranks)

    return run


def _mrr(lists: list[RankedList], settings: Settings) -> Outcome:
    candidates = Candidates(lists, seen=_VECTORS_FIRST)
    weights = np.array(settings.weights_or(0.5, 2))[:, None]
    shares = np.where(candidates.present, weights * (1.0 / candidates.ranks), 0.0)
    return _outcome(candidates, shares, candidates.ranks)


def _linear(lists: list[RankedList], settings: Settings) -> Outcome:
    candidates = Candidates(lists, seen=_VECTORS_FIRST)
    ranked = settings["normalize"] == "rank"
    words, distances = (_min_max(_ranks(each) if ranked else _raw(each)) for each in lists)
    vectors = 1 - distances.astype(np.float64)
    columns = [words.astype(np.float64), vectors]
    if not (len(words) and len(vectors)):
        return _only_list(candidates, columns)
    low, high = _weights(settings)
    missing = 1 - settings["fill"]
    filled = candidates.spread(columns, missing, np.float64)
    shares = np.array([[low], [high]]) * filled
    normalized = candidates.spread(columns, np.nan, np.float64)
    return _outcome(candidates, shares, candidates.ranks, normalized)


def _only_list(candidates: Candidates, columns: list[NDArray[np.float64]]) -> Outcome:
    """Of one list alone the normalized scores come back, unweighted, in its order."""
    shares = candidates.spread(columns, 0, np.float64)
    scores = summed(shares).astype(np.float32)
    return Outcome(
        candidates,
        candidates.ranks,
        scores,
        shares,
        candidates.spread(columns, np.nan, np.float64),
        np.arange(len(scores)),
    )


def _weights(settings: Settings) -> tuple[float, float]:
    if settings.weights is None:
        return 1 - settings["weight"], settings["weight"]
    if "weight" in settings.chosen:
        raise InvalidArgumentError(
            "weight must not be given with weights: it is the second of them",
            expected="one of them",
            received=("weight", "weights"),
        )
    return settings.weights[0], settings.weights[1]


def _raw(each: RankedList) -> Numbers:
    return each.scores.astype(np.float32)


def _ranks(each: RankedList) -> Numbers:
    """The place of each score among them, the lowest first, from 1 on."""
    out = np.empty(len(each), np.float32)
    out[np.argsort(_raw(each), kind="stable")] = np.arange(1, len(each) + 1)
    return out


def _min_max(numbers: Numbers) -> Numbers:
    if not len(numbers):
        return numbers
    low, high = numbers.min(), numbers.max()
    if high == low:
        return np.zeros_like(numbers)
    return np.asarray((numbers - low) / (high - low), np.float32)


def _direction(place: int, settings: Settings) -> Direction:
    return "lower" if place == 1 else "higher"


def _row(**facts: Any) -> Fusion:
    return Fusion(
        inputs="words, vectors",
        combination="sum, vectors first",
        dtype="float32",
        rounding="the sum to float32",
        tie_order="Arrow's stable sort: vectors first, then words, each in their order",
        window="limit of each list",
        window_rule=lambda k: k,
        **facts,
    )


_PYTHON = "LanceDB 0.40.0, Python"

FUSIONS = (
    _row(
        name="lancedb-rrf",
        engine=_PYTHON,
        source="lancedb/rerankers/rrf.py",
        evidence="measured",
        formula="sum of 1 / (r + rank_constant)",
        enters="ranks",
        rank_base=1,
        rank_constant=60,
        weight_form="",
        missing="0",
        term_dtype="float64",
        sum_dtype="float64",
        parameters=(rank_constant(60, 1, called="K"),),
        run=_rrf(1, np.float64),
        note="The default of hybrid queries",
    ),
    _row(
        name="lancedb-rust-rrf",
        engine="LanceDB 0.40.0, Rust and Node",
        source="rust/lancedb/src/rerankers/rrf.rs",
        evidence="transcribed",
        formula="sum of 1 / (r + rank_constant)",
        enters="ranks",
        rank_base=0,
        rank_constant=60,
        weight_form="",
        missing="0",
        term_dtype="float32",
        sum_dtype="float32",
        parameters=(rank_constant(60, 0, _REAL, whole=False, called="k"),),
        run=_rrf(0, np.float32),
        note="Ranks are from 0 here, from 1 in Python",
    ),
    _row(
        name="lancedb-linear",
        engine=_PYTHON,
        source="lancedb/rerankers/linear_combination.py, lancedb/query.py",
        evidence="measured",
        formula="w * (1 - norm(d)) + (1 - w) * norm(s)",
        enters="scores",
        vector_scores="lancedb",
        weight_form="w * (1 - norm(d)) + (1 - w) * norm(s); weight is 0.7",
        weight_rule="0 to 1, of sum 1 within 1e-6",
        normalizer="(s - min) / (max - min) of the list, in float32, of distances and of scores",
        edges="0 for one hit or equal ones: as if missing for words, 1 for vectors. One list "
        "empty: the other's normalised scores come back unweighted, in its order. Under rank, "
        "equal scores have the ranks of numpy's sort, which is arbitrary; here those of the list",
        missing="1 - fill, with its weight",
        term_dtype="float64",
        sum_dtype="float64",
        weights=WeightRule(low=0, high=1, total=1, slack=1e-6),
        parameters=(
            real("weight", 0.7, "the weight of the vectors, 0 to 1", 0, 1),
            real("fill", 1.0, "a missing hit counts as 1 - fill"),
            word(
                "normalize",
                "score",
                "score, or rank: ranks from the lowest score on stand for the scores",
                ("score", "rank"),
            ),
        ),
        list_direction=_direction,
        run=_linear,
        note="Vectors enter as distances. Before May 2026 the best came last",
    ),
    _row(
        name="lancedb-mrr",
        engine=_PYTHON,
        source="lancedb/rerankers/mrr.py",
        evidence="measured",
        formula="sum of w / r",
        enters="ranks",
        rank_base=1,
        rank_constant=0,
        weight_form="w * (1 / r); 0.5 each by default",
        weight_rule="0 to 1, of sum 1 within 1e-6",
        missing="0",
        term_dtype="float64",
        sum_dtype="float64",
        weights=WeightRule(low=0, high=1, total=1, slack=1e-6),
        run=_mrr,
    ),
)
