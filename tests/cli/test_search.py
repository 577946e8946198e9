"""`vdb search` finds what the library finds, from a file, standard input or a stored id."""

import json

import numpy as np
import pytest

import vdb
from vdb.api import database


@pytest.fixture
def file(tmp_path, vectors):
    """The vectors of the collection as a .npy file."""
    np.save(tmp_path / "q.npy", vectors)
    return tmp_path / "q.npy"


def ids(ran):
    assert ran.status == 0, ran.err
    return [hit["id"] for hit in ran.json["hits"]]


def expected(path, name, query, k):
    with database.open(path, read_only=True) as db:
        return [hit.id for hit in db.collection(name).search(query, k, exact=True)]


def test_a_row_of_a_file(run, untouched, file, vectors):
    found = ids(run("search", untouched, "notes", "--vector", f"{file}:3", "-k", 5, "--json"))
    assert found == expected(untouched, "notes", vectors[3], 5)
    assert found[0] == "note-3"


def test_a_file_of_one_vector_needs_no_row(run, untouched, tmp_path, vectors):
    for name, array in {"one.npy": vectors[4], "row.npy": vectors[4:5].astype("f8")}.items():
        np.save(tmp_path / name, array)
        ran = run("search", untouched, "notes", "--vector", tmp_path / name, "--json")
        assert ids(ran)[0] == "note-4"


def test_standard_input(run, untouched, vectors):
    text = json.dumps(vectors[5].tolist())
    ran = run("search", untouched, "numbers", "--vector", "-", "--json", stdin=text)
    assert ids(ran) == expected(untouched, "numbers", vectors[5], 10)


def test_a_stored_record_of_either_kind_of_id(run, untouched, vectors):
    assert ids(run("search", untouched, "notes", "--id", "note-6", "--json"))[0] == "note-6"
    found = ids(run("search", untouched, "numbers", "--id", "6", "--json"))
    assert found == expected(untouched, "numbers", vectors[6], 10)


def test_the_model_of_the_query_is_checked(run, place, vectors):
    with database.open(place) as db:
        db.create_collection("docs", dim=8, metric="l2", model="small").add([1], vectors[:1])
    query = ("search", place, "docs", "--id", 1)
    assert ids(run(*query, "--model", "small", "--json")) == [1]
    assert run(*query, "--model", "large").failed_with("'small'", "not 'large'")


def test_exact_and_ef_and_k(run, untouched):
    ran = run("search", untouched, "notes", "--id", "note-1", "-k", 3, "--exact", "--json")
    assert len(ids(ran)) == 3
    query = ("search", untouched, "notes", "--id", "note-1")
    assert len(ids(run(*query, "-k", 3, "--ef", 50, "--json"))) == 3
    assert run(*query, "--ef", 50, "--exact").failed_with("--exact", "leave out --ef")


def test_a_threshold_without_k_finds_all_that_pass(run, untouched, vectors):
    ran = run("search", untouched, "notes", "--id", "note-1", "--threshold", "0.1", "--json")
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    assert len(ids(ran)) == np.count_nonzero(unit @ unit[1] >= 0.1)


def test_no_hits_are_one_line_without_a_frame(run, untouched):
    ran = run("search", untouched, "notes", "--id", "note-1", "--threshold", "1.5")
    assert ran.status == 0
    assert ran.out.count("\n") == 1
    assert ran.out.startswith("notes: 0 nearest")


def test_the_help_says_that_a_threshold_may_miss_some_and_what_does_not(run):
    text = " ".join(run("search", "--help").out.split())
    assert "all found within" in text
    assert "with --exact it is all there are" in text


def test_json_holds_everything(run, untouched):
    ran = run("search", untouched, "notes", "--id", "note-2", "-k", 1, "--json")
    assert ran.json["metric"] == "cosine"
    assert ran.json["closer"] == "higher"
    hit = ran.json["hits"][0]
    assert (hit["rank"], hit["id"]) == (1, "note-2")
    assert hit["payload"] == {"text": "the text of note 2", "i": 2}
    assert hit["value"] == pytest.approx(1)


