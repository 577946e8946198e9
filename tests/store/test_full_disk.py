"""A disk that is full: nothing changes, and it passes."""

import pytest

from support.store_descriptors import DESCRIPTORS, LINUX
from support.store_tools import docs, ids, run
from vdb.errors import DiskFullError
from vdb.store.files import mounts


@LINUX
class TestFull:
    """No space left."""

    def test_a_full_disk_changes_nothing_and_passes(self, path):
        assert run(
            DESCRIPTORS
            + """
saved = os.dup(pages)
os.dup2(os.open("/dev/full", os.O_WRONLY), pages)
error = fails(errors.DiskFullError, lambda: docs(env, 2, payload="x" * 100_000))
say(isinstance(error, OSError), "nothing was changed" in str(error))
say(ids(env))
os.dup2(saved, pages)
os.close(saved)
docs(env, 3)
say(ids(env))
env.close()
""",
            path,
        ).split("\n") == ["True True", "[1]", "[1, 3]"]

    def test_a_limit_on_the_size_of_files_is_a_full_disk(self, path):
        assert run(
            """
import resource
env = Environment.open(path)
docs(env, 1)
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, resource.RLIM_INFINITY))
try:
    docs(env, 2, payload="x" * 1_000_000)
except errors.DiskFullError:
    say("full")
say(ids(env))
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
docs(env, 2, payload="x" * 1_000_000)
say(ids(env))
env.close()
""",
            path,
        ).split("\n") == ["full", "[1]", "[1, 2]"]

    def test_on_a_small_file_system_every_acknowledged_record_stays(self, small_disk):
        assert run(
            """
env = Environment.open(path / "a.vdb")
docs(env)
kept = []
while True:
    try:
        docs(env, len(kept), payload="x" * 50_000)
    except errors.DiskFullError:
        break
    kept.append(len(kept))
say(len(kept) > 20, ids(env) == kept)
for slot in reversed(kept[10:]):
    with env.batch() as batch:
        found = batch.collection("docs")
        batch.delete_record(found, slot, slot)
        found.header.count = found.header.slots = slot
docs(env, 100, payload="x" * 50_000)
say(ids(env) == [*range(10), 100])
env.close()
""",
            small_disk,
        ).split("\n") == ["True True", "True"]


def test_a_large_commit_is_refused_before_it_is_written(env, monkeypatch):
    docs(env, 1)
    monkeypatch.setattr(mounts, "free_bytes", lambda _: 100_000)
    with pytest.raises(DiskFullError, match="nothing was changed") as caught:
        docs(env, 2, payload="x" * 500_000)
    assert caught.value.received == 100_000
    assert caught.value.expected > 1_000_000
    assert ids(env) == [1]
    docs(env, 3)


def test_pages_that_are_free_inside_the_file_count_as_space(env, monkeypatch):
    docs(env, *range(200), payload="x" * 10_000)
    with env.batch() as batch:
        batch.drop_collection("docs")
    for i in range(3):
        docs(env, i, name="other")
    monkeypatch.setattr(mounts, "free_bytes", lambda _: 1000)
    docs(env, 9, name="other", payload="x" * 300_000)
    assert ids(env, "other") == [0, 1, 2, 9]
