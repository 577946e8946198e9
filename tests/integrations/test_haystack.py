"""Haystack's own suites for document stores, and what lies beyond them."""

from __future__ import annotations

import asyncio
import dataclasses
import datetime as dt
import os

import numpy as np
import pytest

import vdb

os.environ.setdefault("HAYSTACK_TELEMETRY_ENABLED", "False")  # read when it is imported
pytest.importorskip("haystack")
pytest.importorskip("pytest_asyncio")

from haystack import Document, Pipeline
from haystack.dataclasses import ByteStream, SparseEmbedding
from haystack.document_stores.errors import DocumentStoreError, DuplicateDocumentError
from haystack.document_stores.in_memory import InMemoryDocumentStore
from haystack.document_stores.types import DuplicatePolicy, FilterPolicy
from haystack.errors import FilterError
from haystack.testing import document_store as suite
from haystack.testing import document_store_async as async_suite
from haystack.utils import Secret

from vdb.integrations.haystack import VdbDocumentStore, VdbEmbeddingRetriever
from vdb.integrations.haystack_retrievers import VdbBM25Retriever, VdbHybridRetriever

METRICS = ["cosine", "ip", "l2"]


def mixins(module, base):
    """The classes of a module with tests in them, which no other class there brings together."""
    return tuple(
        one
        for one in vars(module).values()
        if isinstance(one, type)
        and one.__module__ == module.__name__
        and issubclass(one, base)
        and any(name.startswith("test_") for name in vars(one))
    )


class Equality:
    """Embeddings are stored as float32, and documents come in the order of their ids."""

    @staticmethod
    def assert_documents_are_equal(received, expected):
        received = sorted(received, key=lambda one: one.id)
        expected = sorted(expected, key=lambda one: one.id)
        assert len(received) == len(expected)
        for one, other in zip(received, expected, strict=True):
            assert (one.embedding is None) == (other.embedding is None)
            if one.embedding is not None:
                assert np.allclose(one.embedding, other.embedding, rtol=1e-6)
            other_dict = {**other.to_dict(), "embedding": one.embedding}
            assert one.to_dict() == other_dict

    @pytest.fixture(params=METRICS)
    def document_store(self, path, request):
        store = VdbDocumentStore(path, metric=request.param)
        yield store
        problems = list(store._opened().database.check())
        store.close()
        assert problems == []


class TestTheHostsOwnSuite(Equality, *mixins(suite, object)):
    def test_write_documents(self, document_store):
        """The default policy is FAIL, and it writes nothing."""
        tea, milk = Document(content="tea"), Document(content="milk")
        assert document_store.write_documents([tea]) == 1
        with pytest.raises(DuplicateDocumentError):
            document_store.write_documents([milk, tea])
        self.assert_documents_are_equal(document_store.filter_documents(), [tea])


class TestTheHostsOwnAsyncSuite(Equality, *mixins(async_suite, object)):
    async def test_write_documents_async(self, document_store):
        tea, milk = Document(content="tea"), Document(content="milk")
        assert await document_store.write_documents_async([tea]) == 1
        with pytest.raises(DuplicateDocumentError):
            await document_store.write_documents_async([milk, tea])
        self.assert_documents_are_equal(await document_store.filter_documents_async(), [tea])


def test_no_suite_of_the_host_is_left_out():
    names = {one.__name__ for one in (*mixins(suite, object), *mixins(async_suite, object))}
    assert len(names) >= 24, names


@pytest.fixture
def store(path):
    store = VdbDocumentStore(path, fields={"year": "int", "seen": "datetime", "tags": "keyword[]"})
    yield store
    problems = list(store._opened().database.check())
    store.close()
    assert problems == []


@pytest.fixture
def drinks(store):
    vectors = np.random.default_rng(0).normal(size=(8, 4))
    documents = [
        Document(
            id=f"d{i}",
            content=f"drink {i}",
            meta={"year": 2020 + i, "kind": "hot" if i < 3 else "cold"},
            embedding=vectors[i].tolist() if i < 6 else None,
        )
        for i in range(8)
    ]
    assert store.write_documents(documents) == 8
    return store


