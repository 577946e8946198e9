"""The source of Chroma, its format, and Chroma itself for comparison."""

from __future__ import annotations

import importlib
import shutil
import tempfile
import weakref
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from vdb.model.config import HNSW
from vdb.sources.batch import Refusal, SourceBatch
from vdb.sources.databases.chroma.collection_row import METRICS, CollectionRow, chosen
from vdb.sources.databases.chroma.metadata import Metadata
from vdb.sources.databases.chroma.queue import Queue
from vdb.sources.databases.chroma.vector_segment import VectorSegment
from vdb.sources.engine import Answer, Engine
from vdb.sources.info import SourceInfo
from vdb.sources.reading.graph_parameters import graph_index
from vdb.sources.reading.libraries import version_of
from vdb.sources.reading.sqlite_file import SqliteFile
from vdb.sources.source import Source
from vdb.sources.source_format import Option, Place, SourceFormat

__all__ = ["FORMAT", "ChromaSource"]

_DATABASE: Final = "chroma.sqlite3"
_SAME: Final = 1e-5
"""Vectors of the queue and of the index are the same ones where they differ by less than this."""


class ChromaSource(Source):
    """One collection of a directory."""

    __slots__ = ("_file", "_metadata", "_row", "_segment")

    def __init__(
        self,
        info: SourceInfo,
        file: SqliteFile,
        row: CollectionRow,
        metadata: Metadata,
        segment: VectorSegment | None,
    ) -> None:
        super().__init__(info, file.close, *([] if segment is None else [segment.close]))
        self._file, self._row, self._metadata, self._segment = file, row, metadata, segment

    def _records(self, rows: int) -> Iterator[SourceBatch]:
        segment = self._segment
        labels: Mapping[str, int] = {} if segment is None else segment.labels
        queue = Queue(self._file, self._row.id, self._taken_in(), labels)
        start = 0
        part: list[tuple[int, str]] = []
        live = self._file.rows(
            "SELECT id, embedding_id FROM embeddings WHERE segment_id = ? ORDER BY id",
            [self._row.metadata_segment],
        )
        for number, record in live:
            if not isinstance(record, str):
                raise self._file.error(f"record {number}", f"has the id {record!r}")
            part.append((number, record))
            if len(part) == rows:
                yield self._batch(start, part, queue)
                start, part = start + len(part), []
        if part:
            yield self._batch(start, part, queue)

    def _batch(self, start: int, part: list[tuple[int, str]], queue: Queue) -> SourceBatch:
        ids = [record for _, record in part]
        vectors, there = self._vectors(ids, queue)
        payloads = self._metadata.payloads(part[0][0], part[-1][0])
        batch = SourceBatch(
            np.arange(start, start + len(part)),
            ids,
            vectors,
            [payloads.get(number) for number, _ in part],
            unit="record",
            numbers=np.array([number for number, _ in part], np.int64),
        )
        refusals = [
            Refusal(batch.place(place), ids[place], "has a vector nowhere")
            for place in np.flatnonzero(~there).tolist()
        ]
        batch = batch.take(there)
        batch.refusals = refusals
        return batch

    def _vectors(
        self, ids: Sequence[str], queue: Queue
    ) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Vectors (n, dim), and which of the records have one."""
        dim, segment = self._row.dim or 0, self._segment
        vectors = np.zeros((len(ids), dim), np.float32)
        there = np.zeros(len(ids), np.bool_)
        later = {place: queue.later[one] for place, one in enumerate(ids) if one in queue.later}
        stored = queue.vectors(list(later.values()), dim)
        for place, number in later.items():
            vectors[place], there[place] = stored[number], True
        if segment is None:
            return vectors, there
        saved = [
            place for place, one in enumerate(ids) if place not in later and one in segment.labels
        ]
        if saved:
            unit = self._row.metric == "cosine"
            chosen_ids = [ids[place] for place in saved]
            vectors[saved] = segment.vectors(chosen_ids, unit=unit)
            there[saved] = True
            if unit:
                self._restore(vectors, saved, ids, queue)
        return vectors, there

    def _restore(
        self,
        vectors: NDArray[np.float32],
        places: Sequence[int],
        ids: Sequence[str],
        queue: Queue,
    ) -> None:
        """Put the queue's own numbers where the index has them at unit length."""
        earlier = {
            place: queue.earlier[ids[place]] for place in places if ids[place] in queue.earlier
        }
        stored = queue.vectors(list(earlier.values()), vectors.shape[1])
        for place, number in earlier.items():
            own = stored[number]
            if np.allclose(own, vectors[place], rtol=_SAME, atol=_SAME * float(abs(own).max())):
                vectors[place] = own

    def _taken_in(self) -> int:
        """The last operation that the index has."""
        if self._segment is None:
            return 0
        row = self._file.one(
            "SELECT seq_id FROM max_seq_id WHERE segment_id = ?", [self._row.vector_segment]
        )
        number = 0 if row is None else row[0]
        if isinstance(number, bytes) and len(number) == 8:
            number = int.from_bytes(number, "big")
        if not isinstance(number, int):
            raise self._file.error("the index", f"has taken in operation {number!r}")
        return max(number, self._segment.taken_in)

    def _library(self, metric: str) -> Engine | None:  # noqa: ARG002 - of the directory
        """Chroma, on a copy of the directory, since opening may change it."""
        return _Library(self._file.path.parent, self._row)


