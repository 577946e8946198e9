"""The parameters of another system's graph, as a collection can have them."""

from __future__ import annotations

from vdb.model.config import HNSW, LIMITS

__all__ = ["graph_index"]

_EF_CONSTRUCTION = HNSW().ef_construction
"""Where the system does not say it."""


def graph_index(M: object, ef_construction: object = _EF_CONSTRUCTION) -> HNSW | None:
    """An index with the same parameters; None where they are none that vdb has.

    An `ef_construction` beyond vdb's largest becomes that.
    """
    if type(M) is not int or type(ef_construction) is not int:
        return None
    if not LIMITS.M[0] <= M <= LIMITS.M[1] or ef_construction < 1:
        return None
    return HNSW(M=M, ef_construction=min(ef_construction, LIMITS.ef_construction))
