"""A row says what its engine does, and every name leads to one."""

import pytest

import vdb
from vdb.fusion.fusion_text import fusion_facts

ROWS = vdb.fusion.fusions()
WORDS = [("a", 12.5), ("b", 9.0), ("c", 3.0), ("d", 1.0)]
VECTORS = [("c", 0.9), ("a", 0.8), ("e", 0.7), ("b", 0.1)]
DISTANCES = [("c", 0.1), ("a", 0.2), ("e", 0.3), ("b", 0.9)]


def fused(row, k=None):
    weights = [0.3, 0.7] if row.name.endswith(("lite-weighted", "milvus-weighted")) else None
    lists = [WORDS, DISTANCES if row.name == "lancedb-linear" else VECTORS]
    return vdb.fusion.fuse(lists, row.name, weights, k=k)


def test_native_is_first_and_the_others_are_in_order():
    names = [row.name for row in ROWS]
    assert names == ["native", *sorted(names[1:])]
    assert all(vdb.fusion.describe(name).name == name for name in names)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_the_facts_are_those_of_what_is_computed(row):
    hits = fused(row)
    assert hits.scores.dtype == row.dtype
    assert hits.direction == row.direction and hits.fusion is row
    assert (row.enters == "ranks") <= (row.rank_base is not None)
    if row.rank_base is not None:
        best = next(hit for hit in hits if hit.id == "a")
        assert best.lists[0].rank == row.rank_base
    if row.enters == "ranks":
        assert all(one.normalized is None for hit in hits for one in hit.lists)
    constant = [one for one in row.parameters if one.name == "rank_constant"]
    assert all(one.default == row.rank_constant for one in constant)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_every_fact_has_a_text_and_none_ends_in_a_stop(row):
    facts = fusion_facts(row)
    needed = ("fusion", "engine", "score", "lists", "missing in a list", "source", "evidence")
    assert all(facts[name] for name in needed)
    assert not [name for name, text in facts.items() if str(text).endswith(".")]


@pytest.mark.parametrize(
    "row", [row for row in ROWS if row.vector_scores], ids=lambda row: row.name
)
def test_the_vector_scores_are_a_convention_that_there_is(row):
    assert row.vector_scores in vdb.scores.conventions("cosine")


@pytest.mark.parametrize("row", [row for row in ROWS if row.text_scores], ids=lambda row: row.name)
def test_the_text_scores_are_a_convention_that_there_is(row):
    assert vdb.lexical.describe(row.text_scores).name == row.text_scores


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_prefix_of_the_hits_is_the_first_of_them(row):
    hits = fused(row)
    assert [hit.id for hit in fused(row, k=2)] == [hit.id for hit in hits][:2]


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("elasticsearch_rrf", "did you mean 'elasticsearch-rrf'?"),
        ("qdrant-rff", "did you mean 'qdrant-rrf'?"),
        ("weaviate", "of weaviate there are 'weaviate-ranked', 'weaviate-relative'"),
        ("nobody", "got 'nobody'"),
    ],
)
def test_an_unknown_name_is_answered_with_those_there_are(name, hint):
    with pytest.raises(vdb.InvalidArgumentError) as caught:
        vdb.fusion.fuse([WORDS, VECTORS], name)
    assert hint in str(caught.value) and "native" in caught.value.expected


def test_a_name_is_a_str():
    with pytest.raises(vdb.ArgumentTypeError, match="fusion must be the name"):
        vdb.fusion.describe(3)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_the_window_of_a_hybrid_search_is_the_engines(row):
    """Whole numbers of 1 or more; those that the row states in words are in its words."""
    few, many = row.default_window(10), row.default_window(500)
    assert 1 <= few <= many
    own = {"LIMIT 20": 20, "WINDOW: 20": 20, "prefetch limit: 10": 10, "rerank-count: 100": 100}
    stated = [number for words, number in own.items() if words in row.window]
    assert [few, many] == stated * 2 if stated else many == 500
    assert not row.window_covers or few == 10
