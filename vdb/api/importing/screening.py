"""Which rows of a part cannot become records, so that the others still can."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from vdb.api.collection import Collection
from vdb.api.importing.places import placed, put_place
from vdb.errors import (
    ArgumentTypeError,
    DuplicateIdError,
    InvalidArgumentError,
    InvalidPayloadError,
    InvalidVectorError,
)
from vdb.model.config import LIMITS
from vdb.model.records import Id
from vdb.model.results import WriteCounts
from vdb.sources import Refusal, Source, SourceBatch

__all__ = ["refused_row", "write_sound_rows"]

Write = Callable[[SourceBatch], WriteCounts]

_MOST_ROUNDS = 1_000
"""Rows of one part that are refused one by one; where there are more, something else is wrong."""


def write_sound_rows(
    batch: SourceBatch, source: Source, collection: Collection, write: Write, *, strict: bool
) -> tuple[WriteCounts, SourceBatch, list[Refusal]]:
    """Write a part without the rows that are refused. All of it is one commit.

    Returns what it counted, the rows that were written, and those that were refused.

    With ``strict``, the first such row is an error instead.

    Raises:
        InvalidArgumentError: ``strict``, or a thousand rows are refused one by one.
    """
    refusals = list(batch.refusals)
    if strict and refusals:
        raise refused_row(batch, source)
    for _ in range(_MOST_ROUNDS):
        try:
            return write(batch), batch, refusals
        except (InvalidArgumentError, ArgumentTypeError) as error:
            refused = {} if strict else _refused(batch, source, collection, error)
            if not refused:
                put_place(error, batch, source)
                raise
            ids = batch.id_list()
            refusals += [
                Refusal(batch.place(row), ids[row], reason)
                for row, reason in sorted(refused.items())
            ]
            chosen = np.ones(len(batch), dtype=np.bool_)
            chosen[list(refused)] = False
            batch = batch.take(chosen)
    raise InvalidArgumentError(
        f"{source.info.path}: {_MOST_ROUNDS:,} rows near {batch.place(0)} are refused; the last: "
        f"{refusals[-1].reason}"
    )


def refused_row(batch: SourceBatch, source: Source) -> InvalidArgumentError:
    """The error for the first refusal of a batch."""
    first = batch.refusals[0]
    return InvalidArgumentError(
        f"{batch.file or source.info.path}: {first.place}: {first.reason}", received=first.id
    )


def _refused(
    batch: SourceBatch,
    source: Source,
    collection: Collection,
    error: InvalidArgumentError | ArgumentTypeError,
) -> dict[int, str]:
    """Rows of the batch that cannot be written, with the reason: all of the error's kind."""
    if isinstance(error, DuplicateIdError):
        return _repeated(batch, collection)
    if not isinstance(error, InvalidVectorError | InvalidPayloadError):
        return _wrong_ids(batch, collection)
    at = placed(error, batch, source)
    if at is None:
        return {}
    refused = {at.row: at.reason}
    if isinstance(error, InvalidVectorError) and collection.dtype != "bit":
        refused |= _unfit(batch, collection.metric, optional=collection.info().optional_vectors)
    return refused


def _unfit(batch: SourceBatch, metric: str, *, optional: bool) -> dict[int, str]:
    """Vectors with NaN or infinity, zero ones where the metric has no meaning for them; none."""
    vectors = batch.vectors
    refused: dict[int, str] = {}
    if vectors.dtype.kind != "f":
        finite: NDArray[np.bool_] = np.ones(len(vectors), dtype=np.bool_)
    else:
        finite = np.isfinite(vectors).all(axis=1)
    missing = np.zeros(len(batch), dtype=np.bool_) if batch.missing is None else batch.missing
    if batch.missing is not None and not optional:
        refused = dict.fromkeys(np.flatnonzero(missing).tolist(), "the vector is missing")
    for row in np.flatnonzero(~finite & ~missing).tolist():
        place = int(np.flatnonzero(~np.isfinite(vectors[row]))[0])
        refused[row] = f"the vector has {vectors[row][place]} at position {place}"
    if metric == "cosine":
        for row in np.flatnonzero(finite & ~missing & ~vectors.any(axis=1)).tolist():
            refused[row] = "a zero vector has no cosine similarity"
    return refused


def _repeated(batch: SourceBatch, collection: Collection) -> dict[int, str]:
    """Ids that the collection has, or that stand in an earlier row of the part."""
    refused: dict[int, str] = {}
    first: dict[Id, int] = {}
    for row, record_id in enumerate(batch.id_list()):
        if record_id in first:
            refused[row] = f"the id {record_id!r} is that of {batch.place(first[record_id])}"
        elif record_id in collection:
            refused[row] = f"the collection has the id {record_id!r} already"
        else:
            first[record_id] = row
    return refused


def _wrong_ids(batch: SourceBatch, collection: Collection) -> dict[int, str]:
    """Ids of another kind than others, and such as no record can have."""
    ids = batch.id_list()
    sample = next(iter(collection.ids()), ids[0] if ids else 0)
    kind = str if isinstance(sample, str) else int
    refused = {}
    for row, record_id in enumerate(ids):
        reason = _fault_of_id(record_id, kind)
        if reason is not None:
            refused[row] = f"the id {record_id!r:.60} {reason}"
    return refused


def _fault_of_id(record_id: object, kind: type[int | str]) -> str | None:
    if type(record_id) is not kind:
        return f"is no {kind.__name__}, as those of other records are"
    if isinstance(record_id, int):
        if not LIMITS.id_min <= record_id <= LIMITS.id_max:
            return 'is beyond 64 bits; ids="text" takes ids as texts'
    elif isinstance(record_id, str):
        length = len(record_id.encode("utf-8", "surrogatepass"))
        if not 1 <= length <= LIMITS.id_bytes:
            return f"has {length:,} bytes; ids have 1 to {LIMITS.id_bytes}"
        if "\0" in record_id:
            return "has a NUL"
    return None
