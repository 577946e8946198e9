"""HDF5 files of benchmarks give their vectors, metric and true neighbors; nothing is made up."""

from __future__ import annotations

import sys
import zlib

import numpy as np
import pytest

import vdb
from sources import records
from support import oracle
from vdb.sources import open as open_source

h5py = pytest.importorskip("h5py")

ROWS = records.vectors()
QUERIES = records.vectors(45)[40:]


def write(place, *, train=ROWS, distance=None, attributes=None, options=None, **more):
    with h5py.File(place, "w") as file:
        if distance:
            file.attrs["distance"] = distance
        file.attrs.update(attributes or {})
        file.create_dataset("train", data=train, **(options or {}))
        for name, data in more.items():
            file.create_dataset(name, data=data)
    return place


def read(place, rows=7, **options):
    """Without a trial, which takes half a second."""
    with open_source(place, trial=False, **options) as source:
        batches = list(source.batches(rows))
        ids = [one for batch in batches for one in batch.id_list()]
        return source.info, np.concatenate([one.vectors for one in batches]), ids


@pytest.mark.parametrize(
    ("distance", "metric"),
    [
        ("angular", "cosine"),
        ("cosine", "cosine"),
        ("normalized", "cosine"),
        ("euclidean", "l2"),
        ("ip", "ip"),
        (b"euclidean", "l2"),
    ],
)
def test_a_benchmark_says_its_metric_and_its_neighbors(tmp_path, distance, metric):
    nearest = [oracle.nearest(metric, one, range(40), ROWS, 10) for one in QUERIES]
    expected = [[key for key, _ in answer] for answer in nearest]
    place = write(tmp_path / "a.hdf5", distance=distance, test=QUERIES, neighbors=expected)
    with vdb.temporary() as db, open_source(place) as source:
        assert (source.info.format, source.info.metric, source.info.count) == ("hdf5", metric, 40)
        queries, rows = source.ground_truth()
        report = db.import_source(source, "docs", verify=5)
        assert (report.added, report.refused) == (40, 0) and report.verification.agrees
        recall = report.verification.neighbors
        assert (recall.queries, recall.k, recall.by_comparison) == (min(5, len(QUERIES)), 10, 1.0)
        docs = db.collection("docs")
        for query, near in zip(queries, rows, strict=True):
            assert docs.search(query, k=10, exact=True).ids.tolist() == near.tolist()
        assert list(db.check()) == []


def test_bits_are_bool_or_packed_bytes(tmp_path):
    bits = records.bits()
    flags = np.unpackbits(bits, axis=1).astype(bool)
    packed = {"point_type": "binary", "dimension": 64}
    for train, attributes in [(flags, {"point_type": "bit"}), (bits, packed)]:
        place = write(
            tmp_path / "a.hdf5",
            train=train,
            distance="hamming",
            attributes=attributes,
            test=train[:3],
            neighbors=np.zeros((3, 2), int),
        )
        info, vectors, _ = read(place)
        assert (info.metric, info.dim, info.dtype) == ("hamming", 64, "bit")
        assert np.array_equal(vectors, bits)
        assert np.array_equal(open_source(place, trial=False).ground_truth()[0], bits[:3])
    with pytest.raises(vdb.SourceError, match="distance is hamming"):
        read(write(tmp_path / "b.hdf5", distance="hamming"))


@pytest.mark.parametrize("kind", [">f4", "<f2", "<f8", "i1", "u1"])
@pytest.mark.parametrize("options", [{}, {"chunks": (7, 5), "compression": "gzip"}])
def test_numbers_of_every_layout(tmp_path, kind, options):
    rows = (ROWS * 16).astype("i1").astype(kind) if kind[-2] == "u" else (ROWS * 16).astype(kind)
    info, vectors, ids = read(write(tmp_path / "a.hdf5", train=rows, options=options))
    assert info.numbers == np.dtype(kind).name and info.metric is None
    assert vectors.dtype.isnative and np.array_equal(vectors, rows) and ids == list(range(40))


