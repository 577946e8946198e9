"""MTEB: a search index of retrieval tasks on a collection of vdb.

It shows what an approximate search costs in the measures of the tasks, nDCG and the like, which are
otherwise computed from a comparison of all queries with all documents.
"""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

import vdb
from vdb.integrations.missing_host import missing_host
from vdb.integrations.store_collection import StoreCollection

try:
    from mteb.models.model_meta import ScoringFunction
except ModuleNotFoundError as error:
    raise missing_host(error, "mteb", "mteb") from error

__all__ = ["VdbSearchIndex"]

_METRICS = {
    ScoringFunction.COSINE: "cosine",
    ScoringFunction.DOT_PRODUCT: "ip",
    ScoringFunction.EUCLIDEAN: "l2",
    ScoringFunction.MANHATTAN: "l1",
}


class VdbSearchIndex:
    """The documents of one task, as the ``index_backend=`` of `mteb.models.SearchEncoderWrapper`.

    Example:
        mteb.evaluate(SearchEncoderWrapper(model, index_backend=VdbSearchIndex(model)), tasks)
    """

    def __init__(
        self,
        model: Any,
        path: str | PathLike[str] | None = None,
        *,
        index: vdb.HNSW | vdb.Flat | None = None,
        ef: int | None = None,
        exact: bool = False,
    ) -> None:
        """Opens nothing.

        Args:
            model: An encoder; its similarity decides the metric.
            path: The directory of a database, whose collection "mteb" is made anew for each task.
                None: a temporary one.
            index: As for `Database.create_collection`.
            ef: As for `Collection.search`.
            exact: The same.

        Raises:
            ValueError: No metric is the model's similarity.
        """
        similarity = model.mteb_model_meta.similarity_fn_name
        if similarity not in _METRICS:
            known = ", ".join(one.value for one in _METRICS)
            raise ValueError(f"no metric is the similarity {similarity}; {known} have one")
        self._metric = _METRICS[similarity]
        self._store = StoreCollection(path, "mteb", metric=self._metric, index=index)
        self._options: dict[str, Any] = {"ef": ef, "exact": exact, "with_payloads": False}
        self._places: dict[str, int] = {}

    def add_documents(self, embeddings: Any, idxs: list[str]) -> None:
        """Adds documents behind those that are there.

        Args:
            embeddings: Shape (n, dim), an array or a tensor.
            idxs: Their ids.
        """
        if not self._places:
            self._store.recreate()
        first = len(self._places)
        self._places.update((one, first + place) for place, one in enumerate(idxs))
        self._store.collection.add(np.arange(first, first + len(idxs)), _array(embeddings))

    def search(
        self,
        embeddings: Any,
        top_k: int,
        similarity_fn: object = None,  # noqa: ARG002 - the host's signature
        top_ranked: Mapping[str, list[str]] | None = None,
        query_idx_to_id: Mapping[int, str] | None = None,
    ) -> tuple[list[list[float]], list[list[int]]]:
        """The documents that are nearest to queries.

        Args:
            embeddings: The queries, shape (m, dim).
            top_k: The largest number of documents for one query.
            similarity_fn: Not used: the metric is that of the model.
            top_ranked: The ids among which each query, by its id, is searched; exactly. None: all.
            query_idx_to_id: With `top_ranked`, the id of each query.

        Returns:
            For each query the scores, higher is nearer, and the places: of the documents in the
            order of their adding, or in the query's list of `top_ranked`.

        Raises:
            ValueError: Nothing was added, or `query_idx_to_id` is missing.
        """
        if not self._places:
            raise ValueError("there are no documents; add_documents comes first")
        queries = _array(embeddings)
        if top_ranked is None:
            coll = self._store.collection
            many = coll.search_many(queries, top_k, **self._options)
            if len(set(many.counts.tolist())) > 1:  # a walk can end early; the host wants a matrix
                many = coll.search_many(queries, top_k, exact=True, with_payloads=False)
            return self._scores(many.values), many.ids.tolist()
        if query_idx_to_id is None:
            raise ValueError("query_idx_to_id must say which query is which for top_ranked")
        scores, places = [], []
        for number, query in enumerate(queries):
            listed = [self._places[one] for one in top_ranked.get(query_idx_to_id[number], [])]
            hits = self._store.collection.search(
                query, top_k, where={"$id": {"$in": listed}}, exact=True, with_payloads=False
            )
            rank = {place: position for position, place in enumerate(listed)}
            scores.append(self._scores(hits.values))
            places.append([rank[one] for one in hits.ids.tolist()])
        return scores, places

    def clear(self) -> None:
        """Forgets the documents; those of the next task may have another dimension."""
        self._places = {}

    def close(self) -> None:
        """Closes the database."""
        self._store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _scores(self, values: NDArray[np.float64]) -> list[Any]:
        if self._metric == "l2":
            values = -np.sqrt(values)
        elif self._metric == "l1":
            values = -values
        scores: list[Any] = values.tolist()
        return scores


def _array(embeddings: Any) -> NDArray[Any]:
    """The array of a tensor, wherever that is, or of anything that is nearly an array."""
    if hasattr(embeddings, "detach"):
        embeddings = embeddings.detach().cpu().numpy()
    return np.asarray(embeddings)
