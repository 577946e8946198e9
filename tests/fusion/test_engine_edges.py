"""What engines do at their edges, where they differ most."""

import math

import numpy as np
import pytest

from vdb.fusion import fuse

NAN = float("nan")


def scores(lists, fusion, weights=None, **more):
    return {hit.id: hit.score for hit in fuse(lists, fusion, weights, **more)}


def test_a_hit_that_is_first_twice_has_another_score_in_each_engine():
    lists = [[("a", 3.0)], [("a", 0.5)]]
    names = ("elasticsearch-rrf", "azure", "chroma", "langchain", "weaviate-ranked")
    shown = [round(scores(lists, name)["a"], 7) for name in names]
    assert shown == [0.0327869, 0.0333333, -0.0333333, 0.0163934, 0.0166667]
    assert scores(lists, "haystack-rrf") == scores(lists, "qdrant-rrf") == {"a": 1.0}


def test_elasticsearch_counts_nan_as_nothing_and_scales_negatives_against_zero():
    lists = [[("a", -1.0), ("b", -3.0), ("c", NAN)]]
    found = scores(lists, "elasticsearch-linear", normalizer="minmax")
    assert found["a"] == float(np.float32(2) / np.float32(3)) and found["c"] == 0.0


def test_elasticsearch_takes_a_normalizer_for_each_list():
    lists = [[("a", 4.0), ("b", 2.0)], [("a", 3.0), ("b", 1.0)]]
    found = scores(lists, "elasticsearch-linear", normalizer=["minmax", "none"])
    assert found == {"a": 4.0, "b": 1.0}


def test_opensearch_leaves_one_hit_of_a_z_score_as_it_is():
    hits = fuse([[("a", 12.5)], []], "opensearch-zscore")
    assert hits[0].lists[0].normalized == 12.5 and hits[0].score == 6.25


def test_a_mean_of_opensearch_skips_a_list_with_its_weight_or_does_not():
    lists = [[("a", 4.0), ("b", 2.0)], [("b", 1.0)]]
    assert scores(lists, "opensearch-minmax")["a"] == 0.5
    assert scores(lists, "opensearch-minmax", combination="geometric_mean")["a"] == 1.0


def test_mongodb_has_ties_share_a_rank_and_cancels_weights():
    tied = [("a", 1.0), ("b", 1.0), ("c", 0.5)]
    hits = fuse([tied], "mongodb-rank")
    assert [(hit.id, hit.lists[0].rank) for hit in hits] == [("a", 1), ("b", 1), ("c", 3)]
    lists = [[("a", 4.0), ("b", 3.0), ("c", 1.0)], [("c", 0.9), ("a", 0.1)]]
    light = scores(lists, "mongodb-score", [1, 1], normalization="minMaxScaler")
    assert light == scores(lists, "mongodb-score", [9, 1], normalization="minMaxScaler")


def test_a_larger_inner_product_lowers_the_score_of_redis():
    distances = [("near", -3.0), ("far", 0.5)]  # 1 - q.v
    found = scores([[], distances], "redis-linear", metric="IP")
    assert found["near"] < found["far"]


def test_vespa_ranks_what_a_list_lacks():
    hits = fuse([[("a", 2.0)], [("b", 0.9)]], "vespa-reciprocal-rank")
    assert [one.rank for one in hits[0].lists] == [1, 2]
    assert hits[0].score == 1 / 61 + 1 / 62
    infinite = fuse([[("a", math.inf), ("b", 2.0), ("c", 1.0)]], "vespa-linear")
    assert {hit.id: hit.score for hit in infinite}["b"] == 1.0


def test_chroma_drops_what_a_list_lacks_unless_it_has_a_rank():
    lists = [[("a", 2.0), ("b", 1.0)], [("b", 0.9)]]
    assert fuse(lists, "chroma").ids.tolist() == ["b"]
    assert fuse(lists, "chroma", default=100).ids.tolist() == ["b", "a"]


