"""The keyword arguments of a search, for type checkers: one list for all its overloads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypedDict

from vdb.model.filters import Filter
from vdb.model.hits import Hits
from vdb.model.records import Hit, Id

__all__ = ["SearchOptions"]


class SearchOptions(TypedDict, total=False):
    """Those that do not decide what is returned; see `CollectionReader.search`."""

    ef: int | None
    where: Mapping[str, Any] | Filter | None
    exact: bool
    scores: str | None
    threshold: float | None
    with_payloads: bool
    with_vectors: bool
    target_recall: float | None
    model: str | None
    offset: int
    after: Hits | Hit | tuple[float, Id] | None
    diversity: float | None
    candidates: int | None
    per_group: int | None
