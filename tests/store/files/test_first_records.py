"""Opening what is there: the first records say what it is, and whether it can be read."""

import os

import lmdb
import pytest

from support.store_tools import docs
from vdb.errors import (
    CorruptedError,
    FormatVersionError,
)
from vdb.store import Environment
from vdb.store.format import keys
from vdb.store.format.checksums import UNSALTED
from vdb.store.format.headers import DatabaseHeader
from vdb.store.format.versions import Identity


class TestWhatIsThere:
    """The checks of the first records."""

    def put(self, path, key, value):
        with (
            lmdb.open(str(path), lib_version=0, map_size=1 << 30) as raw,
            raw.begin(write=True) as txn,
        ):
            if value is None:
                txn.delete(key)
            else:
                txn.put(key, value)

    @pytest.fixture
    def closed(self, path):
        Environment.open(path).close()
        return path

    def test_a_newer_format_is_refused_naming_the_release(self, closed):
        self.put(closed, keys.IDENTITY, Identity(99, "7.0.0").encode())
        with pytest.raises(FormatVersionError, match=r"'7\.0\.0' or later"):
            Environment.open(closed)

    def test_a_newer_format_is_refused_whatever_its_header_looks_like(self, closed):
        self.put(closed, keys.IDENTITY, Identity(99, "7.0.0").encode())
        self.put(closed, keys.DATABASE, b"something new")
        with pytest.raises(FormatVersionError):
            Environment.open(closed)

    @pytest.mark.parametrize("value", [None, b"", b"vdbstore", b"something else"])
    def test_a_missing_or_foreign_identity_is_damage(self, closed, value):
        self.put(closed, keys.IDENTITY, value)
        with pytest.raises(CorruptedError, match="identity"):
            Environment.open(closed)

    @pytest.mark.parametrize("value", [None, b"", b"1234{}"])
    def test_a_missing_or_damaged_header_is_damage(self, closed, value):
        self.put(closed, keys.DATABASE, value)
        with pytest.raises(CorruptedError, match="key 01"):
            Environment.open(closed)

    def test_a_header_for_another_page_size_is_damage(self, closed):
        header = DatabaseHeader(b"u" * 16, 16384, 16368, 65520, 1.5, "0.1.0", 1, 1)
        self.put(closed, keys.DATABASE, UNSALTED.wrap(keys.DATABASE, header.encode()))
        with pytest.raises(CorruptedError, match="page_size: expected 4096, got 16384"):
            Environment.open(closed)

    @pytest.mark.damages
    def test_a_data_file_that_is_a_link_is_refused(self, closed, tmp_path):
        (closed / "data.mdb").rename(tmp_path / "elsewhere")
        (closed / "data.mdb").symlink_to(tmp_path / "elsewhere")
        with pytest.raises(CorruptedError, match="regular file"):
            Environment.open(closed)

    @pytest.mark.damages
    def test_garbage_in_place_of_the_data_is_damage(self, closed):
        (closed / "data.mdb").write_bytes(os.urandom(100_000))
        with pytest.raises(CorruptedError, match=r"data\.mdb"):
            Environment.open(closed)

    @pytest.mark.damages
    def test_a_file_of_the_other_engine_is_refused(self, closed):
        for file in closed.iterdir():
            if file.suffix == ".mdb":
                file.unlink()
        lmdb.open(str(closed), lib_version=1).close()
        with pytest.raises(CorruptedError):
            Environment.open(closed)

    def test_a_refused_database_can_be_opened_once_it_is_mended(self, closed):
        self.put(closed, keys.IDENTITY, Identity(99, "7.0.0").encode())
        for _ in range(2):
            with pytest.raises(FormatVersionError):
                Environment.open(closed)
        self.put(closed, keys.IDENTITY, Identity(1, "0.1.0").encode())
        opened = Environment.open(closed)
        docs(opened, 1)
        opened.close()
