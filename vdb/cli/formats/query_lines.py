"""Queries from a `.npy` file, with their texts and relevant records from a `.jsonl` file.

    {"query": "Indentation", "relevant": ["pep-0008/133", "pep-0008/134"]}
    {"query": "Tabs or spaces?"}                                             not labelled
    {"relevant": [4, 5]}                                                     ids, or row numbers

Line i belongs to row i of the queries; other fields are ignored. If "relevant" holds row numbers of
the file that the collection was imported from, the lines of that file give the ids.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from vdb.cli.formats import record_lines
from vdb.cli.formats.npy import open_array
from vdb.errors import InvalidArgumentError
from vdb.model.records import Id

__all__ = ["LabelledQueries", "read_queries"]


@dataclass(frozen=True, slots=True)
class LabelledQueries:
    """Queries, shape (n, dim), their texts, and their relevant ids; None without any."""

    matrix: NDArray[Any]
    texts: list[str | None] | None
    relevant: list[list[Id]] | None


def read_queries(
    path: Path, labels: Path | None, rows_of: Path | None, id_field: str
) -> LabelledQueries:
    """Reads queries, and the labels beside them or in `labels`.

    Args:
        path: The `.npy` file.
        labels: The `.jsonl` file; None uses the one beside `path`, if there is one.
        rows_of: The `.jsonl` file whose rows "relevant" counts, from 0; None: it holds ids.
        id_field: The field of `rows_of` that holds the id.

    Raises:
        InvalidArgumentError: A file has another type or shape, or a line is not valid.
        OSError: One cannot be read.
    """
    matrix = open_array(path)
    if matrix.ndim == 1:
        matrix = matrix.reshape(1, -1)
    if matrix.ndim != 2:
        raise InvalidArgumentError(
            f"{path}: queries are a table, shape (n, dim); got shape {matrix.shape}",
            expected="(n, dim)",
            received=matrix.shape,
        )
    labels = labels or record_lines.sidecar(path)
    if labels is None:
        return LabelledQueries(matrix, None, None)
    ids = None
    if rows_of is not None:
        ids = [record_id for record_id, _ in record_lines.read(rows_of, id_field)]
    texts: list[str | None] = []
    relevant: list[list[Id]] = []
    for number, line in record_lines.objects(labels):
        text = line.get("query")
        texts.append(text if isinstance(text, str) else None)
        relevant.append(_relevant(labels, number, line.get("relevant"), ids))
    if len(texts) != len(matrix):
        raise InvalidArgumentError(
            f"{labels} has {len(texts):,} lines and {path} {len(matrix):,} rows; line i belongs to "
            "row i",
            expected=len(matrix),
            received=len(texts),
        )
    return LabelledQueries(
        matrix,
        texts if any(texts) else None,
        relevant if any(relevant) else None,
    )


def _relevant(path: Path, line: int, value: Any, ids: list[Id] | None) -> list[Id]:
    if value is None:
        return []
    if not isinstance(value, list):
        record_lines.refuse(path, line, '"relevant" must be a list of ids')
    for entry in value:
        if isinstance(entry, bool) or not isinstance(entry, int | str):
            record_lines.refuse(path, line, '"relevant" holds something that is no id')
    if ids is None:
        return value
    row_ids: list[Id] = []
    for row in value:
        if not isinstance(row, int) or not 0 <= row < len(ids):
            record_lines.refuse(
                path, line, f'"relevant" holds {row!r}, and the rows go from 0 to {len(ids) - 1:,}'
            )
        row_ids.append(ids[row])
    return row_ids
