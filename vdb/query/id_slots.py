"""From ids to the slots of their records, for filters on ids."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vdb.errors import CorruptedError
from vdb.index.record_ids import require_same_ids
from vdb.index.types import Reader, View
from vdb.model.config import LIMITS
from vdb.model.filters import nodes
from vdb.model.filters.nodes import Condition
from vdb.store.format import keys
from vdb.store.format.keys import KeyKind

__all__ = ["slots_of_id_range", "slots_of_ids"]

_SLOT_SIZE = 4


def slots_of_ids(reader: Reader, view: View, ids: Collection[Any]) -> NDArray[np.bool_]:
    """Which slots hold the records of these ids: bool, shape (slots,). One look-up an id.

    Raises:
        CorruptedError: An id leads to a slot whose record has another id.
    """
    wanted = [one for one in dict.fromkeys(ids) if _is_possible(one, view)]
    places = [reader.slot_of(view, one) for one in wanted]
    pairs = [(one, slot) for one, slot in zip(wanted, places, strict=True) if slot is not None]
    slots = [slot for _, slot in pairs]
    stored, _ = reader.encoded(view, slots, payloads=False)
    require_same_ids(view, slots, [one for one, _ in pairs], stored)
    marks = np.zeros(view.header.slots, dtype=np.bool_)
    marks[slots] = True
    return marks


def slots_of_id_range(reader: Reader, view: View, where: Condition) -> NDArray[np.bool_]:
    """Which slots hold records whose ids pass an ordered condition or a prefix.

    Reads the ids that pass, in the order of their keys: ints by number, strs by code point.

    Raises:
        CorruptedError: The slot of an id cannot be one.
    """
    header = view.header
    marks = np.zeros(header.slots, dtype=np.bool_)
    if header.id_kind is None:
        return marks
    whole = keys.within(KeyKind.ID, header.number)
    prefix, low, high = _range(where, header.number, whole)
    slots: list[int] = []
    for key, value in reader.items(prefix, start=low, until=high):
        if high is not None and key >= high:
            break
        slot = int.from_bytes(value, "little")
        if len(value) != _SLOT_SIZE or slot >= header.slots:
            raise CorruptedError(
                f"slot: expected 4 bytes and a slot below {header.slots}, got {value.hex()}",
                where=f"key {key.hex()}",
            )
        slots.append(slot)
    marks[slots] = True
    return marks


def _range(where: Condition, number: int, whole: bytes) -> tuple[bytes, bytes | None, bytes | None]:
    """What keys begin with; the first of them, if not the first of all; the one to stop at."""
    if isinstance(where, nodes.Prefix):
        return whole + _cut(where.value), None, None
    assert isinstance(where, nodes.Comparison)  # noqa: S101 - the caller has the others
    value = where.value
    upwards = isinstance(where, nodes.Gt | nodes.Gte)
    if isinstance(value, int) and value > LIMITS.id_max:
        return whole, (whole + b"\xff" * 9 if upwards else None), None
    key = keys.slot_of(number, value) if isinstance(value, int) else whole + _cut(str(value))
    behind = key + b"\0" if isinstance(where, nodes.Gt | nodes.Lte) else key
    return (whole, behind, None) if upwards else (whole, None, behind)


def _cut(text: str) -> bytes:
    """The bytes of a text that ids are compared with: one more than the longest id has."""
    return text.encode()[: LIMITS.id_bytes + 1]


def _is_possible(value: Any, view: View) -> bool:
    """Whether a record of the collection may have this id."""
    if isinstance(value, int):
        return view.header.id_kind == "int" and value <= LIMITS.id_max
    return view.header.id_kind == "str" and len(value.encode()) <= LIMITS.id_bytes
