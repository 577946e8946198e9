"""Files that USearch wrote: keys, vectors and the metric are what it was given."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import vdb
from sources.contents import everything, expected, refused, refused_at_every_length
from sources.records import COUNT, DIM, bits, numbers, vectors

FILES = Path(__file__).parents[1] / "files" / "sources" / "usearch"
WHOLE = np.round(vectors() * 60).astype(np.int8)


@pytest.mark.parametrize(
    ("name", "metric", "stored", "rows", "dtype"),
    [
        ("l2sq", "l2", "float32", vectors(), "float32"),
        ("ip", "ip", "float32", vectors(), "float32"),
        ("cos", "cosine", "float32", vectors(), "float32"),
        ("f16", "cosine", "float16", vectors(), "float16"),
        ("bf16", "cosine", "bfloat16", vectors(), "float32"),
        ("f64", "cosine", "float64", vectors(), "float32"),
        ("i8", "l2", "int8", WHOLE, "int8"),
        ("i8-of-floats", "cosine", "int8", np.load(FILES / "i8-of-floats.npy"), "int8"),
        ("hamming", "hamming", "bit", bits(), "bit"),
        (
            "twenty-bits",
            "hamming",
            "bit",
            bits(dim=24) & np.array([255, 255, 240], np.uint8),
            "bit",
        ),
    ],
)
def test_every_type_of_number_and_metric_is_read_as_it_was_given(name, metric, stored, rows, dtype):
    place = FILES / f"{name}.usearch"
    with vdb.sources.open(place) as source:
        info = source.info
        ids, read = everything(source)
    keys, given = expected(numbers(), rows)
    assert ids == keys
    assert np.array_equal(read, given)
    assert (info.format, info.metric, info.numbers, info.dtype) == (
        "usearch",
        metric,
        stored,
        dtype,
    )
    assert (info.count, info.deleted, info.index) == (COUNT, 0, vdb.HNSW(M=4))
    with vdb.temporary() as db:
        report = db.import_source(place, "docs", verify=COUNT)
        assert report.added == COUNT and report.scores == "usearch"
        assert report.verification.agrees
        assert list(db.check()) == []


def test_removed_keys_are_left_out_and_one_added_again_has_its_last_vector():
    with vdb.sources.open(FILES / "changed.usearch") as source:
        assert (source.info.count, source.info.deleted) == (COUNT - 1, 1)
        ids, rows = everything(source)
        assert source.skipped == {"deleted": 1}
    given = vectors()
    given[7] = given[0] + 1
    keep = np.arange(COUNT) != 3
    keys, given = expected(numbers()[keep], given[keep])
    assert ids == keys
    assert np.array_equal(rows, given)


def test_a_metric_that_vdb_lacks_is_named_and_not_replaced():
    with vdb.sources.open(FILES / "tanimoto.usearch") as source:
        assert source.info.metric is None and "tanimoto" in source.info.notes[0]
        assert source.engine("hamming") is None
    with vdb.temporary() as db:
        with pytest.raises(vdb.InvalidArgumentError, match="metric"):
            db.import_source(FILES / "tanimoto.usearch", "docs")
        db.import_source(FILES / "tanimoto.usearch", "docs", metric="hamming")
        assert db.collection("docs").info().scores == "native"
        assert list(db.check()) == []
    with pytest.raises(vdb.MetricMismatchError):
        vdb.sources.open(FILES / "cos.usearch", metric="l2")


def test_keys_beyond_64_bits_and_keys_of_several_vectors_are_refused_one_by_one():
    with vdb.temporary() as db:
        report = db.import_source(FILES / "large-key.usearch", "large")
        assert (report.added, report.refused) == (COUNT - 1, 1)
        assert report.refusals[0].id == 2**64 - 2
        report = db.import_source(FILES / "several.usearch", "several")
        keys = set((numbers() // 2000).tolist())
        assert (report.added, report.refused) == (len(keys), COUNT - len(keys))
        assert list(db.check()) == []


def test_numbers_that_are_not_read_are_named():
    assert "e4m3" in str(refused(FILES / "e4m3.usearch"))


def test_an_empty_index_is_an_empty_collection():
    with vdb.temporary() as db:
        assert db.import_source(FILES / "empty.usearch", "docs", verify=5).added == 0
        assert db.collection("docs").dim == 4


@pytest.mark.parametrize("name", ["changed", "hamming"])
def test_a_file_that_is_cut_short_or_longer_is_refused(name, tmp_path):
    whole = (FILES / f"{name}.usearch").read_bytes()
    refused_at_every_length(whole, tmp_path / "a.usearch", 97, format="usearch")


HEAD = 8 + COUNT * DIM * 4


@pytest.mark.parametrize(
    ("byte", "value"),
    [
        (0, 41),
        (4, 60),
        (HEAD, 0),
        (HEAD + 13, 1),
        (HEAD + 14, 12),
        (HEAD + 15, 3),
        (HEAD + 17, 41),
        (HEAD + 33, 15),
        (HEAD + 64, 39),
        (HEAD + 72, 5),
        (HEAD + 96, 200),
        (HEAD + 105, 255),
    ],
)
def test_a_head_that_contradicts_itself_is_refused(byte, value, tmp_path):
    whole = bytearray((FILES / "l2sq.usearch").read_bytes())
    whole[byte] = value
    place = tmp_path / "a.usearch"
    place.write_bytes(whole)
    refused(place, format="usearch")
