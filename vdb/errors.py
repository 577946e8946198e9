"""Every error vdb raises on purpose, named for what the caller did or met.

::

    VdbError                          catches everything below
    ├── InvalidArgumentError          ValueError: an argument has a value that cannot be meant
    │   ├── MetricMismatchError       the collection was built for another metric
    │   ├── ModelMismatchError        the collection's vectors are of another model
    │   ├── AnalyzerMismatchError     the texts of a field were analyzed by another analyzer
    │   ├── DimensionMismatchError    a vector has another length than the collection's
    │   ├── InvalidVectorError        NaN, infinity, overflow, zero under cosine; names the row
    │   ├── InvalidPayloadError       a payload that would not come back as it was given
    │   ├── InvalidFilterError        a filter that cannot be understood
    │   ├── NotInvertibleError        a score that more than one value maps to
    │   ├── DuplicateIdError          the id is there already, or twice in one call
    │   └── CollectionExistsError     the name is taken
    ├── ArgumentTypeError             TypeError: an argument of the wrong type
    ├── NotFoundError                 KeyError: no such database, collection or id
    ├── ClosedError                   ValueError: the database or snapshot has been closed
    ├── BusyError                     TimeoutError: another writer, or a search, held on too long
    │   └── ShardUnavailableError     a shard of a cluster does not answer
    ├── ReadOnlyError                 PermissionError: writing through a read-only handle or medium
    ├── SnapshotWriteError            AttributeError: writing to a collection of a snapshot
    ├── RebuildError              RuntimeError: a new generation that must not be put to use
    │   └── MissingVectorsError       records whose vectors of another model were not given
    ├── DiskError                     OSError: a file cannot be read or written
    │   ├── DiskFullError             no space left; nothing was changed
    │   └── CommitUnknownError        the disk failed in mid-commit; reopen to see
    ├── RemoteError                   OSError: a place of backups cannot be read or written
    ├── SourceError                   ValueError: a file of another system that is damaged
    ├── StaleError                    OSError: the path leads no longer to the file that is open
    ├── UnsafeFilesystemError         OSError: a file system that cannot keep LMDB's promises
    ├── CorruptedError                RuntimeError: bytes on disk that vdb did not write
    ├── FormatVersionError            RuntimeError: written by a newer (or unknown) format
    ├── ForkError                     RuntimeError: a handle inherited through fork()
    ├── PartialWriteError             RuntimeError: a write that only some shards have
    ├── StaleMapError                 RuntimeError: a shard was asked with an old map
    ├── MapConflictError              RuntimeError: another program changed the map first
    └── EngineError                   RuntimeError: what runs the shards of a cluster failed

Each is also the builtin that a Python programmer would catch, carries ``expected`` and ``received``
where there are such things, and says in its message what to do about it when there is something.
A call that raises one of them has changed nothing (``CommitUnknownError`` and ``PartialWriteError``
apart, as their names say).
"""

from __future__ import annotations

import errno
from typing import Any

__all__ = [
    "AnalyzerMismatchError",
    "ArgumentTypeError",
    "BusyError",
    "ClosedError",
    "CollectionExistsError",
    "CommitUnknownError",
    "CorruptedError",
    "DimensionMismatchError",
    "DiskError",
    "DiskFullError",
    "DuplicateIdError",
    "EngineError",
    "ForkError",
    "FormatVersionError",
    "InvalidArgumentError",
    "InvalidFilterError",
    "InvalidPayloadError",
    "InvalidVectorError",
    "MapConflictError",
    "MetricMismatchError",
    "MissingVectorsError",
    "ModelMismatchError",
    "NotFoundError",
    "NotInvertibleError",
    "PartialWriteError",
    "ReadOnlyError",
    "RebuildError",
    "RemoteError",
    "ShardUnavailableError",
    "SnapshotWriteError",
    "SourceError",
    "StaleError",
    "StaleMapError",
    "UnsafeFilesystemError",
    "VdbError",
]


class VdbError(Exception):
    """Base of all errors of this package.

    ``expected`` and ``received`` hold what was wanted and what came, as Python values (``None``
    where the error has no such pair). ``str()`` is the plain message for every subclass.
    """

    def __init__(self, message: str = "", *, expected: Any = None, received: Any = None) -> None:
        super().__init__(message)
        self.message = message
        self.expected = expected
        self.received = received

    # KeyError would show the repr of the message and OSError may show a tuple.
    def __str__(self) -> str:
        return self.message


# What the caller gave


class InvalidArgumentError(VdbError, ValueError):
    """An argument whose value is outside what is accepted; the message names it and the range."""


class ArgumentTypeError(VdbError, TypeError):
    """An argument of a type that is not accepted; ``received`` is the type's name."""