def test_a_table_shows_the_text(run, untouched):
    ran = run("search", untouched, "notes", "--id", "note-2", "-k", 2)
    assert ran.status == 0, ran.err
    assert "note-2" in ran.out
    assert "the text of note 2" in ran.out
    assert all(len(text) <= 100 for text in ran.out.splitlines())


def test_a_long_text_is_cut_only_where_there_is_a_width_to_cut_it_to(run, filled, monkeypatch):
    with database.open(filled) as db:
        db.collection("notes").set_payloads("note-2", {"text": "word " * 1000})
    whole = run("search", filled, "notes", "--id", "note-2", "-k", 1).out
    row = next(text for text in whole.splitlines() if "word" in text)
    assert row.split() == ["1", "note-2", "1", "1", *["word"] * 1000]
    monkeypatch.setenv("COLUMNS", "80")
    out = run("search", filled, "notes", "--id", "note-2", "-k", 1).out
    row = next(text for text in out.splitlines() if "word" in text)
    assert row.split()[:5] == ["1", "note-2", "1", "1", "word"]
    assert row.rstrip().endswith("…")
    monkeypatch.setenv("COLUMNS", "20")
    narrow = run("search", filled, "notes", "--id", "note-2", "-k", 1).out
    assert "note-2" in narrow
    assert len(row) <= 100


def test_a_table_can_show_another_field(run, untouched):
    out = run("search", untouched, "notes", "--id", "note-2", "-k", 1, "--show", "i").out
    assert "the text" not in out


def test_a_payload_cannot_drive_the_terminal(run, filled):
    with database.open(filled) as db:
        db.collection("notes").set_payloads("note-2", {"text": "\x1b[31mred\x07 [bold]b[/bold]"})
    out = run("search", filled, "notes", "--id", "note-2", "-k", 1).out
    assert "\x1b" not in out
    with database.open(filled) as db:
        db.collection("notes").set_payloads("note-2", "a\x9b31m\x7fb")
    ran = run("search", filled, "notes", "--id", "note-2", "-k", 1, "--json")
    assert "\x9b" not in ran.out
    assert ran.json["hits"][0]["payload"] == "a\x9b31m\x7fb"
    assert "\\x1b[31mred\\x07 [bold]b[/bold]" in out


@pytest.mark.parametrize(
    ("options", "part"),
    [
        ([], "--vector"),
        (["--id", "note-1", "--vector", "-"], "--vector"),
        (["--vector", ""], "--vector is empty"),
        (["--vector", ":3"], "no file"),
        (["--id", "note-99"], "note-99"),
        (["--vector", "nowhere.npy"], "nowhere.npy"),
        (["--vector", "{file}"], "30 rows"),
        (["--vector", "{file}:30"], "row 30"),
        (["--vector", "{file}:-1"], "{file}:-1"),
        (["--id", "note-1", "-k", "0"], "k"),
        (["--id", "note-1", "--scores", "nobody"], "nobody"),
        (["--id", "note-1", "--threshold", "nan"], "threshold"),
    ],
)
def test_what_cannot_be_meant_is_refused(run, untouched, file, options, part):
    filled_in = [option.format(file=file) for option in options]
    assert run("search", untouched, "notes", *filled_in).failed_with(part.format(file=file))


@pytest.mark.parametrize(
    "text",
    [
        *("", "{}", "[[1, 2]]", '["a"]', "[true]", "[1, 2", "[NaN]", "[1e999]", "[1, 2]"),
        *("[" * 100_000, "[" + "9" * 400 + "]"),
    ],
    ids=lambda text: text[:8],
)
def test_nonsense_on_standard_input_is_one_line(run, untouched, text):
    assert run("search", untouched, "notes", "--vector", "-", stdin=text).failed_with()


def test_a_word_is_no_number_where_ids_are_numbers(run, untouched):
    assert run("search", untouched, "numbers", "--id", "six").failed_with("six")


def test_an_unknown_collection_is_named(run, untouched):
    assert run("search", untouched, "nothing", "--id", "a").failed_with("nothing")


def test_an_empty_collection_has_no_hits(run, place, tmp_path):
    np.save(tmp_path / "q.npy", np.ones(3))
    assert run("create", place, "empty", "--dim", 3, "--metric", "l2").status == 0
    found = run("search", place, "empty", "--vector", tmp_path / "q.npy", "--json")
    assert found.json["hits"] == []
    assert run("search", place, "empty", "--vector", tmp_path / "q.npy").status == 0
    assert run("search", place, "empty", "--id", "x").failed_with("x")


