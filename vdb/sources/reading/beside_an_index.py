"""What an export of vdb lays beside the file of an index: its schema, and lines of JSON.

Beside NAME.hnsw or NAME.faiss: NAME.json, the schema of the collection, and NAME.jsonl, where there
is more of a record than an int id and a vector: line i is of the vector that was added as the i-th.

This is another rule than that of `records_beside`, where vectors have no labels, each is there, and
a line may have none: there a line is of the next vector. An index has labels that must agree with
the lines, may have lost rows since, and has a vector for each line; so lines are passed over here,
and vectors there. One rule for both would need what marks each of the two cases anyway.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

from vdb.errors import SourceError
from vdb.model.arguments import shown
from vdb.sources.batch import SourceBatch
from vdb.sources.info import SourceInfo, with_metric
from vdb.sources.reading.exported_schema import exact_numbers, with_own_scores
from vdb.sources.reading.lines_beside import beside, line_payload
from vdb.sources.reading.record_lines import json_lines, line_error
from vdb.sources.reading.records_beside import schema_beside

__all__ = ["BesideIndex", "beside_index"]


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
        try:
            whole = with_own_scores(info, self.schema)
        except ValueError as error:
            raise line_error(self.path.with_suffix(".json"), 1, str(error)) from None
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
            try:
                whole = replace(batch, vectors=exact_numbers(batch.vectors, dtype))
            except ValueError as error:
                text, where = f"{self.path}: {batch.place(0)} and behind it", batch.place(0)
                raise SourceError(f"{text}: {error}", path=str(self.path), place=where) from None
            if lines is not None and self.lines is not None:
                last = int(batch.rows[-1]) + 1 if len(batch) else place
                part = list(islice(lines, last - place))
                if len(part) < last - place:
                    raise line_error(self.lines, place + len(part) + 1, "is not there")
                chosen = [part[row] for row in (batch.rows - place).tolist()]
                place = last
                whole = _with_lines(whole, self.lines, chosen)
            yield whole


def beside_index(path: Path) -> BesideIndex | None:
    """What an export of vdb laid beside the file of an index; None where there is no schema.

    Raises:
        SourceError: The schema is of another version, or without a part.
    """
    schema = schema_beside(path)
    return None if schema is None else BesideIndex(path, schema, beside(path, ".jsonl"))


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
        payloads.append(line_payload(value))
    return replace(batch, ids=ids, payloads=payloads)


def _id(path: Path, number: int, value: Any) -> int | str:
    """The id of a line."""
    own_id = value.get("id") if isinstance(value, dict) else None
    if isinstance(own_id, bool) or not isinstance(own_id, int | str):
        raise line_error(path, number, f"has the id {shown(own_id)}, neither text nor whole number")
    return own_id
