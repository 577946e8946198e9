"""The records that every file in tests/files/sources was made of; numpy alone is needed."""

from __future__ import annotations

import random

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


class Records:
    """The records of small files, or random ones of a seed: the same for the same seed.

    Attributes:
        count: How many.
        small: Whether they are those of the small files.
    """

    def __init__(self, count=COUNT, seed=None):
        self.count, self.small, self._seed = count, seed is None, seed

    def vectors(self, count=None, dim=DIM):
        """As the function; random ones are any float32 from -2 to 2."""
        count = self.count if count is None else count
        if self.small:
            return vectors(count, dim)
        draw = np.random.default_rng([self._seed, count, dim])
        return draw.uniform(-2, 2, size=(count, dim)).astype(np.float32).clip(-2, 1.9999)

    def bits(self, count=None, dim=64):
        """As the function."""
        count = self.count if count is None else count
        if self.small:
            return bits(count, dim)
        draw = np.random.default_rng([self._seed, count, dim, 1])
        return draw.integers(0, 256, size=(count, dim // 8), dtype=np.uint8)

    def numbers(self, count=None):
        """As the function; random ones are below 2**40."""
        count = self.count if count is None else count
        if self.small:
            return numbers(count)
        draw = random.Random(f"{self._seed} numbers")
        return np.array(draw.sample(range(5, 2**40), count), dtype=np.int64)

    def names(self, count=None):
        """As the function."""
        return [f"doc-{number}" for number in self.numbers(count).tolist()]

    def payloads(self):
        """As the function; random ones have texts of all kinds of characters."""
        if self.small:
            return payloads(self.count)
        draw = random.Random(f"{self._seed} payloads")
        made = [
            {
                "i": draw.randrange(-(2**31), 2**31),
                "title": "".join(draw.choices("aZ0 ü…😀'\"\\\n\t,{}[]%", k=draw.randrange(1, 12))),
                "score": draw.choice([draw.gauss(0, 1), draw.gauss(0, 1e30), 0.5, 1e-300]),
                "even": draw.random() < 0.5,
            }
            for _ in range(self.count - 1)
        ]
        return [*made, None]