def test_a_filter_as_json(run, untouched):
    found = run(
        "search",
        untouched,
        "notes",
        "--id",
        "note-1",
        "--where",
        '{"text": {"$prefix": ""}}',
        "--json",
    )
    assert len(ids(found)) == 10
    found = run("search", untouched, "notes", "--id", "note-1", "--where", '{"text": 5}', "--json")
    assert ids(found) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "--where is not JSON"),
        ("[1]", "expected a dict"),
        ('{"n": NaN}', "is not JSON: it has NaN"),
        ('{"n": 1, "n": 2}', "has the name 'n' twice"),
        ('{"n": {"$ge": 1}}', "no operator '$ge'"),
        ("[" * 5000, "--where"),
    ],
)
def test_a_filter_that_cannot_be_meant_is_one_line(run, untouched, text, said):
    ran = run("search", untouched, "notes", "--id", "note-1", "--where", text)
    assert ran.status == 1 and said in ran.err and ran.err.count("\n") == 1


def test_the_best_hit_is_explained(run, untouched):
    ran = run("search", untouched, "notes", "--id", "note-2", "-k", 2, "--explain")
    assert ran.status == 0, ran.err
    assert "record note-2" in ran.out
    assert "q.v / (|q| |v|)" in ran.out
    assert "1 of 30" in ran.out
    assert "plan: graph: no filter" in ran.out


def test_the_best_hit_is_explained_among_those_that_pass(run, untouched):
    options = ("--id", "note-2", "-k", 2, "--where", '{"text": {"$exists": true}}')
    ran = run("search", untouched, "notes", *options, "--explain")
    assert ran.status == 0, ran.err
    assert "1 of 30 that pass the filter" in ran.out
    told = run("search", untouched, "notes", *options, "--explain", "--json").json["explanation"]
    assert (told["rank"], told["place"], told["matches"]) == (1, 1, 30)


def test_any_record_can_be_explained(run, untouched):
    options = ("--id", "2", "-k", 2, "--explain-id", "7", "--json")
    found = run("search", untouched, "numbers", *options).json
    assert found["explanation"]["id"] == 7
    assert found["explanation"]["metric"] == "ip"
    ran = run("search", untouched, "numbers", "--id", "2", "--explain-id", "70")
    assert ran.failed_with("no record 70")


def test_nothing_found_is_nothing_to_explain(run, untouched):
    options = ("--id", "note-1", "--threshold", "1.5", "--explain")
    assert "record" not in run("search", untouched, "notes", *options).out


def test_the_plan_is_told(run, untouched):
    options = ("--id", "note-1", "--where", '{"text": {"$exists": true}}', "--explain")
    assert (
        "plan: exact: 30 records pass (100.000%), 30 compared"
        in run("search", untouched, "notes", *options).out
    )
    plan = run("search", untouched, "notes", *options, "--json").json["plan"]
    assert (plan["strategy"], plan["matches"], plan["selectivity"]) == ("exact", 30, 1.0)


def test_a_field_that_no_payload_has_is_an_empty_column(run, filled):
    query = ("search", filled, "notes", "--id", "note-2", "-k", 1)
    out = run(*query, "--show", "nofield").out
    assert "nofield" in out and "the text of note" not in out
    assert "the text of note 2" in run(*query).out
    with database.open(filled) as db:
        db.collection("notes").set_payloads("note-2", {"title": "a title"})
    heading, row = (line for line in run(*query).out.splitlines() if "rank" in line or "{" in line)
    assert heading.split()[-1] == "payload"
    assert '{"title": "a title"}' in row


def test_numbers_that_are_none_are_quoted(run, untouched):
    query = ("search", untouched, "notes", "--id", "note-2")
    assert run(*query, "-k", "1e3").failed_with("-k", "expected a whole number, got '1e3'")
    assert run(*query, "--threshold", "near").failed_with("--threshold", "got 'near'")
    assert run("scores", "abc").failed_with("SCORE", "got 'abc'")
    assert run("bench", untouched, "notes", "--threads", 0).failed_with("above 0, got '0'")


