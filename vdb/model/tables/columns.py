"""The values of columns, as Arrow lays them out. All are copies."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from vdb.errors import CorruptedError, InvalidPayloadError
from vdb.kernel import TableColumn, number_column, payload_columns, payload_parts, text_column
from vdb.model.records import Id, Ids, Payload
from vdb.model.tables.layout import PayloadField

__all__ = ["EncodedPayloads", "id_column", "of_payloads", "parts_of"]

_MOST_ROWS = 65_536
_MOST_BYTES = 1 << 28
"""Bytes of payloads in one part. JSON takes at most 7 bytes for one of msgpack (``false,`` and a
blank), and the texts of a column at most 2**31 - 1 together."""


class EncodedPayloads(Sequence[Payload]):
    """Payloads as they are stored, which are decoded when one is looked at.

    Attributes:
        encoded: Each as msgpack; None where there is none.
    """

    __slots__ = ()

    encoded: list[bytes | None]

    @overload
    def __getitem__(self, index: int) -> Payload: ...
    @overload
    def __getitem__(self, index: slice) -> EncodedPayloads: ...
    @abstractmethod
    def __getitem__(self, index: int | slice) -> Payload | EncodedPayloads:
        """One payload, or some of them."""

    @abstractmethod
    def take(self, places: Sequence[int]) -> EncodedPayloads:
        """Those at these places, in this order."""


def id_column(ids: Ids, kind: str | None) -> TableColumn:
    """Ids: texts where `kind` is "str", else int64."""
    if kind == "str":
        return text_column([str(one) for one in ids])
    return number_column(np.asarray(ids, dtype=np.int64))


def of_payloads(
    payloads: EncodedPayloads,
    ids: Sequence[Id] | NDArray[Any],
    fields: Sequence[PayloadField],
    *,
    text: bool = True,
) -> list[TableColumn]:
    """A column for each field, and with `text` one of all payloads as JSON.

    Raises:
        InvalidPayloadError: A value has no place in its column; names the record.
        CorruptedError: What is stored is no payload.
    """
    described = [(field.names, field.base, field.is_list) for field in fields]
    columns = payload_columns(payloads.encoded, described, text=text)
    if len(columns) == 1:
        return columns[0]
    row, number, reason = columns
    if number < 0:
        _ = payloads[row]  # raises, and names the place
        raise CorruptedError(f"not a payload: {reason}", where=f"record {ids[row]!r}")
    field = fields[number]
    raise InvalidPayloadError(
        f"the payload of record {ids[row]!r} cannot become a row of a table: field {field.path!r} "
        f"is declared as {field.type}, and has {reason}",
        row=row,
        path=field.path,
        expected=field.type,
        received=reason,
    )


def parts_of(payloads: EncodedPayloads | None, rows: int) -> Iterator[slice]:
    """Rows in parts that are small enough for one batch, in order."""
    if payloads is None:
        ends = [*range(_MOST_ROWS, rows, _MOST_ROWS), rows] if rows else []
    else:
        ends = payload_parts(payloads.encoded, _MOST_ROWS, _MOST_BYTES)
    start = 0
    for end in ends:
        yield slice(start, end)
        start = end