class _Library:
    """Chroma itself."""

    exact = False

    def __init__(self, directory: Path, row: CollectionRow) -> None:
        chromadb = importlib.import_module("chromadb")
        self.name = version_of("chromadb")
        copy = tempfile.mkdtemp(prefix="vdb-chroma-")
        weakref.finalize(self, shutil.rmtree, copy, ignore_errors=True)
        shutil.copytree(directory, copy, dirs_exist_ok=True)
        client = chromadb.PersistentClient(
            copy,
            settings=chromadb.Settings(anonymized_telemetry=False),
            tenant=row.tenant,
            database=row.database,
        )
        self._collection = client.get_collection(row.name, embedding_function=None)

    def search(self, queries: NDArray[Any], k: int) -> Sequence[Answer]:
        """As `Engine.search`."""
        answer = self._collection.query(
            query_embeddings=queries.tolist(), n_results=k, include=["distances"]
        )
        return [
            Answer(ids, scores)
            for ids, scores in zip(answer["ids"], answer["distances"], strict=True)
        ]


def _open(place: Place, collection: str | None = None) -> Source:
    if place.directory is None:
        database = place.require_file(FORMAT.name)
    else:
        database = place.directory / _DATABASE
    file, directory = SqliteFile(database), database.parent
    row = chosen(file, collection)
    metadata = Metadata(file, row.metadata_segment)
    segment = None
    if VectorSegment.saved(directory / row.vector_segment):
        if row.dim is None:
            raise file.error(f"collection {row.name}", "has an index, and no dimension")
        segment = VectorSegment(directory / row.vector_segment, row.dim)
    count = file.one("SELECT COUNT(*) FROM embeddings WHERE segment_id = ?", [row.metadata_segment])
    unit = row.metric == "cosine" and segment is not None
    note = (
        "vectors of the index lie at unit length and are multiplied by their lengths: they are "
        "those given to about 1e-7 of their lengths"
    )
    info = SourceInfo(
        format=FORMAT.name,
        path=place.text,
        count=count[0] if count else 0,
        dim=row.dim,
        metric=row.metric,
        metrics=METRICS,
        convention="chroma",
        ids="str",
        vectors="rounded" if unit else "exact",
        index=_index(row),
        fields=metadata.fields,
        columns=metadata.columns,
        notes=(note,) if unit else (),
    )
    return ChromaSource(info, file, row, metadata, segment)


def _index(row: CollectionRow) -> HNSW | None:
    return graph_index(row.parameters.get("max_neighbors"), row.parameters.get("ef_construction"))


def _recognise(place: Place) -> bool:
    if place.file is not None:
        return place.file.name == _DATABASE
    return place.directory is not None and (place.directory / _DATABASE).is_file()


FORMAT = SourceFormat(
    name="chroma",
    title="directories of Chroma's PersistentClient",
    kind="database",
    recognise=_recognise,
    open=_open,
    options=(
        Option("collection", "the collection, by its name or its id, where there are several"),
    ),
    versions="Chroma 0.4.24 and 1.5.9; 0.6.3 by hand",
    holds="ids, vectors, metadata, documents, the metric, `max_neighbors`, `ef_construction`",
    lacks="under cosine, the last bit of vectors that have left the queue; the last digit of some "
    "floats of metadata, which Chroma itself gives so",
    metric="in the catalogue",
)
