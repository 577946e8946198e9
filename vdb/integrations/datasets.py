"""Hugging Face datasets: a column of vectors in a collection, and the nearest examples.

A record has the number of its row as id, so that hits choose rows. `datasets` itself has no public
way to put an index of another library behind `Dataset.get_nearest_examples`; the functions here
give the same results.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

import vdb
from vdb.integrations.missing_host import missing_host

try:
    from datasets import Dataset, DatasetDict
    from datasets.search import BatchedNearestExamplesResults, NearestExamplesResults
except ModuleNotFoundError as error:
    raise missing_host(error, "datasets", "datasets") from error

__all__ = ["index_dataset", "nearest", "nearest_batch"]

_ROWS = 8192
Readable = vdb.Collection | vdb.CollectionReader


def index_dataset(
    dataset: Dataset,
    collection: vdb.Collection,
    column: str = "embedding",
    *,
    fields: Sequence[str] = (),
    rows: int = _ROWS,
) -> int:
    """Adds the vectors of a dataset to a collection, with row numbers as ids.

    A commit has `rows` of them, and no more are in memory. Where the collection has the first rows
    already, the others are added: the call goes on where one was interrupted.

    Args:
        dataset: The dataset, also one that was filtered, sorted or shuffled; its rows are counted
            as they are now.
        collection: A collection of its own, whose ids are ints.
        column: The column of the vectors.
        fields: Columns that become payloads, to filter by.
        rows: The rows of a commit, at least 1.

    Returns:
        The number of rows that were added.

    Raises:
        TypeError: It is no `Dataset`, such as a dict of splits or a stream.
        ValueError: There is no such column, `rows` is less than 1, or the collection has ids other
            than the first rows.
        vdb.InvalidVectorError: A row has no vector, or one that the collection does not take; rows
            of commits before it are stored.

    Example:
        index_dataset(dataset, db.create_collection("papers", dim="auto", metric="cosine"))
    """
    _require_dataset(dataset)
    columns = [column, *fields]
    missing = [one for one in columns if one not in dataset.column_names]
    if missing:
        listed = ", ".join(dataset.column_names)
        raise ValueError(f"the dataset has no column {missing[0]!r}; it has {listed}")
    if rows < 1:
        raise ValueError(f"rows must be at least 1, got {rows}")
    first = len(collection)
    _require_rows(dataset, collection, min(first, len(dataset)))
    tables = dataset.with_format("arrow", columns=list(dict.fromkeys(columns)))
    for start in range(first, len(dataset), rows):
        table = tables[start : start + rows]
        ids = np.arange(start, start + len(table))
        payloads = table.select(list(fields)) if fields else None
        collection.add(ids, table[column], payloads)
    return max(0, len(dataset) - first)


def nearest(
    dataset: Dataset, collection: Readable, query: ArrayLike, k: int | None = 10, **options: Any
) -> NearestExamplesResults:
    """The examples that are nearest to a query, as `Dataset.get_nearest_examples` gives them.

    Args:
        dataset: The dataset that was indexed.
        collection: The collection that `index_dataset` has filled.
        query: A vector, shape (dim,).
        k: The number of examples.
        **options: Those of `Collection.search`: where, ef, exact, scores, threshold and so on.

    Returns:
        ``scores``, a list in the convention of the collection, and ``examples``, ``dataset[rows]``:
        a dict of columns, nearest first.

    Raises:
        TypeError: It is no `Dataset`.
        ValueError: The ids of the collection are not rows of the dataset.
        And what `Collection.search` raises.

    Example:
        scores, examples = nearest(dataset, papers, model.encode("solar cells"), k=5)
    """
    _require_dataset(dataset)
    _require_rows(dataset, collection, len(dataset))
    hits = collection.search(query, k, **(options | {"with_payloads": False}))
    return NearestExamplesResults(hits.scores.tolist(), dataset[_row_list(hits)])


def nearest_batch(
    dataset: Dataset, collection: Readable, queries: ArrayLike, k: int | None = 10, **options: Any
) -> BatchedNearestExamplesResults:
    """The same of several queries, as `Dataset.get_nearest_examples_batch` gives them.

    Args:
        dataset: The dataset that was indexed.
        collection: The collection that `index_dataset` has filled.
        queries: Vectors, shape (n, dim).
        k: The number of examples of each.
        **options: Those of `Collection.search_many`.

    Returns:
        ``total_scores`` and ``total_examples``, lists with the scores and the examples of each
        query.

    Raises:
        TypeError: It is no `Dataset`.
        ValueError: The ids of the collection are not rows of the dataset.
        And what `Collection.search_many` raises.

    Example:
        scores, examples = nearest_batch(dataset, papers, model.encode(questions), k=5)
    """
    _require_dataset(dataset)
    _require_rows(dataset, collection, len(dataset))
    many = collection.search_many(queries, k, **(options | {"with_payloads": False}))
    scores = [hits.scores.tolist() for hits in many]
    return BatchedNearestExamplesResults(scores, [dataset[_row_list(hits)] for hits in many])


def _row_list(hits: vdb.Hits) -> list[int]:
    return [int(one) for one in hits.ids]


def _require_dataset(dataset: object) -> None:
    if isinstance(dataset, Dataset):
        return
    hint = "a Dataset, whose rows have numbers"
    if isinstance(dataset, DatasetDict):
        hint = f"one of its splits ({', '.join(dataset)})"
    raise TypeError(f"expected {hint}; got {type(dataset).__name__}")


def _require_rows(dataset: Dataset, collection: Readable, end: int) -> None:
    """Refuse ids that are not among the first `end` rows of the dataset."""
    wrong = next(iter(collection.ids(limit=1)), None)  # the smallest
    if isinstance(wrong, int) and wrong >= 0:
        wrong = next(iter(collection.ids(after=end - 1, limit=1)), None)
    if wrong is not None:
        raise ValueError(
            f"the collection has the id {wrong!r}, which is not among the first {end:,} rows of "
            f"the dataset of {len(dataset):,}; ids are row numbers of the dataset as it was indexed"
        )
