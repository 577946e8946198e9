"""Other dtypes beside float32, and l1 and hamming beside l2: recall at the same ef, queries/s.

All on vdb: no library measured here has every one of them. Truth is vdb's exact search, which the
tests compare with numpy; a hit counts when its value is as near as the true tenth's.
"""

import math
import statistics
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np

from .data import Dataset
from .recall import EFS, worst_gap
from .report import Row
from .speed import LEAST_TIMED, TARGETS, Curve
from .stand import Stand
from .timing import Lap, interleave, median_ratio
from .vdb_driver import Vdb

ALLOWED_GAP: Final = 0.005
KINDS: Final = {
    "l2 float32": ("l2", "float32"),
    "ip float32": ("ip", "float32"),
    "cosine float32": ("cosine", "float32"),
    "l1 float32": ("l1", "float32"),
    "l2 float16": ("l2", "float16"),
    "l2 int8": ("l2", "int8"),
    "ip int8": ("ip", "int8"),
    "cosine int8": ("cosine", "int8"),
    "l1 int8": ("l1", "int8"),
    "hamming bit": ("hamming", "bit"),
}
REFERENCES: Final = ("l2 float32", "ip float32", "cosine float32")
FASTER: Final = ("l2 int8", "ip int8", "cosine int8", "l1 int8", "hamming bit")


def reference(name: str) -> str:
    """What a kind is compared with: float32 under its metric; under l2 for l1 and hamming."""
    own = f"{KINDS[name][0]} float32"
    return own if own in REFERENCES else "l2 float32"


def typed(rows: Any, dtype: str, largest: float) -> Any:
    """Rows of floats as a dtype: int8 scaled so that the largest number is 127, bits the signs."""
    if dtype == "bit":
        return np.packbits(rows > 0, axis=1)
    if dtype == "int8":
        return np.clip(np.rint(rows * (127 / largest)), -128, 127).astype(np.int8)
    return rows.astype(dtype)


class Typed:
    """vdb with vectors of one dtype under one metric."""

    def __init__(self, name: str, dataset: Dataset, folder: Path) -> None:
        self.name = name
        metric, dtype = KINDS[name]
        largest = float(np.abs(dataset.vectors).max())
        self._vdb = Vdb(metric, dataset.dim, folder, dtype=dtype)
        self._vectors = typed(dataset.vectors, dtype, largest)
        self.queries = typed(dataset.queries, "float32" if dtype == "float16" else dtype, largest)
        self._sign = -1.0 if metric in ("ip", "cosine") else 1.0

    def build(self, vectors: Any, *, M: int, ef_construction: int, threads: int) -> None:
        """Index the vectors in their own dtype; the given ones are looked at no more."""
        del vectors
        self._vdb.build(self._vectors, M=M, ef_construction=ef_construction, threads=threads)

    def search(self, queries: Any, k: int, ef: int) -> Any:
        """Return (m, k) ids."""
        return self._vdb.search(queries, k, ef)

    def values(self, k: int, ef: int | None) -> Any:
        """Values of the hits, (m, k), lower is nearer; exact ones where ef is None."""
        exact = {"exact": True} if ef is None else {"ef": ef}
        many = self._vdb.collection.search_many(self.queries, k, with_payloads=False, **exact)
        return self._sign * many.values

    def close(self) -> None:
        """Delete it."""
        self._vdb.close()


@dataclass
class TypedCurve(Curve):
    """Recall by ef, counted by values."""

    limit: Any = None
    _seen: dict[int, float] = field(default_factory=dict)

    @property
    def timed_queries(self) -> Any:
        """Queries of one timed call, in the dtype that the index takes."""
        queries = self.peer.queries  # type: ignore[attr-defined]  # a Typed
        repeats = -(-LEAST_TIMED // len(queries))
        return queries if repeats == 1 else np.tile(queries, (repeats, 1))

    def recall(self, ef: int) -> float:
        """Recall@k at one ef."""
        if ef not in self._seen:
            values = self.peer.values(self.k, ef)  # type: ignore[attr-defined]
            if self.limit is None:
                self.limit = self.peer.values(self.k, None)[:, -1:]  # type: ignore[attr-defined]
            self._seen[ef] = float((values <= self.limit).mean())
        return self._seen[ef]


def run(stand: Stand) -> Iterator[Row]:
    """Recall at every ef, then rates at both targets, each against the reference."""
    dataset = stand.dataset("real")
    curves: dict[str, TypedCurve] = {}
    for name in KINDS:
        peer = Typed(name, dataset, stand.settings.scratch)
        stand.build(peer, dataset)
        curves[name] = TypedCurve(peer, dataset, KINDS[name][0], None, stand.settings.k)  # type: ignore[arg-type]
    try:
        yield from _recalls(curves, dataset)
        for target in TARGETS:
            yield from _rates(stand, curves, dataset, target)
    finally:
        for curve in curves.values():
            curve.peer.close()


def _recalls(curves: dict[str, TypedCurve], dataset: Dataset) -> Iterator[Row]:
    for name, curve in curves.items():
        recalls = [curve.recall(ef) for ef in EFS]
        text = " ".join(f"{value:.4f}" for value in recalls)
        figures: dict[str, Any] = {f"ef {ef}": one for ef, one in zip(EFS, recalls, strict=True)}
        if name in REFERENCES:
            yield Row(f"recall@10 {name}", dataset.label, "", text, None, figures)
            continue
        gap = worst_gap(recalls, [curves[reference(name)].recall(ef) for ef in EFS])
        yield Row(
            f"recall@10 {name}",
            dataset.label,
            f"gap <= {ALLOWED_GAP}",
            f"{text}  gap {gap:+.4f}",
            gap <= ALLOWED_GAP,
            {**figures, "gap": gap},
        )


def _rates(
    stand: Stand, curves: dict[str, TypedCurve], dataset: Dataset, target: float
) -> Iterator[Row]:
    brackets = {name: curve.bracket(target) for name, curve in curves.items()}
    calls = {
        f"{name} {ef}": partial(curve.peer.search, curve.timed_queries, curve.k, ef)
        for name, curve in curves.items()
        for ef in set(brackets[name] or ())
    }
    laps: dict[str, list[Lap]] = interleave(calls, stand.settings.rounds)
    rates: dict[str, list[float]] = {}
    for name, curve in curves.items():
        efs = brackets[name]
        if efs is None:
            continue
        count = len(curve.timed_queries)
        below, above = (
            [count / one.seconds(stand.settings.clock) for one in laps[f"{name} {ef}"]]
            for ef in efs
        )
        rates[name] = [
            curve.interpolate(target, efs, pair) for pair in zip(below, above, strict=True)
        ]
    for name in KINDS:
        if name in rates:
            yield _rate(name, target, dataset, rates, brackets[name])


def _rate(
    name: str,
    target: float,
    dataset: Dataset,
    rates: dict[str, list[float]],
    efs: tuple[int, int] | None,
) -> Row:
    rate = statistics.median(rates[name])
    measured = f"{rate:,.0f}  (ef {efs})"
    base = reference(name)
    ratio = median_ratio(rates[name], rates[base]) if base in rates else math.nan
    barred = name in FASTER
    if name not in REFERENCES:
        measured += f"  {ratio:.2f}x"
    return Row(
        f"queries/s at {target} {name}",
        dataset.label,
        f"> 1.0x {base}" if barred else "",
        measured,
        ratio > 1.0 if barred else None,
        {"qps": rate, "ratio": ratio},
    )
