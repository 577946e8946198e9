"""The explanation of one record's score and rank for one query."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vdb import index
from vdb.analysis.explanation.record_rank import Standing, Subject, standing
from vdb.analysis.explanation.report import Explanation, found_section, rank_section, score_section
from vdb.errors import InvalidArgumentError, InvalidVectorError
from vdb.index.record_ids import slot_of_record
from vdb.model import config
from vdb.model.arguments import whole
from vdb.model.dtypes import DTYPES
from vdb.model.metrics import METRICS
from vdb.model.records import Id, Plan
from vdb.model.section import Section
from vdb.query import SearchRequest, checked_queries, engine_quantities, search
from vdb.query.filter_match import matching
from vdb.query.score_convention import convention_of
from vdb.scores.table import Convention

__all__ = ["Explanation", "explain"]


def explain(
    reader: index.Reader,
    view: index.View,
    query: ArrayLike,
    record_id: object,
    *,
    scores: str | None,
    k: int,
    ef: int | None,
    target_recall: float | None,
    where: object,
) -> Explanation:
    """Derives the score of one record, found or not; see `Collection.explain`."""
    header = view.header
    metric = METRICS[header.metric]
    convention = convention_of(header, scores)
    query_set = checked_queries(
        query,
        dim=header.dim,
        metric=metric,
        dtype=DTYPES[header.dtype],
        convention=convention,
        one=True,
    )
    checked_id, slot = _slot(reader, view, record_id)
    k = whole("k", k, 1, config.LIMITS.slots)
    filter_set = None
    if where is not None:
        filter_set = matching(reader, view, where).with_vectors(reader, view)
    request = SearchRequest(
        k, ef=ef, where=where, scores=scores, target_recall=target_recall, with_payloads=False
    )
    hits = search(reader, view, query, request)
    assert hits.plan is not None  # noqa: S101 - for mypy; a search always says it
    vectors = index.stored_vectors(reader, view, np.array([slot], dtype=np.uint32))
    zero = bool(query_set.zero.size)
    if zero:
        value = quantity = _value_of_zero(convention)
        compared = header.vector_count if filter_set is None else filter_set.count
        passes = filter_set is None or bool(slot in filter_set.slots)
        position = Standing(0, 0, compared - passes)
        steps: tuple[tuple[str, str], ...] = (("q", f"is zero: {convention.zero_vectors}"),)
    else:
        everything = index.scan(reader, view, query_set.matrix, header.vector_count)
        value = float(everything.values[0, np.flatnonzero(everything.slots[0] == slot)[0]])
        quantity = _quantity(reader, view, query_set.matrix, (slot, value), convention)
        allowed = None
        if filter_set is not None:
            allowed = np.zeros(header.slots, dtype=np.bool_)
            allowed[filter_set.slots] = True
        passes = allowed is None or bool(allowed[slot])
        subject = Subject(slot, value, quantity, query_set.matrix)
        position = standing(
            reader, view, subject, neighbors=everything, allowed=allowed, convention=convention
        )
        pair = query_set.matrix[0].astype(np.float64), vectors[0].astype(np.float64)
        steps = metric.derive(*pair, value)
    score = float(convention.scored(np.array([quantity]), header.dim)[0])
    walk_ef = None if zero else _walk_ef(view, hits.plan, (k, ef, target_recall))
    explanation = Explanation(
        collection=header.name,
        id=checked_id,
        metric=metric.name,
        convention=convention.name,
        direction=convention.direction,
        value=value,
        score=score,
        rank=position.ahead + 1,
        equal=position.equal,
        records=header.vector_count,
        ef=walk_ef,
        found_at=None
        if walk_ef is None
        else _found_at(reader, view, query_set.matrix, slot, ef=walk_ef, filter_set=filter_set),
        sections=(),
        by_value=position.closer + 1,
        passes=passes,
        matches=header.vector_count if filter_set is None else filter_set.count,
        place=next(
            (place for place, hit_id in enumerate(hits.ids, 1) if hit_id == checked_id), None
        ),
        plan=hits.plan,
    )
    return replace(
        explanation,
        sections=(
            Section(f"{metric.value} ({metric.name})", steps),
            score_section(convention, value, quantity, score, header.dim),
            rank_section(explanation, metric.direction, filtered=filter_set is not None),
            found_section(explanation, k, flat=not view.links),
        ),
    )


def _value_of_zero(convention: Convention) -> float:
    """The value of a zero query with every record, under a metric that has none for it."""
    number = convention.zero.counts_as
    if number is None:
        raise InvalidVectorError(
            f"q is zero, to which {convention.name} returns no hits, and nothing has a score",
            row=None,
            expected="a vector that is not zero",
            received=0.0,
        )
    return number


def _slot(reader: index.Reader, view: index.View, record_id: object) -> tuple[Id, int]:
    checked_id, slot = slot_of_record(reader, view, record_id)
    if not index.has_vector(reader, view, np.array([slot], dtype=np.uint32))[0]:
        raise InvalidArgumentError(
            f"record {checked_id!r} of collection {view.header.name!r} has no vector, and no "
            "search finds it",
            expected="a record with a vector",
            received=checked_id,
        )
    return checked_id, slot


def _walk_ef(
    view: index.View, plan: Plan, arguments: tuple[int, int | None, float | None]
) -> int | None:
    """Candidates kept by the graph walk of the search; None for a search without a walk."""
    k, ef, target = arguments
    if plan.strategy == "exact":
        return None
    width = index.search_ef(view, k, config.search_width(ef), target)
    return max(k, index.DEFAULT_EF if width is None else width)


def _found_at(
    reader: index.Reader,
    view: index.View,
    matrix: NDArray[Any],
    slot: int,
    *,
    ef: int,
    filter_set: index.FilterSet | None,
) -> int | None:
    count = view.header.vector_count if filter_set is None else filter_set.count
    params = index.SearchParameters(min(ef, count), ef, filter_set=filter_set)
    neighbors = index.search(reader, view, matrix, params)
    at = np.flatnonzero(neighbors.slots[0, : int(neighbors.counts[0])] == slot)
    return int(at[0]) + 1 if at.size else None


def _quantity(
    reader: index.Reader,
    view: index.View,
    matrix: NDArray[Any],
    record: tuple[int, float],
    convention: Convention,
) -> float:
    """The quantity behind the score: the value, or the engine's own function of the vectors."""
    slot, value = record
    owners, slots = np.zeros(1, dtype=np.intp), np.array([slot], dtype=np.uint32)
    hit = (slots, np.array([value]))
    return float(engine_quantities(reader, view, (matrix, owners), hit, convention)[0])
