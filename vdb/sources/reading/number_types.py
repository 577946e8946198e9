"""Types of numbers, by the names that files give them, and the dtypes that hold them unchanged."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from vdb.model.config import LIMITS

__all__ = ["bfloat16", "dtype_for", "native", "rounding_note", "signed_or_large"]

_SAME = {"float32": "float32", "float16": "float16", "int8": "int8", "bit": "bit", "bool": "bit"}


def dtype_for(numbers: str) -> str:
    """The dtype of a collection for numbers of a type: that which holds them, else float32.

    `numbers` is a name of numpy's or ml_dtypes', such as "bfloat16", or "bit".
    """
    return _SAME.get(numbers, "float32")


def rounding_note(numbers: str) -> tuple[str, ...]:
    """What a collection of that dtype loses, as notes."""
    if numbers == "float64":
        return ("float64 numbers are rounded to float32",)
    if numbers in ("int32", "int64", "uint32", "uint64"):
        return ("whole numbers beyond 2**24 are rounded to float32",)
    return ()


def bfloat16(bits: NDArray[np.uint16]) -> NDArray[np.float32]:
    """Numbers of bfloat16 as float32, which holds them exactly: their bits are its upper half."""
    wide = np.left_shift(bits.astype(np.uint32), np.uint32(16))
    return wide.view(np.float32)


def native(array: NDArray[Any], numbers: str) -> NDArray[Any]:
    """The array in this machine's byte order; bfloat16, which numpy lacks, as float32."""
    own = array.astype(array.dtype.newbyteorder("="), copy=False)
    return bfloat16(own) if numbers == "bfloat16" else own


def signed_or_large(labels: NDArray[np.uint64]) -> Any:
    """Labels as int64, or as Python's ints where one is beyond them."""
    if len(labels) and int(labels.max()) > LIMITS.id_max:
        return labels.tolist()
    return labels.astype(np.int64)
