"""A search by words and by vector at one moment: both lists, and one ranking made of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np

from vdb.errors import VdbError
from vdb.fusion.fused_hits import FusedHits
from vdb.fusion.fusion_row import Fusion
from vdb.fusion.registry import fusion_named
from vdb.index.record_ids import slots_of
from vdb.index.text.analysis import Analyzers
from vdb.index.types import Reader, View
from vdb.model import arguments
from vdb.model.config import LIMITS
from vdb.model.records import Id, Payload
from vdb.model.synonyms import unknown_argument
from vdb.query.hybrid.parts import Part, fuse_parts, hybrid_plan, require_parts, vector_part
from vdb.query.hybrid.text_part import text_part
from vdb.query.search import SearchRequest, search

__all__ = ["HybridRequest", "hybrid_search"]


class HybridRequest(NamedTuple):
    """The arguments of a hybrid search besides text and vector, unchecked."""

    k: int = 10
    fusion: str = "native"
    weights: Any = None
    window: int | None = None
    where: object = None
    field: str | None = None
    ef: int | None = None
    exact: bool = False
    threshold: float | None = None
    text_scores: str | None = None
    vector_scores: str | None = None
    with_payloads: bool = True
    parameters: Mapping[str, Any] = {}


def hybrid_search(
    reader: Reader,
    view: View,
    text: object,
    vector: Any,
    request: HybridRequest,
    *,
    analyzers: Analyzers,
) -> FusedHits:
    """The fused hits; see `Collection.search_hybrid`."""
    row = fusion_named(request.fusion)
    _refuse_unknown(row, request.parameters)
    names = require_parts(text, vector)
    k = arguments.whole("k", request.k, 1, LIMITS.slots)
    window = request.window
    with_payloads = arguments.truth("with_payloads", request.with_payloads)
    plan = hybrid_plan(
        view.header,
        row,
        names,
        k=k,
        weights=request.weights,
        window=None if window is None else arguments.whole("window", window, 1, LIMITS.slots),
        parameters=request.parameters,
        text_scores=request.text_scores,
        vector_scores=request.vector_scores,
    )
    bound = request.threshold
    threshold = None if bound is None else arguments.number("threshold", bound)
    parts: list[Part] = []
    if text is not None:
        words = arguments.text("text", text)
        with _renamed("scores", "text_scores"):
            own = text_part(
                reader,
                view,
                words,
                analyzers,
                field=request.field,
                scores=plan.text_scores,
                k=plan.window,
                where=request.where,
            )
        parts.append(own)
    if plan.vector_scores is not None:
        nearest = SearchRequest(
            plan.window,
            request.ef,
            request.where,
            request.exact,
            plan.vector_scores.name,
            with_payloads=False,
        )
        with _renamed("q", "vector"):
            parts.append(vector_part(search(reader, view, vector, nearest)))

    def payloads_of(ids: list[Id]) -> Sequence[Payload]:
        slots = [slot for slot in slots_of(reader, view, ids) if slot is not None]
        return reader.encoded(view, np.array(slots, dtype=np.uint32))[1]

    return fuse_parts(
        plan,
        parts,
        threshold=threshold,
        payloads_of=payloads_of if with_payloads else None,
        generation=view.header.generation,
    )


@contextmanager
def _renamed(other: str, name: str) -> Iterator[None]:
    """Errors that name an argument of another search name the one of this search."""
    try:
        yield
    except VdbError as error:
        if re.match(rf"{other}\b", error.message):
            error.message = name + error.message.removeprefix(other)
        raise


def _refuse_unknown(row: Fusion, parameters: Mapping[str, Any]) -> None:
    """Raise for a parameter that neither the search nor the fusion has."""
    known = [one.name for one in row.parameters]
    there = {*known, *(one.called for one in row.parameters)}
    unknown = next((name for name in parameters if name not in there), None)
    if unknown is not None:
        own = [name for name in HybridRequest._fields if name != "parameters"]
        raise unknown_argument("search_hybrid", unknown, ["text", "vector", *own, *known])