def test_weaviate_breaks_ties_by_the_score_of_the_last_list():
    lists = [[("a", 2.0), ("b", 2.0)], [("b", 0.5), ("a", 0.5), ("c", 0.1)]]
    assert fuse(lists, "weaviate-relative").ids.tolist() == ["a", "b", "c"]
    lists = [[("a", 2.0)], [("b", 2.0)]]
    assert fuse(lists, "weaviate-ranked", alpha=0.5).ids.tolist() == ["a", "b"]
    lists = [[("a", 2.0)], [("b", 3.0)]]
    assert fuse(lists, "weaviate-ranked", alpha=0.5).ids.tolist() == ["b", "a"]


def test_weaviate_takes_one_minus_a_distance(db):
    docs = db.create_collection("docs", dim=2, metric="cosine")
    docs.add(["a", "b", "c"], [[1, 0], [0.6, 0.8], [0, 1]])
    hits = docs.search([1, 0], k=3, scores="weaviate")
    assert hits.direction == "lower"
    found = scores([[("c", 3.0)], hits], "weaviate-relative")
    similar = [(hit.id, float(np.float32(1) - np.float32(hit.score))) for hit in hits]
    assert found == scores([[("c", 3.0)], similar], "weaviate-relative")
    assert not db.check()


def test_milvus_turns_distances_around_only_among_other_metrics():
    lists = [[("a", 1.0), ("b", 4.0)], [("b", 2.0), ("a", 3.0)]]
    both = fuse(lists, "milvus-weighted", [0.5, 0.5], metrics=["L2", "L2"], norm_score=False)
    assert [(hit.id, hit.score) for hit in both] == [("a", 2.0), ("b", 3.0)]
    mixed = fuse(
        [lists[0], [("b", 2.0), ("a", 1.0)]],
        "milvus-weighted",
        [0.5, 0.5],
        metrics=["L2", "IP"],
        norm_score=False,
    )
    assert mixed[0].lists[0].normalized == pytest.approx(1 - 2 * math.atan(4.0) / math.pi)


def test_opensearch_rounds_reciprocal_ranks_to_ten_decimals():
    hits = fuse([[("a", 1.0)]], "opensearch-rrf", rank_constant=6)
    assert hits[0].score == float(np.float32(0.1428571429))
    assert float(np.float32(0.1428571429)) != float(np.float32(1) / np.float32(8))


def test_llamaindex_and_ranx_sort_their_lists_and_haystack_does_not():
    unsorted = [("a", 1.0), ("b", None), ("c", 3.0)]
    assert fuse([unsorted], "llamaindex-reciprocal").ids.tolist() == ["c", "a", "b"]
    hits = fuse([[("a", 1.0), ("b", 3.0)], [("a", 1.0)]], "ranx-rrf")
    assert {hit.id: hit.lists[0].rank for hit in hits} == {"a": 2, "b": 1}


def test_lancedb_counts_a_missing_distance_as_the_fill():
    lists = [[("a", 5.0), ("b", 1.0)], [("b", 0.2), ("c", 0.9)]]
    full = scores(lists, "lancedb-linear", weight=0.5, fill=0.25)
    assert full == {"a": 0.5 * 0.75 + 0.5 * 1.0, "b": 0.5, "c": 0.5 * 0.75}


def test_milvus_normalizes_in_float32_and_milvus_lite_in_float64():
    score = 0.7
    angle = np.float32(math.atan(np.float32(score)))
    wanted = np.float32(0.5) + angle / np.float32(math.pi)
    server = fuse([[("a", score)]], "milvus-weighted", [1])[0].lists[0]
    assert server.normalized == float(wanted)
    lite = fuse([[("a", score)]], "milvus-lite-weighted", [1])[0].lists[0]
    assert lite.normalized == 0.5 + math.atan(float(np.float32(score))) / math.pi
