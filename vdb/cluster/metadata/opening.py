"""The store of a cluster's URL: one that can put an object only where none is, and nothing else."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, cast

from vdb.cluster.metadata.retrying_store import PATIENCE, RetryingStore
from vdb.errors import ArgumentTypeError, InvalidArgumentError
from vdb.maintenance.repository.directory_store import DirectoryStore
from vdb.maintenance.repository.location import is_url, object_store
from vdb.maintenance.repository.object_store import ObjectStore
from vdb.maintenance.repository.redaction import redacted

__all__ = ["OTHER_SCHEMES", "cluster_store"]

_REMOTE: Final = ("s3", "s3a", "gs", "az", "azure", "adl", "abfs", "abfss")
"""Of the object stores that put with "create if absent", as obstore calls them."""

OTHER_SCHEMES: dict[str, Callable[[str, Mapping[str, object]], ObjectStore]] = {}
"""Stores that a program brings along, by the scheme of their URLs."""


def cluster_store(
    url: object, options: Mapping[str, object] | None = None, *, patience: float = PATIENCE
) -> ObjectStore:
    """The store of a URL, whose path is the prefix of the cluster; nothing is read yet.

    Requests that fail are repeated (`RetryingStore`).

    Args:
        url: ``s3://``, ``gs://``, ``az://`` and their like with obstore, ``file:///``, or a path.
        options: Options of obstore for the URL; none for a path.
        patience: Seconds after which a request that fails is not repeated.

    Raises:
        InvalidArgumentError: The URL is of no such store, or obstore is not installed.
        ArgumentTypeError: It is no text.

    Example:
        cluster_store("s3://bucket/papers", {"region": "eu-west-1"})
    """
    return RetryingStore(_store(url, {} if options is None else options), patience)


def _store(url: object, options: Mapping[str, object]) -> ObjectStore:
    if isinstance(url, Path):
        url = str(url)
    if not isinstance(url, str):
        raise ArgumentTypeError(
            f"url must be a text or a path, got {type(url).__name__}",
            expected="str | Path",
            received=type(url).__name__,
        )
    if not is_url(url):
        if not url or "\0" in url:
            raise InvalidArgumentError("url is no path", expected="a URL or a path", received=url)
        _refuse(options)
        return DirectoryStore(Path(url).expanduser().absolute())
    scheme = url.partition(":")[0].lower()
    if scheme in OTHER_SCHEMES:
        return OTHER_SCHEMES[scheme](url, options)
    if scheme not in (*_REMOTE, "file"):
        raise InvalidArgumentError(
            f"{redacted(url)} is of no store for clusters: {', '.join(_REMOTE)} and file are",
            expected=(*_REMOTE, "file"),
            received=scheme,
        )
    if scheme != "file" and importlib.util.find_spec("obstore") is None:
        raise InvalidArgumentError(
            f"{redacted(url)} needs obstore: pip install 'vdb[remote]'",
            expected="obstore",
            received=redacted(url),
        )
    return cast(ObjectStore, object_store(url, "", options))


def _refuse(options: Mapping[str, object]) -> None:
    if options:
        raise InvalidArgumentError(
            "storage_options go with a URL of an object store, not with a path",
            expected=None,
            received=sorted(options),
        )
