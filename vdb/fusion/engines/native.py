"""vdb's own fusion: reciprocal ranks that depend on nothing arbitrary."""

from __future__ import annotations

import math

import numpy as np

from vdb.fusion.candidates import Candidates
from vdb.fusion.fusion_row import Fusion
from vdb.fusion.outcome import Outcome
from vdb.fusion.ranked_list import RankedList
from vdb.fusion.settings import Settings, WeightRule, rank_constant
from vdb.fusion.tie_orders import by_id
from vdb.model.version import __version__

__all__ = ["FUSIONS"]


def _native(lists: list[RankedList], settings: Settings) -> Outcome:
    candidates = Candidates(lists)
    ranks = candidates.shared_ranks
    weights = np.array(settings.weights_or(1.0, len(lists)))[:, None]
    shares = np.where(candidates.present, weights / (float(settings["rank_constant"]) + ranks), 0.0)
    # Rounded once, so that the order of the lists does not show; two numbers are in any case.
    if len(lists) <= 2:
        scores = shares.sum(axis=0)
    else:
        scores = np.array([math.fsum(column) for column in shares.T.tolist()], dtype=np.float64)
    return Outcome(candidates, ranks, scores, shares, None, by_id(scores, candidates, False))


FUSIONS = (
    Fusion(
        name="native",
        engine=f"vdb {__version__}",
        source="Cormack, Clarke and Büttcher, SIGIR 2009; vdb/fusion/engines/native.py",
        evidence="own",
        formula="sum of w / (rank_constant + r)",
        inputs="any",
        enters="ranks",
        rank_base=1,
        ties_share_rank=True,
        rank_constant=60,
        weight_form="w / (rank_constant + r); 1 by default",
        weight_rule="at least 0",
        missing="0",
        combination="sum, rounded once",
        term_dtype="float64",
        sum_dtype="exact",
        dtype="float64",
        tie_order="by id: ints by number, strs by their UTF-8 bytes",
        window="all",
        parameters=(rank_constant(60, 0, math.inf, whole=False),),
        weights=WeightRule(low=0),
        run=_native,
        note="The order of the lists, the order of equal scores within one, and the convention of "
        "the scores change nothing",
    ),
)
