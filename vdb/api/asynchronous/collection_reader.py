"""The class `AsyncCollectionReader`. Written by tools/write_async_face.py; do not edit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Unpack, overload

from numpy.typing import ArrayLike, NDArray

from vdb.api import lazy_modules
from vdb.api.asynchronous.handles import ReaderHandle, readable
from vdb.api.asynchronous.walk import AsyncWalk
from vdb.api.collection_reader import CollectionReader
from vdb.model import config
from vdb.model.filters import Filter
from vdb.model.grouped_hits import GroupedHits
from vdb.model.hits import Hits, ManyHits
from vdb.model.records import Hit, Id, Progress, Record
from vdb.model.results import FieldValues
from vdb.model.search_options import SearchOptions
from vdb.model.synonyms import with_hints

if TYPE_CHECKING:
    from vdb.analysis.explanation import explain as explain_module
    from vdb.analysis.inspection import report as inspection_module
    from vdb.analysis.measurement import recall as recall_module
    from vdb.analysis.measurement import speed as speed_module
    from vdb.maintenance import info as info_module
else:
    explain_module = lazy_modules.module("vdb.analysis.explanation.explain")
    inspection_module = lazy_modules.module("vdb.analysis.inspection.report")
    recall_module = lazy_modules.module("vdb.analysis.measurement.recall")
    info_module = lazy_modules.module("vdb.maintenance.info")
    speed_module = lazy_modules.module("vdb.analysis.measurement.speed")

__all__ = ["AsyncCollectionReader"]


class AsyncCollectionReader(ReaderHandle):
    """One collection, for reading. Made by `AsyncSnapshot.collection`; `AsyncCollection` is one, too.

    It has the methods of `CollectionReader`, as coroutines; ``ids`` and ``scan`` are iterated over
    with ``async for``. Properties that are read from the database are methods: ``await
    docs.metric()``. Any number of tasks may share it.
    """

    _sync: CollectionReader

    @property
    def name(self) -> str:
        """The collection's name; as last seen, where it is renamed."""
        return self._sync.name

    @property
    def dim(self) -> int | None:
        """The dimension of its vectors at present; only a rebuild changes it.

        None in a collection that was created with ``dim="auto"``, until it has a vector.
        """
        return self._sync.dim

    async def dtype(self) -> str:
        """How its vectors are stored at present; only a rebuild changes it."""
        return await self._calls.read(lambda _: self._sync.dtype)

    async def metric(self) -> str:
        """The metric of its current generation; only a rebuild changes it.

        An object that was requested with ``metric=`` raises MetricMismatchError after that.
        """
        return await self._calls.read(lambda _: self._sync.metric)

    async def index(self) -> config.IndexConfig:
        """Kind and parameters of its current generation; only a rebuild changes them."""
        return await self._calls.read(lambda _: self._sync.index)

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
        where: Mapping[str, Any] | Filter | None = None,
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
        where: Mapping[str, Any] | Filter | None = None,
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

    @with_hints
    async def more_like(
        self,
        ids: Id | Iterable[Id] | NDArray[Any],
        k: int | None = 10,
        *,
        not_like: Id | Iterable[Id] | NDArray[Any] | None = None,
        ef: int | None = None,
        where: Mapping[str, Any] | Filter | None = None,
        exact: bool = False,
        scores: str | None = None,
        threshold: float | None = None,
        with_payloads: bool = True,
        with_vectors: bool = False,
        target_recall: float | None = None,
    ) -> Hits:
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
                )
            )
        )

    @overload
    async def get(self, ids: Id) -> Record | None: ...  # type: ignore[overload-overlap]

    @overload
    async def get(self, ids: Sequence[Id] | NDArray[Any]) -> list[Record | None]: ...

    @with_hints
    async def get(
        self, ids: Id | Sequence[Id] | NDArray[Any]
    ) -> Record | list[Record | None] | None:
        """Records by id: one for one id, a list in order for several; None where there is none.

        Raises:
            ArgumentTypeError: An id is of neither kind, or of the other kind than the collection's.

        Example:
            record = await docs.get("tea")
        """
        return await self._calls.read(lambda _: self._sync.get(ids))

    @with_hints
    def ids(
        self,
        *,
        where: Mapping[str, Any] | Filter | None = None,
        after: Id | None = None,
        limit: int | None = None,
        rows: int = 1000,
    ) -> AsyncWalk[Id]:
        """The ids, ints by number and strs by their UTF-8 bytes, as of the moment of the call.

        The iterator holds its moment until it is exhausted or deleted; until then, space freed by
        later commits cannot be used again.

        Args:
            where: Only the ids of the records that pass this filter.
            after: Only ids behind this one, which need not have a record. The last id of one page
                gives the next page, also after other commits: what was there all the time is
                neither left out nor repeated.
            limit: The largest number of ids, at least 1; None for all.
            rows: Items that a worker thread reads at a time; see `AsyncWalk`.

        Raises:
            InvalidFilterError: The filter is not valid.
            ArgumentTypeError: `after` is of the other kind than the collection's ids.
            InvalidArgumentError: `limit` is out of range.

        Example:
            page = [one async for one in docs.ids(after="tea", limit=100)]
        """
        return AsyncWalk(
            lambda: self._sync.ids(where=where, after=after, limit=limit),
            rows,
            self._calls,
            self._place(),
        )

    @with_hints
    def scan(
        self,
        *,
        where: Mapping[str, Any] | Filter | None = None,
        after: Id | None = None,
        limit: int | None = None,
        with_vectors: bool = True,
        columns: Sequence[str] | None = None,
        rows: int = 1000,
    ) -> AsyncWalk[Record]:
        """The records in the order of `ids`; like there, the iterator holds one moment.

        A loop that rewrites each record makes the file grow with every one of them. Take the ids
        first and `get` some hundred records at a time, or write inside one ``async with db.batch():``.

        Args:
            where: Only the records that pass this filter.
            after: Only records whose ids are behind this one, as for `ids`.
            limit: The largest number of records, at least 1; None for all.
            with_vectors: Whether records have their vectors; without, none is read.
            columns: Only these fields of the payloads, nested ones as "author.name"; the others are
                not decoded. Payloads are then dicts with those of the fields that they have, and
                None where they are no dicts. With ``()`` no payload is read.
            rows: Items that a worker thread reads at a time; see `AsyncWalk`.

        Raises:
            InvalidArgumentError: `columns` has something that is no name of a field.
            And as `ids`.

        Example:
            titles = [r.payload async for r in docs.scan(with_vectors=False, columns=["title"])]
        """
        return AsyncWalk(
            lambda: self._sync.scan(
                where=where, after=after, limit=limit, with_vectors=with_vectors, columns=columns
            ),
            rows,
            self._calls,
            self._place(),
        )

    @with_hints
    async def count(self, where: Mapping[str, Any] | Filter | None = None) -> int:
        """The number of records, or of records that pass a filter.

        When no record passes a filter, or every record, and no record has one of its fields, a
        UserWarning names that field. The same holds for every call with `where` that returns no
        hits.

        Raises:
            InvalidFilterError: The filter is not valid.

        Example:
            await docs.count({"year": {"$gte": 2020}})
        """
        return await self._calls.read(lambda _: self._sync.count(where))

    @with_hints
    async def values(
        self,
        field: str,
        *,
        where: Mapping[str, Any] | Filter | None = None,
        prefix: str | None = None,
        limit: int | None = None,
        order: str = "value",
    ) -> FieldValues:
        """The different values of a declared field, and how many records have each (facets).

        Read from the field's index, not from payloads, but for strings of more than 240 bytes.

        Args:
            field: The field, a nested one as "author.name".
            where: Count only the records that pass this filter; as in `count`, a warning names a
                field that no record has.
            prefix: Only strings that begin so.
            limit: The largest number of values, at least 1; None for all. `FieldValues.distinct`,
                ``min`` and ``max`` are those of all.
            order: "value": rising; "count": the most frequent first, equal counts by value.

        Raises:
            NotFoundError: The field is not declared; the message says how to.
            InvalidArgumentError: Its index is not complete, a prefix of no strings, or another
                argument is out of range.
            InvalidFilterError: The filter is not valid.

        Example:
            for year, count in await docs.values("year", order="count", limit=10):
                print(year, count)
        """
        return await self._calls.read(
            lambda _: self._sync.values(field, where=where, prefix=prefix, limit=limit, order=order)
        )

    async def info(self) -> info_module.CollectionInfo:
        """Metric, dimension, counts, norms, generation, history and sizes, as a dataclass.

        Takes no longer on a large collection: norms are then those of a sample (`NormStats`).

        Example:
            print((await docs.info()).metric, (await docs.info()).count)
        """
        return await self._calls.read(lambda _: self._sync.info())

    @with_hints
    async def recall(
        self,
        queries: ArrayLike | None = None,
        k: int = 10,
        ef: int | None = None,
        *,
        sample: int = config.SAMPLE,
        seed: int = 0,
        threads: int | None = None,
        progress: Progress | None = None,
    ) -> recall_module.RecallReport:
        """Recall@k of searches, measured against exact search.

        Each query is measured at one moment; every few queries the newest moment is taken.

        Args:
            queries: Queries, shape (n, dim). None: stored vectors, each without itself. Stored
                vectors are easier than real queries, so figures from real ones are worth more.
            k: Hits of a query.
            ef: Candidates kept by the graph walk; the default is that of a search.
            sample: Number of stored vectors to take, 1..100,000; all where there are fewer.
            seed: Seed of that choice.
            threads: Number of threads that search, 1..1,024; the default is one a processor.
            progress: Called regularly with (queries compared exactly, queries).

        Raises:
            InvalidArgumentError: Fewer than two records, or an argument out of range.
            And as `search`.

        Example:
            print((await docs.recall(Q, k=10, ef=50)).recall)
        """
        return await self._calls.long(
            lambda call: self._sync.recall(
                queries,
                k,
                ef,
                sample=sample,
                seed=seed,
                threads=threads,
                progress=call.reporting(progress),
            ),
            writes=False,
        )

    @with_hints
    async def bench(
        self,
        queries: ArrayLike | None = None,
        k: int = 10,
        *,
        efs: Sequence[int] | None = None,
        sample: int = config.SAMPLE,
        seed: int = 0,
        threads: int | None = 1,
        rounds: int = 5,
        progress: Progress | None = None,
    ) -> speed_module.SpeedReport:
        """Speed and recall of searches on this machine, for several values of ef.

        Args:
            queries: Queries, shape (n, dim); as for `recall`, real ones are worth more.
            k: Hits of a query.
            efs: Values of ef, one point of the curve each; exact search is the last point. The
                default is nine values from 10 to 400.
            sample: Number of stored vectors to take where no queries are given, 1..100,000.
            seed: Seed of that choice.
            threads: Number of threads that answer a batch, 1..1,024; None is one a processor.
            rounds: Measurements of each point, 1..1,000; figures are medians.
            progress: Called regularly with (steps done, steps).

        Raises:
            InvalidArgumentError: Fewer than two records, or an argument out of range.
            And as `search`.

        Example:
            print(await docs.bench(Q, efs=[10, 50]))
        """
        return await self._calls.long(
            lambda call: self._sync.bench(
                queries,
                k,
                efs=efs,
                sample=sample,
                seed=seed,
                threads=threads,
                rounds=rounds,
                progress=call.reporting(progress),
            ),
            writes=False,
        )

    @with_hints
    async def explain(
        self,
        q: ArrayLike,
        id: Id,
        *,
        scores: str | None = None,
        k: int = 10,
        ef: int | None = None,
        target_recall: float | None = None,
        where: Mapping[str, Any] | Filter | None = None,
    ) -> explain_module.Explanation:
        """Explains the score and the rank of one record for a query.

        The score is derived step by step: dot product, norms, natural value, the convention's
        formula with numbers put in. The rank comes from an exact comparison of all records that
        pass the filter. The search with these arguments is run as well, to say whether and how it
        finds the record.

        Args:
            q: The query, shape (dim,).
            id: The record, whether a search finds it or not.
            scores: Convention of the score; the default is the collection's.
            k: Hits of the search.
            ef: As for `search`.
            target_recall: As for `search`.
            where: As for `search`; the rank counts the records that pass.

        Returns:
            An `Explanation`; its ``str()`` is a text of several lines.

        Raises:
            NotFoundError: There is no such record.
            And as `search`.

        Example:
            print(await docs.explain(q, "tea", scores="elasticsearch"))
        """
        return await self._calls.read(
            lambda _: self._sync.explain(
                q, id, scores=scores, k=k, ef=ef, target_recall=target_recall, where=where
            )
        )

    async def inspect(self) -> inspection_module.Inspection:
        """Statistics of the stored collection: norms, graph, blocks, bytes, generations.

        Reads every block, id and record, which takes as long as reading the collection from the
        disk.

        Raises:
            CorruptedError: A damaged part was read; `Database.check` lists all damage.

        Example:
            print(await docs.inspect())
        """
        return await self._calls.long(lambda _: self._sync.inspect(), writes=False)

    async def inspect_record(self, id: Id) -> inspection_module.RecordInspection:
        """One stored record: its norm, its duplicates, its neighbours on each level.

        Raises:
            NotFoundError: There is no such record.
            CorruptedError: A damaged part was read.

        Example:
            print(await docs.inspect_record("tea"))
        """
        return await self._calls.read(lambda _: self._sync.inspect_record(id))
