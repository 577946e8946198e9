"""Batches: commit or nothing, and what is read inside them."""

import gc
import threading

import lmdb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.store_tools import add, create, docs, ids
from vdb.errors import (
    ClosedError,
    CollectionExistsError,
    CorruptedError,
    InvalidArgumentError,
    InvalidPayloadError,
    NotFoundError,
)
from vdb.store import Environment
from vdb.store.format import blocks, journal, keys
from vdb.store.format.limits import NO_SLOT


def everything(env):
    """All keys and values."""
    with env.snapshot() as snapshot:
        return dict(snapshot.items(b""))


class TestCommit:
    """All of it."""

    def test_a_commit_is_seen_by_the_next_snapshot(self, env):
        docs(env, 3, 1, 2, payload={"a": [1]})
        with env.snapshot() as snapshot:
            view = snapshot.collection("docs")
            assert snapshot.names() == ["docs"]
            assert list(snapshot.ids(view)) == [1, 2, 3]
            assert snapshot.slot_of(view, 2) == 2
            assert snapshot.record(view, 0) == (3, {"a": [1]})
            assert view.header.count == 3

    def test_commits_are_numbered(self, env):
        with env.snapshot() as snapshot:
            assert snapshot.commit == 1
        for number in (2, 3, 4):
            with env.batch() as batch:
                assert batch.commit_number == number
                batch.put(b"\x7f", b"")
            with env.snapshot() as snapshot:
                assert snapshot.commit == number

    def test_a_batch_that_wrote_nothing_is_no_commit(self, env):
        docs(env, 1)
        with env.batch() as batch:
            assert batch.names() == ["docs"]
            batch.collection("docs")
        with env.snapshot() as snapshot:
            assert snapshot.commit == 2

    def test_headers_that_were_changed_are_written(self, env):
        docs(env, 1)
        with env.batch() as batch:
            found = batch.collection("docs")
            found.header.scores = "other"
            found.generation.entry = 0
            found.generation.longest.append(0)
        with env.snapshot() as snapshot:
            view = snapshot.collection("docs")
            assert view.header.scores == "other"
            assert (view.generation.entry, view.generation.longest) == (0, [0])

    def test_a_header_that_could_not_be_read_back_is_not_written(self, env):
        docs(env, 1)
        before = everything(env)
        with pytest.raises(CorruptedError, match="slots"), env.batch() as batch:
            batch.collection("docs").header.count += 1
        assert everything(env) == before

    def test_only_a_number_of_journals_is_kept(self, env):
        for i in range(journal.KEPT + 5):
            with env.batch() as batch:
                batch.put(b"\x7f", bytes([i % 256]))
        with env.snapshot() as snapshot:
            kept = [keys.decode(key).commit for key, _ in snapshot.items(b"\x02")]
        newest = journal.KEPT + 6
        assert kept == list(range(newest - journal.KEPT + 1, newest + 1))

    def test_several_collections_are_one_commit(self, env):
        with env.batch() as batch:
            add(batch, create(batch, "a"), 1)
            add(batch, create(batch, "b", id_kind="str"), "x")
        assert ids(env, "a") == [1]
        assert ids(env, "b") == ["x"]

    def test_blocks_come_from_the_writer_and_are_journalled(self, env):
        docs(env, 1)

        class Writer:
            def seal(self, commit):
                header = blocks.BlockHeader(2, 0, 1, 1, 5, 132, 30, 1, commit)
                return [
                    (keys.block(1, 1, 2, 0, n), memoryview(header.encode() + bytes(4032)))
                    for n in (5, 2)
                ]

            def rewritten(self):
                return [(1, 2, 0, np.array([2, 5], np.uint32))]

        with env.batch() as batch:
            batch.collection("docs").writer = Writer()
        with env.snapshot() as snapshot:
            stored = [
                keys.decode(key).number for key, _ in snapshot.items(keys.block_prefix(1, 1, 2, 0))
            ]
            assert stored == [2, 5]
            key = keys.journal(snapshot.commit)
            (entry,) = journal.decode(snapshot.sealed(key), snapshot.commit)[1].items()
        assert entry[0] == (1, 2, 0)
        assert entry[1].tolist() == [2, 5]


