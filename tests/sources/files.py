"""Files of other systems, made here where their layout is simple."""

from __future__ import annotations

import numpy as np


def fbin(place, rows):
    """Rows, columns, numbers."""
    place.write_bytes(np.array(rows.shape, "<u4").tobytes() + rows.tobytes())
    return place


def fvecs(place, rows):
    """The length before every vector."""
    place.write_bytes(b"".join(np.int32(len(row)).tobytes() + row.tobytes() for row in rows))
    return place
