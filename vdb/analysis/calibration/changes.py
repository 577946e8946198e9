"""Hits that a threshold lets in or out: how many, how many relevant, and some to look at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from vdb.analysis.calibration.pairs import Pairs, Source
from vdb.analysis.calibration.report import Change, Changes
from vdb.analysis.common.labels import Labels
from vdb.analysis.common.texts import text_of
from vdb.model.records import Id, Payload

__all__ = ["SHOWN", "Shown", "changes"]

SHOWN = 10
"""Examples of hits that are let in, and of those that are let out."""


class Shown(NamedTuple):
    """What is shown beside an example."""

    texts: Sequence[str | None]  # of the queries
    field: str  # of payloads, that holds a record's text


def changes(
    source: Source, pairs: Pairs, labels: Labels | None, shown: Shown, most: int
) -> Changes:
    """One group of hits, closest first, with its first ones as examples; equal ones by id."""
    known = None if labels is None else pairs.relevant(labels)
    examples = []
    for place, record_id, payload in _first(source, pairs, most):
        query = int(pairs.queries[place])
        relevant = None
        if labels is not None and known is not None and labels.counts[query]:
            relevant = bool(known[place])
        examples.append(
            Change(
                query=query,
                query_text=shown.texts[query],
                id=record_id,
                text=text_of(payload, shown.field),
                value=float(pairs.values[place]),
                relevant=relevant,
            )
        )
    relevant_hits = None if known is None else int(known.sum())
    return Changes(len(pairs.values), relevant_hits, tuple(examples))


def _first(source: Source, pairs: Pairs, most: int) -> list[tuple[int, Id, Payload]]:
    """Place, id and payload of the first pairs; of one query's equal ones the smallest ids."""
    queries, quantities = pairs.queries, pairs.quantities
    if not most or not len(queries):
        return []
    last = min(most, len(queries)) - 1
    equal = (queries == queries[last]) & (quantities == quantities[last])
    stop = int(np.flatnonzero(equal)[-1]) + 1
    apart = (queries[1:stop] != queries[: stop - 1]) | (
        quantities[1:stop] != quantities[: stop - 1]
    )
    runs = np.concatenate(([0], np.cumsum(apart))).tolist()
    reader, view = source.reader, source.view
    ids, _ = reader.encoded(view, pairs.slots[:stop], payloads=False)
    order = sorted(range(stop), key=lambda i: (runs[i], ids[i]))[:most]
    records = reader.records(view, pairs.slots[order].tolist())
    return [(place, *record) for place, record in zip(order, records, strict=True)]
