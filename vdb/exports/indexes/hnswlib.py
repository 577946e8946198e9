"""hnswlib: a graph of `Index`, built by hnswlib, as `save_index` writes it.

It is built by one thread, so that the same records make the same file.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np

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

_SPACES: Final = {"l2": "l2", "ip": "ip", "dot": "ip", "cosine": "cosine"}


def _prepare(
    content: Content,
    M: int | None = None,
    ef_construction: int | None = None,
    ids: str = "own",
    missing: str = "refused",
) -> Writing:
    require_metric(content, FORMAT.name, tuple(_SPACES))
    required_dim(content, FORMAT.name)
    left = left_out(content, FORMAT.name, missing)
    own_ids = int_ids(content, FORMAT.name, ids, least=0)
    graph = graph_parameters(content, M, ef_construction)
    needed("hnswlib", "hnswlib", "building its index")
    suffixes = suffixes_beside(content, ".hnsw", own_ids=own_ids)
    notes = [*left, *notes_beside(suffixes, own_ids=own_ids)]
    if content.dtype != "float32":
        notes.append(f"{content.dtype} numbers are widened to float32, which holds them all")
    if content.metric == "cosine":
        notes.append("vectors are brought to unit length: their own lengths are not in the file")
    write = partial(_write, content, graph, own_ids)
    return Writing(suffixes, write, tuple(notes), left_out=content.without_vector)


def _write(content: Content, graph: HNSW, own_ids: bool, places: Sequence[Path]) -> None:
    library = needed("hnswlib", "hnswlib", "building its index")
    index = library.Index(_SPACES[content.metric], content.dim)
    index.init_index(content.with_vector, M=graph.M, ef_construction=graph.ef_construction)
    for batch in batches_beside(content, places):
        labels = batch.ids if own_ids else np.arange(batch.start, batch.start + len(batch))
        vectors = batch.vectors.astype(np.float32, copy=False)
        index.add_items(vectors, np.array(labels, np.uint64), num_threads=1)
    index.save_index(str(places[0]))
    # hnswlib does not look whether its file could be written to the end.
    if places[0].stat().st_size != index.index_file_size():
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(places[0]))


FORMAT = ExportFormat(
    name="hnswlib",
    title=f"an index of hnswlib, and files beside it: {BESIDE}",
    kind="index",
    suffixes=(".hnsw", ".hnswlib"),
    prepare=_prepare,
    options=(M, EF_CONSTRUCTION, IDS, MISSING),
    library="hnswlib",
    versions="hnswlib 0.8.0",
    holds="vectors as float32, of l2, ip, dot (as ip) and cosine; ids from 0 on; M and "
    "ef_construction",
    lacks="the metric; lengths of vectors under cosine; codes. All vectors are in memory while one "
    "thread builds the graph",
)
