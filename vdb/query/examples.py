"""Queries made of stored records: more of what is like these, and unlike those."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vdb import index
from vdb.errors import (
    ArgumentTypeError,
    InvalidArgumentError,
    InvalidVectorError,
    NotFoundError,
)
from vdb.index.record_ids import slots_of
from vdb.index.types import Reader, View
from vdb.model import arguments, inputs
from vdb.model.config import LIMITS
from vdb.model.dtypes import DTYPES, DType
from vdb.model.grouped_hits import GroupedHits
from vdb.model.hits import Hits
from vdb.model.metrics import METRICS, Metric
from vdb.model.records import Id
from vdb.query.hit_records import StoredRecords
from vdb.query.refinement import Refinement, refined_hits
from vdb.query.search import QuerySearch, SearchRequest, search

__all__ = ["example_ids", "more_like", "query_of_examples", "without_examples"]

_LOWEST, _HIGHEST = -128, 127  # of int8
_SHORTEST = 1e-9  # of a mean of vectors of length 1


def more_like(
    reader: Reader,
    view: View,
    ids: object,
    not_like: object,
    request: SearchRequest,
    *,
    refinement: Refinement,
) -> Hits | GroupedHits:
    """The records nearest to the examples, without the examples themselves.

    Raises:
        NotFoundError: An example has no record.
        InvalidArgumentError: There is no example, or one without a vector, or an argument is out
            of range.
        InvalidVectorError: The examples cancel out, so that there is no direction to search in.
    """
    header = view.header
    liked, unliked = example_ids(header.name, header.id_kind, ids, not_like)
    query = query_of_examples(
        METRICS[header.metric],
        DTYPES[header.dtype],
        _vectors(reader, view, "ids", liked),
        _vectors(reader, view, "not_like", unliked) if unliked else None,
    )
    others = without_examples(partial(search, reader, view, query), {*liked, *unliked})
    return refined_hits(StoredRecords(reader, view), others, request, refinement)


def example_ids(
    name: str, kind: str | None, ids: object, not_like: object
) -> tuple[list[Id], list[Id]]:
    """The ids of examples, and of those of what is not searched for; of that kind.

    Raises:
        InvalidArgumentError: There is no example, or something that is no id.
        ArgumentTypeError: Ids of another kind.
    """
    liked = _checked_ids(name, kind, ids)
    unliked: list[Id] = []
    if not_like is not None:
        try:
            unliked = _checked_ids(name, kind, not_like)
        except (ArgumentTypeError, InvalidArgumentError) as error:
            raise type(error)(
                f"not_like: {error.message}", expected=error.expected, received=error.received
            ) from None
    if not liked:
        raise InvalidArgumentError("more_like needs one id at least", expected="ids", received=0)
    return liked, unliked


def without_examples(search: QuerySearch, examples: set[Id]) -> QuerySearch:
    """A search that finds as many hits as are asked for, examples not among them."""

    def search_others(wish: SearchRequest) -> Hits:
        k = None if wish.k is None else arguments.whole("k", wish.k, 1, LIMITS.slots)
        if k is not None:
            wish = wish._replace(k=min(k + len(examples), LIMITS.slots))
        hits = search(wish)
        others = [place for place, i in enumerate(hits.ids.tolist()) if i not in examples]
        return hits.take(np.array(others[:k], dtype=np.intp))

    return search_others


def _checked_ids(name: str, kind: str | None, ids: object) -> list[Id]:
    listed = inputs.id_list(ids, ordered=False)
    inputs.require_id_kind(name, kind, listed)
    return listed


def _vectors(reader: Reader, view: View, name: str, ids: list[Id]) -> NDArray[Any]:
    slots = slots_of(reader, view, ids)
    for i, (value, slot) in enumerate(zip(ids, slots, strict=True)):
        if slot is None:
            raise NotFoundError(
                f"{name}[{i}]: collection {view.header.name!r} has no record {value!r}",
                expected="an id that is there",
                received=value,
            )
    places = np.array(slots, dtype=np.uint32)
    bare = np.flatnonzero(~index.has_vector(reader, view, places))
    if bare.size:
        i = int(bare[0])
        raise InvalidArgumentError(
            f"{name}[{i}]: record {ids[i]!r} has no vector, so that nothing is near it",
            expected="a record with a vector",
            received=ids[i],
        )
    return index.stored_vectors(reader, view, places)


def query_of_examples(
    metric: Metric, dtype: DType, liked: NDArray[Any], unliked: NDArray[Any] | None
) -> NDArray[Any]:
    """The vector to search with: of one example its own, of several ``2 mean(+) - mean(-)``.

    As Qdrant's strategy "average_vector" has it: ``mean(+) + (mean(+) - mean(-))``, without
    negative examples ``mean(+)``. Under cosine and dot all examples count with length 1.
    """
    if len(liked) == 1 and unliked is None:
        own: NDArray[Any] = liked[0].astype(np.float32) if dtype.real else liked[0]
        return own
    unit = metric.name in ("cosine", "dot")
    first = _numbers(liked[:1], packed=dtype.packed, unit=False)[0]
    mean: NDArray[Any] = _numbers(liked, packed=dtype.packed, unit=unit).mean(axis=0)
    if unliked is not None:
        mean = 2 * mean - _numbers(unliked, packed=dtype.packed, unit=unit).mean(axis=0)
    if dtype.packed:
        # The majority of bits; where the two sides balance, the first example's.
        return np.packbits(np.where(mean == 0.5, first, mean > 0.5).astype(np.bool_))
    length = float(np.linalg.norm(mean))
    if unit and length < _SHORTEST:
        raise InvalidVectorError(
            "the examples cancel out: their mean has no direction",
            expected="examples in other directions",
            received=length,
        )
    if not dtype.real:
        if unit:  # back to about the length that the examples have
            mean = mean * float(np.linalg.norm(liked.astype(np.float64), axis=1).mean()) / length
        mean = np.clip(np.rint(mean), _LOWEST, _HIGHEST)
    elif metric.unit:
        mean = mean / length
    return mean.astype(np.float32 if dtype.real else np.int8)


def _numbers(vectors: NDArray[Any], *, packed: bool, unit: bool) -> NDArray[np.float64]:
    """The numbers of vectors, (n, dim): of packed bits each one; of `unit` ones with length 1."""
    if packed:
        return np.unpackbits(vectors, axis=1).astype(np.float64)
    rows = vectors.astype(np.float64)
    if not unit:
        return rows
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / np.where(lengths == 0, 1.0, lengths)
