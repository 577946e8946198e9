"""Finding among some of the records only."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from vdb.index.vectors.kernel_view import Fetch
from vdb.index.vectors.strategy import Course
from vdb.kernel import Index

__all__ = ["search_some"]


def search_some(
    index: Index,
    fetch: Fetch,
    queries: NDArray[Any],
    k: int,
    *,
    width: int | None,
    threads: int,
    course: Course,
) -> tuple[NDArray[np.uint32], NDArray[np.float64], NDArray[np.uint32]]:
    """The k nearest of some queries among the course's records: (slots, values, counts).

    Args:
        index: The kernel's index.
        fetch: How it gets at blocks.
        queries: C-contiguous, (n, dim), already checked.
        k: Hits wanted of each.
        width: Candidates that a walk keeps; None to scan.
        threads: Threads that share the queries.
        course: What is looked among; what is done is added to it.
    """
    among = course.among
    if width is None:
        course.scans += len(queries)
        course.compared += len(queries) * among.count
        return index.scan_allowed(fetch, queries, among.bits, among.count, k, threads)
    slots, values, counts, compared, switched = index.search_among(
        fetch, queries, among.bits, among.count, k, width, threads
    )
    course.walks += len(queries)
    course.switches += int(np.count_nonzero(switched))
    course.compared += int(compared.sum())
    return slots, values, counts
