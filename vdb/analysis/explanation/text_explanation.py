"""The explanation of one record's score for a query of words."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from vdb import index
from vdb.errors import InvalidArgumentError
from vdb.index.record_ids import slot_of_record
from vdb.index.text.analysis import Analyzers
from vdb.index.text.deleted_documents import is_set
from vdb.index.text.text_fields import queried
from vdb.index.text.text_index import FieldWords, field_words
from vdb.kernel import TextScorer
from vdb.lexical.analyzers import analyzer_of
from vdb.lexical.clause_counts import ClauseCounts, occurrences
from vdb.lexical.explanation import TextExplanation, explained
from vdb.lexical.query_text import Clause, Phrase, Prefix, parse_query
from vdb.model import arguments
from vdb.query.text_conventions import text_convention
from vdb.query.text_search import KernelClause, kernel_clauses

__all__ = ["TextScoreRequest", "explain_text"]


class TextScoreRequest(NamedTuple):
    """The arguments of the explanation besides the record, unchecked; see `explain_text`."""

    query: str
    field: str | None = None
    scores: str = "native"
    syntax: bool = True
    k1: float | None = None
    b: float | None = None
    delta: float | None = None


def explain_text(
    reader: index.Reader,
    view: index.View,
    record_id: object,
    request: TextScoreRequest,
    analyzers: Analyzers,
) -> TextExplanation:
    """Derives the score of one record, found or not; see `CollectionReader.explain_text`."""
    query = arguments.text("query", request.query)
    field = queried(view.header, request.field)
    convention = text_convention(request.scores, k1=request.k1, b=request.b, delta=request.delta)
    analyzer = analyzer_of(analyzers.analyzer_of(view.header, field))
    clauses = parse_query(query, analyzer, syntax=arguments.truth("syntax", request.syntax))
    listed = kernel_clauses(field, clauses)
    _, slot = slot_of_record(reader, view, record_id)
    words = field_words(reader, view, field.number)
    if words.index.frequencies(slot, []) is None:
        raise InvalidArgumentError(
            f"record {record_id!r} of collection {view.header.name!r} has no text in field "
            f"{field.path!r}, and no search of words finds it",
            expected="a record with a text",
            received=record_id,
        )
    counts, length = _counts(words, slot, clauses, listed)
    return explained(convention.row, counts, length, convention.constants(words))


def _counts(
    words: FieldWords, slot: int, clauses: tuple[Clause, ...], listed: list[KernelClause]
) -> tuple[ClauseCounts, int]:
    """The counts of the clauses, with one column of tf, and the length of the record's text."""
    scorer = TextScorer("native", documents=words.header.documents, length_sum=0)
    df: list[int] = []
    dfs: list[tuple[int, ...]] = []
    tf: list[int] = []
    length = 0
    tokens = _tokens(words, slot)
    for clause, one in zip(clauses, listed, strict=True):
        named = _words(words, clause)
        frequencies = words.index.frequencies(slot, named)
        assert frequencies is not None  # noqa: S101 - for mypy; the record has a text
        length = frequencies[1]
        if isinstance(clause, Phrase):
            tf.append(occurrences(clause, tokens))
            dfs.append(tuple(words.index.statistics(named).tolist()))
        else:
            tf.append(sum(frequencies[0]))
        slots, _ = words.index.search([one], scorer, max(1, words.header.documents))
        df.append(len(slots))
        if not isinstance(clause, Phrase):
            dfs.append((len(slots),))
    column = np.array(tf, dtype=np.int64).reshape(len(clauses), 1)
    if not clauses:
        frequencies = words.index.frequencies(slot, [])
        length = 0 if frequencies is None else frequencies[1]
    return ClauseCounts(clauses, column, tuple(df), tuple(dfs)), length


def _words(words: FieldWords, clause: Clause) -> list[str]:
    """The words that a clause is about; of a beginning, all that the field has."""
    if isinstance(clause, Phrase):
        return [word for word in clause.terms if word is not None]
    if isinstance(clause, Prefix):
        terms = sum(segment.kernel.terms for segment in words.segments)
        return words.index.prefix(clause.prefix, max(1, terms))
    return [clause.term]


def _tokens(words: FieldWords, slot: int) -> list[str | None]:
    """The words of a record in their order; none where the field does not keep that."""
    for segment, bits in zip(words.segments, words.deleted, strict=True):
        ordinal = segment.kernel.ordinal_of(slot)
        if ordinal is None or (bits is not None and is_set(bits, np.array([ordinal]))[0]):
            continue
        return segment.kernel.tokens_of(ordinal) if segment.kernel.positions else []
    return []
