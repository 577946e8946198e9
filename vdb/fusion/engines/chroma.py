"""Chroma: the Rrf expression of its search."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vdb.errors import InvalidArgumentError
from vdb.fusion.candidates import Candidates, summed
from vdb.fusion.fusion_row import Fusion
from vdb.fusion.outcome import Outcome
from vdb.fusion.ranked_list import RankedList
from vdb.fusion.settings import Settings, WeightRule, flag, rank_constant, real
from vdb.fusion.tie_orders import by_id

__all__ = ["FUSIONS"]


def _rrf(lists: list[RankedList], settings: Settings) -> Outcome:
    candidates = Candidates(lists)
    ranks = (candidates.ranks - 1).astype(np.float32)
    default = settings["default"]
    everywhere = np.asarray(candidates.present.all(axis=0))
    if default is not None:
        ranks = np.where(candidates.present, ranks, np.float32(default))
        everywhere = np.ones_like(everywhere)
    weights = _weights(settings, len(lists))[:, None]
    shares = -(weights / (np.float32(settings["rank_constant"]) + ranks))
    scores = summed(shares)
    order = by_id(scores, candidates, True)
    return Outcome(
        candidates,
        candidates.ranks - candidates.present,
        scores,
        shares,
        None,
        order[everywhere[order]],
    )


def _weights(settings: Settings, lists: int) -> NDArray[np.float32]:
    weights = settings.weights_or(1.0, lists)
    if settings["normalize"]:
        total = sum(weights)
        if total == 0:
            raise InvalidArgumentError(
                "weights must not sum to 0 where normalize is set",
                expected="a sum above 0",
                received=total,
            )
        weights = [weight / total for weight in weights]
    return np.array(weights, np.float32)


FUSIONS = (
    Fusion(
        name="chroma",
        engine="Chroma 1.5.x, server",
        source="chromadb/execution/expression/operator.py, worker rank.rs",
        evidence="transcribed",
        formula="-(sum of w / (rank_constant + r))",
        inputs="any",
        enters="ranks",
        rank_base=0,
        rank_constant=60,
        weight_form="w / (rank_constant + r); 1 by default; `normalize` makes them sum to 1",
        weight_rule="at least 0",
        missing="the hit is dropped, unless default= says which rank it has",
        combination="sum, in the order of the lists, negated",
        term_dtype="float32",
        sum_dtype="float32",
        dtype="float32",
        direction="lower",
        tie_order="not documented; here by id",
        window="limit of each Knn",
        weights=WeightRule(low=0),
        parameters=(
            rank_constant(60, 1, called="k"),
            flag("normalize", False, "whether the weights are divided by their sum"),
            real("default", None, "the rank of a hit that a list lacks; None drops it"),
        ),
        run=_rrf,
    ),
)
