"""The store of LlamaIndex beside the host's own SimpleVectorStore, which decides what is right."""

from __future__ import annotations

import asyncio
import pickle
import threading

import numpy as np
import pytest

import vdb

pytest.importorskip("llama_index.core")

from llama_index.core import StorageContext, VectorStoreIndex
from llama_index.core.embeddings import MockEmbedding
from llama_index.core.schema import (
    Document,
    ImageNode,
    IndexNode,
    NodeRelationship,
    RelatedNodeInfo,
    TextNode,
)
from llama_index.core.vector_stores import SimpleVectorStore
from llama_index.core.vector_stores.types import (
    FilterCondition,
    FilterOperator,
    MetadataFilter,
    MetadataFilters,
    VectorStoreQuery,
    VectorStoreQueryMode,
)

from vdb.integrations.llama_index import VdbVectorStore

DIM = 8
METADATA = [
    {"year": 2019, "lang": "en", "tags": ["hot", "green"], "title": "Green Tea"},
    {"year": 2020, "lang": "en", "tags": ["hot"], "title": "Coffee"},
    {"year": 2021, "lang": "de", "tags": [], "title": "Kakao"},
    {"year": 2022.5, "lang": "de", "tags": ["cold"], "title": ""},
    {"year": None, "lang": "fr", "title": "thé vert"},
    {"lang": "fr", "tags": ["cold", "hot"], "title": "TEA, iced", "a.b": 1},
    {},
]
CASES = [
    ("year", "==", 2020),
    ("year", "!=", 2020),
    ("year", ">", 2020),
    ("year", "<", 2021),
    ("year", ">=", 2020),
    ("year", "<=", 2021),
    ("year", "in", [2019, 2021]),
    ("year", "nin", [2019, 2021]),
    ("year", "is_empty", None),
    ("lang", "==", "de"),
    ("lang", "!=", "de"),
    ("lang", "in", ["de", "fr"]),
    ("lang", "nin", ["de", "fr"]),
    ("lang", ">", "de"),
    ("lang", "is_empty", None),
    ("tags", "any", ["green", "cold"]),
    ("tags", "all", ["hot", "cold"]),
    ("tags", "contains", "hot"),
    ("tags", "is_empty", None),
    ("title", "text_match", "Tea"),
    ("title", "text_match_insensitive", "tea"),
    ("title", "contains", "ea"),
    ("title", "is_empty", None),
    ("a.b", "==", 1),
    ("absent", "==", 1),
    ("absent", "!=", 1),
    ("ref_doc_id", "==", "doc-1"),
    ("doc_id", "in", ["doc-0", "doc-2"]),
]


def condition(key, operator, value):
    return MetadataFilter(key=key, operator=FilterOperator(operator), value=value)


def nodes_of(metadata, seed=0):
    rows = np.random.default_rng(seed).normal(size=(len(metadata), DIM))
    return [
        TextNode(
            id_=f"node-{n}",
            text=f"text {n}",
            metadata=dict(one),
            embedding=row.tolist(),
            relationships={NodeRelationship.SOURCE: RelatedNodeInfo(node_id=f"doc-{n % 3}")},
        )
        for n, (one, row) in enumerate(zip(metadata, rows, strict=True))
    ]


def asked(store, filters=None, k=20, **more):
    query = VectorStoreQuery(
        query_embedding=[1.0] + [0.5] * (DIM - 1), similarity_top_k=k, filters=filters, **more
    )
    return store.query(query)


@pytest.fixture(params=[{}, {"year": "float", "lang": "keyword", "tags": "keyword[]"}])
def fields(request):
    return request.param


@pytest.fixture
def store(path, fields):
    with VdbVectorStore(path, fields=fields) as store:
        store.add(nodes_of(METADATA))
        yield store


@pytest.fixture
def reference():
    store = SimpleVectorStore()
    store.add(nodes_of(METADATA))
    return store


def test_every_operator_is_tested():
    assert {FilterOperator(operator) for _, operator, _ in CASES} == set(FilterOperator)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[0]}-{case[1]}")
