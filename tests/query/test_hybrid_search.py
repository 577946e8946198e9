"""A hybrid search is both searches at one moment, fused as the engine fuses them."""

import json

import numpy as np
import pytest

import vdb

WORDS = ("tea", "coffee", "water", "milk", "sugar", "lemon", "mint", "ginger")
RECORDS = 400
TEXT = "tea lemon mint"
ROWS = [row for row in vdb.fusion.fusions() if not row.name.startswith("milvus-weighted")]


def texts(count, seed=3):
    random = np.random.default_rng(seed)
    shares = 1 / np.arange(1, len(WORDS) + 1)
    rows = random.choice(WORDS, size=(count, 12), p=shares / shares.sum())
    return [" ".join(row[: 2 + i % 11]) for i, row in enumerate(rows)]


def made(db, name="drinks", metric="cosine", **options):
    random = np.random.default_rng(4)
    docs = db.create_collection(name, dim=8, metric=metric, fields={"text": vdb.Text()}, **options)
    payloads = [{"text": text, "n": i} for i, text in enumerate(texts(RECORDS))]
    docs.add([f"d{i:03}" for i in range(RECORDS)], random.normal(size=(RECORDS, 8)), payloads)
    return docs


@pytest.fixture
def docs(db):
    return made(db)


@pytest.fixture
def q():
    return np.random.default_rng(5).normal(size=8)


def weights_of(row):
    return (0.3, 0.7) if row.weights.needed else None


def own_parameters(row, metric):
    names = {one.name for one in row.parameters}
    out = {}
    if "metrics" in names:
        out["metrics"] = ("BM25", {"cosine": "COSINE", "ip": "IP"}.get(metric, "L2"))
    if row.name == "redis-linear":
        out["metric"] = {"cosine": "COSINE", "ip": "IP", "l2": "L2"}[metric]
    return out


@pytest.mark.parametrize("metric", ["cosine", "ip", "l2"])
def test_every_fusion_is_fuse_over_the_lists_of_both_searches(db, q, metric):
    docs = made(db, metric=metric)
    compared = 0
    for row in vdb.fusion.fusions():
        window = row.default_window(10)
        scores = row.vector_scores or None
        if scores is None and row.enters == "scores" and metric == "l2":
            scores = "relevance"
        try:
            vectors = docs.search(q, k=window, scores=scores)
            words = docs.search_text(TEXT, k=window, scores=row.text_scores or "native")
            options = {"weights": weights_of(row), **own_parameters(row, metric)}
            expected = vdb.fusion.fuse([words, vectors], row.name, k=10, **options)
        except vdb.InvalidArgumentError:
            with pytest.raises(vdb.InvalidArgumentError, match=r"^fusion: "):
                docs.search_hybrid(text=TEXT, vector=q, fusion=row.name, weights=weights_of(row))
            continue
        hits = docs.search_hybrid(text=TEXT, vector=q, fusion=row.name, weights=weights_of(row))
        assert hits.ids.tolist() == expected.ids.tolist(), row.name
        assert hits.scores.tobytes() == expected.scores.tobytes(), row.name
        assert [hit.lists for hit in hits] == [hit.lists for hit in expected], row.name
        compared += 1
    assert compared >= 45


