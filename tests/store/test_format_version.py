"""When a file becomes one of a later format version: in the commit that needs it."""

from __future__ import annotations

import pytest

from support.store_tools import child, create, docs, run
from vdb.errors import CorruptedError, FormatVersionError
from vdb.maintenance.check import check
from vdb.store import Environment
from vdb.store.format import keys
from vdb.store.format.versions import Identity


def version(env):
    with env.snapshot() as snapshot:
        return snapshot.format_version()


def create_new(env, name="new"):
    """A collection whose header needs format version 2."""
    with env.batch() as batch:
        create(batch, name).header.bare = 0


def put_later_field(path):
    """A header of version 2 in a file of version 1."""
    env = Environment.open(path)
    with env.batch() as batch:
        header = batch.collection("docs").view.header.copy()
        header.bare = 0
        batch.put_sealed(keys.collection(header.number), header.encode())
    env.close()


class Pin:
    """A commit for `check`."""

    def __init__(self, env):
        self._env = env
        self._snapshot = env.snapshot(held=True)

    def reading(self):
        return self._snapshot.use()


def test_a_new_file_is_of_the_first_version_and_stays_so(env):
    assert version(env) == 1
    docs(env, 1, 2, 3)
    docs(env, 1, name="others")
    with env.batch() as batch:
        batch.drop_collection("others")
    assert version(env) == 1


def test_the_commit_that_needs_a_later_version_stores_it(env):
    docs(env, 1)
    with env.snapshot() as before:
        create_new(env)
        assert before.format_version() == 1
        assert version(env) == 2
        with env.snapshot() as after:
            assert after.commit == before.commit + 1
            assert after.get(keys.IDENTITY) == Identity(2, "0.2.0").encode()
    docs(env, 2)
    assert version(env) == 2


def test_a_batch_that_is_given_up_leaves_the_version(env):
    docs(env, 1)
    with pytest.raises(KeyboardInterrupt), env.batch() as batch:
        create(batch, "new").header.bare = 0
        batch.require_format(2)
        assert batch.format_version() == 2
        raise KeyboardInterrupt
    assert version(env) == 1


def test_a_file_does_not_go_back_to_the_first_version(env):
    create_new(env)
    with env.batch() as batch:
        batch.drop_collection("new")
    docs(env, 1)
    with env.batch() as batch:
        batch.require_format(1)
    assert version(env) == 2


def test_copies_keep_the_version(env, tmp_path):
    docs(env, 1)
    env.copy(tmp_path / "first")
    create_new(env)
    for compact in (False, True):
        env.copy(tmp_path / f"second {compact}", compact=compact)
    env.compact()
    assert version(env) == 2
    for name, expected in (("first", 1), ("second False", 2), ("second True", 2)):
        copy = Environment.open(tmp_path / name)
        assert version(copy) == expected
        copy.close()


def test_a_process_that_opened_the_file_before_reads_and_writes_it_afterwards(env, path):
    docs(env, 1)
    waiting = """
env = Environment.open(path)
with env.snapshot() as snapshot:
    snapshot.collection("docs")
    say(snapshot.format_version())
hear()
with env.snapshot() as snapshot:
    say(snapshot.format_version(), snapshot.collection("new").header.bare)
docs(env, 2)
with env.batch() as batch:
    batch.collection("new").header.scores = "faiss"
    create(batch, "newer").header.bare = 0
with env.snapshot() as snapshot:
    say(snapshot.format_version(), snapshot.names())
"""
    with child(waiting, path) as other:
        assert other.hear() == "1"
        create_new(env)
        other.say()
        assert other.hear() == "2 0"
        assert other.hear() == "2 ['docs', 'new', 'newer']"
        other.end()
    with env.snapshot() as snapshot:
        assert snapshot.collection("new").header.scores == "faiss"
        assert snapshot.collection("newer").header.bare == 0


def test_a_file_that_a_later_release_raised_meanwhile_is_refused_with_what_reads_it(env, path):
    docs(env, 1)
    later = """
from vdb.store.format import keys
from vdb.store.format.versions import Identity
env = Environment.open(path)
with env.batch() as batch:
    batch.put(keys.IDENTITY, Identity(99, "7.0.0").encode())
env.close()
"""
    run(later, path)
    with pytest.raises(FormatVersionError, match=r"version 99, which vdb '7\.0\.0' or later"):
        env.snapshot()
    with pytest.raises(FormatVersionError, match="version 99"):
        env.batch()


@pytest.mark.damages
def test_a_file_of_the_first_version_with_later_fields_is_damaged(closed):
    put_later_field(closed)
    env = Environment.open(closed)
    with (
        env.snapshot() as snapshot,
        pytest.raises(CorruptedError, match="format version 2, and the file is of version 1"),
    ):
        snapshot.collection("docs")
    problems = [str(problem) for problem in check(lambda: Pin(env))]
    assert any("format version 2, and the file is of version 1" in one for one in problems)
    env.close()


@pytest.mark.damages
def test_the_check_compares_the_release_of_an_identity(env):
    docs(env, 1)
    with env.batch() as batch:
        batch.put(keys.IDENTITY, Identity(1, "0.1.7").encode())
    problems = [str(problem) for problem in check(lambda: Pin(env))]
    assert any("release: expected '0.1.0', got '0.1.7'" in one for one in problems)
