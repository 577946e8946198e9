"""The collection behind hits, as far as those need it who choose among them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from vdb import index
from vdb.errors import CorruptedError
from vdb.index.types import Reader, View
from vdb.model.filters.paths import find
from vdb.model.hits import Hits
from vdb.store.format.limits import NO_SLOT
from vdb.store.format.payload_fields import field_tree, some_fields

__all__ = ["HitRecords", "StoredRecords", "excludes_quickly"]

_EXACT = ("int", "float", "keyword", "bool")
"""Types of declared fields of which two values are the same group just when they are equal."""


class HitRecords(Protocol):
    """The records of a collection, of which some are hits."""

    @property
    def name(self) -> str:
        """The name of the collection."""

    @property
    def id_kind(self) -> str | None:
        """The kind of its ids; None where that is not known."""

    @property
    def metric(self) -> str:
        """Its metric."""

    @property
    def count(self) -> int:
        """The number of its records, or any larger number."""

    def vectors(self, hits: Hits) -> NDArray[Any]:
        """The vectors of hits as they are stored, shape (n, columns)."""

    def values(self, hits: Hits, names: tuple[str, ...]) -> Iterable[Any]:
        """Of each hit the value at a path of the payload; None where there is none."""

    def excludes_quickly(self, path: str) -> bool:
        """Whether an index says quickly which records have other values at a path than some.

        Not of lists: a record with a value that is there may have one more.
        """


class StoredRecords:
    """Those of a collection of one database, at one moment."""

    def __init__(self, reader: Reader, view: View) -> None:
        self._reader, self._view = reader, view
        header = view.header
        self.name, self.id_kind, self.metric = header.name, header.id_kind, header.metric
        self.count = header.count

    def vectors(self, hits: Hits) -> NDArray[Any]:
        """See `HitRecords`."""
        return index.stored_vectors(self._reader, self._view, self._slots(hits))

    def values(self, hits: Hits, names: tuple[str, ...]) -> Iterable[Any]:
        """See `HitRecords`; nothing else of the payloads is decoded."""
        _, encoded = self._reader.encoded(self._view, self._slots(hits))
        return (find(payload, names) for payload in some_fields(encoded, field_tree([names])))

    def excludes_quickly(self, path: str) -> bool:
        """See `HitRecords`."""
        return excludes_quickly(self._view.header.fields, path)

    def _slots(self, hits: Hits) -> NDArray[np.uint32]:
        """The slots of the hits' records at the moment of the search, uint32, shape (n,)."""
        slots = []
        for record_id in hits.ids.tolist():
            slot = self._reader.slot_of(self._view, record_id)
            if slot is None:
                raise CorruptedError(
                    "missing, and a record has it",
                    where=f"collection {self.name!r}, id {record_id!r}",
                )
            slots.append(slot)
        return np.array(slots, dtype=np.uint32)


def excludes_quickly(fields: Iterable[Mapping[str, Any]], path: str) -> bool:
    """See `HitRecords`; by the lines of the declared fields in a header."""
    return any(
        (line["path"], line["built"]) == (path, NO_SLOT) and line["type"] in _EXACT
        for line in fields
    )
