"""What a user does with the generations of a collection; part of `Collection`.

The procedures are loaded when one is first asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from vdb.api import lazy_modules
from vdb.api.access import LiveAccess
from vdb.model import arguments, config
from vdb.model.spellings import with_hints

if TYPE_CHECKING:
    from vdb.maintenance import rebuild as rebuilding
else:
    rebuilding = lazy_modules.module("vdb.maintenance.rebuild")

__all__ = ["Rebuilding"]


class Rebuilding:
    """Changing what cannot be changed by writing: metric, dtype and index, by a new generation.

    Everyone goes on searching and writing the present generation while the next is built, in this
    and in other processes. Nothing of it is seen before it is complete, and then all of it at once.
    """

    _access: Any
    _name: str
    _identity: tuple[int, float]
    _kind: tuple[str, str]
    _known_metric: str
    _expected_metric: str | None

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
        floor = rebuilding.floor_of(validate)
        text = rebuilding.reason_text(reason)
        keep = arguments.truth("keep_previous", keep_previous)
        go_on = None if resume is None else arguments.truth("resume", resume)
        report = rebuilding.rebuild(
            self._subject("rebuild", threads, progress),
            metric=metric,
            dtype=dtype,
            index=index,
            scores=scores,
            floor=floor,
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
        subject = self._subject("plan a rebuild", threads, None, write=False)
        return rebuilding.plan(subject, metric=metric, dtype=dtype, index=index, scores=scores)

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
        report = rebuilding.rollback(self._subject("roll back", threads, progress), reason=text)
        self._changed_over(report)
        return report

    def discard_rebuild(self) -> bool:
        """Drops what an unfinished rebuild left; whether there was anything.

        Raises:
            As for `rebuild`: BusyError, ReadOnlyError, DiskFullError.

        Example:
            docs.discard_rebuild()
        """
        return rebuilding.discard(self._subject("discard a rebuild", None, None))

    def drop_previous(self) -> bool:
        """Drops the generation that is kept to go back to; whether there was one.

        Raises:
            As for `rebuild`: BusyError, ReadOnlyError, DiskFullError.

        Example:
            docs.drop_previous()
        """
        return rebuilding.drop_previous(self._subject("drop a generation", None, None))

    def _subject(
        self,
        verb: str,
        threads: int | None,
        progress: Callable[[rebuilding.RebuildProgress], object] | None,
        *,
        write: bool = True,
    ) -> rebuilding.Subject:
        arguments.callback("progress", progress)
        count = config.thread_count(threads)
        access: LiveAccess = self._access
        if write:
            access.check_writable()
            access.check_outside(verb)
        else:
            access.check_open()
        return rebuilding.Subject(access.environment, self._name, self._identity, count, progress)

    def _changed_over(self, report: rebuilding.RebuildReport) -> None:
        """Whoever changed the metric through this object knows of it."""
        self._kind, self._known_metric = (report.metric, report.dtype), report.metric
        if self._expected_metric is not None:
            self._expected_metric = report.metric
