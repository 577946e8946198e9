"""Text fields: a search of words finds what a plain search of a dict of texts finds."""

import random
import threading

import numpy as np
import pytest

import vdb
from support.searched_texts import assert_searches, ranking
from vdb.errors import (
    AnalyzerMismatchError,
    ArgumentTypeError,
    InvalidArgumentError,
    InvalidPayloadError,
    NotFoundError,
)
from vdb.index.text import analysis, declaration, merging, segments
from vdb.lexical import analyzer

WORDS = [f"{a}{b}" for a in "abcdefgh" for b in "aeiou"]
QUERIES = ["ba", "ba ce", "fi fi ga", "zz", "", "ha zz", "aa be ci do eu fa"]


def make(db, name="docs", text=None, **more):
    fields = {"text": vdb.Text() if text is None else text, **more}
    return db.create_collection(name, dim=1, metric="l2", index=vdb.Flat(), fields=fields)


def some_text(chance):
    if chance.random() < 0.1:
        return chance.choice([None, "", [], ["ba"]])
    text = " ".join(chance.choices(WORDS, k=chance.randint(1, 9)))
    return [text, chance.choice(WORDS)] if chance.random() < 0.2 else text


def add(docs, texts, **options):
    docs.add(
        list(texts), np.zeros((len(texts), 1)), [{"text": t} for t in texts.values()], **options
    )


def header_of(db, docs, field=1):
    with db._environment.snapshot() as reader:
        number = reader.collection(docs.name).header.number
        return segments.header_of(reader, number, field)


@pytest.mark.parametrize("seed", range(6))
def test_any_history_is_searched_like_a_dict_of_texts(db, seed):
    chance = random.Random(seed)
    docs, texts = make(db), {}
    for step in range(60):
        batch = db.batch() if chance.random() < 0.3 else None
        if batch is not None:
            batch.__enter__()
        for _ in range(chance.randint(1, 4)):
            change(docs, texts, chance)
            if chance.random() < 0.2:
                assert_searches(docs, texts, chance.sample(QUERIES, 1))
        if batch is not None:
            batch.__exit__(None, None, None)
        if step % 10 == 9:
            assert_searches(docs, texts, QUERIES)
    assert not db.check()


def change(docs, texts, chance):
    some = chance.sample(range(40), chance.randint(1, 5))
    new = {key: some_text(chance) for key in some}
    there = [key for key in some if key in texts]
    kind = chance.choice(["upsert", "upsert", "add", "delete", "set", "update", "clear"])
    if kind == "clear" and chance.random() < 0.2:
        docs.clear()
        texts.clear()
    elif kind == "upsert":
        docs.upsert(some, np.zeros((len(some), 1)), [{"text": text} for text in new.values()])
        texts.update(new)
    elif kind == "add":
        add(docs, new, on_duplicate="skip")
        texts.update({key: text for key, text in new.items() if key not in texts})
    elif kind == "delete":
        docs.delete(some)
        for key in there:
            del texts[key]
    elif kind == "set":
        docs.set_payloads(there, [{"text": new[key]} for key in there])
        texts.update({key: new[key] for key in there})
    elif kind == "update" and there:
        other = chance.random() < 0.5
        docs.update_payloads(there, [{"n": 1} if other else {"text": new[k]} for k in there])
        if not other:
            texts.update({key: new[key] for key in there})


def test_a_batch_reads_its_own_texts_and_others_do_not(db, path):
    docs = make(db)
    add(docs, {1: "black tea", 2: "green tea"})
    with vdb.open(path) as other, db.batch():
        docs.upsert(1, [0.0], {"text": "black coffee"})
        docs.delete(2)
        add(docs, {3: "tea"})
        assert_searches(docs, {1: "black coffee", 3: "tea"}, ["tea", "black", "green"])
        seen = []
        reader = threading.Thread(
            target=lambda: seen.append(other["docs"].search_text("tea").ids.tolist())
        )
        reader.start()
        reader.join()
        assert sorted(seen[0]) == [1, 2]
    assert_searches(docs, {1: "black coffee", 3: "tea"}, ["tea", "black", "green"])


def test_a_batch_that_empties_a_collection_finds_no_words_of_it(db):
    docs = make(db)
    add(docs, {"a": "tea"})
    assert len(docs.search_text("tea")) == 1
    with db.batch():
        docs.clear()
        assert len(docs.search_text("tea")) == 0
        add(docs, {"b": "tea time"})
        assert docs.search_text("tea").ids.tolist() == ["b"]
    assert docs.search_text("tea").ids.tolist() == ["b"]
    assert list(db.check()) == []


