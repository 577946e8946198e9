"""A crowd under each metric, for searches that are scored."""

from __future__ import annotations

import pytest

import vdb
from support.scored import INDEXES, PLAIN


@pytest.fixture
def short_walks(monkeypatch):
    """Range searches begin in the graph, small as it is."""
    monkeypatch.setattr("vdb.query.range_search._FIRST_WIDTH", 128)


@pytest.fixture(scope="session")
def crowds(tmp_path_factory, crowd):
    """A collection of the crowd for each metric."""
    with vdb.open(tmp_path_factory.mktemp("scoring") / "crowds.vdb", durability="relaxed") as db:
        made = {}
        for metric in PLAIN:
            made[metric] = db.create_collection(metric, dim=16, metric=metric, index=INDEXES[0])
            made[metric].add(range(len(crowd)), crowd)
        yield made
        assert list(db.check()) == []
