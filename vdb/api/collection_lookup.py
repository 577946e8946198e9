"""Whether a collection is there, and is what the caller takes it for."""

from __future__ import annotations

import shlex
from pathlib import Path

from vdb.errors import (
    DimensionMismatchError,
    InvalidArgumentError,
    MetricMismatchError,
    NotFoundError,
)
from vdb.model import config
from vdb.model.dtypes import DTYPES
from vdb.model.metrics import metric_named
from vdb.model.results import utc
from vdb.store import Batch, CollectionView, Snapshot, WritableCollection
from vdb.store.format.headers import CollectionHeader

__all__ = ["check_schema", "find_view", "has_collection", "require_metric"]

_NAMED = 20
"""Collections that a message lists."""


def check_schema(
    header: CollectionHeader, *, metric: object, dim: object, path: Path | None = None
) -> None:
    """Refuse facts that are not the stored ones, saying what is stored, since when and by whom.

    `path` is where the database lies, for the command that would change it.

    Raises:
        MetricMismatchError: The metric is another; the message says what to do.
        DimensionMismatchError: The dimension is another.
    """
    name = header.name
    wanted = header.metric if metric is None else metric_named(metric).name
    if wanted != header.metric:
        place = "DIR" if path is None else shlex.quote(str(path))
        raise MetricMismatchError(
            f"collection {name!r} has metric {header.metric!r}{_since(header)}, not {wanted!r}. "
            "Scores, directions and thresholds do not carry over from one metric to another. "
            f"Only a rebuild changes it: vdb rebuild {place} {name} --metric "
            f"{wanted} (to have both, create another with metric={wanted!r})",
            expected=header.metric,
            received=wanted,
        )
    if dim is not None and config.dimension(dim, DTYPES[header.dtype]) != header.dim:
        from vdb.maintenance.info import utc_text

        raise DimensionMismatchError(
            f"collection {name!r} has dim={header.dim} (since {utc_text(utc(header.created))}, "
            f"written by vdb {header.version}), not {dim}. Vectors of another length come from "
            "another model and no rebuild can change them: create another collection for them",
            expected=header.dim,
            received=dim,
        )


def require_metric(
    header: CollectionHeader, metric: str | None, *, threshold: bool = False
) -> None:
    """Refuse a collection that was rebuilt since somebody counted on its metric.

    Raises:
        MetricMismatchError: It has another metric now than `metric`.
    """
    if metric is None or metric == header.metric:
        return
    counted = "A threshold of before" if threshold else "This object was asked for with that metric"
    means = "means something else now" if threshold else "and does not go on with another"
    raise MetricMismatchError(
        f"collection {header.name!r} was rebuilt from metric {metric!r} to {header.metric!r}"
        f"{_since(header)}. {counted} {means}: get the collection anew with "
        f"db.collection({header.name!r}), and a threshold for the new metric",
        expected=metric,
        received=header.metric,
    )


def _since(header: CollectionHeader) -> str:
    """Since when a collection has its metric, and who gave it to it."""
    from vdb.maintenance import info

    line = info.metric_since(header)
    if line is None:
        return ""
    return (
        f" (since {info.utc_text(line.when)}, generation {line.generation}, "
        f"written by vdb {line.version})"
    )


def find_view(reader: Snapshot | Batch, name: str) -> CollectionView | WritableCollection:
    """The view of a collection.

    Raises:
        NotFoundError: There is none of that name; the message lists the first there are.
    """
    try:
        return reader.collection(name)
    except NotFoundError:
        # Whoever asks for what may be missing need not pay for all there are.
        names = reader.names(most=_NAMED + 1)
        listed = ", ".join(map(repr, names[:_NAMED])) + (", ..." if names[_NAMED:] else "")
        raise NotFoundError(
            f"no collection {name!r}; there "
            + (f"are {listed}" if names else "is none yet, db.create_collection makes one"),
            expected=names[:_NAMED],
            received=name,
        ) from None


def has_collection(reader: Snapshot | Batch, name: object) -> bool:
    """Whether there is a collection of that name; False for what cannot be a name."""
    if not isinstance(name, str):
        return False
    try:
        return reader.collection_number(config.collection_name(name)) is not None
    except InvalidArgumentError:
        return False
