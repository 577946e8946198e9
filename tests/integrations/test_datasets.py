"""Datasets of Hugging Face: rows are ids, and the examples are those of a comparison of all."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("datasets")

import datasets

import vdb
from vdb.integrations.datasets import index_dataset, nearest, nearest_batch

DIM = 12


@pytest.fixture
def db():
    with vdb.temporary() as database:
        yield database
        assert list(database.check()) == []


@pytest.fixture
def dataset():
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(300, DIM)).astype(np.float32)
    return datasets.Dataset.from_dict(
        {
            "text": [f"text {row}" for row in range(300)],
            "embedding": vectors.tolist(),
            "year": [2000 + row % 10 for row in range(300)],
        }
    )


def matrix(dataset):
    return np.array(dataset["embedding"], dtype=np.float32)


def closest(dataset, query, k):
    return np.argsort(((matrix(dataset) - query) ** 2).sum(axis=1))[:k].tolist()


def test_the_examples_are_those_of_a_comparison_with_all(db, dataset):
    docs = db.create_collection("docs", dim="auto", metric="l2")
    assert index_dataset(dataset, docs, rows=77) == 300
    assert list(docs.ids()) == list(range(300))
    query = np.random.default_rng(1).normal(size=DIM).astype(np.float32)
    scores, examples = nearest(dataset, docs, query, 7, exact=True)
    rows = closest(dataset, query, 7)
    assert examples == dataset[rows]
    differences = matrix(dataset)[rows] - query
    np.testing.assert_allclose(scores, (differences**2).sum(axis=1), rtol=1e-5)
    assert scores == sorted(scores)


def test_a_batch_gives_what_single_queries_give(db, dataset):
    docs = db.create_collection("docs", dim=DIM, metric="cosine", scores="relevance")
    index_dataset(dataset, docs)
    queries = np.random.default_rng(2).normal(size=(5, DIM)).astype(np.float32)
    total_scores, total_examples = nearest_batch(dataset, docs, queries, 4, exact=True)
    for number, query in enumerate(queries):
        scores, examples = nearest(dataset, docs, query, 4, exact=True)
        assert (total_scores[number], total_examples[number]) == (scores, examples)


def test_faiss_behind_the_host_gives_the_same_examples(db, dataset):
    pytest.importorskip("faiss")
    docs = db.create_collection("docs", dim=DIM, metric="l2")
    index_dataset(dataset, docs)
    queries = np.random.default_rng(3).normal(size=(5, DIM)).astype(np.float32)
    own = nearest_batch(dataset, docs, queries, 6, exact=True)
    dataset.add_faiss_index("embedding")
    their = dataset.get_nearest_examples_batch("embedding", queries, 6)
    assert type(own) is type(their)
    for own_examples, their_examples in zip(own.total_examples, their.total_examples, strict=True):
        assert own_examples["text"] == their_examples["text"]


@pytest.mark.parametrize(
    "change",
    [
        lambda dataset: dataset.shuffle(seed=1),
        lambda dataset: dataset.filter(lambda row: row["year"] > 2004),
        lambda dataset: dataset.select(range(50, 10, -3)),
        lambda dataset: datasets.concatenate_datasets([dataset, dataset]),
        lambda dataset: dataset.with_format("numpy"),
    ],
)
def test_rows_are_those_of_the_dataset_as_it_is(db, dataset, change):
    changed = change(dataset)
    docs = db.create_collection("docs", dim=DIM, metric="l2")
    index_dataset(changed, docs, rows=16)
    for row in (0, 5, len(changed) - 1):
        query = np.asarray(changed[row]["embedding"], dtype=np.float32)
        _, examples = nearest(changed, docs, query, 1, exact=True)
        assert examples["text"][0] == changed[row]["text"]


def test_fields_are_payloads_to_filter_by(db, dataset):
    docs = db.create_collection("docs", dim=DIM, metric="l2", fields={"year": "int"})
    index_dataset(dataset, docs, fields=["year"])
    query = np.zeros(DIM, np.float32)
    _, examples = nearest(dataset, docs, query, 9, where={"year": 2003}, exact=True)
    assert examples["year"] == [2003] * 9


def test_an_interrupted_call_goes_on_where_it_was(db, dataset):
    docs = db.create_collection("docs", dim=DIM, metric="l2")
    assert index_dataset(dataset.select(range(120)), docs, rows=50) == 120
    assert index_dataset(dataset, docs, rows=50) == 180
    assert index_dataset(dataset, docs) == 0
    assert len(docs) == 300
    np.testing.assert_array_equal(docs.get(250).vector, matrix(dataset)[250])


def test_ids_that_are_no_rows_are_refused(db, dataset):
    docs = db.create_collection("docs", dim=DIM, metric="l2")
    index_dataset(dataset, docs)
    query = np.zeros(DIM, np.float32)
    for fewer in (dataset.select(range(299)), dataset.select([])):
        with pytest.raises(ValueError, match="row numbers of the dataset as it was indexed"):
            nearest(fewer, docs, query)
        with pytest.raises(ValueError, match="row numbers"):
            index_dataset(fewer, docs)
    docs.delete(range(5))
    with pytest.raises(ValueError, match="the id 295"):
        index_dataset(dataset, docs)
    assert nearest(dataset, docs, query, 3).examples["text"]  # some rows are not there: no harm
    for name, first in (("texts", "a"), ("negative", -1)):
        other = db.create_collection(name, dim=DIM, metric="l2")
        other.add(first, query)
        with pytest.raises(ValueError, match="row numbers"):
            nearest_batch(dataset, other, [query])


def test_what_is_no_dataset_is_refused_and_says_what_is_one(db, dataset):
    docs = db.create_collection("docs", dim=DIM, metric="l2")
    with pytest.raises(TypeError, match=r"one of its splits .train, test."):
        index_dataset(datasets.DatasetDict({"train": dataset, "test": dataset}), docs)
    with pytest.raises(TypeError, match="IterableDataset"):
        index_dataset(dataset.to_iterable_dataset(), docs)
    with pytest.raises(ValueError, match="no column 'vector'; it has text, embedding, year"):
        index_dataset(dataset, docs, "vector")
    with pytest.raises(ValueError, match="rows"):
        index_dataset(dataset, docs, rows=0)
    assert len(docs) == 0


def test_a_row_without_a_vector_is_refused_and_those_of_commits_before_it_stay(db):
    holes = datasets.Dataset.from_dict({"embedding": [[1.0, 2.0]] * 20 + [None]})
    docs = db.create_collection("docs", dim=2, metric="l2")
    with pytest.raises(vdb.InvalidVectorError):
        index_dataset(holes, docs, rows=10)
    assert len(docs) == 20


def test_an_empty_collection_or_dataset_gives_no_examples(db, dataset):
    docs = db.create_collection("docs", dim=DIM, metric="l2")
    query = np.zeros(DIM, np.float32)
    assert nearest(dataset, docs, query) == ([], dataset[[]])
    assert index_dataset(dataset.select([]), docs) == 0
