"""The pieces of a load: row groups of Parquet, fragments of Lance, whole sources of other formats.

Only footers and manifests are read. Pieces come in the order of the places, so that the same files
always have the same numbers.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Sequence
from typing import Any

from vdb.cluster.loading.columns import Columns
from vdb.cluster.loading.piece import Piece
from vdb.cluster.loading.places import LoadFile, opened
from vdb.errors import InvalidArgumentError
from vdb.sources.opening import format_of, place_of
from vdb.sources.reading.arrow_source import damage_told
from vdb.sources.reading.libraries import needed

__all__ = ["lance_dataset", "planned"]


def planned(files: Sequence[LoadFile], format: str | None, columns: Columns) -> list[Piece]:  # noqa: A002 - a name of the public face
    """The pieces of the files, numbered.

    Raises:
        InvalidArgumentError: A file lacks a column, or its format is not known.
        SourceError: A file is damaged; names it.
        ImportError: A format needs a library that is not installed.
    """
    rows = [row for file in files for row in _pieces(file, format, columns)]
    return [
        Piece(number, kind, place, part, first, count, state)
        for number, (kind, place, part, first, count, state) in enumerate(rows)
    ]


_Row = tuple[str, str, int, int, int | None, dict[str, Any]]


def _pieces(file: LoadFile, format: str | None, columns: Columns) -> Iterator[_Row]:  # noqa: A002
    kind = format or _kind(file)
    if kind == "parquet":
        yield from _of_parquet(file, columns)
    elif kind == "lance" and (file.is_remote or importlib.util.find_spec("lance") is not None):
        yield from _of_lance(file, columns)
    elif file.is_remote:
        raise InvalidArgumentError(
            f"{file.place}: files at a URL are loaded as Parquet or Lance; others are copied to a "
            "disk first",
            expected=["lance", "parquet"],
            received=kind,
        )
    else:
        yield kind, file.place, 0, 0, None, file.state


def _kind(file: LoadFile) -> str:
    if file.is_parquet:
        return "parquet"
    if file.is_lance:
        return "lance"
    if file.is_remote:
        return file.place.rpartition(".")[2]
    return format_of(place_of(file.place, "places"), None).name


def _of_parquet(file: LoadFile, columns: Columns) -> Iterator[_Row]:
    parquet = needed("pyarrow.parquet", "pyarrow", "reading Parquet files")
    with opened(file.place, file.options) as stream:
        with damage_told(file.place, "the footer"):
            metadata = parquet.read_metadata(stream)
            schema = metadata.schema.to_arrow_schema()
        _require_columns(file.place, schema, columns)
    first = 0
    for part in range(metadata.num_row_groups):
        rows = metadata.row_group(part).num_rows
        yield "parquet", file.place, part, first, rows, file.state
        first += rows


def _of_lance(file: LoadFile, columns: Columns) -> Iterator[_Row]:
    dataset = lance_dataset(file.place, file.options, None)
    with damage_told(file.place, "the table"):
        version = dataset.version
        fragments = [(one.fragment_id, one.count_rows()) for one in dataset.get_fragments()]
    _require_columns(file.place, dataset.schema, columns)
    first = 0
    for part, rows in fragments:
        yield "lance", file.place, part, first, rows, {"version": version}
        first += rows


def lance_dataset(place: str, options: Any, version: int | None) -> Any:
    """A table of Lance at a version; None: its newest."""
    lance = needed("lance", "pylance", "reading tables of Lance")
    with damage_told(place, "the table"):
        return lance.dataset(place, version=version, storage_options=dict(options) or None)


def _require_columns(place: str, schema: Any, columns: Columns) -> None:
    try:
        columns.rows_of(schema)
    except InvalidArgumentError as error:
        error.message = f"{place}: {error.message}"
        raise
