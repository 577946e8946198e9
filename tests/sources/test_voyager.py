"""Files that Voyager wrote: labels, vectors and the space are what it was given."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import vdb
from sources.contents import everything, expected, refused, refused_at_every_length
from sources.records import COUNT, DIM, numbers, vectors

FILES = Path(__file__).parents[1] / "files" / "sources" / "voyager"
METRICS = {"euclidean": "l2", "innerproduct": "ip", "cosine": "cosine"}
NAMES = [f"{space}{numbers}" for space in METRICS for numbers in ("", "-float8", "-e4m3")]


@pytest.mark.parametrize("name", NAMES)
def test_every_space_and_type_of_number_gives_what_the_library_gives(name):
    space = name.split("-")[0]
    place = FILES / f"{name}.voy"
    with vdb.sources.open(place) as source:
        info = source.info
        ids, rows = everything(source)
    decoded = FILES / f"{name}.npy"
    given = np.load(decoded) if decoded.exists() else vectors()
    fidelity = "quantized" if decoded.exists() else "exact"
    if name == "cosine":
        given, fidelity = given / np.linalg.norm(given, axis=1, keepdims=True), "normalized"
    labels, given = expected(numbers(), given)
    assert ids == labels
    if name == "cosine":
        assert rows == pytest.approx(given, abs=1e-6)
    else:
        assert np.array_equal(rows, given)
    assert rows.dtype == np.float32
    M = 2 if decoded.exists() else 4
    assert (info.metric, info.dim, info.vectors) == (METRICS[space], DIM, fidelity)
    assert info.index == vdb.HNSW(M=M, ef_construction=30)
    with vdb.temporary() as db:
        report = db.import_source(place, "docs", verify=COUNT)
        assert report.added == COUNT and report.scores == "voyager"
        assert report.verification.agrees
        assert list(db.check()) == []


def test_deleted_labels_are_left_out_and_one_added_again_has_its_last_vector():
    with vdb.sources.open(FILES / "changed.voy") as source:
        ids, rows = everything(source)
        assert source.skipped == {"deleted": 1}
    given = vectors()
    given[7] = given[0] + 1
    keep = np.arange(COUNT) != 3
    labels, given = expected(numbers()[keep], given[keep])
    assert ids == labels
    assert np.array_equal(rows, given)


def test_few_records_and_large_labels():
    with vdb.temporary() as db:
        report = db.import_source(FILES / "few.voy", "few", verify=10)
        assert report.added == 4 and report.verification.agrees
        report = db.import_source(FILES / "large-label.voy", "large")
        assert (report.added, report.refused) == (COUNT - 1, 1)
        assert report.refusals[0].id == 2**64 - 2
        assert list(db.check()) == []


def test_the_metric_is_that_of_the_file():
    with pytest.raises(vdb.MetricMismatchError):
        vdb.sources.open(FILES / "cosine.voy", metric="l2")


def test_a_file_that_is_cut_short_or_longer_is_refused(tmp_path):
    whole = (FILES / "changed.voy").read_bytes()
    refused_at_every_length(whole, tmp_path / "a.voy", 97, format="voyager")


@pytest.mark.parametrize(
    ("byte", "value"), [(0, 0), (4, 2), (8, 15), (12, 1), (12, 3), (13, 16), (35, 41), (43, 109)]
)
def test_a_head_that_contradicts_itself_is_refused(byte, value, tmp_path):
    whole = bytearray((FILES / "euclidean.voy").read_bytes())
    whole[byte] = value
    place = tmp_path / "a.voy"
    place.write_bytes(whole)
    refused(place, format="voyager")
