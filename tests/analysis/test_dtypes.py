"""Every kind of figure exists for every dtype and metric that a collection can have."""

import numpy as np
import pytest

import vdb
from vdb.model.metrics import METRICS

KINDS = [
    (metric.name, dtype)
    for metric in METRICS.values()
    for dtype in metric.dtypes
    if dtype != "float32"
] + [("dot", "float32"), ("l1", "float32")]


def rows(metric, dtype, n, seed):
    random = np.random.default_rng(seed)
    if dtype == "bit":
        return random.integers(0, 256, size=(n, 4)).astype(np.uint8)
    if dtype == "int8":
        return random.integers(-100, 100, size=(n, 32)).astype(np.int8)
    made = random.normal(size=(n, 32))
    if metric == "dot":
        made /= np.linalg.norm(made, axis=1, keepdims=True)
    return made.astype(np.float32)


@pytest.mark.parametrize(("metric", "dtype"), KINDS)
def test_figures_of_every_kind(db, metric, dtype):
    docs = db.create_collection("docs", dim=32, metric=metric, dtype=dtype)
    docs.add(range(300), rows(metric, dtype, 300, 1))
    queries = rows(metric, dtype, 10, 2)
    assert docs.recall(queries).recall.value > 0.9
    assert docs.recall(sample=20).recall.value > 0.9
    assert docs.tune(0.9, queries=queries).ef >= 10
    assert docs.inspect().norms.count == 300
    hit = docs.search(queries[0], 1)[0]
    found = docs.explain(queries[0], hit.id)
    assert (found.value, found.score, found.rank) == (hit.value, hit.score, 1)
    links = docs.inspect_record(hit.id).levels[0]
    near = {other.id: other.value for other in docs.search(docs.get(hit.id).vector, 300)}
    for link in links:
        assert link.value == pytest.approx(near[link.id], rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("dtype", ["float16", "int8"])
def test_metrics_are_compared_and_thresholds_carried_over(db, dtype):
    docs = db.create_collection("docs", dim=32, metric="cosine", dtype=dtype, index=vdb.Flat())
    docs.add(range(300), rows("cosine", dtype, 300, 1))
    queries = rows("cosine", dtype, 10, 2)
    found = vdb.compare_metrics(docs, queries, metrics=["l2", "l1", "ip", "cosine"])
    assert len(found.agreements) == 6
    line = vdb.calibrate_threshold(docs, queries, threshold=0.3, to_metric="l1")
    assert line.hits == line.to_hits


def test_bits_have_one_metric_only(db):
    docs = db.create_collection("docs", dim=32, metric="hamming", dtype="bit")
    docs.add(range(20), rows("hamming", "bit", 20, 1))
    with pytest.raises(vdb.InvalidArgumentError, match="these are bit"):
        vdb.compare_metrics(docs, rows("hamming", "bit", 2, 2))
