"""Files that faiss wrote: vectors, ids, metric and parameters are what it was given."""

from __future__ import annotations

import contextlib
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

import vdb
from sources.records import COUNT, bits, numbers, vectors
from vdb.sources.indexes.faiss.fast_scan import _unpacked
from vdb.sources.indexes.faiss.transforms import Rotated

FILES = Path(__file__).parents[1] / "files" / "sources" / "faiss"
NAMES = sorted(path.stem for path in FILES.glob("*.faiss"))
NAMES_TO_CUT = [
    *("flat-l2", "idmap2-hnsw", "ivf-sq8", "ivf-sparse", "refine-ivf", "fast-pq", "fast-ivf-pq"),
    *("turned-pad", "turned-ivf-pq"),
]
WITH_IDS = {
    "idmap",
    "idmap2-hnsw",
    "ivf-flat",
    "ivf-sparse",
    "idmap-ivf",
    "binary-idmap",
    "turned-pca",
}


def everything(source):
    """Ids and vectors of all records, by id."""
    batches = list(source.batches(7))
    ids = np.concatenate([batch.ids for batch in batches])
    rows = np.concatenate([batch.vectors for batch in batches])
    order = np.argsort(ids, kind="stable")
    return ids[order], rows[order]


@pytest.mark.parametrize("name", [name for name in NAMES if not name.startswith("pretransform")])
def test_every_index_gives_what_it_was_given(name):
    with vdb.sources.open(FILES / f"{name}.faiss") as source:
        info = source.info
        ids, rows = everything(source)
    expected = bits() if name.startswith("binary") else vectors()
    decoded = FILES / f"{name}.npy"
    exact = info.vectors == "exact"
    if decoded.exists():
        expected = np.load(decoded)
        assert exact == (name.removeprefix("sq-") in {
            "fp16", "bf16", "8bit_direct", "8bit_direct_signed",
        })  # fmt: skip
    given = numbers() if name in WITH_IDS else np.arange(COUNT)
    order = np.argsort(given)
    assert ids.tolist() == given[order].tolist()
    if name in {"turned", "turned-pca", "turned-pca-ip"}:
        assert "turned back" in info.notes[0] and info.vectors == "rounded"
        assert rows == pytest.approx(expected[order], abs=1e-6)
    elif exact:
        assert np.array_equal(rows, expected[order])
    else:
        assert "decoded from codes" in info.notes[0]
        # faiss turns back by the transpose, whose numbers are rounded.
        rounding = 4e-6 if name.startswith("turned") else 1e-6
        assert rows == pytest.approx(expected[order], abs=rounding)
    assert (info.format, info.count, info.dim) == (
        "faiss",
        COUNT,
        64 if name.startswith("binary") else 16,
    )


@pytest.mark.parametrize(
    ("name", "metric", "index"),
    [
        ("flat-l2", "l2", vdb.Flat()),
        ("flat-ip", "ip", vdb.Flat()),
        ("flat-l1", "l1", vdb.Flat()),
        ("hnsw-flat-ip", "ip", vdb.HNSW(M=8, ef_construction=40)),
        ("idmap2-hnsw", "l2", vdb.HNSW(M=8, ef_construction=40)),
        ("ivf-flat", "l2", vdb.HNSW()),
        ("turned", "ip", vdb.Flat()),
        ("turned-pad", "l2", vdb.HNSW(M=8, ef_construction=40)),
        ("turned-pca", "l2", vdb.HNSW()),
        ("binary-hnsw", "hamming", vdb.HNSW(M=8, ef_construction=40)),
    ],
)
def test_metric_index_and_scores_are_taken_over(name, metric, index):
    with vdb.temporary() as db:
        report = db.import_source(FILES / f"{name}.faiss", "docs", verify=COUNT)
        docs = db.collection("docs", metric=metric)
        assert docs.info().index == index
        assert docs.info().scores == report.scores == "faiss"
        assert report.verification.agrees and report.verification.queries == COUNT
        assert list(db.check()) == []


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("pretransform", "left 8 of 16 dimensions"),
        ("pretransform-whitening", "no rotation"),
        ("pretransform-normalized", "unit length"),
    ],
)
def test_an_index_whose_vectors_cannot_be_had_back_is_refused_with_the_reason(name, reason):
    with pytest.raises(vdb.SourceError, match=f"cannot be undone: .*{reason}"):
        vdb.sources.open(FILES / f"{name}.faiss")


def test_a_metric_of_transformed_vectors_is_told_and_not_compared():
    with vdb.sources.open(FILES / "turned-pca-ip.faiss") as source:
        assert "ip is another" in source.info.notes[1] and source.engine("ip") is None
    with vdb.sources.open(FILES / "turned.faiss") as source:
        assert len(source.info.notes) == 1
    with vdb.sources.open(FILES / "fast-ivf-pq.faiss") as source:
        assert "rounded" in source.info.notes[1] and source.engine("l2") is None


def test_turned_vectors_do_not_depend_on_the_parts_that_are_read():
    rng = np.random.default_rng(0)
    matrix = np.linalg.qr(rng.standard_normal((48, 48)))[0]
    turned = Rotated(matrix, rng.standard_normal(48).astype(np.float32))
    rows = rng.standard_normal((999, 48)).astype(np.float32)
    # Which NaN comes of several, to the bit, depends on the order of the sums.
    rows[::7, 2], rows[::7, 5], rows[::7, 6], rows[::7, 9] = -np.inf, np.nan, -np.nan, np.inf
    whole = turned.undone(rows)
    for size in (1, 2, 7, 64):
        parts = [turned.undone(rows[start : start + size]) for start in range(0, 999, size)]
        assert np.concatenate(parts).tobytes() == whole.tobytes()


def test_a_map_of_dimensions_takes_no_memory_by_a_number_in_the_file(tmp_path):
    data = bytearray((FILES / "turned-pad.faiss").read_bytes())
    for offset in range(41, 150, 4):  # the transform
        place = tmp_path / "a.faiss"
        changed = data.copy()
        changed[offset : offset + 4] = b"\xff\xff\xff\x3f"
        place.write_bytes(changed)
        tracemalloc.start()
        with contextlib.suppress(vdb.SourceError):
            list(vdb.sources.open(place, "faiss").batches())
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 64 << 20


def test_packed_codes_are_unpacked_also_where_parts_are_odd():
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 16, (70, 3))
    blocks = np.zeros((3, 64), np.uint8)  # the formula of one code, byte by byte
    for vector, part in np.ndindex(codes.shape):
        place = vector % 16
        byte = 2 * place if place < 8 else 2 * (place - 8) + 1
        shift = 4 if vector % 32 > 15 else 0
        byte += 32 * (part // 2) + 16 * (part % 2)
        blocks[vector // 32, byte] |= codes[vector, part] << shift
    assert np.array_equal(_unpacked(blocks, 3)[:70], codes)


@pytest.mark.parametrize("name", NAMES_TO_CUT)
def test_a_file_that_is_cut_short_or_longer_is_refused(name, tmp_path):
    whole = (FILES / f"{name}.faiss").read_bytes()
    place = tmp_path / "a.faiss"
    for length in [*range(4, len(whole), 13), len(whole) + 1]:
        place.write_bytes(whole[:length].ljust(length, b"\0"))
        with pytest.raises(vdb.SourceError) as caught:
            for _ in vdb.sources.open(place, "faiss").batches():
                pass
        assert caught.value.path == str(place) and caught.value.place
