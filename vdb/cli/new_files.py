"""Files that appear whole or not at all: written beside their places, and renamed at the end."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

__all__ = ["replacing"]


@contextmanager
def replacing(*places: Path) -> Iterator[list[Path]]:
    """Files to write in, which take their places together at the end; after an error they are gone.

    Their modes are those of files that were opened by their names. What was there is replaced.

    Raises:
        OSError: One cannot be written; it names the place, not the file beside it.
    """
    with ExitStack() as stack:
        made: list[Path] = []
        for place in places:
            if place.is_dir():
                raise IsADirectoryError(21, "is a directory", str(place))
            if place.exists() and not place.is_file():
                raise OSError(22, "is no regular file", str(place))
            try:
                handle, name = tempfile.mkstemp(prefix=f".{place.name}-", dir=place.parent)
            except OSError as error:
                raise OSError(error.errno, error.strerror, str(place)) from None
            os.close(handle)
            made.append(Path(name))
            stack.callback(Path(name).unlink, missing_ok=True)
        try:
            yield made
        except OSError as error:
            if error.filename not in map(str, made):
                raise
            place = places[[*map(str, made)].index(error.filename)]
            raise OSError(error.errno, error.strerror, str(place)) from None
        umask = os.umask(0)
        os.umask(umask)
        for new, place in zip(made, places, strict=True):
            new.chmod(0o666 & ~umask)
            new.replace(place)
