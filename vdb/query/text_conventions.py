"""In whose convention a search of words scores."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from vdb.index.text.text_index import FieldWords
from vdb.kernel import TextScorer
from vdb.model import arguments
from vdb.model.records import Direction

__all__ = ["TextConvention", "text_convention"]

_NAMES: Final = ("native", "lucene", "tantivy", "vespa", "fts5")
_NEGATED: Final = ("fts5",)
_ALL_DOCUMENTS: Final = ("tantivy",)
"""Engines that count documents without words too."""


class TextConvention(NamedTuple):
    """How one engine scores words.

    Attributes:
        name: The engine.
        direction: "higher" or "lower": which scores are better.
    """

    name: str
    direction: Direction

    def scorer(self, words: FieldWords) -> TextScorer:
        """The kernel's scorer over the statistics of a field."""
        header = words.header
        documents = header.documents if self.name in _ALL_DOCUMENTS else header.nonempty
        return TextScorer(self.name, documents=documents, length_sum=header.length_sum)

    def scores(self, scores: NDArray[np.float64]) -> NDArray[Any]:
        """The scores as the engine gives them."""
        return -scores if self.direction == "lower" else scores

    def within(self, scores: NDArray[Any], threshold: float) -> NDArray[np.bool_]:
        """Which scores are at least as good as a threshold."""
        return scores <= threshold if self.direction == "lower" else scores >= threshold


def text_convention(name: object) -> TextConvention:
    """The convention of that name."""
    chosen = arguments.choice("scores", name, _NAMES)
    return TextConvention(chosen, "lower" if chosen in _NEGATED else "higher")
