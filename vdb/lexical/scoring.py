"""Scores of documents by a convention: the reference of what the kernel computes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vdb.lexical.arithmetic import Arithmetic, Constants, Numbers
from vdb.lexical.clause_counts import ClauseCounts
from vdb.lexical.query_text import Clause, Phrase, Prefix

__all__ = ["ScoredClauses", "scored", "unrepeated"]


@dataclass(frozen=True, slots=True)
class ScoredClauses:
    """The scores of documents, and what they are made of.

    Attributes:
        counts: The clauses with their counts; repeated ones once, where the engine boosts.
        times: How often each clause stands in the query.
        idfs: The weight of each clause.
        weights: The same with what the engine multiplies by.
        tf_parts: (clauses, documents) what tf and length make.
        shares: (clauses, documents) the shares in the scores, as they are added up.
        bases: (clauses,) what is added behind them for every document, where the engine does so.
        scores: (documents,) the sums; NaN-free. Documents with none of the clauses have theirs too.
        matches: Whether a document has one of the clauses at least.
    """

    counts: ClauseCounts
    times: tuple[int, ...]
    idfs: tuple[Any, ...]
    weights: tuple[Any, ...]
    tf_parts: Numbers
    shares: Numbers
    bases: Numbers
    scores: Numbers
    matches: NDArray[np.bool_]


def unrepeated(counts: ClauseCounts, *, boosts: bool) -> tuple[ClauseCounts, tuple[int, ...]]:
    """The clauses, each once with its number where the engine boosts, else as they are."""
    if not boosts:
        return counts, (1,) * len(counts.clauses)
    places: dict[Clause, int] = {}
    times: dict[Clause, int] = {}
    for place, clause in enumerate(counts.clauses):
        places.setdefault(clause, place)
        times[clause] = times.get(clause, 0) + 1
    chosen = list(places.values())
    return replace(
        counts,
        clauses=tuple(places),
        tf=counts.tf[chosen],
        df=tuple(counts.df[place] for place in chosen),
        dfs=tuple(counts.dfs[place] for place in chosen),
    ), tuple(times.values())


def scored(
    arithmetic: Arithmetic, counts: ClauseCounts, lengths: Any, constants: Constants
) -> ScoredClauses:
    """The scores of documents with these counts and lengths.

    Args:
        arithmetic: The engine's.
        counts: The clauses, and how often each document has them.
        lengths: (documents,) dl.
        constants: N, the sum of dl, k1, b and what else the formula has.
    """
    counts, times = unrepeated(counts, boosts=arithmetic.boosts)
    present = counts.tf > 0
    shape = counts.tf.shape
    idfs: list[Any] = []
    weights: list[Any] = []
    shares = np.zeros(shape, arithmetic.dtype)
    parts = np.zeros(shape, np.float64)
    absent = np.zeros(shape[0], arithmetic.dtype)
    for row, clause in enumerate(counts.clauses):
        constant = isinstance(clause, Prefix) and arithmetic.prefix == "constant"
        known = counts.df[row] > 0
        idf = _idf(arithmetic, clause, counts, row, constants) if known else arithmetic.dtype(0)
        weight = arithmetic.weight(idf, constants, times[row])
        where = present[row]
        if constant:
            idf = arithmetic.dtype(1)
            weight = arithmetic.dtype(times[row] if arithmetic.boosts else 1)
            shares[row, where] = weight
            parts[row, where] = 1
        elif where.any():
            tf = counts.tf[row, where]
            norm = arithmetic.norm(np.asarray(lengths)[where], constants)
            shares[row, where] = arithmetic.share(weight, tf, norm, constants)
            parts[row, where] = arithmetic.tf_part(tf, norm, constants)
        if known and not constant:
            absent[row] = arithmetic.absent(weight, constants)
        idfs.append(idf)
        weights.append(weight)
    scores = arithmetic.total(shares, present, absent)
    return ScoredClauses(
        counts,
        times,
        tuple(idfs),
        tuple(weights),
        parts,
        arithmetic.sign
        * (shares if arithmetic.base else np.where(present, shares, absent[:, None])),
        absent if arithmetic.base else np.zeros_like(absent),
        scores,
        np.asarray(present.any(axis=0)),
    )


def _idf(
    arithmetic: Arithmetic, clause: Clause, counts: ClauseCounts, row: int, constants: Constants
) -> Any:
    if isinstance(clause, Phrase) and arithmetic.phrase == "sum":
        return arithmetic.idf_of_phrase([arithmetic.idf(df, constants) for df in counts.dfs[row]])
    return arithmetic.idf(counts.df[row], constants)
