"""Where an export goes: the format that a path says, and the paths of its files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from vdb.errors import InvalidArgumentError
from vdb.exports.export_format import ExportFormat, Writing
from vdb.exports.registry import FORMATS
from vdb.model import arguments
from vdb.model.arguments import shown
from vdb.store.new_files import replacing, replacing_directory

__all__ = ["files_of", "format_of", "write"]


def format_of(path: Path, format: object) -> ExportFormat:  # noqa: A002 - as the argument
    """The format of that name; None: the one that the end of the path says, or npy without one.

    Raises:
        InvalidArgumentError: There is none of that name, or the end says none, or several.
    """
    if format is not None:
        return FORMATS[arguments.choice("format", format, tuple(FORMATS))]
    suffix = path.suffix.lower()
    if not suffix:
        return FORMATS["npy"]
    rows = [row for row in FORMATS.values() if suffix in row.suffixes and not row.by_name]
    if len(rows) == 1:
        return rows[0]
    names = tuple(row.name for row in rows) or tuple(FORMATS)
    says = "may be of several formats" if rows else "says no format"
    raise InvalidArgumentError(
        f"the end of the path, {shown(suffix)}, {says} ({', '.join(names)}); name one with format=",
        expected=names,
        received=suffix,
    )


def files_of(path: Path, row: ExportFormat, writing: Writing) -> list[Path]:
    """The paths of the files: that of the main one gets its usual end, if it has none of its own.

    Raises:
        InvalidArgumentError: The path has no name.
    """
    if path.name in ("", ".."):
        raise InvalidArgumentError(
            f"path must end with the name of a file, got {shown(str(path))}", received=str(path)
        )
    main, *others = writing.suffixes
    stem, place = path.name, path.with_name(path.name + main)
    for suffix in row.suffixes:
        if path.name.lower().endswith(suffix) and len(path.name) > len(suffix):
            stem, place = path.name[: -len(suffix)], path
            break
    return [place, *(path.with_name(stem + suffix) for suffix in others)]


def write(writing: Writing, files: Sequence[Path]) -> None:
    """Write the files; they appear when all are complete."""
    if writing.directory:
        with replacing_directory(files[0]) as made:
            writing.write([made])
        return
    with replacing(*files) as made_files:
        writing.write(made_files)
