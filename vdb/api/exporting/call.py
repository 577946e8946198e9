"""The call `Collection.export`: its arguments, and the export."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from os import sep
from os.path import lexists
from pathlib import Path
from typing import Any

from vdb.api.exporting.moment import Reader, View, content_at
from vdb.api.exporting.report import ExportReport
from vdb.api.paths import path_of
from vdb.api.read_access import Access
from vdb.errors import InvalidArgumentError, NotFoundError
from vdb.exports.content import Content
from vdb.exports.places import files_of, format_of, write
from vdb.model import arguments
from vdb.model.arguments import shown
from vdb.model.records import Progress
from vdb.store import os_errors

__all__ = ["ExportArguments", "ExportReport", "export", "export_content"]


@dataclass(frozen=True, slots=True)
class ExportArguments:
    """The arguments of `Collection.export`, unchecked."""

    path: Any
    format: Any
    options: Any
    where: Any
    overwrite: Any
    dry_run: Any
    progress: Any


def export(
    access: Access, view_of: Callable[[Reader], View], given: ExportArguments
) -> ExportReport:
    """As `Collection.export`; `view_of` finds the collection at a moment."""
    return export_content(partial(content_at, access, view_of, where=given.where), given)


def export_content(content_of: Callable[..., Content], given: ExportArguments) -> ExportReport:
    """As `Collection.export`; `content_of` is called with ``progress=`` and returns the records."""
    start = time.monotonic()
    arguments.callback("progress", given.progress)
    path = path_of(given.path, "path", "a file")
    if str(given.path).endswith(("/", sep)):
        raise InvalidArgumentError(
            f"path must end with the name of a file, got {shown(str(given.path))}",
            expected="the name of a file",
            received=str(given.path),
        )
    row = format_of(path, given.format)
    options = row.checked(arguments.named_options("options", given.options))
    overwrite = arguments.truth("overwrite", given.overwrite)
    dry_run = arguments.truth("dry_run", given.dry_run)
    progress = None if given.progress is None else _progress(given.progress)
    content = content_of(progress=progress)
    writing = row.prepare(content, **options)
    files = files_of(path, row, writing)
    try:
        with os_errors(path):
            _require_parent(path)
            if not overwrite:
                _require_new(files)
            if not dry_run:
                write(writing, files)
    except _ProgressError as stopped:
        raise stopped.error from None
    return ExportReport(
        collection=content.name,
        format=row.name,
        files=tuple(files),
        records=content.count - writing.left_out - writing.held_out,
        without_vector=content.without_vector - writing.left_out,
        notes=writing.notes,
        seconds=time.monotonic() - start,
        written=not dry_run,
    )


class _ProgressError(Exception):
    """An error of the user's function that on its way would be taken for one of a file."""

    def __init__(self, error: Exception) -> None:
        super().__init__(error)
        self.error = error


def _progress(progress: Progress) -> Progress:
    """Calls the user's function; its errors can be told from those of files and generators."""

    def call(done: int, total: int) -> None:
        try:
            progress(done, total)
        except (OSError, StopIteration) as error:
            raise _ProgressError(error) from None

    return call


def _require_parent(path: Path) -> None:
    if not path.parent.is_dir():
        raise NotFoundError(f"there is no directory {path.parent}", received=str(path.parent))


def _require_new(files: Sequence[Path]) -> None:
    for place in files:
        if lexists(place):
            raise InvalidArgumentError(
                f"there is something at {shown(str(place))} already; overwrite=True replaces it",
                expected="a path where nothing is",
                received=str(place),
            )
