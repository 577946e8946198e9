"""Vectors of Arrow's columns of lists: a matrix, the rows without one, and those that hold none.

Offsets, slices and validity are respected: what lies under a null is never read. A null row and
rows of another length leave no gap in `ListArray.flatten`, so they are taken out before it.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from vdb.errors import InvalidArgumentError
from vdb.model.arguments import shown
from vdb.sources.reading.libraries import needed
from vdb.sources.reading.number_types import bfloat16

__all__ = ["VectorColumn", "is_vectors"]

_TENSOR: Final = "arrow.fixed_shape_tensor"
_EXTENSION: Final = b"ARROW:extension:name"
_SEVERAL: Final = ("list", "large_list", "fixed_size_list", "list_view", "large_list_view")


def is_vectors(field: Any) -> bool:
    """Whether a field of a schema holds lists of numbers, of bool, or of bfloat16."""
    child = _child(field)
    return child is not None and _numbers(child) is not None


class VectorColumn:
    """How one column of vectors is read.

    Attributes:
        numbers: The type of a number: numpy's name, "bfloat16", or "bit" for bool.
        length: How many numbers each vector has; None where only the rows say so.
    """

    def __init__(self, field: Any, length: int | None = None, *, packed: bool = False) -> None:
        """How the vectors of a field of a schema are read.

        Args:
            field: One that `is_vectors`.
            length: What the source says elsewhere, for lists of any length.
            packed: Whether uint8 are packed bits.

        Raises:
            InvalidArgumentError: `packed`, and the numbers are of another type.
        """
        kind = _storage(field.type)
        self.name = field.name
        numbers = _numbers(_child(field))
        assert numbers is not None  # noqa: S101 - is_vectors was asked
        self.numbers: str = numbers
        self.length = kind.list_size if _is(kind, "fixed_size_list") else length
        self._axes = _axes(field.type)
        self._packed = packed
        if packed:
            if numbers != "uint8":
                raise InvalidArgumentError(
                    f"packed bits are vectors of uint8; column {shown(self.name)} is of {numbers}",
                    expected="uint8",
                    received=numbers,
                )
            self.numbers = "bit"

    @property
    def dim(self) -> int | None:
        """The dimension of a collection: bits are filled up to whole bytes."""
        if self.numbers == "bit" and self.length is not None:
            return 8 * self.length if self._packed else -(-self.length // 8) * 8
        return self.length

    def find_length(self, array: Any) -> bool:
        """Takes the length of the first vector of an array, if it is not known yet."""
        if self.length is None:
            lists = _stored(array).drop_null()
            if len(lists):
                self.length = len(lists[0])
        return self.length is not None

    def read(self, array: Any) -> tuple[NDArray[Any], NDArray[np.bool_], dict[int, str]]:
        """The vectors of some rows.

        Returns:
            A matrix with a row for each of them, bits packed; which have none, bool (n,); and why
            rows hold no vector, by their place. The matrix is 0 in rows of both.
        """
        lists = _stored(array)
        present = lists.is_valid().to_numpy(zero_copy_only=False)
        refused: dict[int, str] = {}
        self.find_length(array)
        length = self.length or 0
        sizes = lists.value_lengths().fill_null(length).to_numpy(zero_copy_only=False)
        sound = present & (sizes == length)
        for row in np.flatnonzero(present & ~sound).tolist():
            refused[row] = f"the vector has {sizes[row]:,} numbers, where others have {length:,}"
        if not sound.all():
            lists = lists.filter(_mask(sound))
        values = lists.flatten()
        if values.null_count:
            places = np.flatnonzero(values.is_null().to_numpy(zero_copy_only=False))
            rows = np.flatnonzero(sound)[places // length]
            for row, place in zip(rows.tolist()[::-1], places.tolist()[::-1], strict=True):
                refused[row] = f"the vector has null at position {place % length}"
            whole = np.ones(len(lists), np.bool_)
            whole[places // length] = False
            sound[rows] = False
            values = lists.filter(_mask(whole)).flatten()
        matrix = self._in_order(self._plain(values).reshape(int(sound.sum()), length))
        if self.numbers == "bit" and not self._packed:
            matrix = np.packbits(matrix, axis=1)
        if not sound.all():
            full = np.zeros((len(sound), matrix.shape[1]), matrix.dtype)
            full[sound] = matrix
            matrix = full
        return matrix, ~present, refused

    def _plain(self, values: Any) -> NDArray[Any]:
        values = _stored(values)
        if self.numbers == "bfloat16":
            raw = values.buffers()[1]
            halves = np.frombuffer(raw, np.uint16) if raw else np.empty(0, np.uint16)
            return bfloat16(halves[values.offset : values.offset + len(values)])
        numbers: NDArray[Any] = values.to_numpy(zero_copy_only=False)
        return numbers

    def _in_order(self, matrix: NDArray[Any]) -> NDArray[Any]:
        """Tensors lie in the order of their axes in memory, and are read in that of their axes."""
        if self._axes is None:
            return matrix
        shape, permutation = self._axes
        tensors = matrix.reshape(len(matrix), *shape)
        order = [0, *(1 + axis for axis in permutation)]
        return np.ascontiguousarray(tensors.transpose(order)).reshape(len(matrix), -1)


def _is(kind: Any, *names: str) -> bool:
    types = needed("pyarrow", "pyarrow", "reading tables of Arrow").types
    return any(getattr(types, f"is_{name}", lambda _: False)(kind) for name in names)


def _storage(kind: Any) -> Any:
    """The type that an extension type is stored as; other types as they are."""
    return getattr(kind, "storage_type", kind)


def _stored(array: Any) -> Any:
    return getattr(array, "storage", array)


def _child(field: Any) -> Any:
    """The field of the elements of lists; None where it holds no lists."""
    kind = _storage(field.type)
    return kind.value_field if _is(kind, *_SEVERAL) else None


def _numbers(field: Any) -> str | None:
    """The type of numbers of a field by its name; None if it holds others."""
    kind = field.type
    extension = (field.metadata or {}).get(_EXTENSION, b"").decode("utf-8", "replace")
    extension = getattr(kind, "extension_name", extension)
    storage = _storage(kind)
    if extension.endswith("bfloat16") and _is(storage, "fixed_size_binary"):
        return "bfloat16" if storage.byte_width == 2 else None
    if _is(kind, "boolean"):
        return "bit"
    if _is(kind, "integer", "floating"):
        return str(np.dtype(kind.to_pandas_dtype()))
    return None


def _mask(rows: NDArray[np.bool_]) -> Any:
    return needed("pyarrow", "pyarrow", "reading tables of Arrow").array(rows)


def _axes(kind: Any) -> tuple[list[int], list[int]] | None:
    """Shape in memory and permutation of tensors whose axes are in another order than there."""
    if getattr(kind, "extension_name", "") != _TENSOR:
        return None
    permutation = list(kind.permutation or [])
    if permutation == sorted(permutation):
        return None
    return list(kind.shape), permutation
