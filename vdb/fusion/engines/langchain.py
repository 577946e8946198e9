"""LangChain: EnsembleRetriever."""

from __future__ import annotations

import numpy as np

from vdb.fusion.candidates import Candidates
from vdb.fusion.fusion_row import Fusion
from vdb.fusion.outcome import Outcome, summed_outcome
from vdb.fusion.ranked_list import RankedList
from vdb.fusion.settings import Settings, WeightRule, rank_constant
from vdb.fusion.tie_orders import by_first_seen

__all__ = ["FUSIONS"]


def _ensemble(lists: list[RankedList], settings: Settings) -> Outcome:
    candidates = Candidates(lists)
    weights = np.array(settings.weights_or(1 / len(lists), len(lists)))[:, None]
    terms = weights / (candidates.ranks + settings["rank_constant"])
    shares = np.where(candidates.present, terms, 0.0)
    return summed_outcome(candidates, shares, ties=by_first_seen)


FUSIONS = (
    Fusion(
        name="langchain",
        engine="LangChain 1.0.8",
        source="langchain_classic/retrievers/ensemble.py, weighted_reciprocal_rank",
        evidence="measured",
        formula="sum of w / (r + rank_constant)",
        inputs="any",
        enters="ranks",
        rank_base=1,
        rank_constant=60,
        weight_form="w / (r + rank_constant); 1 / n each by default",
        weight_rule="none",
        missing="0",
        combination="sum, in the order of the lists",
        term_dtype="float64",
        sum_dtype="float64",
        dtype="float64",
        tie_order="first seen",
        window="what each retriever returned",
        text_scores="rank-bm25-okapi",
        parameters=(rank_constant(60, 0, called="c"),),
        weights=WeightRule(),
        run=_ensemble,
        note="The retriever orders by this number and does not return it. Documents are the same "
        "where their text is",
    ),
)
