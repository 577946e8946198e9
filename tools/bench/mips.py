"""Maximum inner product: recall by insertion order, and the price of a recall in distances.

The real vectors as they are, and their directions stretched by gamma(1, 1) and by Pareto lengths
(1 + Pareto(2)), each inserted in random order, shortest first, and longest first. Beside vdb, which
is filled in commits of 1,000, stand the two usual ways: a graph of plain inner products (hnswlib's
`ip`), and the transform to a growing largest norm (see counting.cpp).
"""

import math
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from .counting import Counted, Counting, CountingHnswlib
from .data import Dataset, Truth, find_truth
from .recall import recall_of
from .report import Row
from .stand import Stand

NORMS: Final = ("as given", "gamma", "pareto")
ORDERS: Final = ("random", "ascending", "descending")
EFS: Final = (10, 20, 50, 100, 200, 500)  # candidates kept; ten of them are wanted
BAR_EF: Final = 100
LEAST_RECALL: Final = 0.97
WIDEST_GAP: Final = 0.02
LEAST_RECALL_OF_100: Final = 0.95
TARGETS: Final = (0.95, 0.99)
LARGEST_EF: Final = 1280
STEP: Final = 1.25  # from one ef to the next while a target is looked for


def stretch(real: Dataset, norms: str) -> Dataset:
    """Return the real vectors with other lengths; queries stay as they are."""
    rng = np.random.default_rng(2)
    count = len(real.vectors)
    if norms == "as given":
        return Dataset(norms, real.vectors, real.queries)
    lengths = rng.gamma(1.0, 1.0, count) if norms == "gamma" else 1.0 + rng.pareto(2.0, count)
    directions = real.vectors / np.linalg.norm(real.vectors, axis=1, keepdims=True)
    return Dataset(norms, (directions * lengths[:, None]).astype(np.float32), real.queries)


def ordered(dataset: Dataset, order: str) -> Dataset:
    """Return the same vectors in the order in which they are to be inserted."""
    squares = np.einsum("ij,ij->i", dataset.vectors, dataset.vectors, dtype=np.float64)
    rows = {
        "random": np.random.default_rng(5).permutation(len(squares)),
        "ascending": np.argsort(squares, kind="stable"),
        "descending": np.argsort(-squares, kind="stable"),
    }[order]
    return Dataset(dataset.name, np.ascontiguousarray(dataset.vectors[rows]), dataset.queries)


@dataclass
class Walks:
    """What one built index finds at which cost, measured where it is asked for."""

    index: Counting
    dataset: Dataset
    truth: Truth
    _known: dict[int, tuple[float, float]] = field(default_factory=dict)

    def at(self, ef: int) -> tuple[float, float]:
        """Recall@10 and distances a query."""
        if ef not in self._known:
            ids, distances = self.index.search(self.dataset.queries, 10, ef)
            self._known[ef] = recall_of(self.dataset, "ip", self.truth, ids), distances
        return self._known[ef]

    def price(self, target: float) -> float | None:
        """Distances a query at which `target` is reached, between two ef by logarithms.

        The smallest ef may be more than enough: then its distances. None: never reached.
        """
        below = None
        ef = 10
        while ef <= LARGEST_EF:
            recall, distances = self.at(ef)
            if recall >= target:
                return distances if below is None else _between(below, (recall, distances), target)
            below = recall, distances
            ef = math.ceil(ef * STEP)
        return None


def _between(low: tuple[float, float], high: tuple[float, float], target: float) -> float:
    share = (target - low[0]) / (high[0] - low[0])
    return math.exp((1 - share) * math.log(low[1]) + share * math.log(high[1]))


