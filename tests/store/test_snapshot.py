"""Snapshots: one moment each, leased or held, and nothing pinned while idle."""

import gc
import threading

import pytest

from support.store_tools import add, child, create, docs, ids
from vdb.errors import BusyError, ClosedError, CorruptedError, NotFoundError
from vdb.store.format import keys


class TestOneMoment:
    """What a snapshot sees does not change."""

    def test_a_later_commit_is_not_seen(self, env):
        docs(env, 1)
        with env.snapshot() as before:
            docs(env, 2)
            docs(env, 3, name="other")
            assert before.names() == ["docs"]
            assert list(before.ids(before.collection("docs"))) == [1]
            assert before.commit == 2
            with pytest.raises(NotFoundError, match="'other'"):
                before.collection("other")
        assert ids(env) == [1, 2]

    def test_a_commit_of_another_process_is_seen_by_the_next_snapshot_only(self, env, path):
        docs(env, 1)
        with env.snapshot() as before:
            with child("env = Environment.open(path); docs(env, 2); env.close()", path) as other:
                other.end()
            assert list(before.ids(before.collection("docs"))) == [1]
        assert ids(env) == [1, 2]

    def test_one_begun_before_a_commit_that_others_have_seen_keeps_its_own_views(self, env):
        docs(env, 1)
        before = env.snapshot()
        docs(env, 2)
        with env.snapshot() as after:
            assert after.collection("docs").header.count == 2
            assert before.collection("docs").header.count == 1
            assert after.collection("docs").header.count == 2
        before.close()

    def test_items_end_with_their_prefix_and_start_anywhere(self, env):
        with env.batch() as batch:
            for i in range(2000):
                batch.put(b"\x70" + i.to_bytes(2, "big"), b"x" * 1000)
            batch.put(b"\x71", b"")
        with env.snapshot() as snapshot:
            found = [key for key, _ in snapshot.items(b"\x70")]
            assert found == [b"\x70" + i.to_bytes(2, "big") for i in range(2000)]
            rest = [key for key, _ in snapshot.items(b"\x70", start=b"\x70\x07\x00")]
            assert rest == found[0x700:]
            assert list(snapshot.items(b"\x72")) == []

    def test_what_is_fetched_lies_in_the_map_and_what_is_got_is_a_copy(self, env):
        with env.snapshot() as snapshot:
            view = snapshot.fetch(keys.IDENTITY)
            assert isinstance(view, memoryview)
            assert view.readonly
            assert snapshot.get(keys.IDENTITY) == bytes(view)
            assert isinstance(snapshot.get(keys.IDENTITY), bytes)
            assert snapshot.fetch(b"\x7f") is None
            assert snapshot.get(b"\x7f") is None
            del view


class TestEnding:
    """Leases and held snapshots."""

    @pytest.mark.parametrize("held", [False, True])
    def test_a_closed_one_cannot_be_used(self, env, held):
        docs(env, 1)
        snapshot = env.snapshot(held=held)
        with snapshot.use():
            view = snapshot.collection("docs")
        snapshot.close()
        snapshot.close()
        assert snapshot.closed
        uses = [
            lambda: snapshot.get(keys.IDENTITY),
            lambda: snapshot.fetch(keys.IDENTITY),
            lambda: list(snapshot.items(b"")),
            snapshot.names,
            lambda: snapshot.record(view, 0),
            lambda: list(snapshot.ids(view)),
        ]
        for use in uses:
            with pytest.raises(ClosedError, match="the snapshot is closed"):
                use()
        with pytest.raises(ClosedError), snapshot.use():
            pass

    def test_a_lease_is_inside_the_gate_and_a_held_one_only_while_used(self, env):
        with env.snapshot():
            assert env.handle.gate.inside == 1
        with env.snapshot(held=True) as held:
            assert env.handle.gate.inside == 0
            with held.use(), held.use():
                assert env.handle.gate.inside == 1
            assert env.handle.gate.inside == 0

    def test_a_held_one_is_fetched_from_only_while_used(self, env):
        with env.snapshot(held=True) as held:
            with pytest.raises(ClosedError, match="use"):
                held.fetch(keys.IDENTITY)
            with held.use():
                assert held.fetch(keys.IDENTITY) is not None
            assert held.get(keys.IDENTITY) is not None

    def test_a_held_one_may_be_used_by_several_threads(self, env):
        docs(env, *range(500))
        wrong = []
        with env.snapshot(held=True) as held:

            def read():
                for _ in range(20):
                    with held.use():
                        view = held.collection("docs")
                        if list(held.ids(view)) != list(range(500)):
                            wrong.append(1)

            threads = [threading.Thread(target=read) for _ in range(4)]
            for thread in threads:
                thread.start()
            for i in range(500, 520):
                docs(env, i)
            for thread in threads:
                thread.join()
        assert wrong == []
        assert env.handle.gate.inside == 0

    def test_a_forgotten_one_ends_by_itself(self, env):
        env.snapshot()
        held = env.snapshot(held=True)
        gc.collect()
        assert env.handle.gate.inside == 0
        del held
        gc.collect()
        assert len(env.handle.transactions.held) == 0
        assert env.stats().readers <= 2

    def test_a_failure_while_beginning_leaves_nothing_inside(self, env, monkeypatch):
        def fail(_reader, _txn_id):
            raise KeyboardInterrupt

        with child("env = Environment.open(path); docs(env, 2); env.close()", env.path) as other:
            other.end()
        monkeypatch.setattr(env.handle.cache, "at", fail)
        with pytest.raises(KeyboardInterrupt):
            env.snapshot()
        assert env.handle.gate.inside == 0

    def test_an_idle_process_pins_nothing(self, env):
        """Rewriting the same records for ever does not make the file grow."""
        docs(env, *range(20), payload="x" * 3000)
        sizes = []
        for _ in range(60):
            with env.batch() as batch:
                found = batch.collection("docs")
                for i in range(20):
                    batch.put_record(found, i, i, "y" * 3000)
            with env.snapshot() as snapshot:
                snapshot.collection("docs")
            sizes.append(env.stats().pages)
        assert sizes[-1] == sizes[10]

    def test_a_reader_that_was_killed_pins_nothing(self, env, path):
        docs(env, *range(20), payload="x" * 3000)
        script = "env = Environment.open(path); held = env.snapshot(); say(held.commit); hear()"
        with child(script, path) as reader:
            reader.hear()
            reader.kill()
        sizes = []
        for _ in range(40):
            with env.batch() as batch:
                found = batch.collection("docs")
                for i in range(20):
                    batch.put_record(found, i, i, "y" * 3000)
            sizes.append(env.stats().pages)
        assert sizes[-1] == sizes[10]