VALUES = [
    None, 0, 1, 2.5, -3, "", "x", "tea", "1", "2024-05-01", "2024-05-01T00:00:00",
    "2024-05-01T02:00:00+00:00", "2025-01-01T10:00:00", ["x"], [], {"a": 1},
]  # fmt: skip
COMPARED = [None, 0, 1, 2.5, "x", "1", "2024-05-01", "2024-05-01T02:00:00+00:00"]


def comparisons():
    for value in COMPARED:
        for operator in ("==", "!="):
            yield {"field": "meta.v", "operator": operator, "value": value}
    for values in ([], [None], [1, "x"], [None, 1], ["2024-05-01", 2.5]):
        for operator in ("in", "not in"):
            yield {"field": "meta.v", "operator": operator, "value": values}
    yield {"field": "content", "operator": "==", "value": "c1"}
    yield {"field": "content", "operator": "!=", "value": None}
    yield {"field": "id", "operator": "in", "value": ["a", "missing", 5]}
    yield {"field": "id", "operator": "!=", "value": "a"}
    yield {"field": "v", "operator": "==", "value": "tea"}
    yield {"field": "meta.v.a", "operator": "==", "value": 1}
    yield {"field": "meta.v.a.b", "operator": "==", "value": None}
    yield {"field": "nothing.v", "operator": "==", "value": None}
    yield {"field": "nothing.v", "operator": "==", "value": 1}
    one, two = (
        {"field": "meta.v", "operator": "==", "value": 1},
        {"field": "meta.v", "operator": "==", "value": "x"},
    )
    for operator in ("AND", "OR", "NOT"):
        for conditions in ([one, two], [one], []):
            yield {"operator": operator, "conditions": conditions}
    yield {"operator": "NOT", "conditions": [{"operator": "OR", "conditions": [one, two]}]}


@pytest.mark.parametrize("filters", list(comparisons()), ids=str)
def test_filters_pass_what_the_hosts_own_store_passes(path, filters):
    documents = [Document(id="a", content="c1", meta={}), Document(id="b")]
    documents += [
        Document(id=f"v{i:02}", content="text", meta={"v": value}) for i, value in enumerate(VALUES)
    ]
    with_host = InMemoryDocumentStore(shared=False)
    with_host.write_documents(documents)
    expected = sorted(one.id for one in with_host.filter_documents(filters))
    store = VdbDocumentStore(path)
    store.write_documents(documents)
    assert [one.id for one in store.filter_documents(filters)] == expected
    assert store.count_documents_by_filter(filters) == len(expected)
    store.close()


@pytest.mark.parametrize("operator", [">", ">=", "<", "<="])
@pytest.mark.parametrize(
    "value",
    [3, 2.5, None, "2024-05-01", "2024-05-01T10:00:00", dt.datetime(2024, 5, 1, 9)],  # noqa: DTZ001 - a time without a zone
)
@pytest.mark.parametrize("fields", [{}, {"v": "datetime"}])
def test_orders_are_those_of_the_hosts_own_store(path, operator, value, fields):
    numbers, dates = [1, 2.5, 3, 4], ["2024-04-30", "2024-05-01T10:00:00", "2025-01-01"]
    values = numbers if isinstance(value, int | float) else dates
    if fields and values is numbers:
        fields = {"v": "float"}
    documents = [Document(id=f"v{i}", meta={"v": one}) for i, one in enumerate(values)]
    documents.append(Document(id="w"))
    with_host = InMemoryDocumentStore(shared=False)
    with_host.write_documents(documents)
    filters = {"field": "meta.v", "operator": operator, "value": value}
    store = VdbDocumentStore(path, fields=fields)
    store.write_documents(documents)
    for one in (filters, {"operator": "NOT", "conditions": [filters]}):
        expected = sorted(document.id for document in with_host.filter_documents(one))
        assert [document.id for document in store.filter_documents(one)] == expected
    store.close()


