"""The searches of `ShardedCollection`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Unpack, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vdb.api.collection import Collection
from vdb.cluster.client.documented import as_embedded
from vdb.cluster.client.handle import ShardedHandle, allows_part
from vdb.cluster.client.routing import Call
from vdb.cluster.client.search_options import (
    Partial,
    ShardedMoreLikeOptions,
    ShardedSearchOptions,
)
from vdb.cluster.client.searching import ClusterRecords, ClusterSearch, plain_queries, refined
from vdb.errors import ArgumentTypeError, InvalidArgumentError, NotFoundError
from vdb.index import recall_target
from vdb.model import config, filters
from vdb.model.dtypes import DTYPES
from vdb.model.grouped_hits import GroupedHits
from vdb.model.hits import Hits, ManyHits
from vdb.model.metrics import METRICS
from vdb.model.records import Hit, Id
from vdb.query.examples import example_ids, query_of_examples, without_examples
from vdb.query.refinement import Refinement
from vdb.query.search import SearchRequest

__all__ = ["ShardedSearches"]


class ShardedSearches(ShardedHandle):
    """The searches of a sharded collection."""

    @overload
    def search(
        self,
        q: ArrayLike,
        k: int | None = 10,
        *,
        group_by: None = None,
        **options: Unpack[ShardedSearchOptions],
    ) -> Hits: ...
    @overload
    def search(
        self,
        q: ArrayLike,
        k: int | None = 10,
        *,
        group_by: str,
        **options: Unpack[ShardedSearchOptions],
    ) -> GroupedHits: ...
    @overload
    def search(
        self,
        q: ArrayLike,
        k: int | None = 10,
        *,
        group_by: str | None = None,
        **options: Unpack[ShardedSearchOptions],
    ) -> Hits | GroupedHits: ...
    @as_embedded(Collection.search)
    def search(
        self,
        q: ArrayLike,
        k: int | None = 10,
        *,
        ef: int | None = None,
        where: Mapping[str, Any] | filters.Filter | None = None,
        exact: bool = False,
        scores: str | None = None,
        threshold: float | None = None,
        with_payloads: bool = True,
        with_vectors: bool = False,
        target_recall: float | None = None,
        model: str | None = None,
        offset: int = 0,
        after: Hits | Hit | tuple[float, Id] | None = None,
        diversity: float | None = None,
        candidates: int | None = None,
        group_by: str | None = None,
        per_group: int | None = None,
        partial: Partial = "refuse",
        timeout: float | None = None,
    ) -> Hits | GroupedHits:
        """Every shard is asked for k, and the best of all are chosen.

        Exact searches return what one collection with all the records would, to the last bit; with
        the same ef, walks find at least as much. Single searches of several threads go to the
        shards together.

        Args:
            partial: "refuse": a shard that does not answer in time raises ShardUnavailableError.
                "allow": its records are missing, and ``hits.missing`` names it.
            timeout: Seconds for all shards together; the default is the cluster's.
        """
        seconds, may_miss = self._seconds(timeout), allows_part(partial)
        with self._checking() as twin:
            twin.search(
                q, k, ef=ef, where=where, exact=exact, scores=scores, threshold=threshold,
                with_payloads=with_payloads, with_vectors=with_vectors, model=model, offset=offset,
                after=after, diversity=diversity, candidates=candidates, group_by=group_by,
                per_group=per_group,
            )  # fmt: skip
        _check_target(target_recall, ef)
        request = SearchRequest(
            k, ef, where, exact, scores, threshold, with_payloads, with_vectors, target_recall
        )
        search = ClusterSearch(self._router, self._query(q), seconds, partial=may_miss)
        chosen = Refinement(offset, after, diversity, candidates, group_by, per_group)
        if where is None and chosen == Refinement() and not may_miss and timeout is None:
            return self._gathered(search, request)
        return self._refined(search, search, request, chosen)

    @as_embedded(Collection.search_many)
    def search_many(
        self,
        Q: ArrayLike,
        k: int | None = 10,
        *,
        threads: int | None = None,
        ef: int | None = None,
        where: Mapping[str, Any] | filters.Filter | None = None,
        exact: bool = False,
        scores: str | None = None,
        threshold: float | None = None,
        with_payloads: bool = True,
        with_vectors: bool = False,
        target_recall: float | None = None,
        model: str | None = None,
        offset: int = 0,
        partial: Partial = "refuse",
        timeout: float | None = None,
    ) -> ManyHits:
        """One call of each shard, whatever the number of queries. Each shard has its own moment.

        Args:
            partial: As for `search`.
            timeout: Seconds for all shards together; the default is the cluster's.
        """
        seconds, may_miss = self._seconds(timeout), allows_part(partial)
        with self._checking() as twin:
            twin.search_many(
                Q, k, threads=threads, ef=ef, where=where, exact=exact, scores=scores,
                threshold=threshold, with_payloads=with_payloads, with_vectors=with_vectors,
                model=model, offset=offset,
            )  # fmt: skip
        _check_target(target_recall, ef)
        request = SearchRequest(
            k, ef, where, exact, scores, threshold, with_payloads, with_vectors, target_recall
        )
        queries = self._queries(Q)
        search = ClusterSearch(self._router, queries, seconds, partial=may_miss, threads=threads)
        return search.many(request, int(offset))

    @overload
    def more_like(
        self,
        ids: Id | Iterable[Id] | NDArray[Any],
        k: int | None = 10,
        *,
        group_by: None = None,
        **options: Unpack[ShardedMoreLikeOptions],
    ) -> Hits: ...
    @overload
    def more_like(
        self,
        ids: Id | Iterable[Id] | NDArray[Any],
        k: int | None = 10,
        *,
        group_by: str,
        **options: Unpack[ShardedMoreLikeOptions],
    ) -> GroupedHits: ...
    @overload
    def more_like(
        self,
        ids: Id | Iterable[Id] | NDArray[Any],
        k: int | None = 10,
        *,
        group_by: str | None = None,
        **options: Unpack[ShardedMoreLikeOptions],
    ) -> Hits | GroupedHits: ...
    @as_embedded(Collection.more_like)
    def more_like(
        self,
        ids: Id | Iterable[Id] | NDArray[Any],
        k: int | None = 10,
        *,
        not_like: Id | Iterable[Id] | NDArray[Any] | None = None,
        ef: int | None = None,
        where: Mapping[str, Any] | filters.Filter | None = None,
        exact: bool = False,
        scores: str | None = None,
        threshold: float | None = None,
        with_payloads: bool = True,
        with_vectors: bool = False,
        target_recall: float | None = None,
        offset: int = 0,
        after: Hits | Hit | tuple[float, Id] | None = None,
        diversity: float | None = None,
        candidates: int | None = None,
        group_by: str | None = None,
        per_group: int | None = None,
        partial: Partial = "refuse",
        timeout: float | None = None,
    ) -> Hits | GroupedHits:
        """The examples are read from their shards first.

        Args:
            partial: As for `search`; the examples must be there.
            timeout: Seconds for all shards together; the default is the cluster's.
        """
        seconds, may_miss = self._seconds(timeout), allows_part(partial)
        header = self._header()
        liked, unliked = example_ids(self.name, None, ids, not_like)
        query = query_of_examples(
            METRICS[header.metric],
            DTYPES[header.dtype],
            self._example_vectors("ids", liked, seconds),
            self._example_vectors("not_like", unliked, seconds) if unliked else None,
        )
        with self._checking() as twin:
            twin.search(
                query, k, ef=ef, where=where, exact=exact, scores=scores, threshold=threshold,
                with_payloads=with_payloads, with_vectors=with_vectors, offset=offset, after=after,
                diversity=diversity, candidates=candidates, group_by=group_by, per_group=per_group,
            )  # fmt: skip
        _check_target(target_recall, ef)
        request = SearchRequest(
            k, ef, where, exact, scores, threshold, with_payloads, with_vectors, target_recall
        )
        search = ClusterSearch(self._router, self._query(query), seconds, partial=may_miss)
        chosen = Refinement(offset, after, diversity, candidates, group_by, per_group)
        others = without_examples(search, {*liked, *unliked})
        return self._refined(search, others, request, chosen)

    # What they share

    def _refined(
        self, search: ClusterSearch, query: Any, request: SearchRequest, chosen: Refinement
    ) -> Hits | GroupedHits:
        header, kind = self._header(), self._kind
        if chosen.after is not None and kind is None:
            kind = self._id_kind()
        try:
            return refined(search, ClusterRecords(header, kind), query, request, chosen)
        except ArgumentTypeError:
            # The collection may have been cleared, and have ids of the other kind now.
            if chosen.after is None or self._id_kind() == kind:
                raise
            return refined(search, ClusterRecords(header, self._kind), query, request, chosen)

    def _gathered(self, search: ClusterSearch, request: SearchRequest) -> Hits:
        """A plain search, together with those of other threads."""

        def send(queries: NDArray[Any]) -> ManyHits:
            return ClusterSearch(self._router, queries, search.timeout).many(request)

        key = (request, tuple(map(type, request)))
        return self._gathering.search(key, search.queries, send)

    def _query(self, q: ArrayLike) -> NDArray[Any]:
        header = self._header()
        return plain_queries(q, dim=header.dim, metric=header.metric, dtype=header.dtype, one=True)

    def _queries(self, Q: ArrayLike) -> NDArray[Any]:
        header = self._header()
        return plain_queries(Q, dim=header.dim, metric=header.metric, dtype=header.dtype)

    def _example_vectors(self, argument: str, ids: list[Id], seconds: float) -> NDArray[Any]:
        """The vectors of records that must be there and have one."""
        records: list[Any] = [None] * len(ids)
        answers = self._router.by_id(ids, lambda own: Call("get", (own,)), timeout=seconds)
        for place, record in answers:
            records[place] = record
        for i, (record_id, record) in enumerate(zip(ids, records, strict=True)):
            if record is None:
                raise NotFoundError(
                    f"{argument}[{i}]: collection {self.name!r} has no record {record_id!r}",
                    expected="an id that is there",
                    received=record_id,
                )
            if record.vector is None:
                raise InvalidArgumentError(
                    f"{argument}[{i}]: record {record_id!r} has no vector, so that nothing is near "
                    "it",
                    expected="a record with a vector",
                    received=record_id,
                )
        return np.stack([record.vector for record in records])


def _check_target(target_recall: float | None, ef: int | None) -> None:
    """Refuse what is no recall; whether a curve was measured only the shards know."""
    if target_recall is None:
        return
    recall_target(target_recall)
    if config.search_width(ef) is not None:
        raise InvalidArgumentError(
            "ef and target_recall both say how much to look at; give one of them",
            expected="ef or target_recall",
            received=(ef, target_recall),
        )
