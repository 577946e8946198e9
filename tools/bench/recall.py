"""Recall@10 at the same M, ef_construction and ef, for every metric."""

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from .data import Dataset, Truth
from .metrics import METRICS, Ids, at_least_as_near, pair_values
from .report import Row
from .stand import Stand

REFERENCE: Final = "hnswlib"
ALLOWED_GAP: Final = 0.005
EFS: Final = (10, 20, 40, 80, 160, 320)
CASES: Final = {"real": METRICS, "synthetic": METRICS}


def recall_of(dataset: Dataset, metric: str, truth: Truth, ids: Ids) -> float:
    """Share of the true k nearest that was found, over all queries.

    A hit counts when its exact value is as near as the true k-th's: of equally near vectors any
    will do. The same id twice counts once; -1 counts as not found.
    """
    rows = np.maximum(ids, 0)
    values = pair_values(metric, dataset.queries, dataset.vectors[rows])
    good = at_least_as_near(metric, values, truth.limit) & (ids >= 0) & ~_repeated(ids)
    return float(good.mean())


def _repeated(ids: Ids) -> np.typing.NDArray[np.bool_]:
    """Which entries stand further left in the same row already."""
    again = np.zeros(ids.shape, dtype=bool)
    for column in range(1, ids.shape[1]):
        again[:, column] = (ids[:, :column] == ids[:, column : column + 1]).any(axis=1)
    return again


def worst_gap(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """How far the first curve falls below the second where it does so most (negative: never)."""
    return max(there - here for here, there in zip(ours, theirs, strict=True))


def run(stand: Stand) -> Iterator[Row]:
    """Recall of every peer over the same ef; the gap is taken where it is largest."""
    for dataset, metric in stand.cases(CASES):
        truth = stand.truth(dataset, metric)
        curves = {
            peer.name: [
                recall_of(
                    dataset, metric, truth, peer.search(dataset.queries, stand.settings.k, ef)
                )
                for ef in EFS
            ]
            for peer in stand.peers(dataset, metric)
        }
        for name, curve in curves.items():
            figures = {f"ef {ef}": value for ef, value in zip(EFS, curve, strict=True)}
            text = " ".join(f"{value:.4f}" for value in curve)
            if name != "vdb" or REFERENCE not in curves:
                yield Row(f"recall@10 {metric}, {name}", dataset.label, "", text, None, figures)
                continue
            gap = worst_gap(curve, curves[REFERENCE])
            yield Row(
                f"recall@10 {metric}, {name}",
                dataset.label,
                f"gap <= {ALLOWED_GAP}",
                f"{text}  gap {gap:+.4f}",
                gap <= ALLOWED_GAP,
                {**figures, "gap": gap},
            )
