"""The keyword arguments of searches, for type checkers: one list for all their overloads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypedDict

from numpy.typing import NDArray

from vdb.model import filters
from vdb.model.hits import Hits
from vdb.model.records import Hit, Id

__all__ = ["MoreLikeOptions", "SearchOptions"]


class _Options(TypedDict, total=False):
    """Those of all searches of one query that do not decide the type of the result."""

    ef: int | None
    where: Mapping[str, Any] | filters.Filter | None
    exact: bool
    scores: str | None
    threshold: float | None
    with_payloads: bool
    with_vectors: bool
    target_recall: float | None
    offset: int
    after: Hits | Hit | tuple[float, Id] | None
    diversity: float | None
    candidates: int | None
    per_group: int | None


class SearchOptions(_Options, total=False):
    """Those of `CollectionReader.search`."""

    model: str | None


class MoreLikeOptions(_Options, total=False):
    """Those of `CollectionReader.more_like`."""

    not_like: Id | Iterable[Id] | NDArray[Any] | None
