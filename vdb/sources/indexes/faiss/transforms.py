"""What an index of faiss did to vectors before it stored them, undone.

Four letters and the parameters of the kind; then i32 dimensions before, i32 after, a byte "is
trained". A linear transform has a byte "has a bias", a matrix A (after, before) and the bias: it
is undone where the transpose of A is its inverse, as of rotations. Source:
faiss/VectorTransform.cpp and write_VectorTransform of faiss/impl/index_write.cpp, version 1.15.1.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from vdb.sources.indexes.faiss.cursor import Cursor
from vdb.sources.indexes.faiss.stored import Part, Stored

__all__ = ["Moved", "Restored", "Rotated", "Transform", "transforms_at"]

Floats = NDArray[np.float32]

_MOST: Final = 16  # transforms, one after the other
_ORTHONORMAL: Final = 1e-3
_REFUSED: Final = {
    "VNrm": "brought to unit length, so that their own lengths are lost",
    "Viqt": "made into codes of ITQ",
}
_LINEAR: Final = ("rrot", "LTra", "Pcam", "PcAm", "Viqm")


class Transform(Protocol):
    """A transform that can be undone.

    Attributes:
        before: Dimensions of the vectors that were given.
        after: Of those that were stored.
        is_exact: Whether vectors come back to the last bit.
    """

    @property
    def before(self) -> int: ...  # noqa: D102 - above

    @property
    def after(self) -> int: ...  # noqa: D102 - above

    @property
    def is_exact(self) -> bool: ...  # noqa: D102 - above

    def undone(self, vectors: Floats) -> Floats:
        """The vectors (n, before) of those stored, (n, after)."""

    def keeps(self, metric: str) -> bool:
        """Whether the values of a metric are the same before and after."""


@dataclass(frozen=True, slots=True)
class Rotated:
    """A rotation, into as many or more dimensions, and a bias after it.

    Attributes:
        inverse: What undoes it, (before, after).
        bias: Added after the rotation; None for zeros.
    """

    inverse: NDArray[np.float64]
    bias: Floats | None

    @property
    def before(self) -> int:
        """As `Transform.before`."""
        return int(self.inverse.shape[0])

    @property
    def after(self) -> int:
        """As `Transform.after`."""
        return int(self.inverse.shape[1])

    @property
    def is_exact(self) -> bool:
        """As `Transform.is_exact`."""
        return False

    def undone(self, vectors: Floats) -> Floats:
        """As `Transform.undone`, added up in float64.

        Row by row: in a product of matrices the sum of a row depends on the other rows.
        """
        wide = vectors.astype(np.float64)
        with np.errstate(invalid="ignore", over="ignore"):  # such rows are refused later
            if self.bias is not None:
                wide -= self.bias
            turned: Floats = (wide[:, None] @ self.inverse.T)[:, 0].astype(np.float32)
        return turned

    def keeps(self, metric: str) -> bool:
        """As `Transform.keeps`."""
        return metric == "l2" or (metric == "ip" and self.bias is None)


@dataclass(frozen=True, slots=True)
class Moved:
    """Dimensions in another order, between zeros; or, with `mean`, vectors moved by a vector."""

    places: NDArray[np.int32]
    count: int
    mean: Floats | None = None

    @property
    def before(self) -> int:
        """As `Transform.before`."""
        return self.count

    @property
    def after(self) -> int:
        """As `Transform.after`."""
        return len(self.places)

    @property
    def is_exact(self) -> bool:
        """As `Transform.is_exact`."""
        return self.mean is None

    def undone(self, vectors: Floats) -> Floats:
        """As `Transform.undone`."""
        if self.mean is not None:
            return vectors + self.mean
        made = np.empty((len(vectors), self.count), np.float32)
        there = self.places >= 0
        made[:, self.places[there]] = vectors[:, there]
        return made

    def keeps(self, metric: str) -> bool:
        """As `Transform.keeps`."""
        return self.mean is None or metric in ("l2", "l1")


@dataclass(frozen=True, slots=True)
class Restored:
    """The vectors of an index as they were before they were transformed."""

    stored: Stored
    transforms: Sequence[Transform]

    def parts(self, rows: int) -> Iterator[Part]:
        """As `Stored.parts`."""
        for ids, vectors in self.stored.parts(rows):
            made: NDArray[Any] = vectors
            for transform in reversed(self.transforms):
                made = transform.undone(made)
            yield ids, made


def transforms_at(cursor: Cursor, dim: int) -> list[Transform]:
    """The transforms that begin here, in the order in which they were made.

    Raises:
        SourceError: One cannot be undone, or they do not fit together.
    """
    count = cursor.number("i", "the number of transforms")
    if not 0 <= count <= _MOST:
        raise cursor.error("the number of transforms", f"is {count:,}")
    transforms: list[Transform] = []
    for _ in range(count):
        transform = _transform(cursor)
        if transform.before != dim:
            raise cursor.error("a transform", f"takes {transform.before:,} dimensions, not {dim:,}")
        transforms.append(transform)
        dim = transform.after
    return transforms


def _transform(cursor: Cursor) -> Transform:
    letters = cursor.letters()
    if letters in _LINEAR:
        return _linear(cursor, letters)
    if letters == "RmDT":
        places = cursor.array("<i4", "the places of dimensions")
        before, after = _dimensions(cursor)
        there = np.sort(places[places >= 0])
        kept = len(there) == before and np.array_equal(there, np.arange(before))
        if len(places) != after or not kept:
            raise cursor.error("a transform", f"keeps {len(there):,} of {before:,} dimensions")
        return Moved(places, before)
    if letters == "VCnt":
        mean = cursor.array("<f4", "the mean")
        before, after = _dimensions(cursor)
        if not len(mean) == before == after:
            raise cursor.error("a transform", f"has a mean of {len(mean):,} dimensions")
        return Moved(np.arange(before, dtype=np.int32), before, mean)
    reason = _REFUSED.get(letters, f"transformed by {letters!r}, which is not known")
    raise cursor.error("the transform", f"cannot be undone: its vectors were {reason}")


def _linear(cursor: Cursor, letters: str) -> Rotated:
    if letters in ("Pcam", "PcAm"):
        cursor.number("f", "the power of eigenvalues")
        if letters == "Pcam":
            cursor.number("f", "the smallest eigenvalue")
        cursor.number("?", "whether PCA rotates at random")
        cursor.number("i", "the bins of PCA")
        for what in ("mean", "eigenvalues", "matrix of PCA"):
            cursor.region(4, f"the {what}")
    elif letters == "Viqm":
        for what in ("iterations", "seed"):
            cursor.number("i", f"the {what} of ITQ")
    has_bias = cursor.number("?", "whether there is a bias")
    matrix = cursor.array("<f4", "the matrix")
    bias = cursor.array("<f4", "the bias")
    before, after = _dimensions(cursor)
    if len(matrix) < before * after or (has_bias and len(bias) != after):
        raise cursor.error(
            "the transform",
            f"from {before:,} to {after:,} dimensions has {len(matrix):,} numbers in its matrix "
            f"and {len(bias):,} in its bias",
        )
    if after < before:
        raise cursor.error(
            "the transform",
            f"cannot be undone: it left {after:,} of {before:,} dimensions (PCA)",
        )
    matrix = matrix[: before * after].reshape(after, before)
    product = matrix.T.astype(np.float64) @ matrix
    if not np.abs(product - np.eye(before)).max() < _ORTHONORMAL:
        raise cursor.error("the transform", "cannot be undone: it is no rotation (whitening)")
    # The transpose, made exact: the numbers of the matrix are rounded to float32.
    inverse = np.linalg.solve(product, matrix.T.astype(np.float64))
    return Rotated(inverse, bias if has_bias and bias.any() else None)


def _dimensions(cursor: Cursor) -> tuple[int, int]:
    before = cursor.number("i", "the dimensions before a transform")
    after = cursor.number("i", "the dimensions after a transform")
    cursor.number("?", "whether a transform is trained")
    if before <= 0 or after <= 0:
        raise cursor.error("a transform", f"is from {before:,} to {after:,} dimensions")
    return before, after
