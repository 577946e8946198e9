"""Collections come back from every format as they were: a short form of the campaign."""

import numpy as np
import pytest

import vdb
from tools.torture.campaigns.round_trips import RoundTrips, _difference


@pytest.fixture
def campaign(tmp_path):
    made = RoundTrips(tmp_path, 5)
    yield made
    made.end()


def test_rounds_come_out_well(campaign):
    assert {campaign.round(number) for number in (1, 4)} == {"the same"}
    assert not any(campaign.place.iterdir())


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda docs: docs.upsert("a", [1, 2.5], {"n": 1}), "another vector under 'a'"),
        (lambda docs: docs.upsert("a", [1, 2], {"n": 1.0}), "under 'a', not"),
        (lambda docs: docs.delete("a"), "1 records, not 2"),
        (lambda docs: docs.rebuild(index=vdb.HNSW(M=5)), "the index is"),
    ],
)
def test_what_differs_is_seen(change, words):
    with vdb.temporary() as db:
        for name in ("one", "other"):
            docs = db.create_collection(name, dim=2, metric="l2", index=vdb.Flat())
            docs.add(["a", "b"], np.array([[1, 2], [3, 4]], np.float32), [{"n": 1}, None])
        one, other = db.collection("one"), db.collection("other")
        assert _difference(one, other, "npy") is None
        change(other)
        assert words in _difference(one, other, "npy")
        assert list(db.check()) == []
