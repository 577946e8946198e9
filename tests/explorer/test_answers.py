"""What the page is told: neighbours, scores and records are those of the database."""

import json

import numpy as np
import pytest

import vdb
from vdb.explorer.answers import Answers
from vdb.model.metrics import METRICS

DIM = 8
HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "\u202eevil",
    "a\nb\x7fc",
    "",
]


@pytest.fixture
def db():
    with vdb.temporary() as database:
        yield database
        assert list(database.check()) == []


@pytest.fixture
def rows():
    return np.random.default_rng(3).normal(size=(300, DIM)).astype(np.float32)


@pytest.fixture
def docs(db, rows):
    collection = db.create_collection(
        "docs", dim=DIM, metric="cosine", fields={"year": "int"}, optional_vectors=True
    )
    vectors = [None if row == 7 else one for row, one in enumerate(rows)]
    payloads = [{"year": row, "text": f"text {row}"} for row in range(300)]
    collection.add([f"doc {row}" for row in range(300)], vectors, payloads)
    return collection


def nearest(rows, query, metric, keep):
    values = METRICS[metric].values(query, rows).astype(float)
    values[~keep] = np.nan
    order = np.argsort(values if METRICS[metric].direction == "lower" else -values, kind="stable")
    return [f"doc {row}" for row in order if keep[row]], values


@pytest.mark.parametrize("metric", ["cosine", "l2", "ip", "l1"])
@pytest.mark.parametrize("where", [None, {"year": {"$lt": 100}}])
def test_neighbours_under_any_metric_are_the_true_ones(db, docs, rows, metric, where):
    keep = np.ones(300, bool)
    keep[7] = False
    if where is not None:
        keep[100:] = False
    asked = {
        "like": "doc 42",
        "k": 12,
        "where": where,
        "sides": [{"exact": True}, {"metric": metric}],
    }
    made = Answers(db).neighbors("docs", json.loads(json.dumps(asked)))
    own, other = made["sides"]
    expected, values = nearest(rows, rows[42], metric, keep)
    assert [hit["id"] for hit in other["hits"]] == expected[:12]
    assert [hit["value"] for hit in other["hits"]] == pytest.approx(
        [values[int(one[4:])] for one in expected[:12]], rel=1e-5, abs=1e-6
    )
    assert [hit["id"] for hit in own["hits"]] == nearest(rows, rows[42], "cosine", keep)[0][:12]
    json.dumps(made, allow_nan=False)


def test_scores_are_those_of_the_convention(db, docs):
    sides = [
        {"convention": "elasticsearch", "exact": True},
        {"metric": "l2", "convention": "faiss"},
    ]
    own, other = Answers(db).neighbors("docs", {"like": "doc 1", "sides": sides})["sides"]
    hits = docs.search(docs.get("doc 1").vector, k=10, exact=True, scores="elasticsearch")
    assert [(hit["id"], hit["score"]) for hit in own["hits"]] == [(h.id, h.score) for h in hits]
    assert (other["convention"], other["direction"], other["hits"][0]["score"]) == (
        "faiss",
        "lower",
        0,
    )


def test_a_kept_generation_is_a_side(db, docs, rows):
    docs.rebuild(metric="l2", keep_previous=True)
    sides = [{"exact": True}, {"generation": "previous", "exact": True}]
    present, previous = Answers(db).neighbors("docs", {"like": "doc 42", "sides": sides})["sides"]
    keep = np.arange(300) != 7
    assert (present["metric"], previous["metric"]) == ("l2", "cosine")
    assert [hit["id"] for hit in present["hits"]] == nearest(rows, rows[42], "l2", keep)[0][:10]
    assert [hit["id"] for hit in previous["hits"]] == nearest(rows, rows[42], "cosine", keep)[0][
        :10
    ]


