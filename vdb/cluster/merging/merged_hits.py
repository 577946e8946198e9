"""The best hits of all shards, in the order in which one collection has them.

Which k: by value in the metric's direction, equal values by id. Their order: by score in the
convention's direction, then value, then id. The kernel chooses and sorts; payloads stay encoded.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vdb.cluster.merging.hit_columns import HitColumns
from vdb.cluster.merging.plans import joined_plan
from vdb.errors import CorruptedError
from vdb.kernel import merge_hits
from vdb.model.hits import Hits, HitsDescription, ManyHits
from vdb.model.metrics import METRICS
from vdb.model.records import Ids
from vdb.store.format.payloads import Payloads

__all__ = ["merge"]


def merge(
    shards: Sequence[tuple[str, HitColumns]],
    k: int | None,
    offset: int = 0,
    missing: tuple[str, ...] = (),
) -> ManyHits:
    """The k best hits of each query, from place `offset` on.

    Args:
        shards: Name and hits of each shard, at least one. Each was asked for k + offset hits.
        k: Hits of a query; None: all of them.
        offset: Leave out so many of the best k + offset.
        missing: The names of the shards that did not answer.

    Raises:
        CorruptedError: The columns of a shard do not fit together, or shards answered in several
            metrics, conventions or kinds of ids.

    Example:
        hits = merge([("docs-000000", columns), ("docs-000001", others)], k=10)
    """
    names = [name for name, _ in shards]
    parts = [_checked(name, columns) for name, columns in shards]
    description = _description(names, parts)._replace(missing=missing)
    queries = len(parts[0].counts)
    try:
        rows, starts = merge_hits(
            [(part.ids, part.values, part.scores, part.counts) for part in parts],
            queries,
            None if k is None else k + offset,
            offset,
            METRICS[description.metric].direction == "higher",
            description.direction == "higher",
        )
    except ValueError as error:
        raise CorruptedError(str(error), where=f"the hits of shards {', '.join(names)}") from error
    hits = Hits(
        _ids(parts, rows),
        np.concatenate([part.values for part in parts])[rows],
        np.concatenate([part.scores for part in parts])[rows],
        description,
        _payloads(parts, rows),
        vectors=_vectors(parts, rows),
    )
    return ManyHits(hits, starts)


def _checked(name: str, columns: HitColumns) -> HitColumns:
    """The columns, with ids in the form that the kernel takes."""
    ids, n = columns.ids, len(columns.values)
    for column in ("ids", "scores", "payloads", "vectors"):
        value = getattr(columns, column)
        if value is not None and len(value) != n:
            raise CorruptedError(f"{len(value)} {column}, and {n} values", where=f"shard {name!r}")
    if isinstance(ids, list) and (not ids or isinstance(ids[0], int)):
        return columns._replace(ids=np.array(ids, dtype=np.int64))
    return columns


def _description(names: Sequence[str], parts: Sequence[HitColumns]) -> HitsDescription:
    first = parts[0].description
    for name, part in zip(names, parts, strict=True):
        own = part.description
        if own[:3] != first[:3]:
            raise CorruptedError(
                f"answers in metric {own.metric!r} and convention {own.convention!r}, and shard "
                f"{names[0]!r} in {first.metric!r} and {first.convention!r}",
                where=f"shard {name!r}",
            )
    # A shard that never had a record does not know the kind of its ids.
    knowing = (part.description.records for part in parts if part.description.records.id_kind)
    records = next(knowing, first.records)
    plans = [(name, part.description.plan) for name, part in zip(names, parts, strict=True)]
    generations = {part.description.generation for part in parts}
    return first._replace(
        records=records,
        plan=joined_plan(plans),
        generation=first.generation if len(generations) == 1 else None,
    )


def _ids(parts: Sequence[HitColumns], rows: NDArray[np.int64]) -> Ids:
    if any(isinstance(part.ids, list) for part in parts):
        texts = list(chain.from_iterable(part.ids for part in parts if isinstance(part.ids, list)))
        return [texts[row] for row in rows.tolist()]
    return np.concatenate([part.ids for part in parts])[rows]


def _payloads(parts: Sequence[HitColumns], rows: NDArray[np.int64]) -> Payloads | None:
    if any(part.payloads is None for part in parts):
        return None
    encoded = list(chain.from_iterable(part.payloads for part in parts if part.payloads))
    return Payloads([encoded[row] for row in rows.tolist()])


def _vectors(parts: Sequence[HitColumns], rows: NDArray[np.int64]) -> NDArray[Any] | None:
    """The vectors of the chosen hits; those of the others are not copied."""
    matrices = [part.vectors for part in parts if part.vectors is not None]
    if len(matrices) < len(parts):
        return None
    widest = max(matrices, key=lambda matrix: matrix.shape[1])
    out = np.empty((len(rows), widest.shape[1]), dtype=widest.dtype)
    start = 0
    for matrix in matrices:
        chosen = (rows >= start) & (rows < start + len(matrix))
        if chosen.any():
            out[chosen] = matrix[rows[chosen] - start]
        start += len(matrix)
    return out