def test_a_batch_that_is_undone_leaves_no_words(db):
    docs = make(db)
    add(docs, {1: "black tea"})
    with pytest.raises(ZeroDivisionError), db.batch():
        add(docs, {2: "tea"})
        assert len(docs.search_text("tea")) == 2
        docs.delete(1)
        raise ZeroDivisionError
    assert_searches(docs, {1: "black tea"}, ["tea", "black"])


def test_a_snapshot_keeps_its_texts_through_merges_and_deletes(db):
    docs, texts = make(db), {}
    for key in range(70):
        add(docs, {key: f"w{key % 7} word"})
        texts[key] = f"w{key % 7} word"
    with db.snapshot() as moment:
        old = moment.collection("docs")
        for key in range(0, 70, 2):
            docs.upsert(key, [0.0], {"text": "other"})
        docs.delete(range(1, 70, 4))
        for key in range(100, 180):
            add(docs, {key: "more"})
        assert_searches(old, texts, ["w3", "word", "other", "w1 w2"])
        with pytest.raises(vdb.SnapshotWriteError):
            old.add(1, [0.0])


def test_statistics_do_not_depend_on_when_segments_were_merged(db, monkeypatch):
    chance = random.Random(5)
    texts = {key: some_text(chance) or "ba" for key in range(90)}
    one, other = make(db, "one"), make(db, "other")
    add(one, texts)
    monkeypatch.setattr(merging, "MOST_BYTES", 0)
    monkeypatch.setattr(merging, "SHARE", 0)
    for key, text in texts.items():
        add(other, {key: text})
    assert len(header_of(db, one).segments) == 1
    assert len(header_of(db, other).segments) > merging.FACTOR
    for query in QUERIES:
        assert list(one.search_text(query, 100)) == list(other.search_text(query, 100))


def test_segments_stay_few_however_documents_come(db):
    docs = make(db)
    for key in range(300):
        add(docs, {key: "some words of a text"})
    header = header_of(db, docs)
    assert header.documents == 300
    assert len(header.segments) < 3 * merging.FACTOR
    docs.delete(range(299))
    assert sum(line.deleted for line in header_of(db, docs).segments) <= 1
    docs.delete(299)
    assert header_of(db, docs).segments == []


def test_ties_are_ordered_by_id_and_pages_fit_together(db):
    docs = make(db)
    add(docs, dict.fromkeys(reversed(range(50)), "same words"))
    assert docs.search_text("same", 5).ids.tolist() == [0, 1, 2, 3, 4]
    pages = [docs.search_text("same", 7, offset=at).ids.tolist() for at in range(0, 56, 7)]
    assert [key for page in pages for key in page] == list(range(50))


def test_hits_say_which_scores_are_better_and_have_no_cursor(db):
    docs = make(db)
    add(docs, {"a": "ba ce", "b": "ba"})
    hits = docs.search_text("ba", 1)
    assert repr(hits).startswith("<Hits: 1, metric=bm25, scores=native (higher is better) ['b': ")
    assert "lower is better" in repr(docs.search_text("ba", 1, scores="fts5"))
    assert "higher is better" in hits._repr_html_()
    assert hits.cursor is None
    assert hits.to_arrow().num_rows == len(hits[:1]) == 1
    assert list(db.check()) == []


def test_filters_are_exact_and_never_give_too_few(db):
    docs = make(db, n="int")
    docs.add(range(200), np.zeros((200, 1)), [{"text": f"tea w{i}", "n": i} for i in range(200)])
    hits = docs.search_text("tea", 10, where={"n": {"$gte": 190}})
    assert sorted(hits.ids.tolist()) == list(range(190, 200))
    assert docs.search_text("tea", 10, where={"text": "tea w7"}).ids.tolist() == [7]
    none = docs.search_text("tea", where={"nope": 1})
    assert len(none) == 0
    assert "nope" in none.plan.reason


def test_thresholds_cut_in_the_direction_of_the_convention(db):
    docs = make(db)
    texts = {i: "tea " * (i + 1) for i in range(5)} | {9: "coffee milk"}
    add(docs, texts)
    best = docs.search_text("tea", 3)
    bound = best[1].score
    assert docs.search_text("tea", None, threshold=bound).ids.tolist() == best.ids[:2].tolist()
    low = docs.search_text("tea", 10, scores="fts5")
    assert low.direction == "lower"
    assert np.all(low.scores[:-1] <= low.scores[1:])
    assert len(docs.search_text("tea", 10, scores="fts5", threshold=low[0].score)) >= 1


