"""Where a record stands among all that a search looks at: how many are ahead of it, or equal."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from vdb import index
from vdb.model.metrics import METRICS
from vdb.query import engine_quantities, stored_lengths
from vdb.scores.table import Convention

__all__ = ["Standing", "Subject", "standing"]


class Subject(NamedTuple):
    """A record and a query."""

    slot: int
    value: float
    quantity: float  # what its score is made of
    matrix: NDArray[Any]  # the query, (1, dim)


class Standing(NamedTuple):
    """Among the records that are looked at.

    Attributes:
        ahead: How many have a closer score, or the same score and a closer value.
        closer: How many have a closer value.
        equal: How many others have exactly its score and value.
    """

    ahead: int
    closer: int
    equal: int


def standing(
    reader: index.Reader,
    view: index.View,
    subject: Subject,
    *,
    found: index.Neighbors,
    allowed: NDArray[np.bool_] | None,
    convention: Convention,
) -> Standing:
    """Compares everything.

    Args:
        reader: Whose moment is seen.
        view: The collection, from that reader.
        subject: What stands among the records, or beside them.
        found: All records with their values, of that one query.
        allowed: Which slots a filter lets through; None for all.
        convention: Whose scores decide the order.
    """
    slots, values = found.slots[0, : found.counts[0]], found.values[0, : found.counts[0]]
    others = slots != subject.slot
    if allowed is not None:
        others &= allowed[slots]
    slots, values = slots[others], values[others]
    metric, own = METRICS[view.header.metric], subject.value
    nearer = metric.closer(values, own) & (values != own)
    closer, same = int(nearer.sum()), values == own
    rule = convention.from_vectors
    if rule is None or not rule.applies(view.header.dtype):
        return Standing(closer, closer, int(same.sum()))
    # Only where the engine's number may be on the other side of the subject's is it computed.
    own_length = float(np.linalg.norm(subject.matrix[0].astype(np.float64)))
    lengths = own_length * stored_lengths(reader, view)[slots]
    room = np.abs(rule.closest(values, metric.direction, lengths) - values)
    near = np.abs(values - subject.quantity) <= room
    if rule.shrinks:
        near[:] = True
    quantities = np.where(near, subject.quantity, values)
    quantities[near] = engine_quantities(
        reader,
        view,
        (subject.matrix, np.zeros(int(near.sum()), dtype=np.intp)),
        (slots[near], values[near]),
        convention,
    )
    scores = convention.scored(quantities, view.header.dim)
    score = convention.scored(np.array([subject.quantity]), view.header.dim)[0]
    before = scores < score if convention.direction == "lower" else scores > score
    alike = scores == score
    return Standing(int((before | (alike & nearer)).sum()), closer, int((alike & same).sum()))
