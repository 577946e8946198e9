"""The load of `ShardedCollection`: many files, in parallel, resumable, verified."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from os import PathLike
from typing import Any

from vdb.cluster.client.handle import ShardedHandle
from vdb.cluster.client.opening import engine_of, opened_map
from vdb.cluster.client.session import Session
from vdb.cluster.loading.call import LoadArguments, load
from vdb.cluster.loading.report import LoadProgress, LoadReport
from vdb.cluster.loading.worker import Target
from vdb.cluster.metadata.opening import cluster_store

__all__ = ["ShardedLoads"]


class ShardedLoads(ShardedHandle):
    """Loads into a sharded collection."""

    def load(
        self,
        places: str | PathLike[str] | Sequence[str | PathLike[str]],
        *,
        format: str | None = None,  # noqa: A002 - the word that people look for
        id: str = "id",  # noqa: A002 - a public name
        vector: str | None = None,
        payload: Sequence[str] | None = None,
        packed: bool = False,
        options: Mapping[str, object] | None = None,
        storage_options: Mapping[str, object] | None = None,
        name: str | None = None,
        on_duplicate: str = "error",
        strict: bool = True,
        verify: bool = True,
        batch_rows: int | None = None,
        workers: int | None = None,
        timeout: float = 300.0,
        progress: Callable[[LoadProgress], object] | None = None,
    ) -> LoadReport:
        """Loads files in parallel; the same call goes on with a load that was broken off.

        Row groups of Parquet, fragments of Lance, and whole files of other formats are pieces. Each
        is read, written with tokens, read again from the shards and compared to the bit, and then
        ticked off in the cluster's store. With Ray, pieces go to its processes (by Ray Data); with
        the local engine to threads. Whatever dies and is repeated, no row is written twice.

        Args:
            places: Paths, patterns with ``*``, directories of Parquet files, or URLs of object
                storage (Parquet and Lance); with Ray, paths are those of the nodes.
            format: As for `vdb.sources.open`. None: what each file shows.
            id: The column of the ids.
            vector: The column of the vectors. None: "vector", or the only one that can be one.
            payload: The columns of the payloads. None: all others.
            packed: Whether vectors of uint8 are packed bits.
            options: Options of the format, for files that are neither Parquet nor Lance.
            storage_options: What the store of the URLs takes, such as credentials.
            name: Of the load, which a later call goes on with. None: made of the files and of what
                becomes of rows that are there already, or cannot become records.
            on_duplicate: As for `Collection.add`.
            strict: Raise at a row that cannot become a record. False: leave it out and count it.
            verify: Read every record again; not with ``on_duplicate="skip"``.
            batch_rows: Records of a write, 1..1,000,000. None: 16,384, or fewer that make 8 MiB.
            workers: Pieces at a time. None: with Ray as many as it has processors, else 4.
            timeout: Seconds for which a write is repeated while a shard is not there.
            progress: Is called with a `LoadProgress` at the start and after each piece.

        Returns:
            What became of all rows, and a checksum of ids and stored vectors.

        Raises:
            SourceError: A file is damaged, or a row is no record; names file and row.
            CorruptedError: A shard holds another record than the file; names file and row.
            DuplicateIdError, PartialWriteError: As `add`; name the file and the rows.
            InvalidArgumentError: A load of that name had other files or arguments.
            NotFoundError, DiskError, RemoteError: A place leads to nothing, or cannot be read.

        Example:
            papers.load("s3://bucket/embeddings/*.parquet", vector="embedding", progress=print)
        """
        session = self._session
        session.check_open()
        collection = self._router.collection()
        arguments = LoadArguments(
            places, format, id, vector, payload, packed, options, storage_options, name,
            on_duplicate, strict, verify, batch_rows, workers, timeout, progress,
        )  # fmt: skip
        each = getattr(session.engine, "each", None)
        opening = _Opening(session.url, session.storage_options, collection.name, type(self))
        return load(
            Target(self, session.store),
            arguments,
            optional=session.schema(collection).optional_vectors,
            elsewhere=None if each is None else (opening, each),
        )


@dataclass(frozen=True, slots=True)
class _Opening:
    """Opens the collection in a process of Ray's; see `Opener`."""

    url: str
    storage_options: Mapping[str, object] = field(repr=False)
    collection: str
    kind: Callable[[Session, str], Any]

    @property
    def key(self) -> str:
        return f"{self.url} {self.collection}"

    def __call__(self) -> Target:
        store = cluster_store(self.url, self.storage_options)
        maps = opened_map(store, create=False, disks=(), named=False, durability=None, lease=None)
        engine = engine_of("ray", maps.newest.cluster, {})
        session = Session(
            self.url, store, maps, engine, timeout=30.0, storage_options=self.storage_options
        )
        return Target(self.kind(session, self.collection), store)
