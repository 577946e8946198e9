"""From what ``vectors=`` returns to rows that a new generation stores; errors name the ids."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from vdb.errors import DimensionMismatchError, InvalidArgumentError, InvalidVectorError
from vdb.maintenance.rebuild.conversion import unit_rows
from vdb.model.dtypes import DType
from vdb.model.inputs import vector_matrix
from vdb.model.inputs.arrays import array_of
from vdb.model.metrics import Metric
from vdb.model.records import Id

__all__ = ["LISTED_IDS", "ExternalRows", "first_ids_text"]

LISTED_IDS = 5
"""Ids that a message lists."""


def first_ids_text(ids: Sequence[Id], count: int) -> str:
    """The first ids of so many, for a message."""
    return ", ".join(map(repr, ids[:LISTED_IDS])) + (", ..." if count > LISTED_IDS else "")


@dataclass(frozen=True, slots=True)
class ExternalRows:
    """What the rows of a source must be, and what is done to them.

    Attributes:
        dim: Numbers in a vector of the new generation.
        metric: Its metric.
        dtype: Its dtype.
        truncate: Whether a source may give longer vectors, whose first numbers are taken.
        normalize: Whether they are scaled to length 1.
    """

    dim: int
    metric: Metric
    dtype: DType
    truncate: bool
    normalize: bool

    def prepared(self, rows: Any, ids: Sequence[Id]) -> NDArray[Any]:
        """As they are stored, C-contiguous, one for each id.

        Raises:
            InvalidArgumentError: Not a matrix with a row for each id.
            ArgumentTypeError: Not numbers.
            DimensionMismatchError: Vectors of another length.
            InvalidVectorError: A vector that the new generation cannot take.
        """
        array = array_of(rows, "vectors", self.dim, self.dtype)
        if array.ndim != 2 or len(array) != len(ids):
            raise InvalidArgumentError(
                f"vectors= must return an array of shape ({len(ids)}, {self.dim}), one row for "
                f"each of {len(ids)} records, got {array.shape}",
                expected=(len(ids), self.dim),
                received=array.shape,
            )
        array = self._shaped(array)
        if self.normalize:
            zero = np.flatnonzero(~array.any(axis=1))
            if zero.size:
                what = "is zero, and has no direction to be scaled in"
                self._refuse([ids[i] for i in zero.tolist()], what)
            array = unit_rows(array)
        try:
            return self._matrix(array)
        except InvalidVectorError as error:
            first = 0 if error.row is None else error.row
            refused = [
                first,
                *filter(lambda i: self._is_refused(array[i]), range(first + 1, len(ids))),
            ]
            what = error.message.removeprefix(f"vectors[{first}] ")
            self._refuse([ids[i] for i in refused], what, cause=error)

    def _shaped(self, array: NDArray[Any]) -> NDArray[Any]:
        columns = array.shape[1]
        if self.truncate and columns >= self.dim:
            return array[:, : self.dim]
        whole = columns == self.dim or (
            self.dtype.packed and columns == self.dtype.columns(self.dim)
        )
        if whole:
            return array
        least = "at least " if self.truncate else ""
        raise DimensionMismatchError(
            f"vectors= gives vectors of {columns} numbers, and the new generation has {least}"
            f"{self.dim} dimensions",
            expected=self.dim,
            received=columns,
        )

    def _matrix(self, array: NDArray[Any]) -> NDArray[Any]:
        return vector_matrix(
            array, dim=self.dim, metric=self.metric, dtype=self.dtype, rows=None, name="vectors"
        )

    def _is_refused(self, row: NDArray[Any]) -> bool:
        try:
            self._matrix(row.reshape(1, -1))
        except InvalidVectorError:
            return True
        return False

    def _refuse(
        self, ids: list[Id], what: str, cause: InvalidVectorError | None = None
    ) -> NoReturn:
        count = len(ids)
        others = "" if count == 1 else f" ({count:,} of them: ids {first_ids_text(ids, count)})"
        raise InvalidVectorError(
            f"vectors=: that of {ids[0]!r} {what}{others}; the generation in use is as it was",
            expected=None if cause is None else cause.expected,
            received=ids[:LISTED_IDS],
        ) from None
