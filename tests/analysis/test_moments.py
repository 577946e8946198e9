"""Studies and checks beside writers: nothing old is pinned for long, and figures stay right."""

from __future__ import annotations

from weakref import WeakSet

import numpy as np
import pytest

import vdb
from vdb.analysis.common.moments import Moments
from vdb.analysis.measurement import speed
from vdb.store.snapshot import Snapshot

DIM = 16


@pytest.fixture
def beside(path, full, crowd):
    """Commits through another handle, and the collection they change."""
    random = np.random.default_rng(4)

    class Beside:
        commits = 0

        def __init__(self):
            self.db = vdb.open(path)
            self.docs = self.db.collection("docs")

        def __call__(self, *_):
            ids = random.choice(2000, 10, replace=False)
            self.docs.upsert(ids, crowd[random.choice(2000, 10)] + 0.001)
            self.commits += 1

    return Beside()


@pytest.fixture
def lags(monkeypatch, beside):
    """How far behind the oldest moment was that was read from, whenever a new one was begun."""
    seen, begin = [], Snapshot.__init__

    def noted(self, env, **options):
        begin(self, env, **options)
        if not options.get("inside"):
            held.add(self)
            seen.append(max(one.behind() for one in held if not one.closed))

    held: WeakSet[Snapshot] = WeakSet()  # what nobody refers to any more is closed
    monkeypatch.setattr(Snapshot, "__init__", noted)
    return seen


def test_recall_is_measured_at_newer_moments(full, beside, lags):
    report = full.recall(sample=1000, k=5, ef=200, progress=beside)
    assert beside.commits >= 7 and max(lags) <= 2
    assert report.recall.value > 0.98 and report.queries == 1000


def test_tuning_goes_on_beside_writers(full, beside, lags, monkeypatch):
    monkeypatch.setattr("vdb.analysis.measurement.recall._AT_ONCE", 64)
    found = full.tune(target_recall=0.95, sample=300, progress=beside)
    assert found.reaching(0.95) == found.ef and max(lags) <= 2
    assert full.info().tuning == found


def test_speed_is_measured_at_newer_moments(full, beside, lags, crowd, monkeypatch):
    def then_written(searching):
        def searched(*args, **options):
            hits = searching(*args, **options)
            beside()
            beside.db.snapshot().close()  # which notes how far behind the one is that was searched
            return hits

        return searched

    monkeypatch.setattr(speed, "_SINGLE_AT_ONCE", 2)
    monkeypatch.setattr(speed, "_BATCH_AT_ONCE", 10)
    monkeypatch.setattr(speed.query, "search", then_written(speed.query.search))
    monkeypatch.setattr(speed.query, "search_many", then_written(speed.query.search_many))
    report = full.bench(crowd[:40], k=5, efs=[20], rounds=2)
    assert beside.commits == 2 * (4 + 40 + 4 + 20) and max(lags) == 2
    assert [point.ef for point in report.points] == [20, None]


def test_metrics_are_compared_at_newer_moments(full, beside, lags, crowd, monkeypatch):
    monkeypatch.setattr("vdb.analysis.comparison.compare._AT_ONCE", 16)
    queries, asked = crowd[:100], {"metrics": ("l2", "cosine"), "k": 5}
    alone = vdb.compare_metrics(full, queries, **asked)
    labels = [[i] for i in range(100)]
    found = vdb.compare_metrics(full, queries, **asked, progress=beside, relevant=labels)
    assert beside.commits >= 6 and max(lags) <= 2
    assert found.agreements[0].overlap.value == pytest.approx(
        alone.agreements[0].overlap.value, abs=0.1
    )
    assert [one.query for one in found.disagreements] == [
        one.query for one in sorted(found.disagreements, key=lambda d: (d.overlap, d.query))
    ]


def test_a_snapshot_is_measured_at_its_own_moment(db, full, crowd):
    with db.snapshot() as moment:
        then = moment.collection("docs")
        before = then.recall(sample=500, k=5, ef=20)
        full.delete(range(1900))
        assert then.recall(sample=500, k=5, ef=20) == before


def test_a_collection_that_is_rebuilt_meanwhile_is_measured_again(full):
    calls = []

    def rebuild(*_):
        if not calls:
            calls.append(full.rebuild(metric="cosine"))

    with pytest.raises(vdb.BusyError, match="rebuilt while it was being measured"):
        full.recall(sample=1000, progress=rebuild)


def test_moments_are_the_newest(full):
    moments = Moments(full._reading_view)
    with moments.now() as (_, view):
        assert view.header.count == 2000
    full.delete(range(10))
    with moments.now() as (_, view):
        assert view.header.count == 1990


@pytest.mark.parametrize("at_once", [4096, 300])
def test_a_check_beside_a_writer_is_clean_and_pins_little(db, full, beside, monkeypatch, at_once):
    from vdb.maintenance.check import records as check_records

    monkeypatch.setattr(check_records, "SLOTS_AT_ONCE", at_once)
    walked, ids = [], check_records.Walks.ids
    db.create_collection("other", dim=2, metric="l2").add([1, 2], np.eye(2))

    def writing(self, reader, header):
        yield from ids(self, reader, header)
        walked.append(header.name)
        beside()
        if header.name == "docs" and "other" in db:
            db.drop_collection("other")

    monkeypatch.setattr(check_records.Walks, "ids", writing)
    assert list(map(str, db.check())) == []
    steps = -(-2000 // at_once)
    assert walked.count("docs") >= steps and beside.commits >= steps


def test_records_are_checked_some_at_a_time(db, full, beside, lags, monkeypatch):
    from vdb.maintenance.check import records as check_records

    monkeypatch.setattr(check_records, "SLOTS_AT_ONCE", 500)
    walked, records = [], check_records._check_records

    def writing(reader, collection, reached, some):
        walked.append(some.start)
        found = yield from records(reader, collection, reached, some)
        beside()
        full.delete(range(100 * len(walked), 100 * len(walked) + 20))
        return found

    monkeypatch.setattr(check_records, "_check_records", writing)
    assert list(map(str, db.check())) == []
    assert walked == [0, 500, 1000, 1500] and max(lags) <= 3


def test_figures_of_a_large_collection_are_those_of_some_blocks(db):
    rows = np.random.default_rng(3).normal(size=(9000, 256)).astype(np.float32)
    docs = db.create_collection("large", dim=256, metric="l2", index=vdb.Flat())
    docs.add(range(9000), rows)
    lengths = np.linalg.norm(rows, axis=1)
    norms = docs.info().norms
    assert 1000 < norms.count < 5000
    assert lengths.min() <= norms.min < norms.mean < norms.max <= lengths.max()
    assert norms.mean == pytest.approx(lengths.mean(), rel=0.01)
    everything = docs.inspect().norms
    assert everything.count == 9000 and everything.min == pytest.approx(lengths.min())
