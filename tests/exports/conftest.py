"""What tests of exports have in common."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import vdb


@pytest.fixture
def db() -> Iterator[vdb.Database]:
    """An empty database that is removed afterwards, and must be sound until then."""
    with vdb.temporary() as database:
        yield database
        assert list(database.check()) == []
