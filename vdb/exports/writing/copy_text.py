r"""Values as COPY of PostgreSQL reads them as text: a tab between columns, a line for each row.

Source: the pages on COPY, on arrays and on date/time types of PostgreSQL's manual, and pgvector's
README: a vector is ``[1,2,3]``, bits are zeros and ones.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from vdb.exports.writing.utc_text import utc_text

__all__ = ["NULL", "bit_texts", "column_text", "copy_field", "vector_texts"]

NULL: Final = "\\N"

_ESCAPES: Final = str.maketrans(
    {"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\b": "\\b", "\f": "\\f", "\v": "\\v"}
)
_QUOTED: Final = str.maketrans({"\\": "\\\\", '"': '\\"'})


def copy_field(text: str | None) -> str:
    r"""A text as a field of a line; None is ``\N``."""
    return NULL if text is None else text.translate(_ESCAPES)


def vector_texts(vectors: NDArray[Any]) -> Iterator[str]:
    """Vectors of real or whole numbers, with the nine digits that tell float32 numbers apart."""
    form = f"[{','.join(['%.9g'] * vectors.shape[1])}]"
    for row in vectors.tolist():
        yield form % tuple(row)


def bit_texts(vectors: NDArray[np.uint8]) -> Iterator[str]:
    """Packed bits as zeros and ones; the first dimension is the highest bit of the first byte."""
    for row in np.unpackbits(vectors, axis=1) + np.uint8(ord("0")):
        yield row.tobytes().decode("ascii")


def column_text(value: Any, kind: str) -> str | None:
    """A value of a declared field of type `kind` as the text of a column; None for null."""
    if not kind.endswith("[]") or value is None:
        return _scalar(value, kind)
    base = kind.removesuffix("[]")
    return "{" + ",".join(_element(one, base) for one in value) + "}"


def _element(value: Any, kind: str) -> str:
    text = _scalar(value, kind)
    if text is None:
        return "NULL"
    return f'"{text.translate(_QUOTED)}"' if kind in ("keyword", "datetime") else text


def _scalar(value: Any, kind: str) -> str | None:
    if value is None:
        return None
    if kind == "bool":
        return "t" if value else "f"
    if kind == "datetime":  # with its zone, so that no setting of a session is used
        return utc_text(value)
    return repr(float(value)) if kind == "float" else str(value)
