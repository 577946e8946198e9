"""Collections of zvec, read by zvec itself: directories of a manifest, ids and segments.

zvec 0.8.0 writes the time into an index that it opens, read-only or not. It is given a copy of the
directory, which needs as much room, and goes with the source.
"""

from __future__ import annotations

import importlib
import itertools
import shutil
import tempfile
import weakref
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from vdb.errors import DiskError, SourceError
from vdb.model.config import HNSW
from vdb.sources.batch import Refusal, SourceBatch
from vdb.sources.engine import Answer, Engine
from vdb.sources.info import SourceInfo
from vdb.sources.reading.graph_parameters import graph_index
from vdb.sources.reading.libraries import needed, version_of
from vdb.sources.reading.named_part import named_part
from vdb.sources.reading.number_types import dtype_for, rounding_note
from vdb.sources.reading.trial import TRIAL, require_survival
from vdb.sources.source import Source
from vdb.sources.source_format import Option, Place, SourceFormat

__all__ = ["FORMAT", "ZvecSource"]

_METRICS: Final = {"L2": "l2", "IP": "ip", "COSINE": "cosine"}
_NUMBERS: Final = {
    "VECTOR_FP32": "float32",
    "VECTOR_FP16": "float16",
    "VECTOR_FP64": "float64",
    "VECTOR_INT8": "int8",
    "VECTOR_UINT8": "uint8",
}
_FIELDS: Final = {
    **dict.fromkeys(("INT32", "INT64", "UINT32", "UINT64"), "int"),
    **dict.fromkeys(("FLOAT", "DOUBLE"), "float"),
    "BOOL": "bool",
    "STRING": "keyword",
}
_LIST: Final = "ARRAY_"
_KEYWORD_BYTES: Final = 256
_FIRST: Final = 1_000  # documents that are looked at for the lengths of texts
_FILES: Final = ("manifest", "idmap", "del")


class ZvecSource(Source):
    """One collection and one of its columns of vectors."""

    __slots__ = ("_copy", "_name", "_path")

    def __init__(self, info: SourceInfo, path: Path, copy: _Copy, name: str) -> None:
        super().__init__(info)
        self._path, self._copy, self._name = path, copy, name

    def _records(self, rows: int) -> Iterator[SourceBatch]:
        start = 0
        documents = _documents(self._path, self._copy.collection)
        while part := list(itertools.islice(documents, rows)):
            yield self._batch(start, part)
            start += len(part)

    def _batch(self, start: int, documents: Sequence[Any]) -> SourceBatch:
        vectors = np.zeros((len(documents), self.info.dim or 0), self.info.numbers)
        there = np.ones(len(documents), np.bool_)
        ids = [document.id for document in documents]
        refusals = []
        for place, document in enumerate(documents):
            vector = document.vectors.get(self._name)
            if vector is None or len(vector) != vectors.shape[1]:
                there[place] = False
                reason = f"has no vector of {vectors.shape[1]:,} numbers"
                refusals.append(Refusal(f"document {start + place:,}", ids[place], reason))
            else:
                vectors[place] = vector
        payloads = [dict(document.fields) or None for document in documents]
        rows = np.arange(start, start + len(documents))
        batch = SourceBatch(rows, ids, vectors, payloads, unit="document").take(there)
        batch.refusals = refusals
        return batch

    def _library(self, metric: str) -> Engine | None:  # noqa: ARG002 - of the collection
        """The collection itself."""
        return _Library(self._copy, self._name)

    def close(self) -> None:
        """Removes the copy, after readings that are under way."""
        super().close()
        self._copy = _Copy()


class _Copy:
    """A copy of a directory, opened; it is removed with its last reference."""

    def __init__(self, path: Path | None = None) -> None:
        self.collection: Any = None
        if path is None:
            return
        zvec = needed("zvec", "zvec", "reading collections of zvec")
        try:
            target = tempfile.mkdtemp(prefix="vdb-zvec-")
            weakref.finalize(self, shutil.rmtree, target, ignore_errors=True)
            shutil.copytree(path, target, dirs_exist_ok=True)
        except OSError as error:
            raise DiskError(f"{path} cannot be copied to be read: {error}") from error
        option = zvec.CollectionOption(read_only=True, enable_mmap=False)
        self.collection = zvec.open(target, option=option)


class _Library:
    """zvec itself."""

    exact = False

    def __init__(self, copy: _Copy, name: str) -> None:
        self.name = version_of("zvec")
        self._query = importlib.import_module("zvec").Query
        self._copy, self._field = copy, name

    def search(self, queries: NDArray[Any], k: int) -> Sequence[Answer]:
        """As `Engine.search`."""
        answers = []
        for query in queries:
            asked = self._query(field_name=self._field, vector=query.tolist())
            documents = list(self._copy.collection.query(asked, topk=k))
            answers.append(Answer([one.id for one in documents], [one.score for one in documents]))
        return answers


