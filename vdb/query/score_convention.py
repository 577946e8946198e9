"""In which convention a call scores: the one that was asked for, or the collection's own."""

from __future__ import annotations

from vdb.errors import CorruptedError, InvalidArgumentError
from vdb.scores.table import Convention, convention_named
from vdb.store.format.headers import CollectionHeader

__all__ = ["convention_of", "default_convention"]


def convention_of(header: CollectionHeader, scores: object) -> Convention:
    """The convention of that name, for vectors of the collection; None is its default.

    Raises:
        InvalidArgumentError: There is none of that name.
        CorruptedError: The collection's default is none that is known.
    """
    if scores is None:
        return default_convention(header, header.scores, header.metric, header.dtype)
    return convention_named(scores, header.metric, dtype=header.dtype, argument="scores")


def default_convention(
    header: CollectionHeader, scores: str, metric: str, dtype: str
) -> Convention:
    """The convention that a stored default names; CorruptedError where there is none."""
    try:
        return convention_named(scores, metric, dtype=dtype)
    except InvalidArgumentError as error:
        raise CorruptedError(
            f"scores: {scores!r} is no convention of metric {metric!r} that this release knows; "
            "scores= names another",
            where=f"key 10 (header of collection {header.number})",
            expected=error.expected,
            received=scores,
        ) from None