def test_bfloat16_is_asked_for(tmp_path):
    halves = (ROWS.view(np.uint32) >> 16).astype("<u2")
    place = write(tmp_path / "a.hdf5", train=halves.view("V2"))
    with pytest.raises(vdb.InvalidArgumentError, match="numbers=, one of bfloat16"):
        read(place)
    info, vectors, _ = read(place, numbers="bfloat16")
    assert info.dtype == "float32" and np.array_equal(vectors, ROWS)


def test_any_matrix_can_be_named_with_its_ids(tmp_path):
    place = tmp_path / "a.h5"
    with h5py.File(place, "w") as file:
        file["deep/vectors"] = ROWS
        file["names"] = records.names()
        file["numbers"] = records.numbers()
        file.attrs["distance"] = "euclidean"  # which is said of train
    info, vectors, ids = read(place, ids="names")
    assert info.metric is None and info.ids == "str"
    assert ids == records.names() and np.array_equal(vectors, ROWS)
    assert read(place, vectors="/deep/vectors", ids="numbers")[2] == records.numbers().tolist()
    for options, text in [
        ({"vectors": "other"}, "'other' is none in it"),
        ({"vectors": "names"}, r"shape \(40,\)"),
        ({"ids": "deep/vectors"}, "no dataset of 40 ids"),
    ]:
        with pytest.raises(vdb.InvalidArgumentError, match=text):
            open_source(place, trial=False, **options)
    with open_source(write(tmp_path / "b.h5", distance="jaccard"), trial=False) as source:
        assert source.info.metric is None and "jaccard" in source.info.notes[0]
        assert source.ground_truth() is None


def test_rows_that_were_never_written_are_not_made_up(tmp_path):
    for chunks in (None, (10, 16)):
        with h5py.File(tmp_path / "a.h5", "w") as file:
            made = file.create_dataset("train", (40, 16), "f4", chunks=chunks)
            if chunks:
                made[:20] = ROWS[:20]
        with pytest.raises(vdb.SourceError, match=r"train: has .* of "):
            open_source(tmp_path / "a.h5", trial=False)


def test_what_lies_in_other_files_is_not_read(tmp_path):
    other = write(tmp_path / "other.h5")
    (tmp_path / "raw").write_bytes(ROWS.tobytes())
    layout = h5py.VirtualLayout((40, 16), "f4")
    layout[:] = h5py.VirtualSource(str(other), "train", (40, 16))
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["linked"] = h5py.ExternalLink(str(other), "train")
        file["soft"] = h5py.SoftLink("/linked")
        file.create_dataset("raw", (40, 16), "f4", external=str(tmp_path / "raw"))
        file.create_virtual_dataset("virtual", layout)
        file["own"] = ROWS
    info, vectors, _ = read(tmp_path / "a.h5")
    assert info.count == 40 and np.array_equal(vectors, ROWS)
    for name in ("linked", "soft", "raw", "virtual"):
        with pytest.raises(vdb.InvalidArgumentError, match="own"):
            open_source(tmp_path / "a.h5", vectors=name, trial=False)


def test_damage_is_told_with_its_place(tmp_path):
    place = write(tmp_path / "a.h5", options={"chunks": (7, 16), "compression": "gzip"})
    whole = place.read_bytes()
    for length in range(8, len(whole), 501):
        place.write_bytes(whole[:length])
        with pytest.raises(vdb.SourceError) as raised:
            read(place)
        assert raised.value.path == str(place) and raised.value.place
    packed = bytearray(whole)
    at = packed.rindex(b"\x78")  # of a chunk that zlib packed
    packed[at : at + 12] = bytes(12)
    place.write_bytes(packed)
    with pytest.raises(vdb.SourceError):
        read(place)


