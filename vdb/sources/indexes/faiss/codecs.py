"""Codes of faiss as vectors: those of its scalar quantizers and of its product quantizer.

Sources: faiss/impl/ScalarQuantizer.cpp (decoders of every type), faiss/impl/ProductQuantizer.h
(codes of 8, 16 and other numbers of bits), version 1.15.1.
"""

from __future__ import annotations

from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from vdb.sources.indexes.faiss.cursor import Cursor
from vdb.sources.reading.number_types import bfloat16

__all__ = ["Codec", "ProductQuantizer", "ScalarQuantizer"]

Floats = NDArray[np.float32]

_TYPES: Final = (
    *("8bit", "4bit", "8bit_uniform", "4bit_uniform", "fp16", "8bit_direct", "6bit"),
    *("bf16", "8bit_direct_signed"),
)
_BITS: Final = {"8bit": 8, "4bit": 4, "6bit": 6, "8bit_uniform": 8, "4bit_uniform": 4}
_WIDTHS: Final = {"fp16": 2, "bf16": 2, "8bit_direct": 1, "8bit_direct_signed": 1}
EXACT: Final = ("fp16", "bf16", "8bit_direct", "8bit_direct_signed")
"""Types whose codes are the numbers themselves."""


class Codec(Protocol):
    """Vectors from codes.

    Attributes:
        name: What the codes are, in words.
        code_size: Bytes of a vector's code.
    """

    @property
    def name(self) -> str: ...  # noqa: D102 - above

    @property
    def code_size(self) -> int: ...  # noqa: D102 - above

    def decode(self, codes: NDArray[np.uint8]) -> Floats:
        """Vectors (n, dim) from codes (n, code_size)."""


class ScalarQuantizer:
    """One code a number."""

    def __init__(self, cursor: Cursor, dim: int) -> None:
        """Read its parameters."""
        number = cursor.number("i", "the type of the scalar quantizer")
        if not 0 <= number < len(_TYPES):
            raise cursor.error("the scalar quantizer", f"is of type {number}, which is not known")
        self.type = _TYPES[number]
        cursor.number("i", "the statistics of ranges")
        cursor.number("f", "their argument")
        self._dim = cursor.size(1 << 31, "the dimension of the scalar quantizer")
        self.code_size = cursor.size(1 << 34, "the size of its codes")
        self._trained = cursor.array("<f4", "its ranges")
        bits = _BITS.get(self.type)
        expected = _WIDTHS[self.type] * dim if bits is None else (bits * dim + 7) // 8
        ranges = {"8bit": 2 * dim, "4bit": 2 * dim, "6bit": 2 * dim}
        parameters = ranges.get(self.type, 2 if bits is not None else len(self._trained))
        if (self._dim, self.code_size, len(self._trained)) != (dim, expected, parameters):
            raise cursor.error(
                "the scalar quantizer",
                f"of type {self.type} says {self._dim:,} dimensions, {self.code_size:,} bytes a "
                f"vector and {len(self._trained):,} parameters",
            )

    @property
    def name(self) -> str:
        """In words."""
        return f"codes of type {self.type}"

    @property
    def exact(self) -> bool:
        """Whether codes are the numbers themselves."""
        return self.type in EXACT

    def decode(self, codes: NDArray[np.uint8]) -> Floats:
        """As `Codec.decode`."""
        codes = np.ascontiguousarray(codes)
        if self.type == "fp16":
            return codes.view("<f2").astype(np.float32)
        if self.type == "bf16":
            return bfloat16(codes.view("<u2"))
        if self.type == "8bit_direct":
            return codes.astype(np.float32)
        if self.type == "8bit_direct_signed":
            return codes.astype(np.float32) - np.float32(128)
        bits = _BITS[self.type]
        places = (_numbers_of(codes, bits, self._dim) + np.float32(0.5)) / np.float32(2**bits - 1)
        half = len(self._trained) // 2
        low, width = self._trained[:half], self._trained[half:]
        with np.errstate(invalid="ignore", over="ignore"):  # such rows are refused later
            vectors: Floats = low + places.astype(np.float32) * width
        return vectors


class ProductQuantizer:
    """One code for each of several parts of a vector: the number of a centroid.

    Attributes:
        count: How many parts there are.
        bits: Of a code.
    """

    def __init__(self, cursor: Cursor, dim: int) -> None:
        """Read its parameters."""
        own = cursor.size(1 << 31, "the dimension of the product quantizer")
        self.count = cursor.size(1 << 20, "its parts")
        self.bits = cursor.size(24, "its bits")
        centroids = cursor.array("<f4", "its centroids")
        if own != dim or not self.count or dim % self.count or not self.bits:
            raise cursor.error(
                "the product quantizer",
                f"says {self.count:,} parts of {own:,} dimensions, {self.bits} bits each",
            )
        if len(centroids) != dim << self.bits:
            raise cursor.error(
                "the product quantizer", f"has {len(centroids):,} numbers of centroids"
            )
        self._centroids = centroids.reshape(self.count, 1 << self.bits, dim // self.count)
        self.code_size = (self.count * self.bits + 7) // 8

    @property
    def name(self) -> str:
        """In words."""
        return f"codes of a product quantizer ({self.count} parts, {self.bits} bits)"

    def decode(self, codes: NDArray[np.uint8]) -> Floats:
        """As `Codec.decode`."""
        return self.vectors_of(_numbers_of(codes, self.bits, self.count))

    def vectors_of(self, numbers: NDArray[np.int64]) -> Floats:
        """Vectors (n, dim) from the numbers of centroids, (n, count)."""
        parts = [self._centroids[part][numbers[:, part]] for part in range(self.count)]
        return np.concatenate(parts, axis=1)


def _numbers_of(codes: NDArray[np.uint8], bits: int, count: int) -> NDArray[np.int64]:
    """`count` numbers of so many bits from each row, which begin at the lowest bit."""
    flat = np.unpackbits(codes, axis=1, bitorder="little")[:, : count * bits]
    weights = np.int64(1) << np.arange(bits, dtype=np.int64)
    return flat.reshape(len(codes), count, bits).astype(np.int64) @ weights
