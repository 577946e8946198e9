"""Indexes of VSAG, brute_force and hgraph, of vectors as fp32, as `Index.save` writes them.

Little-endian. The vectors: u32 count, u32 capacity, u32 bytes of one, u64 bytes of all places, the
places; then u64 dimensions, u32 metric, u64 bytes of one and a byte. brute_force begins with them,
and u64 count and i64 ids by rows follow; hgraph has before them u64 capacity, i64 ids by rows, u64
count and as many pairs of i64 id and u32 row, and the graph follows. At the end is a text of JSON
about the index: "vsag0000", u64 its bytes, the text, u32 its CRC-32, u64 bytes from "vsag0000" on,
"0000gasv". All places are written: a file of few vectors is large. Source: src/algorithm, src/io
and src/quantization of VSAG 0.18.5.
"""

from __future__ import annotations

import importlib
import json
import struct
import zlib
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
from vdb.sources.reading.plain_json import PlainJsonError, plain_json
from vdb.sources.source import Source
from vdb.sources.source_format import Place, SourceFormat

__all__ = ["FORMAT", "VsagSource"]

_BEGIN: Final = b"vsag0000"
_END: Final = b"0000gasv"
_FOOT: Final = struct.Struct("<Q8s")
_TEXT: Final = 16
_CHECKSUM: Final = 4
_MOST_TEXT: Final = 1 << 24  # bytes
_PLACES: Final = struct.Struct("<3IQ")
_NUMBERS: Final = struct.Struct("<QIQB")
_PAIR: Final = np.dtype([("id", "<i8"), ("row", "<u4")])
_METRICS: Final = {0: "l2", 1: "ip", 2: "cosine"}
_OPTIONS: Final = (
    "store_raw_vector",
    "use_attribute_filter",
    "use_reorder",
    "support_duplicate",
    "use_elp_optimizer",
)
_EF: Final = 200


class _Layout(NamedTuple):
    """Where vectors and ids lie.

    Attributes:
        kind: "brute_force" or "hgraph".
        vectors: Byte of the first vector.
        ids: Byte of the first id.
        degree: Links of a node; None where the index has options of which nothing is known here.
    """

    kind: str
    metric: str
    records: int
    dim: int
    vectors: int
    ids: int
    degree: int | None


class VsagSource(Source):
    """One file."""

    __slots__ = ("_file", "_layout_of_file")

    def __init__(self, info: SourceInfo, file: ByteFile, layout: _Layout) -> None:
        super().__init__(info, file.close)
        self._file, self._layout_of_file = file, layout

    def _records(self, rows: int) -> Iterator[SourceBatch]:
        layout = self._layout_of_file
        parts = self._file.parts(
            layout.vectors, "<f4", layout.records, layout.dim, rows, "the vectors"
        )
        for start, part in parts:
            ids = self._file.array_at(layout.ids + 8 * start, "<i8", len(part), "the ids")
            yield SourceBatch(np.arange(start, start + len(part)), ids, part)

    def _library(self, metric: str) -> Engine | None:  # noqa: ARG002 - of the file
        """VSAG, with the file loaded.

        None for indexes with other options than usual: one that is loaded with options that are not
        its own ends the program when it is searched.
        """
        layout = self._layout_of_file
        if layout.degree is None or not layout.records:
            return None
        return _Library(self._file.path, layout)


class _Library:
    """VSAG itself, with the file loaded."""

    def __init__(self, path: Path, layout: _Layout) -> None:
        pyvsag = importlib.import_module("pyvsag")
        self.name = version_of("pyvsag")
        self.exact = layout.kind == "brute_force"
        graph = {"max_degree": layout.degree} if layout.kind == "hgraph" else {}
        parameters = {
            "dtype": "float32",
            "metric_type": layout.metric,
            "dim": layout.dim,
            "index_param": {"base_quantization_type": "fp32"} | graph,
        }
        self._index = pyvsag.Index(layout.kind, json.dumps(parameters))
        self._index.load(str(path))
        self._count = layout.records

    def search(self, queries: NDArray[Any], k: int) -> Sequence[Answer]:
        """As `Engine.search`, with ef_search 200; of a longer answer only the first are results."""
        k = min(k, self._count)
        how = json.dumps({"hgraph": {"ef_search": max(_EF, k)}})
        answers = [
            self._index.knn_search(np.ascontiguousarray(query, np.float32), k, how)
            for query in queries
        ]
        return [Answer(ids[:k].tolist(), scores[:k]) for ids, scores in answers]


def _open(place: Place) -> Source:
    file = ByteFile(place.require_file(FORMAT.name))
    layout = _layout(file)
    cosine = layout.metric == "cosine"
    info = SourceInfo(
        format=FORMAT.name,
        version=layout.kind,
        path=place.text,
        count=layout.records,
        dim=layout.dim,
        metric=layout.metric,
        convention="vsag",
        ids="int",
        vectors="normalized" if cosine else "exact",
        notes=("vectors were brought to unit length when they were added",) if cosine else (),
    )
    return VsagSource(info, file, layout)


