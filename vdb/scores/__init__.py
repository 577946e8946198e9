"""Whose score is it? Conventions of scores, and the way between them and natural values.

A *value* is the metric's natural quantity (squared distance, inner product, cosine similarity, L1
distance, differing bits). A *score* is that value as one engine reports it: in its formula, its
direction and its precision. "native" is the value itself, in float64.

    >>> from vdb import scores
    >>> scores.conventions("l2")[:4]
    ['native', 'annoy', 'chroma', 'duckdb']
    >>> scores.score(0.5, metric="cosine", convention="elasticsearch")
    0.75
    >>> scores.convert(0.75, metric="cosine", source="elasticsearch", target="chroma")
    0.5
    >>> scores.describe("faiss", "l2").threshold
    'strict'

`docs/reference/scores.md` has the whole table.
"""

from __future__ import annotations

from vdb.scores.conversion import conventions, convert, describe, score, value
from vdb.scores.table import Convention

__all__ = ["Convention", "conventions", "convert", "describe", "score", "value"]


def __dir__() -> list[str]:
    return sorted({*(name for name in globals() if name.startswith("__")), *__all__})
