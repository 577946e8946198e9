"""A database as its user sees it: opening, collections, facts that are locked, closing."""

from __future__ import annotations

import gc
import os
import re
import stat
import threading
import time
import warnings

import numpy as np
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


class TestClosingAHandle:
    """One of two handles of a process; the other one is never touched."""

    @pytest.fixture
    def other(self, path, crowd):
        with vdb.open(path, lock_timeout=1.0) as other:
            other.create_collection("docs", dim=16, metric="l2").add(range(10), crowd[:10])
            yield other

    def test_two_threads_that_close_it_leave_the_other_handle_open(self, path, other, monkeypatch):
        db = vdb.open(path, lock_timeout=1.0)
        close = type(db._environment).close

        def slow_close(*arguments, **options):
            time.sleep(0.1)
            close(*arguments, **options)

        monkeypatch.setattr(type(db._environment), "close", slow_close)
        threads = [threading.Thread(target=db.close) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(other.collection("docs")) == 10
        with pytest.raises(vdb.ClosedError):
            db.collections()

    def test_whoever_closes_it_again_waits_for_the_first(self, path, other):
        db, outcomes = vdb.open(path, lock_timeout=0.3), []

        def close():
            try:
                db.close()
                outcomes.append("closed")
            except vdb.BusyError:
                outcomes.append("busy")

        with db.snapshot()._access.reading():
            threads = [threading.Thread(target=close) for _ in range(2)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        assert outcomes == ["busy", "busy"]  # nobody closed it, and nobody is told so
        assert db.collections() == ["docs"]
        db.close()
        assert len(other.collection("docs")) == 10

    def test_a_signal_handler_may_close_it_while_it_is_being_closed(self, path, other, monkeypatch):
        db = vdb.open(path)
        close = type(db._environment).close

        def interrupted_close(*arguments, **options):
            db.close()
            with pytest.raises(vdb.BusyError):
                db.snapshot()
            close(*arguments, **options)

        monkeypatch.setattr(type(db._environment), "close", interrupted_close)
        db.close()
        monkeypatch.undo()
        assert len(other.collection("docs")) == 10
        with pytest.raises(vdb.ClosedError):
            db.snapshot()

    def test_a_snapshot_that_is_taken_meanwhile_ends_with_it(self, path, other):
        for _ in range(20):
            db, taken = vdb.open(path), []

            def take(db=db, taken=taken):
                try:
                    while True:
                        taken.append(db.snapshot())
                        del taken[:-5]
                except vdb.ClosedError:
                    pass

            thread = threading.Thread(target=take)
            thread.start()
            db.close()
            thread.join()
            for snapshot in taken:
                with pytest.raises(vdb.ClosedError):
                    snapshot.collections()
        assert len(other.collection("docs")) == 10


class TestCollections:
    def test_what_there_is(self, db):
        assert db.collections() == [] and "docs" not in db
        db.create_collection("docs", dim=3, metric="l2")
        db.create_collection("Abc", dim=3, metric="l2")
        assert db.collections() == ["Abc", "docs"]
        assert "docs" in db and "other" not in db and 3 not in db
        db.drop_collection("docs")
        assert db.collections() == ["Abc"]

    def test_a_name_is_taken_once(self, db):
        db.create_collection("docs", dim=3, metric="l2")
        with pytest.raises(vdb.CollectionExistsError, match=r"db.collection\('docs'\) opens it"):
            db.create_collection("docs", dim=3, metric="l2")

    def test_what_is_not_there_is_not_found(self, db):
        with pytest.raises(vdb.NotFoundError, match="no collection 'x'; there is none yet"):
            db.collection("x")
        db.create_collection("docs", dim=3, metric="l2")
        for call in (db.collection, db.drop_collection):
            with pytest.raises(KeyError, match="no collection 'x'; there are 'docs'"):
                call("x")
        with pytest.raises(vdb.InvalidArgumentError, match="name"):
            db.collection("../x")
        with pytest.raises(vdb.ArgumentTypeError):
            db.collection(None)

    @pytest.mark.parametrize(
        ("options", "error", "text"),
        [
            ({"metric": "l7"}, vdb.InvalidArgumentError, "'dot', 'l1', 'hamming', got 'l7'"),
            ({"metric": None}, vdb.ArgumentTypeError, "metric"),
            ({"dim": 0}, vdb.InvalidArgumentError, "dim"),
            ({"dim": "3"}, vdb.ArgumentTypeError, "dim"),
            ({"dtype": "int4"}, vdb.InvalidArgumentError, "'int8', 'bit', got 'int4'"),
            ({"dtype": "bit"}, vdb.InvalidArgumentError, "for metric 'l2', got 'bit'"),
            ({"index": "hnsw"}, vdb.ArgumentTypeError, "vdb.HNSW"),
            ({"scores": "azure"}, vdb.InvalidArgumentError, "got 'azure', which exists for cosine"),
            ({"model": 3}, vdb.ArgumentTypeError, "model"),
            ({"fields": {"pep": "integer"}}, vdb.InvalidArgumentError, "must be one of int"),
            ({"name": "a/b"}, vdb.InvalidArgumentError, "name"),
        ],
    )
    def test_what_it_is_made_of_is_checked(self, db, options, error, text):
        given = {"name": "docs", "dim": 3, "metric": "l2"} | options
        with pytest.raises(error, match=text):
            db.create_collection(given.pop("name"), **given)
        assert db.collections() == []

    def test_metric_and_dimension_have_no_default(self, db):
        with pytest.raises(TypeError):
            db.create_collection("docs", dim=3)
        with pytest.raises(TypeError):
            db.create_collection("docs", metric="l2")

    @pytest.mark.parametrize("dim", [1, 2, 3, 5, 17, 1000, 16_000])
    def test_dimensions_from_the_smallest_to_the_largest(self, db, dim):
        docs = db.create_collection("d", dim=dim, metric="l2")
        vectors = np.random.default_rng(0).normal(size=(5, dim)).astype(np.float32)
        docs.add(range(5), vectors)
        docs.delete(3)
        assert docs.search(vectors[2], 1)[0].id == 2
        assert np.array_equal(docs.get(4).vector, vectors[4])


class TestLocked:
    def test_facts_that_agree_are_accepted(self, db):
        db.create_collection("docs", dim=3, metric="ip")
        assert db.collection("docs", metric="ip", dim=3).metric == "ip"

    def test_another_metric_is_refused_with_all_that_is_known(self, db):
        db.create_collection("docs", dim=3, metric="cosine")
        with pytest.raises(vdb.MetricMismatchError) as caught:
            db.collection("docs", metric="l2")
        error = caught.value
        assert (error.expected, error.received) == ("cosine", "l2")
        text = str(error)
        assert "has metric 'cosine'" in text and "not 'l2'" in text
        assert re.search(r"since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC, generation 1", text)
        assert f"written by vdb {vdb.__version__}" in text
        assert "create another with metric='l2'" in text

    def test_another_dimension_is_refused(self, db):
        db.create_collection("docs", dim=3, metric="l2")
        with pytest.raises(
            vdb.DimensionMismatchError, match=r"dim=3 \(since .*\), not 4"
        ) as caught:
            db.collection("docs", dim=4)
        assert (caught.value.expected, caught.value.received) == (3, 4)
        assert f"vdb {vdb.__version__}" in str(caught.value)

    def test_facts_that_cannot_be_are_refused_as_such(self, db):
        db.create_collection("docs", dim=3, metric="l2")
        with pytest.raises(vdb.InvalidArgumentError, match="metric must be one of"):
            db.collection("docs", metric="l7")
        with pytest.raises(vdb.InvalidArgumentError, match="dim must be between"):
            db.collection("docs", dim=0)


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


class TestClosing:
    def test_everything_raises_afterwards(self, db, full, crowd):
        walk = full.scan()
        next(walk)
        db.close()
        db.close()
        for call in (
            db.collections,
            db.info,
            db.compact,
            db.snapshot,
            lambda: db.collection("docs"),
            lambda: "docs" in db,
            lambda: list(db.check()),
            lambda: full.search(crowd[0]),
            lambda: full.add(5000, crowd[0]),
            lambda: full.get(1),
            lambda: len(full),
            lambda: list(full.ids()),
            lambda: list(walk),
            lambda: db.batch().__enter__(),
            lambda: db.backup("/nowhere/x"),
            lambda: db.create_collection("x", dim=1, metric="l2"),
        ):
            with pytest.raises(vdb.ClosedError):
                call()
        assert isinstance(repr(full), str)

    def test_closing_while_searches_run_waits_for_them(self, path, crowd):
        db = vdb.open(path, lock_timeout=30)
        docs = db.create_collection("docs", dim=16, metric="l2", index=vdb.Flat())
        docs.add(range(2000), crowd)
        stop, outcomes = threading.Event(), []

        def search():
            try:
                while not stop.is_set():
                    many = docs.search_many(crowd[:100], 10, threads=1)
                    outcomes.append(many[7][0].id)
            except vdb.ClosedError:
                outcomes.append("closed")

        threads = [threading.Thread(target=search) for _ in range(4)]
        for thread in threads:
            thread.start()
        while len(outcomes) < 8:
            pass
        db.close()
        stop.set()
        for thread in threads:
            thread.join()
        assert set(outcomes) <= {7, "closed"}

    def test_it_can_be_opened_again(self, path, crowd):
        for i in range(5):
            with vdb.open(path) as db:
                if i == 0:
                    db.create_collection("docs", dim=16, metric="l2")
                db.collection("docs").add(i, crowd[i])
        with vdb.open(path) as db:
            assert list(db.collection("docs").ids()) == [0, 1, 2, 3, 4]


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


def test_searches_run_beside_a_writer(db, crowd):
    docs = db.create_collection("docs", dim=16, metric="l2")
    docs.add(range(500), crowd[:500])
    done, wrong = threading.Event(), []

    def search():
        while not done.is_set():
            i = int(np.random.default_rng().integers(0, 500))
            hits = docs.search(crowd[i], 3)
            if hits[0].id != i or hits[0].value != 0.0:
                wrong.append((i, hits))

    threads = [threading.Thread(target=search) for _ in range(3)]
    for thread in threads:
        thread.start()
    for start in range(500, 2000, 100):
        docs.add(range(start, start + 100), crowd[start : start + 100])
        docs.delete(range(start, start + 50))
    done.set()
    for thread in threads:
        thread.join()
    assert not wrong
    assert len(docs) == 500 + 15 * 50


def test_writers_of_several_threads_take_turns(path, crowd):
    with vdb.open(path, lock_timeout=60) as db:
        docs = db.create_collection("docs", dim=16, metric="l2")

        def write(start):
            for i in range(start, start + 20):
                docs.add(i, crowd[i])

        threads = [threading.Thread(target=write, args=(n * 20,)) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert list(docs.ids()) == list(range(80))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_child_process_must_open_its_own(db, full, crowd, tmp_path):
    read, write = os.pipe()
    with warnings.catch_warnings():
        # Forking beside threads is what this is about; Python 3.12 and later warn of it.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:  # pragma: no cover - runs in the child
        outcome = []
        for call in (
            lambda: full.search(crowd[0]),
            db.collections,
            lambda: full.add(9, crowd[0]),
            db.snapshot,
        ):
            try:
                call()
                outcome.append("nothing")
            except vdb.ForkError:
                outcome.append("fork")
            except BaseException as error:  # noqa: BLE001 - reported below
                outcome.append(repr(error))
        os.write(write, " ".join(outcome).encode())
        os._exit(0)
    os.close(write)
    os.waitpid(child, 0)
    assert os.read(read, 10_000).decode() == "fork fork fork fork"
    os.close(read)
    assert full.search(crowd[0], 1)[0].id == 0


class TestForgotten:
    """Handles that nobody closed and nobody refers to any more."""

    def test_a_forgotten_database_gives_its_files_back(self, path):
        vdb.open(path).create_collection("docs", dim=2, metric="l2").add([1], [[1.0, 2.0]])
        gc.collect()
        with vdb.open(path, durability="relaxed") as db:  # refused while another has it open
            assert len(db.collection("docs")) == 1

    def test_a_collection_keeps_its_database_open(self, path):
        with vdb.open(path) as db:
            db.create_collection("docs", dim=2, metric="l2").add([1, 2], [[1.0, 2.0], [0.0, 1.0]])
        docs = vdb.open(path).collection("docs")
        gc.collect()
        assert docs.search([1.0, 2.0])[0].id == 1

    def test_a_walk_keeps_its_database_open(self, path):
        with vdb.open(path) as db:
            db.create_collection("docs", dim=2, metric="l2").add([1, 2], [[1.0, 2.0], [0.0, 1.0]])
        walk = vdb.open(path).collection("docs").ids()
        gc.collect()
        assert list(walk) == [1, 2]
