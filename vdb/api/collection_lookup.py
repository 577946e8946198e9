"""Lookup of a collection by name, and checks of its expected metric, model and dimension."""

from __future__ import annotations

from pathlib import Path

from vdb.errors import (
    CorruptedError,
    DimensionMismatchError,
    InvalidArgumentError,
    MetricMismatchError,
    ModelMismatchError,
    NotFoundError,
)
from vdb.model import config
from vdb.model.dtypes import DTYPES
from vdb.model.metrics import metric_named
from vdb.store import Batch, CollectionView, Snapshot, WritableCollection
from vdb.store.format.headers import CollectionHeader

__all__ = [
    "check_schema",
    "find_renamed",
    "find_view",
    "has_collection",
    "require_metric",
    "require_model",
    "require_threshold",
]

_NAMED = 20
"""Collections that a message lists."""


def check_schema(
    header: CollectionHeader,
    *,
    metric: object,
    dim: object,
    model: object = None,
    path: Path | None = None,
) -> None:
    """Refuse a metric, dimension or model that differs from the stored one.

    The message names the stored value, its date and the release that wrote it. `path` is the
    directory of the database, for the command in the message.

    Raises:
        MetricMismatchError: The collection has another metric; the message says what to do.
        ModelMismatchError: Its vectors are of another model, or of none that is named.
        DimensionMismatchError: The collection has another dimension.
    """
    name = header.name
    metric_name = header.metric if metric is None else metric_named(metric).name
    if metric_name != header.metric:
        import shlex

        place = "DIR" if path is None else shlex.quote(str(path))
        raise MetricMismatchError(
            f"collection {name!r} has metric {header.metric!r}{_since(header, 'metric')}, "
            f"not {metric_name!r}. Scores, directions and thresholds do not carry over from one "
            f"metric to another. Only a rebuild changes it: vdb rebuild {place} {name} --metric "
            f"{metric_name} (to have both, create another with metric={metric_name!r})",
            expected=header.metric,
            received=metric_name,
        )
    require_model(header, config.model_text(model))
    if dim is None or config.dimension(dim, DTYPES[header.dtype]) == header.dim:
        return
    if header.dim == 0:
        raise DimensionMismatchError(
            f"collection {name!r} has no dimension yet, which its first vector will say, and not "
            f"dim={dim}",
            expected=None,
            received=dim,
        )
    raise DimensionMismatchError(
        f"collection {name!r} has dim={header.dim}{_since(header, 'model')}, not {dim}. Vectors of "
        "another length come from another model: create another collection for them, or rebuild "
        "this one with them",
        expected=header.dim,
        received=dim,
    )


def require_metric(
    header: CollectionHeader, metric: str | None, *, threshold: bool = False
) -> None:
    """Refuse a collection that was rebuilt from `metric` to another one.

    Raises:
        MetricMismatchError: The collection's metric is no longer `metric`.
    """
    if metric is None or metric == header.metric:
        return
    subject = "A threshold of before" if threshold else "This object was asked for with that metric"
    consequence = "means something else now" if threshold else "and does not go on with another"
    raise MetricMismatchError(
        f"collection {header.name!r} was rebuilt from metric {metric!r} to {header.metric!r}"
        f"{_since(header, 'metric')}. {subject} {consequence}: get the collection anew with "
        f"db.collection({header.name!r}), and a threshold for the new metric",
        expected=metric,
        received=header.metric,
    )


def require_model(header: CollectionHeader, model: str | None) -> None:
    """Refuse a model that is not the one written down for the collection; None is no model.

    Raises:
        ModelMismatchError: The collection has another one, or none.
    """
    if model is None or model == header.model:
        return
    if header.model is None:
        stored = "does not say of which model its vectors are"
        advice = f"rebuild(model={model!r}) writes down that they are of this one"
    else:
        stored = f"has vectors of model {header.model!r}{_since(header, 'model')}"
        advice = (
            "Vectors of two models cannot be compared; to change over, rebuild with the vectors of "
            "the other one"
        )
    raise ModelMismatchError(
        f"collection {header.name!r} {stored}, not {model!r}. {advice}",
        expected=header.model,
        received=model,
    )


def require_threshold(header: CollectionHeader, metric: str, model: str | None) -> None:
    """Refuse a threshold that was chosen for another metric, or for vectors of another model.

    Raises:
        MetricMismatchError: The collection's metric is no longer `metric`.
        ModelMismatchError: The collection's model is no longer `model`.
    """
    require_metric(header, metric, threshold=True)
    if model != header.model:
        raise ModelMismatchError(
            f"collection {header.name!r} was rebuilt from model {model!r} to {header.model!r}"
            f"{_since(header, 'model')}. A threshold of before means something else now: get the "
            f"collection anew with db.collection({header.name!r}), and a threshold for the new "
            "model",
            expected=model,
            received=header.model,
        )


def _since(header: CollectionHeader, part: str) -> str:
    """The date, generation and release of the present metric or model, in brackets, if known."""
    from vdb.maintenance import info

    line = info.metric_since(header) if part == "metric" else info.model_since(header)
    if line is None:
        return ""
    return (
        f" (since {info.utc_text(line.when)}, generation {line.generation}, "
        f"written by vdb {line.version})"
    )


def find_view(reader: Snapshot | Batch, name: str) -> CollectionView | WritableCollection:
    """The view of a collection of that name or alias.

    Raises:
        NotFoundError: There is none of that name; the message lists the first there are.
    """
    try:
        return reader.collection(name)
    except NotFoundError:
        number = reader.alias_number(name)
        if number is not None:
            return _by_number(reader, number, f"alias {name!r}")
        # A limit on the names: a lookup that may fail should not cost a scan of all collections.
        names = reader.names(most=_NAMED + 1)
        name_list = ", ".join(map(repr, names[:_NAMED])) + (", ..." if names[_NAMED:] else "")
        raise NotFoundError(
            f"no collection {name!r}; there "
            + (f"are {name_list}" if names else "is none yet, db.create_collection makes one"),
            expected=names[:_NAMED],
            received=name,
        ) from None


def _by_number(
    reader: Snapshot | Batch, number: int, where: str
) -> CollectionView | WritableCollection:
    name = reader.name_of(number)
    if name is None:
        raise CorruptedError(f"leads to collection {number}, which is not there", where=where)
    return reader.collection(name)


def find_renamed(
    reader: Snapshot | Batch, identity: tuple[int, float]
) -> CollectionView | WritableCollection | None:
    """The view of the collection of that number and time of creation, whatever its name is now.

    None where it was dropped.
    """
    name = reader.name_of(identity[0])
    if name is None:
        return None
    view = reader.collection(name)
    return view if view.header.created == identity[1] else None


def has_collection(reader: Snapshot | Batch, name: object) -> bool:
    """Whether there is a collection of that name or alias; False for an impossible name."""
    if not isinstance(name, str):
        return False
    try:
        name = config.collection_name(name)
    except InvalidArgumentError:
        return False
    return reader.collection_number(name) is not None or reader.alias_number(name) is not None
