"""Arrays of numpy become the vectors that they are, with what lies beside them."""

from __future__ import annotations

import json
import zipfile

import numpy as np
import pytest

import vdb
from sources import exports, records
from vdb.sources.reading.number_types import SAID

ROWS = records.vectors()


def read(place, rows=7, **options):
    """All vectors and ids of a source, read in parts of so many rows."""
    with vdb.sources.open(place, **options) as source:
        batches = list(source.batches(rows))
        assert all(len(one) <= rows for one in batches)
        ids = [one for batch in batches for one in batch.id_list()]
        return source.info, np.concatenate([one.vectors for one in batches]), ids


def saved(place, array):
    np.save(place, array)
    return place


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("kind", ["<f4", ">f4", "<f2", ">f8", "|i1", "|u1", "<i4", ">u2"])
def test_numbers_are_read_in_every_order(tmp_path, order, kind):
    rows = (ROWS * 63).astype(kind, order=order) if kind[1] == "f" else (ROWS * 63).astype(kind)
    info, vectors, ids = read(saved(tmp_path / "a.npy", np.array(rows, kind, order=order)))
    assert (info.count, info.dim, info.numbers) == (40, 16, np.dtype(kind).name)
    assert vectors.dtype.isnative and np.array_equal(vectors, rows) and ids == list(range(40))


def test_bool_and_packed_bits(tmp_path):
    bits = records.bits()
    flags = np.unpackbits(bits, axis=1).astype(bool)
    for array, options in [
        (flags, {}),
        (bits, {"numbers": "bit"}),
        ((bits.astype(np.int16) - 128).astype(np.int8), {"numbers": "offset-bit"}),
    ]:
        info, vectors, _ = read(saved(tmp_path / "a.npy", array), **options)
        assert (info.dim, info.numbers, info.dtype) == (64, "bit", "bit")
        assert np.array_equal(vectors, bits)
    info, vectors, _ = read(tmp_path / "a.npy")
    assert (info.dim, info.dtype) == (8, "int8")
    info, vectors, _ = read(saved(tmp_path / "a.npy", flags[:, :10]))
    assert info.dim == 16 and np.array_equal(vectors, np.packbits(flags[:, :10], axis=1))
    with pytest.raises(vdb.InvalidArgumentError, match="cannot be bit"):
        vdb.sources.open(saved(tmp_path / "a.npy", ROWS), numbers="bit")


def test_types_that_numpy_lacks_are_asked_for(tmp_path):
    ml_dtypes = pytest.importorskip("ml_dtypes")
    place = saved(tmp_path / "a.npy", ROWS.astype(ml_dtypes.bfloat16))
    with pytest.raises(vdb.InvalidArgumentError, match="give numbers=, one of bfloat16"):
        vdb.sources.open(place)
    info, vectors, _ = read(place, numbers="bfloat16")
    assert (info.numbers, info.dtype) == ("bfloat16", "float32") and np.array_equal(vectors, ROWS)
    codes = np.arange(256, dtype=np.uint8).reshape(16, 16)
    for name in [one for one in SAID if one.startswith("float8")]:
        expected = codes.view(getattr(ml_dtypes, name))
        place = saved(tmp_path / "a.npy", expected)
        if name == "float8_e5m2":
            assert read(place)[0].numbers == name
        else:
            with pytest.raises(vdb.InvalidArgumentError, match=name):
                vdb.sources.open(place)
        info, vectors, _ = read(place, numbers=name)
        assert info.numbers == name
        assert np.array_equal(vectors, expected.astype(np.float32), equal_nan=True), name


