"""Whose score is it? Conventions of scores, and the way between them and natural values.

A *value* is the metric's natural quantity (squared distance, inner product, cosine similarity). A
*score* is that value as one engine reports it: in its formula, its direction and its precision.
"native" is the value itself, in float64.

    >>> from vdb import scores
    >>> scores.conventions("cosine")
    ['native']
    >>> scores.score(0.25, metric="cosine", convention="native")
    0.25
    >>> scores.describe("native", "l2").direction
    'lower'
"""

from __future__ import annotations

from vdb.scores.conversion import conventions, convert, describe, score, value
from vdb.scores.table import Convention

__all__ = ["Convention", "conventions", "convert", "describe", "score", "value"]
