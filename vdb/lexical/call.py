"""The public functions: scoring lists of words, and looking a convention up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vdb.lexical.arithmetic import Constants
from vdb.lexical.clause_counts import (
    ClauseCounts,
    Documents,
    QueryClauses,
    checked_documents,
    clauses_of,
    counted,
)
from vdb.lexical.constants import constants_of, mean_idf_share
from vdb.lexical.explanation import TextExplanation, explained
from vdb.lexical.lexical_convention import LexicalConvention
from vdb.lexical.registry import CONVENTIONS, convention_named
from vdb.lexical.scoring import scored
from vdb.model import arguments

__all__ = ["conventions", "describe", "explain", "score"]


def conventions() -> list[LexicalConvention]:
    """Every lexical convention, in alphabetical order, "native" first.

    Example:
        [row.name for row in vdb.lexical.conventions() if row.dtype == "float32"]
    """
    return list(CONVENTIONS.values())


def describe(scores: str) -> LexicalConvention:
    """The row of one lexical convention.

    Args:
        scores: Its name; "bm25s" and "rank-bm25" alone are the defaults of these libraries.

    Raises:
        ArgumentTypeError: The name is not a str.
        InvalidArgumentError: There is no such convention; the message suggests one.

    Example:
        vdb.lexical.describe("elasticsearch").k1
    """
    return convention_named(scores)


def score(
    query: QueryClauses,
    documents: Documents,
    scores: str = "native",
    *,
    k1: float | None = None,
    b: float | None = None,
    delta: float | None = None,
) -> NDArray[Any]:
    """The score of each document for a query, as an engine computes it over exactly these.

    The reference of what a search returns: plain numpy, one step after the other, in the engine's
    precision.

    Args:
        query: Terms, or clauses of `parse_query`; a repeated term counts as the engine counts it.
        documents: Each document's terms in order; None leaves a gap.
        scores: The convention.
        k1: How slowly tf saturates, 0 or more; None for the engine's.
        b: How much the length matters, 0 to 1; None for the engine's.
        delta: Of BM25L and BM25+, 0 or more; None for the engine's.

    Returns:
        The scores, shape (documents,), float32 or float64 as the convention says; also those of
        documents that have none of the terms, which no search returns.

    Raises:
        ArgumentTypeError: An argument of another type.
        InvalidArgumentError: An unknown convention, or a constant outside its range or not
            settable.

    Example:
        vdb.lexical.score(["fox"], [["quick", "fox"], ["dog"]], "fts5")
    """
    row = convention_named(scores)
    counts, lengths, constants = _counted(row, query, documents, {"k1": k1, "b": b, "delta": delta})
    return np.asarray(scored(row.arithmetic, counts, lengths, constants).scores)


def explain(
    query: QueryClauses,
    documents: Documents,
    place: int,
    scores: str = "native",
    *,
    k1: float | None = None,
    b: float | None = None,
    delta: float | None = None,
) -> TextExplanation:
    """Why one document has its score: idf, tf, length and share of each clause.

    Args:
        query: Terms, or clauses of `parse_query`.
        documents: Each document's terms in order.
        place: The place of the document among them, from 0.
        scores: The convention.
        k1: How slowly tf saturates; None for the engine's.
        b: How much the length matters, 0 to 1; None for the engine's.
        delta: Of BM25L and BM25+; None for the engine's.

    Returns:
        The explanation; `str` of it is the derivation in words.

    Raises:
        ArgumentTypeError: An argument of another type.
        InvalidArgumentError: As `score`, or a place that is none.

    Example:
        print(vdb.lexical.explain(["fox"], [["quick", "fox"], ["dog"]], 0, "lucene"))
    """
    row = convention_named(scores)
    counts, lengths, constants = _counted(row, query, documents, {"k1": k1, "b": b, "delta": delta})
    place = arguments.whole("place", place, 0, len(lengths) - 1)
    one = replace(counts, tf=counts.tf[:, place : place + 1])
    return explained(row, one, lengths[place], constants)


def _counted(
    row: LexicalConvention, query: Any, documents: Any, settings: dict[str, Any]
) -> tuple[ClauseCounts, list[int], Constants]:
    clauses = clauses_of(query)
    texts = checked_documents(documents)
    lengths = [sum(term is not None for term in text) for text in texts]
    number = len(texts) if row.counts == "texts" else sum(length > 0 for length in lengths)
    constants = constants_of(row, number, sum(lengths), **settings)
    if row.family == "rank-bm25-okapi":
        share = mean_idf_share(_dfs(texts), number)
        constants = constants_of(row, number, sum(lengths), **settings, negative_idf=share)
    return counted(clauses, texts), lengths, constants


def _dfs(texts: Sequence[Sequence[str | None]]) -> list[int]:
    """The df of every word, in the order in which they first occur."""
    dfs: dict[str, int] = {}
    for text in texts:
        for term in dict.fromkeys(term for term in text if term is not None):
            dfs[term] = dfs.get(term, 0) + 1
    return list(dfs.values())
