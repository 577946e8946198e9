"""Codes in numpy, in float64: what the kernel's bytes are compared with."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

HEAD = np.dtype([("scale", "<f4"), ("offset", "<f4"), ("sum", "<f4"), ("norm", "<f4")])


STEPS = {"int8": (255, 128), "int4": (15, 0)}


class Row(NamedTuple):
    """One code: the numbers of its head, and integers."""

    codes: str
    head: NDArray[np.float32]
    integers: NDArray[np.int8]

    @property
    def numbers(self) -> NDArray[np.float64]:
        """What the code stands for."""
        scale, offset = float(self.head[0]), float(self.head[1])
        return scale * self.integers.astype(np.float64) + offset / np.sqrt(len(self.integers))

    def bytes(self) -> bytes:
        """As it is stored, padded to a multiple of 16."""
        if self.codes == "int4":
            whole = np.pad(self.integers, (0, -len(self.integers) % 32)).astype(np.uint8)
            low, high = np.split(whole, 2)
            return self.head.tobytes() + (low | high << 4).tobytes()
        return self.head.tobytes() + self.integers.tobytes() + bytes(-len(self.integers) % 16)


def encoded(vector: NDArray[np.floating], codes: str, *, unit: bool) -> Row:
    """The code of one vector, finite and of real numbers."""
    x = vector.astype(np.float64)
    n, root = len(x), np.sqrt(len(x))
    low = x.min()
    most, middle = STEPS[codes]
    scale = float(np.float32((x.max() - low) / most))
    steps = np.minimum(most, np.floor((x - low) / scale + 0.5)) if scale > 0 else np.zeros(n)
    c = steps.astype(np.int64) - middle
    offset = low + middle * scale
    squares, total = int((c * c).sum()), int(c.sum())
    norm = np.sqrt(scale * scale * squares + 2 * scale * offset * total + n * offset * offset)
    by, product, square = 1.0, 0.0, 0.0
    if unit:
        for number, code in zip(x.tolist(), c.tolist(), strict=True):  # in the order of the numbers
            product += (scale * code + offset) * number
            square += number * number
        by = np.sqrt(square) / product if product > 0 else 0.0
    head = np.array(
        [scale * by, offset * root * by, scale * total / root * by, 1.0 if unit else norm],
        dtype=np.float32,
    )
    return Row(codes, head, c.astype(np.int8))
