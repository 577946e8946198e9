"""What a driver of an engine looks like."""

from __future__ import annotations

import abc
import importlib.metadata
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Answer = dict[int, float]
"""Rows that came back, in their order, with their scores; NaN for a missing number."""


class RefusedError(Exception):
    """The engine refuses these vectors; that is its answer."""


class AbsentError(Exception):
    """The engine is not on this machine; the words say what is missing."""


class Engine(abc.ABC):
    """One collection of one engine: rows 0..n-1 of an array, searched exhaustively where possible.

    Attributes:
        convention: The name of its convention here.
        place: The environment it is installed in; "" for one of the convention's name.
        requires: What pip installs; "" for nothing.
        version_of: The distribution whose version is printed.
        metrics: The metrics it is compared under, with its own names for them.
        precision: What its numbers are computed in.
        estimates: Whether its scores are made of codes, and only near the formula's.
        walks: Whether its threshold is one of a walk through a graph, which may miss rows.
    """

    convention: ClassVar[str]
    place: ClassVar[str] = ""
    requires: ClassVar[str]
    version_of: ClassVar[str]
    metrics: ClassVar[dict[str, Any]]
    precision: ClassVar[Literal["float32", "float64"]] = "float32"
    estimates: ClassVar[bool] = False
    walks: ClassVar[bool] = False

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

    def parameter(self, score: float) -> float:
        """A number that it printed, in the unit of its threshold parameter."""
        return score

    def plain(self, score: float) -> float:
        """A number for which rounding weighs the same everywhere: roots and angles undone."""
        return score

    def close(self) -> None:  # noqa: B027 - most have nothing to close
        """End what it has started."""

    @classmethod
    def takes(cls, dim: int) -> bool:  # noqa: ARG003 - most take all
        """Whether it has vectors of that dimension."""
        return True

    @classmethod
    def home(cls) -> str:
        """The name of its environment."""
        return cls.place or cls.convention

    @classmethod
    def version(cls) -> str:
        """Its version; AbsentError where it is not here."""
        return importlib.metadata.version(cls.version_of)

    @property
    def has_threshold(self) -> bool:
        """Whether `within` is there."""
        return type(self).within is not Engine.within


def refused(action: Any, *arguments: Any) -> Any:
    """What an action answers; RefusedError where the engine has an error for it."""
    try:
        return action(*arguments)
    except (AttributeError, ImportError, LookupError, NotImplementedError, TypeError):
        raise  # not the engine's opinion of the vectors
    except Exception as error:
        raise RefusedError(f"{type(error).__name__}: {error}") from error
