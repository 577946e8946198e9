"""Arrays from `.npy` files, memory-mapped and never unpickled."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vdb.errors import InvalidArgumentError

MAGIC = b"\x93NUMPY"


def open_array(path: str | Path) -> NDArray[Any]:
    """The numbers in a `.npy` file: real, of any width, or booleans; a read-only view of the file.

    Raises:
        InvalidArgumentError: It is another kind of file, cut short, or holds no real numbers.
        OSError: It cannot be read.
    """
    with Path(path).open("rb") as file:
        if file.read(len(MAGIC)) != MAGIC:
            raise InvalidArgumentError(
                f"{path} is not a .npy file; numpy.save makes one of an array", expected=".npy"
            )
    try:
        with warnings.catch_warnings(action="ignore"):  # of headers that Python 2 wrote
            array: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    except OSError:
        raise
    except Exception as error:  # noqa: BLE001 - a header is read as Python, which fails in many ways
        reason = str(error).splitlines()[0] if str(error) else "no data"
        if reason.startswith(("mmap length", "EOF", "No data", "no data")):
            raise InvalidArgumentError(
                f"{path} is cut short: it ends before the last of the numbers that it announces"
            ) from None
        raise InvalidArgumentError(f"{path} cannot be read: {reason}") from None
    if array.dtype.kind not in "biuf":
        raise InvalidArgumentError(
            f"{path} holds {array.dtype}; real numbers are needed",
            expected="float",
            received=str(array.dtype),
        )
    return array
