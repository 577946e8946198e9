"""Directories of qdrant-client's local mode (`QdrantClient(path=...)`).

meta.json has the collections: size and distance of each vector, parameters of the index.
collection/<name>/storage.sqlite has a table of points: the id as a pickle in base64, and a pickle
of a PointStruct, with vectors as they were given; under Cosine, changing a payload alone writes
the vector at unit length. Directories of a server have another form. Source: qdrant_client/local
of qdrant-client 1.20.0.
"""

from __future__ import annotations

import base64
import importlib
import json
import shutil
import tempfile
import weakref
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from vdb.errors import DiskError, InvalidArgumentError, SourceError
from vdb.model.config import HNSW
from vdb.model.records import Id
from vdb.sources.batch import Refusal, SourceBatch
from vdb.sources.engine import Answer, Engine
from vdb.sources.info import SourceInfo
from vdb.sources.reading.graph_parameters import graph_index
from vdb.sources.reading.libraries import version_of
from vdb.sources.reading.named_part import named_part
from vdb.sources.reading.plain_pickle import PlainObject, PlainPickleError, plain_values
from vdb.sources.reading.sqlite_file import SqliteFile
from vdb.sources.source import Source
from vdb.sources.source_format import Option, Place, SourceFormat

__all__ = ["FORMAT", "QdrantSource"]

_METRICS: Final = {"Cosine": "cosine", "Euclid": "l2", "Dot": "ip", "Manhattan": "l1"}
_MODELS: Final = "qdrant_client.http.models.models"
_ADMITTED: Final = frozenset([f"{_MODELS}.PointStruct", f"{_MODELS}.SparseVector"])
_MOST_META: Final = 64 << 20  # bytes
_EF_CONSTRUCT: Final = 100  # where only m was given


@dataclass(frozen=True, slots=True)
class _Vectors:
    """The vectors of one name.

    Attributes:
        name: "" for those without one.
        others: Names of vectors that are left out.
    """

    collection: str
    name: str
    dim: int
    metric: str
    index: HNSW | None
    others: tuple[str, ...]


class QdrantSource(Source):
    """One collection, and its vectors of one name."""

    __slots__ = ("_file", "_root", "_vectors")

    def __init__(self, info: SourceInfo, root: Path, file: SqliteFile, vectors: _Vectors) -> None:
        super().__init__(info, file.close)
        self._root, self._file, self._vectors = root, file, vectors

    def _records(self, rows: int) -> Iterator[SourceBatch]:
        part: list[tuple[Any, Any]] = []
        start = 0
        for row in self._file.rows("SELECT id, point FROM points ORDER BY rowid"):
            part.append((row[0], row[1]))
            if len(part) == rows:
                yield self._batch(start, part)
                start, part = start + len(part), []
        if part:
            yield self._batch(start, part)

    def _batch(self, start: int, part: Sequence[tuple[Any, Any]]) -> SourceBatch:
        ids: list[Id] = []
        payloads: list[Any] = []
        vectors = np.zeros((len(part), self._vectors.dim), np.float32)
        missing = np.zeros(len(part), np.bool_)
        good = np.ones(len(part), np.bool_)
        refusals = []
        for place, (text, data) in enumerate(part):
            where = f"point {start + place:,}"
            point = _fields_of(self._file, where, data)
            one = _id_of(self._file, where, text)
            ids.append(str(one) if self.info.ids == "str" else one)
            payloads.append(point.get("payload"))
            vector = point.get("vector")
            if isinstance(vector, dict):
                vector = vector.get(self._vectors.name)
            elif self._vectors.name:
                vector = None
            reason = None if _plain(payloads[-1]) else "has a payload that is not JSON"
            if vector is None:
                missing[place] = True
            elif not (isinstance(vector, list) and len(vector) == self._vectors.dim) or not all(
                type(number) in (int, float) for number in vector
            ):
                reason = f"has a vector that is not {self._vectors.dim:,} numbers"
            else:
                vectors[place] = vector
            if reason is not None:
                good[place] = False
                refusals.append(Refusal(where, ids[-1], reason))
        batch = SourceBatch(
            np.arange(start, start + len(part)),
            ids,
            vectors,
            payloads,
            missing if missing.any() else None,
            unit="point",
        )
        batch = batch.take(good)
        batch.refusals = refusals
        return batch

    def _library(self, metric: str) -> Engine | None:  # noqa: ARG002 - of the collection
        """qdrant-client, on a copy of the directory, which it locks."""
        return _Library(self._root, self._vectors, as_text=self.info.ids == "str")


