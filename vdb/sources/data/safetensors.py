"""safetensors: tensors in one file, behind a head in JSON.

u64 little-endian bytes of the head; the head, an object of name -> dtype, shape, data_offsets,
where offsets count from its end; the numbers row by row, little-endian and without gaps
(https://github.com/huggingface/safetensors). Read here without the library, which needs ml_dtypes
for bfloat16.
"""

from __future__ import annotations

from math import prod
from typing import Any, Final, NamedTuple

import numpy as np

from vdb.errors import InvalidArgumentError
from vdb.model.arguments import shown
from vdb.sources.data.array_ids import id_kind
from vdb.sources.info import SourceInfo
from vdb.sources.reading.byte_file import ByteFile
from vdb.sources.reading.matrix_source import MatrixSource
from vdb.sources.reading.number_types import SAID, dtype_for, numbers_of, rounding_note
from vdb.sources.reading.plain_json import PlainJsonError, plain_json
from vdb.sources.source import Source
from vdb.sources.source_format import Option, Place, SourceFormat

__all__ = ["FORMAT"]

_LONGEST: Final = 100_000_000  # bytes of a head, as the library has it
TYPES: Final = {
    "F64": ("<f8", "float64"),
    "F32": ("<f4", "float32"),
    "F16": ("<f2", "float16"),
    "BF16": ("<u2", "bfloat16"),
    "F8_E4M3": ("u1", "float8_e4m3fn"),
    "F8_E5M2": ("u1", "float8_e5m2"),
    "I64": ("<i8", "int64"),
    "I32": ("<i4", "int32"),
    "I16": ("<i2", "int16"),
    "I8": ("i1", "int8"),
    "U64": ("<u8", "uint64"),
    "U32": ("<u4", "uint32"),
    "U16": ("<u2", "uint16"),
    "U8": ("u1", "uint8"),
    "BOOL": ("?", "bool"),
}
"""Types of the format: numpy's for the bytes, and the name of the numbers."""


class _Tensor(NamedTuple):
    dtype: str
    shape: tuple[int, ...]
    offset: int
    length: int


