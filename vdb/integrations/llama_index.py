"""LlamaIndex: a vector store on a collection of vdb, which holds the nodes themselves.

A node is a record: its id, its embedding, and the payload ``{"ref_doc_id": ..., "metadata": {...},
"type": ..., "node": {...}}``, with the rest of the node as JSON in ``node``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from os import PathLike
from typing import Any, NoReturn, Self

import vdb
from vdb.integrations.metadata_filters import fields_under
from vdb.integrations.missing_host import missing_host
from vdb.integrations.node_filters import node_filter
from vdb.integrations.store_collection import StoreCollection
from vdb.integrations.store_threads import StoreThreads

try:
    from llama_index.core.bridge.pydantic import Field, PrivateAttr
    from llama_index.core.schema import BaseNode
    from llama_index.core.vector_stores.types import (
        BasePydanticVectorStore,
        MetadataFilters,
        VectorStoreQuery,
        VectorStoreQueryMode,
        VectorStoreQueryResult,
    )
    from llama_index.core.vector_stores.utils import metadata_dict_to_node
except ModuleNotFoundError as error:
    raise missing_host(error, "llama_index", "llama-index") from error

__all__ = ["VdbVectorStore"]

_MMR_THRESHOLD = 0.5  # of the host, where nobody gives one
_BY_WORDS = (VectorStoreQueryMode.TEXT_SEARCH, VectorStoreQueryMode.HYBRID)
_RISING = ("cosine", "dot", "ip")


class VdbVectorStore(BasePydanticVectorStore):
    """Nodes in a collection of vdb.

    It may be shared between threads and tasks; coroutines run in threads of the store. What a call
    has written is on the disk when it returns; `persist` has nothing left to do.

    Attributes:
        path: The directory of the database; None for a temporary one, which goes with the store.
        collection_name: The collection's name, or an alias.
        metric: As for `Database.create_collection`. None: that of the collection; a new one has
            "cosine".
        dtype: The same.
        fields: Fields of metadata to index, so that filters on them are fast, with their types:
            ``{"year": "int", "tags": "keyword[]"}``.
        text: The analyzer of the nodes' texts, "simple" or a language such as "english", so that
            queries in the modes HYBRID and TEXT_SEARCH find them by their words. None: they have
            no such index.
        fusion: How a HYBRID query makes one ranking of both lists; `vdb.fusion.fusions` lists the
            names.

    Example:
        store = VdbVectorStore("notes.vdb")
        index = VectorStoreIndex.from_documents(
            documents, storage_context=StorageContext.from_defaults(vector_store=store)
        )
    """

    stores_text: bool = True
    flat_metadata: bool = False

    path: str | None = None
    collection_name: str = "llama_index"
    metric: str | None = None
    dtype: str | None = None
    fields: dict[str, str] = Field(default_factory=dict)
    text: str | None = None
    fusion: str = "native"

    _store: StoreCollection = PrivateAttr()
    _threads: StoreThreads = PrivateAttr()

    def __init__(
        self,
        path: str | PathLike[str] | vdb.Database | None = None,
        *,
        collection_name: str = "llama_index",
        metric: str | None = None,
        dtype: str | None = None,
        index: vdb.HNSW | vdb.Flat | None = None,
        fields: Mapping[str, str] | None = None,
        text: str | None = None,
        fusion: str = "native",
        **kwargs: Any,
    ) -> None:
        """Opens the collection, or creates it, for embeddings of any one dimension.

        Args:
            path: The directory, or an open database, which stays open when the store is closed.
            collection_name: The collection's name.
            metric: Its metric.
            dtype: The dtype of a new collection.
            index: The index of a new collection.
            fields: Fields of metadata to index.
            text: The analyzer of the texts.
            fusion: The fusion of HYBRID queries.
            kwargs: Fields of the host's base class.

        Raises:
            MetricMismatchError, InvalidArgumentError: The collection has another schema.
            And what `vdb.open` raises.
        """
        place = path.path if isinstance(path, vdb.Database) else path
        super().__init__(
            path=None if place is None else str(place),
            collection_name=collection_name,
            metric=metric,
            dtype=dtype,
            fields=dict(fields or {}),
            text=text,
            fusion=fusion,
            **kwargs,
        )
        self._store = StoreCollection(
            path,
            collection_name,
            metric=metric,
            dtype=dtype,
            index=index,
            fields={"ref_doc_id": "keyword", **fields_under(fields, "metadata")},
            text=None if text is None else ("node.text", text),
        )
        self._threads = StoreThreads()
        _ = self._store.collection  # what does not fit is told here

    @classmethod
    def class_name(cls) -> str:
        """Its name for the host."""
        return "VdbVectorStore"

    @property
    def client(self) -> vdb.Database:
        """The database."""
        return self._store.database

    @property
    def collection(self) -> vdb.Collection:
        """The collection: whatever vdb can do with it."""
        return self._store.collection

    def close(self) -> None:
        """Waits for calls of coroutines, and closes the database unless the caller opened it."""
        self._threads.close()
        self._store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # Writing

    def add(self, nodes: Sequence[BaseNode], **_: Any) -> list[str]:
        """Writes nodes with their embeddings in one commit; nodes of the same ids are replaced.

        Returns:
            Their ids.

        Raises:
            ValueError: A node has no embedding.
            DimensionMismatchError, InvalidVectorError, InvalidPayloadError: One that does not fit.
            BusyError: Another writer did not finish in time.
        """
        ids = [node.node_id for node in nodes]
        if ids:
            vectors = [node.get_embedding() for node in nodes]
            self.collection.upsert(ids, vectors, [_payload(node) for node in nodes])
        return ids

    async def async_add(self, nodes: Sequence[BaseNode], **kwargs: Any) -> list[str]:
        """As `add`."""
        return await self._threads.write(lambda: self.add(nodes, **kwargs))

    def delete(self, ref_doc_id: str, **_: Any) -> None:
        """Removes the nodes of a document."""
        self.collection.delete(list(self.collection.ids(where=vdb.F.ref_doc_id == ref_doc_id)))

    async def adelete(self, ref_doc_id: str, **delete_kwargs: Any) -> None:
        """As `delete`."""
        await self._threads.write(lambda: self.delete(ref_doc_id, **delete_kwargs))

    def delete_nodes(
        self,
        node_ids: Sequence[str] | None = None,
        filters: MetadataFilters | None = None,
        **_: Any,
    ) -> None:
        """Removes nodes by their ids, by their metadata, or by both; `clear` removes all.

        Raises:
            ValueError: Neither is given.
        """
        if node_ids is None and filters is None:
            raise ValueError("delete_nodes needs node_ids or filters; clear() removes all nodes")
        where = self._where(filters, node_ids)
        if where is None:
            self.collection.clear()
        else:
            self.collection.delete(list(self.collection.ids(where=where)))

    async def adelete_nodes(
        self,
        node_ids: Sequence[str] | None = None,
        filters: MetadataFilters | None = None,
        **delete_kwargs: Any,
    ) -> None:
        """As `delete_nodes`."""
        await self._threads.write(lambda: self.delete_nodes(node_ids, filters, **delete_kwargs))

    def clear(self) -> None:
        """Removes all nodes."""
        self.collection.clear()

    async def aclear(self) -> None:
        """As `clear`."""
        await self._threads.write(self.clear)

    def persist(self, persist_path: str = "", fs: Any = None) -> None:
        """Does nothing: what was written is in the database."""

    # Reading

    def get_nodes(
        self,
        node_ids: Sequence[str] | None = None,
        filters: MetadataFilters | None = None,
    ) -> list[BaseNode]:
        """The nodes of these ids, in their order, whose metadata pass; without either, all.

        Ids without a node are left out.
        """
        if node_ids is None:
            records = self.collection.scan(where=self._where(filters), with_vectors=False)
            return [_node(record.payload) for record in records]
        ids = list(node_ids)
        if filters is not None:
            passing = set(self.collection.ids(where=self._where(filters, ids)))
            ids = [one for one in ids if one in passing]
        stored = self.collection.get(ids) if ids else []
        return [_node(record.payload) for record in stored if record is not None]

    async def aget_nodes(
        self,
        node_ids: Sequence[str] | None = None,
        filters: MetadataFilters | None = None,
    ) -> list[BaseNode]:
        """As `get_nodes`."""
        return await self._threads.read(lambda: self.get_nodes(node_ids, filters))

    def query(self, query: VectorStoreQuery, **kwargs: Any) -> VectorStoreQueryResult:
        """The nodes nearest to the query's embedding that pass its filters, ids and documents.

        Similarities rise with nearness: the metric's own value under cosine, dot and ip, and the
        convention "relevance", from 0 to 1, under distances. Empty lists of ids restrict nothing,
        because that is what the host's retrievers mean by them.

        Args:
            query: In mode DEFAULT, or MMR with its `mmr_threshold`: from 0, as different as can
                be, to 1, as near as can be; 0.5 where there is none. TEXT_SEARCH finds its
                `query_str` by words. HYBRID fuses both lists: `alpha` is the weight of the
                vectors, 1 - alpha that of the words; `hybrid_top_k` the number of nodes,
                `sparse_top_k` how many of each list enter. Both modes need a store with `text`.
            kwargs: ``ef``, ``exact`` and ``target_recall`` of `Collection.search`; with MMR also
                ``mmr_threshold``, and ``mmr_prefetch_k``, the number of nearest nodes to choose
                among, 5 times as many as are asked for by default; with HYBRID those of
                `Collection.search_hybrid`.

        Raises:
            ValueError: Another mode, no embedding, or no text where words are searched.
            InvalidFilterError: A filter that cannot be asked of these fields.
        """
        options = dict(kwargs)
        threshold = options.pop("mmr_threshold", None)
        candidates = options.pop("mmr_prefetch_k", None)
        if query.mode == VectorStoreQueryMode.MMR:
            given = query.mmr_threshold if threshold is None else threshold
            options["diversity"] = 1 - (_MMR_THRESHOLD if given is None else given)
            if candidates is not None:
                options["candidates"] = max(candidates, query.similarity_top_k)
        elif query.mode in _BY_WORDS:
            return self._by_words(query, options)
        elif query.mode != VectorStoreQueryMode.DEFAULT:
            _refuse(query.mode)
        if query.query_embedding is None:
            raise ValueError("a query needs an embedding: vdb searches by vectors")
        collection = self.collection
        hits = collection.search(
            query.query_embedding,
            query.similarity_top_k,
            where=self._where(query.filters, query.node_ids or None, query.doc_ids or None),
            scores="native" if collection.metric in _RISING else "relevance",
            **options,
        )
        return _result(hits)

    def _by_words(self, query: VectorStoreQuery, options: dict[str, Any]) -> VectorStoreQueryResult:
        """A query in mode TEXT_SEARCH or HYBRID."""
        if query.query_str is None:
            raise ValueError(f"a query in mode {query.mode.value!r} needs a query_str")
        where = self._where(query.filters, query.node_ids or None, query.doc_ids or None)
        if query.mode == VectorStoreQueryMode.TEXT_SEARCH:
            k = query.similarity_top_k
            return _result(self.collection.search_text(query.query_str, k, where=where, **options))
        if query.query_embedding is None:
            raise ValueError("a query in mode 'hybrid' needs an embedding")
        if query.alpha is not None:
            options.setdefault("weights", (1 - query.alpha, query.alpha))
        if query.sparse_top_k is not None:
            options.setdefault("window", query.sparse_top_k)
        chosen = {"fusion": self.fusion, **options}
        top = query.similarity_top_k if query.hybrid_top_k is None else query.hybrid_top_k
        hits = self.collection.search_hybrid(
            text=query.query_str, vector=query.query_embedding, k=top, where=where, **chosen
        )
        return _result(hits)

    async def aquery(self, query: VectorStoreQuery, **kwargs: Any) -> VectorStoreQueryResult:
        """As `query`."""
        return await self._threads.read(lambda: self.query(query, **kwargs))

    def _where(
        self,
        filters: MetadataFilters | None,
        node_ids: Iterable[str] | None = None,
        doc_ids: Iterable[str] | None = None,
    ) -> vdb.Filter | None:
        """All the conditions as one; None where there are none."""
        conditions = []
        if filters is not None:
            condition = node_filter(filters, lambda: self.collection.info().fields)
            conditions += [] if condition is None else [condition]
        if node_ids is not None:
            conditions.append(vdb.parse_filter({"$id": {"$in": list(node_ids)}}))
        if doc_ids is not None:
            conditions.append(vdb.F.ref_doc_id.isin(list(doc_ids)))
        where: vdb.Filter | None = None
        for condition in conditions:
            where = condition if where is None else where & condition
        return where


def _result(hits: Iterable[Any]) -> VectorStoreQueryResult:
    """Hits of any search as the host's."""
    listed = list(hits)
    return VectorStoreQueryResult(
        nodes=[_node(hit.payload) for hit in listed],
        similarities=[hit.score for hit in listed],
        ids=[str(hit.id) for hit in listed],
    )


def _refuse(mode: VectorStoreQueryMode) -> NoReturn:
    raise ValueError(
        f"query mode {mode.value!r} is not one of vdb: {VectorStoreQueryMode.DEFAULT.value!r}, "
        f"{VectorStoreQueryMode.MMR.value!r}, {VectorStoreQueryMode.TEXT_SEARCH.value!r} and "
        f"{VectorStoreQueryMode.HYBRID.value!r} are"
    )


def _payload(node: BaseNode) -> dict[str, Any]:
    content = node.model_dump(mode="json")
    content.pop("embedding", None)
    return {
        "ref_doc_id": node.ref_doc_id,
        "metadata": content.pop("metadata", {}),
        "type": node.class_name(),
        "node": content,
    }


def _node(payload: Any) -> BaseNode:
    """The node of a payload; of a record that somebody else has written, an empty one."""
    stored = payload if isinstance(payload, dict) else {}
    content = {**stored.get("node", {}), "metadata": stored.get("metadata", {})}
    return metadata_dict_to_node(
        {"_node_content": json.dumps(content), "_node_type": stored.get("type")}
    )
