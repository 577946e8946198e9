"""Azure AI Search: hybrid queries."""

from __future__ import annotations

import numpy as np

from vdb.fusion.candidates import Candidates
from vdb.fusion.fusion_row import Fusion
from vdb.fusion.outcome import Outcome, summed_outcome
from vdb.fusion.ranked_list import RankedList
from vdb.fusion.settings import Settings, WeightRule

__all__ = ["FUSIONS"]


def _rrf(lists: list[RankedList], settings: Settings) -> Outcome:
    candidates = Candidates(lists)
    ranks = candidates.ranks - candidates.present
    weights = np.array(settings.weights_or(1.0, len(lists)), np.float32)[:, None]
    terms = weights / (np.float32(60) + ranks.astype(np.float32))
    return summed_outcome(
        candidates, np.where(candidates.present, terms, np.float32(0)), ranks=ranks
    )


FUSIONS = (
    Fusion(
        name="azure",
        engine="Azure AI Search, API 2024-07-01 and later",
        source="@search.score in published responses: 0.01666666753590107, 0.03306011110544205",
        evidence="published",
        formula="sum of w / (60 + r)",
        inputs="any",
        enters="ranks",
        rank_base=0,
        rank_constant=60,
        weight_form="w / (60 + r); 1 by default",
        weight_rule="at least 0",
        missing="0",
        combination="sum, in the order of the lists",
        term_dtype="float32",
        sum_dtype="float32",
        dtype="float32",
        tie_order="not documented; here by id",
        window="k of each vector query, maxTextRecallSize of the text",
        text_scores="azure",
        weights=WeightRule(low=0),
        run=_rrf,
        note="The rank base is inferred from the numbers; how weights round is not known",
    ),
)