def test_a_hit_says_where_its_score_is_from_and_has_its_payload(docs, q):
    hits = docs.search_hybrid(text=TEXT, vector=q, k=5, fusion="elasticsearch-rrf")
    assert [one.name for one in hits.lists] == ["text", "vector"]
    assert [one.hits for one in hits.lists] == [10, 10] and hits.window == 10
    for hit in hits:
        assert hit.payload["n"] == int(hit.id[1:])
        shares = [part.share for part in hit.parts.values()]
        assert sum(shares) == pytest.approx(hit.score, abs=1e-7)
        assert "\n  text: " in hit.explain() and "\n  vector: " in hit.explain()
    assert hits.payloads == [hit.payload for hit in hits]
    rows = json.loads(json.dumps(hits.to_dicts()))
    assert rows[0]["payload"] == hits[0].payload
    assert [part["name"] for part in rows[0]["lists"]] == ["text", "vector"]
    bare = docs.search_hybrid(
        text=TEXT, vector=q, k=5, fusion="elasticsearch-rrf", with_payloads=False
    )
    assert bare.payloads == [None] * 5 and bare.ids.tolist() == hits.ids.tolist()


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_one_list_alone_keeps_its_order(docs, q, row):
    """But for equal fused scores, which the fusion orders."""
    window = row.default_window(10)
    alone = {
        "text": docs.search_text(TEXT, k=window, scores=row.text_scores or "native"),
        "vector": docs.search(q, k=window, scores=row.vector_scores or None),
    }
    for name, query in (("text", TEXT), ("vector", q)):
        options = {"weights": weights_of(row), "fusion": row.name}
        hits = docs.search_hybrid(**{name: query}, **options)
        place = {one: i for i, one in enumerate(alone[name].ids.tolist())}
        scores = dict(zip(alone[name].ids.tolist(), alone[name].scores.tolist(), strict=True))
        assert len(hits) == min(10, window)
        ranked = [place[one] for one in hits.ids.tolist()]
        distinct = len(set(hits.scores.tolist())) == len(hits)
        if distinct and len(set(scores.values())) == len(scores):
            assert ranked == sorted(ranked), (row.name, name)
        assert all(hit.parts[name].score is not None for hit in hits)


