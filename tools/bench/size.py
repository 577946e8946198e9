"""Bytes on disk after a bulk load, over the bytes of vectors and links alone."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from .report import Row
from .stand import Stand

ALLOWED_RATIO: Final = 1.15
FLOAT: Final = 4
LINK: Final = 4


def directory_size(path: Path) -> int:
    """Bytes of all files in a directory: their length or what the disk gave them, if more."""
    files = [file.stat() for file in path.rglob("*") if file.is_file()]
    return sum(max(one.st_size, one.st_blocks * 512) for one in files)


def run(stand: Stand) -> Iterator[Row]:
    """Measure the large collection: integer ids, no payloads."""
    if not stand.settings.with_vdb:
        return
    size = stand.settings.synthetic_size
    size_on_disk = directory_size(stand.database(size))
    needed = size * (stand.dataset("synthetic").dim * FLOAT + 2 * stand.settings.M * LINK)
    yield Row(
        "directory size over vectors + links",
        f"synthetic {size:,}",
        f"<= {ALLOWED_RATIO}x",
        f"{size_on_disk / needed:.3f}x  ({size_on_disk / 2**20:.1f} of {needed / 2**20:.1f} MiB)",
        size_on_disk <= ALLOWED_RATIO * needed,
        {"bytes": size_on_disk, "needed": needed},
    )
