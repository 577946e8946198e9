"""A database as its user sees it: opening, looking, copies."""

from __future__ import annotations

import os
import re
import stat

import pytest

import vdb


class TestOpening:
    def test_a_database_is_made_and_found_again(self, path, crowd):
        with vdb.open(path) as db:
            db.create_collection("docs", dim=16, metric="cosine").add(range(100), crowd[:100])
        with vdb.open(str(path), create=False) as db:
            docs = db.collection("docs")
            assert (len(docs), docs.metric, docs.dim) == (100, "cosine", 16)
            assert docs.search(crowd[5], 1)[0].id == 5

    def test_without_create_it_must_be_there(self, tmp_path):
        for options in ({"create": False}, {"read_only": True}):
            with pytest.raises(vdb.NotFoundError):
                vdb.open(tmp_path / "nothing.vdb", **options)
        assert list(tmp_path.iterdir()) == []

    def test_read_only_refuses_to_write(self, path, crowd):
        with vdb.open(path) as db:
            db.create_collection("docs", dim=16, metric="l2").add(1, crowd[0])
        with vdb.open(path, read_only=True) as db:
            assert db.read_only
            docs = db.collection("docs")
            assert docs.search(crowd[0], 1)[0].id == 1
            for call in (
                lambda: docs.add(2, crowd[1]),
                lambda: docs.upsert(1, crowd[1]),
                lambda: docs.delete(1),
                lambda: docs.set_payloads(1, None),
                lambda: db.create_collection("x", dim=1, metric="l2"),
                lambda: db.drop_collection("docs"),
                lambda: db.batch().__enter__(),
                db.compact,
            ):
                with pytest.raises(vdb.ReadOnlyError):
                    call()

    def test_a_reading_handle_beside_a_writing_one_still_only_reads(self, path, crowd):
        with vdb.open(path) as writer, vdb.open(path, read_only=True) as reader:
            writer.create_collection("docs", dim=16, metric="l2").add(1, crowd[0])
            assert (writer.read_only, reader.read_only) == (False, True)
            assert reader.info().read_only and not writer.info().read_only
            docs = reader.collection("docs")
            assert docs.get(1) is not None
            for call in (
                lambda: docs.delete(1),
                lambda: reader.batch().__enter__(),
                lambda: reader.drop_collection("docs"),
                reader.compact,
            ):
                with pytest.raises(vdb.ReadOnlyError, match="read_only=True"):
                    call()
            writer.collection("docs").add(2, crowd[1])

    @pytest.mark.parametrize(
        ("options", "error"),
        [
            ({"durability": "none"}, vdb.InvalidArgumentError),
            ({"durability": None}, vdb.ArgumentTypeError),
            ({"lock_timeout": -1}, vdb.InvalidArgumentError),
            ({"lock_timeout": "5"}, vdb.ArgumentTypeError),
        ],
    )
    def test_options_are_checked(self, path, options, error):
        with pytest.raises(error):
            vdb.open(path, **options)
        assert not path.exists()

    @pytest.mark.parametrize("bad", [3, None, b"x", "", "a\0b"])
    def test_the_path_is_checked(self, bad):
        with pytest.raises((vdb.ArgumentTypeError, vdb.InvalidArgumentError), match="path"):
            vdb.open(bad)

    @pytest.mark.skipif(os.name != "posix", reason="there are no modes here")
    def test_nobody_else_may_read_it(self, db, path):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700
        for file in path.iterdir():
            assert stat.S_IMODE(file.stat().st_mode) == 0o600

    def test_two_handles_of_a_process_share_one_database(self, path, crowd):
        with vdb.open(path) as one, vdb.open(path) as two:
            one.create_collection("docs", dim=16, metric="l2").add(1, crowd[0])
            docs = two.collection("docs")
            docs.add(2, crowd[1])
            one.close()
            assert list(docs.ids()) == [1, 2]
            docs.add(3, crowd[2])
            with pytest.raises(vdb.ClosedError):
                one.collections()


class TestLooking:
    def test_info(self, db, path, full):
        info = db.info()
        assert info.path == path and info.path.is_absolute()
        assert info.collections == {"docs": 2000}
        assert (info.version, info.format_version) == (vdb.__version__, 1)
        assert (info.durability, info.read_only) == ("full", False)
        assert re.fullmatch("[0-9a-f]{32}", info.uuid)
        assert info.commit >= 2
        assert 0 <= info.free_bytes < info.file_bytes
        assert info.lmdb_version.startswith("0.9.")

    def test_repr(self, db, path, collection):
        assert repr(db) == f"<Database {str(path)!r}: 1 collection (docs)>"
        db.close()
        assert "closed" in repr(db)

    def test_check_of_a_sound_database_yields_nothing(self, db, full):
        full.delete(range(0, 2000, 3))
        assert list(db.check()) == []

    def test_a_relative_path_is_resolved_once(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        with vdb.open("here.vdb") as db:
            monkeypatch.chdir("/")
            assert db.path == tmp_path / "here.vdb"
            db.create_collection("docs", dim=1, metric="l2").add(1, [1])
        assert (tmp_path / "here.vdb").is_dir()


class TestCopies:
    def test_a_backup_is_the_database_of_that_moment(self, db, full, crowd, tmp_path):
        copy = tmp_path / "copy.vdb"
        db.backup(copy)
        full.delete(range(2000))
        with vdb.open(copy, create=False) as other:
            docs = other.collection("docs")
            assert len(docs) == 2000
            assert docs.search(crowd[9], 1)[0].id == 9
            assert list(other.check()) == []
            docs.add(9999, crowd[0])
        assert 9999 not in full
        with pytest.raises((vdb.VdbError, OSError)):
            db.backup(copy)

    def test_compacting_gives_space_back(self, db, full, crowd):
        for i in range(3):
            extra = db.create_collection(f"x{i}", dim=16, metric="l2")
            extra.add(range(2000), crowd)
        for i in range(3):
            db.drop_collection(f"x{i}")
        before = db.info().file_bytes
        db.compact()
        assert db.info().file_bytes < 0.7 * before
        assert full.search(crowd[9], 1)[0].id == 9
        full.add(9999, crowd[0])
        assert list(db.check()) == []


def test_a_database_is_indexed_by_names_and_iterates_over_them(db):
    for name in ("b", "a"):
        db.create_collection(name, dim=1, metric="l2").add(1, [1.0])
    assert db["a"].get(1).vector.tolist() == [1]
    assert list(db) == ["a", "b"]
    with pytest.raises(KeyError, match="no collection 'c'; there are 'a', 'b'"):
        db["c"]
    with pytest.raises(vdb.ArgumentTypeError):
        db[0]
