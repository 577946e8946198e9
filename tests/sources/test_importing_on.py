"""An import into a collection that is there, within a limit, or cut off, keeps its word."""

from __future__ import annotations

import json

import numpy as np
import pytest

import vdb
from sources import records
from sources.files import fbin


@pytest.fixture
def rows():
    return np.random.default_rng(0).normal(size=(3000, 64)).astype(np.float32)


@pytest.fixture
def db():
    with vdb.temporary() as made:
        yield made
        assert list(made.check()) == []


def with_lines(folder, rows, lines):
    np.save(folder / "a.npy", rows)
    (folder / "a.jsonl").write_text("".join(f"{json.dumps(one)}\n" for one in lines))
    return folder / "a.npy"


def test_a_limit_of_memory_makes_more_commits_of_the_same_records(db, tmp_path, rows):
    place = fbin(tmp_path / "a.fbin", rows)
    before = db.info().commit
    db.import_source(place, "whole", metric="l2")
    between = db.info().commit
    report = db.import_source(place, "parts", metric="l2", memory_limit=17 << 20)
    assert report.added == 3000 and between - before < db.info().commit - between
    assert list(db.collection("whole").scan()) == list(db.collection("parts").scan())
    for limit in (1000, 0):
        with pytest.raises(vdb.InvalidArgumentError, match=r"memory_limit must be"):
            db.import_source(place, "none", metric="l2", memory_limit=limit)
    assert "none" not in db


def test_a_collection_that_is_there_keeps_its_schema(db, tmp_path, rows):
    """Only what is given must agree; of the source, metric and dimension."""
    place = fbin(tmp_path / "a.fbin", rows[:50])
    index = vdb.HNSW(M=5)
    docs = db.create_collection("docs", dim=64, metric="ip", dtype="float16", index=index)
    db.set_alias("now", "docs")
    assert db.import_source(place, "now", exist_ok=True).added == 50
    agree = {"metric": "ip", "dtype": "float16", "index": index}
    assert db.import_source(place, "docs", resume=True, **agree).existing == 50
    for name, wrong in [
        ("metric", "l2"), ("dtype", "int8"), ("index", vdb.Flat()), ("scores", "faiss"),
        ("model", "m"), ("fields", {"n": "int"}), ("optional_vectors", True),
    ]:  # fmt: skip
        with pytest.raises(vdb.InvalidArgumentError, match="collection 'docs'"):
            db.import_source(place, "docs", resume=True, **{name: wrong})
    with pytest.raises(vdb.DimensionMismatchError, match="numbers, collection docs of 64"):
        db.import_source(fbin(tmp_path / "b.fbin", rows[:, :9]), "docs", exist_ok=True)
    assert docs.index == index and len(docs) == 50


def test_bytes_are_packed_bits_for_a_collection_of_bits_and_bits_go_nowhere_else(db, tmp_path):
    bits = records.bits(40, 64)
    np.save(tmp_path / "packed.npy", bits)
    np.save(tmp_path / "flags.npy", np.unpackbits(bits, axis=1).astype(bool))
    for name in ("packed", "flags"):
        place = tmp_path / f"{name}.npy"
        db.import_source(place, name, metric="hamming", dtype="bit")
        assert np.array_equal([one.vector for one in db.collection(name).scan()], bits)
        assert db.import_source(place, "packed", resume=True).existing == 40
    db.create_collection("floats", dim=64, metric="l2")
    for options in ({"exist_ok": True}, {"metric": "l2", "dtype": "float32"}):
        with pytest.raises(vdb.InvalidArgumentError, match="holds bits or booleans"):
            db.import_source(
                tmp_path / "flags.npy", "floats" if len(options) < 2 else "x", **options
            )


@pytest.mark.parametrize("how", [{}, {"resume": True}, {"on_duplicate": "replace"}])
def test_with_strict_an_id_that_comes_twice_is_refused_before_anything_is_written(
    db, tmp_path, rows, how
):
    lines = [{"id": f"d{i}"} for i in range(30)]
    lines[25] = {"id": "d3"}
    place = with_lines(tmp_path, rows[:30], lines)
    text = r"a\.jsonl: line 26: repeats line 4: 'd3' is given twice"
    with pytest.raises(vdb.DuplicateIdError, match=text):
        db.import_source(place, "docs", metric="l2", strict=True, batch_rows=10, **how)
    assert db.collections() == []
    lines[25] = {"no": "id"}
    with pytest.raises(vdb.InvalidArgumentError, match=r"line 26: has no field 'id'"):
        db.import_source(
            with_lines(tmp_path, rows[:30], lines), "docs", metric="l2", strict=True, batch_rows=10
        )
    assert db.collections() == []


