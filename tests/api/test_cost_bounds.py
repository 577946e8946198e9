"""What is asked of one thing does not read the others: counted, so that no clock is needed."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import vdb
from vdb.store.format import journal
from vdb.store.reader import Reader
from vdb.store.snapshot import Snapshot
from vdb.store.transaction import Transaction
from vdb.store.views import ViewSet


class Reads:
    """Values fetched from LMDB by key, and items that were walked over."""

    def __init__(self) -> None:
        self.fetched = 0
        self.walked = 0

    @property
    def total(self) -> int:
        return self.fetched + self.walked


@contextmanager
def counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[Reads]:
    reads = Reads()

    def counting(kind: type[Reader]) -> None:
        get, items = kind.get, kind.items

        def counted_get(self, key):
            reads.fetched += 1
            return get(self, key)

        def counted_items(self, prefix, **options):
            for item in items(self, prefix, **options):
                reads.walked += 1
                yield item

        patch.setattr(kind, "get", counted_get)
        patch.setattr(kind, "items", counted_items)

    with monkeypatch.context() as patch:
        counting(Snapshot)
        counting(Transaction)
        yield reads


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[vdb.Database]:
    """A database of 400 collections."""
    with vdb.open(tmp_path_factory.mktemp("crowded") / "a", durability="relaxed") as db:
        with db.batch():
            for i in range(400):
                db.create_collection(f"c{i:03}", dim=2, metric="l2", index=vdb.Flat())
        yield db
        assert list(db.check()) == []


class TestAmongManyCollections:
    @pytest.mark.parametrize("name", ["c007", "none", "", "a/b", "x" * 600, "\ud800", 7, None])
    def test_whether_a_name_is_there_is_one_look_up(self, crowded, monkeypatch, name):
        # A name that no collection has is looked up among the aliases as well.
        most = 2 if name == "none" else 1
        for place in (crowded, crowded.snapshot()):
            with counted(monkeypatch) as reads:
                assert (name in place) == (name == "c007")
            assert reads.total <= most
        with crowded.batch():
            with counted(monkeypatch) as reads:
                assert (name in crowded) == (name == "c007")
            assert reads.total <= most

    def test_a_batch_sees_the_names_that_it_made_and_dropped(self, crowded):
        with pytest.raises(ZeroDivisionError), crowded.batch():
            crowded.create_collection("new", dim=2, metric="l2")
            crowded.drop_collection("c001")
            assert "new" in crowded and "c001" not in crowded
            raise ZeroDivisionError
        assert "new" not in crowded and "c001" in crowded

    def test_opening_one_or_missing_one_does_not_read_all(self, crowded, monkeypatch):
        with counted(monkeypatch) as reads:
            crowded.collection("c100")
        assert reads.total <= 5
        with counted(monkeypatch) as reads, pytest.raises(vdb.NotFoundError, match=r"c019', \.\."):
            crowded.collection("none")
        assert reads.total <= 30

    def test_making_and_dropping_one_does_not_read_all(self, crowded, monkeypatch):
        with counted(monkeypatch) as reads:
            crowded.create_collection("new", dim=2, metric="l2")
            crowded.drop_collection("new")
        assert reads.total <= 30

    def test_a_repr_counts_to_a_hundred(self, crowded, monkeypatch):
        with counted(monkeypatch) as reads:
            assert "more than 100 collections (c000, c001, c002, c003, c004, ...)" in repr(crowded)
        assert reads.total <= 110

    def test_a_commit_makes_views_of_what_it_changed_only(self, crowded, monkeypatch):
        for name in crowded.collections():
            crowded.collection(name)
        one = crowded.collection("c005")
        looked, followed_by = [], vdb.store.views._Outdated.followed_by

        def looking(self, *arguments):
            looked.append(self.view.header.name)
            return followed_by(self, *arguments)

        monkeypatch.setattr(vdb.store.views._Outdated, "followed_by", looking)
        one.upsert(1, [1, 2])
        assert looked == ["c005"]
        assert len(one) == 1
        monkeypatch.undo()
        assert crowded.info().collections["c005"] == 1

    def test_a_set_of_views_goes_on_with_all_that_did_not_change(self, crowded):
        crowded.collection("c010")
        before = crowded._environment.handle.cache.current
        assert isinstance(before, ViewSet)
        kept = before._by_name["c010"]
        crowded.collection("c011").upsert(1, [1, 2])
        later = crowded._environment.handle.cache.current
        assert later is not before and later._by_name["c010"] is kept
        assert later._by_name["c011"].header.count == 1


class TestOneLargeCommitBehind:
    """Another handle on the file made hundreds of collections in one commit."""

    @pytest.fixture
    def behind(self, tmp_path: Path) -> Iterator[vdb.Database]:
        with vdb.open(tmp_path / "a", durability="relaxed") as db:
            db.create_collection("mine", dim=2, metric="l2").add(1, [1, 2])
            db.create_collection("other", dim=2, metric="l2")
            yield db
            assert list(db.check()) == []

    @staticmethod
    def make(db: vdb.Database, *, also: str = "") -> None:
        program = (
            "import sys, vdb\n"
            "with vdb.open(sys.argv[1], durability='relaxed') as db, db.batch():\n"
            "    for i in range(300): db.create_collection(f'n{i}', dim=2, metric='l2')\n"
            f"    {also}\n"
        )
        subprocess.run([sys.executable, "-c", program, str(db.path)], check=True)

    @pytest.mark.parametrize("known", [False, True])
    def test_what_it_never_asked_for_is_not_read(self, behind, monkeypatch, known):
        if not known:
            cache = behind._environment.handle.cache
            cache.reset(cache.current.database, cache.current.txn_id)
        self.make(behind)
        entries, entry = [], journal._entry
        monkeypatch.setattr(journal, "_entry", lambda *of: entries.append(of) or entry(*of))
        with counted(monkeypatch) as reads:
            assert "n7" in behind
        # The name, and of the commit of another process its identity, its header and one journal.
        assert reads.total <= 4
        assert len(entries) == 0
        with counted(monkeypatch) as reads:
            assert all(f"n{i}" in behind for i in range(20))
        assert reads.total <= 20

    def test_what_it_had_asked_for_goes_on(self, behind, monkeypatch):
        mine, other = behind.collection("mine"), behind.collection("other")
        assert len(mine) == 1 and len(other) == 0
        self.make(behind, also="db.collection('mine').add(2, [3, 4]); db.drop_collection('other')")
        with counted(monkeypatch) as reads:
            assert "n7" in behind
        assert reads.total <= 6
        assert [hit.id for hit in mine.search([3, 4], 2)] == [2, 1]
        assert "other" not in behind
        with pytest.raises(vdb.NotFoundError):
            other.search([1, 2])

    def test_a_batch_leaves_nothing_for_the_next_call_to_read(self, behind, monkeypatch):
        with behind.batch():
            for i in range(300):
                behind.create_collection(f"n{i}", dim=2, metric="l2")
        with counted(monkeypatch) as reads:
            assert "n7" in behind
        assert reads.total == 1


class TestAmongManyRecords:
    @pytest.mark.parametrize("in_batch", [False, True])
    def test_one_record_is_a_few_look_ups(self, full, db, monkeypatch, in_batch):
        calls = [
            lambda: 1000 in full,
            lambda: 5000 in full,
            lambda: "x" in full,
            lambda: len(full),
            full.count,
            lambda: full.get(5000),
            lambda: repr(full),
        ]

        def each() -> None:
            for call in calls:
                with counted(monkeypatch) as reads:
                    call()
                assert reads.total <= 5

        if in_batch:
            with db.batch():
                each()
        else:
            each()

    def test_the_first_id_is_found_without_the_others(self, full, monkeypatch):
        with counted(monkeypatch) as reads:
            assert next(full.ids()) == 0
            assert next(full.scan()).id == 0
        assert reads.total <= 3 * 256 + 20
