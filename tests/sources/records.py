"""The records that every file in tests/files/sources was made of; numpy alone is needed."""

from __future__ import annotations

import numpy as np

DIM = 16
COUNT = 40


def vectors(count=COUNT, dim=DIM):
    """Multiples of 1/64 from -2 to 2, float32, which float16 and bfloat16 hold exactly; none 0."""
    places = np.arange(count * dim, dtype=np.uint64)
    mixed = (places * np.uint64(2654435761) + np.uint64(12345)) % np.uint64(2**32)
    return ((mixed >> np.uint64(24)).astype(np.float32) / 64 - 2).reshape(count, dim)


def bits(count=COUNT, dim=64):
    """Packed bits, uint8 (count, dim / 8)."""
    return (vectors(count, dim // 8) * 64 + 128).astype(np.uint8)


def numbers(count=COUNT):
    """Whole numbers as ids, in no order and with gaps."""
    return np.arange(count, dtype=np.int64) * 7919 % 100_003 + 5


def names(count=COUNT):
    """Texts as ids."""
    return [f"doc-{number}" for number in numbers(count).tolist()]


def payloads(count=COUNT):
    """Payloads of a few types; the last one is None."""
    return [
        {"i": i, "title": f"Title {i} ü", "score": i / 4, "even": i % 2 == 0}
        for i in range(count - 1)
    ] + [None]
