"""Files that Annoy wrote: ids and vectors are what it was given; ids never added are not there."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import vdb
from sources.contents import everything, refused
from sources.records import COUNT, DIM, bits, vectors

FILES = Path(__file__).parents[1] / "files" / "sources" / "annoy"
IDS = [one for one in range(COUNT) if one not in (3, 20)]
NAMES = {"cosine": "angular", "l2": "euclidean", "l1": "manhattan", "ip": "dot"}


@pytest.mark.parametrize(
    ("name", "metric", "dim", "rows"),
    [
        *[(name, metric, DIM, vectors()) for metric, name in NAMES.items()],
        ("hamming", "hamming", 64, bits()),
        ("hamming-20", "hamming", 20, bits(dim=24) & np.array([255, 255, 240], np.uint8)),
    ],
)
def test_every_metric_gives_what_it_was_given(name, metric, dim, rows):
    place = FILES / f"{name}.ann"
    with vdb.sources.open(place, metric=metric, dim=dim) as source:
        ids, read = everything(source)
        info = source.info
    assert ids == IDS
    assert np.array_equal(read, rows[IDS])
    assert (info.format, info.metric, info.dim) == ("annoy", metric, 24 if dim == 20 else dim)
    with vdb.temporary() as db:
        options = {"dim": dim}
        report = db.import_source(place, "docs", metric=metric, options=options, verify=COUNT)
        assert report.added == len(IDS) and report.scores == "annoy"
        assert report.verification.agrees
        assert list(db.check()) == []


def test_an_index_of_one_item_is_read():
    with vdb.sources.open(FILES / "one.ann", metric="l2", dim=3) as source:
        ids, rows = everything(source)
    assert ids == [0] and np.array_equal(rows, vectors(1, 3))


def test_what_a_file_does_not_say_is_asked_for():
    with pytest.raises(vdb.InvalidArgumentError, match="dim="):
        vdb.sources.open(FILES / "dot.ann", metric="ip")
    with pytest.raises(vdb.InvalidArgumentError, match=r"metric=: one of cosine, l2, l1, ip"):
        vdb.sources.open(FILES / "dot.ann", dim=DIM)


@pytest.mark.parametrize(
    ("name", "metric", "dim"),
    [
        ("angular", "cosine", DIM + 1),
        ("angular", "l2", DIM - 1),
        ("angular", "ip", DIM - 1),
        ("euclidean", "cosine", DIM + 1),
        ("euclidean", "l2", DIM + 4),
        ("euclidean", "l2", 2 * DIM + 4),
        ("dot", "l2", DIM),
        ("dot", "l1", DIM),
        ("hamming-20", "hamming", 12),
    ],
)
def test_another_metric_or_dimension_than_the_file_can_have_is_refused(name, metric, dim):
    place = FILES / f"{name}.ann"
    text = str(refused(place, metric=metric, dim=dim))
    assert f"{dim:,} dimensions for {NAMES.get(metric, metric)}" in text


def test_a_file_that_is_cut_short_is_refused_or_has_lost_roots_alone(tmp_path):
    whole = (FILES / "euclidean.ann").read_bytes()
    place, width = tmp_path / "a.ann", 16 + 4 * DIM
    complete = 0
    for length in [*range(1, len(whole), 101), *range(width, len(whole), width), len(whole) + 1]:
        place.write_bytes(whole[:length].ljust(length, b"\0"))
        try:
            with vdb.sources.open(place, metric="l2", dim=DIM) as source:
                ids, rows = everything(source)
        except vdb.SourceError as error:
            assert error.path == str(place) and error.place
        else:
            complete += 1
            assert ids == IDS and np.array_equal(rows, vectors()[IDS])
    assert complete <= 3  # the roots stand twice


def test_a_damaged_item_is_refused_with_its_number(tmp_path):
    whole = bytearray((FILES / "euclidean.ann").read_bytes())
    whole[5 * (16 + 4 * DIM)] = 9
    place = tmp_path / "a.ann"
    place.write_bytes(whole)
    assert "item 5" in str(refused(place, metric="l2", dim=DIM))


def test_a_length_that_is_no_number_is_refused(tmp_path):
    whole = bytearray((FILES / "angular.ann").read_bytes())
    place = tmp_path / "a.ann"
    width = 12 + 4 * DIM
    for length in (bytes.fromhex("0100807f"), bytes.fromhex("0000807f"), bytes(4)):
        whole[5 * width + 4 : 5 * width + 8] = length
        place.write_bytes(whole)
        assert "item 5" in str(refused(place, metric="cosine", dim=DIM))
