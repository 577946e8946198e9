"""One moment of a database, for reading."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Self

from vdb.api.collection_lookup import check_schema, find_view, has_collection
from vdb.api.collection_reader import CollectionReader
from vdb.api.read_access import PinnedAccess
from vdb.model import config
from vdb.model.synonyms import with_hints
from vdb.model.unpicklable import Handle

__all__ = ["Snapshot"]


class Snapshot(Handle):
    """One moment of a database: all reads see the same commit. Made by `Database.snapshot`.

    Also a context manager. While it is open, space that later commits free cannot be used again, so
    do not hold it longer than needed. It may be shared between threads.

    Attributes:
        commit: The number of the commit it shows; each commit adds one.
    """

    def __init__(self, access: PinnedAccess, path: Path) -> None:
        self._access = access
        self._path = path
        with access.reading() as reader:
            self.commit = reader.commit

    def _place(self) -> Path:
        return self._path

    @with_hints
    def collection(
        self,
        name: str,
        *,
        metric: str | None = None,
        dim: int | None = None,
        model: str | None = None,
    ) -> CollectionReader:
        """A collection as it stood at this moment, like `Database.collection`.

        Example:
            with db.snapshot() as moment:
                hits = moment.collection("docs").search(q, k=3)
        """
        name = config.collection_name(name)
        with self._access.reading() as reader:
            view = find_view(reader, name)
            check_schema(view.header, metric=metric, dim=dim, model=model, path=self._path)
            return CollectionReader(self._access, view)

    def collections(self) -> list[str]:
        """The names of the collections at this moment, sorted."""
        with self._access.reading() as reader:
            return reader.names()

    def aliases(self) -> dict[str, str]:
        """The aliases at this moment, sorted, with the names of their collections.

        Example:
            with db.snapshot() as moment:
                assert moment.aliases() == {}
        """
        with self._access.reading() as reader:
            return reader.aliases()

    def __contains__(self, name: object) -> bool:
        with self._access.reading() as reader:
            return has_collection(reader, name)

    def close(self) -> None:
        """Release the moment. Its collections raise ClosedError from then on."""
        self._access.close()

    def __enter__(self) -> Self:
        self._access.check()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Snapshot of {str(self._path)!r} at commit {self.commit}>"
