"""Elasticsearch: Lucene's formula with the factor (k1 + 1) that Lucene has dropped."""

from __future__ import annotations

from vdb.lexical.engines.lucene import lucene_row

__all__ = ["CONVENTIONS"]

CONVENTIONS = (
    lucene_row(
        "elasticsearch",
        "Elasticsearch 7 to 9",
        "SimilarityProviders.createBM25Similarity, LegacyBM25Similarity",
        legacy=True,
        evidence="transcribed",
        threshold="score, at least (min_score)",
        note="Its default similarity is a LegacyBM25Similarity: 2.2 times Lucene's score with the "
        "default k1, which explain=true shows as a boost of 2.2. Each shard has its own N, n and "
        "avgdl unless search_type=dfs_query_then_fetch: here as one shard",
    ),
)
