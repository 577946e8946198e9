"""Queries from a file of vectors, with their texts and relevant records from a `.jsonl` file.

    {"query": "Indentation", "relevant": ["pep-0008/133", "pep-0008/134"]}
    {"query": "Tabs or spaces?"}                                             not labelled
    {"relevant": [4, 5]}                                                     ids, or row numbers
    {"relevant": {"pep-0008/133": 2, "pep-0008/134": 1}}                     ids with grades
    {"relevant": [[4, 2], [5, 1]]}                                           the same, for numbers

Line i belongs to row i of the queries; other fields are ignored. If "relevant" holds row numbers of
the file that the collection was imported from, the lines of that file give the ids.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from numpy.typing import NDArray

from vdb.cli.queries.vectors import queries_from
from vdb.errors import InvalidArgumentError
from vdb.model.records import Id
from vdb.sources.reading.lines_beside import beside
from vdb.sources.reading.record_lines import line_error, object_lines

__all__ = ["LabelledQueries", "read_queries", "required_texts"]


RelevantIds: TypeAlias = list[Id] | dict[Id, float]
"""The relevant ids of one query, with grades or without."""


@dataclass(frozen=True, slots=True)
class LabelledQueries:
    """Queries, shape (n, dim), their texts, and their relevant ids; None without any."""

    matrix: NDArray[Any]
    texts: list[str | None] | None
    relevant: list[RelevantIds] | None


def read_queries(
    path: Path, labels: Path | None, rows_of: Path | None, id_field: str
) -> LabelledQueries:
    """Reads queries, and the labels beside them or in `labels`.

    Args:
        path: The file of the vectors.
        labels: The `.jsonl` file; None uses the one beside `path`, if there is one.
        rows_of: The `.jsonl` file whose rows "relevant" counts, from 0; None: it holds ids.
        id_field: The field of `rows_of` that holds the id.

    Raises:
        InvalidArgumentError: A file has another type or shape, or a line is not valid.
        OSError: One cannot be read.
    """
    matrix = queries_from(path)
    labels = labels or beside(path, ".jsonl")
    if labels is None:
        return LabelledQueries(matrix, None, None)
    ids = None
    if rows_of is not None:
        ids = [_own_id(rows_of, *line, id_field) for line in object_lines(rows_of)]
    texts: list[str | None] = []
    relevant: list[RelevantIds] = []
    for number, line in object_lines(labels):
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


def required_texts(query_set: LabelledQueries) -> list[str]:
    """The text of every query; InvalidArgumentError where one has none."""
    texts = query_set.texts or []
    missing = next((i for i, text in enumerate(texts) if not text), None)
    if missing is not None or not texts:
        raise InvalidArgumentError(
            f'query {missing or 0} has no "query" beside it, which is the text to search for; '
            "--labels names the file",
            expected="query",
            received=None,
        )
    return [text for text in texts if text]


def _relevant(path: Path, line: int, value: Any, ids: list[Id] | None) -> RelevantIds:
    if value is None:
        return []
    if isinstance(value, dict):
        return _graded(path, line, list(value.items()), ids)
    if not isinstance(value, list):
        raise line_error(
            path, line, '"relevant" must be a list of ids, or an object from ids to grades'
        )
    if value and all(isinstance(entry, list) and len(entry) == 2 for entry in value):
        return _graded(path, line, value, ids)
    return [_id(path, line, entry, ids) for entry in value]


def _graded(path: Path, line: int, pairs: list[Any], ids: list[Id] | None) -> dict[Id, float]:
    grades: dict[Id, float] = {}
    for key, grade in pairs:
        if isinstance(grade, bool) or not isinstance(grade, int | float) or not grade >= 0:
            raise line_error(
                path, line, f'"relevant" has {grade!r} for {key!r}, and grades are numbers from 0'
            )
        grades[_id(path, line, key, ids)] = grade
    return grades


def _own_id(path: Path, line: int, record: dict[str, Any], field: str) -> Id:
    """The id of a line of records."""
    if field not in record:
        raise line_error(path, line, f"has no field {field!r} for the id; --ids-from names another")
    value = record[field]
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise line_error(path, line, f"{field!r} must be text or a whole number, got {value!r:.60}")
    return value


def _id(path: Path, line: int, value: object, ids: list[Id] | None) -> Id:
    """An id, or the id of a row, where `ids` has those of all rows."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise line_error(path, line, '"relevant" holds something that is no id')
    if ids is None:
        return value
    if not isinstance(value, int) or not 0 <= value < len(ids):
        raise line_error(
            path, line, f'"relevant" holds {value!r}, and the rows go from 0 to {len(ids) - 1:,}'
        )
    return ids[value]
