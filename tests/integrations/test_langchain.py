"""LangChain's own suite for vector stores, and what lies beyond it."""

from __future__ import annotations

import asyncio
import datetime as dt
import threading
import warnings
from uuid import UUID

import numpy as np
import pytest

import vdb

pytest.importorskip("langchain_core")
suite = pytest.importorskip("langchain_tests.integration_tests")
pytest.importorskip("pytest_asyncio")

from langchain_core.documents import Document  # noqa: E402
from langchain_core.embeddings import DeterministicFakeEmbedding, Embeddings  # noqa: E402
from langchain_core.indexing import InMemoryRecordManager, aindex, index  # noqa: E402
from langchain_core.vectorstores import InMemoryVectorStore  # noqa: E402

from vdb.integrations.langchain import VdbVectorStore  # noqa: E402

METRICS = ["cosine", "l2", "ip", "dot", "l1"]
WORDS = ["tea", "coffee", "cocoa", "milk", "water", "juice", "wine", "beer"]


class Counting(Embeddings):
    """Unit vectors that belong to their texts, and a list of the texts that were embedded."""

    def __init__(self):
        self.embedded = []

    def vector(self, text):
        row = np.random.default_rng(sum(text.encode())).normal(size=8)
        return (row / np.linalg.norm(row)).tolist()

    def embed_documents(self, texts):
        self.embedded += texts
        return [self.vector(text) for text in texts]

    def embed_query(self, text):
        return self.vector(text)


@pytest.fixture
def embedding():
    return Counting()


@pytest.fixture
def store(path, embedding):
    with VdbVectorStore(embedding, path, fields={"year": "int"}) as store:
        yield store


@pytest.fixture
def drinks(store):
    metadata = [{"year": 2020 + i, "kind": "hot" if i < 3 else "cold"} for i in range(len(WORDS))]
    store.add_texts(WORDS, metadata, ids=WORDS)
    return store


def texts(documents):
    return [document.page_content for document in documents]


class TestTheHostsOwnSuite(suite.VectorStoreIntegrationTests):
    @pytest.fixture(params=["cosine", "l2", "ip"])
    def vectorstore(self, path, request):
        with VdbVectorStore(self.get_embeddings(), path, metric=request.param) as store:
            yield store


@pytest.mark.parametrize("metric", METRICS)
def test_relevance_is_within_0_and_1_best_first_and_a_retriever_cuts_by_it(path, embedding, metric):
    with VdbVectorStore(embedding, path, metric=metric) as store, warnings.catch_warnings():
        warnings.simplefilter("error")
        store.add_texts([*WORDS, *(f"{word} {word}" for word in WORDS)])
        ranked = store.similarity_search_with_relevance_scores("tea", 16)
        scores = [score for _, score in ranked]
        assert len(ranked) == 16 and ranked[0][0].page_content == "tea"
        assert scores == sorted(scores, reverse=True)
        assert 0 <= scores[-1] < scores[0] <= 1
        cut = scores[5]
        retriever = store.as_retriever(
            search_type="similarity_score_threshold",
            search_kwargs={"k": 16, "score_threshold": cut},
        )
        expected = [document for document, score in ranked if score >= cut]
        assert retriever.invoke("tea") == expected
        assert asyncio.run(retriever.ainvoke("tea")) == expected
        relevance = store._select_relevance_score_fn()
        natural = store.similarity_search_with_score("tea", 16)
        assert [relevance(score) for _, score in natural] == pytest.approx(scores)


def test_scores_are_the_metrics_own_or_those_of_a_convention(path, embedding):
    with VdbVectorStore(embedding, path, metric="l2") as store:
        store.add_texts(WORDS)
        (_, first), (nearest, second) = store.similarity_search_with_score("tea", 2)
        difference = np.subtract(embedding.vector("tea"), embedding.vector(nearest.page_content))
        assert first == pytest.approx(0, abs=1e-6)
        assert second == pytest.approx(float(difference @ difference), rel=1e-5)
    with VdbVectorStore(embedding, path, collection="other", scores="chroma") as store:
        store.add_texts(WORDS)
        (_, first), *_ = store.similarity_search_with_score("tea", 2)
        assert first == pytest.approx(0, abs=1e-6)  # 1 - cosine


