"""Opening a cluster: its store, its first map, its disks and its engine."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib import import_module
from os import PathLike, fspath
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from vdb.cluster.client.map_cache import MapCache
from vdb.cluster.engines.base import Engine
from vdb.cluster.engines.local import LocalEngine
from vdb.cluster.metadata.cluster_map import ClusterMap
from vdb.cluster.metadata.map_objects import MapObjects
from vdb.cluster.metadata.map_parts import Disk
from vdb.errors import (
    ArgumentTypeError,
    InvalidArgumentError,
    MapConflictError,
    NotFoundError,
)
from vdb.maintenance.repository.location import is_url, local_path
from vdb.maintenance.repository.object_store import ObjectStore
from vdb.model import arguments

__all__ = ["DURABILITIES", "check_engine", "disks_of", "engine_of", "opened_map"]

DURABILITIES: Final = ("node", "stored")
ENGINES: Final = ("local", "ray")

_RAY: Final = "vdb.cluster.engines.ray_engine"  # only it knows Ray
_MOST_DISKS: Final = 4096
_LEASE: Final = (0.1, 3600.0)


def opened_map(
    store: ObjectStore,
    *,
    create: bool,
    disks: tuple[Disk, ...],
    named: bool,
    durability: str | None,
    lease: float | None,
) -> MapCache:
    """The map of a cluster; the first one is made where there is none.

    Args:
        store: The store of its objects.
        create: Whether the cluster is made where there is none.
        disks: Those of a new cluster.
        named: Whether the caller named them: then those that the map lacks are added to it.
        durability: As it should be; None for what it is, "node" for a new one.
        lease: Seconds, as it should be; None for what it is, 10 for a new one.

    Raises:
        NotFoundError: There is no cluster, and it is not to be made.
        InvalidArgumentError: It has another durability or lease, or a disk lies elsewhere.
        FormatVersionError: A later release wrote its map.
    """
    maps = MapObjects(store)
    how = arguments.choice("durability", durability or "node", DURABILITIES)
    seconds = 10.0 if lease is None else arguments.number("lease", lease)
    if not _LEASE[0] <= seconds <= _LEASE[1]:
        raise InvalidArgumentError(
            f"lease must be from {_LEASE[0]:g} to {_LEASE[1]:g} seconds, got {seconds:g}",
            expected=_LEASE,
            received=lease,
        )
    try:
        newest = maps.newest()
    except NotFoundError:
        if not create:
            raise
        if not disks:
            raise InvalidArgumentError(
                f"there is no cluster at {store.url} yet, and disks= must say where its shards lie",
                expected="disks",
                received=None,
            ) from None
        first = ClusterMap(1, uuid4().hex, how, seconds, disks)  # type: ignore[arg-type]
        try:
            return MapCache(maps, maps.create(first))
        except MapConflictError:  # another program has made it meanwhile
            newest = maps.newest()
    for name, asked, present in (
        ("durability", durability, newest.durability),
        ("lease", lease, newest.lease),
    ):
        if asked is not None and asked != present:
            raise InvalidArgumentError(
                f"the cluster at {store.url} has {name}={present!r}, not {asked!r}; it was chosen "
                "when the cluster was made",
                expected=present,
                received=asked,
            )
    cache = MapCache(maps, newest)
    if named:
        cache.change(lambda old: _with_disks(old, disks))
    return cache


def _with_disks(old: ClusterMap, disks: Sequence[Disk]) -> ClusterMap:
    known = {disk.label: disk for disk in old.disks}
    for disk in disks:
        present = known.get(disk.label, disk)
        if disk.path != present.path:
            raise InvalidArgumentError(
                f"disks: {disk.label!r} lies at {present.path!r} in the map of the cluster, not at "
                f"{disk.path!r}; a disk that lies elsewhere gets another label",
                expected=present.path,
                received=disk.path,
            )
    added = [disk for disk in disks if disk.label not in known]
    return replace(old, disks=(*old.disks, *added)) if added else old


def disks_of(disks: object, url: str, engine: object) -> tuple[Disk, ...]:
    """The disks that ``disks=`` names; for a local cluster at a path one beside its objects.

    Raises:
        InvalidArgumentError: A label twice, or there are none.
        ArgumentTypeError: It is neither a path, nor a list of paths, nor a dict.
    """
    if disks is None:
        place = _path_of(url)
        if place is None or engine == "ray":
            return ()
        return (Disk("local", str(place / "shards")),)
    if isinstance(disks, str | PathLike):
        disks = [disks]
    if isinstance(disks, Mapping):
        listed = [Disk(_label(label), _directory(path)) for label, path in disks.items()]
    elif isinstance(disks, Sequence):
        listed = [
            one if isinstance(one, Disk) else Disk(f"disk-{i}", _directory(one))
            for i, one in enumerate(disks)
        ]
    else:
        raise ArgumentTypeError(
            "disks must be a dict from labels to directories, or a list of directories, got "
            f"{type(disks).__name__}",
            expected="dict | list",
            received=type(disks).__name__,
        )
    labels = [disk.label for disk in listed]
    if not 0 < len(set(labels)) == len(labels) <= _MOST_DISKS:
        raise InvalidArgumentError(
            f"disks must be 1 to {_MOST_DISKS} disks with labels that differ, got {labels[:20]}",
            expected=(1, _MOST_DISKS),
            received=len(labels),
        )
    return tuple(listed)


def _label(label: object) -> str:
    text = arguments.text("disks", label)
    if not 0 < len(text) <= 256 or not text.isprintable():
        raise InvalidArgumentError(
            f"disks: a label has 1 to 256 printable characters, got {text[:80]!r}",
            expected=(1, 256),
            received=text[:256],
        )
    return text


def _directory(path: object) -> str:
    if not isinstance(path, str | PathLike):
        raise ArgumentTypeError(
            f"disks: a directory is a path, got {type(path).__name__}",
            expected="str | os.PathLike[str]",
            received=type(path).__name__,
        )
    text = str(fspath(path))
    if not text or "\0" in text:
        raise InvalidArgumentError(
            "disks: a directory is no path", expected="a path", received=text
        )
    return str(Path(text).expanduser().absolute())


def _path_of(url: str) -> Path | None:
    """The directory of a cluster at a path or a ``file:`` URL; None for other URLs."""
    if not is_url(url):
        return Path(url).expanduser().absolute()
    return local_path(url) if url.lower().startswith("file:") else None


def check_engine(engine: object, options: Mapping[str, Any]) -> None:
    """Refuse an ``engine=`` that there is not, before anything is made.

    Args:
        engine: "local", "ray", or an object with the calls of `Engine`.
        options: More arguments of the engine.

    Raises:
        InvalidArgumentError: There is no such engine, its library is not installed, or it takes no
            such option.
    """
    if not isinstance(engine, str):
        if all(hasattr(engine, name) for name in ("start", "find", "call", "stop", "list")):
            return
        raise ArgumentTypeError(
            f"engine must be one of {', '.join(ENGINES)}, got {type(engine).__name__}",
            expected=ENGINES,
            received=type(engine).__name__,
        )
    name = arguments.choice("engine", engine, ENGINES)
    if name == "local":
        if options:
            raise InvalidArgumentError(
                f"{', '.join(options)} goes with engine='ray', not with engine='local'",
                expected="engine='ray'",
                received=engine,
            )
        return
    if importlib.util.find_spec("ray") is None:
        raise InvalidArgumentError(
            "engine='ray' needs Ray, which is not installed: pip install 'vdb[ray]'",
            expected="vdb[ray]",
            received=engine,
        )


def engine_of(engine: Any, cluster: str, options: Mapping[str, Any]) -> Engine:
    """The engine that ``engine=`` names, or that it is; it has been checked.

    Raises:
        EngineError: It does not start.
    """
    made: Engine = engine
    if engine == "local":
        made = LocalEngine()
    elif engine == "ray":
        made = import_module(_RAY).RayEngine(cluster, **options)
    return made