def test_phrases_and_prefixes_find_what_they_say(db):
    docs = make(db)
    add(docs, {1: "black tea leaves", 2: "tea black", 3: ["black", "tea"], 4: "teapots"})
    assert docs.search_text('"black tea"').ids.tolist() == [1]
    assert sorted(docs.search_text("tea*").ids.tolist()) == [1, 2, 3, 4]
    plain = make(db, "plain", vdb.Text(positions=False))
    add(plain, {1: "black tea"})
    assert plain.search_text("black tea", operator="and").ids.tolist() == [1]
    with pytest.raises(InvalidArgumentError, match="positions"):
        plain.search_text('"black tea"')


class TestNotStored:
    """Texts that payloads do not keep."""

    def test_payloads_lose_the_text_and_words_stay(self, db):
        docs = make(db, text=vdb.Text(stored=False))
        add(docs, {1: "black tea", 2: "green tea"})
        assert docs.get(1).payload == {}
        docs.update_payloads(1, {"n": 5})
        assert docs.search_text("black").ids.tolist() == [1]
        assert docs.update_payloads([1, 2], {"text": "coffee"}) == 2
        assert docs.search_text("black").ids.tolist() == []
        assert sorted(docs.search_text("coffee").ids.tolist()) == [1, 2]
        assert docs.get(1).payload == {"n": 5}
        assert docs.update_payloads(1, {"text": vdb.REMOVE}) == 1
        assert docs.search_text("coffee").ids.tolist() == [2]
        docs.set_payloads(2, {"n": 1})
        assert docs.search_text("coffee").ids.tolist() == []

    def test_inside_a_map(self, db):
        docs = db.create_collection(
            "d", dim=1, metric="l2", fields={"page.text": vdb.Text(stored=False)}
        )
        docs.add(1, [0.0], {"page": {"text": "tea", "n": 1}})
        assert docs.get(1).payload == {"page": {"n": 1}}
        docs.update_payloads(1, {"page": {"n": 2}})  # replaces what has the text in it
        assert len(docs.search_text("tea")) == 0

    def test_is_refused_where_there_are_records(self, db):
        docs = db.create_collection("d", dim=1, metric="l2")
        docs.add(1, [0.0], {"text": "tea"})
        with pytest.raises(InvalidArgumentError, match="stored"):
            docs.index_field("text", vdb.Text(stored=False))
        assert docs.info().text_fields == {}


class TestOnline:
    """Declaring a text field of a collection that has records."""

    def test_is_built_over_several_commits_while_others_write(self, db, monkeypatch):
        monkeypatch.setattr(declaration, "_RECORDS_AT_ONCE", 7)
        docs = db.create_collection("d", dim=1, metric="l2")
        texts = {key: f"w{key % 5} text" for key in range(40)}
        add(docs, texts)
        real, calls = declaration._build, []

        def build(*arguments):
            calls.append(1)
            done = real(*arguments)
            if len(calls) == 2:
                threading.Timer(0.0, write).start()
            return done

        def write():
            docs.upsert(3, [0.0], {"text": "changed"})
            docs.upsert(39, [0.0], {"text": "changed too"})
            docs.delete([0, 38])
            add(docs, {50: "new"})
            written.set()

        written = threading.Event()
        monkeypatch.setattr(declaration, "_build", build)
        docs.index_field("text", vdb.Text())
        assert written.wait(10)
        texts |= {3: "changed", 39: "changed too", 50: "new"}
        del texts[0], texts[38]
        assert len(calls) >= 6
        assert_searches(docs, texts, ["w1", "changed", "text", "new too"])

    def test_goes_on_after_an_interruption_and_is_not_searched_before(self, db, monkeypatch):
        monkeypatch.setattr(declaration, "_RECORDS_AT_ONCE", 10)
        docs = db.create_collection("d", dim=1, metric="l2")
        texts = {key: f"w{key % 5} text" for key in range(35)}
        add(docs, texts)
        real = declaration._build
        calls = []

        def fails(*arguments):
            calls.append(1)
            if len(calls) == 3:
                raise KeyboardInterrupt
            return real(*arguments)

        monkeypatch.setattr(declaration, "_build", fails)
        with pytest.raises(KeyboardInterrupt):
            docs.index_field("text", "text")
        assert docs.info().unfinished_fields == ("text",)
        with pytest.raises(InvalidArgumentError, match="not complete"):
            docs.search_text("text")
        docs.delete(2)
        del texts[2]
        assert not db.check()
        docs.index_field("text", vdb.Text())
        assert_searches(docs, texts, ["w1", "text"])
        docs.index_field("text", vdb.Text())  # once more changes nothing

    def test_a_record_that_holds_no_text_leaves_nothing_declared(self, db):
        docs = db.create_collection("d", dim=1, metric="l2")
        docs.add([1, 2], np.zeros((2, 1)), [{"text": "tea"}, {"text": 5}])
        with pytest.raises(InvalidPayloadError, match="record 2"):
            docs.index_field("text", vdb.Text())
        assert docs.info().text_fields == {}
        docs.add(3, [0.0], {"text": 7})

    def test_a_dropped_field_leaves_nothing_behind(self, db):
        docs = make(db)
        add(docs, {1: "tea"})
        docs.drop_field("text")
        with pytest.raises(NotFoundError, match="no text field"):
            docs.search_text("tea")
        with db._environment.snapshot() as reader:
            assert not [key for key, _ in reader.items(b"\x41")]
            assert not [key for key, _ in reader.items(b"\x42")]
        docs.index_field("text", "text")
        assert docs.search_text("tea").ids.tolist() == [1]

    def test_all_within_one_batch(self, db):
        docs = db.create_collection("d", dim=1, metric="l2")
        add(docs, {1: "tea"})
        with db.batch():
            docs.index_field("text", vdb.Text())
            assert docs.search_text("tea").ids.tolist() == [1]
            docs.clear()
            assert len(docs.search_text("tea")) == 0
            add(docs, {2: "tea"})
            assert docs.search_text("tea").ids.tolist() == [2]


