"""A source becomes a collection: all of it, what cannot be is told, and it can go on later."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import numpy as np
import pytest

import vdb
from sources.files import fbin, fvecs
from support import oracle
from vdb.sources.engine import Answer


@pytest.fixture
def rows():
    return np.random.default_rng(0).normal(size=(300, 8)).astype(np.float32)


@pytest.fixture
def db():
    with vdb.temporary() as made:
        yield made
        assert list(made.check()) == []


@pytest.mark.parametrize("metric", ["l2", "ip", "cosine"])
def test_records_and_neighbors_are_those_of_the_source(db, tmp_path, rows, metric):
    report = db.import_source(fbin(tmp_path / "a.fbin", rows), "docs", metric=metric, verify=50)
    docs = db.collection("docs", metric=metric)
    assert (report.read, report.added, report.refused, report.written) == (300, 300, 0, True)
    assert [one.id for one in docs.scan()] == list(range(300))
    assert np.array_equal([one.vector for one in docs.scan()], rows)
    found = report.verification
    assert found.agrees and found.queries == 50 and found.compared == 500 and found.overlap == 1
    expected = oracle.nearest(metric, rows[7], range(300), rows, 5)
    assert docs.search(rows[7], k=5, exact=True).ids.tolist() == [one for one, _ in expected]


def test_rows_that_cannot_be_records_are_left_out_and_told(db, tmp_path, rows):
    rows[3], rows[5, 2], rows[250, 1] = 0, np.nan, np.inf
    place = fbin(tmp_path / "a.fbin", rows)
    report = db.import_source(place, "docs", metric="cosine", batch_rows=100)
    assert (report.read, report.added, report.refused) == (300, 297, 3)
    assert [(one.place, one.id) for one in report.refusals] == [
        ("row 3", 3),
        ("row 5", 5),
        ("row 250", 250),
    ]
    assert "nan" in report.refusals[1].reason and "position 2" in report.refusals[1].reason
    assert set(db.collection("docs").ids()) == set(range(300)) - {3, 5, 250}
    with pytest.raises(vdb.InvalidVectorError):
        db.import_source(place, "strict", metric="cosine", strict=True)
    assert "strict" not in db


def test_verification_knows_row_numbers_and_leaves_out_what_was_refused(db):
    files = Path(__file__).parents[1] / "files" / "sources"
    place = files / "faiss" / "idmap.faiss"
    report = db.import_source(place, "numbered", ids="row", verify=40)
    assert report.verification.agrees and report.verification.compared == 400
    assert set(db.collection("numbered").ids()) == set(range(40))
    report = db.import_source(files / "hnswlib" / "large-label.bin", "few", metric="l2", verify=40)
    assert report.refused == 1 and report.verification.agrees
    assert report.verification.compared == report.verification.equal


def test_scores_that_rounding_takes_beyond_the_possible_are_compared_all_the_same(db, monkeypatch):
    class Library:
        name, exact = "a library", False

        def search(self, queries, k):
            return [Answer([5], [-1e-6]) for _ in queries]

    place = Path(__file__).parents[1] / "files" / "sources" / "faiss" / "flat-l2.faiss"
    with vdb.sources.open(place) as source:
        monkeypatch.setattr(type(source), "engine", lambda self, metric: Library())
        report = db.import_source(source, "docs", verify=40)
    differences = {one.query for one in report.verification.differences}
    assert differences == set(range(40)) - {5} and report.verification.largest_difference > 1


def test_a_rehearsal_says_the_same_and_writes_nothing(db, tmp_path, rows):
    rows[3] = 0
    place = fbin(tmp_path / "a.fbin", rows)
    rehearsal = db.import_source(place, "docs", metric="cosine", dry_run=True, batch_rows=70)
    assert not rehearsal.written and db.collections() == []
    report = db.import_source(place, "docs", metric="cosine", batch_rows=70)
    assert (rehearsal.read, rehearsal.added, rehearsal.refusals) == (
        report.read,
        report.added,
        report.refusals,
    )
    again = db.import_source(place, "docs", metric="cosine", resume=True, dry_run=True)
    assert (again.added, again.existing) == (0, 299)


@pytest.mark.parametrize("on_duplicate", ["error", "skip", "replace"])
def test_a_rehearsal_counts_repeated_ids_as_the_import_does(db, tmp_path, rows, on_duplicate):
    """Ids come twice in one part, in two parts, and are in the collection already."""
    place = tmp_path / "a.npz"
    ids = np.arange(300)
    ids[[5, 150, 290]] = 4, 7, 8  # in the same part, in another one, and there already
    rows[7] = np.nan  # so that the second record 7 is the first that can be one
    np.savez(place, vectors=rows, ids=ids)
    options = {"array": "vectors", "ids": "ids"}
    docs = db.create_collection("docs", dim=8, metric="l2", scores="native")
    docs.add([8, 9], rows[:2])

    def run(**more):
        report = db.import_source(
            place, "docs", metric="l2", options=options, exist_ok=True, batch_rows=70,
            on_duplicate=on_duplicate, **more,
        )  # fmt: skip
        return report.added, report.replaced, report.existing, report.refused

    rehearsal = run(dry_run=True)
    assert sum(rehearsal) == 300
    assert rehearsal == run()


def test_an_interrupted_import_goes_on(db, tmp_path, rows):
    place = fbin(tmp_path / "a.fbin", rows)

    def stop(done, total):
        assert total == 300
        if done >= 120:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        db.import_source(place, "docs", metric="l2", batch_rows=40, progress=stop)
    assert len(db.collection("docs")) == 120
    with pytest.raises(vdb.CollectionExistsError, match="resume=True"):
        db.import_source(place, "docs", metric="l2")
    report = db.import_source(place, "docs", metric="l2", batch_rows=40, resume=True)
    assert (report.added, report.existing) == (180, 120)
    assert list(db.collection("docs").ids()) == list(range(300))


def test_a_file_that_breaks_off_leaves_whole_commits(db, tmp_path, rows):
    place = fvecs(tmp_path / "a.fvecs", rows)
    whole = bytearray(place.read_bytes())
    whole[200 * 36] = 7  # the length of row 200
    place.write_bytes(whole)
    with pytest.raises(vdb.SourceError, match=r"row 200: has length 7"):
        db.import_source(place, "docs", metric="l2", batch_rows=50)
    assert len(db.collection("docs")) == 200


def test_ids_can_be_texts(db, tmp_path, rows):
    place = fbin(tmp_path / "a.fbin", rows)
    report = db.import_source(place, "docs", metric="l2", ids="text", verify=5)
    assert db.collection("docs").get("7").vector.tolist() == rows[7].tolist()
    assert report.verification.agrees


def test_what_was_not_committed_is_not_there(db, tmp_path, rows):
    rows[0] = np.nan
    place = fbin(tmp_path / "a.fbin", rows)
    with pytest.raises(vdb.InvalidVectorError):
        db.import_source(place, "docs", metric="l2", strict=True)
    assert db.collections() == []
    with db.batch(), pytest.raises(vdb.BusyError):
        db.import_source(place, "docs", metric="l2")


def test_an_import_into_another_collection_must_fit(db, tmp_path, rows):
    place = fbin(tmp_path / "a.fbin", rows)
    db.create_collection("docs", dim=8, metric="ip")
    with pytest.raises(vdb.MetricMismatchError):
        db.import_source(place, "docs", metric="l2", exist_ok=True)
    db.create_collection("other", dim=9, metric="l2")
    with pytest.raises(vdb.DimensionMismatchError):
        db.import_source(place, "other", metric="l2", exist_ok=True)
    assert len(db.collection("docs")) == len(db.collection("other")) == 0


def test_refusals_are_where_the_source_counts(db, tmp_path, rows):
    """A vector is refused by the collection, and told with the line that it stands in."""
    lines = ["", *(json.dumps({"id": i, "vector": one.tolist()}) for i, one in enumerate(rows))]
    lines[4] = json.dumps({"id": 3, "vector": [0] * 8})
    lines[6] = json.dumps({"id": 5, "vector": [1] * 8, "x": {"y": [10**30]}})
    lines[2] = json.dumps({"id": 1, "vector": [1] * 7})
    place = tmp_path / "a.jsonl"
    place.write_text("\n".join(lines))
    report = db.import_source(place, "docs", metric="cosine", batch_rows=70)
    assert [(one.place, one.id) for one in report.refusals] == [
        ("line 3", 1),
        ("line 5", 3),
        ("line 7", 5),
    ]
    assert "zero vector" in report.refusals[1].reason
    assert report.refusals[2].reason.startswith("payload['x']['y'][0]")
    lines[2], lines[4], lines[6] = lines[1], lines[8], lines[9]
    place.write_text("\n".join(lines))
    with pytest.raises(vdb.DuplicateIdError, match=r"a\.jsonl: line 3: repeats line 2: 0 is given"):
        db.import_source(place, "strict", metric="l2", strict=True)


def test_an_error_of_strict_names_the_row_of_the_source(db, tmp_path, rows):
    rows[250, 3] = np.nan
    place = fbin(tmp_path / "a.fbin", rows)
    with pytest.raises(vdb.InvalidVectorError) as raised:
        db.import_source(place, "docs", metric="l2", strict=True, batch_rows=100)
    assert str(raised.value).startswith(f"{place}: row 250: the vector ")
    assert raised.value.row == 250 and len(db.collection("docs")) == 200


def test_ids_beyond_64_bits_are_refused_by_name_in_a_table(db, tmp_path, rows):
    place = tmp_path / "a.npz"
    np.savez(place, vectors=rows, ids=np.array([2**64 - 1, *range(299)], np.uint64))
    options = {"array": "vectors", "ids": "ids"}
    with vdb.sources.open(place, **options) as source:
        assert next(source.batches()).id_list()[0] == 2**64 - 1
        with pytest.raises(vdb.InvalidArgumentError, match=r'row 0: the id 18446.*ids="text"'):
            list(source._batches())
    report = db.import_source(place, "docs", metric="l2", options=options, ids="text")
    assert report.added == 300 and str(2**64 - 1) in db.collection("docs")


def test_the_options_that_were_given_stay_as_they_are(tmp_path):
    """The metric becomes an option of formats that take it, in a dict of the call's own."""
    index = tmp_path / "a.ann"
    options = {"dim": 2}
    np.zeros(2 * 16, np.uint8).tofile(index)
    with vdb.temporary() as db:
        for name in ("a", "b"):
            with contextlib.suppress(vdb.SourceError):
                db.import_source(index, name, format="annoy", metric="l2", options=options)
    assert options == {"dim": 2}
