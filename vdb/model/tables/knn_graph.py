"""Hits as a graph of nearest neighbours: a sparse matrix, one row a query, as scikit-learn has it.

Rows are in CSR form: ``data[indptr[i]:indptr[i + 1]]`` are the distances of query i, closest first,
and ``indices`` their columns. Distances of 0 are stored, because an entry that is missing means
that two points are no neighbours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from vdb.errors import InvalidArgumentError
from vdb.model.arguments import choice, sequence, shown, truth, whole
from vdb.model.dtypes import DTYPES
from vdb.model.metrics import METRICS
from vdb.model.records import Id
from vdb.model.tables.arrow_table import library

__all__ = ["GraphRequest", "knn_graph"]

_MOST = 1 << 31


class GraphRequest(NamedTuple):
    """The arguments of `ManyHits.to_knn_graph`, unchecked."""

    mode: str
    ids: Sequence[Id] | NDArray[Any] | Mapping[Id, int] | None
    columns: int | None
    include_self: bool
    arrays: bool


def knn_graph(
    hits: tuple[NDArray[Any], NDArray[np.float64], NDArray[np.intp]],
    metric: str,
    dtype: str,
    request: GraphRequest,
) -> Any:
    """A `scipy.sparse.csr_matrix`, or its three arrays.

    Args:
        hits: Ids and values of all hits, query by query, and where each query's begin.
        metric: The collection's.
        dtype: The collection's.
        request: The arguments.
    """
    ids, values, starts = hits
    mode = choice("mode", request.mode, ("distance", "connectivity"))
    numbers = _columns_of(ids, request.ids)
    width = _width(numbers, len(starts) - 1, request)
    data = _distances(values, metric, dtype) if mode == "distance" else np.ones(len(values))
    counts = np.diff(starts)
    if not truth("include_self", request.include_self):
        others = numbers != np.repeat(np.arange(len(counts)), counts)
        counts = np.diff(np.concatenate(([0], np.cumsum(others)))[starts])
        data, numbers = data[others], numbers[others]
    bounds = np.concatenate(([0], np.cumsum(counts)))
    if truth("arrays", request.arrays):
        return data, numbers, bounds
    matrix = library("scipy.sparse").csr_matrix
    return matrix((data, numbers, bounds), shape=(len(counts), width))


def _distances(values: NDArray[np.float64], metric: str, dtype: str) -> NDArray[np.float64]:
    row = METRICS[metric]
    if row.distances is None or (row.unit and not row.asks_for_unit(DTYPES[dtype])):
        raise InvalidArgumentError(
            f"inner products are no distances ({metric}, {dtype}): equal vectors have no smallest "
            'value; mode="connectivity" gives the graph without them',
            expected="a metric of distances",
            received=metric,
        )
    return row.distances(values)


def _columns_of(
    ids: NDArray[Any], given: Sequence[Id] | NDArray[Any] | Mapping[Id, int] | None
) -> NDArray[np.int64]:
    """The column of each hit."""
    if given is None:
        if ids.dtype == object and len(ids):
            raise InvalidArgumentError(
                "ids that are texts are no numbers of columns; ids= lists those of the columns in "
                "order, such as ids=list(collection.ids())",
                expected="ids=",
                received="str ids",
            )
        return ids.astype(np.int64)
    if isinstance(given, Mapping):
        places = dict(given)
    else:
        places = {key: number for number, key in enumerate(sequence("ids", given, _MOST))}
    columns = np.empty(len(ids), dtype=np.int64)
    for i, key in enumerate(ids.tolist()):
        if key not in places:
            raise InvalidArgumentError(
                f"ids has no column for {shown(key)}, which was found", received=key
            )
        columns[i] = whole(f"ids[{shown(key)}]", places[key], 0, _MOST)
    return columns


def _width(numbers: NDArray[np.int64], queries: int, request: GraphRequest) -> int:
    """How many columns there are; every number must be one of them."""
    given, columns = request.ids, request.columns
    if columns is not None:
        width = whole("columns", columns, 0, _MOST)
    elif given is not None and not isinstance(given, Mapping):
        width = len(given)
    else:
        width = max(queries, int(numbers.max(initial=-1)) + 1)
    outside = (numbers < 0) | (numbers >= width)
    if outside.any():
        number = int(numbers[outside][0])
        raise InvalidArgumentError(
            f"there is no column {number} among {width:,}: ids must be row numbers from 0 on, or "
            "ids= must list those of the columns in order",
            expected=(0, width - 1),
            received=number,
        )
    return width
