"""Comparisons of metrics, recall and tuning, beside the hits of plain searches."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

import vdb
from tools.torture.studies.ground import Ground
from tools.torture.studies.tally import Tally
from vdb.model.metrics import METRICS

__all__ = ["compared", "recalled"]


def compared(tally: Tally, ground: Ground, queries: NDArray[Any]) -> None:
    """All metrics that the records take, against searches of collections that have them."""
    names = [name for name in METRICS if ground.takes(name)]
    if len(names) < 2:
        return
    for k in (1, 3, 10, 30):
        ids = {
            name: [
                hits.ids.tolist()
                for hits in ground.collection("flat", name).search_many(
                    queries, k, scores="native", with_payloads=False, threads=1
                )
            ]
            for name in names
        }
        relevant = [ids["l2"][i][: i + 1] + ids[names[-1]][i][-1:] for i in range(len(queries))]
        comparison = vdb.compare_metrics(
            ground.collection("graph", "l2"),
            queries,
            metrics=names,
            k=k,
            relevant=relevant,
            threads=1,
        )
        for pair, (a, b) in zip(comparison.agreements, combinations(names, 2), strict=True):
            both = list(zip(ids[a], ids[b], strict=True))
            shared = [len({*x} & {*y}) / max(len(x), len(y)) for x, y in both]
            tally.true(f"{a} {b} overlap@{k}", abs(pair.overlap.value - np.mean(shared)) < 1e-12)
            first = float(np.mean([x[0] == y[0] for x, y in both]))
            tally.same(f"{a} {b} first@{k}", pair.same_first, first)
        for one in comparison.quality:
            measured = [
                _quality(row, {*truth}, k)
                for row, truth in zip(ids[one.metric], relevant, strict=True)
            ]
            got = [one.recall, one.precision, one.mrr, one.ndcg]
            near = np.abs([mean.value for mean in got] - np.mean(measured, axis=0)) < 1e-12
            tally.true(f"{one.metric} quality@{k}", bool(near.all()))
        for example in comparison.disagreements:
            firsts = {one.metric: one.id for one in example.firsts}
            tally.same(
                f"first hits@{k}", firsts, {name: ids[name][example.query][0] for name in names}
            )


def recalled(tally: Tally, ground: Ground, queries: NDArray[Any]) -> None:
    """Recall at several widths, by the values of the hits that searches return."""
    docs = ground.collection("graph")
    closer = METRICS[ground.kind.metric].closer

    def measured(k: int, ef: int) -> float:
        parts = []
        for query in queries:
            plain: dict[str, Any] = {"scores": "native", "with_payloads": False}
            truth = docs.search(query, k, exact=True, **plain).values
            hits = docs.search(query, k, ef=ef, **plain).values
            parts.append(min(int(closer(hits, truth[-1]).sum()), len(truth)) / len(truth))
        return float(np.mean(parts))

    for k in (1, 4, 10):
        for ef in (1, 4, 12, 40):
            report = docs.recall(queries, k=k, ef=ef, threads=1)
            expected = measured(k, ef)
            tally.true(f"recall@{k} ef={ef}", abs(report.recall.value - expected) < 1e-12)
        tuned = docs.tune(0.5, k=k, queries=queries, threads=1)
        for point in tuned.curve:
            expected = measured(k, point.ef)
            label = f"tuned recall@{k} ef={point.ef}"
            tally.true(label, abs(point.recall.value - expected) < 1e-12)


def _quality(ids: list[Any], relevant: set[Any], k: int) -> tuple[float, float, float, float]:
    """Recall, precision, reciprocal rank and nDCG of one ranked list, from their definitions."""
    at = [place for place, record in enumerate(ids, 1) if record in relevant]
    ideal = sum(1 / np.log2(1 + place) for place in range(1, min(len(relevant), k) + 1))
    gain = sum(1 / np.log2(1 + place) for place in at)
    return len(at) / len(relevant), len(at) / k, 1 / at[0] if at else 0.0, float(gain / ideal)
