"""What a collection can say about itself: its recall, its inside, and why a record stands where.

A base of the collections that users hold; each method delegates to one function of `analysis`,
which is loaded when it is first asked for.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from numpy.typing import ArrayLike

from vdb.api import lazy_modules
from vdb.index import Collection as View
from vdb.index import Reader, search_ef
from vdb.model import arguments, config
from vdb.model.filters import Filter
from vdb.model.records import Id, Progress
from vdb.model.spellings import with_hints

if TYPE_CHECKING:
    from vdb.analysis import explain as explaining
    from vdb.analysis import inspection, speed
    from vdb.analysis import recall as recalling
else:
    explaining = lazy_modules.module("vdb.analysis.explain")
    inspection = lazy_modules.module("vdb.analysis.inspection")
    recalling = lazy_modules.module("vdb.analysis.recall")
    speed = lazy_modules.module("vdb.analysis.speed")

__all__ = ["Insight"]

_MOST_EFS = 1000


class Insight:
    """Figures and reasons, for everything that can be read like a collection."""

    @abstractmethod
    def _seen(self) -> AbstractContextManager[tuple[Reader, View]]:
        """One moment, and the collection in it, for the length of a call."""

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
        from vdb.analysis import recall as recalling
        from vdb.analysis.moments import Moments
        from vdb.analysis.queries import given_or_sampled

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
        from vdb.analysis.moments import Moments
        from vdb.analysis.queries import given_or_sampled
        from vdb.analysis.speed import EFS, measure_speed

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
        from vdb.analysis import explain as explaining

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
        from vdb.analysis import inspect as inspecting

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
        from vdb.analysis import inspect as inspecting

        with self._seen() as (reader, view):
            return inspecting.inspect_record(reader, view, id)
