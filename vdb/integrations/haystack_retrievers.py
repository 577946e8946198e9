"""Haystack: the retrievers of a document store of vdb that search by words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

from vdb.integrations.haystack import Filters, VdbDocumentStore

# isort: split
from haystack import Document, component, default_from_dict, default_to_dict
from haystack.document_stores.types import FilterPolicy, apply_filter_policy

__all__ = ["VdbBM25Retriever", "VdbHybridRetriever"]


@component
class VdbBM25Retriever:
    """The documents of a `VdbDocumentStore` that have the words of a query.

    Example:
        store = VdbDocumentStore("notes.vdb", text="english")
        documents = VdbBM25Retriever(store, top_k=3).run(query="green tea")["documents"]
    """

    def __init__(
        self,
        document_store: VdbDocumentStore,
        *,
        filters: Filters = None,
        top_k: int = 10,
        scores: str = "native",
        filter_policy: str | FilterPolicy = FilterPolicy.REPLACE,
    ) -> None:
        """Notes the arguments, which a run may replace.

        Args:
            document_store: The store, made with `text`.
            filters: Only documents that pass.
            top_k: The largest number of documents, at least 1.
            scores: Whose BM25, as for `Collection.search_text`.
            filter_policy: Whether filters of a run replace these, or are merged with them.

        Raises:
            TypeError: `document_store` is none of vdb.
            ValueError: `top_k` is below 1, or the store has no `text`.
        """
        _check(document_store, top_k)
        self.document_store = document_store
        self.filters = filters
        self.top_k = top_k
        self.scores = scores
        self.filter_policy = _policy(filter_policy)

    def to_dict(self) -> dict[str, Any]:
        """The retriever's arguments, with the store's."""
        data: dict[str, Any] = default_to_dict(
            self,
            document_store=self.document_store.to_dict(),
            filters=self.filters,
            top_k=self.top_k,
            scores=self.scores,
            filter_policy=self.filter_policy.value,
        )
        return data

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """The retriever of `to_dict`."""
        retriever: Self = default_from_dict(cls, data)
        return retriever

    @component.output_types(documents=list[Document])
    def run(
        self, query: str, filters: Filters = None, top_k: int | None = None
    ) -> dict[str, list[Document]]:
        """The documents under "documents", best first; arguments as for the class."""
        options = self._options(filters, top_k)
        return {"documents": self.document_store.bm25_retrieval(query, **options)}

    @component.output_types(documents=list[Document])
    async def run_async(
        self, query: str, filters: Filters = None, top_k: int | None = None
    ) -> dict[str, list[Document]]:
        """As `run`."""
        options = self._options(filters, top_k)
        return {"documents": await self.document_store.bm25_retrieval_async(query, **options)}

    def _options(self, filters: Filters, top_k: int | None) -> dict[str, Any]:
        return {
            "filters": apply_filter_policy(self.filter_policy, self.filters, filters),
            "top_k": _count(self.top_k, top_k),
            "scores": self.scores,
        }


@component
class VdbHybridRetriever:
    """The documents of a `VdbDocumentStore` by words and by embedding, in one ranking.

    Example:
        retriever = VdbHybridRetriever(store, fusion="weaviate-relative", weights=[0.5, 0.5])
        documents = retriever.run(query="green tea", query_embedding=[0.1, 0.9])["documents"]
    """

    def __init__(
        self,
        document_store: VdbDocumentStore,
        *,
        filters: Filters = None,
        top_k: int = 10,
        fusion: str = "native",
        weights: Sequence[float] | None = None,
        window: int | None = None,
        return_embedding: bool = False,
        filter_policy: str | FilterPolicy = FilterPolicy.REPLACE,
    ) -> None:
        """Notes the arguments, which a run may replace.

        Args:
            document_store: The store, made with `text`.
            filters: Only documents that pass.
            top_k: The largest number of documents, at least 1.
            fusion: How both lists become one, as for `Collection.search_hybrid`.
            weights: Those of words and embedding; None for the fusion's own.
            window: How many documents of each list enter; None for the fusion's own number.
            return_embedding: Whether documents have their embeddings.
            filter_policy: Whether filters of a run replace these, or are merged with them.

        Raises:
            TypeError: `document_store` is none of vdb.
            ValueError: `top_k` is below 1, or the store has no `text`.
        """
        _check(document_store, top_k)
        self.document_store = document_store
        self.filters = filters
        self.top_k = top_k
        self.fusion = fusion
        self.weights = None if weights is None else list(weights)
        self.window = window
        self.return_embedding = return_embedding
        self.filter_policy = _policy(filter_policy)

    def to_dict(self) -> dict[str, Any]:
        """The retriever's arguments, with the store's."""
        data: dict[str, Any] = default_to_dict(
            self,
            document_store=self.document_store.to_dict(),
            filters=self.filters,
            top_k=self.top_k,
            fusion=self.fusion,
            weights=self.weights,
            window=self.window,
            return_embedding=self.return_embedding,
            filter_policy=self.filter_policy.value,
        )
        return data

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """The retriever of `to_dict`."""
        retriever: Self = default_from_dict(cls, data)
        return retriever

    @component.output_types(documents=list[Document])
    def run(
        self,
        query: str,
        query_embedding: list[float],
        filters: Filters = None,
        top_k: int | None = None,
    ) -> dict[str, list[Document]]:
        """The documents under "documents", best first; arguments as for the class."""
        options = self._options(filters, top_k)
        documents = self.document_store.hybrid_retrieval(query, query_embedding, **options)
        return {"documents": documents}

    @component.output_types(documents=list[Document])
    async def run_async(
        self,
        query: str,
        query_embedding: list[float],
        filters: Filters = None,
        top_k: int | None = None,
    ) -> dict[str, list[Document]]:
        """As `run`."""
        options = self._options(filters, top_k)
        store = self.document_store
        return {"documents": await store.hybrid_retrieval_async(query, query_embedding, **options)}

    def _options(self, filters: Filters, top_k: int | None) -> dict[str, Any]:
        return {
            "filters": apply_filter_policy(self.filter_policy, self.filters, filters),
            "top_k": _count(self.top_k, top_k),
            "fusion": self.fusion,
            "weights": self.weights,
            "window": self.window,
            "return_embedding": self.return_embedding,
        }


def _check(document_store: object, top_k: int) -> None:
    if not isinstance(document_store, VdbDocumentStore):
        raise TypeError(
            f"document_store must be a VdbDocumentStore, got {type(document_store).__name__}"
        )
    if document_store.text is None:
        raise ValueError(
            'document_store has no index of words: make it with text="simple", or a language'
        )
    if top_k < 1:
        raise ValueError(f"top_k must be at least 1, got {top_k}")


def _policy(value: str | FilterPolicy) -> FilterPolicy:
    return value if isinstance(value, FilterPolicy) else FilterPolicy.from_str(value)


def _count(own: int, top_k: int | None) -> int:
    count = own if top_k is None else top_k
    if count < 0:
        raise ValueError(f"top_k must be at least 0, got {count}")
    return count
