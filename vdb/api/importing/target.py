"""What an import writes: the schema, of the source's and of the arguments, and the database."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from vdb.api.collection import Collection
from vdb.api.collection_schema import CollectionSchema
from vdb.errors import DimensionMismatchError, InvalidArgumentError
from vdb.model import config
from vdb.model.config import IndexConfig
from vdb.model.dtypes import dtype_named
from vdb.model.filters.field_types import field_types
from vdb.model.metrics import METRICS, metric_named
from vdb.model.text_field import Text
from vdb.scores.conversion import conventions
from vdb.sources import SourceInfo
from vdb.sources.info import with_metric

__all__ = ["Arguments", "ImportDatabase", "schema_of_collection", "schema_of_source"]


class ImportDatabase(Protocol):
    """A database, as far as an import needs it."""

    @property
    def create_collection(self) -> Callable[..., Collection]:
        """As `Database.create_collection`."""

    @property
    def collection(self) -> Callable[[str], Collection]:
        """As `Database.collection`."""

    def batch(self) -> AbstractContextManager[Any]:
        """As `Database.batch`."""

    def __contains__(self, name: object) -> bool:
        """Whether there is a collection of that name."""


@dataclass(frozen=True, slots=True)
class Arguments:
    """The schema as the caller gives it; None for what the source says."""

    metric: str | None = None
    scores: str | None = None
    dtype: str | None = None
    index: IndexConfig | None = None
    model: str | None = None
    fields: Mapping[str, str | Text] | Literal["auto"] | None = "auto"
    optional_vectors: bool | None = None


def schema_of_source(name: str, info: SourceInfo, given: Arguments) -> CollectionSchema:
    """The schema for the records of a source.

    Raises:
        InvalidArgumentError: The metric is not known, or an argument is out of range.
        MetricMismatchError: The source was built for another metric than the one given.
    """
    metric = _metric(info, given.metric)
    dtype = dtype_named(info.dtype if given.dtype is None else given.dtype)
    config.vector_type(dtype.name, metric_named(metric))
    dim = _dim(info, dtype.name)
    index = info.index if given.index is None else config.index_config(given.index)
    if index is None or info.index is index:
        index = _fitting(index, metric, dtype.name)
    scores = given.scores
    if scores is None:
        scores = info.convention if info.convention in conventions(metric) else "native"
    fields: Any = given.fields
    if isinstance(fields, str) and fields == "auto":
        fields = info.fields
    optional = given.optional_vectors
    return CollectionSchema(
        name,
        dim or "auto",
        metric,
        dtype.name,
        index,
        scores,
        info.model if given.model is None else given.model,
        field_types(fields),
        info.optional_vectors if optional is None else optional,
    )


def schema_of_collection(
    db: ImportDatabase, collection: Collection, info: SourceInfo, given: Arguments
) -> CollectionSchema:
    """That of a collection, which must agree with what is given and can take the records.

    Raises:
        MetricMismatchError: The source was built for another metric.
        DimensionMismatchError: Its vectors have another length.
        InvalidArgumentError: An argument differs from what the collection has.
    """
    fields: Any = None if given.fields == "auto" else given.fields
    db.create_collection(
        collection.name,
        dim=collection.dim or "auto",
        metric=collection.metric if given.metric is None else given.metric,
        dtype=given.dtype,
        index=given.index,
        scores=given.scores,
        model=given.model,
        fields=fields,
        optional_vectors=bool(given.optional_vectors),
        exist_ok=True,
    )
    with_metric(info, collection.metric)
    dim = _dim(info, collection.dtype)
    if dim and collection.dim is not None and dim != collection.dim:
        raise DimensionMismatchError(
            f"{info.path} has vectors of {dim} numbers, collection {collection.name} of "
            f"{collection.dim}",
            expected=collection.dim,
            received=dim,
        )
    own = collection.info()
    return CollectionSchema(
        own.name,
        own.dim or dim or "auto",
        own.metric,
        own.dtype,
        own.index,
        own.scores,
        own.model,
        own.fields,
        own.optional_vectors,
    )


def _dim(info: SourceInfo, dtype: str) -> int | None:
    """The dimension of a collection of a dtype: where that is bit, bytes are packed bits.

    Raises:
        InvalidArgumentError: The source holds bits, and the dtype is another.
    """
    if info.dtype == "bit" and dtype != "bit":
        raise InvalidArgumentError(
            f"{info.path} holds bits or booleans, which only collections of dtype bit can keep",
            expected="bit",
            received=dtype,
        )
    if dtype == "bit" and info.dtype != "bit" and info.dim is not None:
        return 8 * info.dim
    return info.dim


def _metric(info: SourceInfo, given: str | None) -> str:
    if given is not None:
        return with_metric(info, metric_named(given).name).metric or given
    if info.metric is not None:
        return info.metric
    choices = info.metrics or tuple(
        name for name, row in METRICS.items() if info.dtype in row.dtypes
    )
    raise InvalidArgumentError(
        f"metric must be given, one of {', '.join(choices)}: a source of format {info.format} does "
        "not say which it was made for",
        expected=choices,
    )


def _fitting(index: IndexConfig | None, metric: str, dtype: str) -> IndexConfig:
    """The source's index where the metric has one, else one with vdb's defaults."""
    try:
        return config.fitting_index(
            config.index_config(index), metric_named(metric), dtype_named(dtype)
        )
    except InvalidArgumentError:
        return config.index_config(None)
