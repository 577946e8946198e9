"""Whose ranking is it? Several ranked lists as one, as each engine makes it.

    >>> from vdb import fusion
    >>> words, vectors = {"a": 12.5, "b": 9.0}, {"b": 0.9, "c": 0.7}
    >>> hits = fusion.fuse([words, vectors], "elasticsearch-rrf")
    >>> hits[0].id, hits[0].score
    ('b', 0.032522473484277725)
    >>> fusion.fuse([words, vectors], "qdrant-rrf")[0].score
    0.8333333730697632
    >>> fusion.describe("azure").rank_base
    0

A `Fusion` is a row: which ranks, weights, normalizers, precisions and orders an engine has.
`docs/reference/fusions.md` has the whole table.

`engines`      the rows and what computes them, a file an engine
`normalizers`  what engines do to the scores of a list
"""

from __future__ import annotations

from vdb.fusion.call import describe, fuse, fusions
from vdb.fusion.fused_hits import FusedHit, FusedHits, FusedList, ListShare
from vdb.fusion.fusion_row import Fusion
from vdb.fusion.settings import Parameter

__all__ = [
    "FusedHit",
    "FusedHits",
    "FusedList",
    "Fusion",
    "ListShare",
    "Parameter",
    "describe",
    "fuse",
    "fusions",
]


def __dir__() -> list[str]:
    return sorted({*(name for name in globals() if name.startswith("__")), *__all__})
