"""Azure AI Search: BM25 of Lucene."""

from __future__ import annotations

from vdb.lexical.engines.lucene import lucene_row

__all__ = ["CONVENTIONS"]

CONVENTIONS = (
    lucene_row(
        "azure",
        "Azure AI Search",
        "learn.microsoft.com: BM25 relevance scoring; built on Lucene",
        evidence="documented",
        threshold="none in the service; here score, at least",
        note="The service documents k1 (0 to 3) and b (0 to 1), not its arithmetic: whether it has "
        "the factor (k1 + 1) was not measured. Statistics are of a shard unless scoringStatistics="
        "global: here as one shard",
    ),
)
