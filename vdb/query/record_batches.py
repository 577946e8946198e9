"""Records as batches of a table, of a bounded number of rows each.

Rows are read as `lookup.get` reads them, but neither an object for a record nor one for any value
of its payload is made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vdb import index
from vdb.index.record_ids import require_same_ids
from vdb.index.types import Reader, View
from vdb.kernel import TableColumn, vector_column
from vdb.model import pauses
from vdb.model.dtypes import DTYPES
from vdb.model.records import Id
from vdb.model.tables.columns import EncodedPayloads, id_column, of_payloads, parts_of
from vdb.model.tables.layout import PayloadField, RecordLayout, TableLayout
from vdb.query.lookup import RecordParts
from vdb.query.record_layout import record_layout
from vdb.store.format.packing import pack
from vdb.store.format.payload_fields import FieldTree, some_fields
from vdb.store.format.payloads import Payloads

__all__ = ["RecordTable"]

_ROWS = 8192
_ROWS_AT_ONCE = 256  # that are read in one use of the reader
_MOST_BYTES = 1 << 26  # of vectors, and of payloads, in a batch


@dataclass(slots=True)
class RecordTable:
    """The table of some records of a collection.

    Attributes:
        reading: The reader, for as long as a few rows take.
        view: The collection.
        parts: What is read of records.
        layout: The columns.
    """

    reading: Callable[[], AbstractContextManager[Reader]]
    view: View
    parts: RecordParts
    layout: TableLayout = field(init=False)

    def __post_init__(self) -> None:
        records = record_layout(self.view)
        dtype, dim = DTYPES[records.dtype], records.dim
        shown = [
            one
            for one in _chosen(records, self.parts.fields)
            if one.path not in self.parts.without_column
        ]
        self.layout = TableLayout(
            records._replace(fields=tuple(shown)),
            payloads=self.parts.fields is None or bool(self.parts.fields),
            text=not _all_declared(records, self.parts.fields),
            # While the dimension is open there are no vectors.
            vectors=(dtype.stored, dtype.columns(dim)) if self.parts.vectors and dim else None,
            metadata={"vdb.metric": self.view.header.metric},
        )

    def batches(self, ids: Iterator[Id], rows: int | None) -> Iterator[list[TableColumn]]:
        """The rows of these ids, `rows` of them in a batch, or fewer where they are large.

        Ids that are gone are skipped.
        """
        most = self._rows() if rows is None else rows
        handful = self._handful(ids, most)
        while handful is not None:
            gathered = _Rows()
            while handful is not None:
                gathered.add(*handful)
                if len(gathered.ids) >= most or gathered.bytes >= _MOST_BYTES:
                    break
                handful = self._handful(ids, most - len(gathered.ids))
            for part in parts_of(gathered.payloads, len(gathered.ids)):
                yield self._columns(gathered, part)
            handful = self._handful(ids, most)

    def _rows(self) -> int:
        width = 0 if self.layout.vectors is None else self.layout.vectors[1]
        most = max(1, min(_ROWS, _MOST_BYTES // max(1, 4 * width)))
        return pauses.piece(most, _ROWS_AT_ONCE)  # a batch is made in one step of the kernel

    def _handful(
        self, ids: Iterator[Id], most: int
    ) -> tuple[list[Id], Payloads, NDArray[Any] | None, NDArray[np.bool_] | None] | None:
        """The next rows: ids, payloads, vectors, and which of these there are; None at the end."""
        chunk = list(islice(ids, min(most, _ROWS_AT_ONCE)))
        if not chunk:
            return None
        view = self.view
        with self.reading() as reader:
            found = [(value, reader.slot_of(view, value)) for value in chunk]
            wanted = [value for value, slot in found if slot is not None]
            slots = [slot for _, slot in found if slot is not None]
            received, payloads = reader.encoded(view, slots, payloads=self.layout.payloads)
            require_same_ids(view, slots, wanted, received)
            vectors, present = self._vectors(reader, np.array(slots, dtype=np.uint32))
        return wanted, payloads, vectors, present

    def _vectors(
        self, reader: Reader, slots: NDArray[np.uint32]
    ) -> tuple[NDArray[Any] | None, NDArray[np.bool_] | None]:
        if self.layout.vectors is None:
            return None, None
        if not self.view.header.bare:
            return index.stored_vectors(reader, self.view, slots), None
        present = index.has_vector(reader, self.view, slots)
        numbers, width = self.layout.vectors
        vectors = np.zeros((len(slots), width), dtype=numbers)
        vectors[present] = index.stored_vectors(reader, self.view, slots[present])
        return vectors, present

    def _columns(self, rows: _Rows, part: slice) -> list[TableColumn]:
        layout = self.layout
        ids = rows.ids[part]
        columns = [id_column(ids, layout.records.id_kind)]
        if layout.vectors is not None:
            columns.append(rows.vector_column(part))
        if layout.payloads:
            columns += self._payload_columns(rows.payloads[part], ids)
        return columns

    def _payload_columns(self, payloads: EncodedPayloads, ids: list[Id]) -> list[TableColumn]:
        fields, tree = self.layout.records.fields, self.parts.fields
        if tree is None or not self.layout.text:
            return of_payloads(payloads, ids, fields, text=self.layout.text)
        columns = of_payloads(payloads, ids, fields, text=False)
        some = some_fields(Payloads(payloads.encoded), tree)
        packed = Payloads([None if one is None else pack(one) for one in some])
        return columns + of_payloads(packed, ids, (), text=True)


class _Rows:
    """Rows that become one batch."""

    __slots__ = ("bytes", "ids", "payloads", "present", "vectors")

    def __init__(self) -> None:
        self.ids: list[Id] = []
        self.payloads = Payloads([])
        self.vectors: list[NDArray[Any]] = []
        self.present: list[NDArray[np.bool_]] = []
        self.bytes = 0

    def add(
        self,
        ids: list[Id],
        payloads: Payloads,
        vectors: NDArray[Any] | None,
        present: NDArray[np.bool_] | None,
    ) -> None:
        """Puts rows behind those that are there."""
        self.ids += ids
        self.payloads = self.payloads.joined(payloads)
        size = sum(len(body) for body in payloads.encoded if body is not None)
        if vectors is not None:
            self.vectors.append(vectors)
            size += vectors.nbytes
            if present is not None:
                self.present.append(present)
        self.bytes += size

    def vector_column(self, part: slice) -> TableColumn:
        """The vectors of some rows."""
        vectors = np.concatenate(self.vectors) if len(self.vectors) > 1 else self.vectors[0]
        present = np.concatenate(self.present)[part] if self.present else None
        return vector_column(np.ascontiguousarray(vectors[part]), present)


def _chosen(records: RecordLayout, tree: FieldTree | None) -> Iterator[PayloadField]:
    """The declared fields that the tree has as a whole."""
    for one in records.fields:
        inner = tree
        for name in one.names:
            if inner is None:
                break
            inner = inner.get(name, {})
        if inner is None:
            yield one


def _all_declared(records: RecordLayout, tree: FieldTree | None) -> bool:
    """Whether every field of the tree is a declared one."""
    return tree is not None and set(_leaves(tree)) <= {one.names for one in records.fields}


def _leaves(tree: FieldTree, above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, inner in tree.items():
        if inner is None:
            yield (*above, name)
        else:
            yield from _leaves(inner, (*above, name))
