"""`vdb scores`: the table, one row of it, a conversion and its steps."""

import pytest

import vdb


def test_a_score_in_another_convention(run):
    ran = run("scores", "0.83", "--metric", "cosine", "--from", "elasticsearch", "--to", "native")
    assert (ran.status, ran.out, ran.err) == (0, "0.66\n", "")


def test_the_steps_with_the_numbers_put_in(run):
    ran = run("scores", "-2", "--metric", "ip", "--from", "vsag", "--to", "lucene", "--explain")
    assert ran.out.splitlines() == [
        "vsag: inner product = 1 - s = 1 - (-2) = 3",
        (
            "lucene: score = q.v + 1 if q.v >= 0 else 1 / (1 - q.v)"
            " = 3 + 1 if 3 >= 0 else 1 / (1 - 3) = 4"
        ),
        "4",
    ]
    options = ("--dim", "64", "--metric", "hamming", "--from", "elasticsearch", "--explain")
    assert "n * (1 - s) = 64 * (1 - 0.5) = 32" in run("scores", "0.5", *options).out


def test_a_conversion_as_json(run):
    options = ("--metric", "l2", "--to", "faiss", "--from", "pgvector", "--json")
    assert run("scores", "3", *options).json == {
        "metric": "l2",
        "from": "pgvector",
        "score": 3.0,
        "to_metric": "l2",
        "to": "faiss",
        "result": 9.0,
    }
    assert len(run("scores", "3", *options, "--explain").json["steps"]) == 2


def test_another_metric_needs_unit_vectors(run):
    options = ("--metric", "cosine", "--to-metric", "l2", "--to", "pgvector")
    assert run("scores", "0.5", *options).failed_with("--to-metric must be", "--unit-norms says")
    assert run("scores", "0.5", *options, "--unit-norms").out == "1\n"


def test_the_table_and_its_filters(run):
    table = run("scores", "--metric", "l1")
    assert table.status == 0 and "|q - v|_1" in table.out and "cosine" not in table.out
    rows = run("scores", "--json").json["conventions"]
    assert len(rows) > 120
    rows = run("scores", "--engine", "azure", "--json").json["conventions"]
    assert [(row["metric"], row["called_there"]) for row in rows] == [
        ("cosine", "cosine, @search.score")
    ]


def test_everything_about_one_row(run):
    out = run("scores", "--engine", "zvec", "--metric", "l2", "--explain").out
    assert "zvec, metric l2" in out and "0 or less is ignored" in out and "zvec 0.8.0" in out


@pytest.mark.parametrize(
    ("given", "parts"),
    [
        (("1",), ("--metric must be given",)),
        (("x", "--metric", "l2"), ("SCORE",)),
        (("7", "--metric", "cosine", "--from", "lucene"), ("score must be between 0 and 1",)),
        (("0", "--metric", "dot", "--from", "lucene"), ("does not tell",)),
        (("1", "--metric", "l2", "--to", "azure"), ("--to must be", "which exists for cosine")),
        (("1", "--metric", "l3"), ("--metric must be", "'l2'")),
        (("nan", "--metric", "l2"), ("SCORE must be a number",)),
        (("1", "--metric", "l2", "--engine", "faiss"), ("--engine must not be", "--from and --to")),
        (("--from", "faiss", "--dim", "3"), ("SCORE is missing", "--from, --dim")),
        (("1", "--metric", "hamming", "--to", "lucene"), ("dimensions is needed", "--dim says it")),
        (("--engine", "foo"), ("--engine must be", "zvec")),
        (("--engine", "azure", "--metric", "l2"), ("--engine must be", "exists for cosine")),
    ],
)
def test_what_cannot_be_meant_is_one_line(run, given, parts):
    assert run("scores", *given).failed_with(*parts)


def test_names_in_json_have_no_blanks(run):
    for row in run("scores", "--json").json["conventions"]:
        assert all(name == name.lower() and " " not in name for name in row)


def test_lexical_shows_how_engines_score_words(run):
    ran = run("scores", "--lexical")
    assert (ran.status, ran.err) == (0, "")
    assert all(row.name in ran.out for row in vdb.lexical.conventions())
    one = run("scores", "--lexical", "--engine", "fts5")
    assert "0.000001" in one.out and "lower" in one.out
    assert run("scores", "--lexical", "--json").json["conventions"][0]["convention"] == "native"
    assert run("scores", "--lexical", "--engine", "lucen").failed_with("did you mean 'lucene'?")
    assert run("scores", "0.5", "--lexical").failed_with("SCORE must not be given with --lexical")
