"""`vdb.sources.open`: which format a place has, and its source."""

from __future__ import annotations

import re
from os import PathLike, fspath
from pathlib import Path

from vdb.errors import DiskError, InvalidArgumentError, NotFoundError
from vdb.model import arguments
from vdb.model.arguments import shown
from vdb.model.metrics import metric_named
from vdb.sources.info import with_metric
from vdb.sources.reading.server_address import without_secrets
from vdb.sources.registry import FORMATS
from vdb.sources.source import Source
from vdb.sources.source_format import Place, SourceFormat, refuse_type

__all__ = ["format_of", "formats", "open", "open_place", "place_of"]

HEAD_BYTES = 4096
_PACKED = (b"PK\x03\x04", b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"BZh", b"\xfd7zXZ")
"""How archives and compressed files begin: zip, gzip, zstd, bzip2, xz."""

_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]+://", re.IGNORECASE)


def open(  # noqa: A001 - vdb.sources.open reads as it should
    path: str | PathLike[str],
    format: str | None = None,  # noqa: A002 - the word that people look for
    *,
    metric: str | None = None,
    **options: object,
) -> Source:
    """Opens a file, a directory or a server of another system for reading.

    Its head and its catalogue are read, and checked against the size; records are read later, part
    by part. Nothing in it is executed: of pickles only plain values are taken.

    Args:
        path: Where it is; a leading ``~`` is the user's home. Some formats take the address of a
            server, such as ``postgresql://...``.
        format: The name of its format, as `formats` lists them. None: what its first bytes, its
            files and its name say.
        metric: The metric that it was made for, where it does not say so itself.
        options: What else the format cannot know, or which part of it is meant; `formats` lists the
            options of each.

    Returns:
        The source: `Source.info` says what is there, `Source.batches` gives the records.

    Raises:
        NotFoundError: There is nothing at the path.
        InvalidArgumentError: The format is not known, or needs an option; the message lists the
            choices.
        MetricMismatchError: The source says that it was made for another metric.
        SourceError: The file is not what it seems to be, or is damaged.
        ImportError: The format needs a library that is not installed.
        DiskError: It cannot be read.
        RemoteError: The server does not answer, or refuses.

    Example:
        with vdb.sources.open("points.npy", metric="l2") as source:
            print(source.info)
    """
    return open_place(place_of(path), format, metric, options)


def open_place(
    place: Place,
    format: str | None,  # noqa: A002 - the word that people look for
    metric: str | None,
    options: dict[str, object],
) -> Source:
    """As `open`, for a place that was looked at."""
    row = format_of(place, format)
    if metric is not None:
        metric = metric_named(metric).name
        if row.takes("metric"):
            options["metric"] = metric
    source = row.open(place, **row.checked(options))
    if metric is not None:
        source.info = with_metric(source.info, metric)
    return source


def format_of(place: Place, format: str | None) -> SourceFormat:  # noqa: A002 - as for open
    """The format of that name; of None, the one that the place shows.

    Raises:
        InvalidArgumentError: There is none of that name, or the place shows none or several.
    """
    return _recognised(place) if format is None else _named(format)


def formats() -> list[SourceFormat]:
    """The formats that `open` reads, by name: what their files hold, and the options they take.

    Example:
        names = [row.name for row in vdb.sources.formats()]
    """
    return [FORMATS[name] for name in sorted(FORMATS)]


def place_of(path: object, name: str = "path") -> Place:
    """Where a source is; `name` is what messages call the argument.

    Raises:
        ArgumentTypeError: It is neither a path nor a text.
        InvalidArgumentError: No path can be so.
        NotFoundError: There is nothing.
        DiskError: It cannot be read.
    """
    try:
        text = fspath(path)  # type: ignore[call-overload]  # it raises for other types
    except Exception as error:
        raise refuse_type(name, path) from error
    if not isinstance(text, str):
        raise refuse_type(name, text)
    text = str.__str__(text)
    if _ADDRESS.match(text):
        return Place(without_secrets(text), None, argument=name, address=text)
    if not text or "\0" in text:
        raise InvalidArgumentError(f"{name} must be a path or an address, got {shown(text)}")
    try:
        place = Path(arguments.at_home(text))
        if place.is_dir():
            return Place(text, place, argument=name)
        with place.open("rb") as file:
            return Place(text, place, file.read(HEAD_BYTES), name)
    except FileNotFoundError:
        raise NotFoundError(
            f"{name} leads to nothing: there is no file or directory {shown(text)}", received=text
        ) from None
    except (OSError, RuntimeError, ValueError) as error:
        raise DiskError(f"{name} {shown(text)} cannot be read: {_why(error)}") from error


def _named(name: str) -> SourceFormat:
    return FORMATS[arguments.choice("format", name, tuple(FORMATS))]


def _recognised(place: Place) -> SourceFormat:
    rows = [row for row in FORMATS.values() if row.recognise(place)]
    if len(rows) == 1:
        return rows[0]
    names = [row.name for row in rows] or sorted(FORMATS)
    if rows:
        text = "may be of several formats"
    elif place.address is not None:
        names = sorted(row.name for row in FORMATS.values() if row.kind == "server")
        text = "is an address that none of the formats for servers takes"
    elif _is_empty(place):
        what = "a directory" if place.directory else "a file"
        text = f"is {what} with nothing in it, of a format that its name does not say"
    elif place.head.startswith(_PACKED):
        text = "is an archive or compressed, and what is in it must be unpacked first"
    else:
        text = "has no format that is known by its content or its name"
    raise InvalidArgumentError(
        f"{place.argument} {shown(place.text)} {text} ({', '.join(names)}); format= says which",
        expected=tuple(names),
        received=place.text,
    )


def _is_empty(place: Place) -> bool:
    if place.directory is None:
        return place.file is not None and not place.head
    try:
        return next(place.directory.iterdir(), None) is None
    except OSError:
        return False


def _why(error: Exception) -> str:
    """What the system said, without the path, which may be long."""
    return getattr(error, "strerror", None) or type(error).__name__
