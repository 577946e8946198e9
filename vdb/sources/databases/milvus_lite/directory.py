"""The files of a collection of Milvus Lite 3.

schema.json has its fields, manifest.json its indexes and, of each partition, the Parquet files of
records (data) and of deletions (delta). wal/ has what is in none of them yet, as streams of Arrow.
Every row has a sequence number `_seq`: of a key the latest row lives, unless a deletion is later.
Source: milvus_lite/storage and milvus_lite/engine/recovery.py of milvus-lite 3.2.2.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from vdb.errors import DiskError, SourceError
from vdb.sources.reading.arrow_source import DAMAGE
from vdb.sources.reading.libraries import needed
from vdb.sources.reading.parquet_file import parquet_batches, parquet_file
from vdb.sources.reading.plain_json import PlainJsonError, plain_json

__all__ = ["Directory", "Field"]

SEQUENCE: Final = "_seq"
DYNAMIC: Final = "$meta"
"""The column of fields that the schema does not name, as one JSON text."""

_MOST_JSON: Final = 64 << 20  # bytes
_PART: Final = re.compile(r"(data|delta)/[\w.-]+\.parquet")
_PARTITION: Final = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the schema."""

    name: str
    type: str
    primary: bool
    nullable: bool
    dim: int | None


class Directory:
    """One collection.

    Attributes:
        fields: Its fields, in the order of the schema.
        indexes: What is known of the index of each field of vectors, by its name.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        schema = self._json("schema.json")
        manifest = self._json("manifest.json")
        try:
            self.fields = [
                Field(
                    str(row["name"]),
                    str(row["dtype"]),
                    bool(row.get("is_primary")),
                    bool(row.get("nullable")),
                    row.get("dim"),
                )
                for row in schema["fields"]
            ]
            self.dynamic = bool(schema.get("enable_dynamic_field"))
            self.indexes: dict[str, dict[str, Any]] = dict(manifest.get("index_specs") or {})
            parts = {
                kind: [
                    (str(partition), str(part))
                    for partition, row in manifest["partitions"].items()
                    for part in row[f"{kind}_files"]
                ]
                for kind in ("data", "delta")
            }
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise self.error(path / "manifest.json", "the catalogue", repr(error)) from error
        keys = [field for field in self.fields if field.primary]
        if len(keys) != 1:
            raise self.error(path / "schema.json", "the schema", f"has {len(keys)} primary keys")
        self.key = keys[0]
        self._parts = {kind: [self._part(*one) for one in rows] for kind, rows in parts.items()}

    def records(self, rows: int, columns: Sequence[str]) -> Iterator[Any]:
        """Record batches of all rows, old ones too, with `_seq` and those columns."""
        pyarrow = needed("pyarrow", "pyarrow", "reading directories of Milvus Lite")
        for batch in self._batches("data", rows):
            arrays = []
            for name in (SEQUENCE, *columns):
                if name in batch.schema.names:
                    arrays.append(batch.column(name))
                else:  # a field that was added later
                    arrays.append(pyarrow.nulls(batch.num_rows))
            yield pyarrow.RecordBatch.from_arrays(arrays, names=[SEQUENCE, *columns])

    def deletions(self) -> Iterator[tuple[Any, int]]:
        """Keys with the sequence numbers of their deletions."""
        for batch in self._batches("delta", 65_536):
            keys, numbers = (batch.column(name).to_pylist() for name in (self.key.name, SEQUENCE))
            yield from zip(keys, numbers, strict=True)

    def error(self, path: Path, place: str, reason: str) -> SourceError:
        """The error for a file that is damaged."""
        return SourceError(f"{path}: {place}: {reason}", path=str(path), place=place)

    def _batches(self, kind: str, rows: int) -> Iterator[Any]:
        pyarrow = needed("pyarrow", "pyarrow", "reading directories of Milvus Lite")
        for path in self._parts[kind]:
            with self._damage_told(path), parquet_file(path) as file:
                for batch in parquet_batches(path, file, rows):
                    yield self._checked(path, batch)
        for path in sorted((self.path / "wal").glob(f"wal_{kind}_*.arrow")):
            with self._damage_told(path), pyarrow.OSFile(str(path)) as file:
                for batch in pyarrow.ipc.open_stream(file):
                    batch.validate(full=True)
                    for start in range(0, batch.num_rows, rows):
                        yield self._checked(path, batch.slice(start, rows))

    def _checked(self, path: Path, batch: Any) -> Any:
        for name in (SEQUENCE, self.key.name):
            if name not in batch.schema.names:
                raise self.error(path, "the columns", f"have no {name}")
        return batch

    def _part(self, partition: str, name: str) -> Path:
        if not _PARTITION.fullmatch(partition) or not _PART.fullmatch(name):
            raise self.error(self.path / "manifest.json", "the catalogue", f"names {name!r:.80}")
        path = self.path / "partitions" / partition / name
        if not path.is_file():
            raise self.error(path, "the file", "is named in the catalogue, and is not there")
        return path

    def _json(self, name: str) -> dict[str, Any]:
        path = self.path / name
        try:
            with path.open("rb") as file:
                value = plain_json(file.read(_MOST_JSON))
        except OSError as error:
            raise DiskError(f"{path} cannot be read: {error.strerror or error}") from error
        except PlainJsonError as error:
            raise self.error(path, "the catalogue", str(error)) from error
        if not isinstance(value, dict):
            raise self.error(path, "the catalogue", "is no object")
        return value

    @contextmanager
    def _damage_told(self, path: Path) -> Iterator[None]:
        """Errors of pyarrow as `SourceError`."""
        try:
            yield
        except SourceError:
            raise
        except DAMAGE as error:
            reason = (str(error).splitlines() or [type(error).__name__])[0]
            raise self.error(path, "the rows", reason) from error
