"""Which values of a long stream come again, without keeping them: eight bytes each."""

from __future__ import annotations

from array import array
from collections.abc import Hashable, Iterable

import numpy as np

__all__ = ["repeated_hashes"]


def repeated_hashes(values: Iterable[Hashable]) -> set[int]:
    """The hashes that more than one of the values has.

    Values whose hash is not among them come once. The others may, since two values can share a
    hash: they are to be compared.
    """
    hashes = np.frombuffer(array("q", map(hash, values)), dtype=np.int64)
    ordered = np.sort(hashes)
    return set(ordered[1:][ordered[1:] == ordered[:-1]].tolist())
