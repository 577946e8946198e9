"""The formats of exports, by name. A new one is a file in a folder here and a row below."""

from __future__ import annotations

from typing import Final

from vdb.exports.data import atlas, flat_vectors, hdf5, npy, tables
from vdb.exports.databases import elasticsearch, lance, pgvector, sqlite_vec
from vdb.exports.export_format import ExportFormat
from vdb.exports.indexes import faiss, hnswlib

__all__ = ["FORMATS", "formats"]

FORMATS: Final[dict[str, ExportFormat]] = {
    row.name: row
    for row in (
        # indexes
        faiss.FORMAT,
        hnswlib.FORMAT,
        # databases
        elasticsearch.FORMAT,
        lance.FORMAT,
        pgvector.FORMAT,
        sqlite_vec.FORMAT,
        # data
        atlas.FORMAT,
        *flat_vectors.FORMATS,
        hdf5.FORMAT,
        npy.FORMAT,
        tables.ARROW,
        tables.PARQUET,
    )
}


def formats() -> list[ExportFormat]:
    """The formats that `Collection.export` writes, by name.

    Example:
        names = [row.name for row in vdb.exports.formats()]
    """
    return [FORMATS[name] for name in sorted(FORMATS)]
