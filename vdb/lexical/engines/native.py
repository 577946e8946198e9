"""vdb's own: Lucene's weights, exact lengths, float64."""

from __future__ import annotations

from vdb.lexical.arithmetic import Arithmetic
from vdb.lexical.lexical_convention import LexicalConvention
from vdb.model.version import __version__

__all__ = ["CONVENTIONS"]

CONVENTIONS = (
    LexicalConvention(
        name="native",
        engine=f"vdb {__version__}",
        source="Robertson and Zaragoza, Foundations and Trends in IR 3 (4), 2009; "
        "vdb/lexical/arithmetic.py",
        evidence="own",
        idf="ln(1 + (N - n + 0.5) / (n + 0.5))",
        tf_part="tf / (tf + k1 (1 - b + b dl / avgdl))",
        statistics="records with at least one word in the field, exact at every commit",
        counts="with terms",
        precision="float64",
        order="float64, in the order of the query",
        repeated="each time",
        arithmetic=Arithmetic(),
        note="The order of Lucene's scores, but that lengths are not rounded",
    ),
)
