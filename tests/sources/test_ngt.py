"""Indexes that NGT saved: ids, vectors and the distance are what it was given."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

import vdb
from sources.contents import everything, refused
from sources.records import COUNT, bits, vectors

FILES = Path(__file__).parents[1] / "files" / "sources" / "ngt"
DIM = 10
ROWS, BYTES = vectors(dim=DIM), bits(dim=8 * DIM)
UNIT = ROWS / np.linalg.norm(ROWS, axis=1, keepdims=True)


@pytest.mark.parametrize(
    ("name", "metric", "convention", "rows", "dtype"),
    [
        ("l2", "l2", "ngt", ROWS, "float32"),
        ("l1", "l1", "ngt", ROWS, "float32"),
        ("cosine", "cosine", "ngt", ROWS, "float32"),
        ("angle", "cosine", "ngt-angle", ROWS, "float32"),
        ("normalized-cosine", "cosine", "ngt", UNIT, "float32"),
        ("normalized-angle", "cosine", "ngt-angle", UNIT, "float32"),
        ("normalized-l2", "cosine", "native", UNIT, "float32"),
        ("inner-product", "ip", "native", ROWS, "float32"),
        ("float16", "l2", "ngt", ROWS.astype(np.float16), "float16"),
        ("bytes", "l2", "ngt", BYTES, "float32"),
        ("bytes-cosine", "cosine", "ngt", BYTES, "float32"),
        ("hamming", "hamming", "native", BYTES, "bit"),
    ],
)
def test_every_distance_and_type_gives_what_it_was_given(name, metric, convention, rows, dtype):
    with vdb.sources.open(FILES / name) as source:
        info = source.info
        ids, read = everything(source)
    assert ids == list(range(COUNT))
    assert read.dtype == rows.dtype
    if name.startswith("normalized"):
        assert read == pytest.approx(rows, abs=1e-6)
        assert info.vectors == "normalized"
    else:
        assert np.array_equal(read, rows)
        assert info.vectors == "exact"
    dim = 8 * DIM if dtype == "bit" else DIM
    assert (info.format, info.metric, info.convention) == ("ngt", metric, convention)
    assert (info.dim, info.dtype, info.count, info.deleted) == (dim, dtype, COUNT, 0)
    with vdb.temporary() as db:
        report = db.import_source(FILES / name, "docs", verify=COUNT)
        assert report.added == COUNT and report.scores == convention
        assert report.verification.agrees
        assert list(db.check()) == []


@pytest.mark.parametrize("rows", [1, 2, 7, 100])
def test_removed_ids_are_left_out_and_one_in_use_again_has_its_new_vector(rows):
    with vdb.sources.open(FILES / "changed") as source:
        assert (source.info.count, source.info.deleted) == (COUNT - 3, 3)
        ids, read = everything(source, rows)
        assert source.skipped == {"deleted": 3}
    given = ROWS.copy()
    given[3] = ROWS[0] + 1
    kept = [one for one in range(COUNT) if one not in (7, 8, 39)]
    assert ids == kept
    assert np.array_equal(read, given[kept])


def test_a_zero_vector_moves_the_ids_behind_it():
    with vdb.sources.open(FILES / "zero") as source:
        ids, read = everything(source)
        assert "left out" in source.info.notes[1]
    assert ids == list(range(COUNT - 1))
    assert read == pytest.approx(np.delete(UNIT, 2, axis=0), abs=1e-6)


@pytest.mark.parametrize("name", ["jaccard", "jaccard-bytes"])
def test_a_distance_that_vdb_lacks_is_named_and_not_replaced(name):
    with vdb.sources.open(FILES / name) as source:
        assert source.info.metric is None and "Jaccard" in source.info.notes[0]


def copied(tmp_path, name="changed"):
    place = tmp_path / "index"
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(FILES / name, place)
    return place


def test_objects_that_are_cut_short_or_longer_are_refused(tmp_path):
    place = copied(tmp_path)
    objects = place / "obj"
    whole = objects.read_bytes()
    for length in [*range(0, len(whole), 23), len(whole) - 1, len(whole) + 1]:
        objects.write_bytes(whole[:length].ljust(length, b"\0"))
        refused(place, path=objects)


@pytest.mark.parametrize(
    ("old", "new", "name"),
    [
        ("Dimension\t10", "Dimension\t11", "obj"),
        ("Dimension\t10", "Dimension\tten", "prf"),
        ("Float-4", "Float-2", "obj"),
        ("Float-4", "Bfloat-2", "prf"),
        ("DistanceType\tL2", "DistanceType\tInnerProduct", "obj"),
    ],
)
def test_properties_that_contradict_the_objects_are_refused(old, new, name, tmp_path):
    place = copied(tmp_path)
    text = (place / "prf").read_text()
    assert old in text
    (place / "prf").write_text(text.replace(old, new))
    refused(place, path=place / name)


def test_an_object_that_begins_otherwise_is_refused_with_its_number(tmp_path):
    place = copied(tmp_path, "l2")
    whole = bytearray((place / "obj").read_bytes())
    whole[8 + 1 + 5 * 41] = 7
    (place / "obj").write_bytes(whole)
    assert "object 6" in str(refused(place, path=place / "obj"))
