"""A search over all shards: every one is asked for k, and the best of all are chosen.

Arguments are checked by the twin. What remains is `SearchRequest`, which every shard is asked with,
as ``search_many``; pages, groups and diverse hits choose among the merged ones exactly as an
embedded collection chooses among its own.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from numpy.typing import ArrayLike, NDArray

from vdb.cluster.client.routing import Call, Router
from vdb.cluster.merging import HitColumns, columns_of, merge
from vdb.model import arguments, config, inputs
from vdb.model.dtypes import DTYPES
from vdb.model.filters.paths import find
from vdb.model.grouped_hits import GroupedHits
from vdb.model.hits import Hits, ManyHits
from vdb.model.metrics import METRICS
from vdb.query.hit_records import excludes_quickly
from vdb.query.refinement import Refinement, refined_hits
from vdb.query.search import QuerySearch, SearchRequest
from vdb.store.format.headers import CollectionHeader

__all__ = ["ClusterRecords", "ClusterSearch", "plain_queries", "refined"]


def plain_queries(
    vectors: ArrayLike, *, dim: int, metric: str, dtype: str, one: bool = False
) -> NDArray[Any]:
    """Queries that the twin has accepted, as one array: float32, int8, or packed bits.

    Zero is accepted here: what the engine of a convention makes of it is the shards' business.
    """
    any_length = METRICS[metric]._replace(shortest=0.0)
    parse = inputs.query_row if one else inputs.query_matrix
    return parse(vectors, dim=dim, metric=any_length, dtype=DTYPES[dtype])


@dataclass(slots=True)
class ClusterSearch:
    """The search of some queries, as often as it is asked for; a `QuerySearch` of the first.

    Attributes:
        router: The shards.
        queries: As `plain_queries` has them.
        timeout: Seconds of one search.
        partial: Whether shards may be missing.
        threads: Threads of each shard; None for its own number.
        missing: The shards that did not answer one of the searches.
    """

    router: Router
    queries: NDArray[Any]
    timeout: float
    partial: bool = False
    threads: int | None = None
    missing: list[str] = field(default_factory=list)

    def __call__(self, request: SearchRequest) -> Hits:
        """The hits of the first query."""
        return self.many(request)[0]

    def many(self, request: SearchRequest, offset: int = 0) -> ManyHits:
        """The hits of each query from place `offset` on, k of them."""
        k = request.k
        if k is not None:
            k = arguments.whole("k", k, 1, config.LIMITS.slots)
            request = request._replace(k=min(k + offset, config.LIMITS.slots))
        options = {name: value for name, value in request._asdict().items() if name != "k"}
        if self.threads is not None:
            options["threads"] = self.threads
        call = Call("search_many", (self.queries, request.k), options)
        gathered = self.router.everywhere(call, timeout=self.timeout, partial=self.partial)
        self.missing += [name for name in gathered.missing if name not in self.missing]
        parts = [(name, _columns(part)) for name, part in gathered.results.items()]
        return merge(parts, k, offset, tuple(self.missing))


def _columns(part: ManyHits | HitColumns) -> HitColumns:
    return columns_of(part) if isinstance(part, ManyHits) else part


class ClusterRecords:
    """The records of a sharded collection behind hits that have their payloads and vectors."""

    def __init__(self, header: CollectionHeader, id_kind: str | None) -> None:
        """`header`: that of the twin."""
        self.name, self.metric = header.name, header.metric
        self.id_kind = id_kind
        self.count = config.LIMITS.slots
        self._fields = header.fields

    def vectors(self, hits: Hits) -> NDArray[Any]:
        """See `HitRecords`."""
        assert hits.vectors is not None  # noqa: S101 - they were asked for
        return hits.vectors

    def values(self, hits: Hits, names: tuple[str, ...]) -> Iterable[Any]:
        """See `HitRecords`."""
        return (find(payload, names) for payload in hits.payloads)

    def excludes_quickly(self, path: str) -> bool:
        """See `HitRecords`."""
        return excludes_quickly(self._fields, path)


def refined(
    search: ClusterSearch,
    records: ClusterRecords,
    query: QuerySearch,
    request: SearchRequest,
    refinement: Refinement,
) -> Hits | GroupedHits:
    """The chosen hits of one query, as an embedded collection chooses them.

    Args:
        search: Which shards were missing.
        records: The collection.
        query: The search, or one that leaves out examples.
        request: The arguments of the search.
        refinement: Those that choose.
    """
    groups, unlike = refinement.group_by is not None, refinement.diversity is not None

    def search_whole(wish: SearchRequest) -> Hits:
        payloads, vectors = wish.with_payloads or groups, wish.with_vectors or unlike
        return query(wish._replace(with_payloads=payloads, with_vectors=vectors))

    hits = refined_hits(records, search_whole, request, refinement)
    if isinstance(hits, GroupedHits):
        hits.missing = tuple(search.missing)
    for one in [group.hits for group in hits] if isinstance(hits, GroupedHits) else [hits]:
        if not request.with_payloads:
            one._payloads = None  # noqa: SLF001
        if not request.with_vectors:
            one._vectors = None  # noqa: SLF001
    return hits
