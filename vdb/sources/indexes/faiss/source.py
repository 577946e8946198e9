"""The source of faiss, its format, and faiss itself for comparison."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from vdb.sources.batch import SourceBatch
from vdb.sources.engine import Answer, Engine
from vdb.sources.indexes.faiss.cursor import Cursor
from vdb.sources.indexes.faiss.layout import LETTERS, REFUSED, Layout, layout_at
from vdb.sources.info import SourceInfo
from vdb.sources.reading.beside_an_index import BesideIndex, beside_index
from vdb.sources.reading.byte_file import ByteFile
from vdb.sources.reading.libraries import version_of
from vdb.sources.source import Source
from vdb.sources.source_format import Place, SourceFormat

__all__ = ["FORMAT", "FaissSource"]

_NONE: Final = -1
"""The id that an answer is padded with."""


class FaissSource(Source):
    """One file."""

    __slots__ = ("_beside", "_file", "_index")

    def __init__(
        self, info: SourceInfo, file: ByteFile, index: Layout, beside: BesideIndex | None = None
    ) -> None:
        super().__init__(info, file.close)
        self._file, self._index, self._beside = file, index, beside

    def _records(self, rows: int) -> Iterator[SourceBatch]:
        batches = self._of_the_file(rows)
        yield from (
            batches if self._beside is None else self._beside.records(batches, self.info.dtype)
        )

    def _of_the_file(self, rows: int) -> Iterator[SourceBatch]:
        start = 0
        table = self._table()
        for internal, vectors in self._index.stored.parts(rows):
            numbers = np.arange(start, start + len(internal))
            start += len(internal)
            yield SourceBatch(numbers, self._ids(internal, table), vectors)

    def _table(self) -> NDArray[np.int64] | None:
        """The ids by internal ids."""
        place = self._index.ids
        if place is None:
            return None
        table = self._file.array_at(place.offset, "<i8", place.numbers, "the table of ids")
        return table.astype(np.int64, copy=False)

    def _ids(
        self, internal: NDArray[np.int64], table: NDArray[np.int64] | None
    ) -> NDArray[np.int64]:
        if table is None:
            return internal
        wrong = np.flatnonzero((internal < 0) | (internal >= len(table)))
        if len(wrong):
            raise self._file.error(
                "the lists", f"have the internal id {int(internal[wrong[0]])} of {len(table):,}"
            )
        return table[internal]

    def _library(self, metric: str) -> Engine | None:
        """faiss, with the file loaded."""
        # Where there are lines, its ids may be row numbers; its cosine needs queries of length 1.
        lines = self._beside is not None and self._beside.lines is not None
        # Transformed vectors may have other values of the metric than those that were given.
        others = not self._index.keeps_values or self._index.scans_tables
        return None if lines or others or metric == "cosine" else _Library(self._file, self._index)


class _Library:
    """faiss itself."""

    def __init__(self, file: ByteFile, index: Layout) -> None:
        faiss = importlib.import_module("faiss")
        self.name = version_of("faiss-cpu")
        self.exact = index.letters[-1] in ("IxFI", "IxF2", "IxFl", "IBxF") and all(
            one in ("IxMp", "IxM2", "IxPT", "IBMp", "IBM2") for one in index.letters[:-1]
        )
        self._binary = index.binary
        read = faiss.read_index_binary if index.binary else faiss.read_index
        self._index: Any = read(str(file.path))
        inner = self._index
        downcast = faiss.downcast_IndexBinary if index.binary else faiss.downcast_index
        while hasattr(inner, "index") and not hasattr(inner, "nprobe"):
            inner = downcast(inner.index)
        if hasattr(inner, "nprobe"):
            inner.nprobe = inner.nlist

    def search(self, queries: NDArray[Any], k: int) -> Sequence[Answer]:
        """As `Engine.search`, in all lists."""
        rows = queries if self._binary else queries.astype(np.float32)
        scores, ids = self._index.search(np.ascontiguousarray(rows), k)
        return [
            Answer(row[row != _NONE].tolist(), values[row != _NONE].tolist())
            for row, values in zip(ids, scores, strict=True)
        ]


def _open(place: Place) -> Source:
    file = ByteFile(place.require_file(FORMAT.name))
    cursor = Cursor(file)
    index = layout_at(cursor)
    if cursor.offset != file.size:
        raise file.error(
            "the end", f"of the index is at byte {cursor.offset:,}; the file has {file.size:,}"
        )
    notes = []
    if not index.exact and index.codec is not None:
        notes.append(f"vectors are decoded from {index.codec.name}: they are near those given")
    if not index.restores_exactly:
        notes.append("vectors were transformed and are turned back, which changes last bits")
    if index.scans_tables:
        notes.append("the scores of a fast scan are sums of rounded numbers, near those of vectors")
    if not index.keeps_values:
        notes.append(
            f"the index compares transformed vectors, whose {index.head.metric} is another than "
            "that of the vectors given"
        )
    names = [LETTERS[one] for one in index.letters]
    listed = any(one.startswith(("Iw", "IBw")) for one in index.letters)
    has_ids = index.ids is not None or (listed and "IxRF" not in index.letters)
    info = SourceInfo(
        format=FORMAT.name,
        version=" of ".join(names),
        path=place.text,
        count=index.head.count,
        dim=index.head.dim,
        numbers="bit" if index.binary else "float32",
        dtype="bit" if index.binary else "float32",
        metric=index.head.metric,
        convention="faiss",
        ids="int" if has_ids else "row",
        vectors=index.fidelity,
        index=index.index,
        notes=tuple(notes),
    )
    beside = beside_index(file.path)
    if beside is not None:
        info = beside.completed(info)
    return FaissSource(info, file, index, beside)


def _recognise(place: Place) -> bool:
    letters = place.head[:4].decode("latin-1")
    return place.file is not None and (letters in LETTERS or letters in REFUSED)


FORMAT = SourceFormat(
    name="faiss",
    title="indexes of faiss: Flat, SQ, PQ (fast scan too), HNSW, IVF, IDMap, RefineFlat, behind "
    "rotations (OPQ, PCA that keeps all dimensions), and binary ones; what vdb export writes "
    "beside them",
    kind="index",
    recognise=_recognise,
    open=_open,
    versions="faiss 1.15.1",
    holds="the metric, vectors or their codes, ids of IDMap and IVF, M and efConstruction",
    lacks="payloads, except beside files of vdb export; whether vectors under inner product were "
    "brought to unit length",
    metric="in the file",
)
