"""MongoDB Atlas Search: BM25 of Lucene."""

from __future__ import annotations

from vdb.lexical.engines.lucene import lucene_row

__all__ = ["CONVENTIONS"]

CONVENTIONS = (
    lucene_row(
        "mongodb",
        "MongoDB Atlas Search",
        "mongodb.com: Return the Score Details (boost * idf * tf)",
        evidence="published",
        settable=(),
        threshold="none in the service; here score, at least",
        note="A published score, with its details, is Lucene's to the last bit, without the boost "
        "of 2.2 that Elasticsearch has",
    ),
)
