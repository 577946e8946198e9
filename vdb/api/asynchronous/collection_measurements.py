"""The class `AsyncCollectionMeasurements`. Written by tools/write_async_face.py; do not edit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from numpy.typing import ArrayLike

from vdb.api import lazy_modules
from vdb.api.asynchronous.handles import ReaderHandle
from vdb.model import config, filters
from vdb.model.records import Id, Progress
from vdb.model.synonyms import with_hints

if TYPE_CHECKING:
    from vdb import lexical as lexical_module
    from vdb.analysis.explanation import explain as explain_module
    from vdb.analysis.inspection import report as inspection_module
    from vdb.analysis.measurement import recall as recall_module
    from vdb.analysis.measurement import speed as speed_module
else:
    lexical_module = lazy_modules.module("vdb.lexical")
    explain_module = lazy_modules.module("vdb.analysis.explanation.explain")
    inspection_module = lazy_modules.module("vdb.analysis.inspection.report")
    recall_module = lazy_modules.module("vdb.analysis.measurement.recall")
    speed_module = lazy_modules.module("vdb.analysis.measurement.speed")

__all__ = ["AsyncCollectionMeasurements"]


class AsyncCollectionMeasurements(ReaderHandle):
    """The measurements of `AsyncCollectionReader`, as coroutines."""

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
        where: Mapping[str, Any] | filters.Filter | None = None,
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

    @with_hints
    async def explain_text(
        self,
        query: str,
        id: Id,
        *,
        field: str | None = None,
        scores: str = "native",
        syntax: bool = True,
        k1: float | None = None,
        b: float | None = None,
        delta: float | None = None,
    ) -> lexical_module.TextExplanation:
        """Explains the score of one record for a query of words: `search_text`, found or not.

        Args:
            query: The query, as `search_text` reads it.
            id: The record.
            field: The text field; None where there is only one.
            scores: Whose BM25, one of `vdb.lexical.conventions()`.
            syntax: As for `search_text`.
            k1: As for `search_text`.
            b: As for `search_text`.
            delta: As for `search_text`.

        Returns:
            The idf, tf, tf part and share of each clause, and the length of the text as the engine
            sees it. The shares add up to the score in the engine's order and precision. Its
            ``str()`` is a text of several lines.

        Raises:
            NotFoundError: There is no such record, or no such text field.
            InvalidArgumentError: The record has no text.
            And as `search_text`.

        Example:
            print(await docs.explain_text("drink", "tea", scores="elasticsearch"))
        """
        return await self._calls.read(
            lambda _: self._sync.explain_text(
                query, id, field=field, scores=scores, syntax=syntax, k1=k1, b=b, delta=delta
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
