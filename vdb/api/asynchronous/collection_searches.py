"""The class `AsyncCollectionSearches`. Written by tools/write_async_face.py; do not edit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Unpack, overload

from numpy.typing import ArrayLike, NDArray

from vdb.api import lazy_modules
from vdb.api.asynchronous.handles import ReaderHandle, readable
from vdb.model import filters
from vdb.model.grouped_hits import GroupedHits
from vdb.model.hits import Hits, ManyHits
from vdb.model.records import Hit, Id
from vdb.model.search_options import MoreLikeOptions, SearchOptions
from vdb.model.synonyms import with_hints

if TYPE_CHECKING:
    from vdb.fusion import fused_hits as fusion_module
else:
    fusion_module = lazy_modules.module("vdb.fusion.fused_hits")

__all__ = ["AsyncCollectionSearches"]


class AsyncCollectionSearches(ReaderHandle):
    """The searches of `AsyncCollectionReader`, as coroutines."""

    @overload
    async def search(
        self,
        q: ArrayLike,
        k: int | None = 10,
        *,
        group_by: None = None,
        **options: Unpack[SearchOptions],
    ) -> Hits: ...

    @overload
    async def search(
        self,
        q: ArrayLike,
        k: int | None = 10,
        *,
        group_by: str,
        **options: Unpack[SearchOptions],
    ) -> GroupedHits: ...

    @overload
    async def search(
        self,
        q: ArrayLike,
        k: int | None = 10,
        *,
        group_by: str | None = None,
        **options: Unpack[SearchOptions],
    ) -> Hits | GroupedHits: ...

    @with_hints
    async def search(
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
    ) -> Hits | GroupedHits:
        """The records closest to one query.

        Args:
            q: The query, shape (dim,), any real array-like. It is searched as float32, in a
                collection of int8 as integers; of bits it is packed bytes, shape (dim / 8,), or
                booleans, shape (dim,).
            k: The largest number of hits; fewer when there are fewer records, or fewer within the
                threshold. None with a threshold: all records within it, as far as the graph walk
                finds them; every one with `exact` or in a `Flat` collection.
            ef: Candidates kept by the graph walk, 1..1,000,000: a larger ef finds more and costs
                more. The default is the measured ef (by `tune`, or after many vectors were added),
                else 100; at least k. Collections of up to 2,000 records (8,000 of bits) are scanned
                unless ef is given, which is as fast. `Flat` collections ignore it.
            where: Search only the records whose payloads pass this filter: a dict such as
                ``{"pep": {"$gte": 400}}``, or an expression such as ``vdb.F.pep >= 400``. Fewer
                than k hits are returned only when fewer than k records pass.
            exact: Compare every vector instead of walking the graph.
            scores: Convention of the scores, one of `vdb.scores.conventions(metric)`; the default
                is the collection's.
            threshold: Return only hits at least this close, in the unit of the convention's own
                parameter, strict or inclusive as there (see `vdb.scores.describe`); native:
                the value, at most (distances) or at least (similarities) this.
            with_payloads: Whether hits carry payloads.
            with_vectors: Whether hits carry vectors.
            target_recall: Instead of ef: the recall to reach, above 0, at most 1, by the curve that
                `tune` measured.
            model: The model that the query comes from; checked against the collection's.
            offset: Leave out so many of the best hits: hits offset + 1 to offset + k of the same
                search for offset + k hits, with an ef of at least that. As long as nothing is
                written, a page is always the same; pages of an `exact` search fit together.
            after: Go on behind a page of hits, a hit, or `Hits.cursor`: the hits that come next by
                value, equal values by id. A record that was shown does not come again unless its
                vector was changed, whatever was written meanwhile; one that was added or found
                before that place does not come at all.
            diversity: Choose hits that are near the query and unlike each other, by maximal
                marginal relevance: 0 for plain hits, up to 1. They come in the order in which they
                are chosen, with the scores they have anyway.
            candidates: The number of hits that `diversity` chooses among; 5 times k by default.
            group_by: Return hits in groups by the value of this payload field: the k groups with
                the best hits. Records without the field, with null or with a dict in it are left
                out; one with a list is in the group of each value in it. There are fewer groups
                only where there are fewer values. Declare the field for speed.
            per_group: The largest number of hits of a group, 1 by default.

        Returns:
            The k records with the closest values as hits, best score first, equal scores by value,
            equal values by id. When k cuts through equal values, the smallest ids among the
            visited records stay; a walk with a small ef may miss some. With `group_by`, a
            `GroupedHits`.

        Raises:
            DimensionMismatchError: The query has another length.
            ModelMismatchError: The collection's vectors are of another model.
            InvalidVectorError: NaN, infinity, overflow; zero under cosine, unless the convention's
                engine answers it; a length other than 1 under dot; a fraction in a collection of
                int8.
            InvalidFilterError: The filter is not valid; the message names the place inside it.
            InvalidArgumentError: Another argument is out of range.
            CorruptedError: The search read a damaged part of the file.
            ClosedError: The database or snapshot is closed.

        Example:
            hits = await docs.search(q, k=5, where={"year": {"$gte": 2020}})
        """
        return await self._calls.read(
            lambda _: readable(
                self._sync.search(
                    q,
                    k,
                    ef=ef,
                    where=where,
                    exact=exact,
                    scores=scores,
                    threshold=threshold,
                    with_payloads=with_payloads,
                    with_vectors=with_vectors,
                    target_recall=target_recall,
                    model=model,
                    offset=offset,
                    after=after,
                    diversity=diversity,
                    candidates=candidates,
                    group_by=group_by,
                    per_group=per_group,
                )
            )
        )

    @with_hints
    async def search_many(
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
    ) -> ManyHits:
        """The records closest to each of several queries, all seen at one moment.

        Args:
            Q: The queries, shape (n, dim), any real array-like; of bits as for `search`.
            threads: Number of threads that search, 1..1,024; the default is one for each processor
                that this process may use. Results do not depend on it.
            k: The largest number of hits of a query; None with a threshold: all within it.
            ef: Candidates kept by the graph walk, 1..1,000,000; the default is the measured ef.
            where: Search only the records whose payloads pass this filter.
            exact: Compare every vector instead of walking the graph.
            scores: Convention of the scores; the default is the collection's.
            threshold: Return only hits at least this close, in the convention's unit.
            with_payloads: Whether hits carry payloads.
            with_vectors: Whether hits carry vectors.
            target_recall: Instead of ef: the recall to reach, above 0, at most 1.
            model: The model that the queries come from.
            offset: Leave out so many of the best hits. `search` describes each of these in full.

        Returns:
            A sequence of `Hits` in the order of the queries, which also has rectangular arrays.

        Raises:
            As `search`; InvalidVectorError names the row.

        Example:
            ids = (await docs.search_many(Q, k=3)).ids
        """
        return await self._calls.read(
            lambda _: readable(
                self._sync.search_many(
                    Q,
                    k,
                    threads=threads,
                    ef=ef,
                    where=where,
                    exact=exact,
                    scores=scores,
                    threshold=threshold,
                    with_payloads=with_payloads,
                    with_vectors=with_vectors,
                    target_recall=target_recall,
                    model=model,
                    offset=offset,
                )
            )
        )

    @overload
    async def more_like(
        self,
        ids: Id | Iterable[Id] | NDArray[Any],
        k: int | None = 10,
        *,
        group_by: None = None,
        **options: Unpack[MoreLikeOptions],
    ) -> Hits: ...

    @overload
    async def more_like(
        self,
        ids: Id | Iterable[Id] | NDArray[Any],
        k: int | None = 10,
        *,
        group_by: str,
        **options: Unpack[MoreLikeOptions],
    ) -> GroupedHits: ...

    @overload
    async def more_like(
        self,
        ids: Id | Iterable[Id] | NDArray[Any],
        k: int | None = 10,
        *,
        group_by: str | None = None,
        **options: Unpack[MoreLikeOptions],
    ) -> Hits | GroupedHits: ...

    @with_hints
    async def more_like(
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
    ) -> Hits | GroupedHits:
        """The records closest to stored ones, which are themselves not among the hits.

        One id is a search with its vector. Several are one search with their mean. With `not_like`
        the query is twice the mean of the ones minus the mean of the others (Qdrant's strategy
        "average_vector"). Under cosine and dot every example counts with length 1, and under dot
        the query is given length 1. For int8 it is rounded; of bits each is what the majority has,
        where the sides balance that of the first id.

        Args:
            ids: The examples; one that is named twice counts twice.
            k: The largest number of hits, as for `search`; there are no fewer because of the
                examples.
            not_like: Examples of what is not searched for.
            ef: As for `search`, like all that follow.
            where: Search only the records that pass this filter; examples need not pass it.
            exact: Compare every vector instead of walking the graph.
            scores: Convention of the scores.
            threshold: Return only hits at least this close.
            with_payloads: Whether hits carry payloads.
            with_vectors: Whether hits carry vectors.
            target_recall: Instead of ef: the recall to reach.
            offset: Leave out so many of the best hits, examples not counted.
            after: Go on behind a page of hits, a hit, or `Hits.cursor`; the query stays the same
                only as long as the examples keep their vectors.
            diversity: Choose hits that are near the query and unlike each other, 0 to 1.
            candidates: The number of hits that `diversity` chooses among.
            group_by: Return hits in groups by the value of this payload field.
            per_group: The largest number of hits of a group, 1 by default.

        Returns:
            Hits as of `search`; with `group_by`, a `GroupedHits`.

        Raises:
            NotFoundError: An example has no record.
            InvalidVectorError: The examples cancel out under cosine or dot.
            InvalidArgumentError: There is no example, or one without a vector.
            And as `search`.

        Example:
            hits = await docs.more_like("tea", 5, not_like="coffee")
        """
        return await self._calls.read(
            lambda _: readable(
                self._sync.more_like(
                    ids,
                    k,
                    not_like=not_like,
                    ef=ef,
                    where=where,
                    exact=exact,
                    scores=scores,
                    threshold=threshold,
                    with_payloads=with_payloads,
                    with_vectors=with_vectors,
                    target_recall=target_recall,
                    offset=offset,
                    after=after,
                    diversity=diversity,
                    candidates=candidates,
                    group_by=group_by,
                    per_group=per_group,
                )
            )
        )

    @with_hints
    async def search_text(
        self,
        query: str,
        k: int | None = 10,
        *,
        field: str | None = None,
        scores: str = "native",
        where: Mapping[str, Any] | filters.Filter | None = None,
        operator: str = "or",
        threshold: float | None = None,
        offset: int = 0,
        with_payloads: bool = True,
        syntax: bool = True,
        k1: float | None = None,
        b: float | None = None,
        delta: float | None = None,
    ) -> Hits:
        """The records whose text has the words of a query, best first by BM25.

        Needs a text field, which ``fields={"text": vdb.Text()}`` or `index_field` declares.

        Args:
            query: Words, analyzed as the texts are. ``"in quotes"`` they are a phrase, with a star
                at the end (``app*``) the beginning of words.
            k: The largest number of hits; None with a threshold: all within it.
            field: The text field; None where there is only one.
            scores: Whose BM25, one of `vdb.lexical.conventions()`: "elasticsearch", "fts5", ...
            where: Search only the records whose payloads pass this filter. Fewer than k hits are
                returned only when fewer than k of them match.
            operator: "or": a record matches when it has one of the clauses, "and": all of them.
            threshold: Return only hits with a score at least this good, in the unit and the
                direction of `scores`.
            offset: Leave out so many of the best hits.
            with_payloads: Whether hits carry payloads.
            syntax: False takes quotes and stars of the query as plain text.
            k1: How slowly a repeated word saturates, 0 or more; None for the engine's.
            b: How much the length matters, 0 to 1; None for the engine's.
            delta: What BM25L and BM25+ add, 0 or more; None for the engine's.

        Returns:
            Hits, equal scores by id. ``hits.metric`` is "bm25", and values are the scores, in the
            engine's type; a text without any of the words is a hit only where the convention gives
            it a score (BM25L and BM25+ of bm25s, BM25Plus of rank_bm25). A query
            without words (empty, or of stop words only) has none.

        Raises:
            NotFoundError: There is no such text field, or none at all.
            InvalidArgumentError: There are several text fields and none is named; its index is not
                complete; a phrase, and the field has no positions; or an argument is out of range.
            AnalyzerMismatchError: The field's words are of another analyzer, or of another version,
                than there is here.
            InvalidFilterError: The filter is not valid.
            CorruptedError: The search read a damaged part of the file.

        Example:
            hits = await docs.search_text("drink", 5)
        """
        return await self._calls.read(
            lambda _: readable(
                self._sync.search_text(
                    query,
                    k,
                    field=field,
                    scores=scores,
                    where=where,
                    operator=operator,
                    threshold=threshold,
                    offset=offset,
                    with_payloads=with_payloads,
                    syntax=syntax,
                    k1=k1,
                    b=b,
                    delta=delta,
                )
            )
        )

    @with_hints
    async def search_hybrid(
        self,
        *,
        text: str | None = None,
        vector: ArrayLike | None = None,
        k: int = 10,
        fusion: str = "native",
        weights: Sequence[float] | None = None,
        window: int | None = None,
        where: Mapping[str, Any] | filters.Filter | None = None,
        field: str | None = None,
        ef: int | None = None,
        exact: bool = False,
        threshold: float | None = None,
        text_scores: str | None = None,
        vector_scores: str | None = None,
        with_payloads: bool = True,
        **parameters: Any,
    ) -> fusion_module.FusedHits:
        """The records that a search by words and one by vector find, in one ranking.

        Both searches see one moment. Their lists are fused as the engine does it that `fusion`
        names: with its window, its ranks or scores, its order of equal ones. The list by words is
        in the engine's own BM25 where vdb has it, that by vector in its own convention.

        Args:
            text: The words, as for `search_text`. None: the list by vector alone, fused as the
                engine fuses one list; where it takes two, the other is empty.
            vector: The query, shape (dim,), as for `search`. None: the list by words alone.
            k: The largest number of hits.
            fusion: The name of a fusion; `vdb.fusion.fusions` lists them.
            weights: Two, of text and vector; None for the engine's own.
            window: How many hits of each list enter; None for the engine's own number,
                `vdb.fusion.Fusion.default_window`.
            where: Search only the records whose payloads pass this filter, in both lists. Fewer
                than k hits are returned only when fewer are in the lists.
            field: The text field; None where there is only one.
            ef: Candidates kept by the graph walk, as for `search`.
            exact: Compare every vector instead of walking the graph.
            threshold: Return only hits with a fused score at least this good, itself included.
            text_scores: The convention of the list by words; None for the engine's own, native
                where vdb has none of it.
            vector_scores: That of the list by vector. None for the engine's own; where scores of
                any kind may enter, the collection's, or "relevance" where lower ones are better
                there.
            with_payloads: Whether hits carry payloads.
            parameters: What else the fusion takes, such as ``rank_constant=60``;
                `vdb.fusion.describe` lists it. What the collection decides, such as the metric,
                need not be set.

        Returns:
            The fused hits, best first. Each has, for each list, its rank, score, normalised score
            and share: ``hits[0].explain()``.

        Raises:
            NotFoundError: A text, and there is no text field.
            ArgumentTypeError: A parameter that the fusion lacks.
            InvalidArgumentError: An unknown fusion; a weight, a window or a score that the engine
                refuses; a metric that it lacks; or neither text nor vector.
            And as `search` and `search_text`.

        Example:
            hits = await docs.search_hybrid(text="black tea", vector=q, k=5, fusion="weaviate-relative")
        """
        return await self._calls.read(
            lambda _: self._sync.search_hybrid(
                text=text,
                vector=vector,
                k=k,
                fusion=fusion,
                weights=weights,
                window=window,
                where=where,
                field=field,
                ef=ef,
                exact=exact,
                threshold=threshold,
                text_scores=text_scores,
                vector_scores=vector_scores,
                with_payloads=with_payloads,
                **parameters,
            )
        )
