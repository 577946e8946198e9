"""LangChain: the retriever of a store of vdb, which knows one more type of search."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from langchain_core.vectorstores import VectorStoreRetriever

if TYPE_CHECKING:
    from collections.abc import Collection

    from langchain_core.documents import Document

__all__ = ["VdbRetriever"]

_HYBRID = "hybrid"


class VdbRetriever(VectorStoreRetriever):
    """The host's retriever, with "hybrid" as a fourth ``search_type``.

    Example:
        retriever = store.as_retriever(search_type="hybrid", search_kwargs={"k": 3})
        documents = retriever.invoke("green tea")
    """

    allowed_search_types: ClassVar[Collection[str]] = (
        *VectorStoreRetriever.allowed_search_types,
        _HYBRID,
    )

    def _get_relevant_documents(
        self, query: str, *, run_manager: Any, **options: Any
    ) -> list[Document]:
        documents: list[Document]
        if self.search_type == _HYBRID:
            arguments = {**self.search_kwargs, **options}
            documents = self._store.hybrid_search(query, **arguments)
        else:
            documents = super()._get_relevant_documents(query, run_manager=run_manager, **options)
        return documents

    async def _aget_relevant_documents(
        self, query: str, *, run_manager: Any, **options: Any
    ) -> list[Document]:
        documents: list[Document]
        if self.search_type == _HYBRID:
            arguments = {**self.search_kwargs, **options}
            documents = await self._store.ahybrid_search(query, **arguments)
        else:
            documents = await super()._aget_relevant_documents(
                query, run_manager=run_manager, **options
            )
        return documents

    @property
    def _store(self) -> Any:
        """The store, which is one of vdb."""
        return self.vectorstore
