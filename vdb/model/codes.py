"""The one table of codes: scalar quantization (SQ8, SQ4) of the vectors that walks compare.

A code is made of its vector alone, so nothing is trained and nothing grows old. Searches walk the
graph by codes and rerank the last candidates by their vectors: values and scores are always those
of the vectors. A code type is a row of this table, and one of `kernel/blocks/codes.h`.
"""

from __future__ import annotations

from typing import NamedTuple

from vdb.errors import InvalidArgumentError
from vdb.model.arguments import choice
from vdb.model.dtypes import DTYPES, DType
from vdb.model.metrics import Metric

__all__ = ["CODES", "Codes", "codes_named", "require_codes"]

_HEAD = 16
_ROUNDED = 16

_METRICS = ("l2", "ip", "cosine", "dot")
_DTYPES = tuple(dtype.name for dtype in DTYPES.values() if dtype.real)


class Codes(NamedTuple):
    """One row of the table.

    Attributes:
        name: How it is written in calls, files and messages.
        bits: What one number of a vector takes.
        metrics: Names of the metrics that it is for.
        dtypes: Names of the dtypes that it is for.
    """

    name: str
    bits: int
    metrics: tuple[str, ...] = _METRICS
    dtypes: tuple[str, ...] = _DTYPES

    def serves(self, metric: str, dtype: str) -> bool:
        """Whether vectors of that metric and dtype may have such codes."""
        return metric in self.metrics and dtype in self.dtypes

    def row_bytes(self, dim: int) -> int:
        """Bytes of a row: its head, then the numbers, rounded up to a multiple of 16."""
        return _HEAD + -(-dim * self.bits // (8 * _ROUNDED)) * _ROUNDED


CODES: dict[str, Codes] = {row.name: row for row in (Codes("int8", 8), Codes("int4", 4))}


def codes_named(name: object, argument: str = "codes") -> Codes | None:
    """The row of that name; None stays None.

    Raises:
        ArgumentTypeError: Not a name.
        InvalidArgumentError: There are no such codes; the message lists those there are.
    """
    return None if name is None else CODES[choice(argument, name, tuple(CODES))]


def require_codes(name: str | None, metric: Metric, dtype: DType) -> None:
    """Refuse codes that are not for that metric or that dtype; None is always accepted.

    Raises:
        InvalidArgumentError: Codes were asked for there.
    """
    if name is None:
        return
    for what, received, accepted in (
        ("metric", metric.name, CODES[name].metrics),
        ("dtype", dtype.name, CODES[name].dtypes),
    ):
        if received not in accepted:
            raise InvalidArgumentError(
                f"codes={name!r} is for {what} {', '.join(accepted[:-1])} or {accepted[-1]}, and "
                f"the {what} is {received}; codes=None goes with every {what}",
                expected=accepted,
                received=received,
            )