class TestAnalyzers:
    """Whose words are indexed is stored, and another analyzer is refused."""

    @staticmethod
    def halves(version="1"):
        return analyzer(lambda text: text.split("/"), name="halves", version=version)

    def test_one_of_ones_own_is_given_again_when_the_database_is_opened(self, path):
        with vdb.open(path) as db:
            docs = make(db, text=vdb.Text(self.halves()))
            add(docs, {1: "black/tea"})
            assert docs.search_text("black").ids.tolist() == [1]
        with vdb.open(path) as db:
            with pytest.raises(AnalyzerMismatchError, match="halves") as caught:
                db["docs"].search_text("tea")
            assert caught.value.expected == ("halves", "1")
            with pytest.raises(AnalyzerMismatchError):
                add(db["docs"], {2: "x/y"})
            assert len(db["docs"]) == 1
            db["docs"].delete(99)
        with vdb.open(path, analyzers=self.halves("2")) as db:
            with pytest.raises(AnalyzerMismatchError, match="version '2'") as caught:
                db["docs"].search_text("tea")
            assert caught.value.received == ("halves", "2")
        with vdb.open(path, analyzers=[self.halves()]) as db:
            assert db["docs"].search_text("tea").ids.tolist() == [1]
            with db.snapshot() as moment:
                assert moment.collection("docs").search_text("tea").ids.tolist() == [1]

    def test_one_with_a_name_in_another_version_is_refused(self, db, monkeypatch):
        docs = make(db)
        add(docs, {1: "tea"})
        later = analyzer(lambda text: text.split(), name="later", version="77")
        monkeypatch.setattr(analysis, "named_analyzer", lambda name: later)
        with pytest.raises(AnalyzerMismatchError, match=r"'simple' version '1', not of .* '77'"):
            docs.search_text("tea")
        with pytest.raises(AnalyzerMismatchError):
            docs.update_payloads(1, {"text": "coffee"})
        docs.delete(1)  # needs no words

    @pytest.mark.parametrize("value", [5, None, len, object(), b"simple"])
    def test_what_is_no_analyzer_is_refused(self, value):
        with pytest.raises(ArgumentTypeError, match="analyzer"):
            vdb.Text(value)

    def test_an_unknown_name_is_refused_with_the_names(self, db):
        with pytest.raises(InvalidArgumentError, match="did you mean 'english'"):
            make(db, text=vdb.Text("englsh"))
        assert db.collections() == []


