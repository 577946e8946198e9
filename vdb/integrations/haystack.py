"""Haystack: a document store on a collection of vdb, and the retriever of its embeddings.

A document is a record: its id, its embedding if it has one, and the payload ``{"content": ...,
"meta": {...}, "blob": {...}}``, without what the document does not have.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from os import PathLike, fspath
from threading import Lock
from typing import Any, Self, TypeAlias

import vdb
from vdb.integrations import document_metadata
from vdb.integrations.document_filters import document_filter, meta_path
from vdb.integrations.metadata_filters import fields_under
from vdb.integrations.missing_host import missing_host
from vdb.integrations.store_collection import StoreCollection, index_of
from vdb.integrations.store_threads import StoreThreads

try:
    from haystack import Document, component, default_from_dict, default_to_dict
    from haystack.document_stores.errors import DocumentStoreError, DuplicateDocumentError
    from haystack.document_stores.types import DuplicatePolicy, FilterPolicy, apply_filter_policy
    from haystack.errors import FilterError
    from haystack.utils import Secret
except ModuleNotFoundError as error:
    raise missing_host(error, "haystack", "haystack") from error

from vdb.integrations.document_records import document_of, meta_of, payload_of

__all__ = ["VdbDocumentStore", "VdbEmbeddingRetriever"]

Filters: TypeAlias = "dict[str, Any] | None"

_RULES = {
    DuplicatePolicy.NONE: "error",
    DuplicatePolicy.FAIL: "error",
    DuplicatePolicy.SKIP: "skip",
    DuplicatePolicy.OVERWRITE: "replace",
}
_DISTANCES = ("l2", "l1")


class VdbDocumentStore:
    """Documents in a collection of vdb, with or without embeddings.

    Nothing is opened before the first call that needs it, so that pipelines are built and written
    as YAML without a database. It may be shared between threads and tasks; coroutines run in
    threads of the store.

    Example:
        store = VdbDocumentStore("notes.vdb")
        store.write_documents([Document(content="green tea", embedding=[0.1, 0.9])])
    """

    def __init__(
        self,
        path: str | PathLike[str] | Secret | vdb.Database | None = None,
        *,
        collection: str = "documents",
        metric: str | None = None,
        dtype: str | None = None,
        index: vdb.HNSW | vdb.Flat | Mapping[str, Any] | None = None,
        fields: Mapping[str, str] | None = None,
        return_embedding: bool = True,
        text: str | None = None,
    ) -> None:
        """Only notes the arguments.

        Args:
            path: The directory of the database; a Secret that holds it; or an open database, which
                stays open when the store is closed. None: a temporary one, which goes with the
                store.
            collection: The collection's name, or an alias.
            metric: As for `Database.create_collection`. None: that of the collection; a new one
                has "cosine".
            dtype: The same, of a new collection.
            index: The same; or as `to_dict` has it.
            fields: Fields of the metadata to index, so that filters on them are fast, with their
                types: ``{"year": "int", "tags": "keyword[]"}``.
            return_embedding: Whether documents come back with their embeddings.
            text: The analyzer of the contents, "simple" or a language such as "english", for
                `VdbBM25Retriever` and `VdbHybridRetriever` of
                ``vdb.integrations.haystack_retrievers``. None: they have no such index.
        """
        self.path = path
        self.collection_name = collection
        self.metric = metric
        self.dtype = dtype
        self.index = index_of(index)
        self.fields = dict(fields or {})
        self.return_embedding = return_embedding
        self.text = text
        self._opening = Lock()
        self._store: StoreCollection | None = None
        self._threads = StoreThreads()

    @property
    def collection(self) -> vdb.Collection:
        """The collection, opened or created: whatever vdb can do with it.

        Raises:
            MetricMismatchError, InvalidArgumentError: It has another schema.
            And what `vdb.open` raises.
        """
        return self._opened().collection

    def close(self) -> None:
        """Waits for calls of coroutines, and closes the database unless the caller opened it."""
        self._threads.close()
        if self._store is not None:
            self._store.close()

    def to_dict(self) -> dict[str, Any]:
        """The store's arguments; of an open database its path, of a Secret where it is read from.

        Raises:
            ValueError: The path is a Secret that holds a token.
        """
        path = self.path.path if isinstance(self.path, vdb.Database) else self.path
        index = None if self.index is None else {"kind": self.index.type, **asdict(self.index)}
        data: dict[str, Any] = default_to_dict(
            self,
            path=path.to_dict() if isinstance(path, Secret) else path and fspath(path),
            collection=self.collection_name,
            metric=self.metric,
            dtype=self.dtype,
            index=index,
            fields=self.fields,
            return_embedding=self.return_embedding,
            text=self.text,
        )
        return data

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """The store of `to_dict`."""
        store: Self = default_from_dict(cls, data)
        return store

    # Documents

    def count_documents(self) -> int:
        """The number of documents."""
        return len(self.collection)

    def filter_documents(self, filters: Filters = None) -> list[Document]:
        """The documents that pass, in the order of their ids.

        Raises:
            FilterError: The filters are not valid.
        """
        with _filter_errors():
            where = self._where(filters)
            records = self.collection.scan(where=where, with_vectors=self.return_embedding)
            return [document_of(record) for record in records]

    def write_documents(
        self, documents: list[Document], policy: DuplicatePolicy = DuplicatePolicy.NONE
    ) -> int:
        """Writes documents in one commit.

        Args:
            documents: The documents.
            policy: What becomes of a document whose id is there, or twice among these: FAIL, which
                is also NONE, writes nothing; SKIP leaves the first, OVERWRITE the last.

        Returns:
            The number of documents that were written.

        Raises:
            ValueError: Something is no document, or has a sparse embedding.
            DuplicateDocumentError: An id is there, under FAIL.
            InvalidPayloadError, InvalidVectorError, DimensionMismatchError: A document that cannot
                be stored.
        """
        rows = list(documents)
        for row in rows:
            if not isinstance(row, Document):  # a letter, where documents is a text
                raise ValueError(f"documents must be a list of Documents, got {documents!r:.60}")  # noqa: TRY004 - as the host has it
            if row.sparse_embedding is not None:
                raise ValueError(f"document {row.id} has a sparse embedding, which is not stored")
        if not rows:
            return 0
        embeddings = [row.embedding for row in rows]
        try:
            counts = self.collection.add(
                [row.id for row in rows],
                embeddings if any(one is not None for one in embeddings) else None,
                [payload_of(row) for row in rows],
                on_duplicate=_RULES[policy],
            )
        except vdb.DuplicateIdError as error:
            raise DuplicateDocumentError(str(error)) from error
        return counts.added + counts.replaced

    def delete_documents(self, document_ids: list[str]) -> None:
        """Removes documents; ids without one are ignored."""
        self.collection.delete(list(document_ids))

    def delete_all_documents(self, recreate_index: bool = False) -> None:
        """Removes all documents.

        Args:
            recreate_index: Makes the collection anew, with the schema of this store, so that
                embeddings may have another dimension.
        """
        if recreate_index:
            self._opened().recreate()
        else:
            self.collection.clear()

    def delete_by_filter(self, filters: dict[str, Any]) -> int:
        """Removes the documents that pass, and returns their number.

        Raises:
            FilterError: The filters are not valid, or empty.
        """
        with _filter_errors():
            return self.collection.delete(where=self._required_where(filters))

    def update_by_filter(self, filters: dict[str, Any], meta: dict[str, Any]) -> int:
        """Sets fields of the metadata of the documents that pass, and returns their number.

        Raises:
            FilterError: The filters are not valid, or empty.
        """
        with _filter_errors():
            where = self._required_where(filters)
            changes = {meta_path(key): value for key, value in meta.items()}
            with self._opened().database.batch():
                count = self.collection.count(where)
                if changes:
                    self.collection.update_payloads(where=where, changes=changes)
        return count

    # Metadata

    def count_documents_by_filter(self, filters: dict[str, Any]) -> int:
        """The number of documents that pass."""
        with _filter_errors():
            return self.collection.count(self._where(filters))

    def count_unique_metadata_by_filter(
        self, filters: dict[str, Any], metadata_fields: list[str]
    ) -> dict[str, int]:
        """How many values each field has among the documents that pass, by field."""
        return document_metadata.unique_counts(self._metas(filters), metadata_fields)

    def get_metadata_fields_info(self) -> dict[str, dict[str, str]]:
        """The type of each field's values: keyword, int, float or boolean."""
        return document_metadata.field_types(self._metas(None))

    def get_metadata_field_min_max(self, metadata_field: str) -> dict[str, Any]:
        """The least and the largest value of a field under "min" and "max".

        Both are None where there is no number and no text, or some of both.
        """
        return document_metadata.min_max(self._metas(None), metadata_field)

    def get_metadata_field_unique_values(
        self,
        metadata_field: str,
        search_term: str | None = None,
        from_: int = 0,
        size: int = 10,
        filters: Filters = None,
    ) -> tuple[list[Any], int]:
        """A page of the values of a field, in the order of their texts, and how many there are.

        Args:
            metadata_field: The field.
            search_term: Only values whose text has this in it, whatever its case.
            from_: Leave out so many.
            size: The largest number of values.
            filters: Only values of the documents that pass.
        """
        values = document_metadata.unique_values(self._metas(filters), metadata_field, search_term)
        return values[from_ : from_ + size], len(values)

    # Retrieval

    def embedding_retrieval(
        self,
        query_embedding: list[float],
        filters: Filters = None,
        top_k: int = 10,
        scale_score: bool = False,
        return_embedding: bool | None = None,
    ) -> list[Document]:
        """The documents whose embeddings are nearest, best first, with scores.

        Args:
            query_embedding: The embedding of the query.
            filters: Only documents that pass.
            top_k: The largest number of documents.
            scale_score: Scores from 0 to 1: the convention "relevance". Otherwise the value of
                cosine, dot or ip, and of a distance its negative: higher is nearer.
            return_embedding: Whether documents have their embeddings; None: as the store has it.

        Raises:
            ValueError: The embedding is empty.
            DocumentStoreError: It has another dimension than the documents'.
            FilterError: The filters are not valid.
        """
        if len(query_embedding) == 0:
            raise ValueError("query_embedding must be a list of numbers, got an empty one")
        if top_k == 0:
            return []
        coll = self.collection
        with _filter_errors():
            try:
                hits = coll.search(
                    query_embedding,
                    top_k,
                    where=self._where(filters),
                    scores="relevance" if scale_score else "native",
                    with_vectors=self.return_embedding
                    if return_embedding is None
                    else return_embedding,
                )
            except vdb.DimensionMismatchError as error:
                raise DocumentStoreError(str(error)) from error
        sign = -1 if coll.metric in _DISTANCES and not scale_score else 1
        return [document_of(hit, sign * hit.score) for hit in hits]

    def bm25_retrieval(
        self, query: str, filters: Filters = None, top_k: int = 10, **options: Any
    ) -> list[Document]:
        """The documents whose content has the words of a query, best first by BM25.

        Needs a store with `text`.

        Args:
            query: The words; ``"in quotes"`` a phrase, with a star at the end the beginning of a
                word.
            filters: Only documents that pass.
            top_k: The largest number of documents.
            options: ``scores``, ``operator`` and others of `Collection.search_text`.

        Raises:
            FilterError: The filters are not valid.
        """
        if top_k == 0:
            return []
        with _filter_errors():
            hits = self.collection.search_text(query, top_k, where=self._where(filters), **options)
        return [document_of(hit, hit.score) for hit in hits]

    def hybrid_retrieval(
        self,
        query: str,
        query_embedding: list[float],
        filters: Filters = None,
        top_k: int = 10,
        return_embedding: bool | None = None,
        **options: Any,
    ) -> list[Document]:
        """The documents found by words and by embedding, in one ranking with fused scores.

        Needs a store with `text`.

        Args:
            query: The words.
            query_embedding: The embedding of the query.
            filters: Only documents that pass, in both lists.
            top_k: The largest number of documents.
            return_embedding: Whether documents have their embeddings; None: as the store has it.
            options: ``fusion``, ``weights``, ``window`` and others of `Collection.search_hybrid`.

        Raises:
            ValueError: The embedding is empty.
            DocumentStoreError: It has another dimension than the documents'.
            FilterError: The filters are not valid.
        """
        if len(query_embedding) == 0:
            raise ValueError("query_embedding must be a list of numbers, got an empty one")
        if top_k == 0:
            return []
        with _filter_errors(), self._opened().database.snapshot() as moment:
            coll = moment.collection(self.collection.name)
            try:
                hits = coll.search_hybrid(
                    text=query,
                    vector=query_embedding,
                    k=top_k,
                    where=self._where(filters),
                    **options,
                )
            except vdb.DimensionMismatchError as error:
                raise DocumentStoreError(str(error)) from error
            has_embedding = self.return_embedding if return_embedding is None else return_embedding
            if has_embedding and len(hits):
                records = [one for one in coll.get(hits.ids) if one is not None]
            else:
                records = [vdb.Record(hit.id, None, hit.payload) for hit in hits]
        scores = hits.scores.tolist()
        return [document_of(one, score) for one, score in zip(records, scores, strict=True)]

    # Coroutines, each as its namesake

    async def count_documents_async(self) -> int:
        """As `count_documents`."""
        return await self._threads.read(self.count_documents)

    async def filter_documents_async(self, filters: Filters = None) -> list[Document]:
        """As `filter_documents`."""
        return await self._threads.read(lambda: self.filter_documents(filters))

    async def write_documents_async(
        self, documents: list[Document], policy: DuplicatePolicy = DuplicatePolicy.NONE
    ) -> int:
        """As `write_documents`."""
        return await self._threads.write(lambda: self.write_documents(documents, policy))

    async def delete_documents_async(self, document_ids: list[str]) -> None:
        """As `delete_documents`."""
        await self._threads.write(lambda: self.delete_documents(document_ids))

    async def delete_all_documents_async(self, recreate_index: bool = False) -> None:
        """As `delete_all_documents`."""
        await self._threads.write(lambda: self.delete_all_documents(recreate_index))

    async def delete_by_filter_async(self, filters: dict[str, Any]) -> int:
        """As `delete_by_filter`."""
        return await self._threads.write(lambda: self.delete_by_filter(filters))

    async def update_by_filter_async(self, filters: dict[str, Any], meta: dict[str, Any]) -> int:
        """As `update_by_filter`."""
        return await self._threads.write(lambda: self.update_by_filter(filters, meta))

    async def count_documents_by_filter_async(self, filters: dict[str, Any]) -> int:
        """As `count_documents_by_filter`."""
        return await self._threads.read(lambda: self.count_documents_by_filter(filters))

    async def count_unique_metadata_by_filter_async(
        self, filters: dict[str, Any], metadata_fields: list[str]
    ) -> dict[str, int]:
        """As `count_unique_metadata_by_filter`."""
        return await self._threads.read(
            lambda: self.count_unique_metadata_by_filter(filters, metadata_fields)
        )

    async def get_metadata_fields_info_async(self) -> dict[str, dict[str, str]]:
        """As `get_metadata_fields_info`."""
        return await self._threads.read(self.get_metadata_fields_info)

    async def get_metadata_field_min_max_async(self, metadata_field: str) -> dict[str, Any]:
        """As `get_metadata_field_min_max`."""
        return await self._threads.read(lambda: self.get_metadata_field_min_max(metadata_field))

    async def get_metadata_field_unique_values_async(
        self,
        metadata_field: str,
        search_term: str | None = None,
        from_: int = 0,
        size: int = 10,
        filters: Filters = None,
    ) -> tuple[list[Any], int]:
        """As `get_metadata_field_unique_values`."""
        return await self._threads.read(
            lambda: self.get_metadata_field_unique_values(
                metadata_field, search_term, from_, size, filters
            )
        )

    async def embedding_retrieval_async(
        self, query_embedding: list[float], **options: Any
    ) -> list[Document]:
        """As `embedding_retrieval`."""
        return await self._threads.read(
            lambda: self.embedding_retrieval(query_embedding, **options)
        )

    async def bm25_retrieval_async(self, query: str, **options: Any) -> list[Document]:
        """As `bm25_retrieval`."""
        return await self._threads.read(lambda: self.bm25_retrieval(query, **options))

    async def hybrid_retrieval_async(
        self, query: str, query_embedding: list[float], **options: Any
    ) -> list[Document]:
        """As `hybrid_retrieval`."""
        return await self._threads.read(
            lambda: self.hybrid_retrieval(query, query_embedding, **options)
        )

    # Parts

    def _opened(self) -> StoreCollection:
        with self._opening:
            if self._store is None:
                self._store = self._new_store()
            return self._store

    def _new_store(self) -> StoreCollection:
        return StoreCollection(
            self.path.resolve_value() if isinstance(self.path, Secret) else self.path,
            self.collection_name,
            metric=self.metric,
            dtype=self.dtype,
            index=self.index,
            fields=fields_under(self.fields, "meta"),
            optional_vectors=True,
            text=None if self.text is None else ("content", self.text),
        )

    def _where(self, filters: Filters) -> vdb.Filter | None:
        return self._required_where(filters) if filters else None

    def _required_where(self, filters: dict[str, Any]) -> vdb.Filter:
        return document_filter(filters, self.collection.info().fields)

    def _metas(self, filters: Filters) -> Iterator[dict[str, Any]]:
        """The metadata of the documents that pass."""
        with _filter_errors():
            records = self.collection.scan(
                where=self._where(filters), with_vectors=False, columns=["meta"]
            )
            for record in records:
                yield meta_of(record.payload)


