"""New files and directories that appear complete or not at all: renamed from temporary ones."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

__all__ = ["replacing", "replacing_directory"]


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


@contextmanager
def replacing_directory(place: Path) -> Iterator[Path]:
    """The path of a directory to make, which takes its place at the end, or is removed on an error.

    A directory that is there already is removed when the new one is complete.

    Raises:
        OSError: It cannot be made; it names the place, not the temporary directory.
    """
    if place.exists() and not place.is_dir():
        raise NotADirectoryError(20, "is no directory", str(place))
    try:
        room = Path(tempfile.mkdtemp(prefix=f".{place.name}-", dir=place.parent))
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(place)) from None
    try:
        made = room / place.name
        yield made
        if place.exists():
            place.rename(room / "before")
        made.rename(place)
    finally:
        shutil.rmtree(room, ignore_errors=True)
