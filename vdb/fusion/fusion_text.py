"""A fusion in words: the facts of its row, under names for people."""

from __future__ import annotations

from typing import Any

from vdb.fusion.fusion_row import Fusion
from vdb.fusion.settings import Parameter

__all__ = ["fusion_facts", "parameter_text"]


def fusion_facts(row: Fusion) -> dict[str, Any]:
    """All facts about a fusion; empty ones included."""
    return {
        "fusion": row.name,
        "engine": row.engine,
        "score": row.formula,
        "better": row.direction,
        "lists": row.inputs if row.inputs != "any" else _any_number(row),
        "what enters": row.enters,
        "text scores": row.text_scores,
        "vector scores": row.vector_scores,
        "of a list of distances": row.lower_enters,
        "rank of the best": row.rank_base,
        "equal scores of a list": _ties(row),
        "rank constant": row.rank_constant,
        "weight": row.weight_form or "none",
        "weights refused": row.weight_rule,
        "normalizer": row.normalizer,
        "its edges": row.edges,
        "missing in a list": row.missing,
        "combination": row.combination,
        "a part is": row.term_dtype,
        "the sum is": row.sum_dtype,
        "the score is": row.dtype,
        "rounding": row.rounding,
        "order of equal scores": row.tie_order,
        "window there": row.window,
        "window of a hybrid search for 10": row.default_window(10),
        "parameters": {one.name: parameter_text(one) for one in row.parameters},
        "evidence": row.evidence,
        "source": row.source,
        "note": row.note,
    }


def parameter_text(one: Parameter) -> str:
    """A parameter with its default and its name in the engine."""
    called = f"; {one.called} there" if one.called else ""
    return f"{one.text} (default {one.default}{called})"


def _any_number(row: Fusion) -> str:
    return "any number" if row.fewest_lists == 1 else f"{row.fewest_lists} or more"


def _ties(row: Fusion) -> str:
    if row.rank_base is None:
        return ""
    return "share a rank: 1, 1, 3" if row.ties_share_rank else "have ranks of their own"
