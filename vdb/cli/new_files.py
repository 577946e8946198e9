"""New files that appear complete or not at all: temporary files, renamed at the end."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

__all__ = ["replacing"]


@contextmanager
def replacing(*places: Path) -> Iterator[list[Path]]:
    """Temporary files to write to; all take their places at the end, or are removed on an error.

    Their modes are those of newly opened files. Existing files are replaced.

    Raises:
        OSError: One cannot be written; it names the place, not the temporary file.
    """
    with ExitStack() as stack:
        temporary: list[Path] = []
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
            temporary.append(Path(name))
            stack.callback(Path(name).unlink, missing_ok=True)
        try:
            yield temporary
        except OSError as error:
            if error.filename not in map(str, temporary):
                raise
            place = places[[*map(str, temporary)].index(error.filename)]
            raise OSError(error.errno, error.strerror, str(place)) from None
        umask = os.umask(0)
        os.umask(umask)
        for temporary_file, place in zip(temporary, places, strict=True):
            temporary_file.chmod(0o666 & ~umask)
            temporary_file.replace(place)
