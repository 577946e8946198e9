"""What a user does with one collection; each method checks, delegates and documents.

`CollectionReader` reads, at one moment or at each call anew; `Collection` also writes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar, overload

from numpy.typing import ArrayLike, NDArray

from vdb import arguments, config, declaration, index, ingest, inputs, query
from vdb.access import Access, LiveAccess, Moment
from vdb.dtypes import DTYPES
from vdb.errors import InvalidArgumentError, InvalidVectorError, NotFoundError, VdbError
from vdb.filters import Filter
from vdb.filters.types import field_type
from vdb.hits import Hits, ManyHits
from vdb.index import Tuning
from vdb.insight import Insight
from vdb.metrics import METRICS
from vdb.rebuilding import Rebuilding
from vdb.records import Id, Payload, Progress, Record
from vdb.schema import find_view, require_metric
from vdb.store import Batch, CollectionView, Snapshot, WritableCollection

if TYPE_CHECKING:
    from vdb.maintenance.report import CollectionInfo

__all__ = ["Collection", "CollectionReader"]


_T = TypeVar("_T")


class CollectionReader(Insight):
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
        self._dtype = view.header.dtype
        self._metric = view.header.metric  # as of now; a rebuild may change it
        self._known_metric = self._metric  # what thresholds are meant for
        self._expected_metric = metric
        self._identity = (view.header.number, view.header.created)

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
        """How its vectors are stored; fixed for its life."""
        return self._dtype

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
            k: How many hits at most; fewer when there are fewer. None with a threshold: all that
                are at least that close, as far as the graph finds them; every one with `exact`
                or in a `Flat` collection.
            ef: Candidates the graph keeps, 1..1,000,000: more find more and cost more. The default
                is what `tune` found, else 100, and k when that is more. `Flat` collections
                ignore it.
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
            equal values by id; where k cuts equal values apart, the smallest ids stay.

        Raises:
            DimensionMismatchError: The query has another length.
            InvalidVectorError: NaN, infinity, overflow; zero under cosine, unless the convention's
                engine answers it; a length other than 1 under dot; a fraction in a collection of
                int8.
            InvalidFilterError: The filter cannot be understood; names the place inside it.
            InvalidArgumentError: Another argument is out of range.
            CorruptedError: Damage was met on the way.
            ClosedError: The database or snapshot is closed.
        """
        with self._access.reading() as reader:
            options = query.Options(
                ef, where, exact, scores, threshold, with_payloads, with_vectors, target_recall
            )
            return query.search(reader, self._searched(reader, threshold), q, k, options)

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
            k: As for `search`, like all that follow.
            ef: See there.
            where: See there.
            exact: See there.
            scores: See there.
            threshold: See there.
            with_payloads: See there.
            with_vectors: See there.
            target_recall: See there.

        Returns:
            A sequence of `Hits` in the order of the queries, with rectangular arrays beside it.

        Raises:
            As `search`; InvalidVectorError names the row.
        """
        with self._access.reading() as reader:
            options = query.Options(
                ef, where, exact, scores, threshold, with_payloads, with_vectors, target_recall
            )
            view = self._searched(reader, threshold)
            return query.search_many(reader, view, Q, k, options, threads=threads)

    @overload  # a str is a sequence of strs too, and yet one id
    def get(self, ids: Id) -> Record | None: ...  # type: ignore[overload-overlap]
    @overload
    def get(self, ids: Sequence[Id] | NDArray[Any]) -> list[Record | None]: ...
    def get(self, ids: Id | Sequence[Id] | NDArray[Any]) -> Record | list[Record | None] | None:
        """Records by id: one for one id, a list in order for several; None where there is none.

        Raises:
            ArgumentTypeError: An id is of neither kind, or of the other kind than the collection's.
        """
        wanted = inputs.id_list(ids)
        with self._access.reading() as reader:
            view = self._view(reader)
            ingest.same_kind(self._name, view.header.id_kind, wanted)
            found = query.get(reader, view, wanted)
        return found[0] if inputs.is_one_id(ids) else found

    def ids(self, *, where: Mapping[str, Any] | Filter | None = None) -> Iterator[Id]:
        """All ids, ints by number and strs by their UTF-8 bytes, as of the moment of the call.

        With a filter, the ids of the records that pass it. The moment is held, and with it the
        space of what is deleted later, until the iterator is exhausted or thrown away.

        Raises:
            InvalidFilterError: The filter cannot be understood.
        """
        moment, _, ids = self._walk(where)
        return _keeping(moment, ids)

    def scan(self, *, where: Mapping[str, Any] | Filter | None = None) -> Iterator[Record]:
        """All records in the order of `ids`, and of one moment that is held as it is there.

        With a filter, those that pass it; errors as for `ids`.
        """
        moment, view, ids = self._walk(where)
        return _keeping(moment, query.scan(moment.reading, view, ids))

    def count(self, where: Mapping[str, Any] | Filter | None = None) -> int:
        """How many records there are, or how many pass a filter.

        Raises:
            InvalidFilterError: The filter cannot be understood.
        """
        with self._access.reading() as reader:
            view = self._view(reader)
            if where is None:
                return view.header.count
            return query.matching(reader, view, where).count

    def __len__(self) -> int:
        with self._access.reading() as reader:
            return self._view(reader).header.count

    def __contains__(self, value: object) -> bool:
        with self._access.reading() as reader:
            return query.contains(reader, self._view(reader), value)

    def info(self) -> CollectionInfo:
        """Metric, dimension, counts, norms, generation, history and sizes, as a dataclass.

        Norms are read from every block of vectors, so that the first call on a large collection
        reads it from the disk.
        """
        from vdb.maintenance import report

        with self._access.reading() as reader:
            return report.collection_info(reader, self._view(reader))

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
                return moment, view, iter(query.matching_ids(reader, view, where))
            ids = reader.ids(view)
            # A batch may change while it is walked.
            return moment, view, iter(list(ids)) if isinstance(reader, Batch) else ids


def _keeping(moment: Moment, items: Iterator[_T]) -> Iterator[_T]:
    """The same, as long as the moment is open; it lives as long as what is returned here."""
    for one in items:
        moment.check()  # rows that were read before it was closed are not handed out after it
        yield one


class Collection(Rebuilding, CollectionReader):
    """One collection of a database, for reading and writing.

    Every writing call is a commit of its own, on the disk when it returns (with durability="full"),
    unless it stands inside ``with db.batch():``. A call that raises has changed nothing. Writing
    calls of several threads and processes take turns.
    """

    _access: LiveAccess

    def add(
        self,
        ids: Id | Sequence[Id] | NDArray[Any],
        vectors: ArrayLike,
        payloads: Sequence[Payload] | Payload = None,
        *,
        threads: int | None = None,
        progress: Progress | None = None,
    ) -> None:
        """New records; searchable at once.

        Args:
            ids: int (64 bits, signed) or str (1..400 bytes of UTF-8, no NUL); the first record
                decides for the collection which of the two. One id for one record.
            vectors: Shape (n, dim), or (dim,) for one id; any real array-like, kept as the
                collection's dtype has it: rounded (float32, float16), or integers from -128 to 127
                (int8). Of bits packed bytes as numpy.packbits makes them, shape (n, dim / 8), or
                booleans, shape (n, dim).
            payloads: One for each id (None where there is none), or the payload of the one id.
                JSON-like: None, bool, int, finite float, str, list, dict with str keys; at most
                1 MiB encoded and 64 levels deep.
            threads: How many threads link the vectors, 1..1,024; the default is one for each
                processor that this process may use. The graph does not depend on it.
            progress: Called now and then with (done, total) vectors; what it raises stops the call
                and undoes it.

        Raises:
            DuplicateIdError: An id is there already, or given twice.
            DimensionMismatchError: Vectors of another length.
            InvalidVectorError: NaN, infinity, longer than 1e18, a number that the dtype cannot
                hold, zero under cosine, or a length other than 1 under dot (its square may be 1e-3
                off; int8 is not asked).
            InvalidPayloadError: A payload that would not come back as it was given.
            ArgumentTypeError: Ids of the wrong kind, or something that is no array of numbers.
            BusyError: Another writer did not finish within the database's lock_timeout.
            ReadOnlyError: The database is open for reading only.
            DiskFullError: No space is left.
        """
        arguments.callback("progress", progress)
        rows = self._rows(ids, vectors, payloads)
        count = config.thread_count(threads)
        with self._access.writing() as batch:
            ingest.add(batch, self._writable(batch), rows, threads=count, progress=progress)

    def upsert(
        self,
        ids: Id | Sequence[Id] | NDArray[Any],
        vectors: ArrayLike,
        payloads: Sequence[Payload] | Payload = None,
        *,
        threads: int | None = None,
        progress: Progress | None = None,
    ) -> None:
        """Records that are new or replace, whole, those of the same id.

        Without a payload the record has none afterwards, as if it had been deleted and added. Of an
        id that is given twice the last one counts. Arguments and errors are those of `add`, without
        DuplicateIdError.
        """
        arguments.callback("progress", progress)
        rows = self._rows(ids, vectors, payloads)
        count = config.thread_count(threads)
        with self._access.writing() as batch:
            ingest.upsert(batch, self._writable(batch), rows, threads=count, progress=progress)

    def set_payloads(
        self,
        ids: Id | Sequence[Id] | NDArray[Any],
        payloads: Sequence[Payload] | Payload,
    ) -> None:
        """Other payloads for records that are there; their vectors stay.

        Raises:
            NotFoundError: There is no record of an id.
            InvalidPayloadError: A payload that would not come back as it was given.
            And, as for `add`: ArgumentTypeError, BusyError, ReadOnlyError, DiskFullError.
        """
        wanted = inputs.id_list(ids)
        encoded = ingest.encode_payloads(payloads, len(wanted), one=inputs.is_one_id(ids))
        with self._access.writing() as batch:
            ingest.set_payloads(batch, self._writable(batch), wanted, encoded)

    def delete(
        self,
        ids: Id | Iterable[Id] | NDArray[Any] | None = None,
        *,
        where: Mapping[str, Any] | Filter | None = None,
    ) -> int:
        """Removes records; the place of each is used again by later ones.

        Args:
            ids: Which; those that are not there are ignored.
            where: A filter on payloads instead: all records that pass it.

        Returns:
            How many were removed.

        Raises:
            InvalidFilterError: The filter cannot be understood.
            As for `add`: ArgumentTypeError, BusyError, ReadOnlyError, DiskFullError.
        """
        if (ids is None) == (where is None):
            raise InvalidArgumentError(
                "delete needs one of ids= and where=; to remove everything use db.drop_collection",
                expected="ids or where",
                received=None,
            )
        wanted = inputs.id_list(() if ids is None else ids, ordered=False)
        chosen = None if where is None else query.narrow(where)
        with self._access.writing() as batch:
            coll = self._writable(batch)
            if chosen is not None:
                wanted = query.matching_ids(batch, coll, chosen)
            return ingest.delete(batch, coll, wanted)

    def index_field(self, path: str, type: str) -> None:  # noqa: A002 - what it is called
        """Declares a field of the payloads and indexes it for filters.

        The index is built over several commits of about 10,000 records each, so other writers get
        their turn, and inside a batch as part of it; filters use it once it is whole. Payloads
        are held to the type from the first of these commits on. After an interruption the same
        call goes on.

        Args:
            path: The field's name, nested ones as "author.name".
            type: As for `fields` of `Database.create_collection`.

        Raises:
            InvalidPayloadError: A record holds something else there; the field is not declared.
            InvalidArgumentError: No such type; or the field is declared with another.
            And, as for `add`: BusyError, ReadOnlyError, DiskFullError.
        """
        declaration.declare(self._change, *field_type(path, type))

    def drop_field(self, path: str) -> None:
        """Forgets a declared field and removes its index; payloads stay, and filters still work.

        Raises:
            NotFoundError: It is not declared.
            And, as for `add`: BusyError, ReadOnlyError, DiskFullError.
        """
        with self._change() as (batch, coll):
            declaration.drop(batch, coll, path)

    @contextmanager
    def _change(self) -> Iterator[tuple[Batch, WritableCollection]]:
        with self._access.writing() as batch:
            yield batch, self._writable(batch)

    def tune(
        self,
        target_recall: float = 0.95,
        k: int = 10,
        *,
        queries: ArrayLike | None = None,
        sample: int = config.SAMPLE,
        seed: int = 0,
        threads: int | None = None,
        progress: Progress | None = None,
    ) -> Tuning:
        """Finds the smallest ef that reaches a recall, and makes it the collection's default.

        Recall is measured as by `recall`, at a rising ef. The measured curve is stored with the
        generation: searches that name no ef use what was found, those with ``target_recall=`` look
        it up. A rebuild makes it void; after much was added or removed, tune again.

        Args:
            target_recall: The recall to be reached, above 0, at most 1.
            k: Hits of a query.
            queries: As for `recall`, like all that follow.
            sample: See there.
            seed: See there.
            threads: See there.
            progress: See there.

        Returns:
            The ef that was found, and the curve.

        Raises:
            InvalidArgumentError: The collection is flat, has fewer than two records, or no ef
                reaches the target; or another argument is out of range. Nothing is stored.
            BusyError: Another writer did not finish within the database's lock_timeout, or the
                collection was rebuilt meanwhile.
            ReadOnlyError: The database is open for reading only.
        """
        from vdb.analysis.tune import tune

        arguments.callback("progress", progress)
        self._access.check_writable()
        with self._seen() as (reader, view):
            found = tune(
                reader,
                view,
                target=index.recall_target(target_recall),
                k=arguments.whole("k", k, 1, config.LIMITS.slots),
                queries=queries,
                sample=sample,
                seed=arguments.whole("seed", seed, 0, config.LIMITS.seed),
                threads=config.thread_count(threads),
                progress=progress,
            )
            measured = view.generation.number
        with self._access.writing() as batch, ingest.changing(batch):
            index.keep_tuning(self._writable(batch), found, measured)
        return found

    def _rows(self, ids: object, vectors: ArrayLike, payloads: object) -> ingest.Rows:
        # Without a look at the database: the batch checks again if the metric is another by then.
        def prepared() -> ingest.Rows:
            metric, dtype = METRICS[self._metric], DTYPES[self._dtype]
            return ingest.prepare(ids, vectors, payloads, dim=self._dim, metric=metric, dtype=dtype)

        known = self._metric
        try:
            return prepared()
        except InvalidVectorError:
            self._metric = self.metric
            if self._metric == known:
                raise
        return prepared()

    def _writable(self, batch: Batch) -> WritableCollection:
        view = self._view(batch)
        assert isinstance(view, WritableCollection)  # noqa: S101 - a batch gives nothing else
        return view