def test_ids_are_made_where_there_are_none_and_the_same_id_replaces(store):
    documents = [Document("tea", id="a"), Document("coffee"), Document("cocoa", id="c")]
    ids = store.add_documents(documents)
    assert (ids[0], ids[2]) == ("a", "c")
    assert UUID(ids[1]).version == 4
    assert documents[1].id is None
    assert store.add_texts(["milk", "wine"], ids=["a", "a"]) == ["a", "a"]
    assert texts(store.get_by_ids(["c", "a", "no"])) == ["cocoa", "wine"]
    assert len(store.collection) == 3


@pytest.mark.parametrize("column", ["metadatas", "ids"])
def test_columns_of_other_lengths_are_refused_and_nothing_is_written(store, embedding, column):
    rows = {"metadatas": [{}], "ids": ["a"]}[column]
    with pytest.raises(ValueError, match=f"{column} must be one for each text: 1 for 2"):
        store.add_texts(["tea", "milk"], **{column: rows})
    assert embedding.embedded == [] and len(store.collection) == 0
    assert store.add_texts([]) == []
    assert embedding.embedded == []


def test_metadata_of_loaders_is_stored(store):
    metadata = {
        "day": dt.date(2026, 1, 2),
        "moment": dt.datetime(2026, 1, 2, tzinfo=dt.UTC),
        "id": UUID(int=5),
        "box": (1, 2.5),
        "page": np.int64(7),
        "nested": {"a": [None, True]},
        "with.point": 1,
    }
    store.add_texts(["tea"], [metadata], ids=["tea"])
    (document,) = store.get_by_ids(["tea"])
    assert document.metadata == {
        "day": "2026-01-02",
        "moment": "2026-01-02T00:00:00+00:00",
        "id": str(UUID(int=5)),
        "box": [1, 2.5],
        "page": 7,
        "nested": {"a": [None, True]},
        "with.point": 1,
    }
    found = store.similarity_search("tea", filter={r"with\.point": 1})
    assert texts(found) == ["tea"]


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ({"kind": "hot"}, {"tea", "coffee", "cocoa"}),
        ({"kind": "hot", "year": 2021}, {"coffee"}),
        ({"year": {"$gte": 2025}}, {"juice", "wine", "beer"}),
        ({"$or": [{"year": 2020}, {"kind": {"$ne": "hot"}}]}, {"tea", *WORDS[3:]}),
        ({"$id": {"$in": ["tea", "milk"]}}, {"tea", "milk"}),
        ((vdb.F.kind == "hot") & (vdb.F.year < 2022), {"tea", "coffee"}),
        ({}, set(WORDS)),
        (None, set(WORDS)),
        ({"text": "tea"}, set()),  # of metadata, not of what lies beside it
    ],
)
def test_filters_are_dicts_of_equalities_or_the_language_of_vdb(drinks, where, expected):
    assert set(texts(drinks.similarity_search("x", 20, filter=where))) == expected
    retriever = drinks.as_retriever(search_kwargs={"k": 20, "filter": where})
    assert set(texts(retriever.invoke("x"))) == expected
    hits = drinks.similarity_search_with_relevance_scores("x", 20, filter=where)
    assert {document.page_content for document, _ in hits} == expected
    diverse = drinks.max_marginal_relevance_search("x", 20, filter=where)
    assert set(texts(diverse)) == expected
    vector = drinks.embeddings.vector("x")
    assert set(texts(drinks.similarity_search_by_vector(vector, 20, filter=where))) == expected


def test_a_filter_that_is_not_valid_and_an_option_that_is_not_there_are_refused(drinks):
    with pytest.raises(vdb.InvalidFilterError, match="near"):
        drinks.similarity_search("x", filter={"year": {"$near": 3}})
    with pytest.raises(TypeError, match="where_document"):
        drinks.similarity_search("x", where_document={"$contains": "tea"})


