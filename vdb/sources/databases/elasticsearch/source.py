"""The source of Elasticsearch's and OpenSearch's dumps, and its format."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from vdb.errors import InvalidArgumentError
from vdb.model.records import Id, Payload
from vdb.sources.batch import Refusal, SourceBatch
from vdb.sources.databases.elasticsearch.documents import Document, documents
from vdb.sources.databases.elasticsearch.export import PAYLOAD, ExportedIndex, exported_index
from vdb.sources.databases.elasticsearch.mapping import IndexMapping, VectorField, mapping_at
from vdb.sources.info import SourceInfo
from vdb.sources.reading.dump_head import is_dump
from vdb.sources.reading.exported_schema import exact_numbers
from vdb.sources.reading.lines_beside import beside
from vdb.sources.source import Source
from vdb.sources.source_format import Option, Place, SourceFormat

__all__ = ["FORMAT", "ElasticsearchSource"]

_METRICS: Final = ("l2", "cosine", "dot", "ip", "l1", "hamming")
_ENGINES: Final = ("elasticsearch", "opensearch")
_KINDS: Final = {"float32": np.float32, "int8": np.int8, "bit": np.int8}
_MISSING: Final = object()


class ElasticsearchSource(Source):
    """One dump."""

    __slots__ = ("_export", "_path", "_vector")

    def __init__(
        self,
        info: SourceInfo,
        path: Path,
        vector: tuple[str, ...],
        export: ExportedIndex | None = None,
    ) -> None:
        """`vector`: the names that lead to the vectors."""
        super().__init__(info)
        self._path, self._vector, self._export = path, vector, export

    def _records(self, rows: int) -> Iterator[SourceBatch]:
        part = _Part(self.info, self._export)
        for one in documents(self._path, self.skipped):
            try:
                part.add(one, self._numbers(one))
            except ValueError as error:
                part.refusals.append(Refusal(f"line {one.line:,}", one.id, str(error)))
            if len(part.documents) + len(part.refusals) == rows:
                yield part.batch()
                part = _Part(self.info, self._export)
        yield part.batch()

    def _numbers(self, document: Document) -> NDArray[Any] | None:
        """The vector of a document, which leaves the document; None where it may have none."""
        if document.id is None:
            raise ValueError("has no _id: Elasticsearch would have made one up")
        if document.is_partial:
            raise ValueError("is a partial update, which needs the document that it changes")
        value = _taken(document.source, self._vector)
        if value is _MISSING or value is None:
            if self._export is not None and self.info.optional_vectors:
                return None
            raise ValueError(f"has no vector at {'.'.join(self._vector)}")
        return _vector(value, self.info)


class _Part:
    """Documents that become one batch.

    Attributes:
        refusals: Those between them that cannot.
    """

    def __init__(self, info: SourceInfo, export: ExportedIndex | None) -> None:
        self._info, self._export = info, export
        self.documents: list[Document] = []
        self.refusals: list[Refusal] = []
        self._ids: list[Id] = []
        self._vectors: list[NDArray[Any] | None] = []

    def add(self, document: Document, vector: NDArray[Any] | None) -> None:
        """One document and its vector; raises ValueError where it cannot be a record."""
        own_id: Id = str(document.id)
        if self._export is not None:
            own_id = self._export.id_of(str(document.id))
            if vector is not None:
                vector = exact_numbers(vector, self._export.schema["dtype"])
        self._ids.append(own_id)
        self._vectors.append(vector)
        self.documents.append(document)

    def batch(self) -> SourceBatch:
        """The documents."""
        info, export = self._info, self._export
        dim, bits = info.dim or 0, info.dtype == "bit"
        kind = np.uint8 if bits else np.dtype(info.numbers if export is None else info.dtype)
        vectors = np.zeros((len(self._vectors), dim // 8 if bits else dim), kind)
        missing = np.array([one is None for one in self._vectors], np.bool_)
        if not missing.all():
            vectors[~missing] = np.stack([one for one in self._vectors if one is not None])
        payloads: list[Payload] = [one.source or None for one in self.documents]
        if export is not None:
            payloads = [one.source.get(PAYLOAD) for one in self.documents]
        return SourceBatch(
            np.array([one.line for one in self.documents], np.int64),
            self._ids,
            vectors,
            payloads,
            missing if missing.any() else None,
            self.refusals,
            "line",
        )


def _taken(source: Any, names: tuple[str, ...]) -> Any:
    """A value, which leaves the document; a name with points may stand for a path."""
    whole = ".".join(names)
    if whole in source:
        return source.pop(whole)
    for name in names[:-1]:
        source = source.get(name)
        if not isinstance(source, dict):
            return _MISSING
    return source.pop(names[-1], _MISSING)


def _vector(value: Any, info: SourceInfo) -> NDArray[Any]:
    kind = "int8" if info.dtype == "bit" else info.numbers
    if isinstance(value, str) and info.dtype in ("bit", "int8"):  # hexadecimal, as both write bytes
        numbers = np.frombuffer(bytes.fromhex(value), np.int8)
    else:
        if not isinstance(value, list) or not all(type(one) in (int, float) for one in value):
            raise ValueError("has something else than numbers as its vector")
        exact = np.array(value, np.float64)
        numbers = exact.astype(_KINDS[kind])
        if kind == "int8" and not np.array_equal(numbers, exact):
            raise ValueError("has a vector of other numbers than bytes")
    length = len(numbers) * 8 if info.dtype == "bit" else len(numbers)
    if length != info.dim:
        raise ValueError(f"has a vector of {length} dimensions, not {info.dim}")
    return numbers.view(np.uint8) if info.dtype == "bit" else numbers


def _open(
    place: Place,
    *,
    vector: str | None = None,
    mapping: Path | None = None,
    engine: str | None = None,
) -> Source:
    path = place.require_file(FORMAT.name)
    known, export = _known(path, mapping)
    name = vector or _only(list(known.vectors)) or _only(_candidates(path))
    if name is None:
        raise FORMAT.needs("vector", f"{place.text} has none or several fields of numbers")
    row = known.vectors.get(name)
    if known.vectors and row is None:
        raise InvalidArgumentError(
            f"vector= must be one of the mapping's fields of vectors: {', '.join(known.vectors)}",
            expected=tuple(known.vectors),
            received=name,
        )
    if row is None:
        row = VectorField(engine or _ENGINES[0], None, None, "float32", None)
    info = SourceInfo(
        format=FORMAT.name,
        version=row.engine,
        path=place.text,
        count=None,
        deleted=None,
        dim=row.dim or _first_length(path, name, row.numbers),
        numbers=row.numbers,
        dtype=row.numbers,
        metric=row.metric,
        metrics=_METRICS,
        convention=engine or row.engine,
        ids="str",
        index=row.index,
        fields=known.fields,
        columns={one: kind for one, kind in known.types.items() if one != name},
    )
    if export is not None:
        info = export.described(info)
    return ElasticsearchSource(info, path, tuple(name.split(".")), export)


def _known(path: Path, mapping: Path | None) -> tuple[IndexMapping, ExportedIndex | None]:
    """The mapping that the user names, or else that of vdb export beside the dump."""
    place = mapping or beside(path, ".mapping.json")
    if place is None:
        return IndexMapping({}, {}, {}), None
    known = mapping_at(place)
    export = exported_index(place, known)
    if mapping is None and export is None:
        return IndexMapping({}, {}, {}), None
    return known, export


def _only(names: list[str]) -> str | None:
    return names[0] if len(names) == 1 else None


def _candidates(path: Path) -> list[str]:
    """The fields of the first document that hold lists of numbers, at most one level deep."""
    first = next(documents(path, Counter()), None)
    if first is None:
        return []
    names = []
    for name, value in first.source.items():
        inner = value.items() if isinstance(value, dict) else ()
        names += [f"{name}.{below}" for below, one in inner if _is_vector(one)]
        if _is_vector(value):
            names.append(name)
    return names


def _is_vector(value: object) -> bool:
    return (
        isinstance(value, list)
        and len(value) > 1
        and all(type(one) in (int, float) for one in value)
    )


def _first_length(path: Path, name: str, numbers: str) -> int | None:
    for one in documents(path, Counter()):
        value = _taken(one.source, tuple(name.split(".")))
        if isinstance(value, list):
            return len(value) * (8 if numbers == "bit" else 1)
        if isinstance(value, str):
            return len(value) // 2 * (8 if numbers == "bit" else 1)
    return None


def _recognise(place: Place) -> bool:
    """By the first line; an empty file by the mapping that vdb export laid beside it."""
    if place.file is None:
        return False
    return is_dump(place.head) or (
        not place.head and beside(place.file, ".mapping.json") is not None
    )


FORMAT = SourceFormat(
    name="elasticsearch",
    title="dumps of Elasticsearch and OpenSearch: bulk files, those of vdb export among them, "
    "and hits one a line (elasticdump)",
    kind="database",
    recognise=_recognise,
    open=_open,
    options=(
        Option("mapping", "the answer of GET index/_mapping in a file", kind="path"),
        Option("vector", "the field of the vectors, where there are several"),
        Option("engine", "whose scores are meant, without a mapping", choices=_ENGINES),
    ),
    versions="the interfaces of Elasticsearch 9 and OpenSearch 3, as their manuals describe them",
    holds="documents with their ids; in the mapping metric, types and parameters of the graph",
    lacks="without the mapping, the metric and all types",
    metric="in the mapping, also beside a file of vdb export; else asked",
)
