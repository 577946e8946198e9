"""scikit-learn: a transformer of rows into the graph of their nearest neighbours.

It stands where `sklearn.neighbors.KNeighborsTransformer` stands: the sparse graph is what t-SNE,
UMAP, DBSCAN, Isomap and LocalOutlierFactor take as ``metric="precomputed"``. The index can lie in a
directory: it is made once, opened again, and transforms rows of later programs.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from os import PathLike
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

import vdb
from vdb.integrations.missing_host import missing_host

try:
    from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin, clone
    from sklearn.utils import check_random_state
    from sklearn.utils.validation import check_is_fitted, validate_data
except ModuleNotFoundError as error:
    raise missing_host(error, "sklearn", "sklearn") from error

from scipy.sparse import csr_matrix  # comes with it

__all__ = ["VdbTransformer"]

_METRICS = {
    "euclidean": "l2",
    "l2": "l2",
    "sqeuclidean": "l2",
    "cosine": "cosine",
    "manhattan": "l1",
    "cityblock": "l1",
    "l1": "l1",
}
"""Names of distances in scikit-learn, and the metrics of collections that give them."""

_OPENED = {"l2": "euclidean", "cosine": "cosine", "l1": "manhattan"}
"""The distance that a collection of each metric is opened with."""

_MODES = ("distance", "connectivity")
_FLOATS = (np.float64, np.float32)
_MODEL = "rows of vdb.integrations.sklearn"
"""The model of collections that `fit` makes, and may replace."""

_BLOCK = 10_000
_TUNED = 1_000
"""Rows from which `fit` measures recall; of fewer, a walk sees a good part anyway."""


class _Index:
    """A database, its collection, and the ids of its records, one a column of the graph."""

    def __init__(self, database: vdb.Database, collection: vdb.Collection) -> None:
        self.database = database
        self.collection = collection
        self.ids: NDArray[Any] = np.array(list(collection.ids()))
        self._ids_are_columns = np.array_equal(self.ids, np.arange(len(self.ids)))

    def columns(self, ids: NDArray[Any]) -> NDArray[np.int64]:
        """The places of ids, int64, in the same shape."""
        if self._ids_are_columns:
            return ids.astype(np.int64)
        flat = ids.ravel().astype(self.ids.dtype)
        return np.searchsorted(self.ids, flat).astype(np.int64).reshape(ids.shape)

    def blocks(self) -> Iterator[NDArray[Any]]:
        """The vectors, in the order of the columns, some thousand rows at a time."""
        for start in range(0, len(self.ids), _BLOCK):
            records = self.collection.get(self.ids[start : start + _BLOCK].tolist())
            yield np.stack([record.vector for record in records if record is not None])


class VdbTransformer(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """Rows to the sparse graph of their nearest neighbours, by a vector index.

    It can be cloned, searched over and pickled as any estimator. A pickle holds the path of its
    index; without a path it holds the rows, which are indexed again when they are first needed.

    Args:
        n_neighbors: Neighbours of a row, at least 1. In the mode "distance" the graph has one
            more, since rows that were fitted are their own nearest neighbours.
        mode: "distance": entries are distances. "connectivity": they are 1.
        metric: "euclidean" (or "l2"; the root is taken), "sqeuclidean", "cosine" (1 less the
            cosine similarity) or "manhattan" (or "l1", "cityblock"). An inner product is no
            distance.
        path: The directory of the database. None: a temporary one, which goes with the object.
        collection: The collection's name. `fit` replaces one that a transformer has made.
        exact: Compare with every row, without a graph.
        target_recall: The recall among the rows themselves that `fit` finds an ef for, above 0, at
            most 1, where there are at least 1,000. New rows miss about four times as many: 0.999
            is 0.995 or more for them. None: the ef of a collection that was not tuned.
        ef: Candidates kept by a search, in place of the measured ef.
        M: Links of a node of the graph.
        ef_construction: Candidates considered for each row when the graph is built.
        dtype: How rows are stored, as for `Database.create_collection`.
        n_jobs: Threads, as everywhere in scikit-learn: None is 1, -1 one a processor, -2 one less.
        random_state: Seed of the graph's levels; None is 0. The same rows give the same graph.

    Attributes:
        n_features_in_: Numbers of a row.
        n_samples_fit_: Rows in the index, which are the columns of the graph.
        ids_: The ids of their records: 0, 1, ..., unless `open` was given a collection of others.

    Example:
        graph = VdbTransformer(n_neighbors=15).fit_transform(X)
    """

    n_samples_fit_: int
    _contents: dict[str, Any]
    """Under "index" the index; after a pickle without a path "rows", which it is made of."""

    def __init__(
        self,
        *,
        n_neighbors: int = 5,
        mode: str = "distance",
        metric: str = "euclidean",
        path: str | PathLike[str] | None = None,
        collection: str = "sklearn",
        exact: bool = False,
        target_recall: float | None = 0.999,
        ef: int | None = None,
        M: int = 16,
        ef_construction: int = 200,
        dtype: str = "float32",
        n_jobs: int | None = None,
        random_state: Any = None,
    ) -> None:
        self.n_neighbors = n_neighbors
        self.mode = mode
        self.metric = metric
        self.path = path
        self.collection = collection
        self.exact = exact
        self.target_recall = target_recall
        self.ef = ef
        self.M = M
        self.ef_construction = ef_construction
        self.dtype = dtype
        self.n_jobs = n_jobs
        self.random_state = random_state

    @classmethod
    def open(
        cls, path: str | PathLike[str], collection: str = "sklearn", **parameters: Any
    ) -> Self:
        """A transformer that is fitted: with the index that lies in a directory.

        Any collection under l2, cosine or l1 will do. The columns of the graph are its records in
        the order of their ids.

        Args:
            path: The directory of the database.
            collection: The collection's name, or an alias.
            parameters: As for the class. `metric` must be one that the collection can give; the
                default is euclidean for l2, and cosine and manhattan.

        Raises:
            NotFoundError: There is no such database or collection.
            InvalidArgumentError: The metric of the collection gives no such distance, or some
                records have no vectors.

        Example:
            graph = VdbTransformer.open("cells.vdb", n_neighbors=15).transform(X)
        """
        index = _opened(path, collection)
        there = index.collection.metric
        metric = parameters.pop("metric", _OPENED.get(there))
        if metric is None or _METRICS.get(metric) != there:
            raise vdb.InvalidArgumentError(
                f"collection {collection!r} has the metric {there!r}, which gives no "
                f"{metric or ''} distance".replace("  ", " "),
                expected=sorted(name for name, one in _METRICS.items() if one == there),
                received=metric,
            )
        transformer = cls(path=path, collection=collection, metric=metric, **parameters)
        transformer._keep(index)
        transformer.n_features_in_ = index.collection.dim
        return transformer

    def fit(self, X: ArrayLike, y: object = None) -> Self:  # noqa: ARG002 - the host's signature
        """Indexes rows; what was fitted before is replaced, in one commit.

        Args:
            X: The rows, shape (n, dim), finite numbers; stored as `dtype`.
            y: Ignored.

        Raises:
            ValueError: A parameter is not valid, X is no such array, or has zero rows under cosine.
            InvalidArgumentError: `path` has a collection of this name that no transformer made.
            And what `vdb.open` and `Collection.add` raise.
        """
        self._require_parameters()
        index = self._graph()
        rows = validate_data(self, X, dtype=_FLOATS, order="C")
        database = vdb.temporary() if self.path is None else vdb.open(self.path)
        threads = _threads(self.n_jobs)
        with database.batch():
            if self.collection in database:
                _require_own(database.collection(self.collection))
                database.drop_collection(self.collection)
            coll = database.create_collection(
                self.collection,
                dim=rows.shape[1],
                metric=_METRICS[self.metric],
                dtype=self.dtype,
                index=index,
                model=_MODEL,
            )
            coll.add(np.arange(len(rows)), rows, threads=threads)
        if self.target_recall is not None and not self.exact and len(rows) >= _TUNED:
            width = min(self.n_neighbors + 1, len(rows) - 1)
            coll.tune(self.target_recall, width, threads=threads)
        self._keep(_Index(database, coll))
        return self

    def transform(self, X: ArrayLike) -> csr_matrix:
        """The graph from rows to the nearest of those that were fitted.

        Args:
            X: The rows, shape (m, dim).

        Returns:
            Shape (m, n_samples_fit_), each row sorted by distance; float32 for rows of float32,
            else float64.

        Raises:
            NotFittedError: Nothing was fitted.
            ValueError: X does not fit, or has fewer rows to offer than neighbours are asked for.
        """
        check_is_fitted(self, "n_samples_fit_")
        return self.kneighbors_graph(X, self._entries, self.mode)

    def fit_transform(
        self,
        X: ArrayLike,
        y: object = None,  # noqa: ARG002 - the host's signature
    ) -> csr_matrix:
        """Indexes rows, and the graph among them; the first entry of a row is the row itself."""
        self.fit(X)
        rows = self._rows(X)
        distances, columns = self._search(rows, self._entries)
        return self._matrix(*_with_itself_first(distances, columns), self.mode, rows.dtype)

    def kneighbors(
        self,
        X: ArrayLike | None = None,
        n_neighbors: int | None = None,
        return_distance: bool = True,
    ) -> tuple[NDArray[Any], NDArray[np.int64]] | NDArray[np.int64]:
        """The nearest of the rows that were fitted.

        Args:
            X: The rows, shape (m, dim). None: those that were fitted, each without itself.
            n_neighbors: Neighbours of a row; None: `n_neighbors` of the transformer.
            return_distance: Whether the distances are returned too.

        Returns:
            The distances and the columns, both of shape (m, n_neighbors), nearest first; or the
            columns.

        Raises:
            As `transform`.
        """
        check_is_fitted(self, "n_samples_fit_")
        count = self._count(n_neighbors)
        if X is None:
            distances, columns = self._neighbors_of_fitted(count)
        else:
            rows = self._rows(X)
            distances, columns = self._search(rows, count)
            distances = distances.astype(rows.dtype)
        return (distances, columns) if return_distance else columns

    def kneighbors_graph(
        self,
        X: ArrayLike | None = None,
        n_neighbors: int | None = None,
        mode: str = "connectivity",
    ) -> csr_matrix:
        """As `kneighbors`, as a graph; `mode` as for the class."""
        check_is_fitted(self, "n_samples_fit_")
        _require_choice("mode", mode, _MODES)
        distances, columns = self.kneighbors(X, n_neighbors)
        return self._matrix(distances, columns, mode, distances.dtype)

    def close(self) -> None:
        """Closes the database. With a path the next use opens it again; without, its files go."""
        index = self._contents.pop("index", None)
        if index is not None:
            index.database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __getstate__(self) -> dict[str, Any]:
        state = dict(super().__getstate__())
        if "_contents" in state:
            # No handle is pickled: a path is opened again, rows are indexed again.
            state["_contents"] = {} if self.path is not None else {"rows": self._fitted_rows()}
        return state

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags

    @property
    def ids_(self) -> NDArray[Any]:
        """The id of each column's record, shape (n_samples_fit_,), int64 or text."""
        check_is_fitted(self, "n_samples_fit_")
        return self._index.ids

    # Parts

    @property
    def _entries(self) -> int:
        """Entries of a row of the graph."""
        return self.n_neighbors + (self.mode == "distance")

    @property
    def _index(self) -> _Index:
        """The index, opened or made again after a pickle or `close`."""
        index: _Index | None = self._contents.get("index")
        if index is not None:
            return index
        if "rows" in self._contents:
            # Another object is fitted, so that the attributes of this one stay as they are.
            again = clone(self).fit(self._contents["rows"])
            index = again._index  # noqa: SLF001 - the same class
        elif self.path is None:
            raise vdb.ClosedError("the transformer is closed and its rows are gone; fit it again")
        else:
            index = _opened(self.path, self.collection)
            if len(index.ids) != self.n_samples_fit_:
                raise vdb.InvalidArgumentError(
                    f"the index at {self.path} has {len(index.ids)} rows, and this transformer was "
                    f"fitted with {self.n_samples_fit_}: another one has replaced it",
                    expected=self.n_samples_fit_,
                    received=len(index.ids),
                )
        self._contents = {"index": index}
        return index

    def _keep(self, index: _Index) -> None:
        self._contents = {"index": index}
        self.n_samples_fit_ = len(index.ids)
        self._n_features_out = self.n_samples_fit_

    def _graph(self) -> vdb.HNSW | vdb.Flat:
        if self.exact:
            return vdb.Flat()
        seed = 0
        if self.random_state is not None:
            seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        return vdb.HNSW(M=self.M, ef_construction=self.ef_construction, seed=seed)

    def _require_parameters(self) -> None:
        _require_choice("metric", self.metric, tuple(_METRICS))
        _require_choice("mode", self.mode, _MODES)
        _threads(self.n_jobs)
        self._count(self.n_neighbors)
        target = self.target_recall
        if target is not None and not 0 < target <= 1:
            raise ValueError(f"target_recall must be above 0 and at most 1, got {target!r}")

    def _count(self, n_neighbors: int | None) -> int:
        count = self.n_neighbors if n_neighbors is None else n_neighbors
        if isinstance(count, bool) or not isinstance(count, (int, np.integer)):
            raise TypeError(f"n_neighbors must be an integer, got {count!r}")
        if count < 1:
            raise ValueError(f"n_neighbors must be at least 1, got {count}")
        return int(count)

    def _rows(self, X: ArrayLike) -> NDArray[Any]:
        rows: NDArray[Any] = validate_data(self, X, dtype=_FLOATS, order="C", reset=False)
        return rows

    def _fitted_rows(self) -> NDArray[Any]:
        """What a pickle holds where there is no path."""
        if "rows" in self._contents:
            rows: NDArray[Any] = self._contents["rows"]
            return rows
        return np.concatenate(list(self._index.blocks()))

    def _search(
        self, rows: NDArray[Any], count: int
    ) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        index = self._index
        if count > len(index.ids):
            raise ValueError(
                f"Expected n_neighbors <= n_samples_fit, but n_neighbors = {count}, "
                f"n_samples_fit = {len(index.ids)}, n_samples = {len(rows)}"
            )
        options: dict[str, Any] = {
            "threads": _threads(self.n_jobs),
            "with_payloads": False,
        }
        hits = index.collection.search_many(rows, count, ef=self.ef, **options)
        ids, values = hits.ids, hits.values
        short = np.flatnonzero(hits.counts < count)  # a walk can end before it has seen as many
        if len(short):
            exact = index.collection.search_many(rows[short], count, exact=True, **options)
            if ids.shape[1] < count:
                ids = np.full((len(rows), count), -1, ids.dtype)
                values = np.full((len(rows), count), np.nan)
                ids[:, : hits.ids.shape[1]] = hits.ids
                values[:, : hits.values.shape[1]] = hits.values
            ids, values = ids.copy(), values.copy()
            ids[short], values[short] = exact.ids, exact.values
        return _distances(values, self.metric), index.columns(ids)

    def _neighbors_of_fitted(self, count: int) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        parts = []
        if count >= self.n_samples_fit_:
            raise ValueError(
                f"Expected n_neighbors < n_samples_fit, but n_neighbors = {count}, "
                f"n_samples_fit = {self.n_samples_fit_}, n_samples = {self.n_samples_fit_}"
            )
        start = 0
        for rows in self._index.blocks():
            found = _with_itself_first(*self._search(rows, count + 1), start)
            parts.append([part[:, 1:] for part in found])
            start += len(rows)
        distances, columns = zip(*parts, strict=True)
        return np.concatenate(distances), np.concatenate(columns)

    def _matrix(
        self, distances: NDArray[Any], columns: NDArray[np.int64], mode: str, dtype: Any
    ) -> csr_matrix:
        rows, width = columns.shape
        data = distances.ravel() if mode == "distance" else np.ones(rows * width)
        starts = np.arange(0, rows * width + 1, width)
        shape = (rows, self.n_samples_fit_)
        return csr_matrix((data.astype(dtype), columns.ravel(), starts), shape=shape)


