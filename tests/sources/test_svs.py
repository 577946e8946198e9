"""Directories that SVS saved: vectors are what it was given, and ids those of DynamicVamana."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

import vdb
from sources.contents import everything, refused
from sources.records import COUNT, numbers, vectors

FILES = Path(__file__).parents[1] / "files" / "sources" / "svs"
DIM = 10
ROWS = vectors(dim=DIM)
KEPT = [one for one in range(COUNT) if one not in (3, 7)]


@pytest.mark.parametrize(
    ("name", "rows", "dtype"),
    [
        ("float32", ROWS, "float32"),
        ("float16", ROWS.astype(np.float16), "float16"),
        ("int8", np.round(ROWS * 60).astype(np.int8), "int8"),
        ("uint8", (ROWS * 64 + 128).astype(np.uint8), "float32"),
    ],
)
def test_every_type_of_number_is_read_as_it_was_given(name, rows, dtype):
    with vdb.sources.open(FILES / name) as source:
        info = source.info
        ids, read = everything(source)
    assert ids == list(range(COUNT))
    assert read.dtype == rows.dtype and np.array_equal(read, rows)
    assert (info.format, info.dtype, info.metric, info.notes) == ("svs", dtype, None, ())
    assert (info.count, info.dim, info.metrics) == (COUNT, DIM, ("l2", "ip", "cosine"))


@pytest.mark.parametrize("metric", ["l2", "ip", "cosine"])
def test_ids_of_a_dynamic_index_and_its_scores_are_taken_over(metric):
    given = numbers().tolist()
    given[5] = 2**64 - 2
    with vdb.temporary() as db:
        report = db.import_source(FILES / "dynamic", "docs", metric=metric, verify=COUNT)
        assert (report.added, report.refused, report.scores) == (len(KEPT) - 1, 1, "svs")
        assert report.refusals[0].id == 2**64 - 2
        docs = db.collection("docs", metric=metric)
        assert set(docs.ids()) == {given[one] for one in KEPT} - {2**64 - 2}
        assert np.array_equal(docs.get(given[8]).vector, ROWS[8])
        assert list(db.check()) == []
        report = db.import_source(
            FILES / "dynamic", "texts", metric=metric, ids="text", verify=COUNT
        )
        assert report.added == len(KEPT) and report.verification.agrees
        assert list(db.check()) == []


def test_data_alone_has_row_numbers_and_a_config_elsewhere_gives_the_ids(tmp_path):
    with vdb.sources.open(FILES / "dynamic" / "data") as source:
        assert "row numbers" in source.info.notes[0]
        ids, _ = everything(source)
    assert ids == list(range(len(KEPT)))
    config = shutil.copytree(FILES / "dynamic" / "config", tmp_path / "elsewhere")
    with vdb.sources.open(FILES / "dynamic" / "data", config=config) as source:
        ids, rows = everything(source)
    given = numbers().tolist()
    given[5] = 2**64 - 2
    pairs = sorted((given[one], one) for one in KEPT)
    assert ids == [one for one, _ in pairs]
    assert np.array_equal(rows, ROWS[[row for _, row in pairs]])


def copied(tmp_path, name="dynamic"):
    place = tmp_path / "index"
    shutil.copytree(FILES / name, place)
    return place


@pytest.mark.parametrize("file", ["data/data_0.svs", "config/id_translation_0.binary"])
def test_a_file_that_is_cut_short_or_longer_is_refused(file, tmp_path):
    place = copied(tmp_path)
    whole = (place / file).read_bytes()
    for length in [*range(0, len(whole), 37), len(whole) - 1, len(whole) + 1]:
        (place / file).write_bytes(whole[:length].ljust(length, b"\0"))
        refused(place, path=place / file)


@pytest.mark.parametrize(
    ("where", "old", "new", "file"),
    [
        ("data", "dims = 10", "dims = 11", "data/data_0.svs"),
        ("data", "num_vectors = 38", "num_vectors = 37", "data/data_0.svs"),
        ("data", "num_vectors = 38", "num_vectors = -1", "data/svs_config.toml"),
        ("data", "'float32'", "'float64'", "data/svs_config.toml"),
        ("data", "'data_0.svs'", "'../config/data_0.svs'", "data/svs_config.toml"),
        ("data", "uncompressed_data", "lvq_data", "config/svs_config.toml"),
        ("config", "'uint64'", "'uint32'", "config/svs_config.toml"),
        ("config", "num_points = 38", "num_points = ", "config/svs_config.toml"),
    ],
)
def test_a_config_that_contradicts_the_data_is_refused(where, old, new, file, tmp_path):
    place = copied(tmp_path)
    config = place / where / "svs_config.toml"
    text = config.read_text()
    assert old in text
    config.write_text(text.replace(old, new))
    refused(place, path=place / file, format="svs")


def test_ids_that_are_not_one_for_each_row_are_refused(tmp_path):
    place = copied(tmp_path)
    ids = place / "config" / "id_translation_0.binary"
    whole = bytearray(ids.read_bytes())
    whole[8:12] = whole[20:24]
    ids.write_bytes(whole)
    assert "one for each row" in str(refused(place, path=ids))
