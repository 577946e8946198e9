"""The order of hits: by score, equal scores by value, equal values by id.

The score counts in the convention's direction, and NaN comes last. Scores and values are in order
already when ids are compared; `order_by_id` sorts what is left.
"""

from __future__ import annotations

from itertools import groupby
from operator import ne
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vdb.model.records import Ids

__all__ = ["ids_in_order", "order_by_id"]

_FEW = 64  # hits that are compared faster as a list


def order_by_id(
    ids: Ids,
    values: NDArray[np.float64],
    counts: NDArray[np.intp],
    scores: NDArray[np.floating] | None = None,
) -> NDArray[np.intp] | None:
    """The order that sorts equal rows of a query by id; None when they are in it.

    Rows are equal whose values, and scores where given, are.
    """
    if len(ids) <= _FEW:
        listed = values.tolist()
        if all(map(ne, listed, listed[1:])):
            return None
        if len(counts) == 1:
            if scores is None or scores is values:
                return _few_by_id(ids, listed)
            return _few_by_id(ids, list(zip(listed, scores.tolist(), strict=True)))
    equal = values[1:] == values[:-1]
    if scores is not None and scores is not values:
        equal &= scores[1:] == scores[:-1]
    ends = np.cumsum(counts)[:-1]
    equal[ends[(ends > 0) & (ends < len(ids))] - 1] = False  # of two queries
    if not equal.any():
        return None
    tied = np.flatnonzero(np.concatenate(([False], equal)) | np.concatenate((equal, [False])))
    runs = np.concatenate(([0], np.cumsum(~equal)))[tied]
    order = np.arange(len(ids))
    if isinstance(ids, np.ndarray):
        order[tied] = tied[np.lexsort((ids[tied], runs))]
    elif isinstance(ids[0], int):
        own = np.fromiter((ids[i] for i in tied.tolist()), dtype=np.int64, count=len(tied))
        order[tied] = tied[np.lexsort((own, runs))]
    else:
        keys = [(run, ids[i]) for run, i in zip(runs.tolist(), tied.tolist(), strict=True)]
        order[tied] = tied[sorted(range(len(tied)), key=keys.__getitem__)]
    return order


def _few_by_id(ids: Ids, keys: list[Any]) -> NDArray[np.intp] | None:
    """The same for one query with few rows, equal where their keys are: nothing but lists."""
    order: list[int] = []
    for _, run in groupby(range(len(keys)), keys.__getitem__):
        order += sorted(run, key=ids.__getitem__)
    return None if order == list(range(len(order))) else np.array(order, dtype=np.intp)


def ids_in_order(ids: Ids, order: NDArray[np.intp]) -> Ids:
    """The ids in another order, in which few of them have another place."""
    if isinstance(ids, np.ndarray):
        return ids[order]
    moved = np.flatnonzero(order != np.arange(len(order)))
    ordered = ids.copy()
    for place, origin in zip(moved.tolist(), order[moved].tolist(), strict=True):
        ordered[place] = ids[origin]
    return ordered
