"""Queries from a file of any format that is a source."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vdb.errors import DimensionMismatchError
from vdb.exports.content import Content
from vdb.model.dtypes import DTYPES
from vdb.model.inputs import query_matrix
from vdb.model.metrics import METRICS
from vdb.sources.opening import open_place, place_of

__all__ = ["read_queries"]


def read_queries(path: Path, content: Content) -> NDArray[Any]:
    """All vectors of a file as queries of a collection, (n, columns).

    Raises:
        NotFoundError, SourceError, InvalidArgumentError: As for `vdb.sources.open`.
        DimensionMismatchError: They are of another dimension than the collection.
        InvalidVectorError: One of them is no query.
    """
    place = place_of(path, "queries")
    # Of packed bits an array does not say that they are some.
    is_packed = content.dtype == "bit" and place.suffix in (".npy", ".npz")
    with open_place(place, None, None, {"numbers": "bit"} if is_packed else {}) as source:
        if source.info.dim != content.dim:
            raise DimensionMismatchError(
                f"queries: {path} has vectors of {source.info.dim} numbers, collection "
                f"{content.name} of {content.dim}",
                expected=content.dim,
                received=source.info.dim,
            )
        parts = [batch.vectors for batch in source.batches()]
    matrix: NDArray[Any] = query_matrix(
        np.concatenate(parts),
        dim=content.dim or 1,
        metric=METRICS[content.metric],
        dtype=DTYPES[content.dtype],
    )
    return matrix
