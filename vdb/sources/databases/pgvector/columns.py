"""Columns of a table of PostgreSQL, and their values from the text that PostgreSQL writes.

Source of the forms: the chapters on data types of PostgreSQL's manual, and pgvector's README: a
vector is ``[1,2,3]``, a sparse one ``{1:1.5,3:2}/5`` with places from 1, bits are zeros and ones.
"""

from __future__ import annotations

import math
import re
from functools import partial
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from vdb.sources.databases.pgvector.array_text import array_of
from vdb.sources.reading.plain_json import plain_json

__all__ = ["VECTORS", "Column", "field_type", "value_of", "vector_of"]

VECTORS: Final = {"vector": "float32", "halfvec": "float16", "sparsevec": "float32", "bit": "bit"}
"""Types of vectors, and the numbers that hold them unchanged."""

_INTS: Final = frozenset(["smallint", "integer", "bigint", "int", "int2", "int4", "int8", "oid"])
_FLOATS: Final = frozenset(["real", "double precision", "float4", "float8", "numeric", "decimal"])
_TIMES: Final = ("timestamp", "date")
_MOST_DIMENSIONS: Final = 1_000_000
_FEWEST_BITS: Final = 8
_DECLARED = re.compile(
    r"([a-z_][a-z0-9_ ]*?)(?:\((\d+)(?:,\d+)?\))?((?:\[\])*)(?: with(?:out)? time zone)?",
    re.IGNORECASE,
)
_SPARSE = re.compile(r"\{(.*)\}/(\d+)")


class Column(NamedTuple):
    """A column: its name, and its type without a schema and without a length."""

    name: str
    type: str
    length: int | None = None

    @property
    def is_vector(self) -> bool:
        """Whether it can be that of the vectors; a few bits are flags."""
        flags = self.type == "bit" and self.length is not None and self.length < _FEWEST_BITS
        return self.type in VECTORS and not flags

    @property
    def dim(self) -> int | None:
        """The dimensions as its type says them; bits are padded to whole bytes."""
        if self.length is None or self.type != "bit":
            return self.length
        return -(-self.length // 8) * 8

    @property
    def element(self) -> Column:
        """An element of an array, as a column."""
        return Column(self.name, self.type.rstrip("[]"))

    @classmethod
    def of(cls, name: str, declared: str) -> Column:
        """The column with the type as a table declares it, such as ``public.vector(3)``."""
        plain = declared.strip().rpartition(".")[2]
        match = _DECLARED.fullmatch(plain)
        if match is None:
            return cls(name, plain.lower())
        base = match[1].strip().lower() + (match[3] or "")
        return cls(name, base, int(match[2]) if match[2] else None)


def field_type(column: Column) -> str | None:
    """The type of payload field that a column can be declared as; None for none."""
    if column.type.endswith("[]"):
        element = field_type(column.element)
        return None if element is None else f"{element}[]"
    if column.type in _INTS:
        return "int"
    if column.type in _FLOATS:
        return "float"
    if column.type == "boolean":
        return "bool"
    if column.type.startswith("timestamp"):
        return "datetime"
    return "keyword" if column.type in ("uuid", "character varying") else None


def value_of(column: Column, text: str | None) -> Any:
    """A value of a payload.

    Raises:
        ValueError: The text is none of the column's type.
    """
    if text is None:
        return None
    if column.type.endswith("[]"):
        return array_of(text, partial(value_of, column.element))
    if column.type in _INTS:
        return int(text)
    if column.type in _FLOATS:
        number = float(text)
        if not math.isfinite(number):
            raise ValueError(f"{column.name} is {text}, which payloads cannot hold")
        return number
    if column.type == "boolean":
        return {"t": True, "f": False, "true": True, "false": False}[text]
    if column.type in ("json", "jsonb"):
        return plain_json(text)
    if column.type.startswith(_TIMES):
        return _iso(text)
    return text


def _iso(text: str) -> str:
    """A time as ISO 8601: a T between date and time, and minutes in the offset."""
    day, blank, rest = text.partition(" ")
    if re.search(r"[+-]\d\d$", rest):
        rest += ":00"
    return f"{day}T{rest}" if blank else day


def vector_of(column: Column, text: str) -> NDArray[Any]:
    """The numbers of a vector; of bits the packed bytes, whose first bit is the highest.

    Raises:
        ValueError: The text is no vector of the column's type.
    """
    if column.type == "bit":
        bits = np.frombuffer(text.encode("ascii"), np.uint8) - ord("0")
        if len(bits) == 0 or bits.max() > 1:
            raise ValueError(f"{column.name} is no text of bits")
        return np.packbits(bits)
    if column.type == "sparsevec":
        return _sparse(column, text)
    if not (text.startswith("[") and text.endswith("]")):
        raise ValueError(f"{column.name} is no vector")
    numbers = np.array(text[1:-1].split(","), dtype=np.float64)
    return numbers.astype(VECTORS[column.type])


def _sparse(column: Column, text: str) -> NDArray[np.float32]:
    match = _SPARSE.fullmatch(text)
    if match is None:
        raise ValueError(f"{column.name} is no sparse vector")
    dim = int(match[2])
    if column.length is not None and dim != column.length:
        raise ValueError(f"{column.name} has {dim} dimensions, not {column.length}")
    if dim > _MOST_DIMENSIONS:
        raise ValueError(f"{column.name} has {dim} dimensions")
    vector = np.zeros(dim, np.float32)
    for pair in filter(None, match[1].split(",")):
        place, _, number = pair.partition(":")
        if not 1 <= int(place) <= dim:
            raise ValueError(f"{column.name} has the place {place} of {dim}")
        vector[int(place) - 1] = float(number)
    return vector
