"""Reading one collection, at one moment or at each call anew; each method checks and delegates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from numpy.typing import ArrayLike, NDArray

from vdb import query
from vdb.api import filter_warning, lazy_modules
from vdb.api.access import Access, Moment
from vdb.api.collection_lookup import find_view, require_metric
from vdb.api.record_iterator import Walk
from vdb.errors import NotFoundError, SnapshotWriteError, VdbError
from vdb.index import ingest, search_ef
from vdb.index.fields import field_index
from vdb.model import arguments, config, inputs
from vdb.model.filters import Filter
from vdb.model.handles import Handle
from vdb.model.hits import Hits, ManyHits
from vdb.model.records import Id, Progress, Record
from vdb.model.spellings import with_hints
from vdb.store import Batch, CollectionView, Snapshot, WritableCollection

if TYPE_CHECKING:
    from vdb.analysis.explanation import explain as explaining
    from vdb.analysis.inspection import report as inspection
    from vdb.analysis.measurement import recall as recalling
    from vdb.analysis.measurement import speed
    from vdb.maintenance import info as report
else:
    explaining = lazy_modules.module("vdb.analysis.explanation.explain")
    inspection = lazy_modules.module("vdb.analysis.inspection.report")
    recalling = lazy_modules.module("vdb.analysis.measurement.recall")
    report = lazy_modules.module("vdb.maintenance.info")
    speed = lazy_modules.module("vdb.analysis.measurement.speed")

__all__ = ["CollectionReader"]

_MOST_EFS = 1000
"""Points of the curve that `CollectionReader.bench` measures."""


_WRITING = frozenset(
    ("add", "delete", "discard_rebuild", "drop_field", "drop_previous", "index_field")
) | frozenset(
    ("plan_rebuild", "rebuild", "rollback", "rows_within", "set_payloads", "tune", "upsert")
)
"""The methods of `Collection` that change something, or prepare it."""


class CollectionReader(Handle):
    """One collection, for reading. Made by `Database.collection` and `Snapshot.collection`.

    It may be shared between threads; searches run beside each other and beside a writer.
    """

    def __init__(
        self,
        access: Access,
        view: CollectionView | WritableCollection,
        *,
        metric: str | None = None,
    ) -> None:
        """`metric` is the one that was asked for, which it then must have for good."""
        self._access = access
        self._name = view.header.name
        self._dim = view.header.dim
        # Metric and dtype as last seen; a rebuild may change them. One object, for all threads.
        self._kind = (view.header.metric, view.header.dtype)
        self._moments = field_index.moments(view.header)  # as last seen, too
        self._known_metric = view.header.metric  # what thresholds are meant for
        self._expected_metric = metric
        self._identity = (view.header.number, view.header.created)

    def _place(self) -> Path:
        return self._access.path

    @property
    def name(self) -> str:
        """The collection's name."""
        return self._name

    @property
    def dim(self) -> int:
        """The dimension of its vectors; fixed for its life."""
        return self._dim

    @property
    def dtype(self) -> str:
        """How its vectors are stored at present; only a rebuild changes it."""
        with self._access.reading() as reader:
            return self._view(reader).header.dtype

    @property
    def metric(self) -> str:
        """The metric of its current generation; only a rebuild changes it.

        An object that was asked for with ``metric=`` raises MetricMismatchError after that.
        """
        with self._access.reading() as reader:
            return self._view(reader).header.metric

    @property
    def index(self) -> config.IndexConfig:
        """Kind and parameters of its current generation; only a rebuild changes them."""
        with self._access.reading() as reader:
            return config.index_from_map(self._view(reader).generation.index)

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
    ) -> Hits:
        """The records closest to one query.

        Args:
            q: The query, shape (dim,), any real array-like. It is searched as float32, in a
                collection of int8 as integers; of bits it is packed bytes, shape (dim / 8,), or
                booleans, shape (dim,).
            k: How many hits at most; fewer when there are fewer, or fewer that a threshold admits.
                None with a threshold: all that are at least that close, as far as the graph finds
                them; every one with `exact` or in a `Flat` collection.
            ef: Candidates the graph keeps, 1..1,000,000: more find more and cost more. The default
                is what was measured, by `tune` or when many vectors were added, else 100, and k
                when that is more. Collections of up to 2,000 records (8,000 of bits) are scanned
                unless ef is given, which is as fast. `Flat` collections ignore it.
            where: Look among the records only whose payloads pass this filter: a dict such as
                ``{"pep": {"$gte": 400}}``, or an expression such as ``vdb.F.pep >= 400``. Fewer
                than k hits come back only when fewer than k records pass.
            exact: Look at every vector instead of walking the graph.
            scores: Convention of the scores, one of `vdb.scores.conventions(metric)`; the default
                is the collection's.
            threshold: Keep only hits at least this close, in the unit of the convention's own
                parameter, strict or inclusive as there (`vdb.scores.describe` says it); native:
                the value, at most (distances) or at least (similarities) this.
            with_payloads: Whether hits carry payloads.
            with_vectors: Whether hits carry vectors.
            target_recall: Instead of ef: the recall to reach, above 0, at most 1, by the curve that
                `tune` measured.

        Returns:
            The k records of the closest values as hits, best score first, equal scores by value,
            equal values by id; where k cuts equal values apart, the smallest ids stay, of those
            that the search comes by: a walk with a small ef may miss some.

        Raises:
            DimensionMismatchError: The query has another length.
            InvalidVectorError: NaN, infinity, overflow; zero under cosine, unless the convention's
                engine answers it; a length other than 1 under dot; a fraction in a collection of
                int8.
            InvalidFilterError: The filter cannot be understood; names the place inside it.
            InvalidArgumentError: Another argument is out of range.
            CorruptedError: Damage was met on the way.
            ClosedError: The database or snapshot is closed.

        Example:
            hits = docs.search(q, k=5, where={"year": {"$gte": 2020}})
        """
        with self._access.reading() as reader:
            request = query.SearchRequest(
                k, ef, where, exact, scores, threshold, with_payloads, with_vectors, target_recall
            )
            return query.search(reader, self._searched(reader, threshold), q, request)

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
    ) -> ManyHits:
        """The records closest to each of several queries, all seen at one moment.

        Args:
            Q: The queries, shape (n, dim), any real array-like; of bits as for `search`.
            threads: How many threads search, 1..1,024; the default is one for each processor that
                this process may use. Answers do not depend on it.
            k: How many hits of a query at most; None with a threshold: all that are that close.
            ef: Candidates the graph keeps, 1..1,000,000; the default is what was measured.
            where: Look among the records only whose payloads pass this filter.
            exact: Look at every vector instead of walking the graph.
            scores: Convention of the scores; the default is the collection's.
            threshold: Keep only hits at least this close, in the convention's unit.
            with_payloads: Whether hits carry payloads.
            with_vectors: Whether hits carry vectors.
            target_recall: Instead of ef: the recall to reach, above 0, at most 1. `search` says
                more of each of these.

        Returns:
            A sequence of `Hits` in the order of the queries, with rectangular arrays beside it.

        Raises:
            As `search`; InvalidVectorError names the row.

        Example:
            ids = docs.search_many(Q, k=3).ids
        """
        with self._access.reading() as reader:
            request = query.SearchRequest(
                k, ef, where, exact, scores, threshold, with_payloads, with_vectors, target_recall
            )
            view = self._searched(reader, threshold)
            return query.search_many(reader, view, Q, request, threads=threads)

    @overload  # a str is a sequence of strs too, and yet one id
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
        wanted = inputs.id_list(ids)
        with self._access.reading() as reader:
            view = self._view(reader)
            ingest.same_kind(self._name, view.header.id_kind, wanted)
            found = query.get(reader, view, wanted)
        return found[0] if inputs.is_one_id(ids) else found

    @with_hints
    def ids(self, *, where: Mapping[str, Any] | Filter | None = None) -> Iterator[Id]:
        """All ids, ints by number and strs by their UTF-8 bytes, as of the moment of the call.

        With a filter, the ids of the records that pass it. The moment is held, and with it the
        space of what is deleted later, until the iterator is exhausted or thrown away.

        Raises:
            InvalidFilterError: The filter cannot be understood.

        Example:
            newest = list(docs.ids(where={"year": {"$gte": 2020}}))
        """
        moment, _, ids = self._walk(where)
        return Walk(moment, ids)

    @with_hints
    def scan(self, *, where: Mapping[str, Any] | Filter | None = None) -> Iterator[Record]:
        """All records in the order of `ids`, and of one moment that is held as it is there.

        A loop that writes each record anew makes the file grow with every one of them: take the ids
        first and `get` some hundred records at a time, or write inside one ``with db.batch():``.

        With a filter, those that pass it; errors as for `ids`.

        Example:
            norms = [float(np.linalg.norm(record.vector)) for record in docs.scan()]
        """
        moment, view, ids = self._walk(where)
        return Walk(moment, query.scan(moment.reading, view, ids))

    @with_hints
    def count(self, where: Mapping[str, Any] | Filter | None = None) -> int:
        """How many records there are, or how many pass a filter.

        A UserWarning names a field of the filter that no record has, where therefore nothing
        passes, or everything; so it is for every call with `where` that returns no hits.

        Raises:
            InvalidFilterError: The filter cannot be understood.

        Example:
            docs.count({"year": {"$gte": 2020}})
        """
        with self._access.reading() as reader:
            view = self._view(reader)
            if where is None:
                return view.header.count
            return filter_warning.matching(reader, view, where).count

    def __len__(self) -> int:
        with self._access.reading() as reader:
            return self._view(reader).header.count

    def __contains__(self, value: object) -> bool:
        with self._access.reading() as reader:
            return query.contains(reader, self._view(reader), value)

    def info(self) -> report.CollectionInfo:
        """Metric, dimension, counts, norms, generation, history and sizes, as a dataclass.

        Takes no longer on a large collection: norms are those of some vectors there (`NormStats`).

        Example:
            print(docs.info().metric, docs.info().count)
        """
        with self._access.reading() as reader:
            return report.collection_info(reader, self._view(reader))

    # What a collection says about itself

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
    ) -> recalling.RecallReport:
        """How much of the truth searches find, measured against exact search.

        Each query is measured at one moment, a few at a time at the newest.

        Args:
            queries: What to ask, shape (n, dim). None: stored vectors, each without itself; they
                lie amid the data, so figures from real queries are worth more.
            k: Hits of a query.
            ef: Candidates the graph keeps; the default is what a search would take.
            sample: How many stored vectors to take, 1..100,000; all where there are fewer.
            seed: Chooses them.
            threads: How many threads search, 1..1,024; the default is one a processor.
            progress: Called now and then with (queries compared exactly, queries).

        Raises:
            InvalidArgumentError: Fewer than two records, or an argument out of range.
            And as `search`.

        Example:
            print(docs.recall(Q, k=10, ef=50).recall)
        """
        from vdb.analysis.common.moments import Moments
        from vdb.analysis.common.queries import given_or_sampled
        from vdb.analysis.measurement import recall as recalling

        arguments.callback("progress", progress)
        count = config.thread_count(threads)
        k = arguments.whole("k", k, 1, config.LIMITS.slots)
        seed = arguments.whole("seed", seed, 0, config.LIMITS.seed)
        moments = Moments(self._seen)
        with moments.now() as (reader, view):
            asked = given_or_sampled(reader, view, queries, sample=sample, seed=seed)
            width = search_ef(view, k, config.search_width(ef), None)
        return recalling.recall(moments, asked, k, width, threads=count, progress=progress)

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
    ) -> speed.SpeedReport:
        """How fast searches are at which recall, on this machine.

        Args:
            queries: What to ask, shape (n, dim); as for `recall`, real ones are worth more.
            k: Hits of a query.
            efs: Candidates that the walks keep, one point of the curve each; exact search is the
                last point. The default are nine from 10 to 400.
            sample: How many stored vectors to take where no queries are given, 1..100,000.
            seed: Chooses them.
            threads: How many threads answer a batch, 1..1,024; None is one a processor.
            rounds: How often each is measured, 1..1,000; figures are medians.
            progress: Called now and then with (steps done, steps).

        Raises:
            InvalidArgumentError: Fewer than two records, or an argument out of range.
            And as `search`.

        Example:
            print(docs.bench(Q, efs=[10, 50]))
        """
        from vdb.analysis.common.moments import Moments
        from vdb.analysis.common.queries import given_or_sampled
        from vdb.analysis.measurement.speed import EFS, measure_speed

        arguments.callback("progress", progress)
        largest = config.LIMITS.ef
        listed = EFS if efs is None else arguments.sequence("efs", efs, _MOST_EFS)
        widths = [arguments.whole("efs", ef, 1, largest) for ef in listed]
        seed = arguments.whole("seed", seed, 0, config.LIMITS.seed)
        moments = Moments(self._seen)
        with moments.now() as (reader, view):
            asked = given_or_sampled(reader, view, queries, sample=sample, seed=seed)
        return measure_speed(
            moments,
            asked,
            arguments.whole("k", k, 1, config.LIMITS.slots),
            widths,
            threads=config.thread_count(threads),
            rounds=arguments.whole("rounds", rounds, 1, 1000),
            progress=progress,
        )

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
    ) -> explaining.Explanation:
        """Why one record has the score and the place that it has for a query.

        Its score is derived step by step (dot product, norms, natural value, the convention's
        formula with numbers put in); its place is found by comparing everything that passes; and
        the search with these arguments is made, to say whether and how it finds the record.

        Args:
            q: The query, shape (dim,).
            id: The record, whether a search finds it or not.
            scores: Convention of the score; the default is the collection's.
            k: Hits that the search would ask for.
            ef: As for `search`.
            target_recall: As for `search`.
            where: As for `search`: the place is that among the records that pass.

        Returns:
            An `Explanation`; its ``str()`` is a text of some lines.

        Raises:
            NotFoundError: There is no such record.
            And as `search`.

        Example:
            print(docs.explain(q, "tea", scores="elasticsearch"))
        """
        from vdb.analysis.explanation import explain as explaining

        with self._seen() as (reader, view):
            return explaining.explain(
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

    def inspect(self) -> inspection.Inspection:
        """This collection from the inside: lengths, graph, blocks, bytes, generations.

        Reads every block, id and record, so that it takes as long as reading the collection from
        the disk.

        Raises:
            CorruptedError: Damage was met on the way; `Database.check` says all of it.

        Example:
            print(docs.inspect())
        """
        from vdb.analysis.inspection import inspect as inspecting

        with self._seen() as (reader, view):
            return inspecting.inspect(reader, view)

    def inspect_record(self, id: Id) -> inspection.RecordInspection:  # noqa: A002 - what records call it
        """One record from the inside: its norm, its duplicates, its neighbours on each level.

        Raises:
            NotFoundError: There is no such record.
            CorruptedError: Damage was met on the way.

        Example:
            print(docs.inspect_record("tea"))
        """
        from vdb.analysis.inspection import inspect as inspecting

        with self._seen() as (reader, view):
            return inspecting.inspect_record(reader, view, id)

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> object:
            """What a collection of a snapshot does not have is refused in words of its own."""
            if name in _WRITING:
                raise SnapshotWriteError(
                    f"this is collection {self._name!r} of a snapshot, which only reads; {name}() "
                    f"is for the one that db.collection({self._name!r}) returns",
                    expected="a collection of the database",
                    received="a collection of a snapshot",
                )
            said = f"{type(self).__name__!r} object has no attribute {name!r}"
            raise AttributeError(said, name=name, obj=self)

    def __repr__(self) -> str:
        try:
            with self._access.reading() as reader:
                header = self._view(reader).header
        except VdbError as error:
            return f"<{type(self).__name__} {self._name!r}: {error}>"
        return (
            f"<{type(self).__name__} {self._name!r}: {header.count} records, dim={header.dim}, "
            f"metric={header.metric}>"
        )

    def _view(self, reader: Snapshot | Batch) -> CollectionView | WritableCollection:
        view = find_view(reader, self._name)
        if (view.header.number, view.header.created) != self._identity:
            raise NotFoundError(
                f"collection {self._name!r} was dropped and made anew; "
                f"get the new one with db.collection({self._name!r})",
                received=self._name,
            )
        require_metric(view.header, self._expected_metric)
        return view

    def _searched(
        self, reader: Snapshot | Batch, threshold: float | None
    ) -> CollectionView | WritableCollection:
        """The view; not for a threshold from before a change of metric."""
        view = self._view(reader)
        if threshold is not None:
            require_metric(view.header, self._known_metric, threshold=True)
        return view

    @contextmanager
    def _seen(self) -> Iterator[tuple[Snapshot | Batch, CollectionView | WritableCollection]]:
        with self._access.reading() as reader:
            yield reader, self._view(reader)

    def _walk(
        self, where: Mapping[str, Any] | Filter | None
    ) -> tuple[Moment, CollectionView | WritableCollection, Iterator[Id]]:
        """A moment, and the ids as of it; the moment lives as long as what refers to it."""
        moment = self._access.moment()
        with moment.reading() as reader:
            view = self._view(reader)
            if where is not None:
                among = filter_warning.matching(reader, view, where)
                return moment, view, iter(query.ids_of(reader, view, among))
            ids = reader.ids(view)
            # A batch may change while it is walked.
            return moment, view, iter(list(ids)) if isinstance(reader, Batch) else ids