class MetricMismatchError(InvalidArgumentError):
    """The collection has another metric (``expected``). Only a rebuild changes it."""


class ModelMismatchError(InvalidArgumentError):
    """The collection's vectors are of another model (``expected``; None: of none that is named)."""


class AnalyzerMismatchError(InvalidArgumentError):
    """The texts of a field were analyzed by another analyzer, or another version of it.

    ``expected`` is the stored pair of name and version, ``received`` the pair that there is, or
    None.
    """


class DimensionMismatchError(InvalidArgumentError):
    """Vectors of another length than the collection's; ``expected``, ``received`` are lengths."""


class InvalidVectorError(InvalidArgumentError):
    """A vector that has no meaning under the metric; ``row`` is its position in what was given."""

    def __init__(
        self,
        message: str = "",
        *,
        row: int | None = None,
        expected: Any = None,
        received: Any = None,
    ) -> None:
        super().__init__(message, expected=expected, received=received)
        self.row = row


class InvalidPayloadError(InvalidArgumentError):
    """A payload that would not come back unchanged; ``row`` and ``path`` say where it stands."""

    def __init__(
        self,
        message: str = "",
        *,
        row: int | None = None,
        path: str = "",
        expected: Any = None,
        received: Any = None,
    ) -> None:
        super().__init__(message, expected=expected, received=received)
        self.row = row
        self.path = path


class InvalidFilterError(InvalidArgumentError):
    """A filter that cannot be understood; ``path`` says where inside it."""

    def __init__(
        self, message: str = "", *, path: str = "", expected: Any = None, received: Any = None
    ) -> None:
        super().__init__(message, expected=expected, received=received)
        self.path = path


class NotInvertibleError(InvalidArgumentError):
    """A score from which the value cannot be told, because several values share it."""


class DuplicateIdError(InvalidArgumentError):
    """An id that the collection has already, or that was given twice; ``received`` is the id."""


class CollectionExistsError(InvalidArgumentError):
    """A collection of that name exists; ``received`` is the name."""


# What was not there, or not at that moment


class NotFoundError(VdbError, KeyError):
    """No such database, collection or id; ``received`` is what was asked for."""


class ClosedError(VdbError, ValueError):
    """Use of a database, collection, snapshot or batch after it was closed."""


class BusyError(VdbError, TimeoutError):
    """The writer lock, or the end of running searches, did not come within the timeout."""

    def __init__(self, message: str = "", *, expected: Any = None, received: Any = None) -> None:
        super().__init__(message, expected=expected, received=received)
        self.errno = errno.ETIMEDOUT


class ReadOnlyError(VdbError, PermissionError):
    """A write through a handle, or to a medium, that only reads."""

    def __init__(self, message: str = "", *, expected: Any = None, received: Any = None) -> None:
        super().__init__(message, expected=expected, received=received)
        self.errno = errno.EROFS


class SnapshotWriteError(VdbError, AttributeError):
    """A collection of a snapshot has no methods that write; that of the database has."""


class RebuildError(VdbError, RuntimeError):
    """A new generation is not good enough, or not whole; the one in use stays.

    ``expected`` is the recall that was required and ``received`` the one measured, if that is it.
    """


class MissingVectorsError(RebuildError):
    """Records have no vector of the model that a generation is for; the one in use stays.

    ``count`` is how many these are, and ``ids`` the first of them.
    """

    def __init__(
        self,
        message: str = "",
        *,
        count: int = 0,
        ids: tuple[int | str, ...] = (),
        expected: Any = None,
        received: Any = None,
    ) -> None:
        super().__init__(message, expected=expected, received=received)
        self.count = count
        self.ids = ids


# What the disk did


class DiskError(VdbError, OSError):
    """A file could not be read, written or locked, because the disk or the system failed.

    Nothing was changed. ``errno`` is what the system said. What failed once may work when it is
    tried again; where it does not, close the database and open it again.
    """

    def __init__(self, message: str = "", *, expected: Any = None, received: Any = None) -> None:
        super().__init__(message, expected=expected, received=received)
        self.errno = errno.EIO


class DiskFullError(DiskError):
    """No space was left for a commit. Nothing was changed, and the database stays usable."""

    def __init__(self, message: str = "", *, expected: Any = None, received: Any = None) -> None:
        super().__init__(message, expected=expected, received=received)
        self.errno = errno.ENOSPC


class CommitUnknownError(DiskError):
    """The disk failed while a commit was being sealed: it may or may not have happened.

    Close the database and open it again; it then shows either all of the batch or nothing of it.
    The same goes for a copy, or a file, that was put in its place when the disk failed; and for a
    commit during which the database was moved, removed or replaced: it is in the file that was
    open.
    """