@pytest.mark.parametrize(
    "filters",
    [
        {"field": "meta.v", "operator": "like", "value": "x"},
        {"field": "meta.v", "operator": "in", "value": "x"},
        {"field": "meta.v", "operator": "==", "value": ["x"]},
        {"field": "meta.v", "operator": ">", "value": "x"},
        {"field": "meta.v", "operator": ">", "value": {}},
        {"field": "id", "operator": ">", "value": 5},
        {"field": "embedding", "operator": "==", "value": None},
        {"field": 5, "operator": "==", "value": None},
        {"operator": "XOR", "conditions": []},
        {"operator": "AND", "conditions": ["x"]},
    ],
    ids=str,
)
def test_filters_that_are_not_valid_are_refused_and_nothing_changes(drinks, filters):
    calls = [
        lambda: drinks.filter_documents(filters),
        lambda: drinks.delete_by_filter(filters),
        lambda: drinks.update_by_filter(filters, {"x": 1}),
        lambda: drinks.count_documents_by_filter(filters),
        lambda: drinks.get_metadata_field_unique_values("year", filters=filters),
        lambda: drinks.embedding_retrieval([1.0, 0, 0, 0], filters=filters),
    ]
    for call in calls:
        with pytest.raises(FilterError):
            call()
    with pytest.raises(FilterError):
        drinks.delete_by_filter({})
    assert drinks.count_documents() == 8


def test_a_document_comes_back_as_it_was(store):
    document = Document(
        content="tea\u0000",
        blob=ByteStream(bytes(range(256)), meta={"page": 1}, mime_type="application/octet-stream"),
        meta={"year": 2024, "a.b": {"c": [1, 2.5, None, True]}, "content": "not the text"},
        embedding=[0.5, -0.25, 1.0],
    )
    store.write_documents([document])
    assert store.filter_documents() == [document]
    assert (
        store.embedding_retrieval(document.embedding, return_embedding=True)[0].blob
        == document.blob
    )


def test_sparse_embeddings_are_refused_and_nothing_is_written(store):
    sparse = Document(content="x", sparse_embedding=SparseEmbedding([1], [0.5]))
    with pytest.raises(ValueError, match="sparse embedding"):
        store.write_documents([Document(content="tea"), sparse])
    assert store.count_documents() == 0


def test_a_policy_is_also_for_documents_that_come_twice_in_one_call(store):
    first, last = Document(id="x", content="first"), Document(id="x", content="last")
    with pytest.raises(DuplicateDocumentError):
        store.write_documents([first, last])
    assert store.count_documents() == 0
    assert store.write_documents([first, last], DuplicatePolicy.SKIP) == 1
    assert store.filter_documents()[0].content == "first"
    assert store.write_documents([first, last], DuplicatePolicy.OVERWRITE) == 2
    assert store.filter_documents()[0].content == "last"
    assert store.write_documents([]) == 0


def test_a_document_gets_its_embedding_later(drinks):
    query = [1.0, 0.0, 0.0, 0.0]
    assert len(drinks.embedding_retrieval(query, top_k=20)) == 6
    (late,) = drinks.filter_documents({"field": "id", "operator": "==", "value": "d7"})
    late = dataclasses.replace(late, embedding=query)
    assert drinks.write_documents([late], DuplicatePolicy.OVERWRITE) == 1
    assert drinks.embedding_retrieval(query, top_k=1)[0].id == "d7"
    assert drinks.count_documents() == 8