def test_a_misspelt_field_is_named_where_nothing_passes(run, untouched):
    given = ("search", untouched, "notes", "--id", "note-1", "--where", '{"txet": "a"}')
    said = " ".join(run(*given).out.split())
    assert "nothing passes; no field 'txet' in any record; one has 'text'" in said
    found = run(*given, "--json")
    assert ids(found) == []
    assert "did you mean 'text'?" in found.json["plan"]["reason"]


def test_a_misspelt_field_is_named_where_everything_passes(run, untouched):
    given = ("search", untouched, "notes", "--id", "note-1", "--where", '{"$not": {"txet": "a"}}')
    said = " ".join(run(*given).out.split())
    assert "everything passes; no field 'txet' in any record; one has 'text'" in said
    assert "did you mean 'text'?" in run(*given, "--json").json["plan"]["reason"]


def test_more_like_stored_records(run, untouched, vectors):
    found = ids(run("search", untouched, "notes", "--like", "note-6", "-k", 5, "--json"))
    with database.open(untouched, read_only=True) as db:
        notes = db.collection("notes")
        assert found == notes.more_like("note-6", 5).ids.tolist()
        several = notes.more_like(["note-6", "note-7"], 5, not_like=["note-1"]).ids.tolist()
    query = ("--like", "note-6", "--like", "note-7", "--not-like", "note-1")
    assert ids(run("search", untouched, "notes", *query, "-k", 5, "--json")) == several
    for wrong, text in (
        (("--like", "nobody"), "--like: collection 'notes' has no record 'nobody'"),
        (
            ("--like", "note-1", "--not-like", "nobody"),
            "--not-like: collection 'notes' has no record 'nobody'",
        ),
        (("--like", "note-1", "--id", "note-2"), "--like and --id do not go together"),
        (("--like", "note-1", "--explain"), "--like and --explain do not"),
        (("--id", "note-1", "--not-like", "note-2"), "--not-like goes with --like"),
        ((), "give one of --vector, --id and --like"),
    ):
        assert run("search", untouched, "notes", *wrong).failed_with(text)


def test_more_like_goes_with_pages_variety_and_groups(run, untouched):
    like = ("search", untouched, "notes", "--like", "note-6", "--json")
    with database.open(untouched, read_only=True) as db:
        notes = db.collection("notes")
        field = next(iter(notes.get("note-6").payload))
        groups = notes.more_like("note-6", 3, group_by=field, per_group=2).values
        page = notes.more_like("note-6", 4, offset=3).ids.tolist()
        diverse = notes.more_like("note-6", 4, diversity=0.7).ids.tolist()
    assert ids(run(*like, "-k", 4, "--offset", 3)) == page
    assert ids(run(*like, "-k", 4, "--diversity", 0.7)) == diverse
    ran = run(*like, "-k", 3, "--group-by", field, "--per-group", 2)
    assert [group["value"] for group in json.loads(ran.out)["groups"]] == groups


def test_an_offset_leaves_out_the_best(run, untouched):
    query = ("search", untouched, "notes", "--id", "note-6", "--exact", "--json")
    assert ids(run(*query, "-k", 4, "--offset", 3)) == ids(run(*query, "-k", 7))[3:]
    assert run(*query, "--offset", -1).failed_with("--offset must be between 0")


def test_diversity_and_groups(run, untouched):
    query = ("search", untouched, "notes", "--id", "note-6")
    with database.open(untouched, read_only=True) as db:
        notes = db.collection("notes")
        vector = notes.get("note-6").vector
        diverse = notes.search(vector, 4, diversity=0.7).ids.tolist()
        field = next(iter(notes.get("note-6").payload))
        groups = notes.search(vector, 3, group_by=field, per_group=2)
    assert ids(run(*query, "-k", 4, "--diversity", 0.7, "--json")) == diverse
    ran = run(*query, "-k", 3, "--group-by", field, "--per-group", 2, "--json")
    assert [group["value"] for group in ran.json["groups"]] == groups.values
    assert ran.json["group_by"] == field
    assert [[hit["id"] for hit in group["hits"]] for group in ran.json["groups"]] == [
        group.hits.ids.tolist() for group in groups
    ]
    shown = run(*query, "-k", 3, "--group-by", field, "--explain")
    assert shown.status == 0 and "3 nearest groups" in shown.out and "plan: " in shown.out
    assert run(*query, "--diversity", 2).failed_with("diversity must be between 0 and 1")
    assert run(*query, "--per-group", 2).failed_with("--per-group belongs to --group-by")
    nothing = run(*query, "--group-by", "nowhere")
    assert nothing.status == 0 and "0 nearest groups" in nothing.out


