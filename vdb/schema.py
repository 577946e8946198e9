"""Whether a collection is there, and is what the caller takes it for."""

from __future__ import annotations

from vdb import config
from vdb.dtypes import DTYPES
from vdb.errors import DimensionMismatchError, MetricMismatchError, NotFoundError
from vdb.format.headers import CollectionHeader
from vdb.maintenance import report
from vdb.maintenance.report import utc, utc_text
from vdb.metrics import metric_named
from vdb.store import Batch, CollectionView, Snapshot, WritableCollection

__all__ = ["check_schema", "find_view"]


def check_schema(header: CollectionHeader, *, metric: object, dim: object) -> None:
    """Refuse facts that are not the stored ones, saying what is stored, since when and by whom.

    Raises:
        MetricMismatchError: The metric is another; the message says what to do.
        DimensionMismatchError: The dimension is another.
    """
    name = header.name
    if metric is not None and metric_named(metric).name != header.metric:
        line = report.metric_since(header)
        since = (
            ""
            if line is None
            else (
                f" (since {utc_text(line.when)}, generation {line.generation}, "
                f"written by vdb {line.version})"
            )
        )
        raise MetricMismatchError(
            f"collection {name!r} has metric {header.metric!r}{since}, not {metric!r}. "
            "Scores, directions and thresholds do not carry over from one metric to another. "
            f"A collection keeps its metric: create another with metric={metric!r} and add the "
            "vectors to it",
            expected=header.metric,
            received=metric,
        )
    if dim is not None and config.dimension(dim, DTYPES[header.dtype]) != header.dim:
        raise DimensionMismatchError(
            f"collection {name!r} has dim={header.dim} (since {utc_text(utc(header.created))}, "
            f"written by vdb {header.version}), not {dim}. Vectors of another length come from "
            "another model and no rebuild can change them: create another collection for them",
            expected=header.dim,
            received=dim,
        )


def find_view(reader: Snapshot | Batch, name: str) -> CollectionView | WritableCollection:
    """The view of a collection.

    Raises:
        NotFoundError: There is none of that name; the message lists those there are.
    """
    try:
        return reader.collection(name)
    except NotFoundError:
        names = reader.names()
        listed = ", ".join(map(repr, names[:20])) + (", ..." if len(names) > 20 else "")
        raise NotFoundError(
            f"no collection {name!r}; there "
            + (f"are {listed}" if names else "is none yet, db.create_collection makes one"),
            expected=names,
            received=name,
        ) from None
