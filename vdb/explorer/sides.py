"""Neighbours of one query: under the index's own metric or another, in one of two generations."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vdb import index, query
from vdb.analysis.comparison.generations import generation_sides
from vdb.api.collection_reader import CollectionReader
from vdb.errors import InvalidArgumentError
from vdb.model import arguments, inputs
from vdb.model.dtypes import DTYPES
from vdb.model.metrics import METRICS
from vdb.model.records import Id, Payload
from vdb.query.filter_match import matching
from vdb.scores.conversion import score
from vdb.scores.table import convention_named

__all__ = ["Question", "Side", "SideHits", "at_generation", "neighbors", "values_of_all"]

GENERATIONS = ("present", "previous")


class Question(NamedTuple):
    """A query: a vector, how many neighbours it has, and the filter of the records."""

    q: ArrayLike
    k: int = 10
    where: object = None


@dataclass(frozen=True, slots=True)
class Side:
    """What one list of neighbours is asked.

    Attributes:
        metric: The metric; None for that of the index.
        convention: The convention of the scores; None for the collection's own.
        generation: "present", or "previous" for the one that a rebuild has kept.
        exact: Compare every record.
        ef: Candidates kept by the walk; None for the default.
    """

    metric: str | None = None
    convention: str | None = None
    generation: str = "present"
    exact: bool = False
    ef: int | None = None

    @classmethod
    def of(cls, given: dict[str, Any]) -> Side:
        """The same from what the page sends.

        Raises:
            InvalidArgumentError, ArgumentTypeError: One is not valid.
        """
        convention, ef = given.get("convention"), given.get("ef")
        metric = given.get("metric")
        return cls(
            None if metric is None else arguments.choice("metric", metric, tuple(METRICS)),
            None if convention is None else arguments.text("convention", convention),
            arguments.choice("generation", given.get("generation", "present"), GENERATIONS),
            arguments.truth("exact", given.get("exact", False)),
            None if ef is None else arguments.whole("ef", ef, 1, 1_000_000),
        )


@dataclass(frozen=True, slots=True)
class SideHits:
    """Neighbours, nearest first.

    Attributes:
        metric: The metric that they are near under.
        convention: The convention of the scores.
        direction: Which scores are nearer.
        ids: Their ids.
        scores: Their scores.
        values: Their natural values.
        payloads: Their payloads.
        plan: How they were found.
        milliseconds: How long that took.
    """

    metric: str
    convention: str
    direction: str
    ids: list[Id]
    scores: list[float]
    values: list[float]
    payloads: list[Payload]
    plan: str
    milliseconds: float = 0.0


@contextmanager
def at_generation(
    collection: CollectionReader, generation: str
) -> Iterator[tuple[index.Reader, index.View]]:
    """A moment of the collection, with that generation as the one in use.

    Raises:
        NotFoundError: No generation was kept.
    """
    if generation == "present":
        with collection._reading_view() as (reader, view):  # noqa: SLF001 - one package
            yield reader, view
        return
    previous, _ = generation_sides(collection._reading_view, [], [])  # noqa: SLF001
    with previous.moments.now() as (reader, view):
        yield reader, view


def neighbors(collection: CollectionReader, question: Question, side: Side) -> SideHits:
    """The k nearest records that pass a filter.

    Raises:
        InvalidArgumentError, InvalidVectorError: The query or the side is not valid.
        InvalidFilterError: The filter is not.
    """
    start = time.perf_counter()
    with at_generation(collection, side.generation) as (reader, view):
        own = side.metric in (None, view.header.metric)
        hits = (_searched if own else _compared)(reader, view, question, side)
    return replace(hits, milliseconds=1000 * (time.perf_counter() - start))


def _searched(reader: index.Reader, view: index.View, question: Question, side: Side) -> SideHits:
    """Through the index, under its own metric."""
    request = query.SearchRequest(
        question.k,
        ef=side.ef,
        where=question.where,
        exact=side.exact,
        scores=side.convention,
    )
    hits = query.search(reader, view, question.q, request)
    return SideHits(
        hits.metric,
        hits.convention,
        hits.direction,
        list(hits.ids),
        hits.scores.tolist(),
        hits.values.tolist(),
        [hit.payload for hit in hits],
        str(hits.plan),
    )


def _compared(reader: index.Reader, view: index.View, question: Question, side: Side) -> SideHits:
    """By a comparison of all records, under a metric that the index was not built for."""
    metric = side.metric or view.header.metric
    most = question.k if question.where is None else None
    slots, values = values_of_all(reader, view, question, metric, most)
    slots, values = slots[: question.k], values[: question.k]
    ids, payloads = reader.encoded(view, slots)
    convention = convention_named(side.convention or "native", metric, dtype=view.header.dtype)
    made = score(
        values,
        metric=metric,
        convention=convention.name,
        dim=view.header.dim or None,
        dtype=view.header.dtype,
    )
    return SideHits(
        metric,
        convention.name,
        convention.direction,
        list(ids),
        np.asarray(made).tolist(),
        values.tolist(),
        list(payloads),
        f"exact: the index is built for {view.header.metric}, so every record was compared",
    )


def values_of_all(
    reader: index.Reader,
    view: index.View,
    question: Question,
    metric: str,
    most: int | None = None,
) -> tuple[NDArray[np.uint32], NDArray[np.float64]]:
    """The slots of all records that pass a filter, and their values for a query, nearest first.

    With `most`, only those among so many of the nearest. Records without a vector, or without a
    value under the metric, are left out.
    """
    header = view.header
    dtype = DTYPES[header.dtype]
    if metric not in METRICS or header.dtype not in METRICS[metric].dtypes:
        raise InvalidArgumentError(
            f"metric {metric} does not compare vectors of {header.dtype}", received=metric
        )
    row = METRICS[metric]
    matrix = inputs.query_row(question.q, dim=header.dim, metric=row, dtype=dtype)
    if not header.vector_count:
        return np.empty(0, np.uint32), np.empty(0)
    width = header.vector_count if most is None else min(most, header.vector_count)
    near = index.scan(reader, view, matrix, width, metric=metric)
    count = int(near.counts[0])
    slots, values = near.slots[0, :count], near.values[0, :count]
    if question.where is not None:
        bits = matching(reader, view, question.where).bits
        passing = (bits[slots >> 3] >> (slots & 7).astype(np.uint8)) & 1
        slots, values = slots[passing == 1], values[passing == 1]
    return slots, values
