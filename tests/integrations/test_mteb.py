"""Tasks of MTEB, searched by vdb and by the host itself."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("mteb")

import mteb
from mteb.mocks.mock_tasks.reranking import MockRerankingTask
from mteb.mocks.mock_tasks.retrieval import MockMultilingualRetrievalTask, MockRetrievalTask
from mteb.models.model_meta import ScoringFunction
from mteb.models.search_wrappers import SearchEncoderWrapper

from vdb.integrations.mteb import VdbSearchIndex

SIMILARITIES = ["cosine", "dot", "euclidean", "manhattan"]


class Meta:
    def __init__(self, similarity):
        self.similarity_fn_name = similarity


class Encoder:
    """As much of a model as the index looks at."""

    def __init__(self, similarity):
        self.mteb_model_meta = Meta(similarity)


def vectors(count, seed):
    return np.random.default_rng(seed).normal(size=(count, 16)).astype(np.float32)


def similarities(name, queries, documents):
    if name == "cosine":
        queries = queries / np.linalg.norm(queries, axis=1, keepdims=True)
        documents = documents / np.linalg.norm(documents, axis=1, keepdims=True)
    if name in ("cosine", "dot"):
        return queries @ documents.T
    differences = queries[:, None] - documents[None]
    if name == "euclidean":
        return -np.linalg.norm(differences, axis=2)
    return -abs(differences).sum(axis=2)


@pytest.mark.parametrize("exact", [True, False])
@pytest.mark.parametrize("name", SIMILARITIES)
def test_documents_are_ranked_by_the_models_similarity(path, name, exact):
    documents, queries = vectors(200, 0), vectors(5, 1)
    expected = similarities(name, queries, documents)
    ids = [f"doc {place}" for place in range(200)]
    with VdbSearchIndex(Encoder(ScoringFunction(name)), path, exact=exact, ef=200) as index:
        index.add_documents(documents[:150], ids[:150])
        index.add_documents(documents[150:], ids[150:])
        scores, places = index.search(queries, 10)
        assert (np.array(places) == np.argsort(-expected)[:, :10]).all()
        assert np.allclose(scores, np.sort(-expected)[:, :10] * -1, atol=1e-5)

        listed = {f"q{number}": ids[number : number + 20] for number in range(5)}
        names = {number: f"q{number}" for number in range(5)}
        scores, places = index.search(queries, 30, None, listed, names)
        for number in range(5):
            part = expected[number, number : number + 20]
            assert places[number] == np.argsort(-part).tolist()
            assert np.allclose(scores[number], np.sort(-part) * -1, atol=1e-5)
        assert list(index._store.database.check()) == []


def test_the_next_task_may_have_another_dimension():
    with VdbSearchIndex(Encoder(ScoringFunction.DOT_PRODUCT)) as index:
        with pytest.raises(ValueError, match="no documents"):
            index.search(vectors(1, 0), 3)
        index.add_documents(vectors(3, 0), ["a", "b", "c"])
        index.clear()
        index.add_documents(np.eye(4), ["a", "b", "c", "d"])
        assert index.search(np.eye(4), 1)[1] == [[0], [1], [2], [3]]
        with pytest.raises(ValueError, match="query_idx_to_id"):
            index.search(np.eye(4), 1, None, {"q": ["a"]})


def test_a_similarity_without_a_metric_is_refused():
    with pytest.raises(ValueError, match="MaxSim"):
        VdbSearchIndex(Encoder(ScoringFunction.MAX_SIM))


@pytest.mark.parametrize(
    "task", [MockRetrievalTask, MockMultilingualRetrievalTask, MockRerankingTask]
)
@pytest.mark.filterwarnings("ignore")
def test_tasks_have_the_measures_that_they_have_without_it(task):
    model = mteb.get_model("mteb/baseline-random-encoder")
    index = VdbSearchIndex(model)
    plain, searched = (
        mteb.evaluate(one, [task()], cache=None, overwrite_strategy="always").task_results[0].scores
        for one in (model, SearchEncoderWrapper(model, index_backend=index))
    )
    index.close()
    for split, subsets in plain.items():
        for one, other in zip(subsets, searched[split], strict=True):
            assert one["ndcg_at_10"] == pytest.approx(other["ndcg_at_10"])
            assert one["main_score"] == pytest.approx(other["main_score"])