def test_damage_of_any_byte_is_told_or_does_no_harm(tmp_path):
    place = write(tmp_path / "a.hdf5", distance="euclidean", test=QUERIES)
    whole, refused = place.read_bytes(), 0
    for byte in range(0, len(whole), 19):
        place.write_bytes(whole[:byte] + bytes([whole[byte] ^ 255]) + whole[byte + 1 :])
        try:
            read(place)
        except (vdb.SourceError, vdb.InvalidArgumentError):
            refused += 1
    assert refused > 10


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("import time; time.sleep(60)", "does not come to its end within 1 s"),
        ("while True: pass", "does not come to its end within 1 s"),
        pytest.param(
            "bytearray(1 << 30)",
            "takes more than 256 MiB of memory",
            marks=pytest.mark.skipif(sys.platform != "linux", reason="memory has no limit there"),
        ),
        ("import os; os.abort()", "the head: is damaged: the library that reads it ended"),
        ("raise OSError('a heap that leads nowhere')", "the head: a heap that leads nowhere"),
    ],
)
def test_a_library_that_does_not_come_back_is_a_typed_error(tmp_path, monkeypatch, body, text):
    """A module of that name stands in for the library that met damage."""
    place = write(tmp_path / "a.hdf5")
    package = tmp_path / "first"
    package.mkdir()
    (package / "h5py.py").write_text(f"def File(*arguments, **options):\n    {body}\n")
    monkeypatch.syspath_prepend(package)
    monkeypatch.setattr("vdb.sources.data.hdf5._SECONDS", 1)
    monkeypatch.setattr("vdb.sources.reading.trial._PATIENCE", 2 if "sleep" in body else 120)
    with pytest.raises(vdb.SourceError, match=text) as raised:
        open_source(place)
    assert raised.value.path == str(place)


@pytest.mark.parametrize("libver", ["earliest", "latest"])
@pytest.mark.parametrize("chunks", [(7, 5), (40, 16), (1, 16), (64, 3)])
@pytest.mark.parametrize(
    "packing",
    [
        {},
        {"fletcher32": True},
        {"compression": "gzip"},
        {"compression": "gzip", "shuffle": True, "fletcher32": True},
        {"compression": "lzf"},
        {"compression": "lzf", "shuffle": True, "fletcher32": True},
    ],
)
def test_blocks_of_every_packing_are_sound(tmp_path, libver, chunks, packing):
    rows = np.round(ROWS, 1)  # some of it repeats
    for most in (rows.shape, (None, 16), (None, None)):
        if any(size and chunk > size for size, chunk in zip(most, chunks, strict=True)):
            continue
        with h5py.File(tmp_path / "a.h5", "w", libver=libver) as file:
            file.create_dataset("train", data=rows, chunks=chunks, maxshape=most, **packing)
        for parts in (7, 13, None):
            assert np.array_equal(read(tmp_path / "a.h5", parts)[1], rows)


@pytest.mark.parametrize(
    ("packing", "block", "mask", "text"),
    [
        ("gzip", zlib.compress(bytes(640)), 0, "row 0: .* holds 640 bytes, and not 2,560"),
        ("gzip", zlib.compress(bytes(1 << 16)), 0, "row 0: .* holds more than 2,560 bytes"),
        ("gzip", zlib.compress(ROWS.tobytes())[:-9], 0, "row 0: .* is cut short"),
        ("gzip", bytes(100), 1, "100 bytes in the file for 2,560"),
        ("gzip", bytes(1 << 16), 0, "65,536 bytes in the file for 2,560"),
        ("gzip", b"x" * 100, 0, "row 0: a block that gzip packed is damaged"),
        ("lzf", b"\xe0", 0, "row 0: a block that lzf packed is cut short"),
        ("lzf", b"\x1f" + bytes(32), 0, "row 0: .* holds 32 bytes, and not 2,560"),
        ("lzf", b"\x1f" + bytes(32) + b"\xe0\xff\x00" * 20, 0, "holds more than 2,560 bytes"),
        (None, bytes(100), 0, "100 bytes in the file for 2,560"),
    ],
    ids=range(10),
)
def test_a_block_of_another_length_than_it_must_have_is_damage(
    tmp_path, packing, block, mask, text
):
    """HDF5 reads on in memory behind one that is too short."""
    place = tmp_path / "a.h5"
    with h5py.File(place, "w") as file:
        options = {"chunks": ROWS.shape, "compression": packing}
        made = file.create_dataset("train", ROWS.shape, "f4", **options)
        made.id.write_direct_chunk((0, 0), block, filter_mask=mask)
    with pytest.raises(vdb.SourceError, match=text) as raised:
        read(place)
    assert raised.value.path == str(place) and "train" in raised.value.place


