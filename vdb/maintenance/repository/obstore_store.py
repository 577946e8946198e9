"""A store of objects by way of obstore: S3, Google Cloud Storage, Azure, or one that a user made.

obstore repeats a request that failed by the server's or the network's fault, up to ten times within
three minutes, and gives one request thirty seconds; `storage_options`, and a store that a user
made, change that. Nothing is repeated here.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from vdb.errors import CorruptedError, InvalidArgumentError, RemoteError
from vdb.maintenance.repository.in_order import interruptible
from vdb.maintenance.repository.object_store import Entry
from vdb.maintenance.repository.redaction import error_text, redacted

__all__ = ["ObstoreStore", "is_obstore", "library_store", "open_url"]

_MODULE = "obstore"
_DELETED_AT_ONCE = _LISTED_AT_ONCE = 1000


def is_obstore(target: object) -> bool:
    """Whether something is one of obstore's stores, without importing obstore."""
    return any(
        kind.__module__.split(".")[0] in (_MODULE, "_obstore") and kind.__name__.endswith("Store")
        for kind in type(target).__mro__
    )


def open_url(url: str, options: Mapping[str, object]) -> ObstoreStore:
    """The store of a URL, whose path is its prefix.

    Raises:
        InvalidArgumentError: The URL, or an option, means nothing to obstore.
    """
    return ObstoreStore(library_store(url, options), "", url=redacted(url), options=options)


def library_store(url: str, options: Mapping[str, object]) -> Any:
    """The store of a URL, as obstore has it; raises as `open_url`."""
    stores: Any = importlib.import_module(f"{_MODULE}.store")
    try:
        return stores.from_url(url, **dict(options))
    except Exception as error:
        raise InvalidArgumentError(
            f"{redacted(url)} cannot be used: {error_text(error, options)}",
            expected="a URL of an object store",
            received=redacted(url),
        ) from None


class ObstoreStore:
    """One of obstore's stores, and a prefix in it."""

    def __init__(
        self,
        store: object,
        prefix: str,
        *,
        url: str | None = None,
        options: Mapping[str, object] | None = None,
    ) -> None:
        self._obstore: Any = importlib.import_module(_MODULE)
        self._errors: Any = importlib.import_module(f"{_MODULE}.exceptions")
        self._store = store
        self._prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
        self._options = {} if options is None else options
        self._url = url or redacted(f"{store!r}/{self._prefix}".rstrip("/"))

    @property
    def url(self) -> str:
        """Where it is."""
        return self._url

    def put(self, name: str, content: bytes) -> None:
        """See `ObjectStore`."""
        try:
            self._put(name, content, "overwrite")
        except Exception as error:
            raise self._failed("put", name, error) from None

    def create(self, name: str, content: bytes) -> bool:
        """See `ObjectStore`."""
        try:
            self._put(name, content, "create")
        except self._errors.AlreadyExistsError:
            return False
        except Exception as error:
            raise self._failed("put", name, error) from None
        return True

    def _put(self, name: str, content: bytes, mode: str) -> None:
        # One request: a chunk is small, and in several a crash would leave parts to pay for.
        interruptible(
            lambda: self._obstore.put(
                self._store, self._prefix + name, content, mode=mode, use_multipart=False
            )
        )

    def get(self, name: str, most: int) -> bytes | None:
        """See `ObjectStore`."""
        try:
            size, content = interruptible(lambda: self._get(name, most))
        except FileNotFoundError:
            return None
        except Exception as error:
            raise self._failed("read", name, error) from None
        if content is None:
            raise CorruptedError(f"{size:,} bytes, more than {most:,}", where=f"{self.url}/{name}")
        return content

    def _get(self, name: str, most: int) -> tuple[int, bytes | None]:
        response = self._obstore.get(self._store, self._prefix + name)
        size: int = response.meta["size"]
        return size, bytes(response.bytes()) if size <= most else None

    def entries(self, prefix: str) -> Iterator[Entry]:
        """See `ObjectStore`."""
        try:
            listing = iter(
                self._obstore.list(self._store, self._prefix + prefix, chunk_size=_LISTED_AT_ONCE)
            )
            while batch := interruptible(lambda: next(listing, None)):
                for entry in batch:
                    yield Entry(
                        entry["path"].removeprefix(self._prefix),
                        entry["size"],
                        entry["last_modified"].timestamp(),
                    )
        except FileNotFoundError:  # a directory that has not been made yet
            return
        except Exception as error:
            raise self._failed("listed", prefix, error) from None

    def delete(self, names: Iterable[str]) -> None:
        """See `ObjectStore`."""
        batch: list[str] = []
        for name in names:
            batch.append(name)
            if len(batch) == _DELETED_AT_ONCE:
                self._delete(batch)
                batch = []
        self._delete(batch)

    def _delete(self, names: list[str]) -> None:
        if not names:
            return
        try:
            paths = [self._prefix + name for name in names]
            interruptible(lambda: self._obstore.delete(self._store, paths))
        except FileNotFoundError:  # some stores say so, S3 does not; which one, they do not say
            for name in names if len(names) > 1 else ():
                self._delete([name])
        except Exception as error:
            raise self._failed("deleted", names[0], error) from None

    def tidy(self) -> None:
        """See `ObjectStore`; a request is whole or has left nothing."""

    def _failed(self, what: str, name: str, error: Exception) -> RemoteError:
        return RemoteError(
            f"{self.url}/{name} could not be {what}: {error_text(error, self._options)}",
            url=self.url,
            name=name,
        )
