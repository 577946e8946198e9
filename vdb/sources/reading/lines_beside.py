"""The JSON lines beside an array: ids and payloads, a line a record.

    {"id": "pep-0008/12", "pep": 8, "text": "Limit all lines ..."}     id, and a payload of the rest
    {"id": 7}                                                          no payload
    {"id": 7, "payload": [1, 2]}                                       exactly this payload
    {"id": 7, "vector": null, "n": 1}    where vectors are optional: the record has none, and no row

Line i (from 0, in messages from 1 as in editors) belongs to row i of the array. Where vectors are
optional, the rows are those of the other lines, in their order.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from vdb.errors import SourceError
from vdb.model.arguments import shown
from vdb.model.records import Payload
from vdb.sources.batch import Refusal, SourceBatch
from vdb.sources.info import IdKind
from vdb.sources.reading.record_lines import count_lines, line_error, object_lines

__all__ = ["RecordLines", "beside", "line_payload"]

_NONE: Final = object()


def beside(array: Path, suffix: str) -> Path | None:
    """The file that goes with a file of vectors: docs.jsonl for docs.npy and docs.f16.npy."""
    for name in (array.name.removesuffix(array.suffix), array.name.split(".", 1)[0]):
        place = array.with_name(name + suffix)
        if name and place != array and place.is_file():
            return place
    return None


@dataclass(frozen=True, slots=True)
class RecordLines:
    """The lines of one file.

    Attributes:
        path: The file.
        count: How many there are.
        id_field: The field of the ids; None: row numbers.
        ids: Their kind, as the first line has it.
        optional: Whether ``"vector": null`` says that a record has no vector, and no row.
    """

    path: Path
    count: int
    id_field: str | None
    ids: IdKind
    optional: bool

    @classmethod
    def of(
        cls,
        path: Path,
        array: str,
        rows: int,
        *,
        id: str | None,  # noqa: A002 - a name of the public face
        optional: bool,
    ) -> RecordLines:
        """The lines of a file, which must be as many as the rows of the array.

        There may be more where those too many say that their record has no vector: so an export
        writes it.

        Args:
            path: The file.
            array: The array, for messages.
            rows: Its rows.
            id: The field of the ids. None: "id" where the first line has it, else row numbers.
            optional: Whether records may have no vector, as an export says.

        Raises:
            SourceError: Lines and rows do not go together, or a line is empty or no JSON.
        """
        lines = count_lines(path)
        bare = _count_bare(path) if optional or lines > rows else 0
        if optional or bare:
            if rows != lines - bare:
                text = f"{lines - bare:,} lines of {path} are of records with a vector"
                raise SourceError(f"{array} has {rows:,} rows, and {text}", path=str(path))
        elif lines != rows:
            lacking = f"row {lines:,} (counted from 0) has no line"
            lacking = lacking if lines < rows else f"line {rows + 1:,} has no row"
            raise SourceError(
                f"{path} has {lines:,} lines and {array} {rows:,} rows: {lacking}",
                path=str(path),
                place=f"line {min(lines, rows) + 1:,}",
            )
        field, kind = _id_field(path, id)
        return cls(path, lines, field, kind, optional or bare > 0)

    def batches(self, rows: int) -> Iterator[tuple[SourceBatch, NDArray[np.bool_]]]:
        """All lines in parts, as records of no numbers; and which have no row in the array."""
        lines = object_lines(self.path)
        start = 0
        while part := list(islice(lines, rows)):
            bare = np.zeros(len(part), np.bool_)
            if self.optional:
                bare[:] = [_is_bare(value) for _, value in part]
                for _, value in part:
                    if _is_bare(value):
                        del value["vector"]
            numbers = np.arange(start, start + len(part))
            ids: Any = numbers
            refusals: list[Refusal] = []
            if self.id_field is not None:
                ids, refusals = self._ids(part, self.id_field)
            payloads = [line_payload(value) for _, value in part]
            batch = SourceBatch(
                numbers,
                ids,
                np.empty((len(part), 0), np.float32),
                payloads,
                bare if self.optional and bare.any() else None,
                refusals,
                "line",
                numbers + 1,
                str(self.path),
            )
            yield batch, bare
            start += len(part)

    def _ids(
        self, part: list[tuple[int, dict[str, Any]]], field: str
    ) -> tuple[list[Any], list[Refusal]]:
        """The ids, which leave the objects; None for lines that are refused."""
        ids = [value.pop(field, _NONE) for _, value in part]
        refusals = []
        if {*map(type, ids)} <= {int, str}:
            return ids, []
        for row, one in enumerate(ids):
            if isinstance(one, bool) or not isinstance(one, int | str):
                ids[row] = None
                reason = f"has no field {field!r} for the id; id= names another"
                if one is not _NONE:
                    text = json.dumps(one, ensure_ascii=False)
                    reason = f"{field!r} must be text or a whole number, got {text:.60}"
                refusals.append(Refusal(f"line {part[row][0]:,}", None, reason))
        return ids, refusals


def line_payload(value: dict[str, Any]) -> Payload:
    """The payload of a line without its id: the field "payload" if it is the only one, else all."""
    return value["payload"] if value.keys() == {"payload"} else value or None


def _is_bare(value: dict[str, Any]) -> bool:
    return "vector" in value and value["vector"] is None


def _count_bare(path: Path) -> int:
    return sum(_is_bare(value) for _, value in object_lines(path))


def _id_field(path: Path, id: str | None) -> tuple[str | None, IdKind]:  # noqa: A002
    """The field of the ids, and their kind; row numbers where the first line has none."""
    first = next(object_lines(path), None)
    field = id or "id"
    if first is None or field not in first[1]:
        if id is None or first is None:
            return None, "row"
        raise line_error(path, 1, f"has no field {shown(field)} for the id; id= names another")
    return field, "str" if isinstance(first[1][field], str) else "int"