class TestBadInput:
    """It is refused by name, and nothing is changed."""

    @pytest.mark.parametrize("value", [5, 1.5, True, {"a": 1}, [1], ["a", None], [["a"]]], ids=repr)
    def test_a_value_that_is_no_text(self, db, value):
        docs = make(db)
        add(docs, {1: "tea"})
        commit = db.info().commit
        with pytest.raises(InvalidPayloadError, match=r"payloads\[1\]\['text'\]") as caught:
            docs.upsert([1, 2], np.zeros((2, 1)), [{"text": "x"}, {"text": value}])
        assert (caught.value.row, caught.value.path) == (1, "['text']")
        with pytest.raises(InvalidPayloadError, match="record 1"):
            docs.update_payloads(1, {"text": value})
        assert db.info().commit == commit
        assert docs.search_text("tea").ids.tolist() == [1]

    def test_lone_surrogates_are_refused_and_long_texts_are_taken(self, db):
        docs = make(db)
        with pytest.raises(InvalidPayloadError):
            add(docs, {1: "tea \ud800"})
        with pytest.raises(InvalidPayloadError):
            add(docs, {1: "x" * (1 << 20)})
        add(docs, {1: "tea " * 250_000, 2: "y" * 1_000_000})
        assert docs.search_text("tea").ids.tolist() == [1]
        assert len(docs.search_text("tea \ud800")) == 1  # no word of any text

    @pytest.mark.parametrize("query", ["", " ", "...", "\n\t", "*", '""', '"'])
    def test_a_query_without_words_has_no_hits(self, db, query):
        docs = make(db)
        add(docs, {1: "tea"})
        assert len(docs.search_text(query)) == 0

    def test_arguments_that_cannot_be_meant(self, db):
        docs = make(db)
        for arguments, error in [
            ({"k": 0}, InvalidArgumentError),
            ({"k": None}, InvalidArgumentError),
            ({"k": "3"}, ArgumentTypeError),
            ({"operator": "xor"}, InvalidArgumentError),
            ({"scores": "nobody"}, InvalidArgumentError),
            ({"offset": -1}, InvalidArgumentError),
            ({"threshold": float("nan")}, InvalidArgumentError),
            ({"field": "title"}, NotFoundError),
            ({"field": 3}, ArgumentTypeError),
            ({"with_payloads": "yes"}, ArgumentTypeError),
            ({"where": {"$bad": 1}}, vdb.InvalidFilterError),
            ({"limit": 3}, ArgumentTypeError),
        ]:
            with pytest.raises(error):
                docs.search_text("tea", **arguments)
        with pytest.raises(ArgumentTypeError, match="query"):
            docs.search_text(None)

    def test_a_collection_without_text_fields_and_one_with_two(self, db):
        plain = db.create_collection("plain", dim=1, metric="l2")
        with pytest.raises(NotFoundError, match="index_field"):
            plain.search_text("tea")
        two = make(db, title=vdb.Text())
        two.add(1, [0.0], {"text": "tea", "title": "coffee"})
        with pytest.raises(InvalidArgumentError, match="field="):
            two.search_text("tea")
        assert two.search_text("coffee", field="title").ids.tolist() == [1]
        assert len(two.search_text("coffee", field="text")) == 0

    def test_an_existing_collection_must_have_the_same_text_fields(self, db):
        make(db)
        options = {"dim": 1, "metric": "l2", "exist_ok": True}
        db.create_collection("docs", fields={"text": vdb.Text()}, **options)
        db.create_collection("docs", fields={"text": "text"}, **options)
        for other in (vdb.Text("whitespace"), vdb.Text(stored=False), "keyword"):
            with pytest.raises(InvalidArgumentError, match="text"):
                db.create_collection("docs", fields={"text": other}, **options)
        with pytest.raises(InvalidArgumentError, match="title"):
            db.create_collection("docs", fields={"title": vdb.Text()}, **options)


def test_the_dict_that_tests_compare_with_knows_words_from_each_other():
    hits = ranking({1: "tea", 2: "tea tea coffee", 3: None, 4: ""}, "tea")
    assert [key for key, _ in hits] == [1, 2] or [key for key, _ in hits] == [2, 1]
    assert ranking({1: "tea"}, "coffee") == []


@pytest.mark.parametrize("row", vdb.lexical.conventions(), ids=lambda row: row.name)
def test_every_convention_scores_as_its_reference_over_what_lives(db, row):
    chance = random.Random(3)
    docs = make(db)
    texts = {key: some_text(chance) for key in range(60)}
    add(docs, texts)
    docs.delete(range(0, 60, 7))
    texts = {key: text for key, text in texts.items() if key % 7 and text is not None}
    simple = analyzer("simple")
    documents = [
        [word for part in ([text] if type(text) is str else text) for word in simple.terms(part)]
        for text in texts.values()
    ]
    for query in ["ba", "ba ce ba", "fi fi ga da"]:
        scores = vdb.lexical.score(query.split(), documents, row.name)
        hits = docs.search_text(query, 100, scores=row.name)
        assert hits.scores.dtype == row.dtype
        assert (hits.convention, hits.direction) == (row.name, row.direction)
        expected = dict(zip(texts, scores.tolist(), strict=True))
        assert {hit.id: hit.score for hit in hits} == {
            hit.id: pytest.approx(expected[hit.id], rel=1e-6) for hit in hits
        }
        words = set(query.split())
        matching = {key for key, one in zip(texts, documents, strict=True) if words & set(one)}
        assert matching <= set(hits.ids.tolist())