@component
class VdbEmbeddingRetriever:
    """The documents of a `VdbDocumentStore` that are nearest to the embedding of a query.

    Example:
        retriever = VdbEmbeddingRetriever(store, top_k=3)
        documents = retriever.run(query_embedding=[0.1, 0.9])["documents"]
    """

    def __init__(
        self,
        document_store: VdbDocumentStore,
        *,
        filters: Filters = None,
        top_k: int = 10,
        scale_score: bool = False,
        return_embedding: bool = False,
        filter_policy: str | FilterPolicy = FilterPolicy.REPLACE,
    ) -> None:
        """Notes the arguments, which a run may replace.

        Args:
            document_store: The store.
            filters: Only documents that pass.
            top_k: The largest number of documents, at least 1.
            scale_score: As for `VdbDocumentStore.embedding_retrieval`.
            return_embedding: Whether documents have their embeddings.
            filter_policy: Whether filters of a run replace these, or are merged with them.

        Raises:
            TypeError: `document_store` is none of vdb.
            ValueError: `top_k` is below 1.
        """
        if not isinstance(document_store, VdbDocumentStore):
            raise TypeError(
                f"document_store must be a VdbDocumentStore, got {type(document_store).__name__}"
            )
        if top_k < 1:
            raise ValueError(f"top_k must be at least 1, got {top_k}")
        self.document_store = document_store
        self.filters = filters
        self.top_k = top_k
        self.scale_score = scale_score
        self.return_embedding = return_embedding
        self.filter_policy = (
            filter_policy
            if isinstance(filter_policy, FilterPolicy)
            else FilterPolicy.from_str(filter_policy)
        )

    def to_dict(self) -> dict[str, Any]:
        """The retriever's arguments, with the store's."""
        data: dict[str, Any] = default_to_dict(
            self,
            document_store=self.document_store.to_dict(),
            filters=self.filters,
            top_k=self.top_k,
            scale_score=self.scale_score,
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
        query_embedding: list[float],
        filters: Filters = None,
        top_k: int | None = None,
        scale_score: bool | None = None,
        return_embedding: bool | None = None,
    ) -> dict[str, list[Document]]:
        """The documents under "documents", best first; arguments as for the class."""
        options = self._options(filters, top_k, scale_score, return_embedding)
        return {"documents": self.document_store.embedding_retrieval(query_embedding, **options)}

    @component.output_types(documents=list[Document])
    async def run_async(
        self,
        query_embedding: list[float],
        filters: Filters = None,
        top_k: int | None = None,
        scale_score: bool | None = None,
        return_embedding: bool | None = None,
    ) -> dict[str, list[Document]]:
        """As `run`."""
        options = self._options(filters, top_k, scale_score, return_embedding)
        documents = await self.document_store.embedding_retrieval_async(query_embedding, **options)
        return {"documents": documents}

    def _options(
        self,
        filters: Filters,
        top_k: int | None,
        scale_score: bool | None,
        return_embedding: bool | None,
    ) -> dict[str, Any]:
        count = self.top_k if top_k is None else top_k
        if count < 0:
            raise ValueError(f"top_k must be at least 0, got {count}")
        return {
            "filters": apply_filter_policy(self.filter_policy, self.filters, filters),
            "top_k": count,
            "scale_score": self.scale_score if scale_score is None else scale_score,
            "return_embedding": self.return_embedding
            if return_embedding is None
            else return_embedding,
        }


@contextmanager
def _filter_errors() -> Iterator[None]:
    """Errors of filters are those of the host."""
    try:
        yield
    except vdb.InvalidFilterError as error:
        raise FilterError(str(error)) from error
