"""In whose convention a search of words scores."""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from vdb.index.text.text_index import FieldWords
from vdb.kernel import TextScorer
from vdb.lexical.arithmetic import Constants
from vdb.lexical.constants import EPSILON, constants_of
from vdb.lexical.lexical_convention import LexicalConvention
from vdb.lexical.registry import convention_named
from vdb.model.records import Direction

__all__ = ["TextConvention", "text_convention"]


class TextConvention(NamedTuple):
    """How one engine scores words, with the constants of one call.

    Attributes:
        row: The engine's.
        settings: k1, b and delta; None for the engine's own.
    """

    row: LexicalConvention
    settings: dict[str, Any]

    @property
    def name(self) -> str:
        """The convention's name."""
        return self.row.name

    @property
    def direction(self) -> Direction:
        """Which scores are better."""
        return self.row.direction

    def constants(self, words: FieldWords) -> Constants:
        """The constants of the formula over the statistics of a field."""
        header = words.header
        documents = header.documents if self.row.counts == "texts" else header.nonempty
        mean = 0.0
        if self.row.family == "rank-bm25-okapi":
            mean = words.mean_okapi_idf(documents)
        return constants_of(
            self.row, documents, header.length_sum, **self.settings, negative_idf=EPSILON * mean
        )

    def scorer(self, words: FieldWords) -> TextScorer:
        """The kernel's scorer over the statistics of a field."""
        key = self.row.name, *self.settings.values()
        scorer = words.scorers.get(key)
        if scorer is None:
            scorer = words.scorers[key] = self._scorer(self.constants(words))
        return scorer

    def _scorer(self, constants: Constants) -> TextScorer:
        return TextScorer(
            self.row.family,
            documents=constants.documents,
            length_sum=constants.length_sum,
            k1=constants.k1,
            b=constants.b,
            delta=constants.delta,
            negative_idf=constants.negative_idf,
        )

    def scores(self, scores: NDArray[np.float64]) -> NDArray[Any]:
        """The scores as the engine gives them, in its type."""
        return (self.row.arithmetic.sign * scores).astype(self.row.dtype)

    def within(self, scores: NDArray[Any], threshold: float) -> NDArray[np.bool_]:
        """Which scores are at least as good as a threshold, compared in the type of the scores."""
        limit = scores.dtype.type(threshold)
        inside: NDArray[np.bool_] = (
            scores <= limit if self.direction == "lower" else scores >= limit
        )
        return inside


def text_convention(name: object, **settings: Any) -> TextConvention:
    """The convention of that name, with constants that may be None.

    Raises:
        ArgumentTypeError: The name is not a str, or a constant no number.
        InvalidArgumentError: There is no such convention; or a constant is outside its range, or
            not to be set in it.
    """
    if type(name) is str and all(one is None for one in settings.values()):
        return _unchanged(name)
    return _checked(name, settings)


@cache
def _unchanged(name: str) -> TextConvention:
    """A convention with the engine's own constants."""
    return _checked(name, dict.fromkeys(("k1", "b", "delta")))


def _checked(name: object, settings: dict[str, Any]) -> TextConvention:
    row = convention_named(name)
    constants_of(row, 0, 0, **settings)
    return TextConvention(row, settings)
