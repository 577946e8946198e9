"""What a source holds, as its head and its catalogue say, before its records are read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

from vdb.errors import InvalidArgumentError, MetricMismatchError
from vdb.model.config import IndexConfig
from vdb.model.text_field import Text

__all__ = ["Fidelity", "IdKind", "SourceInfo", "with_metric"]

IdKind: TypeAlias = Literal["int", "str", "row"]
"""Whole numbers, texts, or row numbers, where the source has no ids."""

Fidelity: TypeAlias = Literal["exact", "rounded", "normalized", "quantized"]
"""The vectors as they were given; to a rounding, being multiplied by their lengths or turned back;
at unit length, their own being lost; decoded from codes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceInfo:
    """What a source holds.

    Attributes:
        format: The name of the format, as `open` takes it.
        version: What the source says about its version or kind, such as "IndexHNSWFlat".
        path: Where it is, as it was given.
        count: Records that live; None where only reading tells.
        deleted: Rows that the source has marked as deleted, which are skipped; None as above.
        dim: Numbers in a vector.
        numbers: The type of a number as it is stored: numpy's name, "bfloat16", or "bit".
        dtype: The dtype of a collection that holds the vectors unchanged.
        metric: The metric that the source was built for; None where it does not say.
        metrics: Those that the user may name: that it can have been built for; or, beside `metric`,
            that its vectors may be taken for as well.
        convention: The convention of its scores, "native" where it has none of its own.
        ids: The kind of its ids.
        vectors: Whether the vectors are what the system was once given.
        index: The parameters of its index, as a collection can have them; None: none are known.
        fields: Payload fields with the types that they can be declared as.
        columns: All fields or columns of the payloads, with their types in the source.
        optional_vectors: Whether records may have no vector.
        model: Where the vectors come from, if the source says so.
        notes: What the source had lost or changed before it was read, in sentences.
    """

    format: str
    version: str | None = None
    path: str
    count: int | None
    deleted: int | None = 0
    dim: int | None
    numbers: str = "float32"
    dtype: str = "float32"
    metric: str | None = None
    metrics: tuple[str, ...] = ()
    convention: str = "native"
    ids: IdKind = "row"
    vectors: Fidelity = "exact"
    index: IndexConfig | None = None
    fields: Mapping[str, str | Text] = field(default_factory=dict)
    columns: Mapping[str, str] = field(default_factory=dict)
    optional_vectors: bool = False
    model: str | None = None
    notes: tuple[str, ...] = ()


def with_metric(info: SourceInfo, metric: str) -> SourceInfo:
    """The same with the metric that the user names.

    Raises:
        MetricMismatchError: The source says that it was built for another one.
        InvalidArgumentError: No source of its format is built for it.
    """
    if info.metric not in (None, metric) and metric not in info.metrics:
        raise MetricMismatchError(
            f"the source was built for {info.metric}, not for {metric}: import it for "
            f"{info.metric}, and rebuild(metric={metric!r}) changes it",
            expected=info.metric,
            received=metric,
        )
    if info.metrics and metric not in info.metrics:
        raise InvalidArgumentError(
            f"metric must be one of {', '.join(info.metrics)} for this source of format "
            f"{info.format}, got {metric!r}",
            expected=info.metrics,
            received=metric,
        )
    convention = info.convention if info.metric in (None, metric) else "native"
    return replace(info, metric=metric, convention=convention)