@pytest.mark.parametrize("metric", ["cosine", "ip", "dot", "l2", "l1"])
def test_scores_are_higher_for_the_nearer_and_scaled_ones_lie_within_0_and_1(path, metric):
    vectors = np.random.default_rng(1).normal(size=(50, 8))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    store = VdbDocumentStore(path, metric=metric)
    store.write_documents(
        [Document(id=f"{i:02}", embedding=row.tolist()) for i, row in enumerate(vectors)]
    )
    values = {
        "cosine": vectors @ vectors[0],
        "l2": -((vectors - vectors[0]) ** 2).sum(axis=1),
        "l1": -abs(vectors - vectors[0]).sum(axis=1),
    }
    expected = values.get(metric, values["cosine"])
    documents = store.embedding_retrieval(vectors[0].tolist(), top_k=5)
    assert [int(one.id) for one in documents] == np.argsort(-expected)[:5].tolist()
    assert np.allclose([one.score for one in documents], np.sort(expected)[::-1][:5], atol=1e-5)
    scaled = store.embedding_retrieval(vectors[0].tolist(), top_k=50, scale_score=True)
    scores = [one.score for one in scaled]
    assert scores == sorted(scores, reverse=True) and 0 <= scores[-1] <= scores[0] <= 1
    store.close()


def test_queries_that_do_not_fit_are_refused(drinks):
    with pytest.raises(ValueError, match="empty"):
        drinks.embedding_retrieval([])
    with pytest.raises(DocumentStoreError, match="4 dimensions"):
        drinks.embedding_retrieval([1.0, 2.0])
    assert drinks.embedding_retrieval([1.0, 0, 0, 0], top_k=0) == []


def test_an_empty_store_finds_nothing(store):
    assert store.embedding_retrieval([1.0, 2.0]) == []
    store.delete_documents([])


def test_a_store_without_embeddings_returns_none(path, drinks):
    bare = VdbDocumentStore(path, return_embedding=False)
    assert all(one.embedding is None for one in bare.filter_documents())
    assert bare.embedding_retrieval([1.0, 0, 0, 0])[0].embedding is None
    assert bare.embedding_retrieval([1.0, 0, 0, 0], return_embedding=True)[0].embedding is not None
    bare.close()


def test_updates_set_whole_fields_whose_names_may_have_points(drinks):
    hot = {"field": "meta.kind", "operator": "==", "value": "hot"}
    assert drinks.update_by_filter(hot, {"a.b": {"c": 1}, "kind": "hot"}) == 3
    assert drinks.update_by_filter(hot, {"a.b": {"d": 2}}) == 3
    assert drinks.update_by_filter(hot, {}) == 3
    assert [one.meta["a.b"] for one in drinks.filter_documents(hot)] == [{"d": 2}] * 3


def test_all_documents_can_go_with_or_without_the_dimension(drinks):
    drinks.delete_all_documents()
    with pytest.raises(vdb.DimensionMismatchError):
        drinks.write_documents([Document(content="x", embedding=[1.0, 2.0])])
    drinks.delete_all_documents(recreate_index=True)
    assert drinks.write_documents([Document(content="x", embedding=[1.0, 2.0])]) == 1
    assert drinks.collection.info().fields["meta.year"] == "int"


def test_a_store_is_written_as_a_dict_and_opens_nothing(path, monkeypatch):
    store = VdbDocumentStore(
        path, metric="l2", index=vdb.HNSW(M=8), fields={"year": "int"}, return_embedding=False
    )
    data = store.to_dict()
    assert not path.exists()
    again = VdbDocumentStore.from_dict(data)
    assert again.to_dict() == data and again.index == vdb.HNSW(M=8)
    assert VdbDocumentStore.from_dict(VdbDocumentStore(index=vdb.Flat()).to_dict()).path is None
    monkeypatch.setenv("DOCUMENTS", str(path))
    secret = VdbDocumentStore(Secret.from_env_var("DOCUMENTS"))
    assert str(path) not in str(secret.to_dict())
    reopened = VdbDocumentStore.from_dict(secret.to_dict())
    reopened.write_documents([Document(content="tea")])
    assert path.exists()
    with pytest.raises(ValueError, match="token"):
        VdbDocumentStore(Secret.from_token(str(path))).to_dict()
    with pytest.raises(ValueError, match="kind hnsw or flat"):
        VdbDocumentStore(index={"kind": "ivf"})
    reopened.close()


