"""What an export of vdb lays beside the file of an index: its schema, and lines of JSON.

Beside NAME.hnsw or NAME.faiss: NAME.json, the schema of the collection, and NAME.jsonl, where there
is more of a record than an int id and a vector: line i is of the vector that was added as the i-th.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any, Final

import numpy as np

from vdb.errors import SourceError
from vdb.model.arguments import shown
from vdb.model.dtypes import DTYPES
from vdb.sources.batch import SourceBatch
from vdb.sources.info import SourceInfo, with_metric
from vdb.sources.reading.exported_schema import exported_schema, with_schema
from vdb.sources.reading.record_lines import json_lines, line_error

__all__ = ["BesideIndex", "beside_index"]

_SCHEMA_BYTES: Final = 1 << 24


@dataclass(frozen=True, slots=True)
class BesideIndex:
    """The files beside one of an index.

    Attributes:
        path: The file of the index.
        schema: The schema of the collection.
        lines: The file of lines; None where there is none.
    """

    path: Path
    schema: dict[str, Any]
    lines: Path | None

    def completed(self, info: SourceInfo, metric: str | None = None) -> SourceInfo:
        """What the file of the index holds, completed by the schema.

        Args:
            info: What it holds. Its convention stays, which is that of the engine's scores.
            metric: The metric that the user names.

        Raises:
            SourceError: The schema is of other vectors.
            MetricMismatchError: It says another metric.
        """
        schema_file = self.path.with_suffix(".json")
        try:
            whole = with_schema(info, self.schema)
        except ValueError as error:
            raise line_error(schema_file, 1, str(error)) from None
        bits = "bit" in (whole.dtype, info.dtype)
        if whole.dim != info.dim or (bits and whole.dtype != info.dtype):
            text = f"has {info.dim} dimensions of {info.dtype}"
            raise line_error(
                schema_file,
                1,
                f"is of {whole.dim} dimensions of {whole.dtype}, and {self.path} {text}",
            )
        unit = whole.metric == "cosine"
        notes = ("vectors were brought to unit length when they were exported",) if unit else ()
        ids, more = info.ids, info.notes
        if self.lines is not None:
            first = next(json_lines(self.lines), None)
            if first is not None:
                ids = "str" if isinstance(_id(self.lines, *first), str) else "int"
            more = (*more, f"ids and payloads are those of {self.lines.name}")
        if metric is not None:
            whole = with_metric(replace(whole, metrics=()), metric)
        return replace(
            whole,
            version=info.version,
            convention=info.convention,
            metrics=(),
            dtype=info.dtype if unit else whole.dtype,
            vectors="normalized" if unit else info.vectors,
            ids=ids,
            notes=(*notes, *more),
        )

    def records(self, batches: Iterator[SourceBatch], dtype: str) -> Iterator[SourceBatch]:
        """The batches, whose row numbers grow, with numbers of `dtype`, ids and payloads.

        Raises:
            SourceError: A record has no line or another id, or a number is none of `dtype`.
        """
        lines = None if self.lines is None else json_lines(self.lines)
        place = 0
        for batch in batches:
            whole = replace(batch, vectors=self._numbers(batch, dtype))
            if lines is not None and self.lines is not None:
                last = int(batch.rows[-1]) + 1 if len(batch) else place
                part = list(islice(lines, last - place))
                if len(part) < last - place:
                    raise line_error(self.lines, place + len(part) + 1, "is not there")
                chosen = [part[row] for row in (batch.rows - place).tolist()]
                place = last
                whole = _with_lines(whole, self.lines, chosen)
            yield whole

    def _numbers(self, batch: SourceBatch, dtype: str) -> Any:
        numbers = batch.vectors.astype(DTYPES[dtype].stored)
        if not np.array_equal(numbers, batch.vectors):
            raise SourceError(
                f"{self.path}: {batch.place(0)} and those behind it: have numbers that are none "
                f"of {dtype}, which {self.path.with_suffix('.json').name} says",
                path=str(self.path),
                place=batch.place(0),
            )
        return numbers


def beside_index(path: Path) -> BesideIndex | None:
    """What an export of vdb laid beside the file of an index; None where there is no schema.

    Raises:
        SourceError: The schema is of another version, or without a part.
    """
    place = path.with_suffix(".json")
    if place == path or not place.is_file() or place.stat().st_size > _SCHEMA_BYTES:
        return None
    try:
        schema = exported_schema(place.read_bytes())
    except ValueError as error:
        raise line_error(place, 1, str(error)) from None
    lines = path.with_suffix(".jsonl")
    return None if schema is None else BesideIndex(path, schema, lines if lines.is_file() else None)


def _with_lines(batch: SourceBatch, path: Path, lines: list[tuple[int, Any]]) -> SourceBatch:
    """The batch with the ids and payloads of its lines; a label is its row number or the id."""
    ids, payloads = [], []
    for label, row, (number, value) in zip(
        batch.id_list(), batch.rows.tolist(), lines, strict=True
    ):
        own_id = _id(path, number, value)
        if label not in (own_id, row):
            raise line_error(path, number, f"is of {shown(own_id)}, and the index has {label} here")
        del value["id"]
        ids.append(own_id)
        payloads.append(value["payload"] if value.keys() == {"payload"} else value or None)
    return replace(batch, ids=ids, payloads=payloads)


def _id(path: Path, number: int, value: Any) -> int | str:
    """The id of a line."""
    own_id = value.get("id") if isinstance(value, dict) else None
    if isinstance(own_id, bool) or not isinstance(own_id, int | str):
        raise line_error(path, number, f"has the id {shown(own_id)}, neither text nor whole number")
    return own_id
