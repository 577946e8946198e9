"""A store of objects by way of fsspec: schemes that obstore lacks, and file systems of users.

Whether a request is repeated is the business of the file system.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from vdb.errors import CorruptedError, InvalidArgumentError, RemoteError
from vdb.maintenance.repository.object_store import Entry
from vdb.maintenance.repository.redaction import error_text, redacted

__all__ = ["FsspecStore", "is_file_system", "open_url"]

_TIMES = ("LastModified", "last_modified", "mtime", "updated", "modified", "created")
"""Where file systems have the time of change in what they say of a file."""


def is_file_system(target: object) -> bool:
    """Whether something is a file system of fsspec, without importing fsspec."""
    return any(
        kind.__module__ == "fsspec.spec" and kind.__name__ == "AbstractFileSystem"
        for kind in type(target).__mro__
    )


def open_url(url: str, options: Mapping[str, object]) -> FsspecStore:
    """The file system of a URL, and the path in it.

    Raises:
        InvalidArgumentError: The URL, or an option, means nothing to fsspec.
    """
    core: Any = importlib.import_module("fsspec.core")
    try:
        files, path = core.url_to_fs(url, **dict(options))
    except Exception as error:
        raise InvalidArgumentError(
            f"{redacted(url)} cannot be used: {error_text(error, options)}",
            expected="a URL of obstore or fsspec",
            received=redacted(url),
        ) from None
    return FsspecStore(files, path, url=redacted(url), options=options)


class FsspecStore:
    """A file system of fsspec, and a path in it."""

    def __init__(
        self,
        files: Any,
        prefix: str,
        *,
        url: str | None = None,
        options: Mapping[str, object] | None = None,
    ) -> None:
        self._files = files
        self._root = prefix.rstrip("/")
        self._options = {} if options is None else options
        scheme = files.protocol if isinstance(files.protocol, str) else files.protocol[0]
        self._url = url or redacted(f"{scheme}://{self._root}")

    @property
    def url(self) -> str:
        """Where it is."""
        return self._url

    def _path(self, name: str) -> str:
        return f"{self._root}/{name}" if self._root else name

    def put(self, name: str, content: bytes) -> None:
        """See `ObjectStore`; whether it is whole after a crash depends on the file system."""
        try:
            self._pipe(self._path(name), content, "overwrite")
        except Exception as error:
            raise self._failed("put", name, error) from None

    def create(self, name: str, content: bytes) -> bool:
        """See `ObjectStore`."""
        try:
            self._pipe(self._path(name), content, "create")
        except FileExistsError:
            return False
        except Exception as error:
            raise self._failed("put", name, error) from None
        return True

    def _pipe(self, path: str, content: bytes, mode: str) -> None:
        try:
            self._files.pipe_file(path, content, mode=mode)
        except FileNotFoundError:  # a file system with directories
            self._files.makedirs(path.rpartition("/")[0], exist_ok=True)
            self._files.pipe_file(path, content, mode=mode)

    def get(self, name: str, most: int) -> bytes | None:
        """See `ObjectStore`."""
        try:
            content: bytes = self._files.cat_file(self._path(name), start=0, end=most + 1)
        except FileNotFoundError:
            return None
        except Exception as error:
            raise self._failed("read", name, error) from None
        if len(content) > most:
            raise CorruptedError(f"longer than {most:,} bytes", where=f"{self.url}/{name}")
        return bytes(content)

    def entries(self, prefix: str) -> Iterator[Entry]:
        """See `ObjectStore`."""
        try:
            self._files.invalidate_cache()  # others may have put something since
            listing = self._files.find(self._path(prefix.rstrip("/")), detail=True)
            for path, entry in listing.items():
                name = path.lstrip("/").removeprefix(f"{self._root}/".lstrip("/"))
                yield Entry(name, int(entry["size"]), self._modified(path, entry))
        except FileNotFoundError:
            return
        except Exception as error:
            raise self._failed("listed", prefix, error) from None

    def _modified(self, path: str, entry: Mapping[str, Any]) -> float | None:
        for name in _TIMES:
            when = entry.get(name)
            if isinstance(when, datetime):
                return when.timestamp()
            if isinstance(when, int | float):
                return float(when)
        try:
            return float(self._files.modified(path).timestamp())
        except Exception:  # then it does not say
            return None

    def delete(self, names: Iterable[str]) -> None:
        """See `ObjectStore`."""
        for name in names:
            try:
                self._files.rm_file(self._path(name))
            except FileNotFoundError:
                continue
            except Exception as error:
                raise self._failed("deleted", name, error) from None

    def tidy(self) -> None:
        """See `ObjectStore`; what a file system leaves is its own business."""

    def _failed(self, what: str, name: str, error: Exception) -> RemoteError:
        return RemoteError(
            f"{self.url}/{name} could not be {what}: {error_text(error, self._options)}",
            url=self.url,
            name=name,
        )