def test_a_database_of_the_caller_stays_open(db):
    store = VdbDocumentStore(db, collection="notes")
    store.write_documents([Document(content="tea")])
    assert store.to_dict()["init_parameters"]["path"] == str(db.path)
    store.close()
    assert len(db["notes"]) == 1


def test_a_retriever_merges_or_replaces_filters_and_runs_in_pipelines(drinks):
    hot = {"field": "meta.kind", "operator": "==", "value": "hot"}
    old = {"field": "meta.year", "operator": "<", "value": 2021}
    query = [1.0, 0.0, 0.0, 0.0]
    retriever = VdbEmbeddingRetriever(drinks, filters=hot, top_k=2)
    pipeline = Pipeline()
    pipeline.add_component("retriever", retriever)
    documents = pipeline.run({"retriever": {"query_embedding": query}})["retriever"]["documents"]
    assert len(documents) == 2 and {one.meta["kind"] for one in documents} == {"hot"}
    replaced = retriever.run(query, filters={**old, "operator": ">"}, top_k=9)["documents"]
    assert {one.id for one in replaced} == {"d2", "d3", "d4", "d5"}
    merging = VdbEmbeddingRetriever(drinks, filters=hot, filter_policy="merge")
    merged = merging.run(query, filters=old, return_embedding=True)["documents"]
    assert [one.id for one in merged] == ["d0"] and merged[0].embedding is not None
    assert asyncio.run(merging.run_async(query, filters=old))["documents"][0].id == "d0"
    again = Pipeline.loads(
        pipeline.dumps(), allowed_modules=[VdbDocumentStore.__module__]
    ).get_component("retriever")
    assert (again.top_k, again.filters, again.filter_policy) == (2, hot, FilterPolicy.REPLACE)
    assert again.document_store.to_dict() == drinks.to_dict()
    with pytest.raises(TypeError, match="VdbDocumentStore"):
        VdbEmbeddingRetriever(InMemoryDocumentStore())
    with pytest.raises(ValueError, match="top_k"):
        VdbEmbeddingRetriever(drinks, top_k=0)
    with pytest.raises(ValueError, match="top_k"):
        retriever.run(query, top_k=-1)


def test_many_coroutines_share_a_store(store):
    async def main():
        await asyncio.gather(
            *(store.write_documents_async([Document(content=f"drink {i}")]) for i in range(30))
        )
        counts = await asyncio.gather(*(store.count_documents_async() for _ in range(10)))
        assert counts == [30] * 10

    asyncio.run(main())


def test_records_of_others_are_documents_without_content(db):
    coll = db.create_collection("documents", dim=2, metric="l2", optional_vectors=True)
    coll.add([1, 2], [[1.0, 2.0], [2.0, 1.0]], [None, {"content": 5, "meta": "x"}])
    store = VdbDocumentStore(db)
    assert [(one.id, one.content, one.meta) for one in store.filter_documents()] == [
        ("1", None, {}),
        ("2", None, {}),
    ]
    assert store.get_metadata_fields_info() == {}
    store.close()


# By words and by embedding


WORDS = ["tea", "coffee", "milk", "water", "wine"]


@pytest.fixture
def shelf(path):
    """A store with an index of words."""
    random = np.random.default_rng(3)
    store = VdbDocumentStore(path, fields={"year": "int"}, text="simple")
    store.write_documents(
        [
            Document(
                id=f"d{i:02}",
                content=f"{WORDS[i % 5]} and {WORDS[(i * 3 + 1) % 5]}",
                embedding=random.normal(size=4).tolist(),
                meta={"year": 2000 + i},
            )
            for i in range(30)
        ]
    )
    yield store
    store.close()


