"""Queries that a comparison of fusions shows: where rankings differ, and what fusing changes."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from vdb import index
from vdb.analysis.common.payload_text import text_of
from vdb.analysis.common.rankings import Ranked, Ranking
from vdb.analysis.comparison.fusions_report import QueryGain
from vdb.analysis.comparison.sides_report import SideDisagreement, SideFirst
from vdb.index.record_ids import slots_of
from vdb.model.records import Id

__all__ = ["LISTS_ALONE", "MAX_EXAMPLES", "FusionStudy", "disagreements", "gained_and_lost"]

MAX_EXAMPLES = 10
"""Number of listed queries of each kind."""

LISTS_ALONE = 2
"""Rankings that are one list alone, by words and by vector; they come first."""


class FusionStudy(NamedTuple):
    """The arguments of a comparison, checked."""

    rankings: list[Ranking]
    texts: list[str]
    grades: list[dict[Id, float]]  # by query; empty where it is not labelled
    k: int
    text_field: str

    @property
    def names(self) -> list[str]:
        """The names of the rankings."""
        return [one.name for one in self.rankings]


def disagreements(
    reader: index.Reader,
    view: index.View,
    study: FusionStudy,
    *,
    overlap: NDArray[np.float64],
    rows: range,
    ranked: list[list[Ranked]],
) -> list[SideDisagreement]:
    """The queries of `rows` on which rankings differ most; `overlap` is that of each row."""
    order = np.argsort(overlap, kind="stable")[:MAX_EXAMPLES]
    return [
        SideDisagreement(
            rows[row],
            study.texts[rows[row]],
            float(overlap[row]),
            tuple(
                _first(reader, view, name, hits, study=study, query=rows[row])
                for name, hits in zip(study.names, ranked[row], strict=True)
            ),
        )
        for row in order[overlap[order] < 1].tolist()
    ]


def _first(
    reader: index.Reader,
    view: index.View,
    name: str,
    hits: Ranked,
    *,
    study: FusionStudy,
    query: int,
) -> SideFirst:
    """The first record of a query under one ranking."""
    if not hits.ids:
        return SideFirst(name, None, float("nan"), None, None)
    best = hits.ids[0]
    (slot,) = slots_of(reader, view, [best])
    payload = None if slot is None else reader.records(view, [slot])[0][1]
    grades, text = study.grades[query], text_of(payload, study.text_field)
    grade = float(grades.get(best, 0.0)) if grades else None
    return SideFirst(name, best, float(hits.scores[0]), text, grade)


def gained_and_lost(
    study: FusionStudy, ndcg: NDArray[np.float64], labelled: NDArray[np.intp]
) -> tuple[tuple[QueryGain, ...], tuple[QueryGain, ...]]:
    """The queries that the best fusion answers better, and worse, than the better list.

    Args:
        study: The comparison.
        ndcg: nDCG of each labelled query, shape (labelled, rankings).
        labelled: The numbers of these queries.
    """
    if not len(ndcg) or ndcg.shape[1] == LISTS_ALONE:
        return (), ()
    best = LISTS_ALONE + int(np.argmax(ndcg[:, LISTS_ALONE:].mean(axis=0)))
    gap = ndcg[:, best] - ndcg[:, :LISTS_ALONE].max(axis=1)
    order = np.argsort(-gap, kind="stable")

    def rows(places: NDArray[np.intp]) -> tuple[QueryGain, ...]:
        return tuple(
            QueryGain(
                int(labelled[i]),
                study.texts[labelled[i]],
                study.names[best],
                float(ndcg[i, best]),
                *ndcg[i, :LISTS_ALONE].tolist(),
            )
            for i in places[:MAX_EXAMPLES]
        )

    backwards = order[::-1]
    return rows(order[gap[order] > 0]), rows(backwards[gap[backwards] < 0])
