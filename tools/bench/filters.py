"""Filtered search: recall and latency at every selectivity, and what a filter costs to work out.

Times are of single queries, in turn with unfiltered ones. Filters differ from query to query, so
that a new one has to be worked out for each; `same filter` is the time when it is asked again. A
new one also meets vectors that were not asked for before: it is compared with a search whose query
comes for the first time, too.
"""

import importlib
import json
import statistics
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from .data import Dataset
from .metrics import pair_values, rank_keys
from .report import Row
from .stand import Stand
from .timing import Clock, lap

SHARES: Final = (0.5, 0.1, 0.01, 0.001, 0.0001)
STEPS: Final = (20, 28, 40, 56, 80, 112, 160, 224, 320)
RECALL: Final = 0.95
SLOWEST: Final = 3.0
COMPILED: Final = 1e-3
QUERIES: Final = 200

Bools = NDArray[np.bool_]
Where = dict[str, Any]


@dataclass(frozen=True)
class Filter:
    """A family of filters that about the same share of the records passes.

    Attributes:
        name: what the table calls it.
        make: the filter of query i, and the mask of rows that pass.
    """

    name: str
    make: Callable[[int], tuple[Where, Bools]]


def run(stand: Stand) -> Iterator[Row]:
    """Load each data set with payloads, find the ef, measure every family at every share."""
    if not stand.settings.with_vdb:
        return
    for name in stand.settings.sets:
        yield from _measure(stand, stand.dataset(name))


def _measure(stand: Stand, dataset: Dataset) -> Iterator[Row]:
    settings, vdb = stand.settings, importlib.import_module("vdb")
    metric = "l2" if dataset.name == "synthetic" else "cosine"
    axis = np.linalg.svd(dataset.vectors[:5000] - dataset.vectors.mean(0), full_matrices=False)[2]
    side = _ranks(dataset.vectors @ axis[0])
    chance = np.random.default_rng(11).permutation(len(side))
    # The queries that lie farthest to one side of the data.
    far = np.argsort(-(dataset.queries @ axis[0]), kind="stable")
    queries = np.ascontiguousarray(dataset.queries[far[: 20 if settings.quick else QUERIES]])
    payloads = [{"chance": int(a), "side": int(b)} for a, b in zip(chance, side, strict=True)]
    fields = {"chance": "int", "side": "int"}
    lines = _lines(settings.data, len(side)) if dataset.name == "real" else []
    for payload, line in zip(payloads, lines, strict=False):
        payload |= {"pep": line["pep"], "section": line["section"]}
    settings.scratch.mkdir(parents=True, exist_ok=True)
    with vdb.open(Path(tempfile.mkdtemp(dir=settings.scratch)) / "f.vdb") as db:
        docs = db.create_collection(
            "f", dim=dataset.dim, metric=metric, fields=fields | (FIELDS if lines else {})
        )
        docs.add(range(len(side)), dataset.vectors, payloads, threads=settings.threads)
        keys = rank_keys(metric, queries, dataset.vectors)
        rivals = _Rivals(metric, queries, dataset.vectors, keys)
        everything = np.ones(len(side), dtype=bool)
        ef, recall = STEPS[-1], 0.0
        for ef in STEPS:
            hits = [docs.search(q, 10, ef=ef, with_payloads=False) for q in queries]
            recall = rivals.recall(hits, [everything] * len(queries))
            if recall >= RECALL:
                break
        yield Row("unfiltered", dataset.label, "", f"ef={ef} recall {recall:.3f}")
        for share in SHARES:
            for family in _families(share, chance, side, lines):
                yield _row(
                    dataset.label,
                    docs,
                    rivals,
                    ef=ef,
                    share=share,
                    family=family,
                    clock=settings.clock,
                )


FIELDS: Final = {"pep": "int", "section": "keyword"}


def _lines(folder: Path, n: int) -> list[dict[str, Any]]:
    """The payloads beside real vectors, where there are any."""
    path = folder / "paragraphs.jsonl"
    if not path.exists():
        return []
    texts = path.read_text(encoding="utf-8").splitlines()
    return [json.loads(text) for text in texts if text][:n]


def _ranks(values: NDArray[Any]) -> NDArray[np.int64]:
    ranks = np.empty(len(values), dtype=np.int64)
    ranks[np.argsort(values, kind="stable")] = np.arange(len(values))
    return ranks