def test_a_histogram_counts_every_record_that_has_a_score(db, docs, rows):
    made = Answers(db).histogram("docs", {"like": "doc 42", "side": {"convention": "chroma"}})
    hits = docs.search(rows[42], k=None, threshold=2.0, scores="chroma", exact=True)
    scores = np.sort([hit.score for hit in hits])
    assert made["records"] == sum(made["counts"]) == len(scores) == 299
    assert made["direction"] == "lower"
    assert made["rank_scores"] == pytest.approx(
        scores[np.array(made["ranks"]) - 1].tolist(), abs=1e-6
    )
    for rank, threshold in list(zip(made["ranks"], made["rank_scores"], strict=True))[::40]:
        assert len(docs.search(rows[42], k=None, threshold=threshold, scores="chroma")) == rank


def test_records_come_page_by_page_and_whole_when_they_are_opened(db, docs):
    answers = Answers(db)
    seen, after = [], None
    while True:
        page = answers.records("docs", {"after": after})
        seen += [one["id"] for one in page["records"]]
        if not page["more"]:
            break
        after = seen[-1]
    assert seen == list(docs.ids())
    assert page["text_fields"] == ["text"]
    assert answers.records("docs", {"where": {"text": {"$icontains": "TEXT 29"}}})["matches"] == 11
    record = answers.record("docs", {"id": "doc 7"})
    assert (record["vector"], record["norm"], json.loads(record["payload"])["year"]) == (
        None,
        None,
        7,
    )
    assert answers.record("docs", {"id": "doc 8"})["vector"] == docs.get("doc 8").vector.tolist()


@pytest.mark.filterwarnings("error")
def test_a_filter_on_a_field_that_no_record_has_says_so_in_the_answer(db, docs):
    answers = Answers(db)
    made = answers.records("docs", {"where": '{"yaer": 7}'})
    assert (made["records"], made["matches"]) == ([], 0) and "yaer" in made["remark"]
    assert answers.records("docs", {"where": {"year": 7}})["remark"] is None
    assert answers.records("docs", {})["remark"] is None


def test_ids_keep_all_their_digits(db):
    docs = db.create_collection("ints", dim=2, metric="l2")
    largest = 2**63 - 1
    docs.add([-(2**63), 2**53 + 1, largest], [[0, 0], [1, 0], [2, 0]])
    answers = Answers(db)
    shown = [one["id"] for one in answers.records("ints", {})["records"]]
    assert shown == [str(-(2**63)), str(2**53 + 1), str(largest)]
    asked = {"like": str(2**53 + 1), "sides": [{}]}
    (side,) = answers.neighbors("ints", asked)["sides"]
    assert side["hits"][0]["id"] == shown[1]
    with pytest.raises(vdb.InvalidArgumentError, match="ids of ints are ints"):
        answers.record("ints", {"id": "one"})


@pytest.mark.parametrize("text", HOSTILE)
def test_texts_of_payloads_and_ids_go_as_they_are(db, text):
    docs = db.create_collection("odd", dim=2, metric="l2")
    docs.add([text or "none"], [[1, 2]], [{text or "field": text}])
    answers = Answers(db)
    (one,) = answers.records("odd", {})["records"]
    record = answers.record("odd", {"id": one["id"]})
    assert (record["id"], json.loads(record["payload"])) == (
        text or "none",
        {text or "field": text},
    )


