"""Ids and payloads from a `.jsonl` file: one JSON object a line, read one line at a time.

    {"id": "pep-0008/12", "pep": 8, "text": "Limit all lines ..."}     id, and a payload of the rest
    {"id": 7}                                                          no payload
    {"id": 7, "payload": [1, 2]}                                       exactly this payload
    {"id": 7, "vector": null, "n": 1}    where vectors are optional: the record has none, and no row

Line i (from 0, in messages from 1 as in editors) belongs to row i of the vectors. The id is in the
field "id" or another one named by the user. Empty lines are allowed at the end only.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

from vdb.cli.json_text import JsonError, parsed
from vdb.errors import InvalidArgumentError
from vdb.model.records import Id, Payload

EMPTY = "an empty line before the end, where each line belongs to a row"

LONGEST_LINE = 16 << 20
"""Bytes. A payload has at most 1 MiB, which JSON's escapes can make a few times longer."""


def sidecar(vectors: Path) -> Path | None:
    """The `.jsonl` file that goes with a `.npy` file: docs.jsonl for docs.npy and docs.f16.npy."""
    for name in (vectors.name.removesuffix(".npy"), vectors.name.split(".", 1)[0]):
        candidate = vectors.with_name(f"{name}.jsonl")
        if name and candidate.is_file():
            return candidate
    return None


def count(path: Path) -> int:
    """The number of lines, without empty ones at the end; decodes nothing.

    Raises:
        InvalidArgumentError: There is an empty line before the end; the message names it.
    """
    lines = empty_since = 0
    with path.open("rb") as file:
        for number, text in enumerate(_lines(file, path), 1):
            if not text.strip():
                empty_since = empty_since or number
                continue
            if empty_since:
                refuse(path, empty_since, EMPTY)
            lines = number
    return lines


def count_bare(path: Path) -> int:
    """The number of lines that say that their record has no vector.

    Raises:
        InvalidArgumentError: A line is not a JSON object; the message names it.
    """
    return sum(_is_bare(record) for _, record in objects(path))


def read(path: Path, id_field: str) -> Iterator[tuple[Id, Payload]]:
    """Id and payload of every line in turn.

    Raises:
        InvalidArgumentError: A line is not valid; the message names it.
    """
    for number, record in objects(path):
        yield _record(path, number, record, id_field)


def read_optional(path: Path, id_field: str) -> Iterator[tuple[Id, Payload, bool]]:
    """Id and payload of every line in turn, and whether it says that its record has no vector.

    Raises:
        InvalidArgumentError: A line is not valid; the message names it.
    """
    for number, record in objects(path):
        bare = _is_bare(record)
        if bare:
            del record["vector"]
        yield (*_record(path, number, record, id_field), bare)


def objects(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Number (from 1) and JSON object of every line in turn.

    Raises:
        InvalidArgumentError: A line is not a JSON object; the message names it.
    """
    empty_since = 0
    with path.open("rb") as file:
        for number, text in enumerate(_lines(file, path), 1):
            if not text.strip():
                empty_since = empty_since or number
                continue
            if empty_since:
                refuse(path, empty_since, EMPTY)
            yield number, _object(path, number, text)


def _lines(file: BinaryIO, path: Path) -> Iterator[bytes]:
    number = 0
    while text := file.readline(LONGEST_LINE + 1):
        number += 1
        if len(text) > LONGEST_LINE:
            refuse(path, number, f"longer than {LONGEST_LINE >> 20} MiB")
        yield text


def _object(path: Path, number: int, text: bytes) -> dict[str, Any]:
    try:
        record = parsed(text.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        refuse(path, number, f"not UTF-8: {error.reason} at byte {error.start}")
    except JsonError as error:
        refuse(path, number, str(error))
    if not isinstance(record, dict):
        refuse(path, number, f"a JSON object is needed, got {_kind(record)}")
    return record


def _record(path: Path, number: int, record: dict[str, Any], id_field: str) -> tuple[Id, Payload]:
    if id_field not in record:
        refuse(path, number, f"no field {id_field!r} for the id (--ids-from names another)")
    record_id = record.pop(id_field)
    if isinstance(record_id, bool) or not isinstance(record_id, int | str):
        refuse(
            path, number, f"{id_field!r} must be a string or a whole number, got {_text(record_id)}"
        )
    if record.keys() == {"payload"}:
        return record_id, record["payload"]
    return record_id, record or None


def _is_bare(record: dict[str, Any]) -> bool:
    return "vector" in record and record["vector"] is None


def _kind(value: object) -> str:
    if isinstance(value, list):
        return "an array"
    if isinstance(value, str):
        return "text"
    return _text(value)


def _text(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:60]} ..."


def refuse(path: Path, line: int, why: str) -> NoReturn:
    """Raise the InvalidArgumentError for one line."""
    raise InvalidArgumentError(f"{path}, line {line:,}: {why}")
