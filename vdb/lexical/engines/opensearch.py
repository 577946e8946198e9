"""OpenSearch: Lucene's formula since 3.0, with the factor (k1 + 1) before."""

from __future__ import annotations

from vdb.lexical.engines.lucene import lucene_row

__all__ = ["CONVENTIONS"]

_SHARDS = "Each shard has its own N, n and avgdl: here as one shard"

CONVENTIONS = (
    lucene_row(
        "opensearch",
        "OpenSearch 3.x",
        "SimilarityService, Lucene's BM25Similarity",
        evidence="documented",
        threshold="score, at least (min_score)",
        note=f"Indexes that set the similarity LegacyBM25 are as in opensearch-2. {_SHARDS}",
    ),
    lucene_row(
        "opensearch-2",
        "OpenSearch 1.x and 2.x",
        "SimilarityService, LegacyBM25Similarity",
        legacy=True,
        evidence="transcribed",
        threshold="score, at least (min_score)",
        note=f"2.2 times the score of 3.x with the default k1. {_SHARDS}",
    ),
)