@pytest.mark.parametrize("lambda_mult", [0.0, 0.3, 0.7, 1.0])
def test_diverse_results_are_those_of_the_host(drinks, embedding, lambda_mult):
    reference = InMemoryVectorStore(embedding)
    reference.add_texts(WORDS, ids=WORDS)
    options = {"k": 4, "fetch_k": 6, "lambda_mult": lambda_mult}
    expected = texts(reference.max_marginal_relevance_search("x", **options))
    assert texts(drinks.max_marginal_relevance_search("x", **options)) == expected
    assert texts(asyncio.run(drinks.amax_marginal_relevance_search("x", **options))) == expected
    retriever = drinks.as_retriever(search_type="mmr", search_kwargs=options)
    assert texts(retriever.invoke("x")) == expected
    assert len(drinks.max_marginal_relevance_search("x", k=8, fetch_k=2)) == 8


def test_documents_are_got_without_a_query(drinks):
    order = sorted(WORDS)
    assert texts(drinks.get()) == order
    assert texts(drinks.get(limit=3)) == order[:3]
    assert texts(drinks.get(limit=3, offset=2)) == order[2:5]
    assert texts(drinks.get(after=order[3], limit=2)) == order[4:6]
    assert texts(drinks.get(filter={"kind": "hot"})) == ["cocoa", "coffee", "tea"]
    assert texts(drinks.get(["tea", "no", "milk"])) == ["milk", "tea"]
    assert texts(drinks.get(["tea", "milk"], filter={"kind": "hot"})) == ["tea"]
    assert drinks.get(limit=0) == []
    assert texts(asyncio.run(drinks.aget(filter={"year": 2020}))) == ["tea"]


def test_updates_embed_only_texts_that_changed(drinks, embedding):
    embedding.embedded.clear()
    changed = [Document("tea", metadata={"year": 1}), Document("espresso", metadata={"year": 2})]
    drinks.update_documents(["tea", "coffee"], changed)
    assert embedding.embedded == ["espresso"]
    tea, espresso = drinks.get_by_ids(["tea", "coffee"])
    assert (tea.metadata, espresso.metadata) == ({"year": 1}, {"year": 2})
    assert espresso.page_content == "espresso"
    assert texts(drinks.similarity_search("espresso", 1)) == ["espresso"]
    with pytest.raises(vdb.NotFoundError, match="'mud'"):
        drinks.update_documents(["tea", "mud"], [Document("x"), Document("y")])
    assert drinks.get_by_ids(["tea"]) == [tea]
    asyncio.run(drinks.aupdate_documents(["tea"], [Document("chai")]))
    assert texts(drinks.similarity_search("chai", 1)) == ["chai"]


def test_documents_are_deleted_by_id_by_filter_or_all(drinks):
    assert drinks.delete(["tea", "no"]) is True
    drinks.delete(filter={"kind": "hot"})
    assert set(texts(drinks.get())) == set(WORDS[3:])
    with pytest.raises(vdb.InvalidArgumentError, match="one of ids= and where="):
        drinks.delete(["milk"], filter={"kind": "cold"})
    with pytest.raises(vdb.InvalidFilterError):
        drinks.delete(filter={"year": {"$near": 3}})
    assert len(drinks.collection) == 5
    asyncio.run(drinks.adelete())
    assert drinks.get() == []
    drinks.add_texts(["tea"])
    assert texts(drinks.similarity_search("tea")) == ["tea"]


def test_many_texts_can_be_embedded_and_written_in_parts(store, embedding):
    calls = []
    embedding.embed_documents = lambda part: (
        calls.append(part) or [embedding.vector(text) for text in part]
    )
    assert len(store.add_texts(WORDS, batch_size=3)) == 8
    assert [len(part) for part in calls] == [3, 3, 2]
    assert asyncio.run(store.aadd_texts(WORDS, ids=WORDS, batch_size=5)) == WORDS
    assert [len(part) for part in calls] == [3, 3, 2, 5, 3]
    assert len(store.collection) == 16
    with pytest.raises(ValueError, match="batch_size must be at least 1, got 0"):
        store.add_texts(["tea"], batch_size=0)


def test_an_empty_filter_deletes_nothing_by_mistake(drinks):
    with pytest.raises(vdb.InvalidArgumentError):
        drinks.delete(filter={})
    assert len(drinks.collection) == len(WORDS)


def indexed(word, source, text=None):
    return Document(text or word, metadata={"source": source, "word": word})


