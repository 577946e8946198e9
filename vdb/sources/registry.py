"""The formats of sources, by name. A new one is a file in a folder here and a row below."""

from __future__ import annotations

from typing import Final

from vdb.sources.data import (
    arrow_ipc,
    flat_bins,
    hdf5,
    json_records,
    keyed_vectors,
    npy,
    parquet,
    safetensors,
    vecs,
    word2vec,
)
from vdb.sources.databases import duckdb, lance, qdrant, redis_vset, sqlite_blobs, weaviate, zvec
from vdb.sources.databases.chroma import source as chroma
from vdb.sources.databases.elasticsearch import source as elasticsearch
from vdb.sources.databases.milvus_lite import old_source as milvus_lite_2
from vdb.sources.databases.milvus_lite import source as milvus_lite
from vdb.sources.databases.pgvector import server as postgres
from vdb.sources.databases.pgvector import source as pgvector
from vdb.sources.databases.sqlite_vec import source as sqlite_vec
from vdb.sources.indexes import annoy, hannoy, hnswlib, ngt, svs, usearch, voyager, vsag
from vdb.sources.indexes.faiss import source as faiss
from vdb.sources.source_format import SourceFormat

__all__ = ["FORMATS"]

FORMATS: Final[dict[str, SourceFormat]] = {
    module.FORMAT.name: module.FORMAT
    for module in (
        # indexes
        annoy,
        faiss,
        hannoy,
        hnswlib,
        ngt,
        svs,
        usearch,
        voyager,
        vsag,
        # databases
        chroma,
        duckdb,
        elasticsearch,
        lance,
        milvus_lite,
        milvus_lite_2,
        pgvector,
        qdrant,
        sqlite_blobs,
        sqlite_vec,
        weaviate,
        zvec,
        # servers
        postgres,
        redis_vset,
        # data
        arrow_ipc,
        flat_bins,
        hdf5,
        json_records,
        keyed_vectors,
        npy,
        parquet,
        safetensors,
        vecs,
        word2vec,
    )
}
