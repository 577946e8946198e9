"""The columns of a vec0 table, as the statement that created it names them.

vec0(id text primary key, kind text partition key, embedding float[8] distance_metric=cosine,
price float, +note text, chunk_size=16): a key, a partition, a vector, metadata, and an auxiliary
column. Source: sqlite-vec.c of sqlite-vec 0.1.9, vec0_init.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

__all__ = ["Definition", "VectorColumn", "definition_of", "is_vec0"]

_STATEMENT: Final = re.compile(
    r"\s*CREATE\s+VIRTUAL\s+TABLE\b.*?\bUSING\s+vec0\s*\((.*)\)\s*;?\s*", re.IGNORECASE | re.DOTALL
)
_OPTION: Final = re.compile(r"\w+\s*=\s*\S+")
_KEY: Final = re.compile(r"(\w+)\s+(text|integer|int)\s+primary\s+key", re.IGNORECASE)
_PARTITION: Final = re.compile(r"(\w+)\s+(text|integer|int)\s+partition\s+key", re.IGNORECASE)
_AUXILIARY: Final = re.compile(r"\+\s*(\w+)\s+(\w+)")
_VECTOR: Final = re.compile(
    r"(\w+)\s+(float|f32|int8|i8|bit)\s*\[\s*(\d+)\s*\]\s*(.*)", re.IGNORECASE | re.DOTALL
)
_METRIC: Final = re.compile(r"distance_metric\s*=\s*(\w+)", re.IGNORECASE)
_METADATA: Final = re.compile(r"(\w+)\s+(\w+)")
_NUMBERS: Final = {"float": "float32", "f32": "float32", "int8": "int8", "i8": "int8"}
_TYPES: Final = {
    "text": "text",
    "integer": "integer",
    "int": "integer",
    "int64": "integer",
    "float": "float",
    "double": "float",
    "float64": "float",
    "f64": "float",
    "boolean": "boolean",
    "bool": "boolean",
    "blob": "blob",
}
_METRICS: Final = {"l2": "l2", "l1": "l1", "cosine": "cosine", "hamming": "hamming"}


@dataclass(frozen=True, slots=True)
class VectorColumn:
    """One column of vectors.

    Attributes:
        numbers: The type of a number: float32, int8 or bit.
    """

    name: str
    numbers: str
    dim: int
    metric: str

    @property
    def width(self) -> int:
        """Bytes of a vector."""
        return {"float32": 4 * self.dim, "int8": self.dim, "bit": self.dim // 8}[self.numbers]


@dataclass(frozen=True, slots=True)
class Definition:
    """The columns of a table, each kind in the order of its numbers in the shadow tables.

    Attributes:
        key: Name and type of the primary key; None for the rowid.
        partitions: Names with types, as `metadata` and `auxiliary`.
    """

    vectors: tuple[VectorColumn, ...]
    key: tuple[str, str] | None
    partitions: dict[str, str]
    metadata: dict[str, str]
    auxiliary: dict[str, str]


def is_vec0(statement: str) -> bool:
    """Whether a statement creates a table of vec0."""
    return _STATEMENT.fullmatch(statement) is not None


def definition_of(statement: str) -> Definition:
    """The columns that a statement of vec0 names.

    Raises:
        ValueError: It is no such statement, or a column is of no known kind; says which.
    """
    match = _STATEMENT.fullmatch(statement)
    if match is None:
        raise ValueError("is not of vec0")
    vectors: list[VectorColumn] = []
    key: tuple[str, str] | None = None
    partitions: dict[str, str] = {}
    metadata: dict[str, str] = {}
    auxiliary: dict[str, str] = {}
    for part in match[1].split(","):
        text = part.strip()
        if found := _KEY.fullmatch(text):
            key = found[1], _TYPES[found[2].lower()]
        elif found := _PARTITION.fullmatch(text):
            partitions[found[1]] = _TYPES[found[2].lower()]
        elif found := _VECTOR.fullmatch(text):
            vectors.append(_vector_column(found))
        elif found := _AUXILIARY.fullmatch(text):
            auxiliary[found[1]] = _type(found[2], text)
        elif found := _METADATA.fullmatch(text):
            metadata[found[1]] = _type(found[2], text)
        elif not _OPTION.fullmatch(text):
            raise ValueError(f"has a column that is not known: {text:.80}")
    if not vectors:
        raise ValueError("has no column of vectors")
    return Definition(tuple(vectors), key, partitions, metadata, auxiliary)


def _vector_column(match: re.Match[str]) -> VectorColumn:
    name, kind, dim, options = match.groups()
    numbers = _NUMBERS.get(kind.lower(), "bit")
    metric = "hamming" if numbers == "bit" else "l2"
    named = _METRIC.search(options)
    if named is not None:
        metric = _METRICS.get(named[1].lower(), "")
        if not metric:
            raise ValueError(f"has the distance_metric {named[1]}")
    if int(dim) < 1 or int(dim) > 1 << 20 or (numbers == "bit" and int(dim) % 8):
        raise ValueError(f"has {int(dim):,} dimensions in {name}")
    return VectorColumn(name, numbers, int(dim), metric)


def _type(word: str, column: str) -> str:
    kind = _TYPES.get(word.lower())
    if kind is None:
        raise ValueError(f"has a column that is not known: {column:.80}")
    return kind
