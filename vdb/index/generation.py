"""The record that a new graph starts with."""

from __future__ import annotations

from vdb.config import IndexConfig, index_to_map
from vdb.format.generation import GenerationRecord

__all__ = ["new_generation"]


def new_generation(number: int, metric: str, index: IndexConfig) -> GenerationRecord:
    """An empty generation: no entry point, no vectors in it."""
    return GenerationRecord(number=number, metric=metric, index=index_to_map(index))
