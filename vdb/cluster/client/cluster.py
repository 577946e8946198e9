"""`vdb.cluster.open` and the public class `Cluster`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from os import PathLike, fspath
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self

from vdb.api import lazy_modules
from vdb.api.collection_schema import CollectionSchema
from vdb.api.database import Database
from vdb.api.schema_arguments import SchemaArguments
from vdb.cluster.changes.interrupted import finish_change
from vdb.cluster.client import importing
from vdb.cluster.client.collection import ShardedCollection
from vdb.cluster.client.documented import as_embedded
from vdb.cluster.client.opening import check_engine, disks_of, engine_of, opened_map
from vdb.cluster.client.session import Session
from vdb.cluster.client.snapshot import ClusterSnapshot, snapshot_of
from vdb.cluster.client.upkeep import ClusterUpkeep, each
from vdb.cluster.metadata.cluster_map import ClusterMap, CollectionMap
from vdb.cluster.metadata.map_parts import ShardEntry
from vdb.cluster.metadata.object_names import shard_name
from vdb.cluster.metadata.opening import cluster_store
from vdb.cluster.metadata.schema_document import schema_to_json
from vdb.cluster.metadata.slots import SLOTS
from vdb.errors import (
    ArgumentTypeError,
    CollectionExistsError,
    InvalidArgumentError,
    NotFoundError,
    VdbError,
)
from vdb.maintenance.repository.location import is_url
from vdb.model import arguments, config
from vdb.model.filters.field_types import field_types
from vdb.model.payload_encoder import Conversion, PayloadEncoder
from vdb.model.payload_encoder import encoder as encoder_of
from vdb.model.records import Progress
from vdb.model.synonyms import with_hints
from vdb.model.text_field import Text

if TYPE_CHECKING:
    from vdb import sources as sources_module
    from vdb.api.importing import call as importing_module
else:
    importing_module = lazy_modules.module("vdb.api.importing.call")
    sources_module = lazy_modules.module("vdb.sources")

__all__ = ["Cluster", "open"]

_FEWEST_SHARDS = 4
_LONGEST_SNAPSHOT = 30 * 86400.0
_LISTED = 20  # collections in a message


@with_hints
def open(  # noqa: A001 - vdb.cluster.open reads as it should
    url: str | PathLike[str],
    *,
    engine: str | Any = "local",
    disks: Mapping[str, str | PathLike[str]]
    | Sequence[str | PathLike[str]]
    | str
    | PathLike[str]
    | None = None,
    durability: str | None = None,
    lease: float | None = None,
    timeout: float = 30.0,
    create: bool = True,
    storage_options: Mapping[str, object] | None = None,
    threads: int | None = None,
    payload_encoder: str | PayloadEncoder | Conversion = "strict",
    address: str | None = None,
    engine_options: Mapping[str, Any] | None = None,
) -> Cluster:
    """Opens the cluster at a URL; makes it if there is none.

    All that is true of it lies in objects below the URL and in the files of its shards, so any
    number of programs may have it open.

    Args:
        url: Where its map, logs and backups are: ``s3://``, ``gs://``, ``az://`` with obstore
            (``vdb[remote]``), ``file:///``, or a path.
        engine: What runs the shards. "local": threads of this program. "ray": processes on the
            nodes of a cluster of Ray's (``vdb[ray]``).
        disks: Where the directories of shards lie: a dict from labels to directories, or a list of
            directories. With "ray", labels are those of its nodes. Disks that the cluster does not
            have yet are added to it. The default of a new local cluster at a path is a directory
            ``shards`` there.
        durability: "node" (the default of a new cluster): a write that returns is on the disk of
            its shard. "stored": and in the shard's log at the URL, so that it outlives that disk.
        lease: Seconds for which a shard answers without having seen the map, 10 by default: so long
            must recovery wait for one that may be cut off.
        timeout: Seconds that a call may take, where it says nothing else.
        create: Make the cluster when there is none.
        storage_options: What obstore takes with the URL: credentials, an endpoint.
        threads: Threads of each shard; the default is one for each processor, shared by the shards
            of a node.
        payload_encoder: As for `vdb.open`.
        address: Of Ray's head, with "ray".
        engine_options: More arguments of Ray's engine, as a dict.

    Raises:
        NotFoundError: There is no cluster and create=False.
        InvalidArgumentError: The URL is of no store, there is no such engine or it is not
            installed, or an argument differs from what the cluster has.
        FormatVersionError: A later release wrote its map.
        EngineError: The engine does not start, or does not answer.
        RemoteError, DiskError: The store cannot be read.

    Example:
        db = vdb.cluster.open("papers")
    """
    seconds = arguments.number("timeout", timeout)
    if seconds <= 0:
        raise InvalidArgumentError(
            f"timeout must be above 0 seconds, got {seconds:g}",
            expected="above 0",
            received=timeout,
        )
    make = arguments.truth("create", create)
    count = None if threads is None else config.thread_count(threads)
    place = _url(url)
    named = arguments.named_options("storage_options", storage_options)
    extra = arguments.named_options("engine_options", engine_options)
    extra |= {} if address is None else {"address": address}
    check_engine(engine, extra)
    encoder_of(payload_encoder)  # refused before anything is made
    store = cluster_store(place, named)
    maps = opened_map(
        store,
        create=make,
        disks=disks_of(disks, place, engine),
        named=disks is not None,
        durability=durability,
        lease=lease,
    )
    running = engine_of(engine, maps.newest.cluster, extra)
    session = Session(
        place, store, maps, running,
        timeout=seconds, storage_options=named, threads=count, payload_encoder=payload_encoder,
    )  # fmt: skip
    return Cluster(session)


def _url(url: object) -> str:
    if isinstance(url, str | PathLike):
        text = str(fspath(url))
        # Absolute: shards in other processes have other working directories.
        plain = bool(text) and "\0" not in text and not is_url(text)
        return str(Path(text).expanduser().absolute()) if plain else text
    raise ArgumentTypeError(
        f"url must be a str or a path, got {type(url).__name__}",
        expected="str | os.PathLike[str]",
        received=type(url).__name__,
    )


class Cluster(ClusterUpkeep):
    """An open cluster: collections whose records lie in several databases. Made by `open`.

    Also a context manager, which closes it. It may be shared between threads, but not across
    ``fork()``: a child process opens its own. What it has in common with `Database` is the same;
    batches over several collections, aliases and names that change are not there.
    """

    # Collections

    @as_embedded(Database.create_collection)
    def create_collection(
        self,
        name: str,
        *,
        dim: int | Literal["auto"],
        metric: str,
        dtype: str | None = None,
        index: config.IndexConfig | None = None,
        scores: str | None = None,
        model: str | None = None,
        fields: Mapping[str, str | Text] | None = None,
        optional_vectors: bool = False,
        payload_encoder: str | PayloadEncoder | Conversion | None = None,
        exist_ok: bool = False,
        shards: int | None = None,
        spread: str | Sequence[str] = "disk",
    ) -> ShardedCollection:
        """Neither ``dim="auto"`` nor an analyzer that is a function is accepted.

        Shards are made before the first vector comes, and functions are not sent to them.

        Args:
            shards: Into how many shards the records go, 1..4,096. The default is one for each disk,
                4 at least. `ShardedCollection.reshard` changes it.
            spread: Where they lie: "disk" takes all disks in turn; or a list of labels of disks.
        """
        name = config.collection_name(name)
        given = SchemaArguments(dim, metric, dtype, index, scores, model, fields, optional_vectors)
        count = None if shards is None else arguments.whole("shards", shards, 1, SLOTS)
        self._session.check_open()
        labels = self._labels(spread)
        if arguments.truth("exist_ok", exist_ok) and name in self:
            return self._same(name, given, payload_encoder)
        schema = _schema(name, given)
        document = schema_to_json(schema)
        number = max(_FEWEST_SHARDS, len(labels)) if count is None else count

        def with_new(old: ClusterMap) -> ClusterMap:
            first = old.first_shard(name)
            entries = tuple(
                ShardEntry(
                    shard_name(name, first + i),
                    labels[i % len(labels)],
                    ((i * SLOTS // number, (i + 1) * SLOTS // number),),
                )
                for i in range(number)
            )
            return old.with_new(CollectionMap(name, document, entries, first + number))

        try:
            self._session.maps.change(with_new)
        except CollectionExistsError:
            if exist_ok:  # another program has made it meanwhile
                return self._same(name, given, payload_encoder)
            raise CollectionExistsError(
                f"there is a collection {name!r} already; db.collection({name!r}) opens it, and "
                "exist_ok=True does either",
                expected="a name that is not taken",
                received=name,
            ) from None
        try:
            self._make(name)
        except VdbError:
            self._undo(name)
            raise
        return ShardedCollection(self._session, name, payload_encoder=payload_encoder)

    def _same(self, name: str, given: SchemaArguments, payload_encoder: Any) -> ShardedCollection:
        """The collection that is there, if it is as it was asked for."""
        collection = self.collection(name, payload_encoder=payload_encoder)
        with collection._twin()._reading_view() as (_, view):  # noqa: SLF001
            given.require_same(view, Path(self.url))
        return collection

    def _labels(self, spread: object) -> list[str]:
        """The labels of the disks on which shards are laid, in turn."""
        present = [disk.label for disk in self._session.maps.newest.disks]
        if isinstance(spread, str):
            arguments.choice("spread", spread, ("disk",))
            return present
        if not isinstance(spread, Sequence) or not spread:
            raise ArgumentTypeError(
                "spread must be 'disk' or a list of labels of disks, got "
                f"{arguments.shown(spread)}",
                expected="'disk' | list of str",
                received=type(spread).__name__,
            )
        labels = [arguments.text("spread", label) for label in spread]
        for label in labels:
            if label not in present:
                raise NotFoundError(
                    f"spread: the cluster has no disk {label!r}; there are "
                    f"{', '.join(map(repr, present))}, and open(disks=...) adds one",
                    expected=present,
                    received=label,
                )
        return labels

    def _make(self, name: str) -> None:
        """Start the shards of a new collection, and put into the map that they are there."""
        session = self._session
        collection = session.maps.newest.collection(name)
        new = [shard for shard in collection.shards if shard.new]
        if not new:
            return
        each(new, lambda shard: session.start(collection, shard))
        # Starting may make the directory later, at the first call.
        each(new, lambda shard: session.engine.call(shard.id, "status").result(session.timeout))
        ids = {shard.id for shard in new}

        def made(old: ClusterMap) -> ClusterMap:
            present = old.collection(name)
            shards = tuple(
                replace(shard, new=False) if shard.id in ids else shard for shard in present.shards
            )
            return old.with_changed(replace(present, shards=shards))

        session.maps.change(made)

    def _undo(self, name: str) -> None:
        """Take a collection out of the map again whose shards could not be started.

        It stays where another program has started them meanwhile, and perhaps written to them.
        """
        collection = self._session.maps.newest.collection(name)

        def without(old: ClusterMap) -> ClusterMap:
            same = any(one == collection for one in old.collections)
            return old.without(name) if same and all(s.new for s in collection.shards) else old

        newest = self._session.maps.change(without)
        if all(one.name != name for one in newest.collections):
            self._session.remove(collection)

    @as_embedded(Database.collection)
    def collection(
        self,
        name: str,
        *,
        metric: str | None = None,
        dim: int | None = None,
        model: str | None = None,
        payload_encoder: str | PayloadEncoder | Conversion | None = None,
    ) -> ShardedCollection:
        """Its shards are started when they are first asked."""
        name = config.collection_name(name)
        self._find(name)
        self._make(name)  # where the program that created it was interrupted
        return ShardedCollection(
            self._session, name,
            metric=metric, dim=dim, model=model, payload_encoder=payload_encoder,
        )  # fmt: skip

    def _find(self, name: str) -> CollectionMap:
        self._session.check_open()
        cluster = self._session.maps.newest
        if all(one.name != name for one in cluster.collections):
            cluster = self._session.maps.reload()
        for one in cluster.collections:
            if one.name == name:
                return one
        names = [one.name for one in cluster.collections]
        listed = ", ".join(map(repr, names[:_LISTED])) + (", ..." if names[_LISTED:] else "")
        raise NotFoundError(
            f"no collection {name!r}; there "
            + (f"are {listed}" if names else "is none yet, db.create_collection makes one"),
            expected=names[:_LISTED],
            received=name,
        )

    @as_embedded(Database.collections, hints=False)
    def collections(self) -> list[str]:
        """The newest map is read."""
        self._session.check_open()
        return [one.name for one in self._session.maps.reload().collections]

    def __getitem__(self, name: str) -> ShardedCollection:
        """``db["docs"]`` is ``db.collection("docs")``."""
        return self.collection(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self.collections())

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name in self.collections()

    @as_embedded(Database.drop_collection)
    def drop_collection(self, name: str) -> None:
        """It is gone with the new map, and objects of it raise NotFoundError from then on.

        Then its shards are stopped, and their directories removed where this program reaches them.
        A change of its shards that is under way is undone first, or completed.
        """
        collection = self._find(config.collection_name(name))
        finish_change(self._session, collection.name)
        collection = self._find(collection.name)
        self._session.maps.change(lambda old: old.without(collection.name))
        self._session.remove(collection)

    @as_embedded(Database.snapshot)
    def snapshot(self, *, seconds: float = 3600.0) -> ClusterSnapshot:
        """Writers of all shards are stopped for the moment that pinning takes, some milliseconds.

        A write over several shards that is under way may be in it on some of them.

        Args:
            seconds: How long shards hold it at most, where this program ends without closing it.

        Raises:
            BusyError: A collection is being changed.
            ShardUnavailableError: A shard does not answer.
        """
        self._session.check_open()
        limit = arguments.number("seconds", seconds)
        if not 0 < limit <= _LONGEST_SNAPSHOT:
            raise InvalidArgumentError(
                f"seconds must be above 0, at most {_LONGEST_SNAPSHOT:g}, got {limit:g}",
                expected=(0, _LONGEST_SNAPSHOT),
                received=seconds,
            )
        return snapshot_of(self._session, limit)

    @as_embedded(Database.import_source)
    def import_source(
        self,
        source: str | PathLike[str] | sources_module.Source,
        name: str,
        *,
        format: str | None = None,  # noqa: A002 - the word that people look for
        options: Mapping[str, object] | None = None,
        metric: str | None = None,
        dtype: str | None = None,
        index: config.IndexConfig | None = None,
        scores: str | None = None,
        model: str | None = None,
        fields: Mapping[str, str | Text] | Literal["auto"] | None = "auto",
        optional_vectors: bool | None = None,
        ids: str = "source",
        on_duplicate: str = "error",
        exist_ok: bool = False,
        resume: bool = False,
        strict: bool = False,
        verify: int = 0,
        dry_run: bool = False,
        batch_rows: int | None = None,
        memory_limit: int | None = None,
        threads: int | None = None,
        progress: Progress | None = None,
        shards: int | None = None,
        spread: str | Sequence[str] = "disk",
    ) -> importing_module.ImportReport:
        """Each part is one commit on each shard. `ShardedCollection.load` reads files in parallel.

        Args:
            shards: As for `create_collection`.
            spread: As for `create_collection`.
        """
        self._session.check_open()
        given = (metric, scores, dtype, index, model, fields, optional_vectors)
        how = (ids, on_duplicate, exist_ok, resume, strict, verify, dry_run, batch_rows)
        schema = importing_module.Arguments(*given)
        choices = importing_module.Options(*how, memory_limit, threads, progress)
        place = importing_module.SourceArguments(source, format, options)
        target = importing.ImportTarget(self, shards=shards, spread=spread)
        if dry_run is True:
            return importing.rehearsed(target, name, place, schema, choices)
        return importing_module.import_source(target, name, place, schema, choices)

    def close(self) -> None:
        """Closes the cluster; later use raises ClosedError. Closing again does nothing.

        Shards in threads of this program are closed, those in processes of their own go on.
        """
        self._session.close()

    def __enter__(self) -> Self:
        self._session.check_open()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        names = [one.name for one in self._session.maps.newest.collections]
        listed = ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")
        noun = "collection" if len(names) == 1 else "collections"
        return f"<Cluster {self.url!r}: {len(names)} {noun}{f' ({listed})' if names else ''}>"


def _schema(name: str, given: SchemaArguments) -> CollectionSchema:
    """The schema of a new collection, complete; raises as `Database.create_collection`."""
    header, generation = given.new_records(name)
    fields: Any = given.fields
    return CollectionSchema(
        name,
        header.dim or "auto",
        header.metric,
        header.dtype,
        config.index_from_map(generation.index),
        header.scores,
        header.model,
        field_types(fields),
        header.bare is not None,
    )
