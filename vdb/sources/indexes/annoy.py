"""Indexes of Annoy, as `AnnoyIndex.save` writes them.

A file is nodes of one width and nothing else: first the items by their ids, then the trees, and
their roots once more. Little-endian, a node has an int32 count of descendants, 1 for an item and 0
for an id that was never added, then by the metric:

- angular: float32 squared length, int32 0; the vector at byte 12.
- euclidean, manhattan: float32, two int32 of 0; the vector at byte 16.
- dot: two int32 of 0, a float32 that the trees need; the vector at byte 16.
- hamming: two int32 of 0; at byte 16 u64s of bits, the first one lowest.

The descendants of the last node, a root, are all items. Source: annoylib.h of Annoy 1.17.3.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from vdb.sources.batch import SourceBatch
from vdb.sources.engine import Answer, Engine
from vdb.sources.info import SourceInfo
from vdb.sources.reading.byte_file import ByteFile
from vdb.sources.reading.libraries import version_of
from vdb.sources.source import Source
from vdb.sources.source_format import Option, Place, SourceFormat

__all__ = ["FORMAT", "AnnoySource"]

_COUNT: Final = 4
_PART: Final = 65_536
_LARGEST: Final = float(np.finfo(np.float32).max)


class _Kind(NamedTuple):
    """A metric of Annoy: where the vector of a node begins, and which bytes of an item are 0."""

    name: str
    vector: int
    zeros: slice


_KINDS: Final = {
    "cosine": _Kind("angular", 12, slice(8, 12)),
    "l2": _Kind("euclidean", 16, slice(8, 16)),
    "l1": _Kind("manhattan", 16, slice(8, 16)),
    "ip": _Kind("dot", 16, slice(4, 12)),
    "hamming": _Kind("hamming", 16, slice(4, 12)),
}
_REVERSED: Final = np.packbits(np.unpackbits(np.arange(256, dtype=np.uint8), bitorder="little"))
"""Each byte with its bits in the other order: Annoy's first bit is the lowest, numpy's highest."""


class AnnoySource(Source):
    """One file."""

    __slots__ = ("_columns", "_file", "_items", "_metric", "_width")

    def __init__(  # noqa: PLR0917 - a file and its layout
        self, info: SourceInfo, file: ByteFile, metric: str, items: int, columns: int, width: int
    ) -> None:
        """`columns`: numbers of a vector; `width`: bytes of a node."""
        super().__init__(info, file.close)
        self._file, self._metric = file, metric
        self._items, self._columns, self._width = items, columns, width

    def _records(self, rows: int) -> Iterator[SourceBatch]:
        nodes = self._file.parts(0, np.uint8, self._items, self._width, rows, "the items")
        for start, part in nodes:
            counts = part[:, :_COUNT].copy().view("<i4")[:, 0]
            self._require(start, counts, (counts == 0) | (counts == 1), "descendants")
            there = counts == 1
            numbers = np.arange(start, start + len(part))[there]
            yield SourceBatch(numbers, numbers, self._vectors(numbers, part[there]))

    def _vectors(self, numbers: NDArray[np.int64], nodes: NDArray[np.uint8]) -> NDArray[Any]:
        """The vectors of items, whose other bytes must be those of the metric."""
        kind = _KINDS[self._metric]
        self._require(numbers, nodes, ~nodes[:, kind.zeros].any(axis=1), "other numbers")
        stored = np.ascontiguousarray(nodes[:, kind.vector :])
        if self._metric == "hamming":
            padding = np.unpackbits(stored, axis=1, bitorder="little")[:, self._columns :]
            self._require(numbers, nodes, ~padding.any(axis=1), "bits behind the last one")
            return _REVERSED[stored[:, : -(-self._columns // 8)]]
        vectors = stored.view("<f4")
        if self._metric == "cosine":
            with np.errstate(all="ignore"):
                said = nodes[:, 4:8].copy().view("<f4")[:, 0].astype(np.float64)
                lengths = np.square(vectors, dtype=np.float64).sum(axis=1)
                sound = np.abs(said - lengths) <= 1e-3 * lengths
                sound |= ~(lengths < _LARGEST)  # float32 has no such length
            self._require(numbers, nodes, sound, "a length that is not the vector's")
        return vectors

    def _require(self, numbers: Any, nodes: Any, sound: Any, what: str) -> None:
        """Refuse nodes that no item of this metric and dimension has."""
        if sound.all():
            return
        row = int(np.flatnonzero(~sound)[0])
        number = int(numbers[row]) if isinstance(numbers, np.ndarray) else numbers + row
        detail = f"{int(nodes[row]):,} {what}" if nodes.ndim == 1 else what
        raise self._file.error(
            f"item {number:,}",
            f"has {detail}: the file is damaged, or not one of {self._columns:,} dimensions for "
            f"{_KINDS[self._metric].name}",
        )

    def _library(self, metric: str) -> Engine | None:  # noqa: ARG002 - of the file
        """Annoy, with the file loaded."""
        return _Library(self._file.path, self._columns, self._metric)


class _Library:
    """Annoy itself, with the file loaded."""

    exact = False

    def __init__(self, path: Path, dim: int, metric: str) -> None:
        annoy = importlib.import_module("annoy")
        self.name = version_of("annoy")
        self._index = annoy.AnnoyIndex(dim, _KINDS[metric].name)
        self._index.load(str(path))
        self._dim, self._bits = dim, metric == "hamming"

    def search(self, queries: NDArray[Any], k: int) -> Sequence[Answer]:
        """As `Engine.search`, looking at a hundred candidates a neighbour."""
        if self._bits:
            queries = np.unpackbits(queries.view(np.uint8), axis=1)[:, : self._dim]
        answers = [
            self._index.get_nns_by_vector(
                query.tolist(), k, search_k=max(1_000, 100 * k), include_distances=True
            )
            for query in queries
        ]
        return [Answer(ids, distances) for ids, distances in answers]


def _open(place: Place, metric: str | None = None, dim: int | None = None) -> Source:
    path = place.require_file(FORMAT.name)
    if not dim:
        raise FORMAT.needs("dim", "a file of Annoy does not say how many numbers a vector has")
    if metric is None:
        raise FORMAT.needs("metric", "a file of Annoy does not say its metric")
    file = ByteFile(path)
    kind = _KINDS[metric]
    width = kind.vector + (8 * -(-dim // 64) if metric == "hamming" else 4 * dim)
    info = SourceInfo(
        format=FORMAT.name,
        version=f"AnnoyIndex {kind.name}",
        path=place.text,
        count=None,
        dim=8 * -(-dim // 8) if metric == "hamming" else dim,
        numbers="bit" if metric == "hamming" else "float32",
        dtype="bit" if metric == "hamming" else "float32",
        metric=metric,
        convention="annoy",
        ids="int",
        notes=(f"vectors of {dim:,} bits are padded to whole bytes",)
        if metric == "hamming" and dim % 8
        else (),
    )
    return AnnoySource(info, file, metric, _items(file, width, dim, kind.name), dim, width)


def _items(file: ByteFile, width: int, dim: int, name: str) -> int:
    """Items and gaps of the file, which are the first nodes.

    Raises:
        SourceError: No index of such nodes looks so.
    """
    nodes, rest = divmod(file.size, width)
    what = f"nodes of {width:,} bytes, as {dim:,} dimensions for {name} need"
    if rest or not nodes:
        raise file.error("the file", f"has {file.size:,} bytes, no whole number of {what}")
    items: int = file.numbers_at((nodes - 1) * width, "<i", "the last root")[0]
    if not 0 < items < nodes:
        raise file.error("the last root", f"says {items:,} items of {nodes:,} {what}")
    for start, part in file.parts(
        items * width, np.uint8, nodes - items, width, _PART, "the trees"
    ):
        counts = part[:, :_COUNT].copy().view("<i4")[:, 0]
        # A root of one item has its number, 0, behind its count, and nothing else.
        sound = (counts <= items) & (counts > 1) if items > 1 else ~part[:, _COUNT:].any(axis=1)
        wrong = np.flatnonzero(~sound)
        if len(wrong):
            row = int(wrong[0])
            raise file.error(
                f"node {items + start + row:,}",
                f"of the trees has {int(counts[row]):,} descendants of {items:,}: the file is cut "
                f"short, or has no {what}",
            )
    return items


FORMAT = SourceFormat(
    name="annoy",
    title="indexes of Annoy",
    kind="index",
    recognise=lambda place: place.file is not None and place.suffix in (".ann", ".annoy"),
    open=_open,
    options=(
        Option("dim", "numbers of a vector", kind="int"),
        Option("metric", "the metric of the index", kind="metric", choices=tuple(_KINDS)),
    ),
    versions="Annoy 1.17.3",
    holds="ids and vectors, as they were given",
    lacks="the metric, the dimension; of euclidean, manhattan and dot files none shows which it is",
    metric="asked, with dim",
)
