"""Searches of every form under one convention, and explanations, beside the model."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

import vdb
from tools.torture.studies.ground import COUNT, Ground
from tools.torture.studies.model import Hit, Judged, judged, of_zero
from tools.torture.studies.tally import Tally
from vdb.analysis.calibration.boundary import tightest
from vdb.model.metrics import METRICS
from vdb.scores.table import Convention

__all__ = ["explained", "many_at_once", "searched", "thresholds", "zero_answered"]


def thresholds(model: Judged, places: tuple[int, ...]) -> Iterator[float]:
    """Numbers at a score that was just returned, in the unit of the engine, and one bit beside it.

    Args:
        model: All records, judged for a query.
        places: Of which records, in the order of scores.
    """
    row, there = model.row, np.flatnonzero(model.there)
    order = there[np.lexsort((there, model.score_keys[there]))]
    kind = np.float64 if row.precision == "float64" else np.float32
    for place in places:
        one = order[min(place, len(order) - 1)]
        if row.threshold_unit == "score":
            number = float(model.scores[one])
        elif row.threshold_unit == "value":
            number = float(model.values[one])
        else:
            try:
                number = tightest(row, float(model.quantities[one]), model.ground.dim)
            except vdb.InvalidArgumentError:
                continue
        for end in (None, np.inf, -np.inf):
            near = number if end is None else float(np.nextafter(kind(number), kind(end)))
            if np.isfinite(near):
                yield near


def searched(tally: Tally, model: Judged, query: NDArray[Any], places: tuple[int, ...]) -> None:
    """One query, with and without thresholds, k and a filter, by scan and by walk."""
    ground, row = model.ground, model.row
    flat, graph = ground.collection("flat"), ground.collection("graph")
    options: dict[str, Any] = {"scores": row.name, "with_payloads": False}
    walk = {"ef": COUNT + 1} | options  # it keeps everything, and finds what a scan finds
    for k in (1, 5, COUNT):
        expected = model.hits(k)
        tally.same(f"{row.name} k={k}", _listed(flat.search(query, k, **options)), expected)
        tally.same(f"{row.name} k={k} by walk", _listed(graph.search(query, k, **walk)), expected)
    for number in thresholds(model, places):
        label = f"{row.name} threshold={number!r}"
        if not row.takes(number):
            tally.true(label, _refused(flat, query, number, row))
            continue
        for k in (None, 1, 4, 40):
            for part in (None, 1):
                where = None if part is None else {"part": part}
                expected = model.hits(k, number, part)
                limits: dict[str, Any] = {"threshold": number, "where": where}
                got = _listed(flat.search(query, k, **limits, **options))
                tally.same(f"{label} k={k} part={part}", got, expected)
                if k == 4 or (k is None and part is None):
                    got = _listed(graph.search(query, k, **limits, **walk))
                    tally.same(f"{label} k={k} part={part} by walk", got, expected)


def many_at_once(tally: Tally, models: list[Judged], queries: NDArray[Any]) -> None:
    """Several queries together find what each of them must find."""
    row = models[0].row
    numbers = [number for number in thresholds(models[1], (9,)) if row.takes(number)]
    for number in (None, *numbers[:1]):
        for index in ("flat", "graph"):
            docs = models[0].ground.collection(index)
            ef = None if index == "flat" else COUNT + 1
            batch = docs.search_many(
                queries, 6, scores=row.name, threshold=number, ef=ef, with_payloads=False, threads=1
            )
            got = [_listed(hits) for hits in batch]
            expected = [model.hits(6, number) for model in models]
            tally.same(f"{row.name} many threshold={number!r}", got, expected)


def zero_answered(tally: Tally, ground: Ground, row: Convention) -> None:
    """A query of zeros, which the engine may refuse, or answer in its own way."""
    docs = ground.collection("flat")
    metric, native = METRICS[row.metric], row.name == "native"
    refused = ground.kind.unit or (metric.shortest > 0 if native else row.zero.query == "refused")
    try:
        hits = _listed(docs.search(ground.zero, 7, scores=row.name, with_payloads=False))
    except vdb.InvalidVectorError:
        tally.true(f"{row.name} refuses zero", refused)
        return
    model = of_zero(ground, row) if row.metric == "cosine" else judged(ground, row, ground.zero)
    tally.same(f"{row.name} of zero", hits, [] if model is None else model.hits(7))
    tally.true(f"{row.name} takes zero", not refused)
    if model is not None:
        for place, (record, score, value) in enumerate(hits, 1):
            explanation = docs.explain(ground.zero, record, scores=row.name, k=7)
            got = (explanation.score, explanation.value, explanation.place)
            tally.same(f"{row.name} zero explained", got, (score, value, place))


def explained(tally: Tally, model: Judged, query: NDArray[Any], records: list[int]) -> None:
    """Explanations of these records, by their numbers: among all, and among those of a part."""
    ground, row = model.ground, model.row
    for part in (None, 1):
        passes = model.there & (True if part is None else ground.parts == part)
        where = None if part is None else {"part": part}
        every, few = model.hits(COUNT, part=part), [hit[0] for hit in model.hits(5, part=part)]
        for one in records:
            if not model.there[one]:
                continue
            score, key = model.score_keys[one], model.keys[one]
            ahead = (model.score_keys < score) | ((model.score_keys == score) & (model.keys < key))
            equal = (model.score_keys == score) & (model.keys == key) & passes
            record = ground.ids[one]
            expected = (
                float(model.scores[one]),
                float(model.values[one]),
                1 + int((ahead & passes).sum()),
                int(equal.sum()) - bool(passes[one]),
                1 + int(((model.keys < key) & passes).sum()),
                few.index(record) + 1 if record in few else None,
                bool(passes[one]),
                len(every),
            )
            for index, ef in (("flat", None), ("graph", COUNT + 1)):
                docs = ground.collection(index)
                explanation = docs.explain(query, record, scores=row.name, k=5, ef=ef, where=where)
                got = (
                    explanation.score,
                    explanation.value,
                    explanation.rank,
                    explanation.equal,
                    explanation.by_value,
                    explanation.place,
                    explanation.passes,
                    explanation.matches,
                )
                tally.same(f"{row.name} explains {record} part={part} {index}", got, expected)


def _refused(docs: vdb.Collection, query: NDArray[Any], number: float, row: Convention) -> bool:
    try:
        docs.search(query, 3, scores=row.name, threshold=number)
    except vdb.InvalidArgumentError:
        return True
    return False


def _listed(hits: vdb.Hits) -> list[Hit]:
    columns = hits.ids.tolist(), hits.scores.tolist(), hits.values.tolist()
    return list(zip(*columns, strict=True))
