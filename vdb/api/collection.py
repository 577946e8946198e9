"""What a user does with one collection; each method checks, delegates and documents."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from numpy.typing import ArrayLike, NDArray

from vdb import index, query
from vdb.api import filter_warning, lazy_modules
from vdb.api.collection_reader import CollectionReader
from vdb.api.live_access import LiveAccess
from vdb.errors import ArgumentTypeError, InvalidArgumentError
from vdb.index import Tuning, ingest
from vdb.index.fields import declaration, field_index
from vdb.model import arguments, config, inputs
from vdb.model.dtypes import DTYPES
from vdb.model.filters import Filter
from vdb.model.filters.field_types import field_type
from vdb.model.metrics import METRICS
from vdb.model.records import Id, Payload, Progress
from vdb.model.spellings import with_hints
from vdb.store import Batch, WritableCollection

if TYPE_CHECKING:
    from vdb.maintenance import rebuild as rebuilding
else:
    rebuilding = lazy_modules.module("vdb.maintenance.rebuild")

__all__ = ["Collection"]

_T = TypeVar("_T")

_MANY = 1_000  # vectors at once; with fewer nothing is measured


class Collection(CollectionReader):
    """One collection of a database, for reading and writing.

    Every writing call is a commit of its own, on the disk when it returns (with durability="full"),
    unless it stands inside ``with db.batch():``. A call that raises has changed nothing. Writing
    calls of several threads and processes take turns.
    """

    _access: LiveAccess

    @with_hints
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
            vectors: Shape (n, dim), or (dim,) for one id; any real array-like, an array that speaks
                DLPack, or a column of lists of pandas, polars or pyarrow; kept as the
                collection's dtype has it: rounded (float32, float16), or integers from -128 to 127
                (int8). Of bits packed bytes as numpy.packbits makes them, shape (n, dim / 8), or
                booleans, shape (n, dim).
            payloads: One for each id (None where there is none), or the payload of the one id.
                JSON-like: None, bool, int, finite float, str, list, dict with str keys; at most
                1 MiB encoded and 64 levels deep. numpy's numbers, texts and arrays are taken as the
                Python values that they are; a datetime where the field is declared as one, and
                kept as text. A table (pandas, polars, pyarrow) gives one payload a row.
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

        Example:
            docs.add(["cocoa", "milk"], [[0.7, 0.4, 0.1], [0.2, 0.9, 0]], [{"year": 2023}, None])
        """
        arguments.callback("progress", progress)
        rows = self._rows(ids, vectors, payloads)
        count = config.thread_count(threads)
        with self._access.writing(room=rows.room) as batch:
            coll = self._writable(batch)
            ingest.add(batch, coll, rows, threads=count, progress=progress)
            _tune_grown(batch, coll, len(rows.ids), count)

    @with_hints
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

        Example:
            docs.upsert("tea", [0.9, 0.2, 0.1], {"year": 2024})
        """
        arguments.callback("progress", progress)
        rows = self._rows(ids, vectors, payloads)
        count = config.thread_count(threads)
        with self._access.writing(room=rows.room) as batch:
            coll = self._writable(batch)
            before = coll.header.count
            ingest.upsert(batch, coll, rows, threads=count, progress=progress)
            _tune_grown(batch, coll, coll.header.count - before, count)

    @with_hints
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

        Example:
            docs.set_payloads("tea", {"year": 2024})
        """
        wanted = inputs.id_list(ids)
        one = inputs.is_one_id(ids)
        given = payloads if one else inputs.kept("payloads", payloads)
        encoded = self._as_known(
            lambda: ingest.encode_payloads(given, len(wanted), one=one, moments=self._moments)
        )
        with self._access.writing() as batch:
            ingest.set_payloads(batch, self._writable(batch), wanted, encoded)

    @with_hints
    def delete(
        self,
        ids: Id | Iterable[Id] | NDArray[Any] | None = None,
        *,
        where: Mapping[str, Any] | Filter | None = None,
    ) -> int:
        """Removes records; the place of each is used again by later ones.

        Args:
            ids: Which; those that are not there are ignored.
            where: A filter on payloads instead: all records that pass it. A field that no record
                has is warned of as in `count`, before anything is removed.

        Returns:
            How many were removed.

        Raises:
            InvalidFilterError: The filter cannot be understood.
            As for `add`: ArgumentTypeError, BusyError, ReadOnlyError, DiskFullError.

        Example:
            docs.delete(where={"year": {"$lt": 2000}})
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
                among = filter_warning.matching(batch, coll, chosen)
                wanted = query.ids_of(batch, coll, among)
            return ingest.delete(batch, coll, wanted)

    def rows_within(self, memory_limit: int, *, threads: int | None = None) -> int:
        """How many vectors one call of `add` may be given so that it takes no more memory.

        For collections that are larger than memory: vectors from a mapped file, so many at a time,
        each call a commit of its own. The answer falls as the collection grows.

        Args:
            memory_limit: Bytes that are private to the process, beside what it needs anyway;
                16 MiB at least. Pages of the file that the system keeps in memory do not count,
                nor do payloads of more than about 1,000 bytes.
            threads: As they are given to `add`.

        Raises:
            InvalidArgumentError: It is not enough for one vector; the message says what is.

        Example:
            rows = docs.rows_within(512 * 2**20)
        """
        limit = arguments.whole("memory_limit", memory_limit, 1, 2**63 - 1)
        with self._access.reading() as reader:
            view = self._view(reader)
            header = view.header
            return index.rows_within(
                limit,
                dim=header.dim,
                dtype=DTYPES[header.dtype],
                index=config.index_from_map(view.generation.index),
                slots=header.slots,
                threads=config.thread_count(threads),
            )

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

        Example:
            docs.index_field("year", "int")
        """
        declaration.declare(self._change, *field_type(path, type))

    def drop_field(self, path: str) -> None:
        """Forgets a declared field and removes its index; payloads stay, and filters still work.

        Raises:
            NotFoundError: It is not declared.
            And, as for `add`: BusyError, ReadOnlyError, DiskFullError.

        Example:
            docs.drop_field("year")
        """
        name = arguments.text("path", path)
        with self._change() as (batch, coll):
            declaration.drop(batch, coll, name)

    @contextmanager
    def _change(self) -> Iterator[tuple[Batch, WritableCollection]]:
        with self._access.writing() as batch:
            yield batch, self._writable(batch)

    @with_hints
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
        it up. A rebuild measures by itself; after much was added or removed, tune again.

        Args:
            target_recall: The recall to be reached, above 0, at most 1.
            k: Hits of a query.
            queries: What to ask, shape (n, dim). None: stored vectors, each without itself.
            sample: How many stored vectors to take, 1..100,000; all where there are fewer.
            seed: Chooses them.
            threads: How many threads search, 1..1,024; the default is one a processor.
            progress: Called now and then with (queries compared exactly, queries).

        Returns:
            The ef that was found, and the curve.

        Raises:
            InvalidArgumentError: The collection is flat, has fewer than two records, or no ef
                reaches the target; or another argument is out of range. Nothing is stored.
            BusyError: Another writer did not finish within the database's lock_timeout, or the
                collection was rebuilt meanwhile.
            ReadOnlyError: The database is open for reading only.

        Example:
            print(docs.tune(0.99).ef)
        """
        from vdb.analysis.common.moments import Moments
        from vdb.analysis.measurement.tune import tune

        arguments.callback("progress", progress)
        self._access.check_writable()
        moments = Moments(self._seen)
        found = tune(
            moments,
            target=index.recall_target(target_recall),
            k=arguments.whole("k", k, 1, config.LIMITS.slots),
            queries=queries,
            sample=sample,
            seed=arguments.whole("seed", seed, 0, config.LIMITS.seed),
            threads=config.thread_count(threads),
            progress=progress,
        )
        with moments.now() as (_, view):
            measured = view.generation.number
        with self._access.writing() as batch, batch.changing():
            index.keep_tuning(self._writable(batch), found, measured)
        return found

    # Generations: what cannot be changed by writing

    @with_hints
    def rebuild(
        self,
        metric: str | None = None,
        index: config.IndexConfig | None = None,
        dtype: str | None = None,
        *,
        scores: str | None = None,
        progress: Callable[[rebuilding.RebuildProgress], object] | None = None,
        threads: int | None = None,
        validate: bool | float = True,
        keep_previous: bool = False,
        reason: str = "",
        resume: bool | None = None,
    ) -> rebuilding.RebuildReport:
        """Builds the next generation from the stored vectors and puts it to use.

        The graph depends on the vectors, on where they lie, and on the seed, not on threads and not
        on interruptions. What others write meanwhile is linked as well, the last of it in the
        commit that changes over. When this raises, or is interrupted, the present generation is as
        it was; what was built stays as an unfinished rebuild, which the next call with the same
        parameters goes on with.

        Args:
            metric: The metric of the new generation; the present one by default. Thresholds do not
                carry over: searches with one through an object that was made before the change, and
                any use of one that was asked for with ``metric=``, raise MetricMismatchError.
            index: `HNSW` or `Flat`, with all its parameters; those of the present one by default.
            dtype: How vectors are stored from then on; as at present by default. Numbers are
                converted as `add` does: rounded to "float32" or "float16", and refused where they
                do not fit (not an integer for "int8", not 0 or 1 for "bit", which goes with
                ``metric="hamming"``). What rounding takes away is gone once the generation before
                is. To make any vectors smaller where searches walk, see `HNSW.codes` instead.
            scores: The default convention of results; by default the present one, which the new
                metric must have.
            progress: Called now and then with a `RebuildProgress`; what it raises stops it. From
                the phase "removing" on the new generation is in use.
            threads: Threads that link, 1..1,024; by default one for each usable processor.
            validate: Verify the graph, and sample its recall@10 with the default ef against exact
                search, before it is used: True requires 0.5, a number (0..1) that much, False
                nothing at all.
            keep_previous: Keep the present generation, so that `rollback` can put it to use again.
                It takes its space, and one bit for each slot that changes. One that is kept already
                is dropped.
            reason: Free text for the history, at most 256 bytes.
            resume: None goes on with an unfinished rebuild to the same parameters, and drops any
                other. True requires one (without `metric` and `index`: whatever it was to). False
                begins anew.

        Returns:
            What was done, as a dataclass.

        Raises:
            InvalidVectorError: The metric or dtype cannot take some vectors; the message lists
                their ids.
            InvalidArgumentError: An argument is out of range, metric and dtype do not go together,
                or the metric has no such convention.
            RebuildError: The new graph did not pass validation; it stays as an unfinished rebuild.
            NotFoundError: ``resume=True``, and there is nothing to resume.
            DiskFullError: Not enough room; what was built so far stays, or `discard_rebuild` frees
                it.
            BusyError: Another rebuild is under way in this database, another writer did not finish
                within lock_timeout, or the calling thread is inside a batch.
            ReadOnlyError: The database is open for reading only.

        Example:
            docs.rebuild(metric="l2", index=vdb.HNSW(M=32), keep_previous=True)
        """
        floor = rebuilding.recall_floor(validate)
        text = rebuilding.reason_text(reason)
        keep = arguments.truth("keep_previous", keep_previous)
        go_on = None if resume is None else arguments.truth("resume", resume)
        report = rebuilding.rebuild(
            self._rebuild_context("rebuild", threads, progress),
            metric=metric,
            dtype=dtype,
            index=index,
            scores=scores,
            recall_floor=floor,
            keep_previous=keep,
            reason=text,
            resume=go_on,
        )
        self._changed_over(report)
        return report

    @with_hints
    def plan_rebuild(
        self,
        metric: str | None = None,
        index: config.IndexConfig | None = None,
        dtype: str | None = None,
        *,
        scores: str | None = None,
        threads: int | None = None,
    ) -> rebuilding.RebuildPlan:
        """What `rebuild` would do: records it cannot take, room and, roughly, time that it needs.

        Changes nothing. Reads the length of every vector (for another dtype, every vector), and
        links some of them for a second or two without storing anything. Arguments are those of
        `rebuild`.

        Example:
            print(docs.plan_rebuild(metric="dot"))
        """
        context = self._rebuild_context("plan a rebuild", threads, None, write=False)
        return rebuilding.plan(context, metric=metric, dtype=dtype, index=index, scores=scores)

    def rollback(
        self,
        *,
        progress: Callable[[rebuilding.RebuildProgress], object] | None = None,
        threads: int | None = None,
        reason: str = "",
    ) -> rebuilding.RebuildReport:
        """Puts the kept generation to use again, with everything that was written since.

        What changed since is linked into it first, so that this takes no longer than writing that
        again; where nothing changed it is done at once. The generation that was in use is kept in
        its turn. An unfinished rebuild is dropped. Of another dtype, it has the vectors that it had
        then, as they were before they were converted; what was written since is converted back.

        Raises:
            NotFoundError: No generation is kept.
            InvalidVectorError: A vector was written since that its metric cannot take, or that its
                dtype would have to round.
            And, as for `rebuild`: BusyError, ReadOnlyError, DiskFullError.

        Example:
            docs.rebuild(metric="l2", keep_previous=True)
            docs.rollback()
        """
        text = rebuilding.reason_text(reason)
        report = rebuilding.rollback(
            self._rebuild_context("roll back", threads, progress), reason=text
        )
        self._changed_over(report)
        return report

    def discard_rebuild(self) -> bool:
        """Drops what an unfinished rebuild left; whether there was anything.

        Raises:
            As for `rebuild`: BusyError, ReadOnlyError, DiskFullError.

        Example:
            docs.discard_rebuild()
        """
        return rebuilding.discard(self._rebuild_context("discard a rebuild", None, None))

    def drop_previous(self) -> bool:
        """Drops the generation that is kept to go back to; whether there was one.

        Raises:
            As for `rebuild`: BusyError, ReadOnlyError, DiskFullError.

        Example:
            docs.drop_previous()
        """
        return rebuilding.drop_previous(self._rebuild_context("drop a generation", None, None))

    def _rebuild_context(
        self,
        verb: str,
        threads: int | None,
        progress: Callable[[rebuilding.RebuildProgress], object] | None,
        *,
        write: bool = True,
    ) -> rebuilding.RebuildContext:
        arguments.callback("progress", progress)
        count = config.thread_count(threads)
        if write:
            self._access.check_writable()
            self._access.check_outside(verb)
        else:
            self._access.check_open()
        return rebuilding.RebuildContext(
            self._access.environment, self._name, self._identity, count, progress
        )

    def _changed_over(self, report: rebuilding.RebuildReport) -> None:
        """Whoever changed the metric through this object knows of it."""
        self._kind, self._known_metric = (report.metric, report.dtype), report.metric
        if self._expected_metric is not None:
            self._expected_metric = report.metric

    def _rows(self, ids: object, vectors: ArrayLike, payloads: object) -> ingest.Rows:
        # They may be read several times.
        if not inputs.is_one_id(ids):
            ids, payloads = inputs.kept("ids", ids), inputs.kept("payloads", payloads)
        given = inputs.kept("vectors", vectors)

        # Without a look at the database: the batch reads them again where it was rebuilt since.
        def prepared() -> ingest.Rows:
            metric, dtype = self._kind
            return ingest.prepare(
                ids,
                given,
                payloads,
                dim=self._dim,
                metric=METRICS[metric],
                dtype=DTYPES[dtype],
                moments=self._moments,
            )

        return self._as_known(prepared)

    def _as_known(self, make: Callable[[], _T]) -> _T:
        """What is made by what was last seen of the collection; where that refuses, seen anew."""
        known = self._kind, self._moments
        try:
            return make()
        except (InvalidArgumentError, ArgumentTypeError):
            with self._access.reading() as reader:
                header = self._view(reader).header
                self._kind = header.metric, header.dtype
                self._moments = field_index.moments(header)
            if (self._kind, self._moments) == known:
                raise
        return make()

    def _writable(self, batch: Batch) -> WritableCollection:
        view = self._view(batch)
        assert isinstance(view, WritableCollection)  # noqa: S101 - a batch gives nothing else
        return view


def _tune_grown(batch: Batch, coll: WritableCollection, added: int, threads: int) -> None:
    """Measures the default ef of a collection that has become large, in the same commit."""
    if added < _MANY:
        return
    from vdb.analysis.measurement.tune import tune_grown

    found = tune_grown(batch, coll, added, threads=threads)
    if found is not None:
        with batch.changing():
            index.keep_tuning(coll, found, coll.generation.number)
