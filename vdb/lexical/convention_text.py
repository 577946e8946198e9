"""A lexical convention in words: the facts of its row, under names for people."""

from __future__ import annotations

from typing import Any

from vdb.lexical.lexical_convention import LexicalConvention

__all__ = ["lexical_facts"]


def lexical_facts(row: LexicalConvention) -> dict[str, Any]:
    """All facts about a convention; empty ones included."""
    return {
        "convention": row.name,
        "engine": row.engine,
        "score": "sum of idf x tf part",
        "better": row.direction,
        "idf": row.idf,
        "tf part": row.tf_part,
        "k1": row.k1,
        "b": row.b,
        "delta": row.delta,
        "may be set": ", ".join(row.settable) or "none",
        "length": row.lengths,
        "statistics": row.statistics,
        "computed in": row.precision,
        "added up in": row.order,
        "the score is": row.dtype,
        "a repeated word counts": row.repeated,
        "a word that is not there": row.absent,
        "a phrase counts as": row.phrases,
        "a beginning counts": row.prefixes,
        "threshold": row.threshold,
        "evidence": row.evidence,
        "source": row.source,
        "note": row.note,
    }