def run(stand: Stand) -> Iterator[Row]:
    """Build every index on every set in every order."""
    for norms in NORMS:
        dataset = stretch(stand.dataset("real"), norms)
        recalls = []
        for order in ORDERS:
            part = ordered(dataset, order)
            truth = find_truth(part, "ip", 10, stand.settings.cache)
            prices: dict[str, dict[float, float | None]] = {}
            least = 0.0  # what vdb's cheapest walk finds: less than that is not compared
            for index in _indexes(stand, part.dim):
                print(f" {norms} {order} {index.name} ...", end="", file=sys.stderr, flush=True)
                index.build(part.vectors)
                walks = Walks(index, part, truth)
                yield _recall_row(walks, order)
                if index.name == "vdb":
                    yield _wide_row(stand, walks, order)
                    recalls.append(walks.at(BAR_EF)[0])
                    least = walks.at(EFS[0])[0]
                yield _unreachable_row(walks, order)
                prices[index.name] = {goal: walks.price(max(goal, least)) for goal in TARGETS}
                index.close()
            for target in TARGETS:
                yield from _price_rows(f"{norms}, {order}", target, prices)
        if recalls:
            yield _gap_row(dataset, recalls)


def _indexes(stand: Stand, dim: int) -> Iterator[Counting]:
    settings = stand.settings
    parameters = {"M": settings.M, "ef_construction": settings.ef_construction}
    if settings.with_vdb:
        yield Counted(dim, settings.scratch, **parameters)
    if "hnswlib" in settings.peers:
        for rule in ("direct", "growing"):
            yield CountingHnswlib(rule, dim, settings.folder, **parameters)


def _recall_row(walks: Walks, order: str) -> Row:
    """Recall@10 by extra exploration."""
    points = {ef: walks.at(ef) for ef in EFS}
    text = " ".join(f"{recall:.4f}" for recall, _ in points.values())
    spent = " ".join(f"{distances:.0f}" for _, distances in points.values())
    barred = walks.index.name == "vdb"
    return Row(
        f"recall@10 ip, {walks.index.name}",
        f"{walks.dataset.label}, {order}",
        f">= {LEAST_RECALL} at ef={BAR_EF}" if barred else "",
        f"{text}  at {spent} distances",
        points[BAR_EF][0] >= LEAST_RECALL if barred else None,
        {f"ef {ef}": point for ef, point in points.items()},
    )


def _wide_row(stand: Stand, walks: Walks, order: str) -> Row:
    truth = find_truth(walks.dataset, "ip", 100, stand.settings.cache)
    ids, _ = walks.index.search(walks.dataset.queries, 100, 200)
    recall = recall_of(walks.dataset, "ip", truth, ids)
    return Row(
        f"recall@100 ip, {walks.index.name}",
        f"{walks.dataset.label}, {order}",
        f">= {LEAST_RECALL_OF_100} at ef=200",
        f"{recall:.4f}",
        recall >= LEAST_RECALL_OF_100,
        {"recall": recall},
    )


def _unreachable_row(walks: Walks, order: str) -> Row:
    count = walks.index.unreachable()
    barred = walks.index.name == "vdb"
    return Row(
        f"unreachable ip, {walks.index.name}",
        f"{walks.dataset.label}, {order}",
        "0" if barred else "",
        f"{count:,}",
        count == 0 if barred else None,
        {"unreachable": count},
    )


def _price_rows(
    what: str, target: float, prices: dict[str, dict[float, float | None]]
) -> Iterator[Row]:
    """Distances to a recall, or to that of vdb at ef=10 if it is higher; vdb needs the fewest."""
    others = [price[target] for name, price in prices.items() if name != "vdb"]
    least = min((price for price in others if price is not None), default=math.inf)
    for name, by_target in prices.items():
        price = by_target[target]
        barred = name == "vdb" and bool(others)
        yield Row(
            f"distances to {target} ip, {name}",
            what,
            "fewest" if barred else "",
            f"not at ef={LARGEST_EF}" if price is None else f"{price:,.0f}",
            (price is not None and price <= least) if barred else None,
            {"distances": price},
        )


def _gap_row(dataset: Dataset, recalls: Sequence[float]) -> Row:
    gap = max(recalls) - min(recalls)
    return Row(
        "recall@10 ip, gap between orders",
        dataset.label,
        f"<= {WIDEST_GAP} at ef={BAR_EF}",
        f"{gap:.4f}",
        gap <= WIDEST_GAP,
        {"gap": gap},
    )
