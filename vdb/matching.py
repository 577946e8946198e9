"""From a filter to the slots of the records that pass it.

Conditions on indexed fields are answered by their postings. What is left is asked of the payloads,
of those records only that can still make a difference: the indexed parts of an ``$and`` go first
and narrow what the rest has to look at.

Results are kept with the view, by the filter's text and the commit, so that the same filter on a
database that has not changed costs nothing.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from vdb import filters, index
from vdb.errors import InvalidFilterError
from vdb.filters.nodes import And, Filter, Joint
from vdb.index import Among
from vdb.records import Id
from vdb.store import Batch, CollectionView, Snapshot, WritableCollection

__all__ = ["matching", "matching_ids", "narrow"]

Reader: TypeAlias = Snapshot | Batch
View: TypeAlias = CollectionView | WritableCollection
Slots: TypeAlias = NDArray[np.bool_]

_PAYLOADS_AT_ONCE = 4096
_MOST_KEPT = 16
_MOST_KEPT_SLOTS = 1 << 26


def matching(reader: Reader, view: View, where: object) -> Among:
    """The records that pass a filter, as `where=` takes it.

    Raises:
        InvalidFilterError: The filter cannot be understood.
        CorruptedError: Damage was met on the way.
    """
    tree = filters.parse(where)
    kept = _kept(view)
    if kept is None or not isinstance(reader, Snapshot):
        return _among(reader, view, tree)
    # By text, not by equality: to Python 1, 1.0 and True are equal.
    text = repr(tree)
    commit, found = kept.get(text, (0, None))
    if found is None or commit != reader.commit:
        found = _among(reader, view, tree)
        while len(kept) >= min(_MOST_KEPT, 1 + _MOST_KEPT_SLOTS // (len(found.allowed) + 1)):
            kept.pop(next(iter(kept)), None)
        kept[text] = (reader.commit, found)
    return found


def matching_ids(reader: Reader, view: View, where: object) -> list[Id]:
    """The ids of the records that pass, in key order: ints by number, strs by code point."""
    slots = matching(reader, view, where).slots.tolist()
    return sorted(record[0] for record in reader.records(view, slots, payloads=False))


def narrow(where: object) -> Filter:
    """A filter to delete by; the empty one, which everything passes, is refused."""
    tree = filters.parse(where)
    if isinstance(tree, And) and not tree.parts:
        raise InvalidFilterError(
            "an empty filter would delete everything; db.drop_collection does that",
            expected="a condition",
            received={},
        )
    return tree


def _kept(view: View) -> dict[str, tuple[int, Among | None]] | None:
    """Earlier results; None in a batch, where things change."""
    if not isinstance(view, CollectionView):
        return None
    kept: dict[str, Any] = view.cache.setdefault("filters", {})
    return kept


def _among(reader: Reader, view: View, tree: Filter) -> Among:
    compiler = _Compiler(reader, view)
    return Among(compiler.select(tree, index.live(reader, view)), view.header.count)


class _Compiler:
    """Works out one filter at one moment."""

    def __init__(self, reader: Reader, view: View) -> None:
        self._reader = reader
        self._view = view

    def select(self, where: Filter, within: Slots) -> Slots:
        """Those slots of `within` that pass; a new array, or `within` itself."""
        if isinstance(where, Joint) and not where.parts:
            return within if isinstance(where, And) else np.zeros_like(within)
        return self._ask(where, within)

    def _ask(self, where: Filter, within: Slots) -> Slots:
        """Looks at payloads."""
        passes = filters.predicate(where)
        found = np.zeros_like(within)
        slots = np.flatnonzero(within).tolist()
        for start in range(0, len(slots), _PAYLOADS_AT_ONCE):
            some = slots[start : start + _PAYLOADS_AT_ONCE]
            records = self._reader.records(self._view, some)
            found[some] = [passes(payload) for _, payload in records]
        return found
