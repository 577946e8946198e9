"""A fused hit says where its score comes from."""

import json

import pytest

from vdb.fusion import fuse

WORDS = [("a", 12.5), ("b", 9.0)]
VECTORS = [("b", 0.9), ("c", 0.7)]


def test_each_list_has_its_rank_score_normalized_score_and_share():
    hits = fuse([WORDS, VECTORS], "elasticsearch-linear", [1, 2], normalizer="minmax")
    best = hits[0]
    assert (best.id, best.score) == ("b", 2.0)
    words, vectors = best.lists
    assert (words.rank, words.score, words.normalized, words.share) == (2, 9.0, 0.0, 0.0)
    assert (vectors.rank, vectors.score, vectors.normalized, vectors.share) == (1, 0.9, 1.0, 2.0)


def test_a_list_without_the_hit_says_so():
    last = fuse([WORDS, VECTORS], "elasticsearch-rrf")[-1]
    assert (last.id, last.lists[0].rank, last.lists[0].score) == ("c", None, None)
    assert last.lists[0].share == 0
    assert last.explain().splitlines() == [
        "'c': 0.0161290318",
        "  list 0: not in it",
        "  list 1: rank 2, score 0.7, share 0.0161290318",
    ]


def test_a_rank_that_a_list_gives_to_what_it_lacks_is_shown():
    hit = fuse([[("a", 2.0)], [("b", 0.9)]], "vespa-reciprocal-rank")[0]
    assert "list 1: not in it, rank 2, share" in hit.explain()


def test_hits_become_json():
    hits = fuse([WORDS, VECTORS], "opensearch-minmax", combination="harmonic_mean")
    rows = json.loads(json.dumps(hits.to_dicts()))
    assert [row["id"] for row in rows] == hits.ids.tolist()
    assert rows[0]["lists"][0]["share"] is None and rows[0]["lists"][0]["rank"] == 1


def test_hits_are_a_sequence():
    hits = fuse([WORDS, VECTORS])
    assert [hit.id for hit in hits] == [hits[i].id for i in range(len(hits))]
    assert hits[-1] == list(hits)[-1] and [hit.id for hit in hits[:2]] == hits.ids[:2].tolist()
    assert hits == fuse([WORDS, VECTORS]) and hits != fuse([WORDS, VECTORS], "redis-rrf")
    assert repr(hits).startswith("<FusedHits: 3, fusion=native (higher is better) ['b': 0.03")
    with pytest.raises(IndexError):
        hits[3]
    with pytest.raises(ValueError, match="read-only"):
        hits.scores[0] = 1


def test_parts_have_the_places_of_their_lists_for_names():
    hit = fuse([WORDS, VECTORS])[0]
    assert hit.parts == {"list 0": hit.lists[0], "list 1": hit.lists[1]}
    assert hit.payload is None and "payload" not in hit.to_dict()
    assert "name" not in hit.to_dict()["lists"][0]


def test_infinite_and_undefined_scores_are_none_in_json():
    hits = fuse([[("a", float("inf")), ("b", 1.0)], VECTORS], "vespa-linear")
    rows = json.loads(json.dumps(hits.to_dicts(), allow_nan=False))
    assert rows and all(row["lists"][0]["score"] in (None, 1.0) for row in rows)
