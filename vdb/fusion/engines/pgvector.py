"""pgvector: the recipe of its Python examples, in PostgreSQL's numeric."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Context, Decimal
from functools import cache

import numpy as np

from vdb.fusion.candidates import Candidates
from vdb.fusion.fusion_row import Fusion
from vdb.fusion.outcome import Outcome
from vdb.fusion.ranked_list import RankedList
from vdb.fusion.settings import Settings, rank_constant
from vdb.fusion.tie_orders import by_id

__all__ = ["FUSIONS"]

_CONTEXT = Context(prec=60, rounding=ROUND_HALF_UP)


@cache
def _term(divisor: int) -> Decimal:
    """1.0 / divisor as PostgreSQL divides: 16 significant digits, in groups of four."""
    groups = (len(str(divisor)) - 1) // 4
    digits = 16 + 4 * (groups + 1)
    return _CONTEXT.divide(Decimal(1), Decimal(divisor)).quantize(
        Decimal(1).scaleb(-digits), context=_CONTEXT
    )


def _rrf(lists: list[RankedList], settings: Settings) -> Outcome:
    candidates = Candidates(lists)
    ranks = candidates.shared_ranks
    constant = settings["rank_constant"]
    exact = [
        [_term(constant + rank) if rank else Decimal(0) for rank in row] for row in ranks.tolist()
    ]
    totals = [sum(column, Decimal(0)) for column in zip(*exact, strict=True)]
    scores = np.array([float(total) for total in totals], dtype=np.float64)
    shares = np.array([[float(term) for term in row] for row in exact]).reshape(ranks.shape)
    return Outcome(candidates, ranks, scores, shares, None, by_id(scores, candidates, False))


FUSIONS = (
    Fusion(
        name="pgvector",
        engine="pgvector-python, example of July 2026, in PostgreSQL 18.4",
        source="examples/hybrid_search/rrf.py",
        evidence="measured",
        formula="sum of 1.0 / (rank_constant + r)",
        inputs="any",
        enters="ranks",
        rank_base=1,
        ties_share_rank=True,
        rank_constant=60,
        weight_form="",
        missing="0",
        combination="sum",
        term_dtype="numeric of PostgreSQL",
        sum_dtype="numeric of PostgreSQL",
        dtype="float64",
        rounding="each term to 20 decimals; the sum, which PostgreSQL keeps as numeric, to "
        "float64 here",
        tie_order="not set; here by id",
        window="LIMIT 20 of each list",
        window_rule=lambda k: 20,
        parameters=(rank_constant(60, 0, called="k"),),
        run=_rrf,
        note="RANK(): equal scores share a rank, 1, 1, 3",
    ),
)
