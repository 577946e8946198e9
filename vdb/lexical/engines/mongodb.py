"""MongoDB Atlas Search: BM25 of Lucene."""

from __future__ import annotations

from vdb.lexical.engines.lucene import lucene_row

__all__ = ["CONVENTIONS"]

CONVENTIONS = (
    lucene_row(
        "mongodb",
        "MongoDB Atlas Search",
        "mongodb.com: Return the Score Details (boost * idf * tf)",
        evidence="documented",
        settable=(),
        threshold="none in the service; here score, at least",
        note="scoreDetails of the manual show no boost of 2.2, as Elasticsearch's do. It computes "
        "in Lucene; it was not measured",
    ),
)
