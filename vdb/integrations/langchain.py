"""LangChain: a vector store on a collection of vdb.

A document is a record: its id, the embedding of its text, and the payload
``{"text": ..., "metadata": {...}}``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from itertools import islice
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import vdb
from vdb.integrations.metadata_filters import MetadataFilter, fields_under, filter_under
from vdb.integrations.missing_host import missing_host
from vdb.integrations.store_collection import Place, StoreCollection
from vdb.integrations.store_threads import StoreThreads
from vdb.integrations.text_rows import TextRows, parts_of_rows, text_rows

if TYPE_CHECKING:
    from vdb.fusion import FusedHits

try:
    from langchain_core.documents import Document
    from langchain_core.embeddings import Embeddings
    from langchain_core.vectorstores import VectorStore
except ModuleNotFoundError as error:
    raise missing_host(error, "langchain_core", "langchain") from error

from vdb.integrations.langchain_retriever import VdbRetriever

__all__ = ["VdbRetriever", "VdbVectorStore"]

_RELEVANCE = "relevance"


class VdbVectorStore(VectorStore):
    """Documents in a collection of vdb.

    It may be shared between threads and tasks; coroutines run in threads of the store. It is a
    context manager, which closes it.

    Options of a search, besides `k`: ``filter`` is a dict of metadata, ``{"year": 2024}`` or
    ``{"year": {"$gte": 2020}}``, or an expression of `vdb.F`; ``ef``, ``exact`` and
    ``target_recall`` are those of `Collection.search`.

    Example:
        store = VdbVectorStore(embeddings, "notes.vdb")
        store.add_texts(["green tea", "black coffee"])
        store.similarity_search("a hot drink", k=1)
    """

    def __init__(
        self,
        embedding: Embeddings | None,
        path: Place = None,
        *,
        collection: str = "langchain",
        metric: str | None = None,
        scores: str | None = None,
        dtype: str | None = None,
        index: vdb.HNSW | vdb.Flat | None = None,
        fields: Mapping[str, str] | None = None,
        text: str | None = None,
    ) -> None:
        """Opens the collection, or creates it, for embeddings of any one dimension.

        Args:
            embedding: Makes vectors of texts; None for a store that is only read by vector.
            path: The directory of the database, or an open database, which stays open when the
                store is closed. None: a temporary one, which goes with the store.
            collection: The collection's name, or an alias.
            metric: As for `Database.create_collection`. None: that of the collection; a new one
                has "cosine".
            scores: The convention of the scores that `similarity_search_with_score` returns.
                None: the collection's; of a new one the metric's own value.
            dtype: As for `Database.create_collection`, of a new collection.
            index: The same.
            fields: Fields of metadata to index, so that filters on them are fast, with their
                types: ``{"year": "int", "tags": "keyword[]"}``.
            text: The analyzer of the texts, "simple" or a language such as "english", so that
                `hybrid_search` finds them by their words too. None: they have no such index.

        Raises:
            MetricMismatchError, InvalidArgumentError: The collection has another schema.
            And what `vdb.open` raises.
        """
        self._embedding = embedding
        self._store = StoreCollection(
            path,
            collection,
            metric=metric,
            scores=scores,
            dtype=dtype,
            index=index,
            fields=fields_under(fields, "metadata"),
            text=None if text is None else ("text", text),
        )
        self._threads = StoreThreads()
        _ = self._store.collection  # what does not fit is told here

    @property
    def collection(self) -> vdb.Collection:
        """The collection: whatever vdb can do with it."""
        return self._store.collection

    @property
    def embeddings(self) -> Embeddings | None:
        """What makes vectors of texts."""
        return self._embedding

    def close(self) -> None:
        """Waits for calls of coroutines, and closes the database unless the caller opened it."""
        self._threads.close()
        self._store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    # Writing

    @classmethod
    def from_texts(
        cls,
        texts: Iterable[str],
        embedding: Embeddings,
        metadatas: Sequence[Mapping[str, Any]] | None = None,
        *,
        ids: Sequence[str | None] | None = None,
        **kwargs: Any,
    ) -> Self:
        """A store with these texts in it; other arguments are those of the class.

        Example:
            store = VdbVectorStore.from_texts(["green tea"], embeddings, path="notes.vdb")
        """
        store = cls(embedding, **kwargs)
        store.add_texts(texts, metadatas, ids=ids)
        return store

    @classmethod
    async def afrom_texts(
        cls,
        texts: Iterable[str],
        embedding: Embeddings,
        metadatas: Sequence[Mapping[str, Any]] | None = None,
        *,
        ids: Sequence[str | None] | None = None,
        **kwargs: Any,
    ) -> Self:
        """As `from_texts`."""
        threads = StoreThreads()
        store = await threads.read(lambda: cls(embedding, **kwargs))
        threads.close()
        await store.aadd_texts(texts, metadatas, ids=ids)
        return store

    def add_texts(
        self,
        texts: Iterable[str],
        metadatas: Sequence[Mapping[str, Any]] | None = None,
        *,
        ids: Sequence[str | None] | None = None,
        batch_size: int | None = None,
    ) -> list[str]:
        """Writes texts with their embeddings.

        Args:
            texts: The texts.
            metadatas: One for each text; dates, UUIDs and tuples become what JSON has for them.
            ids: One for each text; a record of that id is replaced. None, also for single ones:
                a new UUID.
            batch_size: Texts that are embedded by one call and written in one commit. None: all.

        Returns:
            The ids.

        Raises:
            ValueError: Metadata or ids are not as many as texts, or there is no `embedding`.
            InvalidPayloadError: Metadata that cannot be stored.
            DimensionMismatchError, InvalidVectorError: An embedding that does not fit.
            BusyError: Another writer did not finish in time.
        """
        rows = text_rows(texts, metadatas, ids, copied=False)
        for part in parts_of_rows(rows, batch_size):
            self._write(part, self._embedder.embed_documents(part.texts))
        return rows.ids

    async def aadd_texts(
        self,
        texts: Iterable[str],
        metadatas: Sequence[Mapping[str, Any]] | None = None,
        *,
        ids: Sequence[str | None] | None = None,
        batch_size: int | None = None,
    ) -> list[str]:
        """As `add_texts`."""
        rows = await self._threads.read(lambda: text_rows(texts, metadatas, ids))
        for part in parts_of_rows(rows, batch_size):
            vectors = await self._embedder.aembed_documents(part.texts)
            await self._threads.write(partial(self._write, part, vectors))
        return rows.ids

    def update_documents(self, ids: Sequence[str], documents: Sequence[Document]) -> None:
        """Replaces documents that are there; of those with the same text nothing is embedded.

        Raises:
            NotFoundError: An id has no document; nothing is changed then.
            And as `add_texts`.
        """
        rows, changed = self._changes(ids, documents)
        vectors = self._embedder.embed_documents(changed.texts) if changed.ids else []
        self._update(rows, changed, vectors)

    async def aupdate_documents(self, ids: Sequence[str], documents: Sequence[Document]) -> None:
        """As `update_documents`."""
        rows, changed = await self._threads.read(lambda: self._changes(ids, documents))
        vectors = await self._embedder.aembed_documents(changed.texts) if changed.ids else []
        await self._threads.write(lambda: self._update(rows, changed, vectors))

    def delete(self, ids: Sequence[str] | None = None, *, filter: MetadataFilter = None) -> bool:  # noqa: A002 - the host's word
        """Removes documents by their ids, or those that pass a filter; without either, all.

        Ids without a document are ignored.
        """
        where = filter_under(filter, "metadata")
        if ids is None and filter is None:
            self.collection.clear()
        elif where is None:
            self.collection.delete(ids)
        else:
            self.collection.delete(ids, where=where)
        return True

    async def adelete(
        self,
        ids: Sequence[str] | None = None,
        *,
        filter: MetadataFilter = None,  # noqa: A002 - the host's word
    ) -> bool:
        """As `delete`."""
        return await self._threads.write(lambda: self.delete(ids, filter=filter))

    # Reading by id

    def get_by_ids(self, ids: Sequence[str], /) -> list[Document]:
        """The documents of these ids, in their order; ids without a document are left out."""
        records = self.collection.get(list(ids)) if len(ids) else []
        return [_document(record.id, record.payload) for record in records if record is not None]

    async def aget_by_ids(self, ids: Sequence[str], /) -> list[Document]:
        """As `get_by_ids`."""
        return await self._threads.read(lambda: self.get_by_ids(ids))

    def get(
        self,
        ids: Sequence[str] | None = None,
        *,
        filter: MetadataFilter = None,  # noqa: A002 - the host's word
        limit: int | None = None,
        offset: int = 0,
        after: str | None = None,
    ) -> list[Document]:
        """Documents without a query, in the order of their ids.

        Args:
            ids: Only these.
            filter: Only those whose metadata pass.
            limit: The largest number of documents.
            offset: Leave out so many.
            after: Only ids behind this one, which costs less than a large `offset`.
        """
        where = filter_under(filter, "metadata")
        if ids is not None:
            named = vdb.parse_filter({"$id": {"$in": list(ids)}})
            where = named if where is None else named & where
        most = None if limit is None else limit + offset
        if most == 0:
            return []
        records = self.collection.scan(where=where, after=after, limit=most, with_vectors=False)
        return [_document(record.id, record.payload) for record in islice(records, offset, None)]

    async def aget(self, ids: Sequence[str] | None = None, **options: Any) -> list[Document]:
        """As `get`."""
        return await self._threads.read(lambda: self.get(ids, **options))

    # Searching

    def similarity_search(self, query: str, k: int = 4, **options: Any) -> list[Document]:
        """The documents that are most like a text."""
        return self.similarity_search_by_vector(self._embedder.embed_query(query), k, **options)

    async def asimilarity_search(self, query: str, k: int = 4, **options: Any) -> list[Document]:
        """As `similarity_search`."""
        vector = await self._embedder.aembed_query(query)
        return await self.asimilarity_search_by_vector(vector, k, **options)

    def similarity_search_by_vector(
        self, embedding: Sequence[float], k: int = 4, **options: Any
    ) -> list[Document]:
        """The documents whose embeddings are nearest to this one."""
        return _documents(self._search(embedding, k, **options))

    async def asimilarity_search_by_vector(
        self, embedding: Sequence[float], k: int = 4, **options: Any
    ) -> list[Document]:
        """As `similarity_search_by_vector`."""
        return await self._threads.read(
            lambda: self.similarity_search_by_vector(embedding, k, **options)
        )

    def similarity_search_with_score(
        self, query: str, k: int = 4, **options: Any
    ) -> list[tuple[Document, float]]:
        """The documents that are most like a text, with scores.

        A score is the metric's own value, such as the cosine similarity or the *squared* Euclidean
        distance, or a score of the convention that the store, or the collection, was made with.
        """
        return self.similarity_search_by_vector_with_score(
            self._embedder.embed_query(query), k, **options
        )

    async def asimilarity_search_with_score(
        self, query: str, k: int = 4, **options: Any
    ) -> list[tuple[Document, float]]:
        """As `similarity_search_with_score`."""
        vector = await self._embedder.aembed_query(query)
        return await self._threads.read(
            lambda: self.similarity_search_by_vector_with_score(vector, k, **options)
        )

    def similarity_search_by_vector_with_score(
        self, embedding: Sequence[float], k: int = 4, **options: Any
    ) -> list[tuple[Document, float]]:
        """As `similarity_search_with_score`, for an embedding."""
        return _scored(self._search(embedding, k, **options))

    def max_marginal_relevance_search(
        self,
        query: str,
        k: int = 4,
        fetch_k: int = 20,
        lambda_mult: float = 0.5,
        **options: Any,
    ) -> list[Document]:
        """Documents that are like a text and unlike each other.

        Args:
            query: The text.
            k: The largest number of documents.
            fetch_k: The number of nearest ones to choose among.
            lambda_mult: From 0, as different as can be, to 1, as near as can be.
            options: As for any search.
        """
        return self.max_marginal_relevance_search_by_vector(
            self._embedder.embed_query(query), k, fetch_k, lambda_mult, **options
        )

    async def amax_marginal_relevance_search(
        self,
        query: str,
        k: int = 4,
        fetch_k: int = 20,
        lambda_mult: float = 0.5,
        **options: Any,
    ) -> list[Document]:
        """As `max_marginal_relevance_search`."""
        vector = await self._embedder.aembed_query(query)
        return await self.amax_marginal_relevance_search_by_vector(
            vector, k, fetch_k, lambda_mult, **options
        )

    def max_marginal_relevance_search_by_vector(
        self,
        embedding: Sequence[float],
        k: int = 4,
        fetch_k: int = 20,
        lambda_mult: float = 0.5,
        **options: Any,
    ) -> list[Document]:
        """As `max_marginal_relevance_search`, for an embedding."""
        candidates = max(fetch_k, k)
        return _documents(
            self._search(embedding, k, diversity=1 - lambda_mult, candidates=candidates, **options)
        )

    async def amax_marginal_relevance_search_by_vector(
        self,
        embedding: Sequence[float],
        k: int = 4,
        fetch_k: int = 20,
        lambda_mult: float = 0.5,
        **options: Any,
    ) -> list[Document]:
        """As `max_marginal_relevance_search_by_vector`."""
        return await self._threads.read(
            lambda: self.max_marginal_relevance_search_by_vector(
                embedding, k, fetch_k, lambda_mult, **options
            )
        )

    # By words and by vector

    def hybrid_search(self, query: str, k: int = 4, **options: Any) -> list[Document]:
        """The documents that have the words of a text or are most like it, in one ranking.

        Needs a store with `text`.

        Args:
            query: The text; ``"in quotes"`` a phrase, with a star at the end the beginning of a
                word.
            k: The largest number of documents.
            options: ``filter``, ``ef`` and ``exact`` as for any search; ``fusion``, ``weights``,
                ``window`` and others of `Collection.search_hybrid`.

        Example:
            store.hybrid_search("green tea", fusion="weaviate-relative", alpha=0.5)
        """
        return _documents(self._hybrid(query, self._embedder.embed_query(query), k, **options))

    async def ahybrid_search(self, query: str, k: int = 4, **options: Any) -> list[Document]:
        """As `hybrid_search`."""
        vector = await self._embedder.aembed_query(query)
        return await self._threads.read(
            lambda: _documents(self._hybrid(query, vector, k, **options))
        )

    def hybrid_search_with_score(
        self, query: str, k: int = 4, **options: Any
    ) -> list[tuple[Document, float]]:
        """As `hybrid_search`, with the fused scores."""
        return _scored(self._hybrid(query, self._embedder.embed_query(query), k, **options))

    async def ahybrid_search_with_score(
        self, query: str, k: int = 4, **options: Any
    ) -> list[tuple[Document, float]]:
        """As `hybrid_search_with_score`."""
        vector = await self._embedder.aembed_query(query)
        return await self._threads.read(lambda: _scored(self._hybrid(query, vector, k, **options)))

    def as_retriever(self, **kwargs: Any) -> VdbRetriever:
        """A retriever of this store; ``search_type`` may also be "hybrid".

        Example:
            store.as_retriever(search_type="hybrid", search_kwargs={"k": 3, "fusion": "native"})
        """
        tags = kwargs.pop("tags", None) or [*self._get_retriever_tags()]
        return VdbRetriever(vectorstore=self, tags=tags, **kwargs)

    # Relevance: what retrievers with a threshold ask for

    def _similarity_search_with_relevance_scores(
        self, query: str, k: int = 4, **options: Any
    ) -> list[tuple[Document, float]]:
        vector = self._embedder.embed_query(query)
        return _scored(self._search(vector, k, scores=_RELEVANCE, **options))

    async def _asimilarity_search_with_relevance_scores(
        self, query: str, k: int = 4, **options: Any
    ) -> list[tuple[Document, float]]:
        vector = await self._embedder.aembed_query(query)
        return await self._threads.read(
            lambda: _scored(self._search(vector, k, scores=_RELEVANCE, **options))
        )

    def _select_relevance_score_fn(self) -> Callable[[float], float]:
        info = self.collection.info()

        def relevance(score: float) -> float:
            return vdb.scores.convert(
                score,
                metric=info.metric,
                source=info.scores,
                target=_RELEVANCE,
                dim=info.dim,
                dtype=info.dtype,
            )

        return relevance

    # Parts

    @property
    def _embedder(self) -> Embeddings:
        if self._embedding is None:
            raise ValueError(
                "this store was made with embedding=None: give it Embeddings, or search by vector"
            )
        return self._embedding

    def _search(
        self,
        vector: Sequence[float],
        k: int,
        *,
        filter: MetadataFilter = None,  # noqa: A002 - the host's word
        ef: int | None = None,
        exact: bool = False,
        target_recall: float | None = None,
        **chosen: Any,
    ) -> vdb.Hits:
        hits = self.collection.search(
            vector,
            k,
            where=filter_under(filter, "metadata"),
            ef=ef,
            exact=exact,
            target_recall=target_recall,
            **chosen,
        )
        assert isinstance(hits, vdb.Hits)  # noqa: S101 - for mypy: nothing is grouped
        return hits

    def _hybrid(
        self,
        query: str,
        vector: Sequence[float],
        k: int,
        *,
        filter: MetadataFilter = None,  # noqa: A002 - the host's word
        **chosen: Any,
    ) -> FusedHits:
        where = filter_under(filter, "metadata")
        return self.collection.search_hybrid(text=query, vector=vector, k=k, where=where, **chosen)

    def _write(self, rows: TextRows, vectors: Sequence[Sequence[float]]) -> None:
        self.collection.upsert(rows.ids, vectors, rows.payloads)

    def _changes(
        self, ids: Sequence[str], documents: Sequence[Document]
    ) -> tuple[TextRows, TextRows]:
        """All the rows, and those whose text is not what is stored."""
        rows = text_rows(
            [document.page_content for document in documents],
            [document.metadata for document in documents],
            ids,
        )
        stored = self.collection.get(rows.ids) if rows.ids else []
        missing = [one for one, record in zip(rows.ids, stored, strict=True) if record is None]
        if missing:
            raise vdb.NotFoundError(
                f"no document of id {missing[0]!r}" + _others(len(missing) - 1),
                expected="ids of documents",
                received=missing[0],
            )
        places = [
            place
            for place, record in enumerate(stored)
            if record is not None and _text(record.payload) != rows.texts[place]
        ]
        return rows, rows.at(places)

    def _update(
        self, rows: TextRows, changed: TextRows, vectors: Sequence[Sequence[float]]
    ) -> None:
        if not rows.ids:
            return
        with self._store.database.batch():
            self.collection.set_payloads(rows.ids, rows.payloads)  # refuses ids that are gone
            if changed.ids:
                self.collection.upsert(changed.ids, vectors, changed.payloads)


def _others(count: int) -> str:
    return f", nor of {count} others" if count else ""


def _text(payload: Any) -> str:
    """The text of a record; "" in a collection that holds other records too."""
    text = payload.get("text") if isinstance(payload, dict) else None
    return text if isinstance(text, str) else ""


def _document(id_: int | str, payload: Any) -> Document:
    metadata = payload.get("metadata") if isinstance(payload, dict) else None
    return Document(id=str(id_), page_content=_text(payload), metadata=metadata or {})


def _documents(hits: vdb.Hits | FusedHits) -> list[Document]:
    return [_document(hit.id, hit.payload) for hit in hits]


def _scored(hits: vdb.Hits | FusedHits) -> list[tuple[Document, float]]:
    return [(_document(hit.id, hit.payload), hit.score) for hit in hits]
