"""The argument ``vectors=`` of a rebuild: a function that embeds records, or a table by id.

A source turns records into vectors, in the order of the records. What it returns is checked
afterwards, by `source_rows`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from numbers import Number
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from vdb.errors import ArgumentTypeError, InvalidArgumentError
from vdb.model import inputs
from vdb.model.dtypes import DType
from vdb.model.inputs.arrays import array_of
from vdb.model.records import Id, Record

__all__ = ["CALL_RECORDS", "FunctionSource", "NoSource", "TableSource", "VectorSource", "source_of"]

CALL_RECORDS = 256
"""Records of one call of a function, at most."""

_TABLE_RECORDS = 4096

EmbeddingFunction: TypeAlias = Callable[[Sequence[Record]], Any]


class VectorSource(ABC):
    """Where vectors that do not follow from the stored ones come from.

    Attributes:
        batch: Records of one call of `rows`, at most.
        by_id: Whether it looks at nothing of a record but its id.
    """

    batch: int
    by_id: bool

    @abstractmethod
    def rows(self, records: Sequence[Record]) -> Any:
        """Their vectors in the same order, as an array-like; not checked yet."""

    @abstractmethod
    def missing(self, ids: Sequence[Id]) -> list[Id]:
        """The ids for which it is sure to have no vector."""

    @property
    def size(self) -> int | None:
        """How many vectors it has; None where it makes them."""
        return None

    @property
    def columns(self) -> tuple[int, bool] | None:
        """Columns of its rows, and whether these are bytes; None where only a call tells."""
        return None


class FunctionSource(VectorSource):
    """A function of the caller."""

    batch = CALL_RECORDS
    by_id = False

    def __init__(self, function: EmbeddingFunction) -> None:
        self._function = function

    def rows(self, records: Sequence[Record]) -> Any:
        """What the function returns."""
        return self._function(list(records))

    def missing(self, ids: Sequence[Id]) -> list[Id]:  # noqa: ARG002 - it makes them all
        """None."""
        return []


class TableSource(VectorSource):
    """Ids, and one row of an array for each."""

    batch = _TABLE_RECORDS
    by_id = True

    def __init__(self, ids: Sequence[Id], matrix: NDArray[Any]) -> None:
        self._places = {value: i for i, value in enumerate(ids)}
        self._matrix = matrix

    @property
    def columns(self) -> tuple[int, bool]:
        """Those of its matrix."""
        return self._matrix.shape[1], self._matrix.dtype == np.uint8

    def rows(self, records: Sequence[Record]) -> NDArray[Any]:
        """A copy of their rows."""
        return np.asarray(self._matrix[[self._places[record.id] for record in records]])

    def missing(self, ids: Sequence[Id]) -> list[Id]:
        """Those that are not in the table."""
        return [value for value in ids if value not in self._places]

    @property
    def size(self) -> int:
        """How many ids it has."""
        return len(self._places)

    @property
    def ids(self) -> list[Id]:
        """Its ids, in the order of its rows."""
        return list(self._places)

    def part(self, places: NDArray[np.intp]) -> tuple[list[Id], NDArray[Any]]:
        """The ids and vectors at some places, as ``vectors=`` takes them."""
        ids = self.ids
        return [ids[place] for place in places.tolist()], self._matrix[places]


class NoSource(VectorSource):
    """No vectors at all, which is enough where no record needs one."""

    batch = _TABLE_RECORDS
    by_id = True

    def rows(self, records: Sequence[Record]) -> Any:
        """Never called with records: they are all `missing`."""
        raise AssertionError(len(records))

    def missing(self, ids: Sequence[Id]) -> list[Id]:
        """All of them."""
        return list(ids)


def source_of(vectors: object, dtype: DType) -> VectorSource | None:
    """The source that ``vectors=`` names; None for None. `dtype` is what they will be stored as.

    Raises:
        ArgumentTypeError: It is neither a function nor a table.
        InvalidArgumentError: Ids and rows differ in number, or the rows are no matrix.
        DuplicateIdError: An id is there twice.
    """
    if vectors is None:
        return None
    if isinstance(vectors, Mapping):
        try:
            ids, rows = list(vectors), list(vectors.values())
        except Exception as error:  # a mapping may do anything when it is looked at
            raise ArgumentTypeError(
                f"vectors= cannot be read: {type(error).__name__}",
                expected="a dict of ids and vectors",
                received=type(vectors).__name__,
            ) from error
        return _table(ids, rows, dtype)
    if isinstance(vectors, tuple) and len(vectors) == 2:
        return _table(vectors[0], vectors[1], dtype)
    if callable(vectors):
        return FunctionSource(vectors)
    if not isinstance(vectors, str | bytes | Number):
        try:
            columns = inputs.columns_of(vectors, None, None, inputs.ColumnNames())
        except ArgumentTypeError as error:
            raise ArgumentTypeError(
                f"vectors= is no table: {error}", expected=error.expected, received=error.received
            ) from error
        if columns.vectors is not None:
            return _table(columns.ids, columns.vectors, dtype)
    raise ArgumentTypeError(
        "vectors must be a function of a list of records that returns an array of shape (n, dim), "
        "a pair (ids, array), a dict of ids and vectors, or a table with columns id and vector, "
        f"got {type(vectors).__name__}",
        expected="a function, (ids, array), a dict, or a table",
        received=type(vectors).__name__,
    )


def _table(ids: Any, rows: Any, dtype: DType) -> TableSource:
    listed = inputs.id_list(ids)
    inputs.refuse_repeats(listed)
    plain = isinstance(rows, np.ndarray) and rows.dtype.kind != "O"
    matrix = rows if plain else array_of(rows, "vectors", _width(rows), dtype)
    if matrix.ndim != 2 or not matrix.size:
        raise InvalidArgumentError(
            f"vectors must have shape (n, dim), one row for each of the ids, got {matrix.shape}",
            expected="(n, dim)",
            received=matrix.shape,
        )
    if len(matrix) != len(listed):
        raise InvalidArgumentError(
            f"vectors= has {len(listed):,} ids and {len(matrix):,} vectors",
            expected=len(listed),
            received=len(matrix),
        )
    return TableSource(listed, matrix)


def _width(rows: Any) -> int:
    """Numbers of the first row, by which the others are judged; 0 where that cannot be told."""
    try:
        return len(next(iter(rows)))
    except (TypeError, StopIteration):
        return 0