class TestNothing:
    """Or nothing of it."""

    def test_an_exception_leaves_nothing(self, env):
        docs(env, 1)
        before = everything(env)
        with pytest.raises(KeyError), env.batch() as batch:
            add(batch, batch.collection("docs"), 2, 3, payload="x" * 10_000)
            create(batch, "other")
            batch.drop_collection("docs")
            raise KeyError
        assert everything(env) == before
        docs(env, 4)
        assert ids(env) == [1, 4]

    def test_aborting_leaves_nothing(self, env):
        before = everything(env)
        batch = env.batch()
        create(batch)
        batch.abort()
        batch.abort()
        assert everything(env) == before

    def test_keyboard_interrupt_leaves_nothing_and_no_lock(self, env):
        before = everything(env)
        with pytest.raises(KeyboardInterrupt), env.batch() as batch:
            create(batch)
            raise KeyboardInterrupt
        assert everything(env) == before
        docs(env, 1)

    def test_a_batch_that_was_forgotten_leaves_nothing_and_no_lock(self, env):
        before = everything(env)
        create(env.batch())
        gc.collect()
        assert everything(env) == before
        docs(env, 1)
        assert env.handle.gate.inside == 0

    def test_a_broken_batch_refuses_to_commit_and_says_why(self, env):
        before = everything(env)
        cause = RuntimeError("the kernel stumbled")
        with (
            pytest.raises(ClosedError, match="the kernel stumbled") as caught,
            env.batch() as batch,
        ):
            create(batch)
            batch.fail(cause)
            batch.fail(RuntimeError("later"))
            assert batch.broken
        assert caught.value.__cause__ is cause
        assert everything(env) == before
        docs(env, 1)

    def test_a_refused_payload_leaves_the_batch_whole(self, env):
        with env.batch() as batch:
            made = create(batch)
            with pytest.raises(InvalidPayloadError):
                batch.put_record(made, 0, 1, {1, 2})
            add(batch, made, 1)
        assert ids(env) == [1]

    @pytest.mark.parametrize("end", ["commit", "abort"])
    def test_a_batch_that_is_over_cannot_be_used(self, env, end):
        batch = env.batch()
        made = create(batch)
        getattr(batch, end)()
        uses = [
            lambda: batch.get(b"\x00"),
            lambda: batch.put(b"\x7f", b""),
            lambda: batch.delete(b"\x7f"),
            lambda: list(batch.items(b"")),
            lambda: batch.collection("docs"),
            batch.names,
            lambda: batch.put_record(made, 0, 1, None),
            lambda: create(batch, "other"),
            lambda: batch.drop_collection("docs"),
            batch.commit,
        ]
        for use in uses:
            with pytest.raises(ClosedError, match="the batch is over"):
                use()

    def test_a_batch_stays_on_its_thread(self, env):
        refused = []

        def use(batch):
            try:
                batch.put(b"\x7f", b"")
            except InvalidArgumentError as error:
                refused.append(str(error))

        with env.batch() as batch:
            thread = threading.Thread(target=use, args=(batch,))
            thread.start()
            thread.join()
        assert refused == ["a batch belongs to the thread that began it"]


class TestReadingInside:
    """A batch sees its own writes, its base does not, and neither does anybody else."""

    def test_what_was_written_is_read(self, env):
        docs(env, 1)
        with env.batch() as batch:
            found = batch.collection("docs")
            add(batch, found, 2, payload="new")
            create(batch, "other")
            assert list(batch.ids(found)) == [1, 2]
            assert batch.slot_of(found, 2) == 1
            assert batch.record(found, 1) == (2, "new")
            assert batch.names() == ["docs", "other"]
            assert batch.collection("docs") is found
            assert batch.base.names() == ["docs"]
            assert list(batch.base.ids(found)) == [1]
            assert ids(env) == [1]

    def test_a_dropped_collection_is_gone_and_may_be_made_anew(self, env):
        docs(env, 1, 2, payload="x" * 10_000)
        with env.batch() as batch:
            batch.drop_collection("docs")
            assert batch.names() == []
            for use in (batch.collection, batch.drop_collection):
                with pytest.raises(NotFoundError):
                    use("docs")
            made = create(batch)
            assert made.header.number == 2
            add(batch, made, 3)
        assert ids(env) == [3]
        with env.snapshot() as snapshot:
            left = {keys.decode(key).collection for key, _ in snapshot.items(b"")}
        assert left == {None, 2}

    def test_a_name_is_taken_once(self, env):
        docs(env, 1)
        with env.batch() as batch, pytest.raises(CollectionExistsError, match="'docs'"):
            create(batch)

    def test_numbers_of_collections_are_never_reused(self, env):
        for expected in (1, 2, 3):
            with env.batch() as batch:
                assert create(batch).header.number == expected
            with env.batch() as batch:
                batch.drop_collection("docs")


