"""Ids in arrays: whole numbers, or texts of fixed length."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vdb.errors import InvalidArgumentError
from vdb.model.records import Id
from vdb.sources.info import IdKind
from vdb.sources.reading.number_types import signed_or_large

__all__ = ["id_kind", "ids_of"]


def id_kind(kind: np.dtype[Any], what: str) -> IdKind:
    """The kind of ids that an array of that dtype holds.

    Raises:
        InvalidArgumentError: It holds none.
    """
    if kind.kind in "iu":
        return "int"
    if kind.kind in "US":
        return "str"
    raise InvalidArgumentError(
        f"ids: {what} holds {kind.str}; ids are whole numbers or texts",
        expected="int or str",
        received=kind.str,
    )


def ids_of(part: NDArray[Any]) -> Sequence[Id] | NDArray[np.int64]:
    """The ids of an array (n, 1) or (n,); bytes are texts in UTF-8, others are refused later."""
    part = part.reshape(-1)
    if part.dtype.kind == "S":
        return [one.decode("utf-8", "surrogateescape") for one in part.tolist()]
    if part.dtype.kind == "U":
        texts: list[Id] = part.tolist()
        return texts
    numbers: NDArray[np.int64] = signed_or_large(part)
    return numbers
