"""What a user names as the place of backups: a URL, a store of a library, a file, a directory."""

from __future__ import annotations

import importlib.util
import io
import os
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path, PurePath
from typing import Any, BinaryIO, NamedTuple

from vdb.errors import ArgumentTypeError, InvalidArgumentError, RemoteError
from vdb.maintenance.repository import fsspec_store, obstore_store
from vdb.maintenance.repository.directory_store import DirectoryStore
from vdb.maintenance.repository.object_store import ObjectStore
from vdb.maintenance.repository.redaction import error_text, redacted

__all__ = ["Stream", "is_url", "local_path", "object_store", "open_stream"]

_URL = re.compile(r"[a-z][a-z0-9+.-]+://", re.IGNORECASE)
_DRIVE = re.compile(r"/[A-Za-z]:")
_OBSTORE = frozenset({"s3", "s3a", "gs", "az", "azure", "adl", "abfs", "abfss", "http", "https"})
"""Schemes that obstore knows; of the others fsspec is asked."""


def is_url(target: object) -> bool:
    """Whether a text is a URL, and no path."""
    return isinstance(target, str) and _URL.match(target) is not None


def object_store(target: object, prefix: str, options: Mapping[str, object]) -> ObjectStore | None:
    """The store that a user named; None for a path, a reader or a writer.

    Raises:
        InvalidArgumentError: The URL cannot be used, or the library for it is not installed.
    """
    if is_url(target):
        return _of_url(str(target), prefix, options)
    if obstore_store.is_obstore(target):
        _refuse_options(options)
        return obstore_store.ObstoreStore(target, prefix)
    if fsspec_store.is_file_system(target):
        _refuse_options(options)
        if not prefix.strip("/"):
            raise InvalidArgumentError(
                "prefix must be given with a file system: where in it the backups are",
                expected="a path in the file system",
                received=prefix,
            )
        return fsspec_store.FsspecStore(target, prefix)
    _refuse_options(options)
    if prefix:
        raise InvalidArgumentError(
            "prefix goes with a URL or a store", expected="", received=prefix
        )
    return None


def _refuse_options(options: Mapping[str, object]) -> None:
    if options:
        raise InvalidArgumentError(
            "storage_options go with a URL; a store has options of its own",
            expected=None,
            received=sorted(options),
        )


def _of_url(url: str, prefix: str, options: Mapping[str, object]) -> ObjectStore:
    scheme = url.partition(":")[0].lower()
    if prefix.strip("/"):
        head, mark, query = url.partition("?")
        url = f"{head.rstrip('/')}/{prefix.strip('/')}{mark}{query}"
    if scheme == "file":
        _refuse_options(options)
        return DirectoryStore(local_path(url))
    if scheme in _OBSTORE:
        _refuse_user(url, scheme)
    if scheme in _OBSTORE and importlib.util.find_spec("obstore") is not None:
        return obstore_store.open_url(url, options)
    if importlib.util.find_spec("fsspec") is not None:
        return fsspec_store.open_url(url, options)
    library = "obstore" if scheme in _OBSTORE else "fsspec"
    advice = "pip install 'vdb[remote]'" if scheme in _OBSTORE else "pip install fsspec"
    raise InvalidArgumentError(
        f"{redacted(url)} needs {library}: {advice}", expected=library, received=redacted(url)
    )


def _refuse_user(url: str, scheme: str) -> None:
    """Obstore drops what it does not use, so that other credentials would be in effect."""
    authority = url.partition("://")[2].partition("/")[0]
    if "?" in url or ("@" in authority and not scheme.startswith("abfs")):
        raise InvalidArgumentError(
            f"{redacted(url)} has credentials or options in it; give them as storage_options, or "
            "in the environment",
            expected="a URL of a bucket and a prefix",
            received=redacted(url),
        )


def local_path(url: str) -> Path:
    """The directory that a ``file:`` URL names, letter by letter: nothing in it is decoded.

    Raises:
        InvalidArgumentError: Its path is not absolute.
    """
    path = url.partition("://")[2]
    if path.startswith("localhost/"):
        path = path.removeprefix("localhost")
    if os.name == "nt" and _DRIVE.match(path):  # pragma: no cover
        path = path[1:]
    if not PurePath(path).is_absolute() or "\0" in path:
        raise InvalidArgumentError(
            f"{url} must have an absolute path, as in file:///mnt/backups/docs",
            expected="file:///PATH",
            received=url,
        )
    return Path(path)


class Stream(NamedTuple):
    """A binary file of a user's.

    Attributes:
        file: The file.
        label: What it is, for messages.
        opened: Whether it was opened here.
    """

    file: BinaryIO
    label: str
    opened: bool

    @contextmanager
    def closing(self) -> Iterator[None]:
        """Closes the file at the end, where it was opened here; discards it after a failure.

        Raises:
            RemoteError: What was written could not be made a file.
        """
        if not self.opened:
            yield
            return
        file: Any = self.file
        try:
            yield
        except BaseException:
            # Closing would put what was written so far as if it were whole.
            with suppress(Exception):
                file.discard()
                file.closed = True
            with suppress(Exception):
                file.close()
            raise
        try:
            file.close()
        except Exception as error:
            raise RemoteError(
                f"{self.label} cannot be closed: {error_text(error, {})}", url=self.label
            ) from None


def open_stream(target: Any, method: str) -> Stream | None:
    """A binary file that has `method` (read or write); None for anything else.

    What `fsspec.open` returns is opened.

    Raises:
        ArgumentTypeError: It is a file of text.
    """
    if isinstance(target, str | os.PathLike):
        return None
    module = sys.modules.get("fsspec.core")
    is_closed = module is not None and isinstance(target, module.OpenFile)
    if is_closed:
        try:
            target = target.open()
        except Exception as error:
            place = redacted(str(target.path))
            raise RemoteError(
                f"{place} cannot be opened: {error_text(error, {})}", url=place
            ) from None
    if not callable(getattr(target, method, None)):
        return None
    mode = getattr(target, "mode", "")
    if isinstance(target, io.TextIOBase) or (isinstance(mode, str) and "t" in mode.lower()):
        raise ArgumentTypeError(
            f"a backup is bytes: open the file in binary mode ({method[0]}b)",
            expected="a binary file",
            received=type(target).__name__,
        )
    label = getattr(target, "name", None)
    return Stream(target, redacted(label) if isinstance(label, str) else "the stream", is_closed)
