"""Never run, only type-checked: what a user's editor and mypy see of the public names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, assert_type

import numpy as np
from numpy.typing import NDArray

import vdb


def databases() -> None:
    with vdb.open(Path("docs.vdb"), durability="relaxed", lock_timeout=1) as db:
        assert_type(db, vdb.Database)
        assert_type(db.collections(), list[str])
        assert_type(db.collection("docs", metric="l2", dim=3), vdb.Collection)
        assert_type(db.info(), vdb.DatabaseInfo)
        assert_type(db.check(), vdb.Problems)
        assert_type(next(db.check()), vdb.Problem)
        with db.batch() as nothing:
            assert_type(nothing, None)
        with db.snapshot() as moment:
            assert_type(moment, vdb.Snapshot)
            assert_type(moment.collection("docs"), vdb.CollectionReader)
        db.backup("copy.vdb")


def collections(db: vdb.Database) -> None:
    docs = db.create_collection(
        "docs", dim=3, metric="cosine", index=vdb.HNSW(M=8, seed=1), model="m"
    )
    db.create_collection("flat", dim=3, metric="ip", index=vdb.Flat(), scores="native")
    docs.add("a", [1, 2, 3], {"title": "one"})
    docs.add(["a", "b"], [[1, 2, 3], [4, 5, 6]], [{"n": 1}, None])
    assert_type((vdb.F.n >= 1) & ~vdb.F.tags.any(["x"]) | (vdb.F["a.b"] == "c"), vdb.Filter)
    assert_type(docs.count(where=vdb.F.n == 1) + docs.count({"n": {"$gte": 1}}), int)
    assert_type(docs.delete(where={"n": {"$in": [1, 2]}}), int)
    assert_type(next(docs.scan(where=vdb.F.n.exists())), vdb.Record)
    docs.add(range(3), np.zeros((3, 3)))
    docs.add(np.arange(3), np.zeros((3, 3), dtype=np.float16), progress=lambda done, n: None)
    docs.upsert([1, 2], [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    docs.set_payloads(["a"], [None])
    docs.set_payloads("a", {"title": "two"})
    assert_type(docs.delete(["a"]), int)
    assert_type(docs.get("a"), vdb.Record | None)
    assert_type(docs.get(["a", "b"]), list[vdb.Record | None])
    assert_type(docs.get("a", default=0), vdb.Record | int)
    assert_type(docs.get(["a", "b"], default=""), list[vdb.Record | str])
    assert_type(docs.ids(), Iterator[int | str])
    assert_type(docs.scan(), vdb.RecordScan)
    assert_type(len(docs), int)
    assert_type(docs.info().norms, vdb.NormStats)
    assert_type(docs.info().history, tuple[vdb.GenerationInfo, ...])


def hybrid(docs: vdb.CollectionReader) -> None:
    both = docs.search_hybrid(
        text="tea", vector=[1, 2, 3], k=5, fusion="weaviate-relative", weights=(0.5, 0.5)
    )
    assert_type(both, vdb.fusion.FusedHits)
    assert_type(both[0], vdb.fusion.FusedHit)
    assert_type(both[0].parts["text"].rank, int | None)
    assert_type(
        docs.search_hybrid(text="tea", where=vdb.F.n == 1, rank_constant=10)[0].score, float
    )
    queries = [[1, 2, 3]]
    report = vdb.compare_fusions(
        docs, queries, ["tea"], fusions=["native", {"fusion": "qdrant-rrf", "weights": [1, 2]}]
    )
    assert_type(report, vdb.FusionComparison)
    assert_type(report.gains[0].ndcg, vdb.Interval)
    line = vdb.calibrate_fusion(
        docs, queries, ["tea"], threshold=0.02, fusion="native", to_fusion="chroma"
    )
    assert_type(line, vdb.Calibration)


def searches(docs: vdb.CollectionReader) -> None:
    hits = docs.search([1.0, 2, 3], k=5, ef=100, exact=True, scores="native", threshold=0.5)
    assert_type(hits, vdb.Hits)
    assert_type(hits[0], vdb.Hit)
    assert_type(docs.more_like(1, offset=3, not_like=[2]), vdb.Hits)
    assert_type(docs.more_like(1, group_by="g"), vdb.GroupedHits)
    assert_type(hits[:2], vdb.Hits)
    assert_type(hits.values, NDArray[np.float64])
    for hit in hits:
        assert_type(hit.id, int | str)
        assert_type(hit.score, float)
        assert_type(hit.value, float)
        assert_type(hit.vector, NDArray[Any] | None)
    many = docs.search_many(np.zeros((2, 3)), k=None, threshold=0.5, threads=2)
    assert_type(many, vdb.ManyHits)
    assert_type(many[0], vdb.Hits)
    assert_type(many.counts, NDArray[np.int64])


def scores() -> None:
    assert_type(vdb.scores.conventions("l2"), list[str])
    assert_type(vdb.scores.score(0.5, metric="l2", convention="native"), float)
    assert_type(vdb.scores.convert(1.0, metric="l2", source="native", target="native"), float)
    array: NDArray[np.float64] = np.zeros(3)
    assert_type(vdb.scores.value(array, metric="l2", convention="native"), float | NDArray[Any])
    assert_type(vdb.scores.describe("native", "l2"), vdb.scores.Convention)
    assert_type(vdb.scores.describe("lucene", "dot", dtype="int8").formula, str)
    across = vdb.scores.convert(
        0.5, metric="cosine", to_metric="l2", source="native", target="faiss", unit_norms=True
    )
    assert_type(across, float)


def errors() -> None:
    try:
        vdb.open("x")
    except vdb.CorruptedError as error:
        assert_type(error.where, str)
    except vdb.InvalidVectorError as error:
        assert_type(error.row, int | None)
    except (KeyError, ValueError, vdb.VdbError):
        pass
