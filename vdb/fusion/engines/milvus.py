"""Milvus: RRFRanker and WeightedRanker, of the server and of Milvus Lite."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vdb.fusion.candidates import Candidates, summed
from vdb.fusion.fusion_row import Fusion
from vdb.fusion.outcome import Outcome
from vdb.fusion.ranked_list import RankedList
from vdb.fusion.settings import (
    Parameter,
    Settings,
    WeightRule,
    flag,
    rank_constant,
    read_words,
    require_one_each,
)
from vdb.fusion.tie_orders import by_id
from vdb.model.records import Direction

__all__ = ["FUSIONS"]

_METRICS = ("IP", "COSINE", "BM25", "L2")

Numbers = NDArray[Any]


def _normalized(scores: NDArray[np.float32], metric: str, dtype: Any) -> Numbers:
    """Scores of a metric from 0 to 1, shape (n,), in steps of the dtype."""
    raw = scores.astype(dtype)
    if metric == "COSINE":
        return np.asarray((dtype(1) + raw) * dtype(0.5))
    # The angle is float64, rounded to the dtype.
    angles = np.array([math.atan(score) for score in scores.tolist()], dtype)
    if metric == "IP":
        return np.asarray(dtype(0.5) + angles / dtype(math.pi))
    part = dtype(2) * angles / dtype(math.pi)
    return np.asarray(part if metric == "BM25" else dtype(1) - part)


def _rrf(dtype: Any) -> Callable[[list[RankedList], Settings], Outcome]:
    def run(lists: list[RankedList], settings: Settings) -> Outcome:
        candidates = Candidates(lists)
        # In float32 the server adds the constant to a float32 rank.
        places = dtype(settings["rank_constant"]) + candidates.ranks.astype(dtype)
        shares = np.where(candidates.present, dtype(1) / places, dtype(0))
        scores = summed(shares)
        return Outcome(
            candidates,
            candidates.ranks,
            scores.astype(np.float32),
            shares,
            None,
            by_id(scores, candidates, False),
        )

    return run


def _weighted(dtype: Any) -> Callable[[list[RankedList], Settings], Outcome]:
    def run(lists: list[RankedList], settings: Settings) -> Outcome:
        candidates = Candidates(lists)
        metrics = _metrics(len(lists), settings)
        lower = [metric == "L2" for metric in metrics]
        mixed = any(lower) and not all(lower)
        columns = []
        for each, metric in zip(lists, metrics, strict=True):
            raw = each.scores.astype(np.float32)
            if settings["norm_score"] or (mixed and metric == "L2"):
                columns.append(_normalized(raw, metric, dtype))
            else:
                columns.append(raw.astype(dtype))
        weights = np.array(settings.weights, dtype)
        parts = [weight * column for weight, column in zip(weights, columns, strict=True)]
        shares = candidates.spread(parts, 0, dtype)
        scores = summed(shares)
        ascending = all(lower) and not settings["norm_score"]
        return Outcome(
            candidates,
            candidates.ranks,
            scores.astype(np.float32),
            shares,
            candidates.spread(columns, np.nan, dtype),
            by_id(scores, candidates, ascending),
        )

    return run


def _metrics(lists: int, settings: Settings) -> tuple[str, ...]:
    metrics: tuple[str, ...] | None = settings["metrics"]
    if metrics is None:
        return ("IP",) * lists
    require_one_each("metrics", metrics, lists)
    return metrics


def _direction(place: int, settings: Settings) -> Direction:
    metrics: tuple[str, ...] | None = settings["metrics"]
    lower = metrics is not None and place < len(metrics) and metrics[place] == "L2"
    return "lower" if lower else "higher"


def _of_metric(metric: str, lists: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    own = {"cosine": "COSINE", "ip": "IP", "dot": "IP"}.get(metric, "L2")
    return {"metrics": tuple("BM25" if one == "text" else own for one in lists)}


def _read_metrics(name: str, value: Any) -> tuple[str, ...] | None:
    return None if value is None else read_words(name, value, _METRICS)


def _rrf_row(name: str, engine: str, source: str, evidence: Any, dtype: Any) -> Fusion:
    kind = np.dtype(dtype).name
    return Fusion(
        name=name,
        engine=engine,
        source=source,
        evidence=evidence,
        formula="sum of 1 / (rank_constant + r)",
        inputs="any",
        enters="ranks",
        rank_base=1,
        rank_constant=60,
        weight_form="",
        missing="0",
        combination="sum, in the order of the lists",
        term_dtype=kind,
        sum_dtype=kind,
        dtype="float32",
        tie_order="by id",
        window="limit of each request",
        parameters=(rank_constant(60, 0, 16384, whole=False, called="k"),),
        run=_rrf(dtype),
    )


def _weighted_row(name: str, engine: str, source: str, evidence: Any, dtype: Any) -> Fusion:
    kind = np.dtype(dtype).name
    return Fusion(
        name=name,
        engine=engine,
        source=source,
        evidence=evidence,
        formula="sum of w * norm(s)",
        inputs="any",
        enters="scores",
        vector_scores="milvus",
        weight_form="w * norm(s); no default",
        weight_rule="0 to 1, of any sum",
        normalizer="norm_score: IP 0.5 + atan(s) / pi; COSINE (1 + s) / 2; BM25 2 atan(s) / pi; L2 "
        "and others 1 - 2 atan(s) / pi. Without: the raw scores, but those of L2 as with it where "
        "other metrics are among the lists",
        edges="each score by itself, so that one hit or equal ones are nothing special",
        missing="0",
        combination="sum, in the order of the lists",
        term_dtype=kind,
        sum_dtype=kind,
        dtype="float32",
        tie_order="by id",
        window="limit of each request",
        weights=WeightRule(low=0, high=1, needed=True),
        parameters=(
            flag(
                "norm_score",
                True,
                "whether scores are normalised; the server's own default is "
                "False, pymilvus sends True",
            ),
            Parameter(
                "metrics",
                None,
                "the metric of each list: IP (the default), COSINE, BM25 or L2, whose scores are "
                "distances",
                "",
                _read_metrics,
            ),
        ),
        list_direction=_direction,
        metric_parameters=_of_metric,
        run=_weighted(dtype),
        note="Without norm_score, where all lists are of L2, the lowest comes first",
    )


_SERVER = "Milvus (main, 2026)"
_LITE = "Milvus Lite 3.2.2 (pymilvus 3.0.2)"

FUSIONS = (
    _rrf_row(
        "milvus-rrf",
        _SERVER,
        "internal/util/function/rerank/rrf_function.go, util.go",
        "transcribed",
        np.float32,
    ),
    _weighted_row(
        "milvus-weighted",
        _SERVER,
        "internal/util/function/rerank/weighted_function.go, util.go",
        "transcribed",
        np.float32,
    ),
    _rrf_row(
        "milvus-lite-rrf", _LITE, "milvus_lite/function/ops/merge_op.py", "measured", np.float64
    ),
    _weighted_row(
        "milvus-lite-weighted",
        _LITE,
        "milvus_lite/function/ops/merge_op.py",
        "measured",
        np.float64,
    ),
)
