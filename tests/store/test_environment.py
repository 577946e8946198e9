"""One environment for each directory and process, which reads or writes."""

import threading

import pytest

from support.store_tools import child, docs, ids
from vdb.errors import (
    BusyError,
    ClosedError,
    InvalidArgumentError,
    ReadOnlyError,
)
from vdb.store import Environment


class TestSharing:
    """One handle for each directory and process."""

    def test_opening_twice_shares_one_handle(self, env, path):
        again = Environment.open(path)
        assert again.handle is env.handle
        again.close()
        docs(env, 1)

    def test_whatever_path_led_there(self, env, path, tmp_path, monkeypatch):
        link = tmp_path / "link"
        link.symlink_to(path)
        monkeypatch.chdir(tmp_path)
        for other in (link, path.name, str(path) + "/", f"{path}/../{path.name}"):
            again = Environment.open(other)
            assert again.handle is env.handle
            again.close()

    def test_it_is_closed_when_it_was_closed_as_often_as_opened(self, path):
        opened = [Environment.open(path) for _ in range(3)]
        opened[0].close()
        opened[0].close()
        docs(opened[0], 1)
        opened[0].close()
        with pytest.raises(ClosedError):
            opened[0].snapshot()
        opened[0].close()
        with Environment.open(path).snapshot() as snapshot:
            assert snapshot.commit == 2
        again = Environment.open(path)
        again.close()
        again.close()

    def test_a_directory_made_anew_is_another_database(self, path, tmp_path):
        old = Environment.open(path)
        docs(old, 1)
        path.rename(tmp_path / "moved")
        new = Environment.open(path)
        assert new.handle is not old.handle
        assert new.uuid != old.uuid
        assert ids(old) == [1]
        old.close()
        docs(new, 2)
        assert ids(new) == [2]
        new.close()

    def test_a_reader_shares_the_environment_of_a_writer(self, env, path):
        reader = Environment.open(path, read_only=True, durability="relaxed")
        assert reader.handle is env.handle
        assert not reader.read_only
        reader.close()

    def test_a_writer_makes_the_environment_of_a_reader_writable(self, path):
        Environment.open(path).close()
        reader = Environment.open(path, read_only=True)
        assert reader.read_only
        with pytest.raises(ReadOnlyError):
            reader.batch()
        with reader.snapshot() as snapshot:
            assert snapshot.names() == []
        writer = Environment.open(path, durability="relaxed")
        assert writer.handle is reader.handle
        assert not writer.read_only
        assert writer.durability == "relaxed"
        docs(writer, 1)
        writer.close()
        assert ids(reader) == [1]
        reader.close()

    def test_not_while_the_reader_reads(self, path):
        Environment.open(path).close()
        reader = Environment.open(path, read_only=True, lock_timeout=0.05)
        with reader.snapshot(), pytest.raises(BusyError):
            Environment.open(path)
        held = reader.snapshot(held=True)
        with pytest.raises(BusyError, match="close them first"):
            Environment.open(path)
        held.close()
        writer = Environment.open(path)
        docs(writer, 1)
        writer.close()
        reader.close()

    def test_another_durability_is_refused(self, env, path):
        with pytest.raises(InvalidArgumentError, match="durability='full'") as caught:
            Environment.open(path, durability="relaxed")
        assert (caught.value.expected, caught.value.received) == ("full", "relaxed")
        docs(env, 1)

    def test_many_threads_may_open_and_close(self, path):
        Environment.open(path).close()
        failures = []

        def use():
            try:
                for _ in range(30):
                    opened = Environment.open(path)
                    with opened.snapshot() as snapshot:
                        assert snapshot.names() == []
                    opened.close()
            except Exception as error:  # noqa: BLE001  # told to the main thread
                failures.append(error)

        threads = [threading.Thread(target=use) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failures == []


class TestReadOnly:
    """Opening for reading."""

    def test_reading_beside_a_writer_of_another_process(self, env, path):
        docs(env, 1)
        with child(
            """
env = Environment.open(path, read_only=True)
say(ids(env), env.read_only)
hear()
say(ids(env))
env.close()
""",
            path,
        ) as reader:
            assert reader.hear() == "[1] True"
            docs(env, 2)
            reader.say()
            assert reader.hear() == "[1, 2]"
            reader.end()

    def test_writing_is_refused(self, path):
        Environment.open(path).close()
        reader = Environment.open(path, read_only=True)
        for write in (reader.batch, reader.compact):
            with pytest.raises(ReadOnlyError, match="read_only=True"):
                write()
        reader.close()
