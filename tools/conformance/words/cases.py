"""Random corpora of words and queries, and the constants that an engine lets set."""

from __future__ import annotations

import random
from typing import Any

__all__ = ["CONVENTIONS", "PHRASES", "QUERIES", "cases"]

CONVENTIONS: dict[str, tuple[str, ...]] = {
    "fts5": (),
    "lucene": ("k1", "b"),
    "elasticsearch": ("k1", "b"),
    "tantivy": (),
    "rank-bm25-okapi": ("k1", "b"),
    "rank-bm25-l": ("k1", "b", "delta"),
    "rank-bm25-plus": ("k1", "b", "delta"),
    "bm25s-lucene": ("k1", "b"),
    "bm25s-robertson": ("k1", "b"),
    "bm25s-atire": ("k1", "b"),
    "bm25s-bm25l": ("k1", "b", "delta"),
    "bm25s-bm25+": ("k1", "b", "delta"),
}
"""What is compared, and which constants its users may set."""

PHRASES = ("fts5", "lucene", "elasticsearch", "tantivy")
"""Those with phrases and beginnings of words."""

QUERIES = 10
"""Queries of one corpus; each is a case."""

_SIZES = (0, 1, 2, 3, 8, 20, 45, 60, 130, 400)
_LONGEST = (1200, 5000)
# With b = 1 rank_bm25 gives NaN to empty texts, which no search returns.
_RANGES = {"k1": (0.2, 3.0), "b": (0.0, 0.99), "delta": (0.1, 2.0)}


def cases(convention: str, count: int, seed: int) -> list[dict[str, Any]]:
    """Corpora with ten queries each, `count` queries in all."""
    chosen = random.Random(f"{convention} {seed}")
    return [_case(convention, chosen) for _ in range(-(-count // QUERIES))]


def _case(convention: str, chosen: random.Random) -> dict[str, Any]:
    words = [f"w{number}" for number in range(chosen.choice((3, 12, 60)))]
    weights = [1 / rank for rank in range(1, len(words) + 1)]
    documents = [
        chosen.choices(words, weights, k=_size(chosen)) for _ in range(chosen.randint(2, 24))
    ]
    documents.append(["w0"])  # a corpus without a word is no corpus to most libraries
    deleted: list[int] = []
    if convention in ("fts5", "lucene", "elasticsearch") and chosen.random() < 0.5:
        deleted = [place for place in range(len(documents) - 1) if chosen.random() < 0.2]
    settings = {
        name: round(chosen.uniform(*_RANGES[name]), 2)
        for name in CONVENTIONS[convention]
        if chosen.random() < 0.3
    }
    phrases = convention in PHRASES
    queries = [_query(words, chosen, phrases=phrases) for _ in range(QUERIES)]
    return {"documents": documents, "deleted": deleted, "settings": settings, "queries": queries}


def _size(chosen: random.Random) -> int:
    if chosen.random() < 0.02:
        return chosen.choice(_LONGEST)
    return chosen.randint(0, chosen.choice(_SIZES))


def _query(words: list[str], chosen: random.Random, *, phrases: bool) -> list[str]:
    """One to six words, some rare, repeated or unknown; perhaps a phrase, or a beginning (w1*)."""
    query = chosen.choices([*words, "unknown"], k=chosen.choice((1, 1, 2, 2, 3, 4, 6, 20)))
    if phrases and chosen.random() < 0.3:
        query.append(" ".join(chosen.choices(words[:4], k=chosen.choice((2, 2, 3)))))
    if phrases and chosen.random() < 0.2:
        query.append(chosen.choice(("w1*", "w2*", "none*")))
    chosen.shuffle(query)
    return query + [query[0]] * (chosen.random() < 0.1)
