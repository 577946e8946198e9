"""Databases of every format that was released open, are sound, and answer as they did then."""

from __future__ import annotations

import json
import lzma
from pathlib import Path

import numpy as np
import pytest

import vdb
from tools.write_old_files import FIELDS, NEWER, answers, rows
from vdb.store.format.versions import FORMAT_VERSION, OLDEST_READABLE

FILES = Path(__file__).parent
FORMATS = [f"format-{version}" for version in range(OLDEST_READABLE, FORMAT_VERSION + 1)]


def unpacked(packed, path):
    """The data file alone: all that is needed of a closed database."""
    path.mkdir()
    (path / "data.mdb").write_bytes(lzma.decompress(packed.read_bytes()))
    return path


@pytest.fixture(params=FORMATS)
def old(request, path):
    """A database of that format, and what it answered."""
    said = json.loads(lzma.decompress((FILES / request.param / "answers.json.xz").read_bytes()))
    return unpacked(FILES / request.param / "data.mdb.xz", path), said


LATER = ", indexing_threshold=0"
"""Parameters of an index that came later, as an index without them shows them."""


def near(found, said):
    """The same answers; numbers up to rounding, which processors differ in."""
    if isinstance(said, float):
        return found == pytest.approx(said, rel=1e-6, abs=1e-9)
    if isinstance(said, list):
        return len(found) == len(said) and all(map(near, found, said))
    if isinstance(said, dict):
        return found.keys() == said.keys() and all(near(found[key], said[key]) for key in said)
    return found == said or (isinstance(found, str) and found.replace(LATER, "") == said)


def test_an_old_database_is_sound_and_answers_as_it_did(old):
    path, said = old
    with vdb.open(path, create=False, verify="full") as db:
        found = json.loads(json.dumps(answers(db)))
        assert list(db.check()) == []
    assert sorted(found) == sorted(said)
    for name in said:
        for question in said[name]:
            assert near(found[name][question], said[name][question]), f"{name}, {question}"


def test_an_old_database_can_only_be_read_too(old):
    path, said = old
    with vdb.open(path) as db:  # makes the files for locking
        assert db.collections() == sorted(said)
    with vdb.open(path, read_only=True) as db:
        assert {name: len(db.collection(name)) for name in db.collections()} == {
            name: len(one["records"]) for name, one in said.items()
        }


def test_an_old_database_can_be_written_and_rebuilt(old):
    path, said = old
    with vdb.open(path) as db:
        fields = db.collection("fields")
        fields.add([1000, 1001], rows(5, 2, "ip", "float32"), [{"i": 5000}, {"l": ["new"]}])
        assert list(fields.ids(where={"i": 5000})) == [1000]
        assert fields.info().fields == FIELDS
        kept = db.collection("kept")
        kept.rollback()
        assert (kept.metric, kept.dtype, len(kept)) == ("l2", "float32", 61)
        assert db.collection("unfinished").rebuild(resume=True).metric == "ip"
        for name in ("l2-int8", "hamming-bit"):
            docs = db.collection(name)
            docs.delete([record[0] for record in said[name]["records"][::2]])
            docs.rebuild()
            assert len(docs) == len(said[name]["records"]) // 2
        db.compact()
        assert list(db.check()) == []


def test_a_newer_format_is_refused_with_what_reads_it(path):
    place = unpacked(FILES / "newer.mdb.xz", path.with_name("newer.vdb"))
    before = (place / "data.mdb").read_bytes()
    for options in ({}, {"read_only": True}, {"verify": "full"}, {"verify": "off"}):
        with pytest.raises(vdb.FormatVersionError) as caught:
            vdb.open(place, **options)
        assert f"version {NEWER.version}, which vdb '{NEWER.release}' or later reads" in str(
            caught.value
        )
        assert caught.value.received == NEWER.version
    assert (place / "data.mdb").read_bytes() == before


@pytest.mark.parametrize("version", range(OLDEST_READABLE, FORMAT_VERSION + 1))
def test_a_database_keeps_its_version_while_nothing_newer_is_stored(path, version):
    unpacked(FILES / f"format-{version}" / "data.mdb.xz", path)
    with vdb.open(path) as db:
        assert db.info().format_version == version
        for name in db.collections():
            for record in list(db.collection(name).scan())[:5]:
                db.collection(name).upsert(record.id, record.vector, {"i": 1})
        db.create_collection("more", dim=2, metric="l2").add([1], [[1, 2]])
        db.compact()
        assert db.info().format_version == version
        assert list(db.check()) == []
        db.create_collection("newer", dim="auto", metric="l2")
        assert db.info().format_version == 2
        assert list(db.check()) == []


def test_what_the_second_format_added_goes_on(path):
    unpacked(FILES / "format-2" / "data.mdb.xz", path)
    with vdb.open(path) as db:
        assert db.aliases() == {"another": "pointed"}
        assert list(db.collection("another").ids(where={"a\\.b": {"$gte": 18}})) == [18, 19]
        bare = db.collection("bare")
        assert (len(bare), bare.info().without_vector) == (53, 20)
        bare.rollback()
        assert (bare.metric, bare.info().without_vector) == ("l2", 20)
        unknown = db.collection("open")
        assert (unknown.dim, len(unknown), unknown.info().free_slots) == (None, 2, 1)
        unknown.upsert(["a"], [[1, 2, 3]])
        assert (unknown.dim, unknown.search([1, 2, 3]).ids.tolist()) == (3, ["a"])
        modelled = db.collection("modelled", model="second")
        assert (modelled.dim, modelled.info().rebuilding.model) == (16, "third")
        modelled.discard_rebuild()
        modelled.rollback()
        assert (modelled.dim, modelled.info().model) == (8, "first")
        assert list(db.check()) == []


def test_there_are_files_of_every_format_and_they_are_small():
    kept = sorted(one.name for one in FILES.glob("format-*"))
    assert kept == FORMATS
    assert sum(one.stat().st_size for one in FILES.rglob("*.xz")) < 400_000


def test_what_they_hold_is_of_every_kind(old):
    _, said = old
    kinds = {(one["metric"], one["dtype"]) for one in said.values()}
    assert len(kinds) >= 16
    assert {"flat", "int4", "int8", "kept", "unfinished", "empty", "fields"} <= set(said)
    assert said["kept"]["previous"] == "l2" and said["unfinished"]["rebuilding"] == "ip"
    assert np.isfinite([value for _, values in said["flat"]["searches"] for value in values]).all()
