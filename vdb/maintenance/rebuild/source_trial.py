"""What a source gives, by asking it for a few vectors: their dimension, and how long one takes."""

from __future__ import annotations

import time
from typing import NamedTuple

import numpy as np

from vdb import index
from vdb.errors import InvalidArgumentError
from vdb.maintenance.rebuild.request import RebuildRequest
from vdb.maintenance.rebuild.source_rows import read_records
from vdb.maintenance.rebuild.vector_source import VectorSource
from vdb.model.arguments import whole
from vdb.model.dtypes import DType
from vdb.model.inputs.arrays import array_of
from vdb.store import CollectionView, Snapshot

__all__ = ["SourceTrial", "try_source"]

_RECORDS = 8


class SourceTrial(NamedTuple):
    """What a few vectors of a source say of it.

    Attributes:
        dim: Numbers in a vector, before it is truncated.
        seconds: How long one vector takes.
    """

    dim: int
    seconds: float


def try_source(
    source: VectorSource,
    reader: Snapshot,
    view: CollectionView,
    request: RebuildRequest,
    dtype: DType,
) -> SourceTrial:
    """Ask for the vectors of the first records; they are not kept.

    Raises:
        InvalidArgumentError: They are no matrix, or there is no record and no ``dim=``.
    """
    columns = source.columns
    seconds = 0.0
    if columns is None:
        norms = index.norms(reader, view)
        slots = np.flatnonzero(norms >= 0)[:_RECORDS].astype(np.uint32)
        if not slots.size:
            return SourceTrial(_given_dim(request, dtype), 0.0)
        reads = read_records(reader, view, slots, by_id=source.by_id)
        began = time.monotonic()
        rows = source.rows([read.record for read in reads])
        seconds = (time.monotonic() - began) / len(reads)
        array = array_of(rows, "vectors", view.header.dim, dtype)
        if array.ndim != 2 or len(array) != len(reads):
            raise InvalidArgumentError(
                "vectors= must return an array of shape (n, dim), one row for each of n records; "
                f"for {len(reads)} it returned {array.shape}",
                expected=(len(reads), "dim"),
                received=array.shape,
            )
        columns = array.shape[1], array.dtype == np.uint8
    width, are_bytes = columns
    if dtype.packed and are_bytes and request.dim != width:
        width *= 8
    return SourceTrial(width, seconds)


def _given_dim(request: RebuildRequest, dtype: DType) -> int:
    """The dimension where there is no record to try."""
    if request.dim is None:
        raise InvalidArgumentError(
            "there is no record to learn the dimension from; give dim= with vectors=",
            expected="dim=",
            received=None,
        )
    longest = dtype.largest_dim
    dim = whole("dim", request.dim, 1, longest)
    return (
        dim
        if request.truncate is None
        else max(dim, whole("truncate", request.truncate, 1, longest))
    )