@pytest.mark.parametrize("cleanup", ["incremental", "full", "scoped_full"])
def test_the_indexing_api_adds_skips_and_removes(store, cleanup):
    manager = InMemoryRecordManager("drinks")
    manager.create_schema()
    options = {"cleanup": cleanup, "source_id_key": "source", "key_encoder": "sha256"}
    first = [indexed(word, word) for word in WORDS]
    assert index(first, manager, store, **options)["num_added"] == 8
    assert index(first, manager, store, **options)["num_skipped"] == 8
    second = [indexed("tea", "tea", "green tea"), *first[1:]]
    report = index(second, manager, store, **options)
    assert (report["num_added"], report["num_deleted"]) == (1, 1)
    assert sorted(texts(store.get())) == sorted(["green tea", *WORDS[1:]])


def test_the_indexing_api_works_in_a_loop(store):
    async def main():
        manager = InMemoryRecordManager("drinks")
        await manager.acreate_schema()
        options = {"cleanup": "full", "source_id_key": "source", "key_encoder": "sha256"}
        first = [indexed(word, word) for word in WORDS]
        report = await aindex(first, manager, store, **options)
        assert report["num_added"] == 8
        report = await aindex(first[:3], manager, store, **options)
        assert (report["num_skipped"], report["num_deleted"]) == (3, 5)

    asyncio.run(main())
    assert len(store.collection) == 3


def test_a_store_is_opened_again_with_what_it_had(path, embedding):
    with VdbVectorStore.from_documents(
        [Document("tea", metadata={"year": 1}, id="t")], embedding, path=path, metric="l2"
    ) as store:
        assert store.embeddings is embedding
    with VdbVectorStore(embedding, path) as store:
        assert store.collection.metric == "l2"
        assert store.similarity_search("tea")[0].id == "t"
    with pytest.raises(vdb.MetricMismatchError):
        VdbVectorStore(embedding, path, metric="cosine")


def test_a_database_can_hold_several_stores_and_stays_open(db, embedding):
    tea = VdbVectorStore.from_texts(["tea"], embedding, path=db, collection="tea")
    milk = VdbVectorStore.from_texts(["milk"], embedding, path=db, collection="milk")
    tea.close()
    assert texts(milk.similarity_search("tea")) == ["milk"]
    assert db.collections() == ["milk", "tea"]


def test_without_a_path_nothing_is_left(embedding):
    store = VdbVectorStore.from_texts(["tea"], embedding)
    place = store._store.database.path
    assert texts(store.similarity_search("tea")) == ["tea"]
    store.close()
    assert not place.exists()


def test_records_of_others_in_the_collection_are_documents_without_text(db, embedding):
    coll = db.create_collection("langchain", dim=8, metric="cosine")
    coll.add([1, 2], [embedding.vector("tea"), embedding.vector("milk")], [None, {"text": 5}])
    store = VdbVectorStore(embedding, db)
    assert store.similarity_search("tea", 1) == [Document("", id="1")]
    store.close()


def test_without_embeddings_a_store_is_searched_by_vector(drinks, embedding):
    vector = embedding.vector("tea")
    with VdbVectorStore(None, drinks._store.database) as store:
        assert texts(store.similarity_search_by_vector(vector, 1)) == ["tea"]
        with pytest.raises(ValueError, match="embedding=None"):
            store.similarity_search("tea")
        with pytest.raises(ValueError, match="embedding=None"):
            store.add_texts(["tea"])


def test_coroutines_embed_on_the_loop_and_search_off_it(path):
    threads = []

    class Async(Counting):
        async def aembed_documents(self, texts):
            threads.append(threading.current_thread())
            return self.embed_documents(texts)

        async def aembed_query(self, text):
            threads.append(threading.current_thread())
            return self.embed_query(text)

    async def main():
        store = await VdbVectorStore.afrom_texts(["tea"], Async(), path=path, ids=["t"])
        await asyncio.gather(*(store.aadd_texts([f"{word}"], ids=[word]) for word in WORDS * 5))
        found = await asyncio.gather(*(store.asimilarity_search(word, 1) for word in WORDS))
        assert [documents[0].page_content for documents in found] == WORDS
        scored = await store.asimilarity_search_with_score("tea", 2)
        assert scored == store.similarity_search_with_score("tea", 2)
        ranked = await store.asimilarity_search_with_relevance_scores("tea", 2)
        assert ranked == store.similarity_search_with_relevance_scores("tea", 2)
        assert texts(await store.aget_by_ids(["tea"])) == ["tea"]
        store.close()

    asyncio.run(main())
    assert set(threads) == {threading.main_thread()}