def test_numbers_of_eight_bits_are_those_of_their_standards(tmp_path):
    place = saved(tmp_path / "a.npy", np.arange(256, dtype=np.uint8).reshape(1, 256))
    for name, numbers in {  # code -> number: OCP OFP8 1.0, and ml_dtypes for the others
        "float8_e4m3fn": {0x01: 2**-9, 0x38: 1, 0x7E: 448, 0xFE: -448, 0x7F: np.nan},
        "float8_e5m2": {0x01: 2**-16, 0x3C: 1, 0x7B: 57344, 0x7C: np.inf, 0x7D: np.nan},
        "float8_e4m3": {0x77: 240, 0x78: np.inf, 0x79: np.nan, 0xF8: -np.inf},
        "float8_e3m4": {0x01: 2**-6, 0x6F: 15.5, 0x70: np.inf},
        "float8_e4m3fnuz": {0x7F: 240, 0x80: np.nan, 0x01: 2**-10},
        "float8_e5m2fnuz": {0x7F: 57344, 0x80: np.nan, 0x01: 2**-17},
        "float8_e4m3b11fnuz": {0x7F: 30, 0x80: np.nan, 0x01: 2**-13},
    }.items():
        vectors = read(place, numbers=name)[1][0]
        assert np.array_equal(vectors[list(numbers)], list(numbers.values()), equal_nan=True), name


def test_what_holds_no_vectors_is_refused_and_no_pickle_is_read(tmp_path):
    place = tmp_path / "a.npy"
    for array, text in [
        (np.array([[1, {}]], object), "pickles, which are not read"),
        (np.array([["a"]]), "texts"),
        (ROWS + 1j, "complex"),
        (ROWS[0], r"has the shape \(16,\)"),
        (ROWS.reshape(10, 4, 16), r"vectors are \(rows, dim\)"),
    ]:
        with pytest.raises(vdb.InvalidArgumentError, match=text):
            vdb.sources.open(saved(place, array))
    for array in (np.zeros(3, [("a", "f4")]),):
        with pytest.raises(vdb.SourceError, match="no plain dtype"):
            vdb.sources.open(saved(place, array))


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
@pytest.mark.parametrize("order", ["C", "F"])
def test_arrays_of_an_archive(tmp_path, save, order):
    place = tmp_path / "a.npz"
    save(
        place,
        vectors=np.asarray(ROWS, order=order),
        labels=records.numbers(),
        names=np.array(records.names()),
        coded=np.array([one.encode() for one in records.names()]),
    )
    info, vectors, ids = read(place)
    assert (info.version, info.count) == ("npz", 40) and np.array_equal(vectors, ROWS)
    for name, kind, expected in [
        ("labels", "int", records.numbers().tolist()),
        ("names", "str", records.names()),
        ("coded", "str", records.names()),
    ]:
        info, vectors, ids = read(place, array="vectors", ids=name)
        assert info.ids == kind and ids == expected and np.array_equal(vectors, ROWS)
    save(place, a=ROWS, b=ROWS[:9], c=ROWS[0])
    with pytest.raises(
        vdb.InvalidArgumentError, match=r"array= names .* a \(40, 16\), b \(9, 16\)"
    ):
        vdb.sources.open(place)
    with pytest.raises(vdb.InvalidArgumentError, match="has no 'z'"):
        vdb.sources.open(place, array="z")
    with pytest.raises(vdb.InvalidArgumentError, match=r"ids: c.*\(16,\) beside 40"):
        vdb.sources.open(place, array="a", ids="c")
    assert np.array_equal(read(place, array="b")[1], ROWS[:9])


def test_an_archive_is_read_without_holding_it(tmp_path):
    import tracemalloc

    place = tmp_path / "a.npz"
    np.savez_compressed(place, np.zeros((200_000, 64), np.float32))
    tracemalloc.start()
    with vdb.sources.open(place) as source:
        assert sum(len(one) for one in source.batches(1000)) == 200_000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 << 20  # of 51 MB


def test_ids_may_lie_in_another_file(tmp_path):
    saved(tmp_path / "ids.npy", np.array(records.names()))
    place = saved(tmp_path / "a.npy", ROWS)
    info, vectors, ids = read(place, ids=str(tmp_path / "ids.npy"))
    assert ids == records.names() and info.ids == "str" and np.array_equal(vectors, ROWS)
    saved(tmp_path / "ids.npy", np.array([2**64 - 1, *range(39)], np.uint64))
    assert read(place, ids=str(tmp_path / "ids.npy"))[2][0] == 2**64 - 1
    saved(tmp_path / "ids.npy", np.arange(40.0))
    with pytest.raises(vdb.InvalidArgumentError, match="whole numbers or texts"):
        vdb.sources.open(place, ids=str(tmp_path / "ids.npy"))