# By words


@pytest.fixture
def drinks(place, vectors):
    """A collection with a text field."""
    texts = [f"note {'tea' if i % 3 else 'coffee'} number {i}" for i in range(30)]
    with database.open(place) as db:
        fields = {"text": vdb.Text()}
        docs = db.create_collection("drinks", dim=8, metric="cosine", fields=fields)
        docs.add(range(30), vectors, [{"text": text} for text in texts])
    return place


def test_words_alone(run, drinks):
    ran = run("search", drinks, "drinks", "--text", "coffee", "-k", 3, "--json")
    assert ids(ran) == [0, 3, 6]
    assert (ran.json["metric"], ran.json["scores"]) == ("bm25", "native")
    query = ("search", drinks, "drinks", "--text", "coffee", "--scores", "fts5")
    ran = run(*query, "--threshold", "-0.5")
    ran_explained = run(*query, "--explain")
    assert "record 0" in ran_explained.out and "idf" in ran_explained.out
    explained = run(*query, "--explain-id", 3, "--json").json["explanation"]
    with database.open(drinks, read_only=True) as db:
        docs = db.collection("drinks")
        assert explained["score"] == docs.explain_text("coffee", 3, scores="fts5").score
    assert "fts5, lower is better" in ran.out and "note coffee number 0" in ran.out


def test_words_and_a_vector_in_one_ranking(run, drinks, file, vectors):
    query = ("search", drinks, "drinks", "--text", "coffee", "--vector", f"{file}:4", "-k", 5)
    ran = run(*query, "--json")
    with database.open(drinks, read_only=True) as db:
        hits = db.collection("drinks").search_hybrid(text="coffee", vector=vectors[4], k=5)
    assert ids(ran) == hits.ids.tolist()
    assert ran.json["hits"][0]["lists"] == hits.to_dicts()[0]["lists"]
    assert (ran.json["fusion"], ran.json["better"], ran.json["window"]) == ("native", "higher", 100)
    ran = run(*query, "--fusion", "weaviate-relative", "--weights", "0.2, 0.8", "--explain")
    assert ran.status == 0, ran.err
    assert "5 best by weaviate-relative" in ran.out and "text rank" in ran.out
    assert "vector: rank 1, score" in ran.out


def test_the_parameters_of_a_fusion(run, drinks):
    query = ("search", drinks, "drinks", "--text", "coffee", "--fusion", "redis-rrf", "--json")
    ran = run(*query, "--parameter", "rank-constant=1.5", "--window", 4)
    assert ran.json["hits"][0]["score"] == 1 / 2.5 and len(ran.json["hits"]) == 4
    assert run(*query, "--parameter", "rank-constant").failed_with("NAME=VALUE")
    assert run(*query, "--parameter", "ef_runtime=3").failed_with("ef_runtime")
    assert run(*query, "--weights", "1,2").failed_with("redis-rrf has none")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--text", "a", "--ef", 5), "--text and --ef"),
        (("--text", "a", "--id", 5, "--explain-id", 5), "a fusion and --explain-id"),
        (("--text", "a", "--like", 5), "--like and --text"),
        (("--text", "a", "--id", 5, "--scores", "lucene"), "a fusion and --scores"),
        (("--id", 5, "--weights", "1,2"), "--weights goes with --fusion"),
        (("--id", 5, "--field", "text"), "--field goes with --text"),
        (("--fusion", "native"), "text or vector"),
        (("--text", "a", "--fusion", "natve"), "did you mean 'native'"),
        (("--text", "a", "--field", "title"), "title"),
    ],
)
def test_options_that_do_not_go_together_are_refused(run, drinks, options, message):
    assert run("search", drinks, "drinks", *options).failed_with(message)
