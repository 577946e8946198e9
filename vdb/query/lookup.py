"""From ids to records.

Every function takes a reader (a snapshot, or the batch of the calling thread) and the view of one
collection in it, and sees that one moment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from itertools import islice, repeat
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from vdb import index
from vdb.index.record_ids import require_same_id
from vdb.index.types import Reader, View
from vdb.model import arguments, inputs, pauses
from vdb.model.filters.field_paths import field_paths
from vdb.model.records import Id, Payload, Record
from vdb.store.format.payload_fields import FieldTree, field_tree, some_fields

__all__ = ["RecordParts", "contains", "get", "scan"]


_SCAN_ROWS = 256


class RecordParts(NamedTuple):
    """What is read of records besides their ids.

    Attributes:
        vectors: Whether vectors are.
        fields: The fields of payloads that are; None for whole payloads.
        without_column: Declared fields that have no column of their own in a table.
    """

    vectors: bool = True
    fields: FieldTree | None = None
    without_column: frozenset[str] = frozenset()

    @classmethod
    def of(cls, with_vectors: object, columns: object) -> RecordParts:
        """Those that arguments of these names ask for."""
        fields = None if columns is None else field_tree(field_paths("columns", columns))
        return cls(arguments.truth("with_vectors", with_vectors), fields)


_WHOLE = RecordParts()


def get(
    reader: Reader, view: View, ids: Sequence[Id], parts: RecordParts = _WHOLE
) -> list[Record | None]:
    """The records of these ids in order, None where there is none."""
    slots = [reader.slot_of(view, value) for value in pauses.paced(ids)]
    present = [slot for slot in slots if slot is not None]
    if not present:
        return [None] * len(slots)
    vectors: Iterator[NDArray[Any] | None] = repeat(None)
    if parts.vectors:
        places = np.array(present, dtype=np.uint32)
        stored = index.stored if view.header.bare else index.stored_vectors
        vectors = iter(stored(reader, view, places))
    rows = _ids_and_payloads(reader, view, present, parts.fields)
    records: list[Record | None] = []
    for value, slot in pauses.paced(zip(ids, slots, strict=True)):
        if slot is None:
            records.append(None)
            continue
        record_id, payload = next(rows)
        require_same_id(view, slot, value, record_id)
        records.append(Record(value, next(vectors), payload))
    return records


def _ids_and_payloads(
    reader: Reader, view: View, slots: list[int], fields: FieldTree | None
) -> Iterator[tuple[Id, Payload]]:
    """Of the records at these slots."""
    ids, encoded = reader.encoded(view, slots, payloads=fields is None or bool(fields))
    payloads = encoded if fields is None else some_fields(encoded, fields)
    return zip(ids, payloads, strict=True)


def contains(reader: Reader, view: View, value: object) -> bool:
    """Whether there is a record of that id; False for what cannot be an id of this collection."""
    plain = inputs.id_or_none(value)
    if plain is None or type(plain).__name__ != view.header.id_kind:
        return False
    return reader.slot_of(view, plain) is not None


def scan(
    reading: Callable[[], AbstractContextManager[Reader]],
    view: View,
    ids: Iterator[Id],
    parts: RecordParts = _WHOLE,
) -> Iterator[list[Record]]:
    """The records of these ids in order, a few hundred at a time; ids that are gone are skipped.

    Between two handfuls the reader is not in use, so that an idle iterator blocks nothing.
    """
    while chunk := list(islice(ids, _SCAN_ROWS)):
        with reading() as reader:
            records = get(reader, view, chunk, parts)
        yield [record for record in records if record is not None]
