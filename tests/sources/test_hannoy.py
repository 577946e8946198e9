"""Folders that hannoy wrote: ids, vectors and the distance of each index are what it was given."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

import vdb
from sources.contents import everything, expected, refused
from sources.records import DIM, numbers, vectors

FILES = Path(__file__).parents[1] / "files" / "sources" / "hannoy"
COUNT = 6
ROWS = vectors(COUNT)
CHANGED = np.concatenate([ROWS[:4], [np.arange(DIM, dtype=np.float32)], ROWS[5:]])


def copied(tmp_path, name):
    place = tmp_path / "folder"
    shutil.copytree(FILES / name, place)
    return place, place / "data.mdb"


@pytest.mark.parametrize(
    ("index", "metric", "convention", "rows"),
    [
        (0, "cosine", "hannoy", ROWS),
        (1, "l2", "hannoy", CHANGED),
        (2, "l1", "native", ROWS),
        (300, "hamming", "native", np.packbits(ROWS > 0, axis=1)),
    ],
)
def test_every_index_of_a_folder_gives_what_it_was_given(index, metric, convention, rows, tmp_path):
    with vdb.sources.open(FILES / "four", index=index) as source:
        info = source.info
        ids, read = everything(source, 4)
    given_ids, given = expected(numbers(COUNT), rows)
    assert ids == given_ids
    assert np.array_equal(read, given)
    assert (info.format, info.metric, info.convention) == ("hannoy", metric, convention)
    assert info.vectors == ("quantized" if metric == "hamming" else "exact")
    with vdb.temporary() as db:
        options = {"index": index}
        place, _ = copied(tmp_path, "four")  # hannoy puts a lock file beside what it opens
        report = db.import_source(place, "docs", options=options, verify=COUNT)
        assert report.added == COUNT and report.scores == convention
        assert report.verification.agrees
        assert list(db.check()) == []


def test_long_vectors_have_pages_of_their_own():
    with vdb.sources.open(FILES / "long") as source:
        ids, rows = everything(source)
    assert source.info.version == "cosine, index 7"
    assert ids == numbers(2).tolist()
    assert np.array_equal(rows, vectors(2, 600))


def test_the_index_is_asked_for_where_there_are_several():
    with pytest.raises(vdb.InvalidArgumentError, match=r"indexes 0, 1, 2, 300: give index="):
        vdb.sources.open(FILES / "four")
    with pytest.raises(vdb.SourceError, match="index 5: is not there"):
        vdb.sources.open(FILES / "four", index=5)


def test_a_distance_that_keeps_signs_alone_is_refused_by_its_name(tmp_path):
    place, file = copied(tmp_path, "long")
    file.write_bytes(file.read_bytes().replace(b"cosine\0", b"cosinf\0"))
    assert "'cosinf'" in str(refused(place, path=file, format="hannoy"))


def test_a_file_that_is_cut_short_is_refused(tmp_path):
    place, file = copied(tmp_path, "long")
    whole = file.read_bytes()
    for length in [0, 1, 100, 5000, *range(8192, len(whole), 1024), len(whole) - 1]:
        file.write_bytes(whole[:length])
        refused(place, path=file, format="hannoy")


def test_damaged_pages_end_in_an_error_or_in_other_values(tmp_path):
    place, file = copied(tmp_path, "four")
    whole = file.read_bytes()
    random = np.random.default_rng(0)
    errors = 0
    for byte in random.choice(len(whole), 300, replace=False).tolist():
        damaged = bytearray(whole)
        damaged[byte] ^= int(random.integers(1, 256))
        file.write_bytes(damaged)
        try:
            with vdb.sources.open(place, "hannoy", index=1) as source:
                for _ in source.batches():
                    pass
        except vdb.SourceError as error:
            assert error.path == str(file) and error.place
            errors += 1
    assert errors > 3


def test_a_file_of_another_lmdb_is_refused_by_its_format(tmp_path):
    place, file = copied(tmp_path, "long")
    whole = bytearray(file.read_bytes())
    whole[24:32], whole[16:24] = whole[16:24], bytes(8)
    whole[28] = 3
    file.write_bytes(whole)
    assert "format 3" in str(refused(place, path=file, format="hannoy"))