def _open(
    place: Place,
    *,
    vectors: str | None = None,
    ids: str | None = None,
    numbers: str | None = None,
) -> Source:
    file = ByteFile(place.require_file(FORMAT.name))
    tensors = _head(file)
    name = _vectors(file, tensors, vectors)
    tensor = tensors[name]
    if len(tensor.shape) != 2 or not tensor.shape[1]:
        raise InvalidArgumentError(
            f"{name} has the shape {tensor.shape}; vectors are (rows, dim)",
            expected="(rows, dim)",
            received=tensor.shape,
        )
    rows, columns = tensor.shape
    kind, stored = _type(file, name, tensor)
    if numbers is not None:
        stored = numbers_of(np.dtype(kind), numbers, name)
    packed = stored in ("bit", "offset-bit")
    listed = "bit" if packed or stored == "bool" else stored
    info = SourceInfo(
        format=FORMAT.name,
        version=tensor.dtype,
        path=place.text,
        count=rows,
        dim=8 * columns if packed else -(-columns // 8) * 8 if stored == "bool" else columns,
        numbers=listed,
        dtype=dtype_for(listed),
        notes=rounding_note(listed),
    )
    source = MatrixSource(
        info, file, offset=tensor.offset, kind=kind, rows=rows, columns=columns, numbers=stored
    )
    if ids is not None:
        _set_ids(source, file, tensors, ids)
    return source


def _head(file: ByteFile) -> dict[str, _Tensor]:
    """The tensors by their names."""
    (length,) = file.numbers_at(0, "<Q", "the length of the head")
    if length > _LONGEST:
        raise file.error("the length of the head", f"is {length:,} bytes")
    try:
        head = plain_json(file.bytes_at(8, length, "the head"))
    except PlainJsonError as error:
        raise file.error("the head", str(error)) from None
    if not isinstance(head, dict):
        raise file.error("the head", "is no JSON object")
    head.pop("__metadata__", None)
    tensors = {name: _tensor(file, name, row, 8 + length) for name, row in head.items()}
    end = 8 + length
    for name, tensor in sorted(tensors.items(), key=lambda pair: pair[1][2:]):
        if tensor.offset != end:
            raise file.error(name, f"begins at byte {tensor.offset:,}, not at {end:,}")
        end += tensor.length
    if end != file.size:
        raise file.error("the head", f"ends at byte {end:,}, and the file has {file.size:,}")
    return tensors


def _tensor(file: ByteFile, name: str, row: Any, base: int) -> _Tensor:
    try:
        dtype, shape, (start, end) = row["dtype"], row["shape"], row["data_offsets"]
    except (TypeError, KeyError, ValueError):
        raise file.error("the head", f"says of {shown(name)} {row!r:.80}") from None
    sizes = [*shape, start, end] if isinstance(shape, list) else [None]
    if any(type(one) is not int or not 0 <= one < 1 << 62 for one in sizes):
        raise file.error("the head", f"says of {shown(name)} {row!r:.80}")
    if isinstance(dtype, str) and dtype in TYPES:
        length = prod(shape) * np.dtype(TYPES[dtype][0]).itemsize
        if end - start != length:
            raise file.error(name, f"has {end - start:,} bytes, and its shape needs {length:,}")
    return _Tensor(str(dtype), tuple(shape), base + start, end - start)


def _vectors(file: ByteFile, tensors: dict[str, _Tensor], name: str | None) -> str:
    matrices = [one for one, tensor in tensors.items() if len(tensor.shape) == 2]
    if name is None and len(matrices) == 1:
        (name,) = matrices
    if name in tensors:
        return name
    shapes = ", ".join(f"{one} {tensor.shape}" for one, tensor in list(tensors.items())[:50])
    which = "" if name is None else f"; {shown(name)} is none of them"
    raise InvalidArgumentError(
        f"vectors= names a tensor of {file.path.name}: {shapes}{which}",
        expected=tuple(matrices),
        received=name,
    )


def _type(file: ByteFile, name: str, tensor: _Tensor) -> tuple[str, str]:
    if tensor.dtype not in TYPES:
        raise file.error(name, f"has the dtype {tensor.dtype:.20}, which this release cannot read")
    return TYPES[tensor.dtype]


def _set_ids(source: MatrixSource, file: ByteFile, tensors: dict[str, _Tensor], name: str) -> None:
    tensor, rows = tensors.get(name), source.info.count or 0
    if tensor is None or tensor.shape not in ((rows,), (rows, 1)):
        raise InvalidArgumentError(
            f"ids: {shown(name)} is no tensor of {rows:,} ids",
            expected=(rows,),
            received=None if tensor is None else tensor.shape,
        )
    kind, numbers = _type(file, name, tensor)
    if "int" not in numbers:
        id_kind(np.dtype("f4"), name)
    source.set_ids(tensor.offset, kind)


def _recognise(place: Place) -> bool:
    """By the head's length and its first byte; the name says it where the head is too long."""
    if place.file is None or len(place.head) < 10:
        return False
    length = int.from_bytes(place.head[:8], "little")
    return place.suffix == ".safetensors" or (
        2 <= length <= _LONGEST and place.head[8:10] in (b'{"', b"{}") and b'"dtype"' in place.head
    )


FORMAT = SourceFormat(
    name="safetensors",
    title="tensors of safetensors",
    kind="data",
    recognise=_recognise,
    open=_open,
    options=(
        Option("vectors", "the tensor of the vectors; else the only matrix"),
        Option("ids", "the tensor of the ids"),
        Option("numbers", "bit or offset-bit for packed bits", choices=SAID),
    ),
    versions="safetensors 0.8.0",
    holds="tensors with their names, types and shapes",
    lacks="ids, unless a tensor has them; payloads, metric",
    metric="asked",
)
