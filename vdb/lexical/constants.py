"""The constants of a formula: the engine's, and those that a caller may set."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, Final

from vdb.errors import InvalidArgumentError
from vdb.lexical.arithmetic import Constants
from vdb.lexical.engines.rank_bm25 import EPSILON
from vdb.lexical.lexical_convention import LexicalConvention
from vdb.model import arguments

__all__ = ["EPSILON", "constants_of", "mean_idf_share"]

_RANGES: Final = {"k1": (0.0, math.inf), "b": (0.0, 1.0), "delta": (0.0, math.inf)}


def constants_of(
    row: LexicalConvention,
    documents: int,
    length_sum: int,
    *,
    k1: Any = None,
    b: Any = None,
    delta: Any = None,
    negative_idf: float = 0.0,
) -> Constants:
    """The constants for so many documents.

    Args:
        row: The convention.
        documents: N as it counts documents.
        length_sum: The number of words in them.
        k1: How slowly tf saturates; None for the engine's.
        b: How much the length matters, 0 to 1; None for the engine's.
        delta: Of BM25L and BM25+; None for the engine's.
        negative_idf: In place of an idf below 0, for "rank-bm25-okapi".

    Raises:
        ArgumentTypeError: A constant that is no number.
        InvalidArgumentError: A constant outside its range, or one that the engine has not.
    """
    values = {
        name: _constant(row, name, value)
        for name, value in (("k1", k1), ("b", b), ("delta", delta))
    }
    if row.family == "bm25s-bm25l" and not values["k1"] + values["delta"]:
        raise InvalidArgumentError(
            f"k1 and delta must not both be 0 in {row.name}, which divides by their sum",
            expected="k1 or delta above 0",
            received=(0.0, 0.0),
        )
    return Constants(documents, length_sum, **values, negative_idf=negative_idf)


def mean_idf_share(dfs: Iterable[int], documents: int) -> float:
    """What rank_bm25's Okapi has in place of a negative idf: a quarter of the mean idf.

    Args:
        dfs: The df of every word of the corpus, in the order in which words first occur.
        documents: N.
    """
    total, number = 0.0, 0
    for df in dfs:
        total += math.log(documents - df + 0.5) - math.log(df + 0.5)
        number += 1
    return EPSILON * (total / number) if number else 0.0


def _constant(row: LexicalConvention, name: str, value: Any) -> float:
    own: float = getattr(row, name) or 0.0
    if value is None:
        return own
    number = arguments.number(name, value)
    low, high = _RANGES[name]
    if not low <= number <= high:
        limits = "0 or more" if high == math.inf else f"from {low:g} to {high:g}"
        raise InvalidArgumentError(
            f"{name} must be {limits}, got {number!r}", expected=(low, high), received=number
        )
    if name not in row.settable and number != own:
        what = f"is {own:g}" if name != "delta" or row.delta is not None else "does not exist"
        raise InvalidArgumentError(
            f"{name} {what} in {row.name}, and cannot be set; got {number!r}",
            expected=own,
            received=number,
        )
    return number
