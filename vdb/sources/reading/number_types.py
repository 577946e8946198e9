"""Types of numbers, by the names that files give them, and the dtypes that hold them unchanged."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from vdb.errors import InvalidArgumentError
from vdb.model.config import LIMITS

__all__ = [
    "SAID",
    "bfloat16",
    "dtype_for",
    "native",
    "numbers_of",
    "rounding_note",
    "signed_or_large",
]

_SAME = {"float32": "float32", "float16": "float16", "int8": "int8", "bit": "bit", "bool": "bit"}

_FLOAT8: Final = {
    # bits of the exponent, its bias, and which codes are no numbers
    "float8_e3m4": (3, 3, "ieee"),
    "float8_e4m3": (4, 7, "ieee"),
    "float8_e5m2": (5, 15, "ieee"),
    "float8_e4m3fn": (4, 7, "fn"),
    "float8_e4m3b11fnuz": (4, 11, "fnuz"),
    "float8_e4m3fnuz": (4, 8, "fnuz"),
    "float8_e5m2fnuz": (5, 16, "fnuz"),
}

SAID: Final = ("bfloat16", *_FLOAT8, "bit", "offset-bit")
"""Types that an array does not name itself. bit: packed bits; offset-bit: the same as int8, 128
less, which is what sentence-transformers, Cohere and Voyage call binary."""


def numbers_of(kind: np.dtype[Any], said: str | None, what: str) -> str:
    """The type of the numbers of an array.

    Args:
        kind: The array's dtype.
        said: One of `SAID`, where the user says what the bytes stand for.
        what: The array, for messages.

    Raises:
        InvalidArgumentError: Nobody says what the bytes stand for, or they cannot stand for that.
    """
    stored = f"{what} holds {kind.str}"
    if said is not None:
        kinds = {"bit": ("u1", "b1"), "offset-bit": ("i1",), "bfloat16": ("V2", "u2", "i2")}
        takes = kinds.get(said, ("V1", "f1", "u1", "i1"))
        if kind.str[1:] not in takes:
            raise InvalidArgumentError(
                f"{stored}, which cannot be {said}: that is one of {', '.join(takes)}",
                expected=takes,
                received=kind.str,
            )
        return said
    if kind.kind == "b":
        return "bool"
    if kind.kind in "fiu":
        return kind.name
    if kind.kind == "V" and kind.itemsize <= 2 and kind.names is None:
        choices = SAID[:1] if kind.itemsize == 2 else tuple(_FLOAT8)
        raise InvalidArgumentError(
            f"{stored}, bytes without a type: give numbers=, one of {', '.join(choices)}",
            expected=choices,
            received=kind.str,
        )
    held = {"O": "pickles, which are not read", "U": "texts", "S": "texts", "c": "complex numbers"}
    raise InvalidArgumentError(
        f"{stored}, {held.get(kind.kind, 'which is no type of numbers')}; vectors are numbers",
        expected="numbers",
        received=kind.str,
    )


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
    """The array in this machine's byte order.

    Numbers that numpy lacks become float32; bool (n, dim) and packed bits become uint8.
    """
    if numbers == "bfloat16":
        kind = array.dtype if array.dtype.kind in "ui" else np.dtype("<V2")
        return bfloat16(array.view(np.dtype("u2").newbyteorder(kind.byteorder)).astype(np.uint16))
    if numbers in _FLOAT8:
        return _float8(numbers)[array.view(np.uint8)]
    if numbers == "offset-bit":
        return array.view(np.uint8) ^ np.uint8(128)
    if numbers in ("bool", "bit") and array.dtype.kind == "b":
        return np.packbits(array, axis=1)
    return array.astype(array.dtype.newbyteorder("="), copy=False)


def signed_or_large(labels: NDArray[Any]) -> Any:
    """Labels as int64, or as Python's ints where one is beyond them."""
    if len(labels) and int(labels.max()) > LIMITS.id_max:
        return labels.tolist()
    return labels.astype(np.int64)


@lru_cache(maxsize=len(_FLOAT8))
def _float8(name: str) -> NDArray[np.float32]:
    """The number that each byte stands for, (256,). Source: ml_dtypes' README, OCP OFP8 1.0."""
    exponent_bits, bias, special = _FLOAT8[name]
    fraction_bits = 7 - exponent_bits
    codes = np.arange(256)
    exponent = (codes & 127) >> fraction_bits
    fraction = (codes & ((1 << fraction_bits) - 1)) / (1 << fraction_bits)
    size = np.where(
        exponent > 0, (1 + fraction) * 2.0 ** (exponent - bias), fraction * 2.0 ** (1 - bias)
    )
    values = np.where(codes & 128, -size, size).astype(np.float32)
    if special == "fnuz":
        values[128] = np.nan
    elif special == "fn":
        values[[127, 255]] = np.nan
    else:
        top = exponent == (1 << exponent_bits) - 1
        values[top] = np.where(fraction[top] > 0, np.nan, np.sign(values[top]) * np.inf)
    return values
