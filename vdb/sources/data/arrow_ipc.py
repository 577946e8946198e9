"""Arrow's own files: the file format (Feather version 2), the stream, and folders of datasets.

Buffers of a file may point anywhere, so every batch is validated before it is read. A stream may
end without a mark that says so: then nobody can tell whether batches are missing.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from vdb.errors import SourceError
from vdb.sources.reading.arrow_source import OPTIONS, damage_told, open_table
from vdb.sources.reading.libraries import needed
from vdb.sources.reading.plain_json import PlainJsonError, plain_json
from vdb.sources.source import Source
from vdb.sources.source_format import Place, SourceFormat

__all__ = ["FORMAT"]

MAGIC: Final = b"ARROW1"
_FEATHER_1: Final = b"FEA1"
_CONTINUATION: Final = b"\xff\xff\xff\xff"
_END: Final = b"\xff\xff\xff\xff\0\0\0\0"
_STATE: Final = "state.json"
"""Which files of a folder belong to a dataset, as Hugging Face's datasets saves one."""


class _File:
    """One file, read anew each time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._pyarrow = needed("pyarrow", "pyarrow", "reading files of Arrow")
        self._ipc = needed("pyarrow.ipc", "pyarrow", "reading files of Arrow")
        with damage_told(str(path), "the schema"):
            with path.open("rb") as file:
                start = file.read(len(MAGIC))
                file.seek(max(0, path.stat().st_size - len(_END)), os.SEEK_SET)
                self.ends = file.read() == _END
            self.is_stream = start != MAGIC
            self.schema, self.count = self._head()

    def _head(self) -> tuple[Any, int | None]:
        """The schema, and the number of rows where the heads of the batches say it."""
        with self._pyarrow.OSFile(str(self.path)) as file:
            if self.is_stream:
                return self._ipc.open_stream(file).schema, None
            reader = self._ipc.open_file(file)
            counts = hasattr(reader, "count_rows")  # of pyarrow 16 and later
            return reader.schema, reader.count_rows() if counts else None

    def batches(self, rows: int, columns: list[str] | None) -> Iterator[Any]:
        """Its batches, cut into parts of at most so many rows."""
        names = self.schema.names if columns is None else columns
        places = sorted(self.schema.get_field_index(name) for name in names)
        options = self._ipc.IpcReadOptions(included_fields=places)
        with self._pyarrow.OSFile(str(self.path)) as file:
            if self.is_stream:
                batches = iter(self._ipc.open_stream(file, options=options))
            else:
                reader = self._ipc.open_file(file, options=options)
                batches = (reader.get_batch(i) for i in range(reader.num_record_batches))
            for batch in batches:
                batch.validate(full=True)
                for start in range(0, len(batch), rows):
                    yield batch.slice(start, rows)


def _open(place: Place, **options: Any) -> Source:
    if place.head.startswith(_FEATHER_1):
        raise SourceError(
            f"{place.text}: the head: is that of Feather version 1, which pandas wrote until 2020; "
            "pyarrow.feather.read_table reads it, and write_feather writes version 2",
            path=place.text,
            place="the head",
        )
    paths = [place.require_file(FORMAT.name)] if place.directory is None else _parts(place)
    files = [_File(path) for path in paths]
    schema = files[0].schema
    for file in files:
        if not file.schema.equals(schema):
            text = f"has other columns than {files[0].path}"
            raise SourceError(
                f"{file.path}: the schema: {text}", path=str(file.path), place="the schema"
            )

    def batches(rows: int, columns: list[str] | None) -> Iterator[Any]:
        for file in files:
            yield from file.batches(rows, columns)

    counts = [file.count for file in files]
    source = open_table(
        place,
        FORMAT.name,
        schema,
        batches,
        lambda: None,
        count=None if None in counts else sum(count or 0 for count in counts),
        version="stream" if files[0].is_stream else "file",
        **options,
    )
    if any(file.is_stream and not file.ends for file in files):
        note = "a stream has no mark at its end: batches may be missing"
        source.info = replace(source.info, notes=(*source.info.notes, note))
    return source


def _parts(place: Place) -> list[Path]:
    """The files of a dataset, in its order."""
    folder = place.require_directory(FORMAT.name)
    state = folder / _STATE
    if not state.is_file():
        raise _no_dataset(place, "has no state.json")
    try:
        names = [str(one["filename"]) for one in plain_json(state.read_bytes())["_data_files"]]
    except (PlainJsonError, KeyError, TypeError) as error:
        raise _no_dataset(place, str(error)) from None
    if not names or any(Path(name).name != name or not (folder / name).is_file() for name in names):
        raise _no_dataset(place, f"names {', '.join(names) or 'no files'}, which are not all there")
    return [folder / name for name in names]


def _no_dataset(place: Place, reason: str) -> SourceError:
    return SourceError(f"{place.text}: {_STATE}: {reason}", path=place.text, place=_STATE)


def _recognise(place: Place) -> bool:
    if place.directory is not None:
        return (place.directory / _STATE).is_file() and any(place.directory.glob("*.arrow"))
    named = place.suffix in (".arrow", ".arrows", ".feather", ".ipc")
    return place.head.startswith(MAGIC) or (
        named and place.head.startswith((_CONTINUATION, _FEATHER_1))
    )


FORMAT = SourceFormat(
    name="arrow",
    title="files of Arrow: the file format, which is Feather version 2, streams, and datasets that "
    "Hugging Face's library saved",
    kind="data",
    recognise=_recognise,
    open=_open,
    options=OPTIONS,
    library="pyarrow",
    versions="pyarrow 26.0.1, polars 2.1.0",
    holds="vectors as lists, ids, the columns of the payloads with their types",
    lacks="the metric and the index; a stream that was cut between two batches looks whole",
    metric="asked",
)
