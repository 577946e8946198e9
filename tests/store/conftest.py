"""A directory and an environment for tests of the store, whose collections have no vectors."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import lmdb.verify
import pytest

from support.store_tools import docs
from vdb.store import Environment
from vdb.store.files.lmdb_env import DATA


@pytest.fixture
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """Where a database may be made; LMDB's own structure must be sound after the test."""
    place = tmp_path / "test.vdb"
    yield place
    if (place / DATA).exists() and request.node.get_closest_marker("damages") is None:
        assert lmdb.verify.verify(str(place)) == []


@pytest.fixture
def env(path: Path) -> Iterator[Environment]:
    """An empty database, closed after the test."""
    opened = Environment.open(path, lock_timeout=1.0)
    yield opened
    opened.close()


@pytest.fixture
def closed(path: Path) -> Path:
    """A database with one record, closed."""
    opened = Environment.open(path)
    docs(opened, 1)
    opened.close()
    return path


@pytest.fixture
def opened(path: Path) -> Iterator[Environment]:
    """A database with 100 records, to be closed."""
    env = Environment.open(path, lock_timeout=5.0)
    docs(env, *range(100), payload="x" * 100)
    yield env
    env.close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 4 MiB."""
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("only root may mount a small disk")
    disk = tmp_path / "disk"
    disk.mkdir()
    if os.system(f"mount -t tmpfs -o size=4m none {disk} 2>/dev/null"):
        pytest.skip("nothing can be mounted here")
    yield disk
    os.system(f"umount {disk}")