class TestManyReaders:
    """The reader table."""

    def test_a_full_table_is_a_busy_error_and_passes(self, env):
        held = []
        with pytest.raises(BusyError, match="readers"):
            while len(held) < 2000:
                held.append(env.snapshot(held=True))
        assert len(held) > 1000
        for snapshot in held:
            snapshot.close()
        held.clear()
        docs(env, 1)
        assert ids(env) == [1]

    def test_slots_of_killed_readers_are_found_when_the_table_is_full(self, env, path):
        script = """
env = Environment.open(path)
held = [env.snapshot() for _ in range(900)]
say("full")
hear()
"""
        with child(script, path) as reader:
            reader.hear()
            reader.kill()
        held = [env.snapshot(held=True) for _ in range(500)]
        assert len(held) == 500


class TestDamage:
    """Records that were changed behind the store's back."""

    def spoil(self, env, key, change):
        """One commit that changes a stored value, or takes it away."""
        with env.batch() as batch:
            value = change(batch.get(key))
            if value is None:
                batch.delete(key)
            else:
                batch.put(key, value)

    @pytest.mark.parametrize(
        "key", [keys.name("docs"), keys.collection(1), keys.generation(1, 1)], ids=bytes.hex
    )
    @pytest.mark.parametrize(
        "change",
        [lambda _: None, lambda _: b"", lambda value: value[:-1], lambda value: value[:-1] + b"!"],
        ids=["missing", "empty", "short", "changed"],
    )
    def test_a_damaged_collection_is_called_so(self, env, path, key, change):
        docs(env, 1)
        self.spoil(env, key, change)
        env.handle.cache.reset(env.handle.file.header, 0)
        expected = NotFoundError if change(b"12345") is None and key[0] == 3 else CorruptedError
        with env.snapshot() as snapshot, pytest.raises(expected):
            snapshot.collection("docs")

    @pytest.mark.parametrize(("size", "part"), [(10, 0), (10_000, 0), (10_000, 1), (10_000, 2)])
    def test_a_damaged_record_is_called_so(self, env, size, part):
        docs(env, 1, payload="x" * size)
        key = keys.part(1, 0, part) if part else keys.record(1, 0)
        self.spoil(env, key, lambda value: value[:100] + b"!" + value[101:] if size > 10 else b"!")
        with env.snapshot() as snapshot, pytest.raises(CorruptedError) as caught:
            snapshot.record(snapshot.collection("docs"), 0)
        assert key.hex() in caught.value.where

    @pytest.mark.parametrize("value", [b"", b"\x00", bytes(5), b"\x01\x00\x00\x00", b"\xff" * 4])
    def test_an_id_that_leads_nowhere_is_called_so(self, env, value):
        docs(env, 7)
        self.spoil(env, keys.slot_of(1, 7), lambda _: value)
        with env.snapshot() as snapshot, pytest.raises(CorruptedError, match="slot"):
            snapshot.slot_of(snapshot.collection("docs"), 7)

    def test_a_record_with_an_id_of_the_other_kind_is_called_so(self, env):
        docs(env, 1)
        with env.batch() as batch:
            batch.put_sealed(keys.record(1, 0), b"\xa1x")
        with env.snapshot() as snapshot:
            for read in (snapshot.record, snapshot.id_at):
                with pytest.raises(CorruptedError, match="expected int, got str"):
                    read(snapshot.collection("docs"), 0)

    def test_a_collection_under_a_foreign_name_is_called_so(self, env):
        with env.batch() as batch:
            create(batch, "a")
            add(batch, create(batch, "b"), 1)
            batch.put_sealed(keys.name("a"), (2).to_bytes(4, "little"))
        with env.snapshot() as snapshot, pytest.raises(CorruptedError, match="name: expected 'a'"):
            snapshot.collection("a")
