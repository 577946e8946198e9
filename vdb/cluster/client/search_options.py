"""The keyword arguments of searches of a cluster, for type checkers."""

from __future__ import annotations

from typing import Literal

from vdb.model.search_options import MoreLikeOptions, SearchOptions

__all__ = ["Partial", "ShardedMoreLikeOptions", "ShardedSearchOptions"]

Partial = Literal["refuse", "allow"]
"""Whether hits may come without those of shards that do not answer."""


class ShardedSearchOptions(SearchOptions, total=False):
    """Those of `ShardedCollection.search`."""

    partial: Partial
    timeout: float | None


class ShardedMoreLikeOptions(MoreLikeOptions, total=False):
    """Those of `ShardedCollection.more_like`."""

    partial: Partial
    timeout: float | None
