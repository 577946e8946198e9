"""The record that a new graph starts with."""

from __future__ import annotations

from vdb.model.config import IndexConfig, index_to_map
from vdb.store.format.generation import GenerationRecord

__all__ = ["new_generation"]


def new_generation(
    number: int, metric: str, dtype: str, index: IndexConfig, *, vectors: int | None = None
) -> GenerationRecord:
    """An empty generation: no entry point, nothing in its graph.

    `vectors` is the generation whose vectors it is over; None: it has its own.
    """
    return GenerationRecord(
        number=number,
        metric=metric,
        dtype=dtype,
        vectors=number if vectors is None else vectors,
        index=index_to_map(index),
    )
