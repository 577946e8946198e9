"""The table of codes (scalar quantization): short forms of vectors that walks compare.

A code is made of its vector alone, so nothing is trained and nothing grows old. Walks are guided by
codes, and the last candidates are compared again by their vectors: values and scores are those of
the vectors always.
"""

from __future__ import annotations

from dataclasses import dataclass

from vdb.errors import InvalidArgumentError
from vdb.model.arguments import choice
from vdb.model.dtypes import DType
from vdb.model.metrics import Metric

__all__ = ["CODES", "Codes", "codes_named", "require_codes"]

_HEAD = 16
_ROUNDED = 16

METRICS = ("l2", "ip", "cosine", "dot")
DTYPES = ("float32", "float16")


@dataclass(frozen=True, slots=True)
class Codes:
    """One row of the table.

    Attributes:
        name: How it is written in calls, files and messages.
        bits: What one number of a vector takes.
    """

    name: str
    bits: int

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
    """Refuse codes where there are none: of whole numbers and bits, and under l1 and hamming.

    Raises:
        InvalidArgumentError: Codes were asked for there.
    """
    if name is None:
        return
    for what, given, accepted in (
        ("metric", metric.name, METRICS),
        ("dtype", dtype.name, DTYPES),
    ):
        if given not in accepted:
            raise InvalidArgumentError(
                f"codes={name!r} is for {what} {', '.join(accepted[:-1])} or {accepted[-1]}, and "
                f"the {what} is {given}; codes=None goes with every {what}",
                expected=accepted,
                received=given,
            )