def _opened(path: str | PathLike[str], name: str) -> _Index:
    database = vdb.open(path, create=False)
    collection = database.collection(name)
    without = collection.info().without_vector
    if without:
        raise vdb.InvalidArgumentError(
            f"{without} records of collection {name!r} have no vector, and can be no column",
            expected="records with vectors",
            received=without,
        )
    return _Index(database, collection)


def _require_own(collection: vdb.Collection) -> None:
    model = collection.info().model
    if model != _MODEL:
        raise vdb.InvalidArgumentError(
            f"collection {collection.name!r} was not made by a transformer, and fit would replace "
            "it: give another collection=; VdbTransformer.open uses it as it is",
            expected=_MODEL,
            received=model,
        )


def _require_choice(name: str, value: object, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise ValueError(f"{name} must be one of {', '.join(map(repr, choices))}, got {value!r}")


def _threads(n_jobs: int | None) -> int | None:
    """Threads of vdb, where None is one a processor."""
    if n_jobs is None:
        return 1
    if n_jobs == 0:
        raise ValueError("n_jobs must not be 0: None is one thread, -1 one a processor")
    if n_jobs == -1:
        return None
    return n_jobs if n_jobs > 0 else max(1, (os.cpu_count() or 1) + 1 + n_jobs)


def _distances(values: NDArray[np.float64], metric: str) -> NDArray[np.float64]:
    """Distances of scikit-learn from natural values of metrics."""
    if metric == "cosine":
        return np.clip(1 - values, 0, 2)  # rounded, equal directions differ by 1e-8 of either sign
    return np.sqrt(values) if metric in ("euclidean", "l2") else values


def _with_itself_first(
    distances: NDArray[np.float64], columns: NDArray[np.int64], start: int = 0
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Neighbours of rows that are columns too, from `start` on: each row itself comes first.

    Where more rows are equal to it than there are neighbours, it takes the place of the last.
    """
    itself = np.arange(start, start + len(columns))
    first = columns == itself[:, None]
    first[~first.any(axis=1), -1] = True
    order = np.argsort(~first, axis=1, kind="stable")
    columns = np.take_along_axis(columns, order, axis=1)
    distances = np.take_along_axis(distances, order, axis=1)
    columns[:, 0], distances[:, 0] = itself, 0
    return distances, columns
