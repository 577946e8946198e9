"""A backup as one stream: to any binary writer, and back from any reader."""

from __future__ import annotations

import io
import os
import threading

import pytest

import vdb
from vdb.maintenance.repository.stream import MAGIC, StreamReader, is_stream

from .conftest import contents, contents_at


@pytest.fixture
def stream(filled):
    writer = io.BytesIO()
    report = filled.backup(writer, verify=True)
    assert report.bytes < len(writer.getvalue())
    return writer.getvalue()


def test_it_comes_back_from_a_file_a_path_and_a_reader(filled, stream, tmp_path):
    expected = contents(filled)
    with (tmp_path / "backup").open("wb") as file:
        report = filled.backup(file)
    assert (tmp_path / "backup").read_bytes().startswith(MAGIC)
    assert is_stream(tmp_path / "backup")
    restored = vdb.restore(tmp_path / "backup", tmp_path / "a.vdb")
    assert restored.commit == report.commit
    with (tmp_path / "backup").open("rb") as file:
        vdb.restore(file, tmp_path / "b.vdb")
    vdb.restore(io.BytesIO(stream), tmp_path / "c.vdb")
    for name in "abc":
        assert contents_at(tmp_path / f"{name}.vdb") == expected


@pytest.mark.skipif(os.name == "nt", reason="pipes")
def test_it_goes_through_a_pipe(filled, tmp_path):
    out, into = os.pipe()

    def write():
        with os.fdopen(into, "wb", buffering=0) as file:  # which takes a part of a chunk at a time
            filled.backup(file)

    writer = threading.Thread(target=write)
    writer.start()
    with os.fdopen(out, "rb", buffering=0) as file:
        vdb.restore(file, tmp_path / "back.vdb")
    writer.join()
    assert contents_at(tmp_path / "back.vdb") == contents(filled)


def test_a_writer_that_takes_little_at_a_time_gets_all(filled, stream, tmp_path):
    class Slow:
        def __init__(self):
            self.parts = []

        def write(self, content):
            self.parts.append(bytes(content[:30_000]))
            return len(self.parts[-1])

    slow = Slow()
    filled.backup(slow)
    vdb.restore(io.BytesIO(b"".join(slow.parts)), tmp_path / "back.vdb")
    assert contents_at(tmp_path / "back.vdb") == contents(filled)


def test_a_stream_that_was_cut_anywhere_is_refused(stream, tmp_path):
    lengths = [0, 7, 15, 16, 19, 20, 51, 52, 60, 5000, len(stream) // 2]
    lengths += [len(stream) - n for n in (1, 2, 100, 1000)]
    for length in lengths:
        with pytest.raises(vdb.CorruptedError):
            vdb.restore(io.BytesIO(stream[:length]), tmp_path / "back.vdb")
        assert list(tmp_path.iterdir()) == [tmp_path / "test.vdb"]


@pytest.mark.parametrize("position", [0, 9, 13, 16, 18, 30, 60, 100, 5000, 100_000, -3, -50, -400])
def test_a_flipped_bit_anywhere_is_met(stream, tmp_path, position):
    changed = bytearray(stream)
    changed[position] ^= 0x10
    with pytest.raises((vdb.CorruptedError, vdb.FormatVersionError)):
        vdb.restore(io.BytesIO(bytes(changed)), tmp_path / "back.vdb")
    assert not (tmp_path / "back.vdb").exists()


def test_sizes_that_cannot_be_are_refused_before_they_are_allocated(stream):
    for size in (b"\xff\xff\xff\xff", b"\x01\x00\x80\x00"):
        reader = StreamReader(io.BytesIO(stream[:16] + size + stream[20:]), "here")
        with pytest.raises(vdb.CorruptedError, match="a chunk of"):
            list(reader.items())
    head = stream[:16] + b"\0\0\0\0" + b"\xff" * 8
    with pytest.raises(vdb.CorruptedError, match="a manifest of"):
        list(StreamReader(io.BytesIO(head), "here").items())


def test_a_manifest_of_another_backup_is_refused(filled, stream, tmp_path):
    filled.collection("docs").delete([0])
    other = io.BytesIO()
    filled.backup(other)
    own = stream.rindex(b'{"sha256"')
    document = other.getvalue()[other.getvalue().rindex(b'{"sha256"') :]
    mixed = stream[: own - 8] + len(document).to_bytes(8, "little") + document
    with pytest.raises(vdb.CorruptedError, match="other chunks"):
        vdb.restore(io.BytesIO(mixed), tmp_path / "back.vdb")


def test_errors_of_a_writer_are_typed(filled):
    class Full(io.RawIOBase):
        def __init__(self, error):
            super().__init__()
            self.error = error

        def writable(self):
            return True

        def write(self, _content):
            raise self.error

    with pytest.raises(vdb.DiskFullError):
        filled.backup(Full(OSError(28, "No space left on device")))
    with pytest.raises(vdb.DiskError, match="Input/output"):
        filled.backup(Full(OSError(5, "Input/output error")))
    with pytest.raises(BrokenPipeError):  # the reader went away, as in a shell
        filled.backup(Full(BrokenPipeError(32, "Broken pipe")))
    with pytest.raises(ZeroDivisionError):
        filled.backup(Full(ZeroDivisionError()))
    assert list(filled.check()) == []


def test_fsspec_opens_and_closes_what_it_names(filled, tmp_path):
    fsspec = pytest.importorskip("fsspec")
    filled.backup(fsspec.open(f"memory://{tmp_path.name}/backup", "wb"))
    vdb.restore(fsspec.open(f"memory://{tmp_path.name}/backup", "rb"), tmp_path / "back.vdb")
    assert contents_at(tmp_path / "back.vdb") == contents(filled)
