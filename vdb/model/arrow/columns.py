"""A column: arrays of one type below each other, in the memory of the library that they are of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vdb.kernel import ArrowNode, ArrowStream, import_arrow_array
from vdb.model.arrow.data_types import DataType
from vdb.model.arrow.validity import validity

__all__ = ["Chunk", "Column", "read", "speaks_arrow"]


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some rows of one array.

    Attributes:
        node: The array.
        first: The first of the rows, counted from the array's own offset.
        count: How many they are.
        there: Of the fields of a struct, bool (count,): false where the struct is null, whatever
            the field holds; None where none is.
    """

    node: ArrowNode
    first: int
    count: int
    there: NDArray[np.bool_] | None = None

    def validity(self) -> NDArray[np.bool_] | None:
        """Whether each row is there, bool (count,); None where all are."""
        own = validity(self.node, self.first, self.count)
        if own is None or self.there is None:
            return self.there if own is None else own
        return own & self.there


@dataclass(slots=True)
class Column:
    """A column of a table, or one that came alone."""

    type: DataType
    chunks: list[Chunk] = field(default_factory=list)

    def __len__(self) -> int:
        return sum(chunk.count for chunk in self.chunks)

    @property
    def is_table(self) -> bool:
        """Whether its rows are structs, as those of a table are."""
        return self.type.format == "+s" and self.type.dictionary is None

    def validity(self) -> NDArray[np.bool_] | None:
        """Whether each row is there, bool (n,); None where all are."""
        there = [chunk.validity() for chunk in self.chunks]
        if all(one is None for one in there):
            return None
        return np.concatenate(
            [
                np.ones(chunk.count, dtype=np.bool_) if one is None else one
                for chunk, one in zip(self.chunks, there, strict=True)
            ]
        )

    def rows(self, chosen: NDArray[np.bool_]) -> Column:
        """The rows where `chosen`, bool (n,), is true; nothing is copied."""
        parts, before = [], 0
        for chunk in self.chunks:
            own = chosen[before : before + chunk.count]
            before += chunk.count
            ends = np.flatnonzero(np.diff(own.astype(np.int8), prepend=0, append=0)).tolist()
            parts += [
                Chunk(chunk.node, chunk.first + start, end - start)
                for start, end in zip(ends[::2], ends[1::2], strict=True)
            ]
        return Column(self.type, parts)

    def fields(self) -> list[Column]:
        """The columns of a table."""
        columns = [Column(kind) for kind in self.type.children]
        for chunk in self.chunks:
            there, first = chunk.validity(), chunk.node.offset + chunk.first
            nodes = chunk.node.children
            if len(nodes) != len(columns):
                raise ValueError("an array without all of its children")
            for column, node in zip(columns, nodes, strict=True):
                if node.length < first + chunk.count:
                    raise ValueError("a column shorter than its table")
                column.chunks.append(Chunk(node, first, chunk.count, there))
        return columns


def speaks_arrow(value: object) -> bool:
    """Whether it can be handed over through the Arrow C data or stream interface."""
    kind = type(value)
    return hasattr(kind, "__arrow_c_stream__") or hasattr(kind, "__arrow_c_array__")


def read(value: Any) -> Column:
    """All arrays of an object that `speaks_arrow`, none of them copied.

    Raises:
        ValueError: What it handed over is no array.
        OSError: It failed while it was read; the words are its library's.
        Exception: Whatever its methods raise.
    """
    if not hasattr(type(value), "__arrow_c_stream__"):
        schema, array = value.__arrow_c_array__()
        tree, node = import_arrow_array(schema, array)
        return Column(DataType.of(tree), [Chunk(node, 0, node.length)])
    capsule = value.__arrow_c_stream__()
    stream = ArrowStream(capsule)
    column = Column(DataType.of(stream.type()))
    while (array := stream.next()) is not None:
        if array.length:
            column.chunks.append(Chunk(array, 0, array.length))
    return column
