"""A cluster as the target of an import, and a dry run of one."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import vdb
from vdb.api.importing.call import Arguments, Options, SourceArguments, import_source
from vdb.api.importing.report import ImportReport
from vdb.errors import NotFoundError

__all__ = ["ImportTarget", "rehearsed"]


class ImportTarget:
    """A `Cluster`, as far as an import needs it: see `ImportDatabase`."""

    def __init__(self, db: Any, *, shards: int | None, spread: str | Sequence[str]) -> None:
        self._db = db
        self._how: dict[str, Any] = {"shards": shards, "spread": spread}

    def create_collection(self, name: str, **schema: Any) -> Any:
        """As `Cluster.create_collection`."""
        return self._db.create_collection(name, **schema, **self._how)

    def collection(self, name: str) -> Any:
        """As `Cluster.collection`."""
        return self._db.collection(name)

    def batch(self) -> AbstractContextManager[None]:
        """Nothing: a part is one commit on each shard, and the collection is made before it."""
        return nullcontext()

    def __contains__(self, name: object) -> bool:
        return name in self._db


def rehearsed(
    target: ImportTarget, name: str, place: SourceArguments, schema: Arguments, options: Options
) -> ImportReport:
    """A dry run, in a temporary database that has an empty collection of the same schema.

    Ids that the collection has already are not met.
    """
    with vdb.temporary() as scratch:
        try:
            present = target.collection(name)
        except NotFoundError:
            present = None
        if present is not None:
            present._session.schema(present._router.collection()).make(scratch)  # noqa: SLF001
        return import_source(scratch, name, place, schema, options)