def test_every_collection_is_described_also_empty_ones(db, docs):
    db.create_collection("open", dim="auto", metric="ip")
    db.create_collection("bits", dim=16, metric="hamming", dtype="bit", index=vdb.Flat()).add(
        [1, 2], np.array([[1, 2], [3, 4]], np.uint8)
    )
    answers = Answers(db)
    names = [one["name"] for one in answers.overview()["collections"]]
    assert names == ["bits", "docs", "open"]
    for name in names:
        json.dumps([answers.collection(name), answers.inspection(name)], allow_nan=False)
    assert set(answers.collection("bits")["metrics"]) == {
        row.name for row in METRICS.values() if "bit" in row.dtypes
    }
    made = answers.neighbors("bits", {"vector": [1, 2], "sides": [{}, {"metric": "hamming"}]})
    assert [hit["id"] for hit in made["sides"][0]["hits"]] == ["1", "2"]


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        ({"sides": [{}]}, vdb.VdbError),
        ({"like": "nobody", "sides": [{}]}, vdb.NotFoundError),
        ({"like": "doc 7", "sides": [{}]}, vdb.NotFoundError),
        ({"like": "doc 1"}, vdb.ArgumentTypeError),
        ({"like": "doc 1", "sides": [{"metric": "l7"}]}, vdb.InvalidArgumentError),
        ({"like": "doc 1", "sides": [{"metric": "hamming"}]}, vdb.InvalidArgumentError),
        ({"like": "doc 1", "sides": [{"convention": "none"}]}, vdb.InvalidArgumentError),
        ({"like": "doc 1", "sides": [{"generation": "previous"}]}, vdb.NotFoundError),
        ({"like": "doc 1", "sides": [{}], "k": 0}, vdb.InvalidArgumentError),
        ({"like": "doc 1", "sides": [{}], "where": {"a": {"$b": 1}}}, vdb.InvalidFilterError),
        ({"vector": [1, 2], "sides": [{}]}, vdb.DimensionMismatchError),
        ({"vector": "x", "sides": [{}]}, vdb.ArgumentTypeError),
        ({"vector": ["x"] * DIM, "sides": [{}]}, (vdb.VdbError, ValueError)),
    ],
)
def test_a_wrong_question_is_a_typed_error(db, docs, asked, error):
    with pytest.raises(error):
        Answers(db).neighbors("docs", asked)


def test_an_explanation_is_that_of_the_library(db, docs):
    made = Answers(db).explanation("docs", {"like": "doc 1", "id": "doc 2", "convention": "qdrant"})
    report = docs.explain(docs.get("doc 1").vector, "doc 2", scores="qdrant")
    assert (made["rank"], made["score"]) == (report.rank, report.score)
    assert [one["title"] for one in made["sections"]] == [one.title for one in report.sections]


def test_ints_that_javascript_cannot_hold_stay_as_they_are(db):
    docs = db.create_collection("wide", dim=2, metric="l2", fields={"n": "int"})
    docs.add([2**63 - 1, 2], [[1, 0], [0, 1]], [{"n": 2**53 + 1, "x": 1.0}, {"n": 2**53}])
    answers = Answers(db)
    record = answers.record("wide", {"id": str(2**63 - 1)})
    assert record["payload"] == json.dumps({"n": 2**53 + 1, "x": 1.0}, indent=2)
    page = answers.records("wide", {"where": '{"n": 9007199254740993}'})
    assert [one["id"] for one in page["records"]] == [str(2**63 - 1)] and page["matches"] == 1
    asked = {"like": "2", "sides": [{}], "where": '{"n": 9007199254740993}'}
    hits = answers.neighbors("wide", asked)["sides"][0]["hits"]
    assert [hit["id"] for hit in hits] == [str(2**63 - 1)]


@pytest.mark.parametrize("text", ["1_0", " 1", "+1", "\uff11", "1.0", "9" * 5000, ""])
def test_an_int_id_is_written_with_digits_alone(db, text):
    db.create_collection("wide", dim=2, metric="l2").add([1, 10], [[1, 0], [0, 1]])
    with pytest.raises(vdb.InvalidArgumentError, match="ints"):
        Answers(db).record("wide", {"id": text})


@pytest.mark.parametrize("numbers", [[256, 0], [-1, 0], [1.5, 0], [True, 0], [None, 1], [2**70, 0]])
def test_bits_are_asked_as_bytes(db, numbers):
    docs = db.create_collection("bits", dim=16, metric="hamming", dtype="bit")
    docs.add([1], np.zeros((1, 2), np.uint8))
    with pytest.raises(vdb.InvalidArgumentError, match="whole numbers from 0 to 255"):
        Answers(db).neighbors("bits", {"vector": numbers, "sides": [{}]})


def test_scores_that_are_nearly_equal_have_a_histogram(db):
    docs = db.create_collection("far", dim=2, metric="ip", index=vdb.Flat())
    docs.add([1, 2], np.array([[1e17, 0], [1.0000001e17, 0]], np.float32))
    made = Answers(db).histogram("far", {"vector": [1e-3, 0]})
    assert sum(made["counts"]) == made["records"] == 2
    assert np.all(np.diff(made["edges"]) > 0)
