"""Small batches of a source put together: each part of an import is a commit.

Row groups, record batches and blocks of files may be of a few rows, and some libraries read fastest
in small steps.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vdb.model.records import Id
from vdb.sources.batch import SourceBatch

__all__ = ["gathered"]

_MOST_REFUSALS = 10_000
_MOST_BYTES = 32 << 20
"""Refusals of a part, and bytes of its payloads, so that no source is in memory as a whole."""


def gathered(batches: Iterator[SourceBatch], rows: int) -> Iterator[SourceBatch]:
    """The records of some batches, in order, in fewer parts of at most `rows`.

    Batches that are more than half a part, or that describe their records in another way than
    those before, begin a part. Where an error comes, the records before it are a part.

    Args:
        batches: Of at most `rows` records each.
        rows: The most records of a part.
    """
    part: _Part | None = None
    while True:
        try:
            batch = next(batches, None)
        except Exception:
            if part is not None:
                yield part.joined()
            raise
        if part is not None and (batch is None or not part.takes(batch)):
            yield part.joined()
            part = None
        if batch is None:
            return
        if part is not None:
            part.put(batch)
        elif 2 * len(batch) > rows:
            yield batch
        else:
            part = _Part(batch, rows)


class _Part:
    """Batches that become one; their vectors are copied at once, so that a reader's can go."""

    def __init__(self, first: SourceBatch, rows: int) -> None:
        self._first = first
        self._rows = rows
        self._count = self._refusals = self._bytes = 0
        self._vectors = np.empty((0, *first.vectors.shape[1:]), first.vectors.dtype)
        self._batches: list[SourceBatch] = []
        self.put(first)

    def takes(self, batch: SourceBatch) -> bool:
        """Whether there is room for a batch, and it is of the kind of the first."""
        first = self._first
        return (
            self._count + len(batch) <= self._rows
            and self._refusals + len(batch.refusals) <= _MOST_REFUSALS
            and self._bytes + _payload_bytes(batch) <= _MOST_BYTES
            and (batch.unit, batch.file) == (first.unit, first.file)
            and (batch.numbers is None) == (first.numbers is None)
            and isinstance(batch.ids, np.ndarray) == isinstance(first.ids, np.ndarray)
            and _kind(batch.payloads) == _kind(first.payloads)
            and batch.vectors.dtype == first.vectors.dtype
            and batch.vectors.shape[1:] == first.vectors.shape[1:]
        )

    def put(self, batch: SourceBatch) -> None:
        """Take a batch for which there is room."""
        end = self._count + len(batch)
        if end > len(self._vectors):
            # The first batch may be the only one; pages of the whole are touched as they fill.
            vectors = np.empty(
                (self._rows if self._count else end, *batch.vectors.shape[1:]), batch.vectors.dtype
            )
            vectors[: self._count] = self._vectors[: self._count]
            self._vectors = vectors
        self._vectors[self._count : end] = batch.vectors
        self._count = end
        self._refusals += len(batch.refusals)
        self._bytes += _payload_bytes(batch)
        # Not a slice: that would keep the whole of the reader's memory.
        self._batches.append(replace(batch, vectors=self._vectors[:0]))

    def joined(self) -> SourceBatch:
        """All that was put as one batch."""
        batches = self._batches
        present = all(one.missing is None for one in batches)
        numbers = [one.numbers for one in batches if one.numbers is not None]
        return replace(
            self._first,
            rows=np.concatenate([one.rows for one in batches]),
            ids=_ids(batches),
            vectors=self._vectors[: self._count],
            payloads=_payloads([one.payloads for one in batches]),
            missing=None if present else np.concatenate([_missing(one) for one in batches]),
            refusals=[refusal for one in batches for refusal in one.refusals],
            numbers=np.concatenate(numbers) if numbers else None,
        )


def _kind(payloads: Any) -> object:
    """What payloads must have in common to be put together."""
    return getattr(payloads, "type", type(payloads))


def _payload_bytes(batch: SourceBatch) -> int:
    """Bytes of the payloads: of lists, judged by the first and the last."""
    payloads = batch.payloads
    if payloads is None or not len(batch):
        return 0
    if hasattr(payloads, "nbytes"):
        return int(payloads.nbytes)
    return sum(len(repr(payloads[row])) for row in (0, -1)) * len(batch) // 2


def _ids(batches: list[SourceBatch]) -> list[Id] | NDArray[np.int64]:
    arrays = [one.ids for one in batches if isinstance(one.ids, np.ndarray)]
    return np.concatenate(arrays) if arrays else [value for one in batches for value in one.ids]


def _payloads(parts: list[Any]) -> Any:
    first = parts[0]
    if first is None:
        return None
    if hasattr(first, "to_pylist"):
        # pyarrow made them, so it is there.
        return importlib.import_module("pyarrow").concat_arrays(parts)
    return [payload for part in parts for payload in part]


def _missing(batch: SourceBatch) -> NDArray[np.bool_]:
    return np.zeros(len(batch), np.bool_) if batch.missing is None else batch.missing