def test_each_operator_passes_the_nodes_that_the_host_passes(store, reference, case):
    for word in FilterCondition:
        filters = MetadataFilters(filters=[condition(*case)], condition=word)
        assert set(asked(store, filters).ids) == set(asked(reference, filters).ids), word


@pytest.mark.parametrize("word", list(FilterCondition))
def test_conditions_join_as_in_the_host(store, reference, word):
    for one in CASES:
        for other in CASES[::3]:
            filters = MetadataFilters(filters=[condition(*one), condition(*other)], condition=word)
            ids = set(asked(store, filters).ids)
            assert ids == set(asked(reference, filters).ids), (one, other)


def test_nested_conditions_hold_as_logic_has_it(store):
    german = condition("lang", "==", "de")
    early = condition("year", "<", 2021)
    hot = condition("tags", "contains", "hot")
    either = MetadataFilters(filters=[german, early], condition="or")
    neither = MetadataFilters(filters=[german, early], condition="not")
    nothing = MetadataFilters(filters=[])

    def ids(filters, word):
        found = asked(store, MetadataFilters(filters=filters, condition=word)).ids
        return {int(one.removeprefix("node-")) for one in found}

    everything = set(range(7))
    assert ids([either], "and") == {0, 1, 2, 3}
    assert ids([either, hot], "and") == {0, 1}
    assert ids([neither, hot], "and") == {5}
    assert ids([neither, german], "or") == {2, 3, 4, 5, 6}
    assert ids([either], "not") == {4, 5, 6}
    assert ids([MetadataFilters(filters=[neither], condition="not")], "and") == {0, 1, 2, 3}
    assert ids([], "and") == ids([], "or") == ids([], "not") == everything
    assert ids([nothing, german], "and") == {2, 3}
    assert ids([nothing, german], "or") == everything
    assert ids([nothing, german], "not") == set()
    assert asked(store, MetadataFilters(filters=[german], condition=None)).ids


def test_a_filter_that_cannot_be_asked_is_refused(store):
    with pytest.raises(TypeError, match="text_match needs a text as its value, got int"):
        asked(store, MetadataFilters(filters=[condition("title", "text_match", 3)]))
    with pytest.raises(vdb.InvalidFilterError):
        asked(store, MetadataFilters(filters=[condition("tags", "==", ["hot"])]))


def test_nearest_nodes_and_similarities_are_those_of_the_host(store, reference):
    ours, theirs = asked(store, k=5), asked(reference, k=5)
    assert ours.ids == theirs.ids
    assert ours.similarities == pytest.approx(theirs.similarities, abs=1e-6)
    assert [node.node_id for node in ours.nodes] == ours.ids
    assert ours.nodes[0].text.startswith("text")


def chosen_by_mmr(query, rows, k, threshold):
    """Maximal marginal relevance of cosines, as Carbonell and Goldstein have it.

    The host's own function looks only at the node that was chosen last, so it is no reference.
    """
    units = np.asarray(rows) / np.linalg.norm(rows, axis=1, keepdims=True)
    relevance = units @ np.asarray(query) / np.linalg.norm(query)
    chosen = []
    while len(chosen) < k:
        redundancy = (units @ units[chosen].T).max(axis=1) if chosen else np.zeros(len(units))
        score = threshold * relevance - (1 - threshold) * redundancy
        score[chosen] = -np.inf
        chosen.append(int(np.argmax(score if chosen else relevance)))
    return [f"node-{n}" for n in chosen]


@pytest.mark.parametrize("threshold", [0.0, 0.3, 0.5, 0.9, 1.0])
def test_mmr_chooses_nodes_that_are_near_and_unlike_each_other(store, threshold):
    vector = [1.0] + [0.5] * (DIM - 1)
    query = VectorStoreQuery(vector, 4, mode=VectorStoreQueryMode.MMR, mmr_threshold=threshold)
    rows = [node.embedding for node in nodes_of(METADATA)]
    expected = chosen_by_mmr(vector, rows, 4, threshold)
    assert store.query(query, mmr_prefetch_k=7).ids == expected
    assert store.query(query, mmr_threshold=1.0).ids == asked(store, k=4).ids


