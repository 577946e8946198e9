"""Hits as a run: for each query the scores of the documents that were returned, higher is better.

Evaluators (trec_eval and what is built on it) read scores alone: they sort by them, as float32, and
break ties by the documents' ids. A hit whose score is not below that of the hit before it gets the
next smaller number of float32, so that the order stays the one that the search returned.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vdb.errors import InvalidArgumentError
from vdb.model.arguments import sequence, shown
from vdb.model.records import Direction

__all__ = ["query_names", "scores_by_id"]

_MOST = 1 << 31
_LOWEST = np.float32(-np.inf)
_LARGEST = 3e38  # short of the largest float32, so that there are numbers beyond it


def query_names(query_ids: Sequence[object] | NDArray[Any] | None, queries: int) -> list[str]:
    """The ids of queries as texts; their numbers from 0 on where none are given.

    Raises:
        InvalidArgumentError: There are more or fewer ids than queries, or one of them twice.
    """
    listed: Iterable[object] = range(queries)
    if query_ids is not None:
        listed = sequence("query_ids", query_ids, _MOST)
    names = list(map(str, listed))
    if len(names) != queries:
        raise InvalidArgumentError(
            f"query_ids must have one id for each of {queries:,} queries, got {len(names):,}",
            expected=queries,
            received=len(names),
        )
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise InvalidArgumentError(
                f"query_ids must differ, and {shown(name)} is there twice", received=name
            )
        seen.add(name)
    return names


def scores_by_id(ids: NDArray[Any], scores: NDArray[Any], direction: Direction) -> dict[str, float]:
    """The scores of one query's hits, finite, each as float32 below the one before it.

    Infinity becomes 3e38; NaN, which comes last, a number below the others.
    """
    sign = -1.0 if direction == "lower" else 1.0
    run: dict[str, float] = {}
    before: np.float32 | None = None
    for key, score in zip(ids.tolist(), scores.tolist(), strict=True):
        number = min(max(sign * score, -_LARGEST), _LARGEST)
        if number != number:  # noqa: PLR0124 - NaN
            number = 0.0
        narrow = np.float32(number)
        if before is not None and not narrow < before:
            narrow = np.nextafter(before, _LOWEST)
            number = float(narrow)
        run[str(key)] = number
        before = narrow
    return run