def test_threads_share_a_store(drinks):
    errors = []

    def use(word):
        try:
            for _ in range(10):
                drinks.add_texts([word], ids=[word])
                assert texts(drinks.similarity_search(word, 1)) == [word]
        except Exception as error:  # noqa: BLE001 - of whatever kind: it would be lost in the thread
            errors.append(error)

    threads = [threading.Thread(target=use, args=(word,)) for word in WORDS]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []


def test_random_embeddings_of_the_host_find_themselves(path):
    with VdbVectorStore(DeterministicFakeEmbedding(size=32), path) as store:
        words = [f"text {number}" for number in range(300)]
        store.add_texts(words)
        for word in words[::30]:
            assert texts(store.similarity_search(word, 1)) == [word]


# By words and by vector


@pytest.fixture
def shelf(path, embedding):
    """A store with an index of words."""
    with VdbVectorStore(embedding, path, fields={"year": "int"}, text="simple") as store:
        words = [f"{one} and {other}" for one in WORDS for other in WORDS if one != other]
        metadata = [{"year": 2000 + i} for i in range(len(words))]
        store.add_texts(words, metadata, ids=[f"d{i:02}" for i in range(len(words))])
        yield store


def test_a_hybrid_search_is_that_of_the_collection(shelf, embedding):
    hits = shelf.collection.search_hybrid(text="tea", vector=embedding.embed_query("tea"), k=4)
    assert texts(shelf.hybrid_search("tea")) == [hit.payload["text"] for hit in hits]
    scored = shelf.hybrid_search_with_score("tea")
    assert [score for _, score in scored] == hits.scores.tolist()
    options = {
        "k": 2,
        "fusion": "weaviate-relative",
        "alpha": 0.0,
        "filter": {"year": {"$lt": 2030}},
    }
    documents = shelf.hybrid_search("beer", **options)
    assert len(documents) == 2 and all("beer" in one.page_content for one in documents)
    assert all(one.metadata["year"] < 2030 for one in documents)


def test_a_retriever_searches_by_both(shelf):
    options = {"k": 3, "fusion": "elasticsearch-rrf"}
    retriever = shelf.as_retriever(search_type="hybrid", search_kwargs=options)
    expected = shelf.hybrid_search("milk", **options)
    assert retriever.invoke("milk") == expected
    assert asyncio.run(retriever.ainvoke("milk")) == expected
    assert texts(retriever.invoke("milk", k=1)) == texts(expected)[:1]
    assert asyncio.run(shelf.ahybrid_search("milk", **options)) == expected
    scored = shelf.hybrid_search_with_score("milk", **options)
    assert asyncio.run(shelf.ahybrid_search_with_score("milk", **options)) == scored
    plain = shelf.as_retriever(search_kwargs={"k": 3}).invoke("milk")
    assert plain == shelf.similarity_search("milk", 3)
    with pytest.raises(ValueError, match="hybrid"):
        shelf.as_retriever(search_type="words")


def test_a_store_of_before_gets_the_index_of_words(path, embedding):
    with VdbVectorStore(embedding, path) as store:
        store.add_texts(["green tea", "black coffee"], ids=["a", "b"])
        with pytest.raises(vdb.NotFoundError):
            store.hybrid_search("tea")
    with VdbVectorStore(embedding, path, text="simple") as store:
        assert store.hybrid_search("coffee", 1, fusion="lancedb-linear", weight=0.0)[0].id == "b"
    with VdbVectorStore(embedding, path) as store:
        assert store.collection.info().text_fields["text"].analyzer == "simple"


def test_a_parameter_that_the_fusion_lacks_is_refused(shelf):
    with pytest.raises(vdb.ArgumentTypeError, match="alpha"):
        shelf.hybrid_search("tea", alpha=0.5)
