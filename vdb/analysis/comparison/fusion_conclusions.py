"""Conclusions from a comparison of fusions, in plain words."""

from __future__ import annotations

from collections.abc import Sequence

from vdb.analysis.comparison import conclusions
from vdb.analysis.comparison.fusions_report import FusionGain, TunedWeights
from vdb.analysis.comparison.report import Agreement, Difference
from vdb.analysis.comparison.sides_report import SideQuality

__all__ = ["about"]


def about(
    quality: Sequence[SideQuality],
    differences: Sequence[Difference],
    gains: Sequence[FusionGain],
    tuned: Sequence[TunedWeights],
    agreements: Sequence[Agreement],
    *,
    k: int,
) -> list[str]:
    """The best ranking, what each fusion gains over its lists, and what weights are worth."""
    sentences = conclusions.about_sides(quality, differences, k, "ranking")
    for fusion in dict.fromkeys(gain.fusion for gain in gains):
        own = [gain for gain in gains if gain.fusion == fusion]
        if any(gain.better or gain.worse for gain in own):
            sentences.append(_over_parts(fusion, own))
    sentences += [_tuning(one, k) for one in tuned]
    return [*sentences, *conclusions.about_agreement(agreements, k, "rankings")]


def _over_parts(fusion: str, gains: Sequence[FusionGain]) -> str:
    if all(gain.ndcg.low > 0 for gain in gains):
        both = " and of ".join(f"{gain.part} by {gain.ndcg}" for gain in gains)
        return f"{fusion} is ahead of {both}: more than chance in both cases."
    parts = []
    for gain in gains:
        if gain.ndcg.low > 0:
            parts.append(f"is ahead of {gain.part} by {gain.ndcg}")
        elif gain.ndcg.high < 0:
            parts.append(f"is behind {gain.part} by {-gain.ndcg.value:.3f}")
        else:
            parts.append(f"cannot be told apart from {gain.part} ({gain.ndcg})")
    alike = [gain for gain in gains if not gain.certain]
    if len(alike) == len(gains):
        both = " nor from ".join(f"{gain.part} ({gain.ndcg})" for gain in gains)
        return f"{fusion} cannot be told apart from {both}."
    return f"{fusion} {' and '.join(parts)}."


def _tuning(one: TunedWeights, k: int) -> str:
    text, vector = one.weights
    if one.gain.low > 0:
        worth = "more than chance"
    elif one.gain.high < 0:
        worth = "worse, and more so than by chance: leave them as they are"
    else:
        worth = "not to be told apart from none"
    return (
        f"{one.fusion}: weights {text:g} for text and {vector:g} for vector, chosen on "
        f"{one.tuned_on:,} queries, change nDCG@{k} on the other {one.held:,} by {one.gain}: "
        f"{worth}."
    )
