"""faiss: an index built by faiss, as `write_index` and `write_index_binary` write it.

    HNSW    IndexHNSWFlat; of float16 and int8 IndexHNSWSQ; of bits IndexBinaryHNSW
    Flat    IndexFlat; of float16 and int8 IndexScalarQuantizer; of bits IndexBinaryFlat

Codes of the types fp16 and 8bit_direct_signed are the numbers themselves; under l1 and cosine there
are none. `IndexIDMap2` around it
has the ids; without it row numbers are ids. It is built by one thread, so that the same records
make the same file.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import takewhile
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from vdb.errors import InvalidArgumentError
from vdb.exports.content import Content
from vdb.exports.export_format import ExportFormat, Writing
from vdb.exports.writing.beside_an_index import (
    BESIDE,
    batches_beside,
    notes_beside,
    suffixes_beside,
)
from vdb.exports.writing.graph_options import EF_CONSTRUCTION, M, graph_parameters
from vdb.exports.writing.requirements import (
    IDS,
    MISSING,
    int_ids,
    left_out,
    require_metric,
    required_dim,
)
from vdb.model.config import HNSW
from vdb.sources.reading.libraries import needed

__all__ = ["FORMAT"]

_METRICS: Final = {
    "l2": "METRIC_L2",
    "ip": "METRIC_INNER_PRODUCT",
    "dot": "METRIC_INNER_PRODUCT",
    "cosine": "METRIC_INNER_PRODUCT",
    "l1": "METRIC_L1",
    "hamming": "METRIC_Hamming",
}
_CODES: Final = {"float16": "QT_fp16", "int8": "QT_8bit_direct_signed"}
_PADDING: Final = -1
"""The id that faiss pads answers with."""


def _prepare(
    content: Content,
    M: int | None = None,
    ef_construction: int | None = None,
    ids: str = "own",
    missing: str = "refused",
) -> Writing:
    require_metric(content, FORMAT.name, tuple(_METRICS))
    required_dim(content, FORMAT.name)
    left = left_out(content, FORMAT.name, missing)
    own_ids = int_ids(content, FORMAT.name, ids)
    if own_ids and _has_padding(content):
        raise InvalidArgumentError(
            f"faiss pads answers with the id {_PADDING}, which is a record of {content.name}: "
            "the option ids=row writes row numbers, and the ids in a file beside",
            expected="other ids",
            received=_PADDING,
        )
    graph = None
    if isinstance(content.index, HNSW) or M is not None or ef_construction is not None:
        graph = graph_parameters(content, M, ef_construction)
    needed("faiss", "faiss-cpu", "building an index of faiss")
    suffixes = suffixes_beside(content, ".faiss", own_ids=own_ids)
    notes = [*left, *notes_beside(suffixes, own_ids=own_ids)]
    if content.dtype in _CODES and not _coded(content):
        notes.append(f"{content.dtype} numbers are widened to float32, which holds them all")
    if content.metric == "cosine":
        notes.append(
            "faiss has no cosine: vectors are brought to unit length, and compared by inner "
            "product; queries must have unit length too, and lengths are not in the file"
        )
    write = partial(_write, content, graph, own_ids)
    return Writing(suffixes, write, tuple(notes), left_out=content.without_vector)


def _has_padding(content: Content) -> bool:
    """Whether a record has the id that faiss pads answers with; ids come in order."""
    if content.id_kind != "int":
        return False
    return _PADDING in takewhile(lambda one: one <= _PADDING, map(int, content.ids()))


def _coded(content: Content) -> bool:
    """Whether numbers are codes of their own type, for metrics that faiss has over codes."""
    return content.dtype in _CODES and content.metric in ("l2", "ip", "dot")


def _write(content: Content, graph: HNSW | None, own_ids: bool, places: Sequence[Path]) -> None:
    faiss = needed("faiss", "faiss-cpu", "building an index of faiss")
    bits = content.dtype == "bit"
    with _one_thread(faiss):
        index = _binary_index(faiss, content, graph) if bits else _index(faiss, content, graph)
        if own_ids:
            index = (faiss.IndexBinaryIDMap2 if bits else faiss.IndexIDMap2)(index)
        for batch in batches_beside(content, places):
            rows = batch.vectors if bits else _floats(batch.vectors, content.metric)
            if own_ids:
                index.add_with_ids(rows, np.array(batch.ids, np.int64))
            else:
                index.add(rows)
    (faiss.write_index_binary if bits else faiss.write_index)(index, str(places[0]))


def _index(faiss: Any, content: Content, graph: HNSW | None) -> Any:
    metric = getattr(faiss, _METRICS[content.metric])
    codes = None
    if _coded(content):
        codes = getattr(faiss.ScalarQuantizer, _CODES[content.dtype])
    if graph is None:
        if codes is None:
            return faiss.IndexFlat(content.dim, metric)
        index = faiss.IndexScalarQuantizer(content.dim, codes, metric)
    elif codes is None:
        index = faiss.IndexHNSWFlat(content.dim, graph.M, metric)
    else:
        index = faiss.IndexHNSWSQ(content.dim, codes, graph.M, metric)
    if codes is not None:  # these codes learn nothing, and must be told so
        index.train(np.zeros((1, content.dim or 0), np.float32))
    if graph is not None:
        index.hnsw.efConstruction = graph.ef_construction
    return index


def _binary_index(faiss: Any, content: Content, graph: HNSW | None) -> Any:
    if graph is None:
        return faiss.IndexBinaryFlat(content.dim)
    index = faiss.IndexBinaryHNSW(content.dim, graph.M)
    index.hnsw.efConstruction = graph.ef_construction
    return index


def _floats(vectors: NDArray[Any], metric: str) -> NDArray[np.float32]:
    if metric != "cosine":
        return vectors.astype(np.float32, copy=False)
    wide = vectors.astype(np.float64)
    units: NDArray[np.float64] = wide / np.linalg.norm(wide, axis=1, keepdims=True)
    return units.astype(np.float32)


@contextmanager
def _one_thread(faiss: Any) -> Iterator[None]:
    threads = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(threads)


FORMAT = ExportFormat(
    name="faiss",
    title=f"an index of faiss, HNSW or Flat as the collection's, and files beside it: {BESIDE}",
    kind="index",
    suffixes=(".faiss",),
    prepare=_prepare,
    options=(M, EF_CONSTRUCTION, IDS, MISSING),
    library="faiss-cpu",
    versions="faiss 1.15.1",
    holds="vectors with their own numbers, of every metric, cosine and dot as inner products; ids "
    "that are ints; M, ef_construction",
    lacks="lengths of vectors under cosine; codes of a graph. All vectors are in memory while one "
    "thread builds the index",
)
