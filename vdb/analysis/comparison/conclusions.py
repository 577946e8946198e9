"""Conclusions from a comparison of metrics, in plain words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from vdb.analysis.common.norms import Norms
from vdb.analysis.comparison.report import Agreement, Difference, Quality
from vdb.analysis.comparison.sides_report import SideQuality
from vdb.model.interval import Interval

__all__ = [
    "about_agreement",
    "about_lengths",
    "about_quality",
    "about_sides",
]

SAME_LENGTH = 1.001
"""Lengths within this ratio count as equal: rounding may cause the difference."""

NO_LABELS = (
    "Without labels nobody can say which {what} retrieves better, only how they differ: give the "
    "relevant records of some queries."
)

LEANS = 1.05
"""A metric is biased if mean lengths of hits and of all vectors differ by more than this factor."""

SPREAD = 1.2
"""Lengths decide part of the ranking above this ratio of long to short vectors."""


def about_lengths(
    norms: Norms, metrics: Sequence[str], hit_norms: Sequence[float], k: int
) -> list[str]:
    """The effect of the lengths of the vectors on each metric."""
    sentences: list[str] = []
    if norms.zeros:
        sentences.append(
            f"{_count(norms.zeros, 'vector is', 'vectors are')} zero and cannot be found by "
            "cosine: a zero vector has no direction."
        )
    if norms.min > 0 and norms.max / norms.min <= SAME_LENGTH:
        length = "1" if norms.unit else f"{norms.mean:.4g}"
        sentences.append(
            f"All vectors have length {length}, so inner product, cosine and L2 rank alike: what "
            "differs is only the number, and thresholds with it."
        )
        return sentences
    sentences.append(
        f"Lengths run from {norms.min:.3g} to {norms.max:.3g}; the long ones (95 of 100 are "
        f"shorter) are {norms.spread:.2g} times the short ones (5 of 100 are shorter)."
    )
    by_name = dict(zip(metrics, hit_norms, strict=True))
    longer = [name for name in by_name if by_name[name] > norms.mean * LEANS]
    shorter = [name for name in by_name if by_name[name] < norms.mean / LEANS]
    hit_lengths = ", ".join(f"{by_name[name]:.3g} by {name}" for name in metrics)
    sentences.append(
        f"The {k} nearest have a mean length of {hit_lengths}; all vectors of {norms.mean:.3g}."
    )
    for name, reason in _REASONS.items():
        if name in longer and norms.spread > SPREAD:
            sentences.append(f"{name} favours long vectors here{reason[0]}.")
        elif name in shorter and norms.spread > SPREAD:
            sentences.append(f"{name} favours short vectors here{reason[1]}.")
    if "cosine" in by_name:
        sentences.append("cosine takes no notice of lengths: it compares directions only.")
    return sentences


_REASONS = {
    "ip": (": a vector twice as long has twice the inner product", ""),
    "l2": ("", ": of a long vector even its length alone is far away from the query"),
}


def about_agreement(agreements: Sequence[Agreement], k: int, what: str = "metrics") -> list[str]:
    """The metrics, or `what` else was compared, that rank most and least alike."""
    ordered = sorted(agreements, key=lambda pair: -pair.overlap.value)
    if not ordered:
        return []
    if ordered[-1].overlap.value == 1.0:
        return [f"All {what} find the same {k} nearest for every query."]
    if len(ordered) == 1:
        return [_alike(ordered[0], k)]
    return [
        _alike(ordered[0], k, " agree most: they"),
        _alike(ordered[-1], k, " agree least: they"),
    ]


def _alike(pair: Agreement, k: int, how: str = "") -> str:
    return (
        f"{pair.a} and {pair.b}{how} share {pair.overlap.value * k:.1f} of the {k} "
        f"nearest and rank the same record first for {pair.same_first:.0%} of the queries."
    )


def about_quality(
    quality: Sequence[Quality], differences: Sequence[Difference], k: int, metric: str
) -> list[str]:
    """The metric with the best retrieval, and how certain that is."""
    ndcg = {row.metric: row.ndcg for row in quality}
    sentences = _about_quality(ndcg, differences, k, "metric")
    if any(gap.other == metric and gap.certain for gap in differences):
        sentences.append(
            f"The collection has metric {metric}; rebuilding it for {differences[0].best} would "
            "retrieve better."
        )
    return sentences


def about_sides(
    quality: Sequence[SideQuality], differences: Sequence[Difference], k: int, what: str = "side"
) -> list[str]:
    """The side, or `what` else was compared, with the best retrieval; and how certain that is."""
    return _about_quality({row.side: row.ndcg for row in quality}, differences, k, what)


def _about_quality(
    ndcg: Mapping[str, Interval],
    differences: Sequence[Difference],
    k: int,
    what: str,
) -> list[str]:
    if not ndcg:
        return [NO_LABELS.format(what=what)]
    best = max(ndcg, key=lambda name: ndcg[name].value)
    if ndcg[best].value == 0:
        return [f"No {what} finds a relevant record among the {k} nearest of any query."]
    certain = [gap for gap in differences if gap.certain]
    alike = {best, *(gap.other for gap in differences if not gap.certain)}
    if len(alike) == 1:
        sentences = [f"{best} retrieves best: nDCG@{k} {ndcg[best]} (95 % interval)."]
    else:
        means = _enumeration([f"{name} {ndcg[name]}" for name in ndcg if name in alike])
        names = _enumeration(sorted(alike))
        sentences = [f"{names} cannot be told apart with these queries: nDCG@{k} {means} (95 %)."]
    return sentences + [
        f"{best} is ahead of {gap.other} by {gap.ndcg}: more than chance among queries."
        for gap in certain
    ]


def _enumeration(parts: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(parts[:-1]), parts[-1])))


def _count(n: int, singular: str, plural: str) -> str:
    return f"{n:,} {singular if n == 1 else plural}"
