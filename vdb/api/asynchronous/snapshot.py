"""The class `AsyncSnapshot`. Written by tools/write_async_face.py; do not edit."""

from __future__ import annotations

from vdb.api.asynchronous.collection_reader import AsyncCollectionReader
from vdb.api.asynchronous.handles import SnapshotHandle
from vdb.model.synonyms import with_hints

__all__ = ["AsyncSnapshot"]


class AsyncSnapshot(SnapshotHandle):
    """One moment of a database: all reads see the same commit. Made by `AsyncDatabase.snapshot`.

    ``async with db.snapshot() as moment:`` takes it when the block begins and releases it at the
    end; ``moment = await db.snapshot()`` takes it at once, for ``await moment.close()``. While it
    is open, space that later commits free cannot be used again. Any number of tasks may share it.
    """

    @with_hints
    async def collection(
        self,
        name: str,
        *,
        metric: str | None = None,
        dim: int | None = None,
        model: str | None = None,
    ) -> AsyncCollectionReader:
        """A collection as it stood at this moment, like `Database.collection`.

        Example:
            async with db.snapshot() as moment:
                hits = await (await moment.collection("docs")).search(q, k=3)
        """
        return AsyncCollectionReader(
            await self._calls.read(
                lambda _: self._sync.collection(name, metric=metric, dim=dim, model=model)
            ),
            self._calls,
        )

    async def collections(self) -> list[str]:
        """The names of the collections at this moment, sorted."""
        return await self._calls.read(lambda _: self._sync.collections())

    async def aliases(self) -> dict[str, str]:
        """The aliases at this moment, sorted, with the names of their collections.

        Example:
            async with db.snapshot() as moment:
                assert await moment.aliases() == {}
        """
        return await self._calls.read(lambda _: self._sync.aliases())
