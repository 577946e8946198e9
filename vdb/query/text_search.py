"""From the words of a query to hits; `text_search` is the whole way, top to bottom."""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from vdb.errors import InvalidArgumentError
from vdb.index import FilterSet
from vdb.index.text.analysis import Analyzers
from vdb.index.text.text_fields import TextField, queried
from vdb.index.text.text_index import field_words
from vdb.index.types import Reader, View
from vdb.lexical.analyzers import analyzer_of
from vdb.lexical.query_text import Clause, Phrase, Prefix, parse_query
from vdb.model import arguments, config
from vdb.model.hits import WORDS, Hits, HitsDescription
from vdb.model.records import Ids, Plan
from vdb.query.hit_order import ids_in_order, order_by_id
from vdb.query.id_cache import ids_at
from vdb.query.record_layout import record_layout
from vdb.query.text_conventions import text_convention
from vdb.store.format.payloads import Payloads

__all__ = ["OPERATORS", "KernelClause", "TextRequest", "kernel_clauses", "text_search"]

OPERATORS = ("or", "and")
"""Whether a record has to have one of the clauses of a query, or all of them."""


class TextRequest(NamedTuple):
    """The arguments of a search of words besides the query, unchecked; see `search_text`."""

    k: int | None = 10
    field: str | None = None
    scores: str = "native"
    where: object = None
    operator: str = "or"
    threshold: float | None = None
    offset: int = 0
    with_payloads: bool = True
    syntax: bool = True
    k1: float | None = None
    b: float | None = None
    delta: float | None = None


def text_search(
    reader: Reader, view: View, query: str, request: TextRequest, analyzers: Analyzers
) -> Hits:
    """The hits of one query of words."""
    # The arguments are checked, and the filter becomes a set of slots.
    query = arguments.text("query", query)
    field = queried(view.header, request.field)
    convention = text_convention(request.scores, k1=request.k1, b=request.b, delta=request.delta)
    syntax = arguments.truth("syntax", request.syntax)
    operator = arguments.choice("operator", request.operator, OPERATORS)
    threshold = request.threshold
    threshold = None if threshold is None else arguments.number("threshold", threshold)
    k = config.neighbors(request.k, threshold)
    offset = arguments.whole("offset", request.offset, 0, config.LIMITS.slots)
    with_payloads = arguments.truth("with_payloads", request.with_payloads)
    analyzer = analyzers.analyzer_of(view.header, field)
    filter_set = _filter_set(reader, view, request.where)
    # The query becomes clauses, the kernel finds slots and scores, and the threshold cuts.
    words = field_words(reader, view, field.number)
    most = view.header.count if k is None else min(k + offset, view.header.count)
    slots, scores = np.zeros(0, np.uint32), np.zeros(0)
    clauses = kernel_clauses(field, parse_query(query, analyzer_of(analyzer), syntax=syntax))
    if clauses and most and words.header.documents:
        scorer = convention.scorer(words)
        slots, scores = words.index.search(
            clauses,
            scorer,
            most,
            operator=operator,
            bits=None if filter_set is None else filter_set.bits,
        )
    scores = convention.scores(scores)
    if threshold is not None:
        inside = convention.within(scores, threshold)
        slots, scores = slots[inside], scores[inside]
    ids, slots, scores = _page(reader, view, slots, scores, offset=offset, k=k)
    payloads: Payloads | None = None
    if with_payloads:
        ids, payloads = reader.encoded(view, slots)
    description = HitsDescription(
        WORDS,
        convention.name,
        convention.direction,
        record_layout(view),
        _plan(filter_set),
        view.header.generation,
    )
    return Hits(ids, scores.astype(np.float64), scores, description, payloads)


KernelClause: TypeAlias = tuple[str, list[str | None]]


def kernel_clauses(field: TextField, clauses: tuple[Clause, ...]) -> list[KernelClause]:
    """The clauses of a query as the kernel takes them.

    Raises:
        InvalidArgumentError: There is a phrase, and the field has no positions.
    """
    listed: list[KernelClause] = []
    for clause in clauses:
        if isinstance(clause, Phrase):
            if not field.positions:
                raise InvalidArgumentError(
                    f"the query has a phrase, and field {field.path!r} was declared with "
                    "positions=False: it does not know the order of words",
                    expected="a query without quotes",
                    received=list(clause.terms),
                )
            listed.append(("phrase", list(clause.terms)))
        elif isinstance(clause, Prefix):
            listed.append(("prefix", [clause.prefix]))
        else:
            listed.append(("term", [clause.term]))
    return listed


def _filter_set(reader: Reader, view: View, where: object) -> FilterSet | None:
    """The records that pass a filter; None without one."""
    if where is None:
        return None
    from vdb.query.filter_match import matching

    return matching(reader, view, where)


def _plan(filter_set: FilterSet | None) -> Plan | None:
    """What there is to say of a search with a filter."""
    if filter_set is None:
        return None
    share = filter_set.count / max(1, filter_set.total)
    reason = "words are looked up among the records that pass"
    if filter_set.remark:
        reason = f"{reason}; {filter_set.remark}"
    return Plan("exact", filter_set.count, share, 0, reason)


def _page(
    reader: Reader,
    view: View,
    slots: NDArray[np.uint32],
    scores: NDArray[Any],
    *,
    offset: int,
    k: int | None,
) -> tuple[Ids, NDArray[np.uint32], NDArray[Any]]:
    """The hits from place `offset` on, k of them, equal scores by id."""
    ids = ids_at(reader, view, slots)
    order = order_by_id(ids, scores.astype(np.float64), np.array([len(slots)]))
    if order is not None:
        ids, slots, scores = ids_in_order(ids, order), slots[order], scores[order]
    page = slice(offset, None if k is None else offset + k)
    return ids[page], slots[page], scores[page]