@pytest.mark.parametrize("mode", ["sparse", "semantic_hybrid", "svm"])
def test_other_modes_are_refused_by_name(store, mode):
    with pytest.raises(ValueError, match=f"query mode '{mode}'"):
        asked(store, mode=VectorStoreQueryMode(mode))
    with pytest.raises(ValueError, match="needs an embedding"):
        store.query(VectorStoreQuery(query_str="tea"))
    with pytest.raises(TypeError, match="alpha_of"):
        store.query(VectorStoreQuery([1.0] * DIM), alpha_of=1)


@pytest.mark.parametrize("metric", ["cosine", "l2", "ip", "l1"])
def test_similarities_rise_with_nearness_under_every_metric(path, metric):
    with VdbVectorStore(path, metric=metric) as store:
        nodes = nodes_of(METADATA)
        store.add(nodes)
        query = VectorStoreQuery(nodes[2].embedding, similarity_top_k=7)
        result = store.query(query)
        assert result.similarities == sorted(result.similarities, reverse=True)
        assert metric == "ip" or result.ids[0] == "node-2"


def test_searches_are_restricted_to_nodes_and_documents(store):
    assert set(asked(store, node_ids=["node-1", "node-4", "no"]).ids) == {"node-1", "node-4"}
    assert set(asked(store, doc_ids=["doc-0"]).ids) == {"node-0", "node-3", "node-6"}
    both = asked(store, node_ids=["node-0", "node-1"], doc_ids=["doc-0"])
    assert both.ids == ["node-0"]
    german = MetadataFilters(filters=[condition("lang", "==", "de")])
    assert asked(store, german, node_ids=["node-2", "node-0"]).ids == ["node-2"]
    assert len(asked(store, node_ids=[], doc_ids=[]).ids) == 7


def test_nodes_come_back_as_they_were(path):
    source = {NodeRelationship.SOURCE: RelatedNodeInfo(node_id="doc")}
    nodes = [
        TextNode(
            id_="text",
            text="tea",
            metadata={"year": 1, "with.point": [1, 2], "none": None},
            embedding=[1.0, 0.0],
            relationships=source,
            start_char_idx=3,
            excluded_embed_metadata_keys=["year"],
        ),
        IndexNode(id_="index", text="see", index_id="other", embedding=[0.0, 1.0]),
        ImageNode(id_="image", text="seen", image="aGVsbG8=", embedding=[0.5, 0.5]),
    ]
    with VdbVectorStore(path) as store:
        assert store.add(nodes) == ["text", "index", "image"]
        assert store.add([]) == []
    with VdbVectorStore(path) as store:
        stored = store.get_nodes(["image", "no", "text", "index"])
        expected = [nodes[2], nodes[0], nodes[1]]
        assert [type(node) for node in stored] == [type(node) for node in expected]
        for node, original in zip(stored, expected, strict=True):
            assert node.model_dump() == original.model_dump() | {"embedding": None}
        assert stored[1].ref_doc_id == "doc"
        assert len(store.get_nodes()) == 3
        assert store.get_nodes([]) == []


def test_nodes_are_replaced_deleted_and_cleared(store):
    store.add([TextNode(id_="node-0", text="other", embedding=[0.0] * 7 + [1.0])])
    (node,) = store.get_nodes(["node-0"])
    assert (node.text, node.metadata, node.ref_doc_id) == ("other", {}, None)
    store.delete("doc-1")
    store.delete("no document")
    assert [node.node_id for node in store.get_nodes()] == [
        *("node-0", "node-2", "node-3", "node-5", "node-6")
    ]
    german = MetadataFilters(filters=[condition("lang", "==", "de")])
    assert [node.node_id for node in store.get_nodes(filters=german)] == ["node-2", "node-3"]
    assert [node.node_id for node in store.get_nodes(["node-6", "node-3"], german)] == ["node-3"]
    store.delete_nodes(["node-2", "node-6"], german)
    store.delete_nodes([])
    store.delete_nodes(["node-5", "no"])
    assert [node.node_id for node in store.get_nodes()] == ["node-0", "node-3", "node-6"]
    store.delete_nodes(filters=german)
    assert [node.node_id for node in store.get_nodes()] == ["node-0", "node-6"]
    with pytest.raises(ValueError, match="node_ids or filters"):
        store.delete_nodes()
    store.clear()
    assert store.get_nodes() == []
    assert asked(store).ids == []


