"""JSON: an object a line, or one document with a list of objects, as embedding services answer.

    {"id": "a", "vector": [0.1, 0.2], "title": "..."}              a line
    {"object": "list", "data": [{"embedding": ..., "index": 0}], "model": "..."}     a document
    [{"id": "a", "values": [0.1, 0.2], "metadata": {...}}]                           a document
    {"vectors": {"a": {"id": "a", "values": [...], "metadata": {...}}}, ...}         a document
    {"embeddings": {"float": [[...]], "ubinary": [[...]]}, "texts": ["..."]}         a document
    [[0.1, 0.2], [0.3, 0.4]]                                                         a document

The objects of Pinecone and Weaviate become plain records (`service_records`).

A vector is a list of numbers, or base64 of their bytes, little-endian. A document is read as a
whole, and may have 128 MiB; lines may be any number. Both may be packed by gzip.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from vdb.errors import InvalidArgumentError
from vdb.model.arguments import shown
from vdb.sources.batch import Refusal, SourceBatch
from vdb.sources.info import SourceInfo
from vdb.sources.reading.byte_stream import ByteStream, unpacked_head
from vdb.sources.reading.dump_head import is_dump
from vdb.sources.reading.number_types import dtype_for, native
from vdb.sources.reading.plain_json import PlainJsonError, plain_json
from vdb.sources.reading.service_records import (
    ID,
    PAYLOAD,
    VECTOR,
    Service,
    listed_objects,
    service_of,
)
from vdb.sources.source import Source
from vdb.sources.source_format import Option, Place, SourceFormat

__all__ = ["FORMAT"]

_LONGEST_LINE: Final = 16 << 20
_LONGEST_DOCUMENT: Final = 128 << 20
_LISTS: Final = ("data", "records", "vectors", "points", "documents")
"""Fields of a document that may hold the list of its objects."""
_VECTORS: Final = ("vector", "embedding", "values")
_TYPES: Final = {
    "float32": "<f4",
    "float16": "<f2",
    "float64": "<f8",
    "bfloat16": "<u2",
    "int8": "i1",
    "uint8": "u1",
    "bit": "u1",
    "offset-bit": "i1",
}
_NAMES: Final = {
    "float": "float32",
    "int8": "int8",
    "uint8": "uint8",
    "binary": "offset-bit",
    "ubinary": "bit",
    "base64": "float32",
}
"""What Cohere calls types of numbers."""
_BITS: Final = ("bit", "offset-bit")

_Entry: TypeAlias = tuple[str, int, dict[str, Any]]
"""What a record is called and its number, such as "line" and 12; and the record."""


@dataclass(frozen=True, slots=True)
class _Fields:
    """Where a record has what.

    Attributes:
        id: The field of the id; None: row numbers.
        vector: That of the vector.
        payload: That of the payload; None: what is left.
        numbers: What the numbers of a vector are.
        service: Whose objects they are, which make plain records.
    """

    id: str | None
    vector: str
    payload: str | None
    numbers: str
    service: Service | None = None

    def record(self, given: dict[str, Any]) -> dict[str, Any]:
        """The record of an object."""
        return given if self.service is None else self.service.plain(given)

    def numbers_of(self, value: Any) -> NDArray[Any] | str:
        """The numbers of a vector, or why it is none."""
        kind = np.dtype(_TYPES[self.numbers])
        if isinstance(value, str):
            try:
                data = base64.b64decode(value, validate=True)
            except (binascii.Error, ValueError):
                return "the vector is a text that is not base64"
            if len(data) % kind.itemsize:
                return f"the vector has {len(data):,} bytes, no whole number of {self.numbers}"
            return native(np.frombuffer(data, kind), self.numbers)
        if not isinstance(value, list):
            return f"the vector is {shown(value)}, not a list of numbers"
        if not set(map(type, value)) <= {int, float}:
            wrong = next(one for one in value if type(one) not in (int, float))
            return f"the vector has {shown(wrong)} among its numbers"
        numbers = np.array(value, np.float64)
        if kind.kind in "iu" and self.numbers != "bfloat16":
            whole = numbers.astype(kind)
            outside = np.flatnonzero(whole != numbers)
            if len(outside):
                return f"the vector has {numbers[outside[0]]}, which {self.numbers} cannot hold"
            return native(whole, self.numbers)
        with np.errstate(over="ignore"):
            return numbers.astype("<f4" if self.numbers == "bfloat16" else kind)


class JsonRecords(Source):
    """The objects of one file."""

    __slots__ = ("_fields", "_length", "_path")

    def __init__(self, info: SourceInfo, path: Path, fields: _Fields, length: int) -> None:
        super().__init__(info)
        self._path, self._fields, self._length = path, fields, length

    def _records(self, rows: int) -> Iterator[SourceBatch]:
        records = _objects(self._path, self._fields.numbers)
        start = 0
        while part := list(islice(records, rows)):
            yield self._batch(part, start)
            start += len(part)

    def _batch(self, part: list[_Entry], start: int) -> SourceBatch:
        fields = self._fields
        ids: list[Any] = []
        payloads: list[Any] = []
        rows: list[int] = []
        vectors: list[NDArray[Any] | None] = []
        refusals: list[Refusal] = []
        numbers: list[int] = []
        for row, (unit, number, given) in enumerate(part, start):
            record = fields.record(given)
            key = row if fields.id is None else record.pop(fields.id, None)
            value = record.pop(fields.vector, None)
            vector = None if value is None else fields.numbers_of(value)
            reason = vector if isinstance(vector, str) else ""
            if isinstance(vector, np.ndarray) and len(vector) != self._length:
                reason = f"the vector has {len(vector):,} numbers, others have {self._length:,}"
            if vector is None and not self.info.optional_vectors:
                reason = f"there is no {fields.vector!r}"
            if isinstance(key, bool) or not isinstance(key, int | str):
                reason, key = f"{fields.id!r} is {shown(key)}, not a text or a whole number", None
            if reason or isinstance(vector, str):
                refusals.append(Refusal(f"{unit} {number:,}", key, reason))
                continue
            ids.append(key)
            rows.append(row)
            numbers.append(number)
            vectors.append(vector)
            left = record.get(fields.payload) if fields.payload else record or None
            payloads.append(left)
        matrix, missing = self._matrix(vectors)
        return SourceBatch(
            np.array(rows, np.int64),
            ids,
            matrix,
            payloads,
            missing,
            refusals,
            part[0][0],
            np.array(numbers, np.int64),
        )

    def _matrix(self, vectors: list[NDArray[Any] | None]) -> tuple[NDArray[Any], Any]:
        """The vectors, and which are missing."""
        missing = np.array([one is None for one in vectors], np.bool_)
        known = [one for one in vectors if one is not None]
        matrix = np.zeros((len(vectors), self._length), known[0].dtype if known else np.float32)
        if known:
            matrix[~missing] = np.stack(known)
        return matrix, missing if missing.any() else None


def _objects(path: Path, numbers: str) -> Iterator[_Entry]:
    """Each record with its place."""
    with closing(ByteStream(path)) as stream:
        for number, text in enumerate(_lines(stream), 1):
            if not text.strip():
                continue
            place = f"line {number:,}"
            try:
                value = plain_json(text)
            except PlainJsonError as error:
                if number == 1:
                    yield from _of_document(path, numbers)
                    return
                raise stream.error(place, str(error)) from None
            if number == 1 and _listed(value, numbers) is not None:
                yield from _of_document(path, numbers)
                return
            if not isinstance(value, dict):
                raise stream.error(place, f"is {shown(value)}, not an object")
            yield "line", number, value


def _lines(stream: ByteStream) -> Iterator[bytes]:
    """Lines; the first may be as long as a document."""
    number, longest = 1, _LONGEST_DOCUMENT
    while (text := stream.until(b"\n", longest, f"line {number:,}")) is not None:
        yield text
        number, longest = number + 1, _LONGEST_LINE


def _of_document(path: Path, numbers: str) -> Iterator[_Entry]:
    with closing(ByteStream(path)) as stream:
        records = _listed(_document(stream), numbers)
        if records is None:
            raise stream.error("the document", f"has no list of objects, such as {_LISTS[0]!r}")
        for number, record in enumerate(records):
            if isinstance(record, list):
                record = {"vector": record}  # noqa: PLW2901 - a vector alone
            if not isinstance(record, dict):
                raise stream.error(f"record {number:,}", f"is {shown(record)}, not an object")
            yield "record", number, record


def _document(stream: ByteStream) -> Any:
    text = stream.until(b"\0", _LONGEST_DOCUMENT, "the document") or b""
    try:
        return plain_json(text)
    except PlainJsonError as error:
        raise stream.error("the document", str(error)) from None


def _listed(value: Any, numbers: str) -> list[Any] | None:
    """The list of objects, or of vectors, in a document; None where it is none."""
    if isinstance(value, list):
        return value
    if not isinstance(value, dict) or any(name in value for name in _VECTORS):
        return None
    if "embeddings" in value:
        return _embeddings(value, numbers)
    lists = [value[name] for name in _LISTS if isinstance(value.get(name), list)]
    return lists[0] if len(lists) == 1 else listed_objects(value)


def _embeddings(answer: dict[str, Any], numbers: str) -> list[Any] | None:
    """The vectors of an answer of Cohere's, with their texts."""
    vectors = answer["embeddings"]
    if isinstance(vectors, dict):
        there = [name for name in vectors if vectors[name]]
        names = [name for name in there if _NAMES.get(name) == numbers]
        if not names:
            kinds = tuple(dict.fromkeys(_NAMES[name] for name in there if name in _NAMES))
            raise InvalidArgumentError(
                f"the embeddings are of {', '.join(there)}, not of {numbers}: give numbers=, one "
                f"of {', '.join(kinds)}",
                expected=kinds,
                received=numbers,
            )
        vectors = vectors[names[0]]
    texts = answer.get("texts")
    if not isinstance(vectors, list) or not isinstance(texts, list) or len(texts) != len(vectors):
        return vectors if isinstance(vectors, list) else None
    return [{"vector": one, "text": text} for one, text in zip(vectors, texts, strict=True)]


