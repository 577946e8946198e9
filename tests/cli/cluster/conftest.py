"""A cluster of three disks, with a collection of the vectors of `files`."""

import pytest

from vdb import cluster

NODES = ("a", "b", "c")


@pytest.fixture
def three(tmp_path, vectors):
    """A cluster whose disks are a, b and c; "notes" has 30 records in 6 shards."""
    place = tmp_path / "cluster"
    disks = {name: tmp_path / name for name in NODES}
    with cluster.open(place, disks=disks) as db:
        notes = db.create_collection("notes", dim=8, metric="cosine", shards=6)
        payloads = [{"text": f"the text of note {i}", "i": i} for i in range(len(vectors))]
        notes.add([f"note-{i}" for i in range(len(vectors))], vectors, payloads)
        assert db.check() == []
    return place


@pytest.fixture
def without_b(three):
    """The same without one of its disks."""
    (three.parent / "b").rename(three.parent / "away")
    yield three
    (three.parent / "away").rename(three.parent / "b")
    with cluster.open(three, create=False) as db:
        assert db.check() == []
