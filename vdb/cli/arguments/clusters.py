"""Clusters in the place of databases: their URLs, and the options of a connection with one.

`vdb.cluster` is imported when a cluster is opened, not before.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click
from click.exceptions import Exit

from vdb.api import database
from vdb.cli.arguments import numbers
from vdb.cli.arguments.command import argument
from vdb.cli.arguments.completion import databases
from vdb.cli.arguments.format_options import options_from
from vdb.cli.arguments.options import a_directory
from vdb.cli.arguments.places import is_url
from vdb.cli.render import output
from vdb.errors import InvalidArgumentError

if TYPE_CHECKING:
    from vdb.api.collection_reader import CollectionReader
    from vdb.cluster import Cluster

__all__ = [
    "INCOMPLETE",
    "ClusterPlace",
    "Connection",
    "complain_of_missing",
    "connection_options",
    "opened",
    "partial",
    "place",
    "place_of_data",
    "reading",
    "title",
    "url",
]

INCOMPLETE = 3
"""The exit status of an answer from which shards are missing."""


class ClusterPlace(str):
    """The URL or the path of a cluster."""

    __slots__ = ()


def place_of_data(text: str | Path) -> Path | ClusterPlace:
    """A URL is that of a cluster; so is a directory that holds the map of one."""
    if is_url(str(text)):
        return ClusterPlace(text)
    path = a_directory(text)
    is_cluster = (path / "map").is_dir() and not (path / "data.mdb").exists()
    return ClusterPlace(text) if is_cluster else path


def _cluster_place(text: str | Path) -> ClusterPlace:
    return ClusterPlace(text if is_url(str(text)) else a_directory(text))


place = argument(
    "directory",
    metavar="DIR",
    type=place_of_data,
    shell_complete=databases,
    help="The database, which is a directory; or the URL, or directory, of a cluster.",
)
url = argument(
    "url",
    metavar="URL",
    type=_cluster_place,
    shell_complete=databases,
    help="The cluster: s3://BUCKET/PREFIX, gs://, az:// (they need vdb[remote]), file:///PATH, or "
    "a directory.",
)
partial = click.option(
    "--partial",
    is_flag=True,
    help="Of a cluster: answer without the shards that do not; exit status 3 where some are "
    "missing.",
)


@dataclass(frozen=True, slots=True)
class Connection:
    """The options of a connection; None for one that was not given."""

    engine: str | None
    address: str | None
    timeout: float | None
    store_options: tuple[str, ...]

    def open(self, url: ClusterPlace, *, create: bool = False, **how: Any) -> Cluster:
        """The cluster.

        Args:
            url: Its URL.
            create: Whether one is made where there is none.
            how: Further arguments of `vdb.cluster.open`.
        """
        from vdb import cluster

        address = os.environ.get("RAY_ADDRESS") if self.address is None else self.address
        engine = self.engine or ("local" if address is None else "ray")
        if engine == "ray" and address is not None:
            how["address"] = address
        elif self.address is not None:
            raise InvalidArgumentError("--address goes with --engine ray", expected="ray")
        if self.timeout is not None:
            how["timeout"] = self.timeout
        options = options_from(self.store_options, "--store-option", "region=eu-west-1")
        return cluster.open(
            str(url), engine=engine, create=create, storage_options=options or None, **how
        )

    def refuse(self) -> None:
        """Refuse options of a connection with a database.

        Raises:
            InvalidArgumentError: One was given.
        """
        for option, value in {
            "--engine": self.engine,
            "--address": self.address,
            "--timeout": self.timeout,
            "--store-option": self.store_options,
        }.items():
            if value:
                raise InvalidArgumentError(
                    f"{option} is for clusters, and DIR is a database", received=value
                )


_OPTIONS = (
    click.option(
        "--engine",
        type=click.Choice(["local", "ray"]),
        help="Of a cluster: what runs its shards. local: this program; ray: processes of Ray. "
        "[default: ray with --address or RAY_ADDRESS, else local]",
    ),
    click.option("--address", metavar="HOST:PORT", help="Of a cluster: Ray's head."),
    click.option(
        "--timeout",
        metavar="SECONDS",
        type=numbers.a_number,
        help="Of a cluster: how long a call may take. [default: 30]",
    ),
    click.option(
        "--store-option",
        "store_options",
        metavar="KEY=VALUE",
        multiple=True,
        help="Of a cluster: an option of its object store, such as region=eu-west-1; repeatable. "
        "Credentials are taken from the environment.",
    ),
)


def connection_options(function: Callable[..., None]) -> Callable[..., None]:
    """The options of a connection, which the command gets as ``connection``."""

    @functools.wraps(function)
    def with_connection(
        *arguments: Any,
        engine: str | None,
        address: str | None,
        timeout: float | None,
        store_options: tuple[str, ...],
        **others: Any,
    ) -> None:
        connection = Connection(engine, address, timeout, store_options)
        function(*arguments, connection=connection, **others)

    decorated: Callable[..., None] = with_connection
    for option in reversed(_OPTIONS):
        decorated = option(decorated)
    return decorated


@contextmanager
def opened(
    place: Path | ClusterPlace, connection: Connection, **how: Any
) -> Iterator[database.Database]:
    """A database, or a cluster in its place, which has the methods that commands call.

    Args:
        place: Where it is.
        connection: The options of a connection with a cluster.
        how: Arguments of `vdb.open`; a cluster must be there, and has no use for them.
    """
    if isinstance(place, ClusterPlace):
        with connection.open(place) as cluster:
            yield cast("database.Database", cluster)
        return
    connection.refuse()
    with database.open(place, **how) as db:
        yield db


@contextmanager
def reading(
    place: Path | ClusterPlace, name: str, connection: Connection, *, allow_network_fs: bool
) -> Iterator[CollectionReader]:
    """A collection to be read: of one moment, of a database; as it is, of a cluster."""
    if isinstance(place, ClusterPlace):
        with connection.open(place) as cluster:
            # A sharded collection has the methods of a reader that commands call.
            yield cast("CollectionReader", cluster.collection(name))
        return
    connection.refuse()
    with (
        database.open(place, create=False, read_only=True, allow_network_fs=allow_network_fs) as db,
        db.snapshot() as moment,
    ):
        yield moment.collection(name)


def title(place: Path | ClusterPlace, name: str, shards: int | None = None) -> str:
    """The name of a collection for a line of output; of a cluster it says so."""
    if not isinstance(place, ClusterPlace):
        return name
    count = "" if shards is None else f" of {shards} shard{'' if shards == 1 else 's'}"
    return f"{name} in cluster {place}{count}"


def complain_of_missing(missing: tuple[str, ...]) -> None:
    """Say which shards are missing from an answer, and end with the exit status for that."""
    if missing:
        noun = "shard is" if len(missing) == 1 else "shards are"
        output.complain(f"{len(missing)} {noun} missing from this answer: {', '.join(missing)}")
        raise Exit(INCOMPLETE)
