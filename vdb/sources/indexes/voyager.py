"""Indexes of Voyager, as `Index.save` writes them.

Little-endian: "VOYA", int32 1, int32 dimensions, a byte for the space and one for the numbers,
float32 longest length, a byte for whether that is used; at byte 19 a graph as hnswlib lays it out.
Under InnerProduct a vector has one number more, which is the library's own. Float8 is a number
times 127, cut to whole numbers. E4M3 has its sign in the lowest bit, then four of the exponent and
three of the mantissa, and below the smallest exponent multiples of 2**-10.
Source: TypedIndex.h and E4M3.h of Voyager 2.2.3.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from vdb.sources.batch import SourceBatch
from vdb.sources.engine import Answer, Engine
from vdb.sources.info import Fidelity, SourceInfo
from vdb.sources.reading.byte_file import ByteFile
from vdb.sources.reading.hnswlib_records import (
    RecordLayout,
    graph_layout,
    live_records,
    record_parts,
)
from vdb.sources.reading.libraries import version_of
from vdb.sources.reading.number_types import signed_or_large
from vdb.sources.source import Source
from vdb.sources.source_format import Place, SourceFormat

__all__ = ["FORMAT", "VoyagerSource"]

_HEAD: Final = "<4s2i2BfB"
_GRAPH: Final = 19
_SPACES: Final = {0: ("Euclidean", "l2"), 1: ("InnerProduct", "ip"), 2: ("Cosine", "cosine")}
_NUMBERS: Final = {32: ("Float32", 4), 16: ("Float8", 1), 48: ("E4M3", 1)}


def _e4m3() -> NDArray[np.float32]:
    codes = np.arange(256)
    exponents, mantissas = codes >> 1 & 15, codes >> 5
    values = np.where(exponents, (8.0 + mantissas) * 2.0 ** (exponents - 10), mantissas * 2.0**-10)
    values[codes >> 1 == 127] = np.nan
    return np.where(codes & 1, -values, values).astype(np.float32)


_E4M3: Final = _e4m3()


class VoyagerSource(Source):
    """One file."""

    __slots__ = ("_file", "_layout_of_records", "_numbers")

    def __init__(
        self, info: SourceInfo, file: ByteFile, layout: RecordLayout, numbers: str
    ) -> None:
        super().__init__(info, file.close)
        self._file, self._layout_of_records, self._numbers = file, layout, numbers

    def _records(self, rows: int) -> Iterator[SourceBatch]:
        for part in record_parts(self._file, self._layout_of_records, rows):
            if part.deleted.any():
                self.skipped["deleted"] += int(part.deleted.sum())
            vectors = self._decoded(part.vectors)[:, : self.info.dim]
            batch = SourceBatch(part.rows, signed_or_large(part.labels), vectors)
            yield batch.take(~part.deleted)

    def _decoded(self, stored: NDArray[np.uint8]) -> NDArray[np.float32]:
        if self._numbers == "Float32":
            return stored.view("<f4")
        if self._numbers == "E4M3":
            return _E4M3[stored]
        return stored.view(np.int8).astype(np.float32) * np.float32(1 / 127)

    def _library(self, metric: str) -> Engine | None:
        """Voyager, with the file loaded.

        None for codes under Cosine: there a query is brought to unit length before it becomes
        codes, so that a vector that was decoded is another query than the vector itself.
        """
        if metric == "cosine" and self._numbers != "Float32":
            return None
        live = live_records(self._file, self._layout_of_records, self.part_rows)
        return _Library(self._file.path, self._numbers, live)


class _Library:
    """Voyager itself, with the file loaded."""

    exact = False

    def __init__(self, path: Path, numbers: str, live: int) -> None:
        voyager = importlib.import_module("voyager")
        self.name = version_of("voyager")
        self._index = voyager.Index.load(str(path))
        self._numbers, self._live = numbers, live

    def search(self, queries: NDArray[Any], k: int) -> Sequence[Answer]:
        """As `Engine.search`, with ef 200 or more; Voyager refuses more than there are."""
        k = min(k, self._live)
        if self._numbers == "Float8":  # it cuts: half a step more gives the same codes
            queries = np.clip(queries + np.sign(queries) * np.float32(0.5 / 127), -1, 1)
        labels, distances = self._index.query(queries, k, query_ef=max(k, 200))
        return [Answer(ids.tolist(), values) for ids, values in zip(labels, distances, strict=True)]


def _open(place: Place) -> Source:
    file = ByteFile(place.require_file(FORMAT.name))
    letters, version, dim, space, storage, _, _ = file.numbers_at(0, _HEAD, "the head")
    if letters != b"VOYA" or version != 1:
        raise file.error("the head", "is not that of an index of Voyager of version 1")
    if space not in _SPACES or storage not in _NUMBERS or dim <= 0:
        raise file.error(
            "the head", f"says space {space}, numbers of type {storage}, {dim:,} dimensions"
        )
    name, metric = _SPACES[space]
    numbers, width = _NUMBERS[storage]
    layout = graph_layout(file, _GRAPH)
    columns = dim + (metric == "ip")
    if layout is None or layout.label - layout.vector != columns * width:
        raise file.error(
            "the head of the graph",
            f"is not that of vectors of {columns:,} numbers of {width} bytes",
        )
    fidelity: Fidelity = "normalized" if metric == "cosine" else "exact"
    info = SourceInfo(
        format=FORMAT.name,
        version=f"{name}, {numbers}",
        path=place.text,
        count=None,
        deleted=None,
        dim=dim,
        metric=metric,
        convention="voyager",
        ids="int",
        vectors=fidelity if width == 4 else "quantized",
        index=layout.index,
        notes=tuple(_notes(metric, numbers)),
    )
    return VoyagerSource(info, file, layout, numbers)


def _notes(metric: str, numbers: str) -> Iterator[str]:
    if metric == "cosine":
        yield "vectors were brought to unit length when they were added"
    if numbers != "Float32":
        yield f"vectors are decoded from {numbers}: they are near those given"
    if metric == "cosine" and numbers != "Float32":
        yield "decoded vectors are near unit length, which Voyager's distances take for unit length"


FORMAT = SourceFormat(
    name="voyager",
    title="indexes of Voyager",
    kind="index",
    recognise=lambda place: place.file is not None and place.head[:8] == b"VOYA\1\0\0\0",
    open=_open,
    versions="Voyager 2.2.3",
    holds="the space, labels, vectors as Float32, Float8 or E4M3, marks of deletion, M, "
    "ef_construction",
    lacks="under Cosine, the lengths of the vectors; what Float8 and E4M3 rounded off",
    metric="in the file",
)
