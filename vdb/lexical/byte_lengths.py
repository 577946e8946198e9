"""Lengths in one byte, as Lucene stores them: `SmallFloat.intToByte4` and `byte4ToInt`.

0 to 40 are exact; above, four significant bits remain, rounded down: 51 counts as 50, 1002 as 984.
tantivy has the same table.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["LENGTH_OF_BYTE", "length_bytes", "seen_lengths"]

_EXACT: Final = 24  # lengths that have a byte each, before those of four bits begin


def _table() -> NDArray[np.int64]:
    lengths = list(range(_EXACT))
    for code in range(256 - _EXACT):
        bits, exponent = code & 7, code >> 3
        lengths.append(_EXACT + (bits if exponent == 0 else (bits | 8) << (exponent - 1)))
    return np.array(lengths, dtype=np.int64)


LENGTH_OF_BYTE: Final = _table()
"""The length that each of the 256 bytes stands for."""


def length_bytes(lengths: Any) -> NDArray[np.uint8]:
    """The byte of each length, 0 or more."""
    places = np.searchsorted(LENGTH_OF_BYTE, np.asarray(lengths, dtype=np.int64), side="right") - 1
    return places.astype(np.uint8)


def seen_lengths(lengths: Any) -> NDArray[np.int64]:
    """Each length as the byte has it: at most the length itself."""
    return LENGTH_OF_BYTE[length_bytes(lengths)]