def test_other_packings_and_large_blocks_are_refused(tmp_path, monkeypatch):
    place = write(tmp_path / "a.h5", options={"scaleoffset": 2})
    with pytest.raises(vdb.SourceError, match="packed by scaleoffset, and gzip, lzf"):
        read(place)
    place = write(tmp_path / "b.h5", train=np.ones((900, 900)), options={"compression": "gzip"})
    assert read(place)[0].count == 900
    with h5py.File(place, "w") as file:
        options = {"chunks": (900, 900), "compression": "gzip"}
        file.create_dataset("train", data=np.ones((900, 900)), **options)
    monkeypatch.setattr("vdb.sources.data.hdf5._MEMORY", 1 << 20)
    with pytest.raises(vdb.SourceError, match="blocks of 6,480,000 bytes"):
        read(place)


def test_texts_of_any_length_are_read_by_a_trial(tmp_path, monkeypatch):
    trials = []
    monkeypatch.setattr(
        "vdb.sources.data.hdf5.require_survival", lambda *_, part, **__: trials.append(part)
    )
    place = write(tmp_path / "a.h5", names=records.names(), numbers=records.numbers())
    for options, parts in [
        ({}, ["the head"]),
        ({"ids": "numbers"}, ["the head"]),
        ({"ids": "names"}, ["the head", "the rows"]),
        ({"ids": "names", "trial": False}, []),
    ]:
        trials.clear()
        with open_source(place, **options):
            assert trials == parts


def test_a_trial_reads_no_lines_and_says_what_python_would(tmp_path):
    place = write(tmp_path / "a.h5", train=np.arange(12.0), other=ROWS)
    (tmp_path / "lines.jsonl").write_text("no JSON\n" * 40)
    with pytest.raises(vdb.InvalidArgumentError, match=r"shape \(12,\)"):
        open_source(place)
    with pytest.raises(vdb.SourceError, match=r"lines.jsonl"):
        open_source(place, vectors="other", records=tmp_path / "lines.jsonl")


def test_only_attributes_that_count_are_read(tmp_path):
    """One that cannot be read as text or number does no harm."""
    place = write(tmp_path / "a.h5", distance="euclidean")
    with h5py.File(place, "r+") as file:
        file.attrs["other"] = h5py.Reference()
        file.attrs["dimension"] = np.zeros(3, "V5")
    assert read(place)[0].metric == "l2"


@pytest.mark.parametrize("name", ["test", "neighbors"])
def test_queries_that_were_never_written_are_not_made_up(tmp_path, name):
    shapes = {"test": (3, 16), "neighbors": (3, 2)}
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["train"] = ROWS
        for one, shape in shapes.items():
            made = file.create_dataset(one, shape, "f4")
            if one != name:
                made[:] = np.zeros(shape, "f4")
    with (
        open_source(tmp_path / "a.h5", trial=False) as source,
        pytest.raises(vdb.SourceError, match=f"{name}: has 0 bytes"),
    ):
        source.ground_truth()


@pytest.mark.parametrize("ids", ["source", "text", "row"])
def test_stored_neighbours_that_are_not_the_nearest_are_told(tmp_path, ids):
    nearest = [oracle.nearest("l2", one, range(40), ROWS, 40) for one in QUERIES]
    keys = [[key for key, _ in answer] for answer in nearest]
    wrong = [[*row[:5], *row[-5:]] for row in keys]  # half of them the farthest
    place = write(tmp_path / "a.hdf5", distance="euclidean", test=QUERIES, neighbors=wrong)
    padded = [[*row[:4], -1, 10**6] for row in keys]
    other = write(tmp_path / "b.hdf5", distance="euclidean", test=QUERIES, neighbors=padded)
    with vdb.temporary() as db:
        options = {"trial": False}
        report = db.import_source(place, "docs", ids=ids, verify=3, options=options)
        assert report.verification.neighbors == (min(3, len(QUERIES)), 10, 0.5, 0.5)
        report = db.import_source(other, "padded", ids=ids, verify=3, options=options)
        assert report.verification.neighbors == (min(3, len(QUERIES)), 4, 1.0, 1.0)
        assert list(db.check()) == []
