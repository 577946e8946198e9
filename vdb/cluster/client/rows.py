"""Rows that the twin has accepted, in the form in which they go to shards."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from vdb.api.collection import Collection
from vdb.index.fields import field_index
from vdb.model import inputs
from vdb.model.inputs import ColumnNames
from vdb.model.records import Ids, Payload
from vdb.store.format.headers import CollectionHeader
from vdb.store.format.payloads import Payloads

__all__ = ["RowArguments", "check_payloads", "prepared_rows"]


class RowArguments(NamedTuple):
    """The arguments of an `add`, checked.

    Attributes:
        ids: All int, as an array, or all str.
        vectors: As they are stored, (n, columns); None where no row has one.
        bare: Which rows have no vector; None where all have one.
        payloads: Encoded.
    """

    ids: Ids
    vectors: NDArray[Any] | None
    bare: NDArray[np.bool_] | None
    payloads: list[bytes | None]

    def taken(self, places: NDArray[np.intp]) -> tuple[Any, Any, Any]:
        """Ids, vectors and payloads of some rows, as `Collection.add` takes them."""
        listed = places.tolist()
        ids: Any = [self.ids[place] for place in listed]
        payloads: list[Payload] | None = None
        if any(self.payloads[place] is not None for place in listed):
            payloads = list(Payloads([self.payloads[place] for place in listed]))
        vectors: Any = None
        if self.vectors is not None and self.bare is None:
            vectors = self.vectors[places]
        elif self.vectors is not None and self.bare is not None:
            own = np.cumsum(~self.bare) - 1
            vectors = [None if self.bare[i] else self.vectors[own[i]] for i in listed]
            if all(vector is None for vector in vectors):
                vectors = None
        return ids, vectors, payloads


def prepared_rows(
    twin: Collection,
    header: CollectionHeader,
    given: tuple[Any, Any, Any, ColumnNames],
    *,
    repeats: bool,
) -> RowArguments:
    """The rows, with everything checked that does not depend on the records that are there.

    Args:
        twin: An empty collection of the same schema.
        header: Its header.
        given: Ids, vectors and payloads as for `Collection.add`, and the columns of a table.
        repeats: Whether an id may come twice.

    Raises:
        VdbError: As `Collection.add`.
    """
    rows = twin._rows(*given)  # noqa: SLF001 - what `add` begins with
    if not repeats:
        inputs.refuse_repeats(rows.ids)
    check_payloads(header, rows.payloads)
    parts = rows.vectors.parts
    matrix = None
    if len(rows.vectors):
        matrix = parts[0] if len(parts) == 1 else np.concatenate(parts)
    return RowArguments(rows.ids, matrix, rows.bare, rows.payloads)


def check_payloads(header: CollectionHeader, payloads: list[bytes | None]) -> None:
    """Refuse payloads that are not of the declared types.

    Raises:
        InvalidPayloadError: A value is of another type than its field; names the row.
    """
    if header.fields:
        field_index.of_records(header, payloads)
    if header.text_fields:
        from vdb.index.text import analysis, record_texts

        record_texts.of_payloads(header, payloads, analysis.NAMED)