def test_the_filter_holds_in_both_lists_and_never_gives_too_few(docs, q):
    few = {"n": {"$lt": 7}}
    hits = docs.search_hybrid(text="tea", vector=q, k=10, where=few)
    assert sorted(hits.ids.tolist()) == [f"d00{i}" for i in range(7)]
    half = {"n": {"$gte": RECORDS // 2}}
    hits = docs.search_hybrid(text=TEXT, vector=q, k=20, where=half, window=20)
    words = docs.search_text(TEXT, 20, where=half)
    vectors = docs.search(q, 20, where=half)
    assert hits.ids.tolist() == vdb.fusion.fuse([words, vectors], k=20).ids.tolist()
    assert len(hits) == 20


def test_both_lists_are_of_one_moment(db, docs, q):
    with db.snapshot() as moment:
        before = moment.collection("drinks")
        hits = before.search_hybrid(text=TEXT, vector=q)
        docs.upsert("new", q * 3, {"text": TEXT, "n": -1})
        docs.delete(hits.ids.tolist()[:3])
        assert before.search_hybrid(text=TEXT, vector=q) == hits
    assert docs.search_hybrid(text=TEXT, vector=q)[0].id == "new"


def test_a_batch_reads_what_it_wrote(db, docs, q):
    with db.batch():
        docs.upsert("new", q * 3, {"text": TEXT, "n": -1})
        assert docs.search_hybrid(text=TEXT, vector=q)[0].id == "new"


def test_a_threshold_lets_in_its_own_score(docs, q):
    for fusion in ("native", "chroma", "elasticsearch-rrf", "weaviate-relative"):
        hits = docs.search_hybrid(text=TEXT, vector=q, fusion=fusion)
        bound = hits[3].score
        within = docs.search_hybrid(text=TEXT, vector=q, fusion=fusion, threshold=bound)
        wanted = sum(
            hit.score <= bound if hits.direction == "lower" else hit.score >= bound for hit in hits
        )
        assert within.ids.tolist() == hits.ids.tolist()[:wanted]


def test_weights_of_one_list_are_its_own_of_both(docs, q):
    both = docs.search_hybrid(text=TEXT, vector=q, fusion="elasticsearch-rrf", weights=(0, 2))
    alone = docs.search_hybrid(vector=q, fusion="elasticsearch-rrf", weights=(1, 2))
    assert alone[0].score == pytest.approx(2 / 61)
    assert both[0].id == alone[0].id
    mean = docs.search_hybrid(text=TEXT, fusion="opensearch-minmax", weights=(0.3, 0.7))
    assert mean[0].score == 1.0


def test_the_conventions_can_be_chosen(docs, q):
    options = {"text_scores": "tantivy", "vector_scores": "lucene", "fusion": "ranx-sum"}
    hits = docs.search_hybrid(text=TEXT, vector=q, **options)
    assert [one.scores for one in hits.lists] == ["tantivy", "lucene"]
    words = docs.search_text(TEXT, 100, scores="tantivy")
    vectors = docs.search(q, 100, scores="lucene")
    expected = vdb.fusion.fuse([words, vectors], "ranx-sum", k=10)
    assert hits.scores.tolist() == expected.scores.tolist()


def test_a_query_without_words_leaves_the_other_list(docs, q):
    hits = docs.search_hybrid(text="...", vector=q)
    assert hits.ids.tolist() == docs.search(q).ids.tolist()
    assert hits.lists[0].hits == 0
    assert len(docs.search_hybrid(text="")) == 0


def test_records_without_a_vector_are_found_by_their_words(db, q):
    docs = made(db, "half", optional_vectors=True)
    docs.upsert("bare", None, {"text": "cardamom", "n": -1})
    hits = docs.search_hybrid(text="cardamom", vector=q, fusion="pgvector")
    assert {hit.id: hit.parts["text"].rank for hit in hits}["bare"] == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"fusion": "elasticsearch-rf"}, "did you mean 'elasticsearch-rrf'"),
        ({"fusion": "weaviate-relative", "weights": (1, 1)}, "weights must sum to 1"),
        ({"fusion": "qdrant-dbsf", "weights": (1, 1)}, "qdrant-dbsf has none"),
        ({"fusion": "milvus-weighted"}, "milvus-weighted has no default"),
        ({"fusion": "elasticsearch-rrf", "k": 20, "window": 10}, "k=20, window=10"),
        ({"weights": (1, 2, 3)}, "one for each of the 2 lists"),
        ({"weights": (1, float("nan"))}, r"weights\[1\]"),
        ({"weights": (1, -1)}, r"weights\[1\] must be at least 0"),
        ({"k": 0}, "k must be between 1"),
        ({"window": 0}, "window must be between 1"),
        ({"vector_scores": "qdrannt"}, "vector_scores must be"),
        ({"text_scores": "lucen"}, "lucene"),
        ({"threshold": float("nan")}, "threshold"),
        ({"text": None, "vector": None}, "text or vector must be given"),
        ({"fusion": "qdrant-dbsf", "vector_scores": "weaviate"}, "vector_scores= names another"),
        ({"fusion": "weaviate-relative", "weights": (0.5, 0.5), "alpha": 0.5}, "alpha"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(docs, q, options, message):
    with pytest.raises(vdb.InvalidArgumentError, match=message):
        docs.search_hybrid(**{"text": TEXT, "vector": q, **options})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"limit": 5}, "did you mean 'k'"),
        ({"filter": {}}, "did you mean 'where'"),
        ({"alpha": 0.5}, "no parameter 'alpha'"),
        ({"fusion": "milvus-rrf", "rank_constants": 5}, "did you mean 'rank_constant'"),
        ({"fusion": "milvus-rrf", "k": 5.5}, "k must be"),
        ({"text": 5}, "text must be"),
        ({"fusion": None}, "fusion must be"),
        ({"weights": 3}, "weights must be"),
    ],
)
def test_what_is_of_another_type_is_refused_by_name(docs, q, options, message):
    with pytest.raises(vdb.ArgumentTypeError, match=message):
        docs.search_hybrid(**{"text": TEXT, "vector": q, **options})


def test_a_vector_of_another_length_and_a_field_that_is_not_there_are_refused(db, docs, q):
    with pytest.raises(vdb.DimensionMismatchError):
        docs.search_hybrid(text=TEXT, vector=q[:5])
    with pytest.raises(vdb.NotFoundError, match="title"):
        docs.search_hybrid(text=TEXT, vector=q, field="title")
    plain = db.create_collection("plain", dim=8, metric="l2")
    with pytest.raises(vdb.NotFoundError):
        plain.search_hybrid(text=TEXT, vector=q)
    assert len(plain.search_hybrid(vector=q)) == 0


def test_a_metric_that_the_engine_lacks_is_refused_only_with_a_vector(db, q):
    docs = made(db, "inner", metric="ip")
    with pytest.raises(vdb.InvalidArgumentError, match="mongodb has them, which has none for ip"):
        docs.search_hybrid(text=TEXT, vector=q, fusion="mongodb-score")
    assert len(docs.search_hybrid(text=TEXT, fusion="mongodb-score")) == 10