def _documents(path: Path, collection: Any, **options: Any) -> Iterator[Any]:
    try:
        with collection.iter_docs(**options) as documents:
            yield from documents
    except (RuntimeError, ValueError, KeyError, OSError) as error:
        raise _error(path, "the documents", error) from error


def _open(place: Place, vector: str | None = None, *, trial: bool = True) -> Source:
    path = place.require_directory(FORMAT.name)
    if not _looks_like(path):
        raise SourceError(
            f"{path}: the directory: has no collection of zvec",
            path=str(path),
            place="the directory",
        )
    if trial:
        needed("zvec", "zvec", "reading collections of zvec")
        require_survival(FORMAT.name, place, {"vector": vector})
    try:
        copy = _Copy(path)
        collection = copy.collection
        schema = collection.schema
        columns = {field.name: field.data_type.name for field in schema.fields}
        vectors = {one.name: one for one in schema.vectors}
        count = collection.stats.doc_count
    except (RuntimeError, ValueError, KeyError, OSError) as error:
        raise _error(path, "the collection", error) from error
    dense = {name: one for name, one in vectors.items() if one.data_type.name in _NUMBERS}
    if not dense:
        reason = f"has no vectors that vdb has; it has {', '.join(vectors) or 'none'}"
        raise _error(path, "the schema", reason)
    several = "the collection has several columns of vectors"
    chosen = dense[named_part("vector", several, vector, dense)]
    numbers = _NUMBERS[chosen.data_type.name]
    parameters = chosen.index_param
    metric = getattr(parameters, "metric_type", None)
    left = [name for name in vectors if name != chosen.name]
    notes = list(rounding_note(numbers))
    unit = getattr(metric, "name", "") == "COSINE"
    if unit:
        notes.append(
            "vectors lie at unit length beside their lengths: zvec gives those it was given to "
            "about 1e-7"
        )
    if left:
        notes.append(f"other vectors are left out: {', '.join(left)}")
    info = SourceInfo(
        format=FORMAT.name,
        version=f"collection {schema.name}, {chosen.name}",
        path=place.text,
        count=count,
        dim=chosen.dimension,
        numbers=numbers,
        dtype=dtype_for(numbers),
        metric=_METRICS.get(getattr(metric, "name", "")),
        metrics=tuple(_METRICS.values()),
        convention="zvec",
        ids="str",
        vectors="rounded" if unit else "exact",
        index=_index(parameters),
        fields=_fields(path, collection, columns),
        columns=columns,
        notes=tuple(notes),
    )
    return ZvecSource(info, path, copy, chosen.name)


def _fields(path: Path, collection: Any, columns: dict[str, str]) -> dict[str, str]:
    """Fields that a collection can declare; no long texts."""
    long = set()
    documents = _documents(path, collection, include_vector=False)
    for document in itertools.islice(documents, _FIRST):
        for name, value in document.fields.items():
            texts = value if isinstance(value, list) else [value]
            if any(isinstance(one, str) and len(one.encode()) > _KEYWORD_BYTES for one in texts):
                long.add(name)
    fields = {}
    for name, kind in columns.items():
        base = _FIELDS.get(kind.removeprefix(_LIST))
        if base is not None and name not in long:
            fields[name] = base + ("[]" if kind.startswith(_LIST) else "")
    return fields


def _index(parameters: Any) -> HNSW | None:
    return graph_index(*(getattr(parameters, name, None) for name in ("m", "ef_construction")))


def _error(path: Path, place: str, reason: object) -> SourceError:
    text = (str(reason).splitlines() or ["is damaged"])[0]
    return SourceError(f"{path}: {place}: {text}", path=str(path), place=place)


def _looks_like(path: Path) -> bool:
    try:
        kinds = {one.name.partition(".")[0] for one in path.iterdir() if "." in one.name}
    except OSError:
        return False
    return kinds.issuperset(_FILES)


FORMAT = SourceFormat(
    name="zvec",
    title="collections of zvec",
    kind="database",
    recognise=lambda place: place.directory is not None and _looks_like(place.directory),
    open=_open,
    options=(Option("vector", "the column of vectors, where there are several"), TRIAL),
    library="zvec",
    versions="zvec 0.8.0",
    holds="ids, vectors, fields, the metric, m, ef_construction",
    lacks="under COSINE, the last bit of vectors. Sparse vectors are not read. The directory is "
    "copied, since zvec writes to it",
    metric="in the schema",
)
