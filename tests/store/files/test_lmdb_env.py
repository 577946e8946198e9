"""How LMDB is used: its settings, the size of its map, what it counts."""

import os
import resource
import subprocess

import pytest

from support.store_tools import child, create, docs, run
from vdb.store import Environment
from vdb.store.files import lmdb_env


class TestSettings:
    """How LMDB is used."""

    def test_the_map_is_large_and_never_writable(self, env):
        flags = env.handle.file.engine.flags()
        assert env.map_size == 1 << 40
        assert env.stats().max_readers == 1024
        assert not flags["writemap"]
        assert not flags["map_async"]
        assert flags["sync"]
        assert flags["metasync"]
        assert env.handle.file.engine.lib_version()[0] == 0

    def test_the_environment_variable_that_chooses_another_engine_is_not_heeded(self, path):
        env = dict(os.environ, LMDB_DEFAULT_LIB_VERSION="1")
        code = (
            "import sys; from vdb.store import Environment; Environment.open(sys.argv[1]).close()"
        )
        subprocess.run([os.sys.executable, "-c", code, str(path)], check=True, env=env)
        Environment.open(path, create=False).close()

    def test_relaxed_leaves_out_the_second_flush_only(self, path):
        relaxed = Environment.open(path, durability="relaxed")
        flags = relaxed.handle.file.engine.flags()
        assert not flags["metasync"]
        assert flags["sync"]
        docs(relaxed, 1)
        relaxed.close()

    @pytest.mark.skipif(
        "VDB_SANITIZED" in os.environ, reason="a sanitizer takes more address space for itself"
    )
    def test_where_address_space_is_short_the_map_is_smaller(self, path):
        limit = 8 << 30
        script = f"""
import resource
resource.setrlimit(resource.RLIMIT_AS, ({limit}, {limit}))
env = Environment.open(path)
docs(env, 1, 2)
say(env.map_size)
env.close()
"""
        assert (64 << 20) <= int(run(script, path)) < limit
        assert resource.getrlimit(resource.RLIMIT_AS)[0] == resource.RLIM_INFINITY

    def test_a_full_small_map_is_a_disk_full_error_and_nothing_changes(self, path):
        script = """
from vdb.store.files import address_space
address_space.map_for = lambda *_, **__: 1 << 22
env = Environment.open(path)
docs(env, 1)
try:
    docs(env, 2, payload="x" * 1_000_000, name="a")
    with env.batch() as batch:
        found = batch.collection("docs")
        for i in range(3, 100):
            add(batch, found, i, payload="x" * 1_000_000)
except errors.DiskFullError as error:
    say("full" in str(error))
docs(env, 4)
say(ids(env))
env.close()
"""
        assert run(script, path).split("\n") == ["True", "[1, 4]"]

    def test_a_process_with_a_smaller_map_adopts_what_another_has_written(self, env, path):
        script = """
from vdb.store.files import address_space
address_space.share, address_space.ROOM = lambda *_, **__: 1 << 20, 0
env = Environment.open(path)
say(env.map_size)
hear()
say(ids(env), env.map_size >= 4_000_000)
hear()
docs(env, 2)
say(ids(env))
env.close()
"""
        docs(env, 0)
        with child(script, path) as other:
            assert int(other.hear()) < 4_000_000
            with env.batch() as batch:
                for i in range(6):
                    create(batch, f"c{i}")
                    batch.put_record(batch.collection("docs"), 0, 0, "x" * 1_000_000)
                    batch.put_record(batch.collection(f"c{i}"), 0, 0, "x" * 1_000_000)
            other.say()
            assert other.hear() == "[0] True"
            other.say()
            assert other.hear() == "[0, 2]"
            other.end()


def test_stats_say_what_lmdb_knows(env):
    docs(env, *range(100), payload="x" * 1000)
    stats = env.stats()
    assert stats.pages == stats.pages_used + stats.pages_free
    assert stats.file_size >= stats.pages * stats.page_size
    assert stats.entries == 3 + 1 + 2 + 200 + 0
    assert stats.lmdb_version[:2] == (0, 9)
    assert stats.readers >= 1
    assert stats.txn_id == 2
    assert stats.max_readers == lmdb_env.MAX_READERS
