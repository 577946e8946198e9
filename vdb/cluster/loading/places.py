"""Where files to load are: paths, patterns with *, and URLs of object storage."""

from __future__ import annotations

import fnmatch
import importlib
import importlib.util
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from vdb.errors import DiskError, InvalidArgumentError, NotFoundError, RemoteError
from vdb.maintenance.repository.location import is_url
from vdb.maintenance.repository.obstore_store import library_store
from vdb.maintenance.repository.redaction import error_text, redacted
from vdb.model import arguments

__all__ = ["LoadFile", "files_of", "opened"]

_WILD: Final = re.compile(r"[*?\[]")
_PARQUET: Final = (".parquet", ".parq", ".pq")


@dataclass(frozen=True, slots=True)
class LoadFile:
    """One file, or one directory of a table.

    Attributes:
        place: Its path or URL.
        state: What changes with its content.
        options: Those of the store, of a URL. They hold credentials, and nothing shows them.
    """

    place: str
    state: dict[str, Any]
    options: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def is_remote(self) -> bool:
        """Whether it is at a URL."""
        return is_url(self.place) and not self.place.startswith("file://")

    @property
    def is_parquet(self) -> bool:
        """By its name."""
        return self.place.lower().endswith(_PARQUET)

    @property
    def is_lance(self) -> bool:
        """By its name."""
        return self.place.rstrip("/").lower().endswith(".lance")


def files_of(places: object, options: Mapping[str, Any]) -> list[LoadFile]:
    """The files that places stand for, each once, in the order of their names a place.

    Args:
        places: Paths, patterns and URLs. A directory that is no table of Lance stands for the
            Parquet files in it; where it has none, for itself.
        options: Of the store, for URLs.

    Raises:
        NotFoundError: A place stands for nothing.
        InvalidArgumentError: A place is no text or path, or needs obstore.
        RemoteError: The store does not answer.
    """
    files: dict[str, LoadFile] = {}
    for text in _texts(places):
        remote = is_url(text) and not text.startswith("file://")
        found = list(_remote(text, options) if remote else _local(text))
        if not found:
            raise NotFoundError(f"places: nothing is at {redacted(text)}", received=redacted(text))
        files |= {one.place: one for one in found}
    return list(files.values())


def _texts(places: object) -> list[str]:
    """The places as texts."""
    listed = [places] if isinstance(places, str | Path) else places
    if not isinstance(listed, Sequence) or not listed:
        raise InvalidArgumentError(
            f"places must be a path, a pattern, a URL, or a list of them, got "
            f"{arguments.shown(places)}",
            expected="str, Path, or a list of them",
            received=type(places).__name__,
        )
    for place in listed:
        if not isinstance(place, str | Path) or not str(place) or "\0" in str(place):
            raise InvalidArgumentError(
                f"places must be paths and URLs, got {arguments.shown(place)}", received=place
            )
    return [str(place) for place in listed]


@contextmanager
def opened(file: str, options: Mapping[str, Any]) -> Iterator[Any]:
    """A file for reading, as pyarrow takes it: of a URL only what is asked for is transferred."""
    if not is_url(file) or file.startswith("file://"):
        with Path(file.removeprefix("file://")).open("rb") as local:
            yield local
        return
    store, name = _store(file, options)
    obstore: Any = importlib.import_module("obstore")
    try:
        reader = obstore.open_reader(store, name)
    except FileNotFoundError:
        raise NotFoundError(f"places: nothing is at {redacted(file)}", received=file) from None
    except Exception as error:
        raise RemoteError(
            f"{redacted(file)}: {error_text(error, options)}", url=redacted(file)
        ) from None
    yield io.BufferedReader(_Reader(reader), 1 << 20)


class _Reader(io.RawIOBase):
    """obstore's reader as a file of Python's, which pyarrow takes."""

    def __init__(self, reader: Any) -> None:
        self._reader = reader

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        return int(self._reader.seek(offset, whence))

    def tell(self) -> int:
        return int(self._reader.tell())

    def readinto(self, buffer: Any) -> int:
        content = memoryview(self._reader.read(len(buffer)))
        buffer[: len(content)] = content
        return len(content)


def _local(text: str) -> Iterator[LoadFile]:
    text = arguments.at_home(text.removeprefix("file://"))
    try:
        path = Path(text).absolute()
        if _WILD.search(text) and not path.exists():
            wild = next(at for at, part in enumerate(path.parts) if _WILD.search(part))
            root = Path(*path.parts[:wild])
            paths = sorted(root.glob("/".join(path.parts[wild:])))
        elif path.is_dir() and not _is_table(path):
            paths = sorted(one for one in path.iterdir() if one.suffix.lower() in _PARQUET)
            paths = paths or [path]
        else:
            paths = [path] if path.exists() else []
        for one in paths:
            yield LoadFile(str(one), _state(one))
    except OSError as error:
        raise DiskError(f"places: {text} cannot be read: {error.strerror or error}") from error


def _state(path: Path) -> dict[str, Any]:
    """The size and the time of a file; of a directory, of all in it."""
    if not path.is_dir():
        status = path.stat()
        return {"bytes": status.st_size, "time": status.st_mtime_ns}
    states = [one.stat() for one in sorted(path.rglob("*")) if one.is_file()]
    return {
        "bytes": sum(one.st_size for one in states),
        "time": max((one.st_mtime_ns for one in states), default=0),
    }


def _is_table(path: Path) -> bool:
    return (path / "_versions").is_dir() or path.suffix.lower() == ".lance"


def _remote(url: str, options: Mapping[str, Any]) -> Iterator[LoadFile]:
    if url.rstrip("/").lower().endswith(".lance"):
        yield LoadFile(url.rstrip("/"), {}, options)
        return
    scheme, _, rest = url.partition("://")
    bucket, _, name = rest.partition("/")
    base = f"{scheme}://{bucket}"
    wild = _WILD.search(name)
    prefix = name[: wild.start()].rpartition("/")[0] if wild else name
    store = _store_of(base, options)
    obstore: Any = importlib.import_module("obstore")
    try:
        with suppress(FileNotFoundError):
            if not wild and name:
                row = obstore.head(store, name)
                yield LoadFile(url, {"bytes": row["size"], "etag": row.get("e_tag")}, options)
                return
        rows = [one for part in obstore.list(store, prefix=prefix or None) for one in part]
    except Exception as error:
        raise RemoteError(
            f"{redacted(url)}: {error_text(error, options)}", url=redacted(url)
        ) from None
    for row in sorted(rows, key=lambda one: one["path"]):
        path = row["path"]
        if wild:
            chosen = fnmatch.fnmatchcase(path, name) and path.count("/") == name.count("/")
        else:
            chosen = path.lower().endswith(_PARQUET)
        if chosen:
            state = {"bytes": row["size"], "etag": row.get("e_tag")}
            yield LoadFile(f"{base}/{path}", state, options)


def _store(url: str, options: Mapping[str, Any]) -> tuple[Any, str]:
    scheme, _, rest = url.partition("://")
    bucket, _, name = rest.partition("/")
    return _store_of(f"{scheme}://{bucket}", options), name


def _store_of(url: str, options: Mapping[str, Any]) -> Any:
    if importlib.util.find_spec("obstore") is None:
        raise InvalidArgumentError(
            f"{redacted(url)} needs obstore: pip install 'vdb[remote]'",
            expected="obstore",
            received=redacted(url),
        )
    return library_store(url, options)
