"""Comparing everything, under the collection's own metric or another."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from vdb.index.vectors.kernel_view import Collection, Reader, opened
from vdb.index.vectors.search import Found, lengthened

__all__ = ["scan"]


def scan(
    reader: Reader,
    view: Collection,
    queries: NDArray[Any],
    k: int,
    *,
    metric: str | None = None,
    threads: int = 1,
) -> Found:
    """The k nearest for each query, exactly.

    Args:
        reader: Whose moment is seen.
        view: The collection, from that reader.
        queries: As `search` takes them, C-contiguous, (n, dim). Ctrl-C is noticed between
            two calls, so n should be a few hundred at most.
        k: Hits wanted of each query, at least 1.
        metric: The metric to compare under; None is the collection's own. Vectors and norms are the
            same for all of them. Records without a value under it (zero vectors under cosine) are
            left out.
        threads: Threads that share the queries.
    """
    index, fetch = opened(reader, view)
    if (view.header.metric if metric is None else metric) == "ip" and queries.dtype == np.float32:
        queries, factors = lengthened(queries)
        if factors is not None:
            found = Found(*index.scan(fetch, queries, k, threads, metric))
            return found._replace(values=found.values / factors)
    return Found(*index.scan(fetch, queries, k, threads, metric))
