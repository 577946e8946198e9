"""Files that were cut short or changed: an error, never a crash."""

import os
import random
import shutil

import pytest

from support.store_tools import child, docs, ids, run
from vdb.errors import CorruptedError, VdbError
from vdb.store import Environment
from vdb.store.files import data_file, lmdb_env

pytestmark = pytest.mark.damages

READ_ALL = """
from vdb.errors import VdbError
def text(record_id):
    return "x" * 3000 + str(record_id)
while (place := hear()) != "end":
    try:
        env = Environment.open(place, create=False, lock_timeout=2)
        try:
            with env.snapshot() as snapshot:
                for name in snapshot.names():
                    view = snapshot.collection(name)
                    for record_id in snapshot.ids(view):
                        slot = snapshot.slot_of(view, record_id)
                        assert snapshot.record(view, slot) == (record_id, text(record_id))
        finally:
            env.close()
        say("sound")
    except VdbError as error:
        say(type(error).__name__)
"""


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    """The bytes of a database with 60 records and a few free pages."""
    path = tmp_path_factory.mktemp("sample") / "a.vdb"
    env = Environment.open(path)
    for i in range(60):
        docs(env, i, payload="x" * 3000 + str(i))
    docs(env, *range(50), payload="x", name="gone")
    with env.batch() as batch:
        batch.drop_collection("gone")
    env.close()
    return path


class Reader:
    """Opens and reads damaged copies in another process, which must survive."""

    def __init__(self, process, sample, place):
        self.process, self.sample, self.place = process, sample, place
        self.data = (sample / "data.mdb").read_bytes()

    def read(self, data):
        shutil.rmtree(self.place, ignore_errors=True)
        shutil.copytree(self.sample, self.place)
        (self.place / "data.mdb").write_bytes(data)
        self.process.say(str(self.place))
        return self.process.hear()


@pytest.fixture
def reader(sample, tmp_path):
    with child(READ_ALL, tmp_path) as process:
        yield Reader(process, sample, tmp_path / "copy.vdb")
        process.say("end")
        process.end()


def test_the_sample_is_sound(reader):
    assert reader.read(reader.data) == "sound"


def test_a_file_cut_at_any_page_is_refused(reader):
    pages = len(reader.data) // 4096
    outcomes = {cut: reader.read(reader.data[: cut * 4096]) for cut in range(pages)}
    needed = [cut for cut, outcome in outcomes.items() if outcome == "CorruptedError"]
    assert set(outcomes.values()) <= {"CorruptedError", "sound"}
    # Only pages that hold nothing may be missing, and those stand at the end.
    assert needed == list(range(len(needed)))
    assert len(needed) > pages / 2


def test_a_file_cut_anywhere_is_refused(reader):
    draw = random.Random(5)
    for _ in range(40):
        cut = draw.randrange(0, len(reader.data) * 3 // 4)
        assert reader.read(reader.data[:cut]) == "CorruptedError", cut


def test_a_healthy_short_file_is_opened_and_made_whole(path, monkeypatch):
    """Pages that a transaction took and gave back are never written, and may stand at the end."""
    monkeypatch.setattr(data_file.DataFile, "lengthen", lambda _: None)
    env = Environment.open(path)
    docs(env, 1)
    for _ in range(10):
        with env.batch() as batch:
            batch.put(b"\x7f", b"")
            for i in range(10):
                batch.put(b"\x70" + bytes([i]), bytes(4080))
            batch.delete_all(b"\x70")
    assert lmdb_env.is_short(env.handle.file.engine, path / "data.mdb")
    full = env.stats().pages * env.page_size
    env.close()
    short = (path / "data.mdb").stat().st_size
    assert short < full
    reader = Environment.open(path, read_only=True)
    assert ids(reader) == [1]
    reader.close()
    assert (path / "data.mdb").stat().st_size == short
    env = Environment.open(path)
    assert ids(env) == [1]
    env.close()
    assert (path / "data.mdb").stat().st_size == full


def test_no_commit_leaves_a_short_file(env, path):
    draw = random.Random(7)
    for _ in range(150):
        with env.batch() as batch:
            for _ in range(draw.randrange(1, 30)):
                batch.put(b"\x70" + bytes([draw.randrange(40)]), bytes(draw.randrange(4080)))
                batch.delete(b"\x70" + bytes([draw.randrange(40)]))
        assert not lmdb_env.is_short(env.handle.file.engine, path / "data.mdb")


def test_bits_flipped_in_stored_records_are_noticed(reader):
    """Whatever is read is what was written, or an error."""
    draw = random.Random(11)
    outcomes = []
    for _ in range(60):
        data = bytearray(reader.data)
        at = data.index(b"x" * 3000 + str(draw.randrange(60)).encode())
        at += draw.randrange(3000)
        data[at] ^= 1 << draw.randrange(8)
        outcomes.append(reader.read(bytes(data)))
    # Copies of rewritten pages may lie about unused, so a few flips hit nothing.
    assert set(outcomes) <= {"CorruptedError", "sound"}
    assert outcomes.count("CorruptedError") > 40


def test_a_damaged_file_found_while_writing_breaks_the_batch(sample, tmp_path):
    place = tmp_path / "copy.vdb"
    shutil.copytree(sample, place)
    env = Environment.open(place)
    with env.batch() as batch:
        key = next(key for key, _ in batch.items(b"\x31"))
        batch.put(key, batch.get(key)[:-1] + b"!")
    with pytest.raises(CorruptedError), env.batch() as batch:
        batch.record(batch.collection("docs"), 0)
    docs(env, 100)
    env.close()


def test_a_data_file_replaced_under_a_closed_database_is_opened_like_any_other(sample, env, path):
    docs(env, 1)
    env.close()
    shutil.copy(sample / "data.mdb", path / "new")
    (path / "new").replace(path / "data.mdb")
    again = Environment.open(path)
    assert len(ids(again)) == 60
    again.close()


def test_an_error_names_the_file(tmp_path):
    place = tmp_path / "a.vdb"
    Environment.open(place).close()
    os.truncate(place / "data.mdb", 9000)
    with pytest.raises(VdbError) as caught:
        Environment.open(place)
    assert str(place / "data.mdb") in str(caught.value)


def test_verifying_a_short_file_waits_for_no_writer_for_ever(sample, tmp_path):
    place = tmp_path / "short.vdb"
    shutil.copytree(sample, place)
    os.truncate(place / "data.mdb", 40_000)
    assert (
        run(
            """
from vdb.store.files.file_lock import FileLock
lock = FileLock(path / "writer.lock", create=False)
lock.acquire(shared=False, timeout=0)
pid = os.fork()
if pid == 0:
    try:
        Environment.open(path, lock_timeout=0.05)
    except errors.BusyError as error:
        say("verified" in str(error))
    os._exit(0)
os.waitpid(pid, 0)
""",
            place,
        )
        == "True"
    )