class TestRecords:
    """Ids and payloads."""

    @pytest.mark.parametrize("size", [0, 2000, 4060, 4070, 4080, 8000, 70_000, 1_048_000])
    def test_payloads_of_every_size_come_back(self, env, size):
        docs(env, 1, payload="x" * size)
        with env.snapshot() as snapshot:
            view = snapshot.collection("docs")
            assert snapshot.record(view, 0) == (1, "x" * size)
            assert snapshot.id_at(view, 0) == 1

    def test_no_value_is_longer_than_a_small_block_but_blocks(self, env):
        docs(env, 1, payload="x" * 1_000_000)
        assert max(map(len, everything(env).values())) == env.small_block

    def test_replacing_a_long_record_leaves_no_part_of_it(self, env):
        docs(env, 1, payload="x" * 50_000)
        with env.batch() as batch:
            batch.put_record(batch.collection("docs"), 0, 1, "short")
        with env.snapshot() as snapshot:
            assert snapshot.record(snapshot.collection("docs"), 0) == (1, "short")
            assert list(snapshot.items(b"\x32")) == []

    def test_deleting_leaves_nothing(self, env):
        docs(env, 1, 2, payload="x" * 50_000)
        with env.batch() as batch:
            found = batch.collection("docs")
            batch.delete_record(found, 0, 1)
            found.header.count, found.header.free_count, found.header.free_head = 1, 1, 0
        assert ids(env) == [2]
        with env.snapshot() as snapshot:
            view = snapshot.collection("docs")
            assert snapshot.slot_of(view, 1) is None
            with pytest.raises(CorruptedError, match="missing"):
                snapshot.record(view, 0)
            assert {keys.decode(key).slot for key, _ in snapshot.items(b"\x32")} == {1}

    def test_an_id_of_the_other_kind_is_not_there(self, env):
        docs(env, 0x6161616161616161 - 2**63)
        with env.snapshot() as snapshot:
            view = snapshot.collection("docs")
            assert snapshot.slot_of(view, 0x6161616161616161 - 2**63) == 0
            assert snapshot.slot_of(view, "aaaaaaaa") is None

    def test_ids_can_be_listed_from_any_one_on(self, env):
        docs(env, *range(0, 2000, 2))
        with env.snapshot() as snapshot:
            view = snapshot.collection("docs")
            assert list(snapshot.ids(view)) == list(range(0, 2000, 2))
            assert list(snapshot.ids(view, after=999)) == list(range(1000, 2000, 2))
            assert list(snapshot.ids(view, after=1000)) == list(range(1002, 2000, 2))
            assert list(snapshot.ids(view, after=1998)) == []

    def test_an_empty_free_list_has_no_head(self, env):
        docs(env, 1)
        with env.snapshot() as snapshot:
            assert snapshot.collection("docs").header.free_head == NO_SLOT


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(-5, 5),
            st.sampled_from(["put", "delete"]),
            st.sampled_from([0, 10, 3000, 5000, 20_000]),
            st.booleans(),
        ),
        max_size=30,
    )
)
def test_records_behave_like_a_dictionary(tmp_path_factory, steps):
    """Each step is a batch, committed or aborted; slots are ids plus five."""
    env = Environment.open(tmp_path_factory.mktemp("model") / "a.vdb", durability="relaxed")
    with env.batch() as batch:
        header = create(batch).header
        header.slots, header.count = 11, 11
    model = {}
    for record_id, action, size, commit in steps:
        batch = env.batch()
        found = batch.collection("docs")
        after = dict(model)
        if action == "put":
            batch.put_record(found, record_id + 5, record_id, "x" * size)
            after[record_id] = "x" * size
        else:
            batch.delete_record(found, record_id + 5, record_id)
            after.pop(record_id, None)
        if commit:
            batch.commit()
            model = after
        else:
            batch.abort()
    with env.snapshot() as snapshot:
        view = snapshot.collection("docs")
        assert list(snapshot.ids(view)) == sorted(model)
        for record_id, payload in model.items():
            assert snapshot.record(view, snapshot.slot_of(view, record_id)) == (record_id, payload)
        stored = sum(1 for _ in snapshot.items(b"\x31"))
    env.close()
    assert stored == len(model)


def test_lmdb_itself_refuses_a_second_environment(env, path):
    """The reason for the registry."""
    with pytest.raises(lmdb.Error, match="already open in this process"):
        lmdb.open(str(path), lib_version=0)
    docs(env, 1)
