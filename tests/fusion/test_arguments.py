"""Lists are what people hold; what cannot be fused is refused by name and place."""

import numpy as np
import pytest

import vdb
from vdb.fusion import fuse

WORDS = [("a", 12.5), ("b", 9.0), ("c", 3.0)]
VECTORS = [("c", 0.9), ("a", 0.8)]


def pairs(hits):
    return [(hit.id, hit.score) for hit in hits]


@pytest.mark.parametrize(
    "words",
    [
        list(WORDS),
        tuple(WORDS),
        dict(reversed(WORDS)),
        (["a", "b", "c"], [12.5, 9.0, 3.0]),
        (np.array(["a", "b", "c"], object), np.array([12.5, 9.0, 3.0], np.float32)),
        [["a", 12.5], ["b", 9], ["c", np.float32(3)]],
    ],
    ids=["pairs", "tuple", "dict", "columns", "arrays", "lists"],
)
def test_a_list_in_every_form(words):
    expected = pairs(fuse([WORDS, VECTORS], "elasticsearch-linear"))
    assert pairs(fuse([words, VECTORS], "elasticsearch-linear")) == expected


def test_hits_of_a_search_say_which_scores_are_better(db):
    docs = db.create_collection("docs", dim=2, metric="l2")
    docs.add(["a", "b", "c"], [[0, 0], [1, 0], [3, 0]])
    hits = docs.search([0, 0], k=3)
    assert fuse([hits, WORDS]).ids.tolist() == ["a", "b", "c"]
    assert fuse([list(hits), WORDS], direction=["lower", "higher"]).ids.tolist() == ["a", "b", "c"]
    with pytest.raises(
        vdb.InvalidArgumentError, match=r"lists\[0\] must have scores of which high"
    ):
        fuse([hits, WORDS], "opensearch-minmax")
    with pytest.raises(vdb.InvalidArgumentError, match="metric= says of which metric it is"):
        fuse([WORDS, hits], "redis-linear")
    assert fuse([WORDS, hits], "redis-linear", metric="L2").ids.tolist() == ["a", "b", "c"]
    similar = docs.search([0, 0], k=3, scores="opensearch")
    assert fuse([similar, WORDS], "opensearch-minmax").ids.tolist() == ["a", "b", "c"]
    with pytest.raises(vdb.InvalidArgumentError, match="as the hits have it, got 'higher'"):
        fuse([hits, WORDS], direction="higher")
    assert not db.check()


def test_fused_hits_can_be_fused_again():
    once = fuse([WORDS, VECTORS], "chroma", default=10)
    assert once.direction == "lower"
    assert fuse([once, WORDS]).ids.tolist()[0] == "a"


def test_what_is_fused_is_not_changed():
    words, vectors = {"b": 1.0, "a": 2.0}, np.array([0.9, 0.8])
    fuse([words, (["c", "a"], vectors)])
    assert list(words) == ["b", "a"] and vectors.tolist() == [0.9, 0.8]


def test_ints_are_ids_too_and_come_back_as_ints():
    hits = fuse([{7: 1.0, 12: 0.5}, [(np.int64(12), 3.0)]])
    assert hits.ids.dtype == np.int64 and hits.ids.tolist() == [12, 7]


@pytest.mark.parametrize(
    ("lists", "kind", "text"),
    [
        ([[("a", 1.0), ("a", 0.5)]], vdb.InvalidArgumentError, "got 'a' at places 0 and 1"),
        ([WORDS, [("a", 0.1), ("b", 0.2)]], vdb.InvalidArgumentError, "lists[1] must be in rank"),
        ([[("a", float("nan"))]], vdb.InvalidArgumentError, "score of lists[0][0] must be finite"),
        ([[("a", float("inf"))]], vdb.InvalidArgumentError, "score of lists[0][0] must be finite"),
        ([[("a", None)]], vdb.ArgumentTypeError, "score of lists[0][0] must be a number"),
        ([[("a", "1")]], vdb.ArgumentTypeError, "score of lists[0][0] must be a number"),
        ([[(1.5, 1.0)]], vdb.ArgumentTypeError, "id of lists[0][0] must be an int"),
        ([[(True, 1.0)]], vdb.ArgumentTypeError, "id of lists[0][0] must be an int"),
        ([["ab"]], vdb.ArgumentTypeError, "lists[0][0] must be a pair (id, score)"),
        ([[("a", 1.0, 2.0)]], vdb.ArgumentTypeError, "lists[0][0] must be a pair (id, score)"),
        ([(["a", "b"], [1.0])], vdb.InvalidArgumentError, "got 2 ids and 1 scores"),
        ([[("a", 1.0)], [(1, 1.0)]], vdb.ArgumentTypeError, "all ints or all strs"),
        ([{"a": 1.0, 1: 2.0}], vdb.ArgumentTypeError, "all ints or all strs"),
        ([], vdb.InvalidArgumentError, "lists must be at least 1 for native"),
        ({"a": 1.0}, vdb.ArgumentTypeError, "lists must be a sequence of lists"),
        ([3], vdb.ArgumentTypeError, "lists[0] must be a sequence"),
    ],
)
def test_what_is_no_list_is_refused_with_its_place(lists, kind, text):
    with pytest.raises(kind) as caught:
        fuse(lists)
    assert text in str(caught.value)