def test_a_node_without_an_embedding_is_refused_and_nothing_is_written(path):
    with VdbVectorStore(path) as store:
        with pytest.raises(ValueError, match="embedding"):
            store.add([TextNode(text="a", embedding=[1.0, 0.0]), TextNode(text="b")])
        assert store.get_nodes() == []


def test_coroutines_do_the_same_off_the_loop(path):
    nodes = nodes_of(METADATA)

    async def main():
        store = VdbVectorStore(path)
        used = []
        plain_query = vdb.Collection.search

        def watched(self, *args, **options):
            used.append(threading.current_thread())
            return plain_query(self, *args, **options)

        vdb.Collection.search = watched
        try:
            await asyncio.gather(*(store.async_add([node]) for node in nodes))
            query = VectorStoreQuery(nodes[0].embedding, similarity_top_k=3)
            assert (await store.aquery(query)).ids == store.query(query).ids
        finally:
            vdb.Collection.search = plain_query
        assert used[0] is not threading.main_thread()
        assert len(await store.aget_nodes(["node-0", "node-1"])) == 2
        await store.adelete("doc-1")
        await store.adelete_nodes(["node-0"])
        assert len(await store.aget_nodes()) == 4
        await store.aclear()
        assert store.get_nodes() == []
        store.close()

    asyncio.run(main())


def test_an_index_of_the_host_is_built_asked_and_opened_again(path):
    embedding = MockEmbedding(embed_dim=DIM)
    documents = [Document(text=f"text {n}", id_=f"doc-{n}", metadata={"n": n}) for n in range(5)]
    with VdbVectorStore(path, metric="ip") as store:
        context = StorageContext.from_defaults(vector_store=store)
        index = VectorStoreIndex.from_documents(
            documents, storage_context=context, embed_model=embedding
        )
        assert len(index.as_retriever(similarity_top_k=5).retrieve("text")) == 5
        index.delete_ref_doc("doc-3")
        index.insert(Document(text="more", id_="more", metadata={"n": 9}))
    with VdbVectorStore(path) as store:
        index = VectorStoreIndex.from_vector_store(store, embed_model=embedding)
        only = MetadataFilters(filters=[condition("n", ">=", 2)])
        nodes = index.as_retriever(similarity_top_k=9, filters=only).retrieve("text")
        assert sorted(node.metadata["n"] for node in nodes) == [2, 4, 9]
        nodes = asyncio.run(index.as_retriever(similarity_top_k=9).aretrieve("text"))
        assert len(nodes) == 5


def test_a_store_is_described_by_its_fields(path):
    with VdbVectorStore(path, collection_name="notes", fields={"year": "int"}) as store:
        store.add(nodes_of(METADATA[:3]))
        assert store.to_dict()["path"] == str(path)
        assert store.collection.info().fields == {
            "ref_doc_id": "keyword",
            "metadata.year": "int",
        }
        with VdbVectorStore.from_dict(store.to_dict()) as again:
            assert len(again.get_nodes()) == 3
        with pickle.loads(pickle.dumps(store)) as again:
            assert len(again.get_nodes()) == 3
        store.persist("anywhere")
        assert store.client.collections() == ["notes"]


def test_a_database_can_be_given_and_stays_open(db):
    store = VdbVectorStore(db)
    store.add(nodes_of(METADATA))
    store.close()
    assert len(db["llama_index"]) == 7


def test_records_of_others_are_empty_nodes(db):
    coll = db.create_collection(
        "llama_index", dim=2, metric="cosine", fields={"ref_doc_id": "keyword"}
    )
    coll.add([1], [[1.0, 0.0]], [{"text": "tea"}])
    result = VdbVectorStore(db).query(VectorStoreQuery([1.0, 0.0]))
    assert result.ids == ["1"] and result.nodes[0].get_content() == ""


