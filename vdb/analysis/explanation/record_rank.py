"""The rank of a record by exact comparison: the number of records ahead of it, or equal to it."""

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
    quantity: float  # the number from which its score is computed
    matrix: NDArray[Any]  # the query, (1, dim)


class Standing(NamedTuple):
    """Counts of the compared records.

    Attributes:
        ahead: Records with a closer score, or the same score and a closer value.
        closer: Records with a closer value.
        equal: Other records with exactly its score and value.
    """

    ahead: int
    closer: int
    equal: int


def standing(
    reader: index.Reader,
    view: index.View,
    subject: Subject,
    *,
    neighbors: index.Neighbors,
    allowed: NDArray[np.bool_] | None,
    convention: Convention,
) -> Standing:
    """Counts the records ahead of one record, and equal to it.

    Args:
        reader: The reader of the moment.
        view: The collection, from that reader.
        subject: The record, which need not pass the filter, and the query.
        neighbors: All records with their values for the query.
        allowed: A mask of the slots that pass the filter; None for all.
        convention: The convention whose scores decide the order.
    """
    slots, values = (
        neighbors.slots[0, : neighbors.counts[0]],
        neighbors.values[0, : neighbors.counts[0]],
    )
    in_order = slots != subject.slot
    if allowed is not None:
        in_order &= allowed[slots]
    slots, values = slots[in_order], values[in_order]
    metric, own_value = METRICS[view.header.metric], subject.value
    nearer = metric.closer(values, own_value) & (values != own_value)
    closer, same_value = int(nearer.sum()), values == own_value
    rule = convention.from_vectors
    if rule is None or not rule.applies(view.header.dtype):
        return Standing(closer, closer, int(same_value.sum()))
    # The engine's quantity is computed only where it may change the order with the subject.
    own_length = float(np.linalg.norm(subject.matrix[0].astype(np.float64)))
    lengths = own_length * stored_lengths(reader, view)[slots]
    bounds = np.abs(rule.closest(values, metric.direction, lengths) - values)
    uncertain = np.abs(values - subject.quantity) <= bounds
    if rule.shrinks:
        uncertain[:] = True
    quantities = np.where(uncertain, subject.quantity, values)
    quantities[uncertain] = engine_quantities(
        reader,
        view,
        (subject.matrix, np.zeros(int(uncertain.sum()), dtype=np.intp)),
        (slots[uncertain], values[uncertain]),
        convention,
    )
    scores = convention.scored(quantities, view.header.dim)
    score = convention.scored(np.array([subject.quantity]), view.header.dim)[0]
    closer_score = scores < score if convention.direction == "lower" else scores > score
    same_score = scores == score
    return Standing(
        int((closer_score | (same_score & nearer)).sum()),
        closer,
        int((same_score & same_value).sum()),
    )
