"""How formulas write the natural value of each metric."""

from __future__ import annotations

__all__ = ["SYMBOLS"]

SYMBOLS = {
    "l2": "|q - v|^2",
    "ip": "q.v",
    "dot": "q.v",
    "cosine": "cos(q, v)",
    "l1": "|q - v|_1",
    "hamming": "hamming(q, v)",
}
