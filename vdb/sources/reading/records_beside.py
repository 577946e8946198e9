"""A source of vectors, with the ids and payloads of a file of JSON lines, and an export's schema.

`vdb export` writes PREFIX.jsonl and, in PREFIX.json, the schema of the collection beside a file of
vectors that has no room for them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from vdb.errors import SourceError
from vdb.sources.batch import SourceBatch
from vdb.sources.info import SourceInfo
from vdb.sources.reading.exported_schema import exported_schema, with_schema
from vdb.sources.reading.lines_beside import RecordLines, beside
from vdb.sources.source import Source
from vdb.sources.source_format import Option

__all__ = [
    "RECORD_OPTIONS",
    "RecordsBeside",
    "schema_beside",
    "with_exported_records",
    "with_records",
    "with_schema_beside",
]

RECORD_OPTIONS: Final = (
    Option(
        "records",
        "the file of JSON lines with ids and payloads; none: row numbers, and no payloads",
        kind="path",
    ),
    Option("id", "the field of the lines that holds the id; else id, if the first has one"),
)
_LINES_AT_ONCE: Final = 4096  # more values of Python in memory would cost time
_NO_RECORDS: Final = Path("none")
_SCHEMA_BYTES: Final = 1 << 24


class RecordsBeside(Source):
    """The vectors of a source, whose ids are row numbers, with the ids and payloads of lines."""

    __slots__ = ("_lines", "_vectors")

    def __init__(self, vectors: Source, lines: RecordLines) -> None:
        note = f"ids and payloads are those of {lines.path.name}"
        info = replace(
            vectors.info,
            ids=lines.ids,
            count=lines.count,
            optional_vectors=lines.optional,
            notes=(*vectors.info.notes, note),
        )
        super().__init__(info, vectors.close)
        self._vectors, self._lines = vectors, lines

    def ground_truth(self) -> tuple[NDArray[Any], NDArray[np.int64]] | None:
        """As the source of the vectors has it."""
        return self._vectors.ground_truth()

    def _records(self, rows: int) -> Iterator[SourceBatch]:
        vectors = _Rows(self._vectors, rows)
        for batch, bare in self._lines.batches(rows):
            count = int((~bare).sum())
            present = vectors.take(count)
            if len(present) < count:  # the file of the lines was changed meanwhile
                raise SourceError(f"{self._lines.path}: has more lines than there are rows")
            batch.vectors = present
            if bare.any():
                batch.vectors = np.zeros((len(batch), present.shape[1]), present.dtype)
                batch.vectors[~bare] = present
            yield _sound(batch)

    def _id_records(self, rows: int) -> Iterator[SourceBatch]:
        for batch, _ in self._lines.batches(min(rows, _LINES_AT_ONCE)):
            yield _sound(batch)


class _Rows:
    """The vectors of a source, in order."""

    def __init__(self, source: Source, rows: int) -> None:
        self._batches = source.batches(rows)
        width = source.info.dim or 0
        self._rest: NDArray[Any] = np.empty((0, width), np.float32)

    def take(self, count: int) -> NDArray[Any]:
        """The next rows, (count, columns), or fewer at the end."""
        parts = [self._rest[:count]]
        self._rest = self._rest[count:]
        length = len(parts[0])
        while length < count:
            batch = next(self._batches, None)
            if batch is None:
                break
            parts.append(batch.vectors[: count - length])
            self._rest = batch.vectors[count - length :]
            length += len(parts[-1])
        filled = [part for part in parts if len(part)] or parts[-1:]
        return filled[0] if len(filled) == 1 else np.concatenate(filled)


def with_records(source: Source, path: Path, records: Path | None, id: str | None) -> Source:  # noqa: A002
    """A source with the lines of the file that the user names; None or "none": as it is.

    Raises:
        SourceError: Lines and rows do not go together, or a line is empty or no JSON.
    """
    if records is None or records == _NO_RECORDS:
        return source
    info = source.info
    count = 0 if info.count is None else info.count
    lines = RecordLines.of(records, str(path), count, id=id, optional=info.optional_vectors)
    return RecordsBeside(source, lines)


def with_exported_records(
    source: Source,
    path: Path,
    records: Path | None,
    id: str | None,  # noqa: A002 - the option's name
) -> Source:
    """A source with what `vdb export` wrote beside it, or with the lines that the user names.

    Lines that lie there without a schema may be another program's, and are not taken.
    """
    schema = schema_beside(path)
    if schema is not None:
        source.info = with_schema_beside(source.info, schema, path)
        records = records or beside(path, ".jsonl")
    return with_records(source, path, records, id)


def schema_beside(path: Path) -> dict[str, Any] | None:
    """The schema that `vdb export` wrote beside a file of vectors.

    Raises:
        SourceError: It is one, but of another version, or without a part.
    """
    place = beside(path, ".json")
    if place is None or place.stat().st_size > _SCHEMA_BYTES:
        return None
    try:
        return exported_schema(place.read_bytes())
    except ValueError as error:
        raise _schema_error(place, error) from None


def with_schema_beside(info: SourceInfo, schema: dict[str, Any], path: Path) -> SourceInfo:
    """What a source holds, completed by that schema.

    Raises:
        SourceError: The schema is of vectors of another dimension, or its index is none.
    """
    place = beside(path, ".json") or path
    if None not in (info.dim, schema["dim"]) and info.dim != schema["dim"]:
        raise _schema_error(place, f"dim is {schema['dim']}, and {path} has vectors of {info.dim}")
    try:
        return with_schema(info, schema)
    except ValueError as error:
        raise _schema_error(place, error) from None


def _schema_error(path: Path, error: object) -> SourceError:
    return SourceError(f"{path}: {error}", path=str(path), place="the schema")


def _sound(batch: SourceBatch) -> SourceBatch:
    """The batch without the records that were refused, whose id is None."""
    if not batch.refusals:
        return batch
    sound = batch.take(np.array([one is not None for one in batch.ids]))
    sound.refusals = batch.refusals
    return sound