def _open(
    place: Place,
    *,
    id: str | None = None,  # noqa: A002 - a name of the public face
    vector: str | None = None,
    payload: str | None = None,
    numbers: str = "float32",
    optional: bool = False,
) -> Source:
    path = place.require_file(FORMAT.name)
    records = _objects(path, numbers)
    first = next(records, None)
    if first is None:
        raise InvalidArgumentError(f"{place.text} has no records", received=place.text)
    unit, _, record = first
    fields = _fields(record, id, vector, payload, numbers)
    length, ids = 0, "row" if fields.id is None else "int"
    for one in map(fields.record, chain([record], (one for _, _, one in records))):
        if fields.id is not None and isinstance(one.get(fields.id), str):
            ids = "str"
        found = fields.numbers_of(one.get(fields.vector))
        if not isinstance(found, str) and len(found):
            length = len(found)
            break
    listed = "bit" if numbers in _BITS else numbers
    info = SourceInfo(
        format=FORMAT.name,
        version="lines" if unit == "line" else "document",
        path=place.text,
        count=None,
        dim=(8 * length if numbers in _BITS else length) or None,
        numbers=listed,
        dtype=dtype_for(listed),
        convention="native" if fields.service is None else fields.service.name,
        ids="str" if ids == "str" else "int" if ids == "int" else "row",
        model=None if unit == "line" else _model(path),
        optional_vectors=optional,
    )
    return JsonRecords(info, path, fields, length)


