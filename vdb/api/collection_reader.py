"""The public class `CollectionReader`: one collection, for reading.

It reads at one moment (of a snapshot) or at the newest moment of each call. Each method checks its
arguments and delegates.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack, overload

from numpy.typing import ArrayLike, NDArray

from vdb import query
from vdb.api import filter_warning, lazy_modules
from vdb.api.collection_lookup import (
    find_renamed,
    find_view,
    require_metric,
    require_model,
    require_threshold,
)
from vdb.api.id_walk import begin_walk
from vdb.api.read_access import Access
from vdb.api.record_iterator import Walk
from vdb.api.record_scan import RecordScan
from vdb.api.write_methods import refuse_write_method
from vdb.errors import DimensionMismatchError, NotFoundError, VdbError
from vdb.index import ingest
from vdb.index.dimension_change import with_change
from vdb.model import config, inputs
from vdb.model.filters import Filter
from vdb.model.grouped_hits import GroupedHits
from vdb.model.hits import Hits, ManyHits
from vdb.model.records import Hit, Id, Progress, Record
from vdb.model.results import FieldValues
from vdb.model.search_options import SearchOptions
from vdb.model.synonyms import with_hints
from vdb.model.unpicklable import Handle
from vdb.store import Batch, CollectionView, Snapshot, WritableCollection

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

__all__ = ["CollectionReader"]

_NO_OFFSET = 0
"""Compared by identity, which costs the plain search the least; other zeros mean the same."""


class CollectionReader(Handle):
    """One collection, for reading. Made by `Database.collection` and `Snapshot.collection`.

    It may be shared between threads; searches run in parallel with each other and with a writer.
    """

    def __init__(
        self,
        access: Access,
        view: CollectionView | WritableCollection,
        *,
        metric: str | None = None,
        model: str | None = None,
    ) -> None:
        """`metric`, `model`: those that the collection must keep; None accepts a change."""
        self._access = access
        self._name = view.header.name
        # As last seen; a rebuild may change metric and dtype. One tuple, replaced as a whole.
        self._row_format = ingest.RowFormat.of(view.header)
        # The metric and the model of the caller's thresholds.
        self._known_metric, self._known_model = view.header.metric, view.header.model
        self._expected_metric, self._expected_model = metric, model
        self._identity = (view.header.number, view.header.created)

    def _place(self) -> Path:
        return self._access.path

    @property
    def name(self) -> str:
        """The collection's name; as last seen, where it is renamed."""
        return self._name

    @property
    def dim(self) -> int | None:
        """The dimension of its vectors at present; only a rebuild changes it.

        None in a collection that was created with ``dim="auto"``, until it has a vector.
        """
        with self._access.reading() as reader:
            return self._view(reader).header.dim or None

    @property
    def dtype(self) -> str:
        """How its vectors are stored at present; only a rebuild changes it."""
        with self._access.reading() as reader:
            return self._view(reader).header.dtype

    @property
    def metric(self) -> str:
        """The metric of its current generation; only a rebuild changes it.

        An object that was requested with ``metric=`` raises MetricMismatchError after that.
        """
        with self._access.reading() as reader:
            return self._view(reader).header.metric

    @property
    def index(self) -> config.IndexConfig:
        """Kind and parameters of its current generation; only a rebuild changes them."""
        with self._access.reading() as reader:
            return config.index_from_map(self._view(reader).generation.index)

    @overload
    def search(
        self,
        q: ArrayLike,
        k: int | None = 10,
        *,
        group_by: None = None,
        **options: Unpack[SearchOptions],
    ) -> Hits: ...
    @overload
    def search(
        self,
        q: ArrayLike,
        k: int | None = 10,
        *,
        group_by: str,
        **options: Unpack[SearchOptions],
    ) -> GroupedHits: ...
    @overload
    def search(
        self,
        q: ArrayLike,
        k: int | None = 10,
        *,
        group_by: str | None = None,
        **options: Unpack[SearchOptions],
    ) -> Hits | GroupedHits: ...
    @with_hints
    def search(
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
            hits = docs.search(q, k=5, where={"year": {"$gte": 2020}})
        """
        with self._access.reading() as reader:
            request = query.SearchRequest(
                k, ef, where, exact, scores, threshold, with_payloads, with_vectors, target_recall
            )
            # A cursor holds a value of the metric, as a threshold does.
            view = self._view_for_search(reader, threshold if after is None else 0.0, model)
            try:
                if (
                    offset is _NO_OFFSET
                    and after is None
                    and diversity is None
                    and candidates is None
                    and group_by is None
                    and per_group is None
                ):
                    return query.search(reader, view, q, request)
                chosen = query.Refinement(offset, after, diversity, candidates, group_by, per_group)
                return query.refined_search(reader, view, q, request, chosen)
            except DimensionMismatchError as error:
                raise with_change(error, view.header) from None

    @with_hints
    def search_many(
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
            ids = docs.search_many(Q, k=3).ids
        """
        with self._access.reading() as reader:
            request = query.SearchRequest(
                k, ef, where, exact, scores, threshold, with_payloads, with_vectors, target_recall
            )
            view = self._view_for_search(reader, threshold, model)
            try:
                return query.search_many(reader, view, Q, request, threads=threads, offset=offset)
            except DimensionMismatchError as error:
                raise with_change(error, view.header) from None

    @with_hints
    def more_like(
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
            hits = docs.more_like("tea", 5, not_like="coffee")
        """
        with self._access.reading() as reader:
            request = query.SearchRequest(
                k, ef, where, exact, scores, threshold, with_payloads, with_vectors, target_recall
            )
            view = self._view_for_search(reader, threshold, None)
            return query.more_like(reader, view, ids, not_like, request)

    @overload  # a str is a sequence of strs too, but counts as one id
    def get(self, ids: Id) -> Record | None: ...  # type: ignore[overload-overlap]
    @overload
    def get(self, ids: Sequence[Id] | NDArray[Any]) -> list[Record | None]: ...
    @with_hints
    def get(self, ids: Id | Sequence[Id] | NDArray[Any]) -> Record | list[Record | None] | None:
        """Records by id: one for one id, a list in order for several; None where there is none.

        Raises:
            ArgumentTypeError: An id is of neither kind, or of the other kind than the collection's.

        Example:
            record = docs.get("tea")
        """
        id_list = inputs.id_list(ids)
        with self._access.reading() as reader:
            view = self._view(reader)
            inputs.require_id_kind(self._name, view.header.id_kind, id_list)
            records = query.get(reader, view, id_list)
        return records[0] if inputs.is_one_id(ids) else records

    @with_hints
    def ids(
        self,
        *,
        where: Mapping[str, Any] | Filter | None = None,
        after: Id | None = None,
        limit: int | None = None,
    ) -> Iterator[Id]:
        """The ids, ints by number and strs by their UTF-8 bytes, as of the moment of the call.

        The iterator holds its moment until it is exhausted or deleted; until then, space freed by
        later commits cannot be used again.

        Args:
            where: Only the ids of the records that pass this filter.
            after: Only ids behind this one, which need not have a record. The last id of one page
                gives the next page, also after other commits: what was there all the time is
                neither left out nor repeated.
            limit: The largest number of ids, at least 1; None for all.

        Raises:
            InvalidFilterError: The filter is not valid.
            ArgumentTypeError: `after` is of the other kind than the collection's ids.
            InvalidArgumentError: `limit` is out of range.

        Example:
            page = list(docs.ids(after="tea", limit=100))
        """
        moment, _, ids = begin_walk(self._access, self._view, where=where, after=after, limit=limit)
        return Walk(moment, ids)

    @with_hints
    def scan(
        self,
        *,
        where: Mapping[str, Any] | Filter | None = None,
        after: Id | None = None,
        limit: int | None = None,
        with_vectors: bool = True,
        columns: Sequence[str] | None = None,
    ) -> RecordScan:
        """The records in the order of `ids`; like there, the iterator holds one moment.

        A loop that rewrites each record makes the file grow with every one of them. Take the ids
        first and `get` some hundred records at a time, or write inside one ``with db.batch():``.

        Args:
            where: Only the records that pass this filter.
            after: Only records whose ids are behind this one, as for `ids`.
            limit: The largest number of records, at least 1; None for all.
            with_vectors: Whether records have their vectors; without, none is read.
            columns: Only these fields of the payloads, nested ones as "author.name"; the others are
                not decoded. Payloads are then dicts with those of the fields that they have, and
                None where they are no dicts. With ``()`` no payload is read.

        Returns:
            An iterator of `Record`, which is a table for other libraries too.

        Raises:
            InvalidArgumentError: `columns` has something that is no name of a field.
            And as `ids`.

        Example:
            titles = [r.payload for r in docs.scan(with_vectors=False, columns=["title"])]
        """
        parts = query.RecordParts.of(with_vectors, columns)
        moment, view, ids = begin_walk(
            self._access, self._view, where=where, after=after, limit=limit
        )
        return RecordScan(moment, view, ids, parts)

    @with_hints
    def count(self, where: Mapping[str, Any] | Filter | None = None) -> int:
        """The number of records, or of records that pass a filter.

        When no record passes a filter, or every record, and no record has one of its fields, a
        UserWarning names that field. The same holds for every call with `where` that returns no
        hits.

        Raises:
            InvalidFilterError: The filter is not valid.

        Example:
            docs.count({"year": {"$gte": 2020}})
        """
        with self._access.reading() as reader:
            view = self._view(reader)
            if where is None:
                return view.header.count
            return filter_warning.matching(reader, view, where).count

    @with_hints
    def values(
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
            for year, count in docs.values("year", order="count", limit=10):
                print(year, count)
        """
        with self._access.reading() as reader:
            view = self._view(reader)
            filter_set = None if where is None else filter_warning.matching(reader, view, where)
            return query.field_values(
                reader, view, field, filter_set=filter_set, prefix=prefix, limit=limit, order=order
            )

    def __len__(self) -> int:
        with self._access.reading() as reader:
            return self._view(reader).header.count

    def __contains__(self, value: object) -> bool:
        with self._access.reading() as reader:
            return query.contains(reader, self._view(reader), value)

    def info(self) -> info_module.CollectionInfo:
        """Metric, dimension, counts, norms, generation, history and sizes, as a dataclass.

        Takes no longer on a large collection: norms are then those of a sample (`NormStats`).

        Example:
            print(docs.info().metric, docs.info().count)
        """
        with self._access.reading() as reader:
            return info_module.collection_info(reader, self._view(reader))

    # Measurements

    @with_hints
    def recall(
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
            print(docs.recall(Q, k=10, ef=50).recall)
        """
        from vdb.analysis.common.moments import Moments
        from vdb.analysis.measurement import calls

        return calls.recall(
            Moments(self._reading_view), queries, k=k, ef=ef, sample=sample, seed=seed,
            threads=threads, progress=progress,
        )  # fmt: skip

    @with_hints
    def bench(
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
            print(docs.bench(Q, efs=[10, 50]))
        """
        from vdb.analysis.common.moments import Moments
        from vdb.analysis.measurement import calls

        return calls.bench(
            Moments(self._reading_view), queries, k=k, efs=efs, sample=sample, seed=seed,
            threads=threads, rounds=rounds, progress=progress,
        )  # fmt: skip

    @with_hints
    def explain(
        self,
        q: ArrayLike,
        id: Id,  # noqa: A002 - what records call it
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
            print(docs.explain(q, "tea", scores="elasticsearch"))
        """
        with self._reading_view() as (reader, view):
            return explain_module.explain(
                reader,
                view,
                q,
                id,
                scores=scores,
                k=k,
                ef=ef,
                target_recall=target_recall,
                where=where,
            )

    def inspect(self) -> inspection_module.Inspection:
        """Statistics of the stored collection: norms, graph, blocks, bytes, generations.

        Reads every block, id and record, which takes as long as reading the collection from the
        disk.

        Raises:
            CorruptedError: A damaged part was read; `Database.check` lists all damage.

        Example:
            print(docs.inspect())
        """
        from vdb.analysis.inspection import inspect as inspect_module

        with self._reading_view() as (reader, view):
            return inspect_module.inspect(reader, view)

    def inspect_record(self, id: Id) -> inspection_module.RecordInspection:  # noqa: A002 - what records call it
        """One stored record: its norm, its duplicates, its neighbours on each level.

        Raises:
            NotFoundError: There is no such record.
            CorruptedError: A damaged part was read.

        Example:
            print(docs.inspect_record("tea"))
        """
        from vdb.analysis.inspection import inspect as inspect_module

        with self._reading_view() as (reader, view):
            return inspect_module.inspect_record(reader, view, id)

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> object:
            """Refuse writing methods on a collection of a snapshot, with a typed error."""
            refuse_write_method(self._name, name)
            message = f"{type(self).__name__!r} object has no attribute {name!r}"
            raise AttributeError(message, name=name, obj=self)

    def __repr__(self) -> str:
        try:
            with self._access.reading() as reader:
                header = self._view(reader).header
        except VdbError as error:
            return f"<{type(self).__name__} {self._name!r}: {error}>"
        dim = header.dim or "open"
        return (
            f"<{type(self).__name__} {self._name!r}: {header.count} records, dim={dim}, "
            f"metric={header.metric}>"
        )

    def _repr_html_(self) -> str:
        from vdb.api import html_cards

        return html_cards.collection_card(repr(self), self._access.reading, self._view)

    def _view(self, reader: Snapshot | Batch) -> CollectionView | WritableCollection:
        try:
            view = reader.collection(self._name)
        except NotFoundError:
            view = self._renamed(reader) or find_view(reader, self._name)
        if (view.header.number, view.header.created) != self._identity:
            renamed = self._renamed(reader)
            if renamed is None:
                raise NotFoundError(
                    f"collection {self._name!r} was dropped and made anew; "
                    f"get the new one with db.collection({self._name!r})",
                    received=self._name,
                )
            view = renamed
        require_metric(view.header, self._expected_metric)
        require_model(view.header, self._expected_model)
        return view

    def _renamed(self, reader: Snapshot | Batch) -> CollectionView | WritableCollection | None:
        """The view of this collection under its present name; None where it was dropped."""
        view = find_renamed(reader, self._identity)
        if view is not None:
            self._name = view.header.name
        return view

    def _view_for_search(
        self, reader: Snapshot | Batch, threshold: float | None, model: object
    ) -> CollectionView | WritableCollection:
        """The view; refuses another model, and a threshold from before a change of metric."""
        view = self._view(reader)
        if model is not None:
            require_model(view.header, config.model_text(model))
        if threshold is not None:
            require_threshold(view.header, self._known_metric, self._known_model)
        return view

    @contextmanager
    def _reading_view(
        self,
    ) -> Iterator[tuple[Snapshot | Batch, CollectionView | WritableCollection]]:
        with self._access.reading() as reader:
            yield reader, self._view(reader)