def test_int8_codes_are_decoded_by_their_ranges(tmp_path):
    least, most = ROWS.min(0), ROWS.max(0)
    steps = (most - least) / 255
    codes = np.clip(np.floor((ROWS - least) / steps) - 128, -128, 127).astype(np.int8)
    saved(tmp_path / "ranges.npy", np.stack([least, most]))
    place = saved(tmp_path / "a.npy", codes)
    info, vectors, _ = read(place, ranges=tmp_path / "ranges.npy")
    assert (info.numbers, info.dtype, info.vectors) == ("int8", "float32", "quantized")
    assert np.abs(vectors - ROWS).max() <= steps.max() * 0.51
    saved(tmp_path / "ranges.npy", np.stack([least, most])[:, :9])
    with pytest.raises(vdb.InvalidArgumentError, match=r"ranges: .*\(2, 16\)"):
        vdb.sources.open(place, ranges=tmp_path / "ranges.npy")


@pytest.mark.parametrize("dtype", ["float32", "float16", "int8", "bit"])
def test_an_export_comes_back_as_it_was(tmp_path, dtype):
    given = exports.export(tmp_path, dtype)
    exports.require_same(tmp_path / "out.npy", given, dtype)


def test_lines_beside_an_array_give_ids_and_payloads(tmp_path):
    place = saved(tmp_path / "a.f32.npy", ROWS)
    lines = [{"key": name, "i": i} for i, name in enumerate(records.names())]
    lines[3]["key"] = 0.5
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, lines)) + "\n\n")
    with vdb.temporary() as db:
        report = db.import_source(place, "docs", metric="l2", options={"id": "key"}, batch_rows=9)
        assert (report.added, report.refused) == (39, 1)
        ((where, _, reason),) = report.refusals
        assert where == "line 4" and "'key' must be" in reason
        for i, name in enumerate(records.names()):
            if i != 3:
                one = db.collection("docs").get(name)
                assert one.payload == {"i": i} and np.array_equal(one.vector, ROWS[i])
        assert list(db.check()) == []
    with vdb.sources.open(place) as source:
        assert source.info.ids == "row" and len(next(source.batches()).payloads) == 40
    for text, error in [
        (
            "\n".join(map(json.dumps, lines[:-1])),
            r"has 39 lines and .* 40 rows: row 39 \(counted from 0\) has no line",
        ),
        ("\n".join(map(json.dumps, [*lines, lines[0]])), "line 41 has no row"),
        ("\n".join(map(json.dumps, lines)).replace("5}", "5"), "line 6: is not JSON"),
    ]:
        (tmp_path / "a.jsonl").write_text(text)
        with pytest.raises(vdb.SourceError, match=error):
            read(place, id="key")


def test_damage_is_told_with_its_place(tmp_path):
    place = saved(tmp_path / "a.npy", ROWS)
    whole = place.read_bytes()
    for length in [*range(6, 128, 7), *range(128, len(whole), 301)]:
        place.write_bytes(whole[:length])
        with pytest.raises(vdb.SourceError) as raised:
            vdb.sources.open(place)
        assert raised.value.path == str(place) and raised.value.place
    for new in (b"(40, 17)", b"(41, 16)", b"(4\xff, 16)"):
        place.write_bytes(whole.replace(b"(40, 16)", new))
        with pytest.raises(vdb.SourceError):
            vdb.sources.open(place)
    np.savez_compressed(tmp_path / "b.npz", ROWS)
    whole = bytearray((tmp_path / "b.npz").read_bytes())
    refused = 0
    for at in range(60, len(whole), 83):
        damaged = whole.copy()
        damaged[at] ^= 0x55
        (tmp_path / "b.npz").write_bytes(damaged)
        try:
            same = np.array_equal(read(tmp_path / "b.npz")[1], ROWS)
        except vdb.SourceError as error:
            refused += bool(error.place)
        else:
            assert same  # what is not read may be anything
    assert refused > 10
    with zipfile.ZipFile(tmp_path / "b.npz", "w") as archive:
        archive.writestr("a.npy", (tmp_path / "a.npy").read_bytes()[:200])
    with pytest.raises(vdb.SourceError, match=r"a\.npy"):
        vdb.sources.open(tmp_path / "b.npz")
