"""The class `AsyncCollectionGenerations`. Written by tools/write_async_face.py; do not edit."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from vdb.api import lazy_modules
from vdb.api.asynchronous.handles import ReaderHandle
from vdb.api.collection import Collection
from vdb.model import config
from vdb.model.records import Vectors
from vdb.model.synonyms import with_hints

if TYPE_CHECKING:
    from vdb.maintenance import rebuild as rebuild_module
else:
    rebuild_module = lazy_modules.module("vdb.maintenance.rebuild")

__all__ = ["AsyncCollectionGenerations"]


class AsyncCollectionGenerations(ReaderHandle):
    """The generations of `AsyncCollection`, as coroutines."""

    _sync: Collection

    @with_hints
    async def rebuild(
        self,
        metric: str | None = None,
        index: config.IndexConfig | None = None,
        dtype: str | None = None,
        *,
        model: str | None = None,
        vectors: Vectors | None = None,
        dim: int | None = None,
        truncate: int | None = None,
        normalize: bool = False,
        scores: str | None = None,
        progress: Callable[[rebuild_module.RebuildProgress], object] | None = None,
        threads: int | None = None,
        validate: bool | float = True,
        keep_previous: bool = False,
        reason: str = "",
        resume: bool | None = None,
        hold: bool = False,
    ) -> rebuild_module.RebuildReport:
        """Builds the next generation, from the stored vectors or others, and switches to it.

        The graph depends on the vectors, on their slots and on the seed, not on threads and not on
        interruptions. Records written during the rebuild are linked as well, the last of them in
        the commit that switches. When the call raises or is interrupted, the present generation is
        unchanged. The finished part stays as an unfinished rebuild, and the next call with the same
        parameters continues it.

        Args:
            metric: The metric of the new generation; the present one by default. Thresholds do not
                carry over: searches with one through an object that was made before the change, and
                any use of an object that was requested with ``metric=``, raise MetricMismatchError.
            index: `HNSW` or `Flat`, with all its parameters; those of the present one by default.
            dtype: How vectors are stored from then on; as at present by default. Numbers are
                converted as `add` does: rounded to "float32" or "float16", and refused where they
                do not fit (not an integer for "int8", not 0 or 1 for "bit", which goes with
                ``metric="hamming"``). The lost digits are gone once the generation before is. For
                smaller vectors in the graph walk alone, see `HNSW.codes` instead.
            model: Where the vectors come from, as for `Database.create_collection`. Needed with
                ``vectors=`` where the collection has one.
            vectors: Vectors of another model: a function, or a table. A function gets a list of at
                most 256 `Record` objects and returns an array of shape (n, dim), as `add` takes it.
                It is called while nothing is locked, also for what others write meanwhile; only the
                last few records, those of about a second, are embedded while writers wait. It must
                not write to this database. What it returned is stored every ten seconds, and not
                asked for again after an interruption. A table has a vector for every record: a pair
                ``(ids, array)``, a dict of ids and vectors, or what `add` takes as a table, with
                columns "id" and "vector"; other ids are ignored. Records without a vector stay
                without.
            dim: The new dimension; checked. Needed with a function and no records.
            truncate: Keep the first numbers of each vector, this many (Matryoshka embeddings).
            normalize: Scale each vector to length 1, after truncation.
            scores: The default convention of results; by default the present one, which the new
                metric must have.
            progress: Called regularly with a `RebuildProgress`; an exception from it stops the
                rebuild. From the phase "removing" on, the new generation is in use.
            threads: Threads that link, 1..1,024; by default one for each usable processor.
            validate: Verify the graph, and sample its recall@10 with the default ef against exact
                search, before it is used. True requires 0.5, a number (0..1) that much, False
                neither.
            keep_previous: Keep the present generation, so that `rollback` can switch back to it.
                It takes its space, and one bit for each slot that changes. An earlier kept
                generation is dropped.
            reason: Free text for the history, at most 256 bytes.
            resume: None continues an unfinished rebuild with the same parameters, and drops any
                other. True requires one (without `metric` and `index`: with any parameters). False
                starts again.
            hold: Build and validate, and do not change over: the new generation is *held* until
                `commit_rebuild` puts it to use, also after this process ends. Writes go on, and log
                which records they change; the same call links these, which keeps `commit_rebuild`
                quick. What passed the same validation is not validated again. The file becomes one
                of format 2.

        Returns:
            A report, as a dataclass.

        Raises:
            InvalidVectorError: The metric or dtype cannot take some vectors; the message lists
                their ids.
            InvalidArgumentError: An argument is out of range, metric and dtype do not go together,
                or the metric has no such convention.
            RebuildError: The new graph did not pass validation, or others write faster than a
                function gives vectors. What was built stays as an unfinished rebuild.
            MissingVectorsError: The table has no vector for some records.
            DimensionMismatchError: ``vectors=`` gives other vectors than ``dim=`` says.
            NotFoundError: ``resume=True``, and there is nothing to resume.
            DiskFullError: Not enough space. The part built so far stays; `discard_rebuild` frees
                it.
            BusyError: Another rebuild is running in this database, another writer did not finish
                within lock_timeout, or the calling thread is inside a batch.
            ReadOnlyError: The database is open for reading only.

        Example:
            await docs.rebuild(metric="l2", index=vdb.HNSW(M=32), keep_previous=True)
        """
        return await self._calls.long(
            lambda call: self._sync.rebuild(
                metric,
                index,
                dtype,
                model=model,
                vectors=vectors,
                dim=dim,
                truncate=truncate,
                normalize=normalize,
                scores=scores,
                progress=call.reporting(progress),
                threads=threads,
                validate=validate,
                keep_previous=keep_previous,
                reason=reason,
                resume=resume,
                hold=hold,
            ),
            writes=True,
        )

    async def commit_rebuild(
        self,
        *,
        vectors: Vectors | None = None,
        keep_previous: bool = False,
        progress: Callable[[rebuild_module.RebuildProgress], object] | None = None,
        threads: int | None = None,
    ) -> rebuild_module.RebuildReport:
        """Switches to the generation that ``rebuild(hold=True)`` built and that is held since.

        Records that changed meanwhile are linked first, the last of them in the commit that
        switches. With few of them it is quick, because the rest of the graph is not read. When the
        call raises, the present generation is unchanged, and the other one is still held. Blocks of
        the generation before are removed with later commits.

        Args:
            vectors: For a generation whose vectors came from ``vectors=``: those of the records
                that were written meanwhile, as for `rebuild`, in the dimension that it has.
            keep_previous: As for `rebuild`.
            progress: As for `rebuild`.
            threads: As for `rebuild`.

        Raises:
            NotFoundError: Nothing is held, maybe because it is in use already: `info` says which
                generation is.
            RebuildError: The rebuild is unfinished: ``rebuild(hold=True)`` finishes it.
            InvalidVectorError: The metric or dtype cannot take a vector that was written meanwhile.
            MissingVectorsError: ``vectors=`` is needed, and lacks some.
            And, as for `rebuild`: BusyError, ReadOnlyError, DiskFullError.

        Example:
            await docs.rebuild(metric="l2", hold=True)
            await docs.commit_rebuild(keep_previous=True)
        """
        return await self._calls.long(
            lambda call: self._sync.commit_rebuild(
                vectors=vectors,
                keep_previous=keep_previous,
                progress=call.reporting(progress),
                threads=threads,
            ),
            writes=True,
        )

    @with_hints
    async def plan_rebuild(
        self,
        metric: str | None = None,
        index: config.IndexConfig | None = None,
        dtype: str | None = None,
        *,
        model: str | None = None,
        vectors: Vectors | None = None,
        dim: int | None = None,
        truncate: int | None = None,
        normalize: bool = False,
        scores: str | None = None,
        threads: int | None = None,
    ) -> rebuild_module.RebuildPlan:
        """Plans a `rebuild`: unsuitable records, needed space and, roughly, time.

        Changes nothing. Reads the length of every vector (for another dtype, every vector), and
        links some of them for a second or two without storing them. A function of ``vectors=`` is
        called for up to 8 records; of a table, all vectors are looked at. Arguments are those of
        `rebuild`.

        Raises:
            BusyError: The calling thread is inside a batch, which a rebuild cannot see.
            And as `rebuild`, but for what only building and writing raise.

        Example:
            print(await docs.plan_rebuild(metric="dot"))
        """
        return await self._calls.long(
            lambda _: self._sync.plan_rebuild(
                metric,
                index,
                dtype,
                model=model,
                vectors=vectors,
                dim=dim,
                truncate=truncate,
                normalize=normalize,
                scores=scores,
                threads=threads,
            ),
            writes=False,
        )

    async def rollback(
        self,
        *,
        vectors: Vectors | None = None,
        progress: Callable[[rebuild_module.RebuildProgress], object] | None = None,
        threads: int | None = None,
        reason: str = "",
    ) -> rebuild_module.RebuildReport:
        """Switches back to the kept generation, with all later writes included.

        Records changed since then are linked into it first, which takes as long as writing them
        again; without changes the switch is immediate. The generation that was in use is kept
        instead. An unfinished rebuild is dropped. With another dtype, the kept generation still has
        its vectors as they were before conversion; later vectors are converted back.

        The vectors of another model do not follow from each other, nor do whole ones from truncated
        or scaled ones: after such a rebuild, ``vectors=`` gives those of the records that were
        added or whose vectors were replaced since, as for `rebuild`.

        Raises:
            MissingVectorsError: Such vectors are needed and not given; ``count`` says how many.
            NotFoundError: No generation is kept.
            InvalidVectorError: A later vector does not fit its metric, or would have to be rounded
                to its dtype.
            And, as for `rebuild`: BusyError, ReadOnlyError, DiskFullError.

        Example:
            await docs.rebuild(metric="l2", keep_previous=True)
            await docs.rollback()
        """
        return await self._calls.long(
            lambda call: self._sync.rollback(
                vectors=vectors, progress=call.reporting(progress), threads=threads, reason=reason
            ),
            writes=True,
        )

    async def discard_rebuild(self) -> bool:
        """Drops a rebuild that is unfinished or held; returns whether there was one.

        Raises:
            As for `rebuild`: BusyError, ReadOnlyError, DiskFullError.

        Example:
            await docs.discard_rebuild()
        """
        return await self._calls.write(lambda _: self._sync.discard_rebuild())

    async def drop_previous(self) -> bool:
        """Drops the kept generation of `rollback`; returns whether there was one.

        Raises:
            As for `rebuild`: BusyError, ReadOnlyError, DiskFullError.

        Example:
            await docs.drop_previous()
        """
        return await self._calls.write(lambda _: self._sync.drop_previous())