class RemoteError(VdbError, OSError):
    """An object store or another system's server failed; what was in it before is in it still.

    ``url`` is the store or the server, without credentials, and ``name`` the object, or what of the
    server could not be read. A call that is repeated uses what was sent.
    """

    def __init__(
        self,
        message: str = "",
        *,
        url: str = "",
        name: str = "",
        expected: Any = None,
        received: Any = None,
    ) -> None:
        super().__init__(message, expected=expected, received=received)
        self.errno = errno.EIO
        self.url = url
        self.name = name


class SourceError(VdbError, ValueError):
    """A file of another system is damaged, cut short, or not what it seems to be.

    ``path`` is the file, and ``place`` what of it cannot be read.
    """

    def __init__(
        self,
        message: str = "",
        *,
        path: str = "",
        place: str = "",
        expected: Any = None,
        received: Any = None,
    ) -> None:
        super().__init__(message, expected=expected, received=received)
        self.path = path
        self.place = place


class StaleError(VdbError, OSError):
    """The path of an open database leads no longer to the directory and files that are open.

    It was moved, removed or replaced, or one of its files was. Nothing was changed, in either.
    Close the database and open it again.
    """

    def __init__(self, message: str = "", *, expected: Any = None, received: Any = None) -> None:
        super().__init__(message, expected=expected, received=received)
        self.errno = getattr(errno, "ESTALE", errno.ENOENT)


class UnsafeFilesystemError(VdbError, OSError):
    """The directory lies where a memory map is not safe, on a network share for instance."""


class CorruptedError(VdbError, RuntimeError):
    """Bytes on disk are not what vdb wrote there.

    ``where`` names the place (a key, a block, a file) and ``message`` what is wrong with it;
    ``database`` is the directory, ``collection`` the name of the collection and ``remedy`` what
    helps, each "" where it is not known. ``str()`` shows all of them.
    """

    database = collection = remedy = ""

    def __init__(
        self, message: str = "", *, where: str = "", expected: Any = None, received: Any = None
    ) -> None:
        super().__init__(message, expected=expected, received=received)
        self.where = where

    @property
    def found(self) -> str:
        """What was found and where in the file, without anything around it."""
        return f"{self.where}: {self.message}" if self.where else self.message

    def __str__(self) -> str:
        text = self.found
        if self.collection and repr(self.collection) not in text:
            text = f"collection {self.collection!r}: {text}"
        if self.database and text.startswith(self.database):  # the place is the file
            text = f"{self.where} is damaged: {self.message}"
        elif self.database:
            text = f"{self.database} is damaged: {text}"
        return f"{text}; {self.remedy}" if self.remedy else text


class FormatVersionError(VdbError, RuntimeError):
    """A format version that this release does not know; the message names a release that does."""


class ForkError(VdbError, RuntimeError):
    """A handle used in a child process that inherited it through ``fork()``; open it anew there."""


# What shards on several machines met


class ShardUnavailableError(BusyError):
    """A shard of a cluster does not answer.

    ``shard`` is its name, ``node`` where it should be ("" where that is not known), and ``since``
    when it answered last, in seconds since 1970 UTC, or None. A write that was sent may have been
    carried out; the same call with the same token does it once.
    """

    def __init__(
        self,
        message: str = "",
        *,
        shard: str = "",
        node: str = "",
        since: float | None = None,
        expected: Any = None,
        received: Any = None,
    ) -> None:
        super().__init__(message, expected=expected, received=received)
        self.shard = shard
        self.node = node
        self.since = since


class PartialWriteError(VdbError, RuntimeError):
    """A write over several shards ended when some had it and others had not.

    ``done`` are the ids that are written, ``failed`` those that are not, or of which nobody knows.
    The same call with ``token=error.token`` finishes it, and does nothing twice.
    """

    def __init__(
        self,
        message: str = "",
        *,
        done: tuple[int | str, ...] = (),
        failed: tuple[int | str, ...] = (),
        token: str = "",
        expected: Any = None,
        received: Any = None,
    ) -> None:
        super().__init__(message, expected=expected, received=received)
        self.done = done
        self.failed = failed
        self.token = token


class StaleMapError(VdbError, RuntimeError):
    """A shard was asked with an old map of its cluster; nothing was done.

    A cluster reads the map again by itself; this is seen where that does not end in time.
    """


class MapConflictError(VdbError, RuntimeError):
    """Another program put the next map of a cluster first; this change of the map was not made."""


class EngineError(VdbError, RuntimeError):
    """What runs the shards of a cluster failed, or cannot be started; its error is the cause."""
