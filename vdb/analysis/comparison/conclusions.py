"""What follows from a comparison of metrics, in plain words."""

from __future__ import annotations

from collections.abc import Sequence

from vdb.analysis.common.norms import Norms
from vdb.analysis.comparison.report import Agreement, Difference, Quality

__all__ = ["about_agreement", "about_lengths", "about_quality"]

SAME_LENGTH = 1.001
"""Lengths within this ratio count as one: what rounding makes of vectors of one length."""

NO_LABELS = (
    "Without labels nobody can say which metric retrieves better, only how they differ: give the "
    "relevant records of some queries."
)

LEANS = 1.05
"""From this ratio of the mean length of the hits to that of all vectors on, a metric has a bias."""

SPREAD = 1.2
"""From this ratio of long to short on, lengths decide part of the ranking."""


def about_lengths(
    norms: Norms, metrics: Sequence[str], hit_norms: Sequence[float], k: int
) -> list[str]:
    """What the lengths of the vectors do to each metric."""
    said: list[str] = []
    if norms.zeros:
        said.append(
            f"{_count(norms.zeros, 'vector is', 'vectors are')} zero and cannot be found by "
            "cosine: a zero vector has no direction."
        )
    if norms.min > 0 and norms.max / norms.min <= SAME_LENGTH:
        length = "1" if norms.unit else f"{norms.mean:.4g}"
        said.append(
            f"All vectors have length {length}, so inner product, cosine and L2 rank alike: what "
            "differs is only the number, and thresholds with it."
        )
        return said
    said.append(
        f"Lengths run from {norms.min:.3g} to {norms.max:.3g}; the long ones (95 of 100 are "
        f"shorter) are {norms.spread:.2g} times the short ones (5 of 100 are shorter)."
    )
    by_name = dict(zip(metrics, hit_norms, strict=True))
    longer = [name for name in by_name if by_name[name] > norms.mean * LEANS]
    shorter = [name for name in by_name if by_name[name] < norms.mean / LEANS]
    measured = ", ".join(f"{by_name[name]:.3g} by {name}" for name in metrics)
    said.append(
        f"The {k} nearest have a mean length of {measured}; all vectors of {norms.mean:.3g}."
    )
    for name, why in _REASONS.items():
        if name in longer and norms.spread > SPREAD:
            said.append(f"{name} favours long vectors here{why[0]}.")
        elif name in shorter and norms.spread > SPREAD:
            said.append(f"{name} favours short vectors here{why[1]}.")
    if "cosine" in by_name:
        said.append("cosine takes no notice of lengths: it compares directions only.")
    return said


_REASONS = {
    "ip": (": a vector twice as long has twice the inner product", ""),
    "l2": ("", ": of a long vector even its length alone is far away from the query"),
}


def about_agreement(agreements: Sequence[Agreement], k: int) -> list[str]:
    """Which metrics rank most and least alike."""
    ordered = sorted(agreements, key=lambda pair: -pair.overlap.value)
    if not ordered:
        return []
    if ordered[-1].overlap.value == 1.0:
        return [f"All metrics find the same {k} nearest for every query."]
    said = [_alike(ordered[0], k, "most")]
    if len(ordered) > 1:
        said.append(_alike(ordered[-1], k, "least"))
    return said


def _alike(pair: Agreement, k: int, how: str) -> str:
    return (
        f"{pair.a} and {pair.b} agree {how}: they share {pair.overlap.value * k:.1f} of the {k} "
        f"nearest and rank the same record first for {pair.same_first:.0%} of the queries."
    )


def about_quality(
    quality: Sequence[Quality], differences: Sequence[Difference], k: int, metric: str
) -> list[str]:
    """Which metric retrieves best, and how certain that is."""
    if not quality:
        return [NO_LABELS]
    best = max(quality, key=lambda one: one.ndcg.value)
    if best.ndcg.value == 0:
        return [f"No metric finds a relevant record among the {k} nearest of any query."]
    certain = [d for d in differences if d.certain]
    alike = {best.metric, *(d.other for d in differences if not d.certain)}
    if len(alike) == 1:
        said = [f"{best.metric} retrieves best: nDCG@{k} {best.ndcg} (95 % interval)."]
    else:
        means = _listed([f"{one.metric} {one.ndcg}" for one in quality if one.metric in alike])
        who = _listed(sorted(alike))
        said = [f"{who} cannot be told apart with these queries: nDCG@{k} {means} (95 %)."]
    said += [
        f"{best.metric} is ahead of {d.other} by {d.ndcg}: more than chance among queries."
        for d in certain
    ]
    if metric != best.metric and any(d.other == metric for d in certain):
        said.append(
            f"The collection has metric {metric}; rebuilding it for {best.metric} would retrieve "
            "better."
        )
    return said


def _listed(parts: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(parts[:-1]), parts[-1])))


def _count(n: int, one: str, many: str) -> str:
    return f"{n:,} {one if n == 1 else many}"
