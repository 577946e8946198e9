"""One piece: read, written batch by batch with tokens, read again, and ticked off.

A worker that dies leaves batches that are written and a piece that is not ticked off. Who takes the
piece up again reads the same batches and writes them with the same tokens, which the shards know;
so nothing is written twice, whatever happened between.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

import numpy as np

from vdb.cluster.loading.columns import Columns
from vdb.cluster.loading.ledger import Ledger
from vdb.cluster.loading.outcome import outcome_of_error, outcome_of_report
from vdb.cluster.loading.piece import Piece, PieceReport
from vdb.cluster.loading.reading import batches_of
from vdb.cluster.loading.verification import verified
from vdb.errors import (
    BusyError,
    EngineError,
    InvalidPayloadError,
    InvalidVectorError,
    PartialWriteError,
    SourceError,
    VdbError,
)
from vdb.maintenance.repository.object_store import ObjectStore
from vdb.model.results import WriteCounts
from vdb.sources import SourceBatch

__all__ = ["LoadPlan", "Opener", "Target", "load_piece", "load_there"]

_MOST_REFUSED: Final = 1_000
"""Rows of one batch that are left out one by one; where there are more, something else is wrong."""

_PAUSE: Final = 0.2
_LONGEST_PAUSE: Final = 5.0


@dataclass(frozen=True, slots=True)
class Target:
    """Where a worker writes.

    Attributes:
        collection: A `ShardedCollection`.
        store: The cluster's store of objects.
    """

    collection: Any
    store: ObjectStore


class Opener(Protocol):
    """Opens the target in the process of a worker; is sent there."""

    @property
    def key(self) -> str:
        """The same for the same target."""

    def __call__(self) -> Target:
        """The target, opened."""


@dataclass(frozen=True, slots=True)
class LoadPlan:
    """What a worker needs to know of a load; the same for all pieces.

    Attributes:
        name: Of the load.
        columns: Which columns become what.
        batch_rows: Records of a write.
        on_duplicate: As for `Collection.add`.
        strict: Raise at a row that cannot become a record, instead of leaving it out.
        verify: Read every record again.
        timeout: Seconds for which a write is repeated while a shard is not there.
        options: Of the store of the files, or of their format; with credentials.
    """

    name: str
    columns: Columns
    batch_rows: int
    on_duplicate: str = "error"
    strict: bool = True
    verify: bool = True
    timeout: float = 300.0
    options: Mapping[str, Any] = field(default_factory=dict, repr=False)


def load_piece(target: Target, plan: LoadPlan, piece: Piece) -> PieceReport:
    """Load one piece, and tick it off.

    Raises:
        SourceError: The file is damaged, or has a row that is no record; names file and row.
        CorruptedError: A shard holds another record than the file; names file and row.
        VdbError: As `ShardedCollection.add`.
    """
    read = added = replaced = skipped = refused = count = total = 0
    batches = batches_of(piece, plan.columns, target.collection.dim, plan.batch_rows, plan.options)
    for number, batch in enumerate(batches):
        read += len(batch) + len(batch.refusals)
        token = piece.token(plan.name, number)
        written, left_out, counts = _written(target.collection, plan, piece, batch, token)
        refused += left_out
        added += counts.added
        replaced += counts.replaced
        skipped += counts.skipped
        if plan.verify and len(written) and plan.on_duplicate != "skip":
            same, checksum = verified(written, target.collection, piece.place)
            count += same
            total = (total + checksum) % (1 << 64)
    report = PieceReport(piece.key, read, added, replaced, skipped, refused, count, f"{total:016x}")
    Ledger(target.store, plan.name).tick(piece, report)
    return report


_targets: dict[str, Target] = {}
_lock = threading.Lock()


def load_there(opener: Opener, plan: LoadPlan, piece: Piece) -> dict[str, Any]:
    """As `load_piece`, in a process that has not opened the target, which stays open for more.

    Returns its outcome, see `vdb.cluster.loading.outcome`.
    """
    try:
        with _lock:
            target = _targets.get(opener.key)
            if target is None:
                target = _targets[opener.key] = opener()
        return outcome_of_report(piece.number, load_piece(target, plan, piece))
    except VdbError as error:
        return outcome_of_error(error)
    except Exception as error:  # noqa: BLE001 - it is raised where the load was called
        return outcome_of_error(EngineError(f"{type(error).__name__}: {error}"))


def _written(
    collection: Any, plan: LoadPlan, piece: Piece, batch: SourceBatch, token: str
) -> tuple[SourceBatch, int, WriteCounts]:
    """Write a batch without the rows that cannot be records: those written, how many were not."""
    left_out = len(batch.refusals)
    if batch.refusals and plan.strict:
        first = batch.refusals[0]
        raise SourceError(
            f"{piece.place}: {first.place}: {first.reason}", path=piece.place, place=first.place
        )
    for _ in range(_MOST_REFUSED):
        if not len(batch):
            return batch, left_out, WriteCounts()
        try:
            return batch, left_out, _repeated(collection, plan, batch, token)
        except (InvalidVectorError, InvalidPayloadError) as error:
            row = getattr(error, "row", None)
            if row is None or not 0 <= row < len(batch):
                _put_place(error, piece, batch)
                raise
            if plan.strict:
                place = batch.place(row)
                text = f"{piece.place}: {place}: {error.message}"
                raise SourceError(text, path=piece.place, place=place) from error
            chosen = np.ones(len(batch), dtype=np.bool_)
            chosen[row] = False
            batch = batch.take(chosen)
            left_out += 1
        except VdbError as error:
            _put_place(error, piece, batch)
            raise
    raise SourceError(
        f"{piece.place}: {_MOST_REFUSED:,} rows near {batch.place(0)} cannot be records",
        path=piece.place,
        place=batch.place(0),
    )


def _repeated(collection: Any, plan: LoadPlan, batch: SourceBatch, token: str) -> WriteCounts:
    """Write a batch; again, with the same token, while a shard is not there."""
    end = time.monotonic() + plan.timeout
    pause = _PAUSE
    while True:
        try:
            counts: WriteCounts = collection.add(
                batch.ids,
                _vectors(batch),
                batch.payloads,
                on_duplicate=plan.on_duplicate,
                token=token,
            )
        except (PartialWriteError, BusyError) as error:
            if not _passes(error) or time.monotonic() + pause > end:
                raise
            time.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)
        else:
            return counts


def _passes(error: VdbError) -> bool:
    """Whether the same write may succeed later: what failed is a shard that is not there."""
    cause = error.__cause__ if isinstance(error, PartialWriteError) else None
    return cause is None or isinstance(cause, BusyError)


def _vectors(batch: SourceBatch) -> Any:
    if batch.missing is None:
        return batch.vectors
    rows = zip(batch.vectors, batch.missing.tolist(), strict=True)
    return [None if missing else vector for vector, missing in rows]


def _put_place(error: VdbError, piece: Piece, batch: SourceBatch) -> None:
    """Say in the message which rows of which file were written."""
    first, last = batch.place(0), batch.place(len(batch) - 1)
    error.message = f"{piece.place}: {first} to {last}: {error.message}"
