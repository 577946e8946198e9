"""Finding the smallest ef that reaches a recall, and the curve around it."""

from __future__ import annotations

from numpy.typing import ArrayLike

from vdb import index
from vdb.analysis.common import queries as question
from vdb.analysis.common.moments import Moments
from vdb.analysis.measurement.recall import Truth, exact_truth, measure
from vdb.errors import InvalidArgumentError
from vdb.index import Tuning
from vdb.index.vectors import recall_curve
from vdb.index.vectors.recall_curve import AUTOMATIC_QUERIES, LARGEST_EF, Curve, automatic
from vdb.model.records import Progress

__all__ = ["tune", "tune_grown"]

_ADDED = 1_000  # and at least a quarter of all: so measuring takes little beside linking


def tune_grown(
    reader: index.Reader, view: index.View, added: int, *, threads: int
) -> Tuning | None:
    """A measured ef for a collection to which many vectors were added; None where it has one.

    That is an HNSW collection of `curve.AUTOMATIC_FROM` records and more, of which these are a
    quarter or more; not one that somebody tuned, or that was when it was more than half as large.
    """
    count, known = view.header.count, view.generation.tuning
    if not view.links or count < recall_curve.AUTOMATIC_FROM or added < max(_ADDED, count // 4):
        return None
    if known is not None and (known["source"] != "automatic" or count < 2 * known["records"]):
        return None
    asked = question.given_or_sampled(reader, view, None, sample=AUTOMATIC_QUERIES, seed=0)
    truth = exact_truth(Moments.of(reader, view), asked, 10, threads=threads)
    return automatic(_curve(truth, count))


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
        asked = question.given_or_sampled(reader, view, queries, sample=sample, seed=seed)
        records = view.header.count
    truth = exact_truth(moments, asked, k, threads=threads, progress=progress)
    measured = _curve(truth, records)
    reaching = measured.reaching(target, LARGEST_EF)
    if reaching is None:
        best = max(measured.points, key=lambda ef: measured.points[ef].value)
        raise InvalidArgumentError(
            f"target_recall={target:g} was not reached: {measured.points[best].value:.4f} at "
            f"ef={best}. A graph with more links (M) or more candidates while building "
            "(ef_construction) finds more",
            expected=target,
            received=measured.points[best].value,
        )
    return measured.tuning(reaching, target, "given" if asked.own is None else "stored")


def _curve(truth: Truth, records: int) -> Curve:
    return Curve(
        lambda ef: float(measure(truth, ef).mean()),
        k=truth.k,
        queries=len(truth.queries),
        records=records,
    )