class _Library:
    """qdrant-client itself, which compares all vectors."""

    exact = True

    def __init__(self, root: Path, vectors: _Vectors, *, as_text: bool) -> None:
        client = importlib.import_module("qdrant_client")
        self.name = version_of("qdrant-client")
        copy = tempfile.mkdtemp(prefix="vdb-qdrant-")
        weakref.finalize(self, shutil.rmtree, copy, ignore_errors=True)
        ignored = shutil.ignore_patterns(".lock")
        shutil.copytree(root, copy, dirs_exist_ok=True, ignore=ignored)
        self._client = client.QdrantClient(path=copy)
        self._vectors, self._as_text = vectors, as_text

    def search(self, queries: NDArray[Any], k: int) -> Sequence[Answer]:
        """As `Engine.search`."""
        answers = []
        for query in queries:
            points = self._client.query_points(
                self._vectors.collection,
                query=query.tolist(),
                using=self._vectors.name or None,
                limit=k,
                with_payload=False,
            ).points
            ids = [str(point.id) if self._as_text else point.id for point in points]
            answers.append(Answer(ids, [point.score for point in points]))
        return answers


def _fields_of(file: SqliteFile, where: str, data: Any) -> Mapping[str, Any]:
    """The fields of a point."""
    if not isinstance(data, bytes):
        raise file.error(where, "has no pickle")
    try:
        value = plain_values(data, _ADMITTED)
    except PlainPickleError as error:
        raise file.error(where, f"the pickle {error}") from error
    state = value.state if isinstance(value, PlainObject) else None
    fields = state.get("__dict__") if isinstance(state, dict) else None
    if not isinstance(fields, dict) or "vector" not in fields:
        raise file.error(where, "the pickle has no vector")
    return fields


def _id_of(file: SqliteFile, where: str, text: Any) -> Id:
    try:
        one = plain_values(base64.b64decode(text, validate=True))
    except (PlainPickleError, ValueError, TypeError) as error:
        raise file.error(where, f"has an id that cannot be read: {error}") from error
    if type(one) not in (int, str):
        raise file.error(where, f"has an id that is a {type(one).__name__}")
    result: Id = one
    return result


def _plain(value: Any) -> bool:
    """Whether a value is one of JSON."""
    if isinstance(value, dict):
        return all(isinstance(key, str) and _plain(one) for key, one in value.items())
    if isinstance(value, list):
        return all(map(_plain, value))
    return value is None or type(value) in (str, int, float, bool)


def _open(place: Place, collection: str | None = None, vector: str | None = None) -> Source:
    root = place.require_directory(FORMAT.name)
    collections, aliases = _catalogue(root / "meta.json")
    if collection in aliases:
        collection = aliases[collection]
    several = "the directory has several collections"
    name = named_part("collection", several, collection, collections)
    vectors = _vectors(root / "meta.json", name, collections[name], vector)
    if name in ("", ".", "..") or "/" in name or "\\" in name:
        raise _error(root / "meta.json", f"collection {name!r}", "has a name that is no folder's")
    file = SqliteFile(root / "collection" / name / "storage.sqlite")
    count, kinds = 0, set()
    for (text,) in file.rows("SELECT id FROM points"):
        kinds.add(type(_id_of(file, f"id {text!r:.60}", text)))
        count += 1
    notes = []
    if vectors.metric == "cosine":
        notes.append(
            "vectors of points whose payload was changed later may be at unit length: the client "
            "wrote them so"
        )
    if len(kinds) > 1:
        notes.append("ids are whole numbers and UUIDs: all are taken as texts")
    if vectors.others:
        notes.append(f"other vectors are left out: {', '.join(vectors.others)}")
    info = SourceInfo(
        format=FORMAT.name,
        version=f"collection {name}" + (f", vector {vectors.name}" if vectors.name else ""),
        path=place.text,
        count=count,
        dim=vectors.dim,
        metric=vectors.metric,
        convention="qdrant",
        ids="str" if str in kinds else "int",
        index=vectors.index,
        optional_vectors=bool(vectors.name),
        notes=tuple(notes),
    )
    return QdrantSource(info, root, file, vectors)