def _families(
    share: float, chance: NDArray[Any], side: NDArray[Any], lines: list[dict[str, Any]]
) -> list[Filter]:
    n = len(side)
    most = max(1, round(share * n))

    def by_chance(i: int) -> tuple[Where, Bools]:
        start = i * 7919 % (n - most + 1)
        where = {"chance": {"$gte": start, "$lt": start + most}}
        return where, (chance >= start) & (chance < start + most)

    def towards(i: int) -> tuple[Where, Bools]:
        least = n - most - i
        return {"side": {"$gte": least}}, side >= least

    def away(i: int) -> tuple[Where, Bools]:
        return {"side": {"$lt": most + i}}, side < most + i

    families = [
        Filter("by chance", by_chance),
        Filter("near the query", towards),
        Filter("far from the query", away),
    ]
    if not lines:
        return families
    peps = np.array([line["pep"] for line in lines])
    ordered = np.sort(peps)
    sections, inverse, counts = np.unique(
        [line["section"] for line in lines], return_inverse=True, return_counts=True
    )

    def by_pep(i: int) -> tuple[Where, Bools]:
        start = i * 7919 % (n - most + 1)
        low, high = int(ordered[start]), int(ordered[start + most - 1])
        return {"pep": {"$gte": low, "$lte": high}}, (peps >= low) & (peps <= high)

    def by_section(i: int) -> tuple[Where, Bools]:
        fitting = np.flatnonzero(counts <= most)
        rolled = np.roll(fitting[np.argsort(-counts[fitting], kind="stable")], -i % len(fitting))
        enough = int(np.searchsorted(np.cumsum(counts[rolled]), most)) + 1
        chosen = rolled[:enough]
        return {"section": {"$in": sections[chosen].tolist()}}, np.isin(inverse, chosen)

    return [*families, Filter("pep", by_pep), Filter("section", by_section)]


class _Rivals:
    """The truth under any filter: the exact tenth value among the allowed."""

    def __init__(self, metric: str, queries: Any, vectors: Any, keys: Any) -> None:
        self._metric, self.queries, self._vectors, self._keys = metric, queries, vectors, keys

    def recall(self, hits: list[Any], allowed: list[Bools]) -> float:
        """Mean share of the ten nearest that was found; fewer than there are raises."""
        shares = []
        sign = 1 if self._metric == "l2" else -1
        for i, (one, mask) in enumerate(zip(hits, allowed, strict=True)):
            ids = np.flatnonzero(mask)
            count = min(10, len(ids))
            if len(one) != count or not mask[one.ids].all():
                raise AssertionError(f"{len(one)} hits of {count} came back")
            width = min(40, len(ids))
            near = ids[np.argpartition(self._keys[i][ids], width - 1)[:width]]
            query = self.queries[i : i + 1]
            values = np.sort(sign * pair_values(self._metric, query, self._vectors[near][None])[0])
            limit = values[count - 1] + 1e-9 * abs(values[count - 1])
            shares.append(np.count_nonzero(sign * one.values <= limit) / count)
        return statistics.fmean(min(1.0, share) for share in shares)


def _row(
    label: str,
    docs: Any,
    rivals: "_Rivals",
    *,
    ef: int,
    share: float,
    family: Filter,
    clock: Clock,
) -> Row:
    queries = rivals.queries
    made = [family.make(i) for i in range(len(queries))]
    options = {"k": 10, "ef": ef, "with_payloads": False}
    first, plain, fresh, again, compiled, hits = [], [], [], [], [], []

    def seconds(call: Callable[[], object]) -> float:
        return lap(call).seconds(clock)

    for q, (where, _) in zip(queries, made, strict=True):
        first.append(seconds(lambda q=q: docs.search(q, **options)))
        plain.append(seconds(lambda q=q: docs.search(q, **options)))
        fresh.append(seconds(lambda q=q, where=where: docs.search(q, where=where, **options)))
        hits.append(docs.search(q, where=where, **options))
        again.append(seconds(lambda q=q, where=where: docs.search(q, where=where, **options)))
    for i in range(len(queries)):
        where, _ = family.make(i + len(queries))
        compiled.append(seconds(lambda where=where: docs.count(where)))
    recall = rivals.recall(hits, [mask for _, mask in made])
    base = statistics.median(plain)
    ratios = [statistics.median(times) / base for times in (fresh, again)]
    to_first = statistics.median(fresh) / statistics.median(first)
    compile_time = statistics.median(compiled)
    passed = recall >= RECALL and ratios[1] <= SLOWEST and compile_time <= COMPILED
    strategies = sorted({one.plan.strategy for one in hits})
    return Row(
        f"filter {family.name}, {share:.2%} pass",
        label,
        f"recall {RECALL}, {SLOWEST:.0f}x, 1 ms",
        f"{'/'.join(strategies)}: recall {recall:.3f}, "
        f"new filter {ratios[0]:.2f}x ({to_first:.2f}x a first search), "
        f"same filter {ratios[1]:.2f}x, worked out in {compile_time * 1e3:.2f} ms",
        passed and (share > 0.01 or recall == 1.0),
        {
            "recall": recall,
            "new": ratios[0],
            "new_to_first": to_first,
            "same": ratios[1],
            "compile_s": compile_time,
            "plain_s": base,
        },
    )
