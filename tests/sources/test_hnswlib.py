"""Files that hnswlib wrote: labels, vectors and parameters are what it was given."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import vdb
from sources.contents import everything, expected, refused, refused_at_every_length
from sources.records import COUNT, DIM, numbers, vectors

FILES = Path(__file__).parents[1] / "files" / "sources" / "hnswlib"
UNIT = vectors() / np.linalg.norm(vectors(), axis=1, keepdims=True)


@pytest.mark.parametrize("metric", ["l2", "ip", "cosine"])
def test_a_graph_gives_what_it_was_given(metric):
    with vdb.sources.open(FILES / f"{metric}.bin", metric=metric) as source:
        info = source.info
        ids, rows = everything(source)
    labels, given = expected(numbers(), UNIT if metric == "cosine" else vectors())
    assert ids == labels
    if metric == "cosine":
        assert rows == pytest.approx(given, abs=1e-6)
        assert info.vectors == "normalized" and "unit length" in info.notes[0]
    else:
        assert np.array_equal(rows, given)
        assert info.vectors == "exact" and info.notes == ()
    assert (info.format, info.version, info.dim, info.metric) == ("hnswlib", "Index", DIM, metric)
    assert info.index == vdb.HNSW(M=4, ef_construction=30)


def test_the_metric_is_asked_for():
    with vdb.sources.open(FILES / "l2.bin") as source:
        assert source.info.metric is None and source.info.metrics == ("l2", "ip", "cosine")
        assert "under cosine" in source.info.notes[0]
    with pytest.raises(vdb.InvalidArgumentError, match="'l2', 'ip', 'cosine'"):
        vdb.sources.open(FILES / "l2.bin", metric="l1")


def test_deleted_labels_are_left_out_and_changed_ones_have_their_last_vector():
    with vdb.sources.open(FILES / "changed.bin", metric="l2") as source:
        ids, rows = everything(source)
        assert source.skipped == {"deleted": 1}
    given = vectors()
    given[7], given[9] = given[0] + 1, given[0] + 2
    keep = np.arange(COUNT) != 3
    labels, given = expected(numbers()[keep], given[keep])
    assert ids == labels
    assert np.array_equal(rows, given)


@pytest.mark.parametrize(
    ("name", "metric", "format"),
    [("brute", "l2", "hnswlib"), ("brute-cosine", "cosine", "hnswlib"), ("changed", "l2", None)],
)
def test_scores_and_labels_are_taken_over(name, metric, format):  # noqa: A002
    with vdb.temporary() as db:
        place = FILES / f"{name}.bin"
        report = db.import_source(place, "docs", format=format, metric=metric, verify=COUNT)
        docs = db.collection("docs", metric=metric)
        removed = {"brute": 4, "changed": 3}.get(name)
        assert set(docs.ids()) == set(numbers().tolist()) - {
            None if removed is None else int(numbers()[removed])
        }
        assert docs.info().scores == report.scores == "hnswlib"
        assert report.verification.agrees and report.skipped == (
            {"deleted": 1} if name == "changed" else {}
        )
        assert list(db.check()) == []


def test_fewer_records_than_neighbors_are_compared_all_the_same():
    with vdb.temporary() as db:
        report = db.import_source(FILES / "few.bin", "docs", metric="l2", verify=10)
        assert (report.added, report.skipped) == (3, {"deleted": 2})
        assert report.verification.agrees and report.verification.compared == 9
        assert list(db.check()) == []


def test_a_label_beyond_64_bits_is_refused_or_a_text():
    place = FILES / "large-label.bin"
    with vdb.temporary() as db:
        report = db.import_source(place, "numbers", metric="l2")
        assert (report.added, report.refused) == (COUNT - 1, 1)
        assert report.refusals[0].id == 2**64 - 2 and "text" in report.refusals[0].reason
        report = db.import_source(place, "texts", metric="l2", ids="text")
        assert (report.added, report.refused) == (COUNT, 0)
        texts = db.collection("texts")
        assert texts.get(str(2**64 - 2)).vector.tolist() == vectors()[5, :2].tolist()
        assert list(db.check()) == []


@pytest.mark.parametrize("name", ["changed", "brute"])
def test_a_file_that_is_cut_short_or_longer_is_refused(name, tmp_path):
    whole = (FILES / f"{name}.bin").read_bytes()
    refused_at_every_length(whole, tmp_path / "a.bin", format="hnswlib")


@pytest.mark.parametrize(
    ("byte", "value"),
    [(16, 41), (24, 109), (32, 101), (40, 37), (52, 200), (56, 9), (64, 9), (96 + 40 * 108, 7)],
)
def test_a_head_that_contradicts_itself_is_refused(byte, value, tmp_path):
    whole = bytearray((FILES / "l2.bin").read_bytes())
    whole[byte] = value
    place = tmp_path / "a.bin"
    place.write_bytes(whole)
    refused(place, format="hnswlib")
