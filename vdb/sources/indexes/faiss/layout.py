"""Which parts an index of faiss has, from its four letters on.

The head of an index: i32 dimension, i64 count, two i64 that say nothing, a byte "is trained", i32
metric, and f32 its argument where the metric is greater than 1. Of a binary index: i32 dimension,
i32 bytes of a code, i64 count, a byte, i32 metric. Source: faiss/impl/index_write.cpp and
index_read.cpp of faiss 1.15.1.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from vdb.model.config import Flat, IndexConfig
from vdb.sources.indexes.faiss.codecs import Codec, ProductQuantizer, ScalarQuantizer
from vdb.sources.indexes.faiss.cursor import Cursor, Region
from vdb.sources.indexes.faiss.fast_scan import packed_lists_at, packed_rows_at
from vdb.sources.indexes.faiss.list_places import list_places
from vdb.sources.indexes.faiss.stored import Codes, Lists, Matrix, Stored
from vdb.sources.indexes.faiss.transforms import Restored, Transform, transforms_at
from vdb.sources.info import Fidelity
from vdb.sources.reading.graph_parameters import graph_index

__all__ = ["LETTERS", "REFUSED", "Layout", "layout_at"]

_METRICS: Final = {0: "ip", 1: "l2", 2: "l1"}
_DEEPEST = 8  # an index inside an index inside an index ...
_MOST_LISTS = 1 << 26
_BLOCK = 1 << 16  # centroids that are read at once

LETTERS: Final = {
    "IxFI": "IndexFlatIP",
    "IxF2": "IndexFlatL2",
    "IxFl": "IndexFlat",
    "IxSQ": "IndexScalarQuantizer",
    "IxPq": "IndexPQ",
    "IHNf": "IndexHNSWFlat",
    "IHNs": "IndexHNSWSQ",
    "IHNp": "IndexHNSWPQ",
    "IwFl": "IndexIVFFlat",
    "IwSq": "IndexIVFScalarQuantizer",
    "IwPQ": "IndexIVFPQ",
    "IxMp": "IndexIDMap",
    "IxM2": "IndexIDMap2",
    "IxRF": "IndexRefineFlat",
    "IxPT": "IndexPreTransform",
    "IPfs": "IndexPQFastScan",
    "IwPf": "IndexIVFPQFastScan",
    "IBxF": "IndexBinaryFlat",
    "IBHf": "IndexBinaryHNSW",
    "IBwF": "IndexBinaryIVF",
    "IBMp": "IndexBinaryIDMap",
    "IBM2": "IndexBinaryIDMap2",
}
"""The indexes that are read."""

REFUSED: Final = {
    "Ixrq": "it has one bit a number (RaBitQ)",
    "Ixrr": "it has a few bits a number (RaBitQ)",
    "Irfn": "it has packed codes of RaBitQ",
    "IHN2": "its vectors are codes of two levels",
    "IxRe": "it has codes of a residual quantizer",
    "IxLS": "it has codes of a local search quantizer",
    "IxHE": "it has hash codes of vectors",
    "IxHe": "it has hash codes of vectors",
}
"""Those that are known, and whose vectors cannot be had back."""


@dataclass(frozen=True, slots=True)
class Head:
    """What every index begins with."""

    dim: int
    count: int
    metric: str
    columns: int  # numbers of a stored row: floats, or bytes of bits


@dataclass(frozen=True, slots=True)
class Layout:
    """An index.

    Attributes:
        letters: The outermost four letters, and those inside it.
        head: Its head.
        stored: Its vectors.
        codec: What they are coded by; None for the numbers themselves.
        index: Its parameters as a collection can have them.
        ids: Where the table of ids lies; None where internal ids are ids.
        transforms: What was done to the vectors before they were stored, and is undone.
    """

    letters: tuple[str, ...]
    head: Head
    stored: Stored
    codec: Codec | None = None
    index: IndexConfig | None = None
    ids: Region | None = None
    transforms: tuple[Transform, ...] = ()

    @property
    def binary(self) -> bool:
        """Whether vectors are bits."""
        return self.letters[0].startswith("IB")

    @property
    def exact(self) -> bool:
        """Whether the vectors are what was given."""
        return self.codec is None or (isinstance(self.codec, ScalarQuantizer) and self.codec.exact)

    @property
    def restores_exactly(self) -> bool:
        """Whether the transforms are undone to the last bit."""
        return all(one.is_exact for one in self.transforms)

    @property
    def fidelity(self) -> Fidelity:
        """As `SourceInfo.vectors`."""
        if not self.exact:
            return "quantized"
        return "exact" if self.restores_exactly else "rounded"

    @property
    def scans_tables(self) -> bool:
        """Whether its scores are sums of table entries that were rounded to 8 bits."""
        return "IxRF" not in self.letters and not {"IPfs", "IwPf"}.isdisjoint(self.letters)

    @property
    def keeps_values(self) -> bool:
        """Whether the transforms leave the values of the metric as they are."""
        return all(one.keeps(self.head.metric) for one in self.transforms)


def layout_at(cursor: Cursor, depth: int = 0) -> Layout:
    """The index that begins here; the cursor is left behind it.

    Raises:
        SourceError: It is none, one that cannot be read as vectors, or damaged.
    """
    letters = cursor.letters()
    if letters not in LETTERS:
        reason = REFUSED.get(letters, "is no index that is known")
        raise cursor.error(f"the index {letters!r}", f"cannot be read as vectors: {reason}")
    if depth > _DEEPEST:
        raise cursor.error(f"the index {letters!r}", "lies inside too many others")
    head = _binary_head(cursor) if letters.startswith("IB") else _head(cursor)
    if letters in ("IxFI", "IxF2", "IxFl", "IBxF", "IxSQ", "IxPq", "IPfs"):
        return _rows(cursor, letters, head)
    if letters.startswith("IH") or letters == "IBHf":
        return _graph(cursor, letters, head, depth)
    if letters.startswith("Iw") or letters == "IBwF":
        return _inverted(cursor, letters, head, depth)
    if letters == "IxPT":
        return _transformed(cursor, letters, head, depth)
    inner = layout_at(cursor, depth + 1)
    if letters == "IxRF":
        return _refined(cursor, letters, inner, depth)
    ids = cursor.region(8, "the table of ids")
    if ids.numbers != inner.head.count or inner.ids is not None:
        raise cursor.error("the table of ids", f"has {ids.numbers:,} for {inner.head.count:,}")
    return replace(inner, letters=(letters, *inner.letters), ids=ids)


def _head(cursor: Cursor) -> Head:
    dim = cursor.number("i", "the dimension")
    count = cursor.number("q", "the count")
    cursor.number("q", "the head")
    cursor.number("q", "the head")
    cursor.number("?", "the head")
    number = cursor.number("i", "the metric")
    if number > 1:
        cursor.number("f", "the argument of the metric")
    if dim <= 0 or count < 0:
        raise cursor.error("the head", f"says {count:,} vectors of {dim:,} dimensions")
    if number not in _METRICS:
        raise cursor.error("the metric", f"is number {number}, which vdb does not have")
    return Head(dim, count, _METRICS[number], dim)


def _binary_head(cursor: Cursor) -> Head:
    dim = cursor.number("i", "the dimension")
    size = cursor.number("i", "the size of a code")
    count = cursor.number("q", "the count")
    cursor.number("?", "the head")
    cursor.number("i", "the metric")
    if dim <= 0 or count < 0 or size * 8 != dim:
        raise cursor.error("the head", f"says {count:,} vectors of {dim:,} bits in {size:,} bytes")
    return Head(dim, count, "hamming", size)


def _rows(cursor: Cursor, letters: str, head: Head) -> Layout:
    """Vectors or their codes, row after row."""
    if letters == "IxSQ":
        codec: Codec = ScalarQuantizer(cursor, head.dim)
        return Layout((letters,), head, _codes(cursor, head, codec), codec, Flat())
    if letters == "IPfs":
        packed = ProductQuantizer(cursor, head.dim)
        return Layout((letters,), head, packed_rows_at(cursor, packed, head.count), packed, Flat())
    if letters == "IxPq":
        codec = ProductQuantizer(cursor, head.dim)
        stored = _codes(cursor, head, codec)
        for form, what in (("i", "search type"), ("?", "signs"), ("i", "threshold")):
            cursor.number(form, f"the {what} of the index")
        return Layout((letters,), head, stored, codec, Flat())
    return Layout((letters,), head, _matrix(cursor, head), index=Flat())


def _matrix(cursor: Cursor, head: Head) -> Matrix:
    kind = "u1" if head.metric == "hamming" else "<f4"
    place = cursor.region(1 if kind == "u1" else 4, "the vectors")
    if place.numbers != head.count * head.columns:
        raise cursor.error(
            "the vectors",
            f"are {place.numbers:,} numbers, not {head.count:,} times {head.columns:,}",
        )
    return Matrix(cursor.file, place, head.count, head.columns, kind)


def _codes(cursor: Cursor, head: Head, codec: Codec) -> Codes:
    place = cursor.region(1, "the codes")
    if place.numbers != head.count * codec.code_size:
        raise cursor.error(
            "the codes",
            f"are {place.numbers:,} bytes, not {head.count:,} times {codec.code_size:,}",
        )
    return Codes(Matrix(cursor.file, place, head.count, codec.code_size, "u1"), codec)


def _graph(cursor: Cursor, letters: str, head: Head, depth: int) -> Layout:
    cursor.region(8, "the probabilities of levels")
    links = cursor.array("<i4", "the numbers of links")
    cursor.region(4, "the levels")
    cursor.region(8, "the offsets of links")
    cursor.region(4, "the links")
    for what in ("entry point", "highest level"):
        cursor.number("i", f"the {what}")
    ef_construction = cursor.number("i", "efConstruction")
    cursor.number("i", "efSearch")
    cursor.number("i", "the upper beam")
    inner = layout_at(cursor, depth + 1)
    if (inner.head.count, inner.head.dim) != (head.count, head.dim):
        raise cursor.error("the graph", f"is of {head.count:,} vectors, not {inner.head.count:,}")
    M = int(links[2]) - int(links[1]) if len(links) > 2 else 0
    index = graph_index(M, ef_construction)
    return replace(inner, letters=(letters, *inner.letters), head=head, index=index)


def _inverted(cursor: Cursor, letters: str, head: Head, depth: int) -> Layout:
    lists = cursor.size(_MOST_LISTS, "the number of lists")
    cursor.number("Q", "the number of lists that are searched")
    quantizer = layout_at(cursor, depth + 1)
    kind = cursor.file.bytes_at(cursor.offset, 1, "the direct map")
    cursor.offset += 1
    cursor.region(8, "the direct map")
    if kind == b"\2":  # a hash table: pairs
        cursor.region(16, "the direct map")
    if letters == "IwPf":
        return _packed(cursor, letters, head, quantizer, lists)
    codec: Codec | None = None
    residual = False
    width, number = head.columns * (1 if letters == "IBwF" else 4), "u1"
    if letters == "IwFl":
        number = "<f4"
    elif letters == "IwSq":
        codec = ScalarQuantizer(cursor, head.dim)
        width = cursor.size(1 << 34, "the size of a code")
        residual = cursor.number("?", "whether codes are residuals")
    elif letters == "IwPQ":
        residual = cursor.number("?", "whether codes are residuals")
        width = cursor.size(1 << 34, "the size of a code")
        codec = ProductQuantizer(cursor, head.dim)
    if codec is not None and codec.code_size != width:
        raise cursor.error("the codes", f"have {width:,} bytes, not {codec.code_size:,}")
    centroids = _centroids(cursor, quantizer, lists) if residual else None
    places = list_places(cursor, lists, width, head.count)
    stored = Lists(cursor.file, places, width, number, codec, centroids)
    return Layout((letters, *quantizer.letters), head, stored, codec)


def _packed(cursor: Cursor, letters: str, head: Head, quantizer: Layout, lists: int) -> Layout:
    """Inverted lists of codes that were packed for fast scans."""
    residual = cursor.number("?", "whether codes are residuals")
    cursor.number("Q", "the size of a code")
    cursor.number("i", "the size of a block")
    cursor.number("Q", "the padded parts")
    cursor.number("i", "the implementation")
    cursor.number("Q", "the queries of a block")
    codec = ProductQuantizer(cursor, head.dim)
    centroids = _centroids(cursor, quantizer, lists) if residual else None
    stored = packed_lists_at(cursor, codec, lists, head.count, centroids)
    return Layout((letters, *quantizer.letters), head, stored, codec)


def _centroids(cursor: Cursor, quantizer: Layout, lists: int) -> NDArray[np.float32]:
    parts = [vectors for _, vectors in quantizer.stored.parts(_BLOCK)]
    if quantizer.head.count != lists or not quantizer.exact:
        raise cursor.error("the centroids", f"are {quantizer.head.count:,} for {lists:,} lists")
    return np.concatenate([np.empty((0, quantizer.head.dim), np.float32), *parts])


def _refined(cursor: Cursor, letters: str, inner: Layout, depth: int) -> Layout:
    """The vectors of the second index, and the parameters of the first."""
    refined = layout_at(cursor, depth + 1)
    cursor.number("f", "the factor of the refinement")
    if (refined.head.count, refined.head.dim) != (inner.head.count, inner.head.dim):
        raise cursor.error("the refinement", f"has {refined.head.count:,} vectors")
    return replace(refined, letters=(letters, *inner.letters, *refined.letters), index=inner.index)


def _transformed(cursor: Cursor, letters: str, head: Head, depth: int) -> Layout:
    """The vectors of an index inside, as they were before they were transformed."""
    transforms = transforms_at(cursor, head.dim)
    inner = layout_at(cursor, depth + 1)
    dim = transforms[-1].after if transforms else head.dim
    if (inner.head.count, inner.head.dim) != (head.count, dim) or inner.binary:
        raise cursor.error("the transforms", f"lead to {dim:,} dimensions, not {inner.head.dim:,}")
    return replace(
        inner,
        letters=(letters, *inner.letters),
        head=head,
        stored=Restored(inner.stored, transforms),
        transforms=(*transforms, *inner.transforms),
    )
