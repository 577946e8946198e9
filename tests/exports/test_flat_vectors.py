"""fbin, hbin, i8bin and fvecs: their bytes, and the way back with what lies beside them."""

import numpy as np
import pytest

import vdb
from exports.collections import DIM, FIELDS, fill, require_round_trip, vectors

LAYOUTS = {
    "fbin": ("float32", ("float32", "float16", "int8")),
    "hbin": ("float16", ("float16", "int8")),
    "i8bin": ("int8", ("int8",)),
    "fvecs": ("float32", ("float32", "float16", "int8")),
}
PAIRS = [(name, dtype) for name, (_, dtypes) in LAYOUTS.items() for dtype in dtypes]


@pytest.mark.parametrize(("name", "dtype"), PAIRS)
def test_the_bytes_are_those_that_other_programs_read(tmp_path, name, dtype):
    with vdb.temporary() as db:
        report = fill(db, dtype=dtype).export(tmp_path / f"out.{name}")
    content = report.files[0].read_bytes()
    numbers = np.dtype(LAYOUTS[name][0])
    expected = vectors(40, dtype).astype(numbers)
    if name == "fvecs":
        rows = np.frombuffer(content, "<i4").reshape(40, DIM + 1)
        assert (rows[:, 0] == DIM).all()
        stored = np.ascontiguousarray(rows[:, 1:]).view("<f4")
    else:
        assert np.frombuffer(content[:8], "<u4").tolist() == [40, DIM]
        stored = np.frombuffer(content[8:], numbers).reshape(40, DIM)
    assert stored.tobytes() == expected.tobytes()
    widened = [note for note in report.notes if note.startswith("vectors of")]
    assert len(widened) == (dtype != numbers.name)


@pytest.mark.parametrize(("name", "dtype"), PAIRS)
def test_the_same_collection_comes_back(tmp_path, name, dtype):
    with vdb.temporary() as db:
        docs = fill(db, dtype=dtype, metric="ip", bare=(0, 7, 39), fields=FIELDS, model="m")
        require_round_trip(docs, tmp_path / "out", name)
        require_round_trip(fill(db, "none", dtype=dtype, count=0), tmp_path / "none", name)


@pytest.mark.parametrize(
    ("name", "dtype", "text"),
    [
        ("i8bin", "float32", "int8"),
        ("hbin", "float32", "float16 or int8"),
        ("fbin", "bit", "dtype"),
    ],
)
def test_what_its_numbers_cannot_hold_is_refused(tmp_path, name, dtype, text):
    with vdb.temporary() as db:
        with pytest.raises(vdb.InvalidArgumentError, match=text):
            fill(db, dtype=dtype).export(tmp_path / "out", name)
        with pytest.raises(vdb.InvalidArgumentError, match="dimension"):
            db.create_collection("open", dim="auto", metric="l2").export(tmp_path / "out", name)
    assert list(tmp_path.iterdir()) == []


def test_a_schema_of_other_vectors_is_named(tmp_path):
    with vdb.temporary() as db:
        fill(db).export(tmp_path / "out", "fbin")
        file = tmp_path / "out.fbin"
        np.concatenate([np.array([40, 8], "<u4").view("<f4"), np.zeros(320, "<f4")]).tofile(file)
        with pytest.raises(vdb.SourceError, match=r"dim is 16, and .* has vectors of 8"):
            vdb.sources.open(file)


def test_lines_of_another_program_are_not_taken_without_being_named(tmp_path):
    with vdb.temporary() as db:
        fill(db).export(tmp_path / "out", "fbin")
        (tmp_path / "out.json").unlink()
        with vdb.sources.open(tmp_path / "out.fbin") as source:
            assert (source.info.ids, source.info.metric) == ("row", None)
        with vdb.sources.open(tmp_path / "out.fbin", records=tmp_path / "out.jsonl") as source:
            assert source.info.ids == "str"
            assert next(source.batches()).ids[:2] == ["doc 000", "doc 001"]