QUERY = {"query": "tea", "query_embedding": [1.0, 0.5, 0.0, 0.2]}


def test_words_are_found_by_bm25(shelf):
    retriever = VdbBM25Retriever(shelf, top_k=4, scores="lucene")
    documents = retriever.run(query="wine")["documents"]
    hits = shelf.collection.search_text("wine", 4, scores="lucene")
    assert [one.id for one in documents] == hits.ids.tolist()
    assert [one.score for one in documents] == hits.scores.tolist()
    assert all("wine" in one.content for one in documents)
    assert asyncio.run(retriever.run_async(query="wine"))["documents"] == documents
    few = {"field": "meta.year", "operator": "<", "value": 2003}
    assert [one.id for one in retriever.run("tea", filters=few)["documents"]] == ["d00"]


def test_a_hybrid_retriever_is_the_search_of_the_collection(shelf):
    options = {"fusion": "weaviate-relative", "weights": [0.5, 0.5], "window": 12}
    retriever = VdbHybridRetriever(shelf, top_k=5, return_embedding=True, **options)
    documents = retriever.run(**QUERY)["documents"]
    hits = shelf.collection.search_hybrid(
        text="tea", vector=QUERY["query_embedding"], k=5, **options
    )
    assert [one.id for one in documents] == hits.ids.tolist()
    assert [one.score for one in documents] == hits.scores.tolist()
    assert all(len(one.embedding) == 4 for one in documents)
    assert asyncio.run(retriever.run_async(**QUERY))["documents"] == documents
    bare = VdbHybridRetriever(shelf, top_k=2).run(**QUERY)["documents"]
    assert [one.embedding for one in bare] == [None, None]
    assert VdbHybridRetriever(shelf).run(**QUERY, top_k=0)["documents"] == []


def test_filters_hold_in_both_lists(shelf):
    few = {"field": "meta.year", "operator": "<", "value": 2004}
    documents = VdbHybridRetriever(shelf, filters=few).run(**QUERY)["documents"]
    assert sorted(one.id for one in documents) == ["d00", "d01", "d02", "d03"]
    with pytest.raises(FilterError):
        VdbHybridRetriever(shelf).run(**QUERY, filters={"field": "meta.year"})


def test_retrievers_by_words_are_written_as_yaml_and_read_again(shelf):
    pipeline = Pipeline()
    pipeline.add_component("words", VdbBM25Retriever(shelf, top_k=3))
    pipeline.add_component("both", VdbHybridRetriever(shelf, fusion="qdrant-rrf", weights=[1, 2]))
    modules = [VdbDocumentStore.__module__, VdbHybridRetriever.__module__]
    again = Pipeline.loads(pipeline.dumps(), allowed_modules=modules)
    both = again.get_component("both")
    assert (both.fusion, both.weights, both.document_store.text) == ("qdrant-rrf", [1, 2], "simple")
    shelf.close()
    found = again.run({"words": {"query": "tea"}, "both": QUERY})
    assert len(found["words"]["documents"]) == 3 and len(found["both"]["documents"]) == 10
    again.get_component("words").document_store.close()
    both.document_store.close()


def test_retrievers_by_words_need_a_store_with_words(path):
    plain = VdbDocumentStore(path)
    for kind in (VdbBM25Retriever, VdbHybridRetriever):
        with pytest.raises(ValueError, match='text="simple"'):
            kind(plain)
        with pytest.raises(TypeError, match="VdbDocumentStore"):
            kind("notes.vdb")
        with pytest.raises(ValueError, match="top_k"):
            kind(VdbDocumentStore(path, text="simple"), top_k=0)


def test_an_embedding_that_does_not_fit_is_the_hosts_error(shelf):
    with pytest.raises(DocumentStoreError):
        shelf.hybrid_retrieval("tea", [1.0, 2.0])
    with pytest.raises(ValueError, match="empty"):
        shelf.hybrid_retrieval("tea", [])