def _catalogue(path: Path) -> tuple[dict[str, Any], dict[str, str]]:
    """The collections, and aliases of them."""
    try:
        with path.open("rb") as file:
            text = file.read(_MOST_META)
        value = json.loads(text)
        collections, aliases = dict(value["collections"]), dict(value.get("aliases") or {})
    except OSError as error:
        raise DiskError(f"{path} cannot be read: {error.strerror or error}") from error
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise _error(path, "the catalogue", f"is damaged: {error!r}") from error
    if not collections:
        raise _error(path, "the catalogue", "has no collection")
    return collections, aliases


def _vectors(path: Path, collection: str, config: Any, vector: str | None) -> _Vectors:
    where = f"collection {collection}"
    try:
        dense = config["vectors"] or {}
        named = {"": dense} if "size" in dense else dict(dense)
        sparse = tuple(config.get("sparse_vectors") or ())
        if not named:
            raise _error(path, where, "has sparse vectors alone, which vdb does not have")
        if vector in sparse:
            raise _error(path, where, f"has sparse vectors {vector!r}, which vdb does not have")
        choices = [name for name, row in named.items() if not row.get("multivector_config")]
        several = f"{where} has vectors of several names"
        if vector is None and not choices:
            raise _error(path, where, "has several vectors a point alone, which vdb does not have")
        name = named_part("vector", several, vector, named if vector is not None else choices)
        row = named[name]
        if row.get("multivector_config"):
            raise _error(path, where, f"has several vectors {name!r} a point; vdb has one")
        graph = (row.get("hnsw_config") or {}), (config.get("hnsw_config") or {})
        M, ef = (graph[0].get(key) or graph[1].get(key) for key in ("m", "ef_construct"))
        index = graph_index(M, ef or _EF_CONSTRUCT)
        dim, metric = row["size"], _METRICS[row["distance"]]
        if type(dim) is not int or not 0 < dim < 1 << 20:
            raise _error(path, where, f"says that it has {dim!r} dimensions")
    except (TypeError, KeyError, AttributeError, ValueError) as error:
        if isinstance(error, SourceError | InvalidArgumentError):
            raise
        raise _error(path, where, f"is damaged: {error!r}") from error
    others = tuple(one for one in (*named, *sparse) if one != name)
    return _Vectors(collection, name, dim, metric, index, others)


def _error(path: Path, place: str, reason: str) -> SourceError:
    return SourceError(f"{path}: {place}: {reason}", path=str(path), place=place)


def _recognise(place: Place) -> bool:
    root = place.directory
    return root is not None and (root / "meta.json").is_file() and (root / "collection").is_dir()


FORMAT = SourceFormat(
    name="qdrant",
    title="directories of qdrant-client's local mode",
    kind="database",
    recognise=_recognise,
    open=_open,
    options=(
        Option("collection", "the collection or an alias of it, where there are several"),
        Option("vector", "the name of the vectors, where points have several"),
    ),
    versions="qdrant-client 1.20.0",
    holds="ids, vectors, payloads, the distance, m and ef_construct of a vector's own settings",
    lacks="under Cosine, the lengths of vectors whose payload was changed later; parameters of a "
    "whole collection. Sparse vectors and several vectors a point are not read",
    metric="in the catalogue",
)
