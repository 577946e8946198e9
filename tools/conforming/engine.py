"""What a driver of an engine looks like."""

from __future__ import annotations

import abc
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Answer = dict[int, float]
"""Rows that came back, in their order, with their scores; NaN for a missing number."""


class RefusedError(Exception):
    """The engine refuses these vectors; that is its answer."""


class Engine(abc.ABC):
    """One collection of one engine: rows 0..n-1 of an array, searched exhaustively where possible.

    Attributes:
        convention: The name of its convention here.
        requires: What pip installs.
        version_of: The distribution whose version is printed.
        metrics: The metrics it is compared under, with its own names for them.
    """

    convention: ClassVar[str]
    requires: ClassVar[str]
    version_of: ClassVar[str]
    metrics: ClassVar[dict[str, Any]]

    def __init__(self, metric: str, dim: int, folder: Path) -> None:
        self.metric, self.dim, self.folder = metric, dim, folder
        self.kind = self.metrics[metric]

    @abc.abstractmethod
    def add(self, vectors: Floats) -> None:
        """Store (n, dim) vectors."""

    @abc.abstractmethod
    def all(self, query: Floats) -> Answer:
        """All rows for a query (dim,), best first."""

    def within(self, query: Floats, threshold: float) -> set[int]:
        """The rows that the engine's own threshold parameter lets in."""
        raise NotImplementedError

    def close(self) -> None:  # noqa: B027 - most have nothing to close
        """End what it has started."""

    @property
    def has_threshold(self) -> bool:
        """Whether `within` is there."""
        return type(self).within is not Engine.within
