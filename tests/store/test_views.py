"""Views and block tables live on through commits that did not touch them.

The blocks here hold nothing; what matters is which of them a table fetches again.
"""

import signal
import sys

import numpy as np
import pytest

from support.store_tools import add, child, create, docs
from vdb.errors import CorruptedError, NotFoundError
from vdb.store import CacheSlot, view_cache
from vdb.store.format import blocks, journal, keys
from vdb.store.reader import Reader
from vdb.store.views import ViewSet

ROWS = (4080 - 48) // 132
SLOTS = 10 * ROWS


class Writer:
    """Writes empty blocks of level-0 links."""

    def __init__(self, collection, *numbers):
        self.number = collection.header.number
        self.numbers = numbers

    def seal(self, commit):
        """As the kernel's Writer does."""
        sealed = []
        for n in self.numbers:
            header = blocks.BlockHeader(2, 0, self.number, 1, n, 132, ROWS, ROWS, commit)
            value = bytearray(header.encode() + b"\xff" * (4080 - 48))
            value[40:44] = blocks.checksum(value, self.salt).to_bytes(4, "little")
            sealed.append((keys.block(self.number, 1, 2, 0, n), bytes(value)))
        return sealed

    def rewritten(self):
        """As the kernel's Writer does."""
        return [(1, 2, 0, np.array(self.numbers, np.uint32))]


def write(env, name, *numbers):
    """One commit that rewrites some blocks of a collection, made when it is missing."""
    with env.batch() as batch:
        if name in batch.names():
            found = batch.collection(name)
        else:
            found = create(batch, name)
            found.header.slots = found.header.count = SLOTS
        found.writer = Writer(found, *numbers)
        found.writer.salt = env.uuid
        found.touched = True


def resolve(env, name="a"):
    """Touch all blocks of level 0; returns the view and how many had to be fetched."""
    with env.snapshot() as snapshot:
        view = snapshot.collection(name)
        table = view.links[0]
        before = table.resolved()
        for number in range(table.blocks):
            assert table.check(snapshot.fetch, number)
        return view, table.blocks - before


@pytest.fixture
def two(env):
    """Collections a and b, with ten blocks each, all resolved."""
    for name in "ab":
        write(env, name, *range(10))
        assert resolve(env, name)[1] == 10
    return env


OTHER = """
from vdb.store.format import keys
import importlib.util
spec = importlib.util.spec_from_file_location("test_views", "store/test_views.py")
views = importlib.util.module_from_spec(spec)
spec.loader.exec_module(views)
env = Environment.open(path)
exec(hear())
env.close()
"""


def elsewhere(env, statement):
    """Run a statement on the database in another process."""
    with child(OTHER, env.path) as other:
        other.say(statement)
        other.end()


def here(env, statement):
    """Run a statement on the database in this process."""
    exec(statement, {"env": env, "views": sys.modules[__name__], "add": add, "create": create})


WHERE = pytest.mark.parametrize("run", [here, elsewhere])


def test_without_a_commit_the_same_view_is_seen(two):
    assert resolve(two)[0] is resolve(two)[0]


@WHERE
def test_a_commit_to_another_collection_leaves_the_view_as_it_is(two, run):
    before, _ = resolve(two)
    slot = CacheSlot[str]("a value of a floor above")
    before.cache[slot] = "kept"
    run(two, "views.write(env, 'b', 1, 2)")
    after, fetched = resolve(two)
    assert after is before
    assert after.cache.get(slot) == "kept"
    assert fetched == 0


@WHERE
def test_only_rewritten_blocks_are_fetched_again(two, run):
    before, _ = resolve(two)
    run(two, "views.write(env, 'a', 3, 7)")
    after, fetched = resolve(two)
    assert after is not before
    assert len(after.cache) == 0
    assert fetched == 2


@WHERE
def test_several_commits_add_up(two, run):
    resolve(two)
    run(two, "[views.write(env, 'a', n, 9) for n in (1, 2, 3)]")
    assert resolve(two)[1] == 4


@WHERE
def test_commits_that_nobody_looked_at_in_between_are_not_lost(two, run):
    resolve(two)
    for n in (1, 2, 3):
        run(two, f"views.write(env, 'a', {n})")
        two.snapshot().close()
    assert resolve(two)[1] == 3


@WHERE
def test_a_commit_of_records_only_leaves_the_view_as_it_is(two, run):
    before, _ = resolve(two)
    run(two, "b = env.batch(); b.put_record(b.collection('a'), 0, 5, 'new'); b.commit()")
    after, fetched = resolve(two)
    assert after is before
    assert fetched == 0
    with two.snapshot() as snapshot:
        assert snapshot.record(after, 0) == (5, "new")


@WHERE
def test_growing_keeps_what_was_there(two, run):
    resolve(two)
    run(
        two,
        "b = env.batch(); c = b.collection('a'); c.header.slots += 1; c.header.count += 1;"
        "c.writer = views.Writer(c, 10); c.writer.salt = env.uuid; b.commit()",
    )
    view, fetched = resolve(two)
    assert view.links[0].blocks == 11
    assert fetched == 1


@WHERE
def test_a_dropped_collection_is_gone_and_its_name_means_another(two, run):
    resolve(two)
    run(two, "b = env.batch(); b.drop_collection('a'); b.commit()")
    with pytest.raises(NotFoundError):
        resolve(two)
    run(two, "views.write(env, 'a', *range(10))")
    view, fetched = resolve(two)
    assert view.header.number == 3
    assert fetched == 10
    assert resolve(two, "b")[1] == 0