def test_ids_of_equal_hashes_are_no_repeats(db, tmp_path, rows):
    assert hash(-1) == hash(-2)
    place = with_lines(tmp_path, rows[:30], [{"id": i} for i in range(-30, 0)])
    report = db.import_source(place, "docs", metric="l2", strict=True, batch_rows=7)
    assert report.added == 30


def test_a_note_of_an_error_says_how_much_is_committed(db, tmp_path, rows):
    rows[250, 3] = np.nan
    place = fbin(tmp_path / "a.fbin", rows[:300])
    options = {"metric": "l2", "strict": True, "batch_rows": 100}
    with pytest.raises(vdb.InvalidVectorError) as raised:
        db.import_source(place, "docs", **options)
    assert raised.value.__notes__ == ["200 of 300 records are committed; resume=True goes on"]
    with pytest.raises(vdb.InvalidVectorError) as raised:
        db.import_source(place, "docs", exist_ok=True, on_duplicate="replace", **options)
    (note,) = raised.value.__notes__
    assert note == "at least 200 of 300 records are committed; the same call starts again"


def test_an_interruption_after_a_commit_counts_it(db, tmp_path, rows, monkeypatch):
    """Ctrl-C may come when the commit is done and the call has not returned."""
    from vdb.api.collection import Collection

    real = Collection.add

    def add(self, *arguments, **options):
        counts = real(self, *arguments, **options)
        if len(self) == 200:
            raise KeyboardInterrupt
        return counts

    monkeypatch.setattr(Collection, "add", add)
    with pytest.raises(KeyboardInterrupt) as raised:
        db.import_source(fbin(tmp_path / "a.fbin", rows[:300]), "docs", metric="l2", batch_rows=100)
    assert raised.value.__notes__ == ["200 of 300 records are committed; resume=True goes on"]
    assert len(db.collection("docs")) == 200


def test_records_without_a_vector_go_where_they_may_be(db, tmp_path, rows):
    lines = [{"id": i, **({"vector": None} if i % 3 else {})} for i in range(30)]
    place = with_lines(tmp_path, rows[:10], lines)
    with vdb.sources.open(place) as source:
        assert (source.info.count, source.info.optional_vectors) == (30, True)
    assert db.import_source(place, "docs", metric="l2").added == 30
    assert db.collection("docs").info().without_vector == 20
    db.create_collection("plain", dim=64, metric="l2")
    report = db.import_source(place, "plain", exist_ok=True)
    assert (report.added, report.refused) == (10, 20)
    assert report.refusals[0] == ("line 2", 1, "the vector is missing")
    (tmp_path / "b").mkdir()
    with pytest.raises(vdb.SourceError, match=r"has 10 rows, and 11 lines of"):
        vdb.sources.open(with_lines(tmp_path / "b", rows[:10], [*lines, {"id": 30}]))


def test_no_records_are_taken_if_that_is_said(db, tmp_path, rows):
    place = with_lines(tmp_path, rows[:30], [])
    (tmp_path / "a.jsonl").write_text("not even JSON\n")
    report = db.import_source(place, "docs", metric="l2", options={"records": "none"})
    assert report.added == 30 and list(db.collection("docs").ids()) == list(range(30))


def test_an_export_may_be_taken_for_another_metric(db, tmp_path, rows):
    from sources import exports

    exports.export(tmp_path, "float32")
    report = db.import_source(tmp_path / "out.npy", "docs", metric="cosine")
    assert (report.metric, report.scores) == ("cosine", "native")
    db.create_collection("other", dim=16, metric="l2", optional_vectors=True)
    assert db.import_source(tmp_path / "out.npy", "other", exist_ok=True).added == 40


def test_a_rehearsal_with_strict_ends_as_the_import_would(db, tmp_path, rows):
    lines = [{"id": i % 29} for i in range(30)]
    place = with_lines(tmp_path, rows[:30], lines)
    with pytest.raises(vdb.DuplicateIdError, match="line 30: repeats line 1: 0 is given twice"):
        db.import_source(place, "docs", metric="l2", strict=True, batch_rows=10, dry_run=True)
    report = db.import_source(place, "docs", metric="l2", batch_rows=10, dry_run=True)
    assert (report.added, report.refused) == (29, 1)
