"""Hits that a threshold lets in or out: their number, the relevant ones, and examples."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from vdb.analysis.calibration.pairs import Pairs, Source
from vdb.analysis.calibration.report import Change, Changes
from vdb.analysis.common.labels import Labels
from vdb.analysis.common.payload_text import text_of
from vdb.model.records import Id, Payload

__all__ = ["MAX_EXAMPLES", "ExampleText", "changes"]

MAX_EXAMPLES = 10
"""Number of examples in each group of hits."""


class ExampleText(NamedTuple):
    """The texts of examples: of queries, and the field with the text of a record."""

    texts: Sequence[str | None]  # of the queries
    field: str  # of payloads, that holds a record's text


def changes(
    source: Source, pairs: Pairs, labels: Labels | None, example_text: ExampleText, count: int
) -> Changes:
    """One group of hits; its closest ones are examples, equal ones by id."""
    relevant_pairs = None if labels is None else pairs.relevant(labels)
    examples = []
    for place, record_id, payload in _first(source, pairs, count):
        query = int(pairs.queries[place])
        relevant = None
        if labels is not None and relevant_pairs is not None and labels.counts[query]:
            relevant = bool(relevant_pairs[place])
        examples.append(
            Change(
                query=query,
                query_text=example_text.texts[query],
                id=record_id,
                text=text_of(payload, example_text.field),
                value=float(pairs.values[place]),
                relevant=relevant,
            )
        )
    relevant_hits = None if relevant_pairs is None else int(relevant_pairs.sum())
    return Changes(len(pairs.values), relevant_hits, tuple(examples))


def _first(source: Source, pairs: Pairs, count: int) -> list[tuple[int, Id, Payload]]:
    """Place, id and payload of the first pairs; equal pairs of one query by id."""
    queries, quantities = pairs.queries, pairs.quantities
    if not count or not len(queries):
        return []
    last = min(count, len(queries)) - 1
    equal = (queries == queries[last]) & (quantities == quantities[last])
    stop = int(np.flatnonzero(equal)[-1]) + 1
    run_starts = (queries[1:stop] != queries[: stop - 1]) | (
        quantities[1:stop] != quantities[: stop - 1]
    )
    run_numbers = np.concatenate(([0], np.cumsum(run_starts))).tolist()
    reader, view = source.reader, source.view
    ids, _ = reader.encoded(view, pairs.slots[:stop], payloads=False)
    order = sorted(range(stop), key=lambda i: (run_numbers[i], ids[i]))[:count]
    records = reader.records(view, pairs.slots[order].tolist())
    return [(place, *record) for place, record in zip(order, records, strict=True)]
