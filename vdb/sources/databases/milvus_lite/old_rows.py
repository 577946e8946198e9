"""What Milvus Lite 2 writes into its SQLite database: schemas, indexes and rows, as messages.

`collection_meta` has the schema of each collection and its indexes. The rows of a collection are in
the table of its name: id, milvus_id (the key as text), data, which is a list of FieldData with one
value each. Fields of the user are numbered from 100 on. The bytes of messages are stored as TEXT,
which they are not, and have to be cast. Source: schema.proto of milvus-proto.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from vdb.sources.reading.plain_json import plain_json
from vdb.sources.reading.protobuf import Value, message, signed, varints

__all__ = ["VECTORS", "OldField", "fields_of", "index_of", "row_of"]

VECTORS: Final = {
    "binary_vector": "bit",
    "float_vector": "float32",
    "float16_vector": "float16",
    "bfloat16_vector": "bfloat16",
}
_TYPES: Final = {
    1: "bool",
    2: "int8",
    3: "int16",
    4: "int32",
    5: "int64",
    10: "float",
    11: "double",
    20: "string",
    21: "varchar",
    22: "array",
    23: "json",
    100: "binary_vector",
    101: "float_vector",
    102: "float16_vector",
    103: "bfloat16_vector",
    104: "sparse_float_vector",
}
_FIRST_FIELD: Final = 100
_NUMBERS: Final = {2: "<f4", 3: "u1", 4: "<f2", 5: "<u2"}
"""The numbers in each kind of VectorField."""


@dataclass(frozen=True, slots=True)
class OldField:
    """One field of a schema.

    Attributes:
        type: In the words of Milvus, such as "varchar"; of an array "array".
        element: The type of the elements of an array.
        is_dynamic: Whether it holds the fields that the schema does not name.
    """

    number: int
    name: str
    type: str
    element: str
    is_key: bool
    is_dynamic: bool
    dim: int | None


def fields_of(schema: bytes) -> list[OldField]:
    """The fields of a CollectionSchema, without those that are Milvus' own.

    Raises:
        ValueError: It is none.
    """
    fields = [_field(_bytes(value)) for number, value in message(schema) if number == 4]
    return [one for one in fields if one.number >= _FIRST_FIELD]


def index_of(data: bytes) -> dict[str, str]:
    """The parameters of an index, such as ``{"metric_type": "L2"}``; ValueError if it is none."""
    parameters: dict[str, str] = {}
    for _, value in message(data):
        if isinstance(value, bytes):
            try:
                parameters |= _pairs([value])
            except (ValueError, UnicodeDecodeError):  # the name of the index, a text
                continue
    return parameters


def row_of(data: bytes) -> dict[int, Any]:
    """The values of a row by the numbers of their fields: Python's values, arrays for vectors.

    Raises:
        ValueError: The row is damaged.
    """
    row: dict[int, Any] = {}
    rows = None
    for number, value in message(data):
        if number == 1:
            field, content = _value(_bytes(value))
            if field >= _FIRST_FIELD:
                row[field] = content
        elif number == 2:
            rows = value
    if rows != 1:  # the count comes last
        raise ValueError(f"a message is of {rows!r:.20} rows, not of one")
    return row


def _field(data: bytes) -> OldField:
    parts: dict[int, Value] = {}
    pairs: list[bytes] = []
    for number, value in message(data):
        if number == 6:
            pairs.append(_bytes(value))
        else:
            parts[number] = value
    dim = _pairs(pairs).get("dim")
    if dim is not None and not (dim.isdigit() and 0 < int(dim) <= 1_000_000):
        raise ValueError(f"a field has the dimensions {dim[:20]!r}")
    return OldField(
        _number(parts, 1),
        _bytes(parts.get(2, b"")).decode(),
        _type(_number(parts, 5)),
        _type(_number(parts, 10)) if 10 in parts else "",
        is_key=bool(_number(parts, 3)),
        is_dynamic=bool(_number(parts, 12)),
        dim=None if dim is None else int(dim),
    )


def _type(number: int) -> str:
    return _TYPES.get(number, f"type {number}")


def _pairs(messages: list[bytes]) -> dict[str, str]:
    """The keys and values of KeyValuePairs."""
    pairs = {}
    for one in messages:
        parts = dict(message(one))
        if not parts.keys() <= {1, 2} or 1 not in parts:
            raise ValueError("is no pair of a key and a value")
        pairs[_bytes(parts[1]).decode()] = _bytes(parts.get(2, b"")).decode()
    return pairs


def _value(data: bytes) -> tuple[int, Any]:
    """The number of a field and its value."""
    parts = dict(message(data))
    number = _number(parts, 5)
    if number < _FIRST_FIELD:
        return number, None
    if 7 in parts and varints(_bytes(parts[7])) == [0]:
        return number, None
    if 4 in parts:
        return number, _vector(_bytes(parts[4]))
    values = _scalars(_bytes(parts.get(3, b"")))
    if len(values) > 1:
        raise ValueError(f"field {number} of a row has {len(values):,} values")
    return number, values[0] if values else None


def _vector(data: bytes) -> NDArray[Any] | None:
    """The numbers of a VectorField; None of a sparse one."""
    for number, value in message(data):
        if number in _NUMBERS:
            content = _bytes(value)
            if number == 2:
                content = b"".join(_bytes(part) for key, part in message(content) if key == 1)
            if len(content) % np.dtype(_NUMBERS[number]).itemsize:
                raise ValueError(f"a vector has {len(content):,} bytes")
            return np.frombuffer(content, _NUMBERS[number])
    return None


def _scalars(data: bytes) -> list[Any]:
    """The values of a ScalarField."""
    for kind, value in message(data):
        return _listed(kind, _bytes(value))
    return []


def _listed(kind: int, data: bytes) -> list[Any]:
    """The values of one of the lists that a ScalarField may be."""
    parts = [value for number, value in message(data) if number == 1]
    if kind in (1, 2, 3):
        numbers = [
            one
            for part in parts
            for one in ([part] if type(part) is int else varints(_bytes(part)))
        ]
        return [bool(one) if kind == 1 else signed(one) for one in numbers]
    if kind in (4, 5):
        packed = b"".join(map(_bytes, parts))
        form = "f" if kind == 4 else "d"
        size = struct.calcsize(form)
        if len(packed) % size:
            raise ValueError(f"a list of numbers has {len(packed):,} bytes")
        return list(struct.unpack(f"<{len(packed) // size}{form}", packed))
    if kind == 6:
        return [_bytes(part).decode() for part in parts]
    if kind == 8:
        return [_scalars(_bytes(part)) for part in parts]
    if kind == 9:
        return [plain_json(_bytes(part)) for part in parts]
    raise ValueError(f"a value is of the kind {kind}, which is not known")


def _bytes(value: Value) -> bytes:
    if isinstance(value, bytes):
        return value
    raise ValueError(f"a message has the number {value} in the place of bytes")


def _number(parts: Mapping[int, Value], number: int) -> int:
    value = parts.get(number, 0)
    if isinstance(value, int):
        return value
    raise ValueError(f"a message has bytes in the place of the number {number}")
