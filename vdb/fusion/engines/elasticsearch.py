"""Elasticsearch: the rrf and the linear retriever."""

from __future__ import annotations

from typing import Any

import numpy as np

from vdb.fusion.candidates import Candidates
from vdb.fusion.fusion_row import Fusion
from vdb.fusion.normalizers.elasticsearch import NORMALIZERS
from vdb.fusion.outcome import Outcome, summed_outcome
from vdb.fusion.ranked_list import ListReading, RankedList
from vdb.fusion.settings import (
    Parameter,
    Settings,
    WeightRule,
    rank_constant,
    read_words,
    require_one_each,
)
from vdb.model import arguments

__all__ = ["FUSIONS"]

_ENGINE = "Elasticsearch 9.x (main, mid 2026)"
_TIES = "score, shard, smaller Lucene document number; here by id"
_WINDOW = "rank_window_size: 10, or size"
_NAMES = tuple(NORMALIZERS)


def _rrf(lists: list[RankedList], settings: Settings) -> Outcome:
    candidates = Candidates(lists)
    weights = np.array(settings.weights_or(1.0, len(lists)), np.float32)[:, None]
    places = np.float32(settings["rank_constant"]) + candidates.ranks.astype(np.float32)
    shares = np.where(candidates.present, weights * (np.float32(1) / places), np.float32(0))
    return summed_outcome(candidates, shares)


def _linear(lists: list[RankedList], settings: Settings) -> Outcome:
    candidates = Candidates(lists)
    names = settings["normalizer"]
    names = [names] * len(lists) if isinstance(names, str) else names
    require_one_each("normalizer", names, len(lists))
    columns = [
        NORMALIZERS[name](each.scores.astype(np.float32))
        for name, each in zip(names, lists, strict=True)
    ]
    weights = settings.weights_or(1.0, len(lists))
    # NaN counts as 0.
    parts = [
        np.float32(weight) * np.where(np.isnan(column), np.float32(0), column)
        for weight, column in zip(weights, columns, strict=True)
    ]
    return summed_outcome(
        candidates,
        candidates.spread(parts, 0, np.float32),
        normalized=candidates.spread(columns, np.nan, np.float32),
    )


def _read_normalizer(name: str, value: Any) -> Any:
    if isinstance(value, str):
        return arguments.choice(name, value, _NAMES)
    return read_words(name, value, _NAMES)


FUSIONS = (
    Fusion(
        name="elasticsearch-rrf",
        engine=_ENGINE,
        source="x-pack/plugin/rank-rrf, RRFRetrieverBuilder.combineInnerRetrieverResults",
        evidence="transcribed",
        formula="sum of w * (1 / (rank_constant + r))",
        inputs="any",
        enters="ranks",
        rank_base=1,
        rank_constant=60,
        weight_form="w * (1 / (rank_constant + r)), since 9.2; 1 by default",
        weight_rule="at least 0",
        missing="0",
        combination="sum, in the order of the lists",
        term_dtype="float32",
        sum_dtype="float32",
        dtype="float32",
        tie_order=_TIES,
        window=_WINDOW,
        window_covers=True,
        window_rule=lambda k: max(10, k),
        text_scores="elasticsearch",
        parameters=(rank_constant(60, 1),),
        weights=WeightRule(low=0),
        run=_rrf,
        note="k above the window is refused, and no more than the window come back",
    ),
    Fusion(
        name="elasticsearch-linear",
        engine=_ENGINE,
        source="x-pack/plugin/rank-rrf, LinearRetrieverBuilder, MinMaxScoreNormalizer, "
        "L2ScoreNormalizer",
        evidence="transcribed",
        formula="sum of w * norm(s)",
        inputs="any",
        enters="scores",
        vector_scores="elasticsearch",
        weight_form="w * norm(s); 1 by default",
        weight_rule="at least 0",
        normalizer="none (the default); minmax: (s - min) / (max - min); l2_norm: s / sqrt(sum of "
        "s^2), the squares in float32, their sum and root in float64",
        edges="minmax: 1 for all that are closer than 1e-6 (before June 2025 the smallest raw "
        "score); its maximum is at least 1.4e-45, so that negative scores are scaled against 0. "
        "l2_norm: unchanged where the root is below 1e-6. NaN counts as 0",
        missing="0",
        combination="sum, in the order of the lists",
        term_dtype="float32",
        sum_dtype="float32",
        dtype="float32",
        tie_order=_TIES,
        window=_WINDOW,
        window_covers=True,
        window_rule=lambda k: max(10, k),
        text_scores="elasticsearch",
        parameters=(
            Parameter(
                "normalizer",
                "none",
                "none, minmax or l2_norm, for all lists, or one for each",
                "",
                _read_normalizer,
            ),
        ),
        weights=WeightRule(low=0),
        reading=ListReading(nan="zero"),
        run=_linear,
        note="k above the window is refused, and no more than the window come back",
    ),
)