@pytest.mark.parametrize(
    ("arguments", "kind", "text"),
    [
        ({"k": 0}, vdb.InvalidArgumentError, "k must be between 1"),
        ({"window": 0}, vdb.InvalidArgumentError, "window must be between 1"),
        ({"window": 1.5}, vdb.ArgumentTypeError, "window must be an int"),
        ({"weights": [1]}, vdb.InvalidArgumentError, "one for each of the 2 lists, got 1"),
        ({"weights": [1, -1]}, vdb.InvalidArgumentError, "weights[1] must be at least 0"),
        ({"weights": [1, float("nan")]}, vdb.InvalidArgumentError, "weights[1] must be finite"),
        ({"direction": ["higher"]}, vdb.InvalidArgumentError, "one for each of the 2 lists"),
        ({"direction": "up"}, vdb.InvalidArgumentError, "direction of lists[0] must be one of"),
        ({"rank_constant": 0}, vdb.InvalidArgumentError, "rank_constant must be between 1"),
        ({"rankconstant": 60}, vdb.ArgumentTypeError, "did you mean 'rank_constant'?"),
        ({"nonsense": 60}, vdb.ArgumentTypeError, "there are rank_constant"),
        ({"window": 2, "k": 3}, vdb.InvalidArgumentError, "k must be at most window"),
    ],
)
def test_what_elasticsearch_does_not_take_is_refused(arguments, kind, text):
    with pytest.raises(kind) as caught:
        fuse([WORDS, VECTORS], "elasticsearch-rrf", **arguments)
    assert text in str(caught.value)


@pytest.mark.parametrize(
    ("fusion", "arguments", "text"),
    [
        ("opensearch-minmax", {"weights": [0.5, 0.6]}, "weights must sum to 1"),
        ("opensearch-l2", {"weights": [-0.5, 1.5]}, "weights[0] must be between 0 and 1"),
        ("opensearch-rrf", {"rank_constant": 10_001}, "between 1 and 10000"),
        ("opensearch-zscore", {"combination": "geometric_mean"}, "combination must be one of"),
        ("opensearch-minmax", {"lower_bounds": [{"mode": "apply"}]}, "one for each list, got 1"),
        ("opensearch-minmax", {"lower_bounds": [{"mode": "up"}] * 2}, "lower_bounds[0]['mode']"),
        ("opensearch-minmax", {"upper_bounds": [{"max_score": 1e5}] * 2}, "between -10000 and"),
        ("weaviate-ranked", {"alpha": 1.5}, "alpha must be between 0 and 1"),
        ("weaviate-ranked", {"alpha": 0.5, "weights": [0.5, 0.5]}, "alpha must not be given with"),
        ("milvus-weighted", {}, "weights must be given"),
        ("milvus-weighted", {"weights": [2, 1]}, "weights[0] must be between 0 and 1"),
        ("milvus-rrf", {"rank_constant": 16384}, "above 0 and below 16384"),
        ("milvus-rrf", {"weights": [1, 1]}, "milvus-rrf has none"),
        ("lancedb-mrr", {"weights": [0.5, 0.6]}, "weights must sum to 1"),
        ("haystack-rrf", {"weights": [0, 0]}, "must not sum to 0"),
        ("chroma", {"weights": [0, 0], "normalize": True}, "must not sum to 0"),
        ("elasticsearch-linear", {"normalizer": "l2"}, "normalizer must be one of"),
        ("elasticsearch-linear", {"normalizer": ["minmax"]}, "normalizer must be one"),
        ("ranx-sum", {"norm": "minmax"}, "did you mean 'min-max'?"),
    ],
)
def test_what_an_engine_refuses_is_refused(fusion, arguments, text):
    with pytest.raises(vdb.InvalidArgumentError) as caught:
        fuse([WORDS, VECTORS], fusion, **arguments)
    assert text in str(caught.value)


def test_some_engines_take_two_lists_and_some_at_least_two():
    with pytest.raises(vdb.InvalidArgumentError, match="two for weaviate-ranked: words, vectors"):
        fuse([WORDS], "weaviate-ranked")
    with pytest.raises(vdb.InvalidArgumentError, match="at least 2 for ranx-rrf"):
        fuse([WORDS], "ranx-rrf")


@pytest.mark.parametrize("row", vdb.fusion.fusions(), ids=lambda row: row.name)
def test_empty_lists_are_lists(row):
    weights = [0.5, 0.5] if row.name in ("milvus-weighted", "milvus-lite-weighted") else None
    assert len(fuse([[], []], row.name, weights)) == 0
    hits = (
        fuse([[], [("a", 0.9)]], row.name, weights, direction=[None, "lower"])
        if (row.name == "lancedb-linear")
        else fuse([[], [("a", 0.9)]], row.name, weights)
    )
    assert hits.ids.tolist() == ([] if row.name == "chroma" else ["a"])


def test_a_window_counts_in_each_list_and_k_in_the_result():
    hits = fuse([WORDS, VECTORS], "redis-rrf", window=1)
    assert hits.ids.tolist() == ["a", "c"]
    assert len(fuse([WORDS, VECTORS], "redis-rrf", window=1, k=5)) == 2
    assert fuse([WORDS, VECTORS], "redis-rrf", k=1).ids.tolist() == ["a"]
    # Elasticsearch gives no more than its window.
    assert fuse([WORDS, VECTORS], "elasticsearch-rrf", window=1).ids.tolist() == ["a"]
