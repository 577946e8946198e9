"""Files that VSAG wrote: ids, vectors and the metric are what it was given."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import vdb
from sources.contents import everything, expected, refused
from sources.records import COUNT, DIM, numbers, vectors

FILES = Path(__file__).parents[1] / "files" / "sources" / "vsag"
UNIT = vectors() / np.linalg.norm(vectors(), axis=1, keepdims=True)
VECTORS = 20
"""The byte of the first vector of brute_force."""


def whole(name, place):
    """The file of an archive of its parts; zeros take no room on the disk."""
    parts = np.load(FILES / f"{name}.npz")
    with place.open("wb") as file:
        file.truncate(int(parts["size"][0]))
        for offset in parts.files:
            if offset != "size":
                file.seek(int(offset))
                file.write(parts[offset].tobytes())
    return place


def changed(place, byte, text):
    """The file with other bytes from a place on; one below 0 is counted from the end."""
    with place.open("r+b") as file:
        file.seek(byte, 0 if byte >= 0 else 2)
        file.write(text)
    return place


@pytest.mark.parametrize(
    ("name", "metric"),
    [("brute-l2", "l2"), ("brute-ip", "ip"), ("brute-cosine", "cosine"), ("hgraph-ip", "ip")],
)
def test_every_kind_and_metric_gives_what_it_was_given(name, metric, tmp_path):
    place = whole(name, tmp_path / "a")
    with vdb.sources.open(place) as source:
        info = source.info
        ids, rows = everything(source)
    given_ids, given = expected(numbers(), UNIT if metric == "cosine" else vectors())
    assert ids == given_ids
    if metric == "cosine":
        assert rows == pytest.approx(given, abs=1e-6)
        assert info.vectors == "normalized" and "unit length" in info.notes[0]
    else:
        assert np.array_equal(rows, given)
        assert info.vectors == "exact" and info.notes == ()
    assert (info.format, info.metric, info.count, info.dim) == ("vsag", metric, COUNT, DIM)


@pytest.mark.parametrize("name", ["brute-l2", "hgraph-ip"])
def test_metric_and_scores_are_taken_over(name, tmp_path):
    with vdb.temporary() as db:
        report = db.import_source(whole(name, tmp_path / "a"), "docs", verify=COUNT)
        assert (report.added, report.scores) == (COUNT, "vsag")
        assert report.verification.agrees
        assert list(db.check()) == []


def test_the_metric_is_that_of_the_file(tmp_path):
    with pytest.raises(vdb.MetricMismatchError):
        vdb.sources.open(whole("brute-cosine", tmp_path / "a"), metric="l2")


def test_the_text_at_the_end_has_its_checksum(tmp_path):
    place = whole("brute-l2", tmp_path / "a")
    text = place.read_bytes()[-600:]
    byte = text.index(b'"dim":16') + 7
    changed(place, byte - 600, b"7")
    assert "checksum" in str(refused(place, format="vsag"))


def test_numbers_that_are_not_read_are_named(tmp_path):
    assert "'sq8'" in str(refused(whole("brute-sq8", tmp_path / "a")))


@pytest.mark.parametrize("name", ["brute-l2", "hgraph-ip"])
def test_a_file_that_is_cut_short_or_longer_is_refused(name, tmp_path):
    place = whole(name, tmp_path / "a")
    size = place.stat().st_size
    for length in [size + 1, size - 1, size - 9, size - 300, size // 2, VECTORS + 9, 12, 3, 0]:
        with place.open("r+b") as file:
            file.truncate(length)
        refused(place, format="vsag")


@pytest.mark.parametrize(
    ("name", "byte", "text"),
    [
        ("brute-l2", 0, b"\x29"),
        ("brute-l2", 8, b"\x44"),
        ("brute-l2", 12, b"\0"),
        ("brute-l2", 12, b"\xff" * 8),
        ("brute-l2", VECTORS + (1 << 27) + 1, b"\x11"),
        ("brute-l2", VECTORS + (1 << 27) + 9, b"\x07"),
        ("brute-l2", VECTORS + (1 << 27) + 22, b"\x29"),
        ("brute-l2", -16, b"\xff\xff\xff"),
        ("brute-l2", -60, b"\xff"),
        ("hgraph-ip", 0, b"\x01"),
        ("hgraph-ip", 8, b"\x06"),
        ("hgraph-ip", 8 + (1 << 24), b"\x29"),
        ("hgraph-ip", 16 + (1 << 24), b"\xff"),
    ],
)
def test_a_file_that_contradicts_itself_is_refused(name, byte, text, tmp_path):
    refused(changed(whole(name, tmp_path / "a"), byte, text), format="vsag")