def _layout(file: ByteFile) -> _Layout:
    """The layout, of which what stands twice must agree.

    Raises:
        SourceError: It does not, or the index is of a kind that is not read.
    """
    kind, dim, degree = _about(file)
    places, ids, listed = 0, 0, None
    if kind == "hgraph":
        (capacity,) = file.numbers_at(0, "<Q", "the ids")
        pairs = 8 + 8 * capacity
        (listed,) = file.numbers_at(pairs, "<Q", "the pairs of ids and rows")
        ids, places = 8, pairs + 8 + _PAIR.itemsize * listed
    head = file.bytes_at(places, _PLACES.size, "the head of the vectors")
    count, capacity, width, size = _PLACES.unpack(head)
    vectors = places + _PLACES.size
    behind = vectors + size
    numbers = file.bytes_at(behind, _NUMBERS.size, "what is behind the vectors")
    columns, metric, code, _ = _NUMBERS.unpack(numbers)
    sound = (columns, width, code) == (dim, 4 * dim, 4 * dim) and metric in _METRICS
    if not sound or count * width > size or count > capacity:
        raise file.error(
            "the head of the vectors",
            f"says {count:,} of {capacity:,} vectors of {width:,} bytes in {size:,}, {columns:,} "
            f"dimensions and metric {metric}; the JSON at the end {dim:,} dimensions of fp32",
        )
    if kind == "brute_force":
        (listed,) = file.numbers_at(behind + _NUMBERS.size, "<Q", "the ids")
        ids = behind + _NUMBERS.size + 8
    elif listed == count:
        _require_pairs(file, ids, places - _PAIR.itemsize * count, count)
    if listed != count:
        raise file.error("the ids", f"are {listed:,} for {count:,} vectors")
    return _Layout(kind, _METRICS[metric], count, dim, vectors, ids, degree)


def _require_pairs(file: ByteFile, ids: int, pairs: int, count: int) -> None:
    """Refuse ids by rows that are not those of the pairs."""
    table = file.array_at(pairs, _PAIR, count, "the pairs of ids and rows")
    order = np.argsort(table["row"])
    by_rows = file.array_at(ids, "<i8", count, "the ids")
    rows_agree = np.array_equal(table["row"][order], np.arange(count))
    if not rows_agree or not np.array_equal(table["id"][order], by_rows):
        raise file.error("the pairs of ids and rows", "are not those of the ids")


def _about(file: ByteFile) -> tuple[str, int, int | None]:
    """The kind of the index, its dimensions and the links of a node, of the JSON at the end."""
    what = "the JSON at the end"
    start = max(0, file.size - _FOOT.size)
    length, letters = _FOOT.unpack(file.bytes_at(start, _FOOT.size, what))
    if letters != _END or not _TEXT + _CHECKSUM + _FOOT.size <= length <= min(
        file.size, _MOST_TEXT
    ):
        raise file.error(what, "is not there: the file is no index of VSAG, or is cut short")
    block = file.bytes_at(file.size - length, length, what)
    (text_bytes,) = struct.unpack_from("<Q", block, len(_BEGIN))
    if block[: len(_BEGIN)] != _BEGIN or _TEXT + text_bytes + _CHECKSUM + _FOOT.size != length:
        raise file.error(what, "has another length than it says")
    text = block[_TEXT : _TEXT + text_bytes]
    (checksum,) = struct.unpack_from("<I", block, _TEXT + text_bytes)
    if checksum != zlib.crc32(text):
        raise file.error(what, "has another checksum than its own")
    try:
        basic = plain_json(text)["basic_info"]
        index = plain_json(basic["index_param"])
        kind, dim, codes = index["type"], basic["dim"], index["base_codes"]
        numbers = codes["quantization_params"]["type"]
    except PlainJsonError as error:
        raise file.error(what, str(error)) from error
    except (KeyError, TypeError) as error:
        raise file.error(what, f"lacks a field: {error}") from error
    if kind not in ("brute_force", "hgraph") or numbers != "fp32":
        raise file.error(
            what,
            f"is of {kind!r:.40} with {numbers!r:.40}; brute_force and hgraph of fp32 are read",
        )
    if type(dim) is not int or not 0 < dim < 1 << 24:
        raise file.error(what, f"says {dim!r:.40} dimensions")
    return kind, dim, _degree(index)


def _degree(index: dict[str, Any]) -> int | None:
    """The links of a node, 0 in brute_force; None if an option is set that changes the file."""
    graph = index.get("graph", {"max_degree": 0})
    if any(index.get(name) for name in _OPTIONS) or not isinstance(graph, dict):
        return None
    degree = graph.get("max_degree")
    sound = type(degree) is int and not graph.get("support_remove")
    return degree if sound else None


def _recognise(place: Place) -> bool:
    """By the last letters, which are read from the file."""
    if place.file is None:
        return False
    try:
        with place.file.open("rb") as file:
            file.seek(-len(_END), 2)
            return file.read() == _END
    except OSError:
        return False


FORMAT = SourceFormat(
    name="vsag",
    title="indexes of VSAG: brute_force and hgraph of fp32",
    kind="index",
    recognise=_recognise,
    open=_open,
    versions="pyvsag 0.18.5",
    holds="the metric, ids, vectors",
    lacks="under cosine, the lengths of the vectors. Quantized indexes and the former hnsw are "
    "refused",
    metric="in the file",
)
