"""Writing pages: whole, or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

__all__ = ["write_page"]


def write_page(path: Path, page: str) -> None:
    """Writes a page in the place of what was there; a page that cannot be finished leaves it."""
    if path.is_dir():
        raise IsADirectoryError(21, "is a directory", str(path))
    handle, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(page)
        umask = os.umask(0)
        os.umask(umask)
        Path(name).chmod(0o666 & ~umask)  # as if it had been opened by its name
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
