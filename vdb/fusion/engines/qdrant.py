"""Qdrant: reciprocal rank fusion and distribution-based score fusion, server and client."""

from __future__ import annotations

from typing import Any

import numpy as np

from vdb.fusion.candidates import Candidates
from vdb.fusion.fusion_row import Fusion
from vdb.fusion.normalizers.distribution import over_n_less_one, welford
from vdb.fusion.outcome import Outcome, summed_outcome
from vdb.fusion.ranked_list import RankedList
from vdb.fusion.settings import Settings, WeightRule, rank_constant
from vdb.fusion.tie_orders import by_first_seen

__all__ = ["FUSIONS"]


def _rrf(lists: list[RankedList], settings: Settings) -> Outcome:
    candidates = Candidates(lists)
    one = np.float32(1)
    weights = np.array(settings.weights_or(1.0, len(lists)), np.float32)[:, None]
    constant = np.float32(settings["rank_constant"])
    terms = one / (candidates.ranks.astype(np.float32) / weights + constant - one)
    shares = np.where(candidates.present & (weights > 0), terms, np.float32(0))
    return summed_outcome(candidates, shares, ranks=candidates.ranks - candidates.present)


def _dbsf(lists: list[RankedList], settings: Settings) -> Outcome:
    candidates = Candidates(lists)
    columns: list[Any] = [
        welford(each.scores.astype(np.float32)) if len(each) else [] for each in lists
    ]
    return summed_outcome(
        candidates,
        candidates.spread(columns, 0, np.float32),
        normalized=candidates.spread(columns, np.nan, np.float32),
    )


def _local_rrf(lists: list[RankedList], settings: Settings) -> Outcome:
    candidates = Candidates(lists)
    weights = np.array(settings.weights_or(1.0, len(lists)))[:, None]
    terms = 1 / (candidates.ranks / weights + settings["rank_constant"] - 1.0)
    shares = np.where(candidates.present & (weights > 0), terms, 0.0)
    return summed_outcome(
        candidates, shares, ranks=candidates.ranks - candidates.present, ties=by_first_seen
    )


def _local_dbsf(lists: list[RankedList], settings: Settings) -> Outcome:
    candidates = Candidates(lists)
    columns: list[Any] = [
        over_n_less_one(each.scores.tolist()) if len(each) else [] for each in lists
    ]
    return summed_outcome(
        candidates,
        candidates.spread(columns, 0, np.float64),
        normalized=candidates.spread(columns, np.nan, np.float64),
        ties=by_first_seen,
    )


def _row(name: str, *, local: bool, **facts: Any) -> Fusion:
    dtype = "float64" if local else "float32"
    server = "arbitrary: a hash map and an unstable sort; here by id"
    return Fusion(
        name=name,
        engine="qdrant-client 1.20.0, local mode"
        if local
        else "Qdrant (its Rust code, by edge 0.9.0)",
        evidence="measured",
        inputs="any",
        missing="0",
        combination="sum, in the order of the lists",
        term_dtype=dtype,
        sum_dtype=dtype,
        dtype=dtype,
        tie_order="first seen" if local else server,
        window="prefetch limit: 10",
        window_rule=lambda k: 10,
        **facts,
    )


def _rrf_row(name: str, *, local: bool, **facts: Any) -> Fusion:
    return _row(
        name,
        local=local,
        formula="sum of 1 / ((r + 1) / w + rank_constant - 1)",
        enters="ranks",
        rank_base=0,
        rank_constant=2,
        weight_form="1 / ((r + 1) / w + rank_constant - 1): a weight stretches the ranks; 1 by "
        "default",
        weight_rule="none; a weight of 0 or less gives 0",
        parameters=(rank_constant(2, 1, called="k"),),
        weights=WeightRule(),
        **facts,
    )


def _dbsf_row(name: str, *, local: bool, **facts: Any) -> Fusion:
    return _row(
        name,
        local=local,
        formula="sum of (s - (mean - 3 sd)) / (6 sd)",
        enters="scores",
        vector_scores="qdrant",
        weight_form="",
        edges="0.5 for one hit or equal ones; not clamped to 0..1",
        **facts,
    )


FUSIONS = (
    _rrf_row(
        "qdrant-rrf",
        local=False,
        source="lib/segment/src/common/reciprocal_rank_fusion.rs",
        run=_rrf,
    ),
    _dbsf_row(
        "qdrant-dbsf",
        local=False,
        source="lib/segment/src/common/score_fusion.rs",
        normalizer="(s - (mean - 3 sd)) / (6 sd), mean and sd (n - 1) by Welford's method",
        run=_dbsf,
    ),
    _rrf_row(
        "qdrant-local-rrf", local=True, source="qdrant_client/hybrid/fusion.py", run=_local_rrf
    ),
    _dbsf_row(
        "qdrant-local-dbsf",
        local=True,
        source="qdrant_client/hybrid/fusion.py",
        normalizer="(s - (mean - 3 sd)) / (6 sd), sd over n - 1 in two passes",
        run=_local_dbsf,
    ),
)
