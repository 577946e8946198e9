"""Measurements as users call them: their arguments are checked, then they are made."""

from __future__ import annotations

from numpy.typing import ArrayLike

from vdb.analysis.common.moments import Moments
from vdb.analysis.common.queries import queries_or_sample
from vdb.analysis.measurement.recall import RecallReport
from vdb.analysis.measurement.recall import recall as measured_recall
from vdb.analysis.measurement.speed import EFS, SpeedReport, measure_speed
from vdb.index import search_ef
from vdb.model import arguments, config
from vdb.model.records import Progress

__all__ = ["bench", "recall"]

_MAX_EFS = 1000
"""Points of the curve of `bench`."""


def recall(
    moments: Moments,
    queries: ArrayLike | None,
    *,
    k: object,
    ef: object,
    sample: int,
    seed: object,
    threads: object,
    progress: Progress | None,
) -> RecallReport:
    """See `CollectionReader.recall`."""
    arguments.callback("progress", progress)
    count = config.thread_count(threads)
    hits = arguments.whole("k", k, 1, config.LIMITS.slots)
    chosen = arguments.whole("seed", seed, 0, config.LIMITS.seed)
    with moments.now() as (reader, view):
        query_set = queries_or_sample(reader, view, queries, sample=sample, seed=chosen)
        width = search_ef(view, hits, config.search_width(ef), None)
    return measured_recall(moments, query_set, hits, width, threads=count, progress=progress)


def bench(
    moments: Moments,
    queries: ArrayLike | None,
    *,
    k: object,
    efs: object,
    sample: int,
    seed: object,
    threads: object,
    rounds: object,
    progress: Progress | None,
) -> SpeedReport:
    """See `CollectionReader.bench`."""
    arguments.callback("progress", progress)
    values = EFS if efs is None else arguments.sequence("efs", efs, _MAX_EFS)
    widths = [arguments.whole("efs", ef, 1, config.LIMITS.ef) for ef in values]
    chosen = arguments.whole("seed", seed, 0, config.LIMITS.seed)
    with moments.now() as (reader, view):
        query_set = queries_or_sample(reader, view, queries, sample=sample, seed=chosen)
    return measure_speed(
        moments,
        query_set,
        arguments.whole("k", k, 1, config.LIMITS.slots),
        widths,
        threads=config.thread_count(threads),
        rounds=arguments.whole("rounds", rounds, 1, 1000),
        progress=progress,
    )
