"""The query of a search: a vector from a file, from standard input, or of a record."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from vdb.cli.arguments.ids import typed_id
from vdb.errors import InvalidArgumentError, NotFoundError

if TYPE_CHECKING:
    from vdb.api.collection_reader import CollectionReader

__all__ = ["query_of"]


def query_of(collection: CollectionReader, vector: str | None, id_text: str | None) -> NDArray[Any]:
    """The vector that ``--vector`` or ``--id`` names.

    Raises:
        InvalidArgumentError: Both or neither, or what one of them names is no vector.
        NotFoundError: There is no such record.
    """
    if vector is not None and id_text is None:
        return _vector_from_file(vector)
    if id_text is not None and vector is None:
        return _vector_of_record(collection, id_text)
    raise InvalidArgumentError("give one of --vector, --id and --like")


def _vector_from_file(vector: str) -> NDArray[Any]:
    """The query that ``--vector`` names."""
    if not vector:
        raise InvalidArgumentError("--vector is empty; it names a .npy file, or - for a JSON list")
    if vector == "-":
        return _from_standard_input()
    from vdb.cli.queries.vectors import query_from

    return query_from(vector)


def _from_standard_input() -> NDArray[Any]:
    """The query as a JSON list of numbers."""
    if sys.stdin is None:
        raise InvalidArgumentError("standard input is closed")
    from vdb.sources.reading.plain_json import PlainJsonError, plain_json

    try:
        numbers = plain_json(sys.stdin.read())
    except PlainJsonError as error:
        raise InvalidArgumentError(f"standard input {error}") from None
    if not isinstance(numbers, list) or not all(type(x) in (int, float, bool) for x in numbers):
        raise InvalidArgumentError("standard input must be one flat JSON list of numbers")
    try:
        return np.array(numbers, dtype=_type_of(numbers))
    except OverflowError as error:
        raise InvalidArgumentError(f"standard input: {error}") from None


def _type_of(numbers: list[Any]) -> type:
    """Numpy's type of a JSON list; integers and booleans keep their type, for int8 and bits."""
    kinds = {type(number) for number in numbers}
    if kinds == {bool}:
        return np.bool_
    return np.int64 if kinds == {int} and max(map(abs, numbers)) < 1 << 63 else np.float64


def _vector_of_record(collection: CollectionReader, text: str) -> NDArray[Any]:
    """The vector of the record that ``--id`` names."""
    record = collection.get(typed_id(collection, text))
    if record is None:
        raise NotFoundError(f"no record {text!r} in collection {collection.name}", received=text)
    if record.vector is None:
        raise InvalidArgumentError(f"record {text!r} has no vector to search with", received=text)
    return record.vector