def _fields(
    record: dict[str, Any],
    id: str | None,  # noqa: A002 - a name of the public face
    vector: str | None,
    payload: str | None,
    numbers: str,
) -> _Fields:
    """The fields of the records, of which the first one is given."""
    if id is None and payload is None:
        service = service_of(record, vector)
        if service is not None:
            return _Fields(ID, VECTOR, PAYLOAD, numbers, service)
    if vector is None:
        vector = next((name for name in _VECTORS if name in record), None)
    if vector is None:
        names = ", ".join(map(shown, list(record)[:30]))
        raise InvalidArgumentError(
            f"vector= names the field of the vectors, where it is none of {', '.join(_VECTORS)}; "
            f"the first record has {names}",
            expected=_VECTORS,
        )
    if id is None:
        answer = record.get("object") == "embedding"  # of a service: index counts its inputs
        id = "id" if "id" in record else "index" if answer else None  # noqa: A001
    return _Fields(id, vector, payload, numbers)


def _model(path: Path) -> str | None:
    """What a document says of the model."""
    with closing(ByteStream(path)) as stream:
        value = _document(stream)
    model = value.get("model") if isinstance(value, dict) else None
    return model if isinstance(model, str) else None


def _recognise(place: Place) -> bool:
    names = [] if place.file is None else [one.lower() for one in place.file.suffixes]
    named = any(one in names for one in (".jsonl", ".ndjson", ".json"))
    head = unpacked_head(place.head).lstrip(b"\xef\xbb\xbf \t\r\n")
    return named and head[:1] in (b"{", b"[") and not is_dump(head)


FORMAT = SourceFormat(
    name="json",
    title="JSON lines and documents with a list of objects, such as answers of embedding services, "
    "of Pinecone (fetch, query) and of Weaviate (objects, GraphQL, dumps of its Python client)",
    kind="data",
    recognise=_recognise,
    open=_open,
    options=(
        Option("id", "the field of the ids; else id, or index in answers of services"),
        Option(
            "vector",
            "the field of the vectors; else vector, embedding or values; of Weaviate's "
            "objects the name of one of several vectors",
        ),
        Option("payload", "the field that is the payload; else all fields that are left"),
        Option("numbers", "what the numbers are, or the bytes of base64", choices=tuple(_TYPES)),
        Option("optional", "whether a record may have no vector", kind="bool"),
    ),
    versions="objects with lists of numbers, and base64 in the manner of OpenAI and Cohere; "
    "answers of Pinecone and Weaviate 1.38 as their manuals show them",
    holds="ids, vectors, payloads; documents name the model",
    lacks="the metric, types of fields; Pinecone's sparse values, Weaviate's times",
    metric="asked",
)
