"""The smallest ef that reaches a recall, and the measured curve around it."""

from __future__ import annotations

from numpy.typing import ArrayLike

from vdb import index
from vdb.analysis.common.moments import Moments
from vdb.analysis.common.queries import queries_or_sample
from vdb.analysis.measurement.recall import Truth, exact_truth, measure
from vdb.errors import InvalidArgumentError
from vdb.index.vectors import recall_curve
from vdb.index.vectors.recall_curve import AUTOMATIC_QUERIES, LARGEST_EF, Curve, automatic
from vdb.index.vectors.tuning import Tuning, keep_tuning
from vdb.model.records import Progress
from vdb.store import Batch, WritableCollection

__all__ = ["tune", "tune_grown"]


def tune_grown(batch: Batch, coll: WritableCollection, added: int, *, threads: int) -> None:
    """Measures the default ef of a collection that has become large, in the same commit.

    It is measured for an HNSW collection of at least `recall_curve.AUTOMATIC_FROM` records, if at
    least a quarter of them were added, so that measuring costs little next to linking; not if
    `tune` was called, and not if it was measured when the collection had more than half as many
    records.
    """
    count, tuning = coll.header.vector_count, coll.generation.tuning
    enough = added >= max(index.AUTOMATIC_ADDED, count // 4)
    if not coll.links or count < recall_curve.AUTOMATIC_FROM or not enough:
        return
    if tuning is not None and (tuning["source"] != "automatic" or count < 2 * tuning["records"]):
        return
    query_set = queries_or_sample(batch, coll, None, sample=AUTOMATIC_QUERIES, seed=0)
    truth = exact_truth(Moments.of(batch, coll), query_set, 10, threads=threads)
    measured = automatic(_curve(truth, count))
    with batch.changing():
        keep_tuning(coll, measured, coll.generation.number)


def tune(
    moments: Moments,
    *,
    target: float,
    k: int,
    queries: ArrayLike | None,
    sample: int,
    seed: int,
    threads: int,
    progress: Progress | None = None,
) -> Tuning:
    """Measures recall at a rising ef, then halves the step before the first that reaches `target`.

    `progress` is called with (queries compared exactly, queries): that takes most of the time.

    Raises:
        InvalidArgumentError: The collection is flat or too small, or no ef reaches the target.
    """
    with moments.now() as (reader, view):
        if not view.links:
            raise InvalidArgumentError(
                f"collection {view.header.name!r} is flat: every search is exact and nothing is "
                "tuned",
                expected="an HNSW collection",
                received="flat",
            )
        query_set = queries_or_sample(reader, view, queries, sample=sample, seed=seed)
        records = view.header.vector_count
    truth = exact_truth(moments, query_set, k, threads=threads, progress=progress)
    curve = _curve(truth, records)
    ef = curve.reaching(target, LARGEST_EF)
    if ef is None:
        best = max(curve.points, key=lambda point: curve.points[point].value)
        raise InvalidArgumentError(
            f"target_recall={target:g} was not reached: {curve.points[best].value:.4f} at "
            f"ef={best}. A graph with more links (M) or more candidates while building "
            "(ef_construction) finds more",
            expected=target,
            received=curve.points[best].value,
        )
    return curve.tuning(ef, target, "given" if query_set.own is None else "stored")


def _curve(truth: Truth, records: int) -> Curve:
    return Curve(
        lambda ef: float(measure(truth, ef).mean()),
        k=truth.k,
        queries=len(truth.queries),
        records=records,
    )
