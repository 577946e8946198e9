"""Indexes over columns of vectors: the class of their operators says the metric."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from vdb.model.config import HNSW
from vdb.sources.reading.graph_parameters import graph_index

__all__ = ["Purpose", "VectorIndex", "purpose_of"]

_OPERATORS: Final = re.compile(r"(?:vector|halfvec|sparsevec|bit)_(l2|ip|cosine|l1|hamming)_ops")


class VectorIndex(NamedTuple):
    """An index.

    Attributes:
        column: The column that it is over.
        method: Its access method, such as "hnsw".
        operators: The class of its operators, such as "vector_cosine_ops".
        options: Its parameters, such as ``{"m": "16"}``.
    """

    column: str
    method: str
    operators: str
    options: Mapping[str, str]

    @property
    def metric(self) -> str | None:
        """That of its operators; None for one that vdb does not have."""
        match = _OPERATORS.fullmatch(self.operators)
        return None if match is None else match[1]

    @property
    def graph(self) -> HNSW | None:
        """The parameters of its graph, with pgvector's defaults."""
        M, ef = self.options.get("m", "16"), self.options.get("ef_construction", "64")
        if self.method != "hnsw" or not (M.isdigit() and ef.isdigit()):
            return None
        return graph_index(int(M), int(ef))


class Purpose(NamedTuple):
    """What the indexes over a column are for: one metric, or several that it may be."""

    metric: str | None
    graph: HNSW | None
    notes: tuple[str, ...]


def purpose_of(
    indexes: Iterable[VectorIndex], column: str, *, bits: bool, metric: str | None = None
) -> Purpose:
    """The metric that the indexes over a column agree on, and the parameters of the graph.

    Where they do not agree, `metric` says which of them counts, and without it none does. An index
    over bits that are made of real numbers says nothing of these.
    """
    sound = [
        one
        for one in indexes
        if one.column == column and one.metric is not None and (one.metric == "hamming") == bits
    ]
    metrics = sorted({str(one.metric) for one in sound})
    if metric in metrics and len(metrics) > 1:
        metrics = [metric]
    if len(metrics) != 1:
        several = f"{column} has indexes for {' and '.join(metrics)}"
        return Purpose(None, None, (several,) if metrics else ())
    graphs = (one.graph for one in sound if one.metric == metrics[0])
    return Purpose(metrics[0], next((one for one in graphs if one is not None), None), ())