@WHERE
def test_dropped_and_made_anew_between_two_looks(two, run):
    resolve(two)
    run(
        two,
        "b = env.batch(); b.drop_collection('a'); b.commit(); views.write(env, 'a', *range(10))",
    )
    view, fetched = resolve(two)
    assert view.header.number == 3
    assert fetched == 10


@WHERE
def test_a_reader_too_far_behind_starts_over(two, run):
    before, _ = resolve(two)
    run(two, f"[views.write(env, 'b', 0) for _ in range({journal.KEPT + 1})]")
    after, fetched = resolve(two)
    if run is here:  # which is never behind its own commits
        assert after is before
    else:
        assert after is not before
        assert fetched == 10


def test_a_reader_just_near_enough_does_not(two):
    before, _ = resolve(two)
    elsewhere(two, f"[views.write(env, 'b', 0) for _ in range({journal.KEPT})]")
    assert resolve(two)[0] is before


def test_a_journal_that_is_missing_only_costs_time(two):
    before, _ = resolve(two)
    elsewhere(two, "views.write(env, 'b', 0)")
    elsewhere(two, "b = env.batch(); b.delete(keys.journal(4)); b.commit()")
    after, fetched = resolve(two)
    assert after is not before
    assert fetched == 10


def test_an_older_snapshot_keeps_its_views(two):
    with two.snapshot() as old:
        before = old.collection("a")
        write(two, "a", 3)
        fetched = resolve(two)[1]
        assert fetched == 1
        assert old.collection("a") is before
        assert before.links[0].resolved() == 10


def test_a_failed_commit_changes_no_view(two):
    before, _ = resolve(two)
    with pytest.raises(KeyError), two.batch() as batch:
        found = batch.collection("a")
        found.writer = Writer(found, 1)
        raise KeyError
    assert resolve(two)[0] is before


def test_compaction_makes_everything_new(two):
    before, _ = resolve(two)
    two.compact()
    after, fetched = resolve(two)
    assert after is not before
    assert fetched == 10


def test_a_reader_reads_only_the_journals_it_needs(two, monkeypatch):
    seen = []
    original = journal.decode
    monkeypatch.setattr(
        view_cache.journal,
        "decode",
        lambda body, commit, **of: seen.append(commit) or original(body, commit, **of),
    )
    resolve(two)
    assert seen == []
    elsewhere(two, "views.write(env, 'b', 0)")
    for _ in range(3):
        resolve(two)
    assert seen == [4]


class TestSignalHandlers:
    """A handler may use the database wherever it strikes; it runs in the thread it interrupted."""

    @pytest.fixture
    def strike(self, two, monkeypatch):
        """Let a handler run in the middle of the next call of a reader's method."""

        def strike(method, handle):
            original = getattr(Reader, method)

            def interrupted(*arguments):
                monkeypatch.undo()
                signal.raise_signal(signal.SIGINT)
                return original(*arguments)

            monkeypatch.setattr(Reader, method, interrupted)
            signal.signal(signal.SIGINT, lambda *_: handle())

        before = signal.getsignal(signal.SIGINT)
        yield strike
        signal.signal(signal.SIGINT, before)

    @pytest.mark.timeout(30)
    def test_while_a_view_is_made(self, two, strike):
        two.handle.cache.reset(two.handle.cache.current.database, two.handle.cache.current.txn_id)
        seen = []
        strike("header_of", lambda: seen.append(resolve(two)))
        view, fetched = resolve(two)
        assert seen[0] == (view, 10)
        assert seen[0][0] is view
        assert fetched == 0

    @pytest.mark.timeout(30)
    def test_while_the_views_follow_a_commit(self, two, strike):
        resolve(two)
        elsewhere(two, "views.write(env, 'a', 3)")
        seen = []
        strike("database_header", lambda: seen.append(resolve(two)))
        view, fetched = resolve(two)
        assert seen[0][0] is view
        assert (seen[0][1], fetched) == (1, 0)

    @pytest.mark.timeout(30)
    def test_a_newer_set_of_views_is_not_replaced_by_an_older_one(self, two, strike):
        resolve(two)
        elsewhere(two, "views.write(env, 'a', 3)")

        def handle():
            elsewhere(two, "views.write(env, 'a', 4, 5)")
            assert resolve(two)[1] == 3

        strike("database_header", handle)
        older = two.snapshot()
        assert two.handle.cache.current.txn_id > older.txn_id
        assert older.collection("a").links[0].resolved() == 9
        older.close()
        assert resolve(two)[1] == 0

    def test_nor_when_this_process_commits(self, two, monkeypatch):
        resolve(two)
        advanced, made = ViewSet.advanced, []

        def interrupted(*arguments):
            later = advanced(*arguments)
            monkeypatch.undo()
            two.snapshot().close()  # makes the set of the same commit
            made.append(two.handle.cache.current)
            return later

        monkeypatch.setattr(ViewSet, "advanced", interrupted)
        write(two, "a", 3)
        assert two.handle.cache.current is made[0]
        assert resolve(two)[1] == 1


def test_a_damaged_block_is_named(two):
    with two.batch() as batch:
        key = keys.block(1, 1, 2, 0, 4)
        value = bytearray(batch.get(key))
        value[1000] ^= 1
        batch.put(key, bytes(value))
    two.handle.cache.reset(two.handle.file.header, 0)
    with pytest.raises(CorruptedError, match="checksum"):
        resolve(two)


def test_docs_without_blocks_have_tables_for_every_level(env):
    docs(env, 1)
    with env.snapshot() as snapshot:
        view = snapshot.collection("docs")
    assert len(view.links) == blocks.link_levels(16)
    assert [table.level for table in view.links] == list(range(len(view.links)))
    assert (view.vectors.kind, view.vectors.generation) == (blocks.VECTORS, 1)