# By words and by vector


def word_nodes():
    random = np.random.default_rng(3)
    words = ["tea", "coffee", "milk", "water", "wine"]
    return [
        TextNode(
            id_=f"n{i:02}",
            text=f"{words[i % 5]} and {words[(i * 3 + 1) % 5]}",
            embedding=random.normal(size=4).tolist(),
            metadata={"year": 2000 + i},
        )
        for i in range(30)
    ]


@pytest.fixture
def shelf(path):
    """A store with an index of words."""
    with VdbVectorStore(path, fields={"year": "int"}, text="simple") as store:
        store.add(word_nodes())
        yield store


def words_query(mode, **options):
    return VectorStoreQuery(
        query_embedding=[1.0, 0.5, 0.0, 0.2],
        query_str="tea",
        mode=VectorStoreQueryMode(mode),
        **{"similarity_top_k": 5, **options},
    )


def test_a_hybrid_query_is_the_search_of_the_collection(shelf):
    result = shelf.query(words_query("hybrid"))
    hits = shelf.collection.search_hybrid(text="tea", vector=[1.0, 0.5, 0.0, 0.2], k=5)
    assert result.ids == hits.ids.tolist() and result.similarities == hits.scores.tolist()
    assert [node.node_id for node in result.nodes] == result.ids
    few = shelf.query(words_query("hybrid", alpha=0.25, sparse_top_k=8, hybrid_top_k=3))
    expected = shelf.collection.search_hybrid(
        text="tea", vector=[1.0, 0.5, 0.0, 0.2], k=3, weights=(0.75, 0.25), window=8
    )
    assert few.ids == expected.ids.tolist() and few.similarities == expected.scores.tolist()


def test_alpha_leads_from_the_words_to_the_vectors(path):
    with VdbVectorStore(path, text="simple", fusion="weaviate-relative") as store:
        store.add(word_nodes())
        words = store.query(words_query("text_search", similarity_top_k=3))
        assert all("tea" in node.get_content() for node in words.nodes)
        assert set(store.query(words_query("hybrid", alpha=0.0, similarity_top_k=3)).ids) <= {
            node.node_id for node in word_nodes() if "tea" in node.text
        }
        vectors = store.query(words_query("default", similarity_top_k=3))
        assert store.query(words_query("hybrid", alpha=1.0, similarity_top_k=3)).ids == vectors.ids


def test_a_retriever_of_the_host_asks_by_both(shelf):
    index = VectorStoreIndex.from_vector_store(shelf, embed_model=MockEmbedding(embed_dim=4))
    retriever = index.as_retriever(
        vector_store_query_mode="hybrid", similarity_top_k=4, alpha=0.5, sparse_top_k=10
    )
    nodes = retriever.retrieve("coffee")
    assert len(nodes) == 4 and nodes[0].score > nodes[-1].score
    assert any("coffee" in node.get_content() for node in nodes)


def test_filters_hold_in_both_lists(shelf):
    filters = MetadataFilters(
        filters=[MetadataFilter(key="year", operator=FilterOperator.LT, value=2004)]
    )
    assert sorted(shelf.query(words_query("hybrid", filters=filters)).ids) == [
        "n00",
        "n01",
        "n02",
        "n03",
    ]


def test_words_need_a_text_and_a_store_that_has_them(shelf, path):
    with pytest.raises(ValueError, match="query_str"):
        shelf.query(VectorStoreQuery(query_embedding=[1.0] * 4, mode=VectorStoreQueryMode.HYBRID))
    with pytest.raises(ValueError, match="embedding"):
        shelf.query(VectorStoreQuery(query_str="tea", mode=VectorStoreQueryMode.HYBRID))
    with pytest.raises(ValueError, match="'text_search' and 'hybrid' are"):
        shelf.query(words_query("sparse"))
    with VdbVectorStore(path, collection_name="plain") as plain:
        plain.add(word_nodes())
        with pytest.raises(vdb.NotFoundError):
            plain.query(words_query("hybrid"))
