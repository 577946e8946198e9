"""Searches of a collection score as the reference does, and explain each score."""

import numpy as np
import pytest

import vdb
from vdb import lexical

ROWS = lexical.conventions()
WORDS = [f"w{number}" for number in range(9)]
QUERIES = ["w0", "w3 w8", "w1 w1 w2 w7", '"w0 w1" w4', "w* w5", "none w6", "w2 none*"]


def text_of(rng):
    return " ".join(rng.choice(WORDS, rng.choice([0, 1, 4, 12, 70]), p=None))


@pytest.fixture
def shelf(db):
    """A collection after many changes, and the texts that are left, by id in order of slots."""
    rng = np.random.default_rng(2)
    docs = db.create_collection("docs", dim=1, metric="l2", fields={"text": vdb.Text()})
    texts = {}
    for number in range(40):
        texts[f"r{number}"] = text_of(rng) if number % 7 else None
        payload = {"text": texts[f"r{number}"]} if texts[f"r{number}"] is not None else {}
        docs.add([f"r{number}"], [[0]], [payload])
    for number in (3, 11, 25):
        docs.delete([f"r{number}"])
        del texts[f"r{number}"]
    docs.upsert(["r5"], [[0]], [{"text": "w0 w1 w0"}])
    texts["r5"] = "w0 w1 w0"
    yield docs, {key: text for key, text in texts.items() if text is not None}
    assert not db.check()


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_hits_have_the_scores_of_the_reference_and_explain_them(shelf, row):
    docs, texts = shelf
    analyzer = lexical.analyzer("simple")
    documents = [analyzer.terms(text) for text in texts.values()]
    settings = dict.fromkeys(row.settable, 0.5)
    for query in QUERIES:
        clauses = lexical.parse_query(query, analyzer)
        expected = dict(
            zip(texts, lexical.score(clauses, documents, row.name, **settings), strict=True)
        )
        hits = docs.search_text(query, 100, scores=row.name, **settings)
        assert hits.scores.dtype == row.dtype and hits.direction == row.direction
        assert {hit.id: hit.score for hit in hits} == {hit.id: expected[hit.id] for hit in hits}
        best = sorted(hits, key=lambda hit: (hit.score * row.arithmetic.sign * -1, hit.id))
        assert [hit.id for hit in hits] == [hit.id for hit in best]
        for hit in hits[:3]:
            why = docs.explain_text(query, hit.id, scores=row.name, **settings)
            same = lexical.explain(
                clauses, documents, list(texts).index(hit.id), row.name, **settings
            )
            assert why == same and why.score == hit.score


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_score_as_threshold_lets_its_hit_in_and_none_that_is_worse(shelf, row):
    docs, _ = shelf
    hits = docs.search_text("w0 w3", 100, scores=row.name)
    at = hits[len(hits) // 2].score
    inside = docs.search_text("w0 w3", None, scores=row.name, threshold=at)
    better = hits.scores <= at if row.direction == "lower" else hits.scores >= at
    assert inside.ids.tolist() == hits.ids[better].tolist()


def test_a_record_without_the_words_is_explained_too(shelf):
    docs, texts = shelf
    other = next(key for key, text in texts.items() if "w8" not in text and text)
    why = docs.explain_text("w8", other, scores="lucene")
    assert why.score == 0 and why.clauses[0].tf == 0 and why.clauses[0].df > 0
    assert "not in it" in str(why)
    assert docs.explain_text("", other).clauses == ()


def test_what_cannot_be_explained_is_refused(shelf):
    docs, _ = shelf
    with pytest.raises(vdb.NotFoundError, match="no record 'zz'"):
        docs.explain_text("w0", "zz")
    with pytest.raises(vdb.NotFoundError, match="no record 'r3'"):
        docs.explain_text("w0", "r3")
    with pytest.raises(vdb.InvalidArgumentError, match=r"'r7' .* has no text"):
        docs.explain_text("w0", "r7")
    with pytest.raises(vdb.InvalidArgumentError, match="did you mean 'lucene'"):
        docs.explain_text("w0", "r1", scores="lucen")
    with pytest.raises(vdb.InvalidArgumentError, match=r"k1 is 1\.2 in fts5, and cannot be set"):
        docs.search_text("w0", scores="fts5", k1=2)
    with pytest.raises(vdb.ArgumentTypeError, match="query must be a str"):
        docs.explain_text(3, "r1")


def test_syntax_can_be_turned_off(shelf):
    docs, _ = shelf
    assert len(docs.search_text("w*", 100)) > 0
    assert len(docs.search_text("w*", 100, syntax=False)) == 0
    assert docs.explain_text("w*", "r5", syntax=False).clauses[0].clause == "w"


def test_snapshots_explain_their_own_moment(db, shelf):
    docs, _ = shelf
    with db.snapshot() as moment:
        before = moment.collection("docs").explain_text("w0", "r5")
        docs.add(["new"], [[0]], [{"text": "w0"}])
        assert moment.collection("docs").explain_text("w0", "r5") == before
    assert docs.explain_text("w0", "r5").documents == before.documents + 1
