"""Tensors of safetensors are read without the library, and its head is believed in nothing."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import numpy as np
import pytest

import vdb
from sources import records

FILES = Path(__file__).parents[1] / "files" / "sources" / "safetensors"
ROWS = records.vectors()[:, :8]


def read(place, rows=7, **options):
    with vdb.sources.open(place, **options) as source:
        batches = list(source.batches(rows))
        ids = [one for batch in batches for one in batch.id_list()]
        return source.info, np.concatenate([one.vectors for one in batches]), ids


def write(place, head, data=b""):
    text = head if isinstance(head, bytes) else json.dumps(head).encode()
    place.write_bytes(struct.pack("<Q", len(text)) + text + data)
    return place


@pytest.mark.parametrize(
    ("name", "numbers", "dtype", "expected"),
    [
        ("half", "float16", "float16", ROWS),
        ("brain", "bfloat16", "float32", ROWS),
        ("flags", "bit", "bit", np.packbits(ROWS > 0, axis=1)),
        ("bytes", "int8", "int8", (ROWS * 60).astype(np.int8)),
    ],
)
def test_a_tensor_is_what_the_library_wrote(name, numbers, dtype, expected):
    info, vectors, ids = read(FILES / "several.safetensors", vectors=name, ids="ids")
    assert (info.numbers, info.dtype, info.count, info.dim) == (numbers, dtype, 40, 8)
    assert np.array_equal(vectors, expected) and ids == records.numbers().tolist()


def test_a_lone_matrix_becomes_a_collection():
    with vdb.temporary() as db:
        report = db.import_source(FILES / "one.safetensors", "docs", metric="l2", verify=5)
        assert report.source.format == "safetensors" and report.verification.agrees
        assert np.array_equal([one.vector for one in db.collection("docs").scan()], ROWS)
        assert list(db.check()) == []


def test_tensors_are_named_where_there_are_several(tmp_path):
    place = FILES / "several.safetensors"
    for options, text in [
        ({}, r"vectors= names a tensor .* half \(40, 8\)"),
        ({"vectors": "z"}, "'z' is none of them"),
        ({"vectors": "ids"}, r"shape \(40,\)"),
        ({"vectors": "half", "ids": "bytes"}, "no tensor of 40 ids"),
        ({"vectors": "half", "numbers": "bit"}, "cannot be bit"),
    ]:
        with pytest.raises(vdb.InvalidArgumentError, match=text):
            vdb.sources.open(place, **options)
    info, vectors, _ = read(place, vectors="bytes", numbers="offset-bit")
    assert info.dim == 64
    expected = (ROWS * 60).astype(np.int8).astype(np.int16) + 128
    assert np.array_equal(vectors, expected)


def test_eight_bit_floats_are_decoded(tmp_path):
    row = {"dtype": "F8_E4M3", "shape": [1, 3], "data_offsets": [0, 3]}
    info, vectors, _ = read(write(tmp_path / "a.safetensors", {"v": row}, b"\x7e\x38\xb8"))
    assert info.numbers == "float8_e4m3fn" and vectors.tolist() == [[448, 1, -1]]
    other = {"dtype": "F4", "shape": [1, 3], "data_offsets": [3, 5]}
    place = write(tmp_path / "a.safetensors", {"v": row, "w": other}, b"\x7e\x38\xb8\0\0")
    assert read(place, vectors="v")[1].tolist() == [[448, 1, -1]]
    with pytest.raises(vdb.SourceError, match="w: has the dtype F4"):
        vdb.sources.open(place, vectors="w")


def test_a_file_that_is_cut_short_is_refused(tmp_path):
    whole = (FILES / "several.safetensors").read_bytes()
    place = tmp_path / "a.safetensors"
    for length in [*range(0, 500, 11), *range(500, len(whole), 97)]:
        place.write_bytes(whole[:length])
        with pytest.raises(vdb.SourceError) as raised:
            vdb.sources.open(place, "safetensors", vectors="half")
        assert raised.value.path == str(place) and raised.value.place


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"shape": [2, 5]}, "its shape needs 40"),
        ({"shape": [2**40, 2**40], "data_offsets": [0, 2**60]}, "bytes, and its shape needs"),
        ({"shape": [-2, -4]}, "says of"),
        ({"shape": [True, 4]}, "says of"),
        ({"shape": "24"}, "says of"),
        ({"data_offsets": [8, 40]}, "begins at byte"),
        ({"data_offsets": [0, 32, 1]}, "says of"),
        ({"data_offsets": None}, "says of"),
        ({"dtype": ["F32"]}, "cannot read"),
    ],
)
def test_a_head_that_cannot_be_meant_is_refused(tmp_path, change, text):
    row = {"dtype": "F32", "shape": [2, 4], "data_offsets": [0, 32]} | change
    with pytest.raises(vdb.SourceError, match=text):
        vdb.sources.open(write(tmp_path / "a.safetensors", {"v": row}, bytes(32)))


@pytest.mark.parametrize(
    ("head", "text"),
    [
        (b"[]", "no JSON object"),
        (b"{", "not JSON"),
        (b'{"v": NaN}', "NaN"),
        (b'{"v": 1}', "says of"),
    ],
)
def test_a_head_that_is_none_is_refused(tmp_path, head, text):
    with pytest.raises(vdb.SourceError, match=text):
        vdb.sources.open(write(tmp_path / "a.safetensors", head), "safetensors")
