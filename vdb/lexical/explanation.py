"""Why a document has its score of words: idf, tf, length and share of each clause."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from vdb.lexical.arithmetic import Constants
from vdb.lexical.byte_lengths import length_bytes
from vdb.lexical.clause_counts import ClauseCounts
from vdb.lexical.lexical_convention import LexicalConvention
from vdb.lexical.query_text import Clause, Phrase, Prefix
from vdb.lexical.scoring import scored
from vdb.model.records import Direction
from vdb.model.results import Result, digits
from vdb.model.section import Section

__all__ = ["ClauseShare", "TextExplanation", "explained"]


@dataclass(frozen=True, slots=True)
class ClauseShare(Result):
    """What one clause of a query adds to a score.

    Attributes:
        clause: The clause as a query has it: fox, "quick fox" or app*.
        times: How often it stands in the query, where the engine counts it once with that weight.
        df: How many documents have it.
        idf: Its weight.
        tf: How often the document has it; 0: it lacks it.
        tf_part: What tf and length make: the share for an idf of 1.
        share: What is added to the score, in the convention's precision.
        base: What is added for every document behind all shares, where the engine does so.
    """

    clause: str
    times: int
    df: int
    idf: float
    tf: int
    tf_part: float
    share: float
    base: float


@dataclass(frozen=True, slots=True)
class TextExplanation(Result):
    """A score of words, derived.

    Attributes:
        convention: The convention of the score.
        engine: Whose it is.
        direction: Which scores are better.
        score: The score: the shares added up in the convention's order and precision.
        documents: N.
        average_length: avgdl, as the formula has it.
        length: dl.
        seen_length: dl as the formula sees it.
        length_byte: The byte that stores it; None where the length is exact.
        k1: The constant.
        b: The constant.
        delta: The constant; None where the formula has none.
        clauses: The clauses, in the order in which they are added up.
        sections: The same in words.
    """

    convention: str
    engine: str
    direction: Direction
    score: float
    documents: int
    average_length: float
    length: int
    seen_length: int
    length_byte: int | None
    k1: float
    b: float
    delta: float | None
    clauses: tuple[ClauseShare, ...]
    sections: tuple[Section, ...]

    def __str__(self) -> str:
        return "\n".join(
            line
            for section in self.sections
            for line in (section.title, *(f"  {what}: {how}" for what, how in section.lines))
        )


def explained(
    row: LexicalConvention, counts: ClauseCounts, length: int, constants: Constants
) -> TextExplanation:
    """The explanation of one document's score.

    Args:
        row: The convention.
        counts: The clauses with their df, and one column of tf: the document's.
        length: The document's dl.
        constants: N, the sum of dl, k1 and b.
    """
    arithmetic = row.arithmetic
    result = scored(arithmetic, counts, np.array([length]), constants)
    average = float(arithmetic.average(constants)) if constants.documents else 0.0
    shares = tuple(
        ClauseShare(
            clause_text(clause),
            result.times[place],
            result.counts.df[place],
            float(result.idfs[place]),
            int(result.counts.tf[place, 0]),
            float(result.tf_parts[place, 0]),
            float(result.shares[place, 0]),
            float(result.bases[place]),
        )
        for place, clause in enumerate(result.counts.clauses)
    )
    facts: dict[str, Any] = {
        "documents": constants.documents,
        "average_length": average,
        "length": length,
        "seen_length": int(arithmetic.seen(np.array([length]))[0]),
        "length_byte": int(length_bytes([length])[0]) if arithmetic.bytes else None,
    }
    score = float(result.scores[0])
    return TextExplanation(
        convention=row.name,
        engine=row.engine,
        direction=row.direction,
        score=score,
        k1=constants.k1,
        b=constants.b,
        delta=constants.delta if row.delta is not None else None,
        clauses=shares,
        sections=_sections(row, shares, score, facts),
        **facts,
    )


def clause_text(clause: Clause) -> str:
    """A clause as it stands in a query; any word of a phrase is an underscore."""
    if isinstance(clause, Phrase):
        return '"' + " ".join("_" if term is None else term for term in clause.terms) + '"'
    return f"{clause.prefix}*" if isinstance(clause, Prefix) else clause.term


def _sections(
    row: LexicalConvention, shares: tuple[ClauseShare, ...], score: float, facts: dict[str, Any]
) -> tuple[Section, ...]:
    length = f"{facts['length']:,} words"
    if facts["seen_length"] != facts["length"]:
        length += f", seen as {facts['seen_length']:,}"
    if facts["length_byte"] is not None:
        length += f" (byte {facts['length_byte']})"
    lines = [(share.clause, _share_text(share, facts["documents"])) for share in shares]
    added = " + ".join(_put(share.share) for share in shares if share.share) or "0"
    base = sum(share.base for share in shares)
    if base:
        added += f" + {_put(base)} for all"
    return (
        Section(
            f"Words ({row.name}, {row.engine})",
            (
                ("documents", f"{facts['documents']:,}: {row.counts.replace('texts', 'all')}"),
                ("length", f"{length}; average {digits(facts['average_length'])}"),
            ),
        ),
        Section("Shares", tuple(lines)),
        Section(
            "Score",
            (
                ("score", f"{added} = {digits(score)} in {row.dtype}"),
                ("direction", f"{row.direction} is better"),
            ),
        ),
    )


def _share_text(share: ClauseShare, documents: int) -> str:
    if not share.tf:
        lacking = f", which adds {digits(share.share)}" if share.share else ""
        return f"not in it{lacking}; in {share.df:,} of {documents:,}"
    times = f"{share.times} times " if share.times > 1 else ""
    return (
        f"{times}idf {digits(share.idf)} (in {share.df:,} of {documents:,}) x tf part "
        f"{digits(share.tf_part)} ({share.tf:,} times here) = {digits(share.share)}"
    )


def _put(number: float) -> str:
    return f"({digits(number)})" if number < 0 else digits(number)
