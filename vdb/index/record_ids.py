"""The check that an id leads to its own record.

Nothing seals the way from an id to its slot. So whoever goes that way compares the id that the
record there has.
"""

from __future__ import annotations

from collections.abc import Sequence

from vdb.errors import CorruptedError, NotFoundError
from vdb.index.types import Reader, View
from vdb.model import inputs, pauses
from vdb.model.records import Id

__all__ = ["require_same_id", "require_same_ids", "slot_of_record", "slots_of"]


def slots_of(reader: Reader, view: View, ids: Sequence[Id]) -> list[int | None]:
    """The slots of the records with these ids, None where there is none.

    Raises:
        CorruptedError: An id leads to a slot whose record has another one.
    """
    slots = [reader.slot_of(view, value) for value in pauses.paced(ids)]
    present = [slot for slot in slots if slot is not None]
    expected = [value for value, slot in zip(ids, slots, strict=True) if slot is not None]
    require_same_ids(view, present, expected, reader.encoded(view, present, payloads=False)[0])
    return slots


def slot_of_record(reader: Reader, view: View, record_id: object) -> tuple[Id, int]:
    """The id, checked, and the slot of its record.

    Raises:
        NotFoundError: There is no such record.
        ArgumentTypeError, InvalidArgumentError: It can be no id.
        CorruptedError: The id leads to a slot whose record has another one.
    """
    checked_id = inputs.one_id(record_id)
    slot = None
    if type(checked_id).__name__ == view.header.id_kind:
        slot = reader.slot_of(view, checked_id)
    if slot is None:
        raise NotFoundError(
            f"no record {checked_id!r} in collection {view.header.name!r}", received=checked_id
        )
    require_same_id(view, slot, checked_id, reader.id_at(view, slot))
    return checked_id, slot


def require_same_id(view: View, slot: int, expected: Id, received: Id) -> None:
    """CorruptedError where an id leads to a slot whose record has another one."""
    if expected != received:
        raise CorruptedError(
            f"leads to slot {slot}, where the record has id {received!r}",
            where=f"collection {view.header.name!r}, id {expected!r}",
            expected=expected,
            received=received,
        )


def require_same_ids(
    view: View, slots: Sequence[int], expected: Sequence[Id], received: Sequence[Id]
) -> None:
    """`require_same_id` of several."""
    for slot, value, record_id in zip(slots, expected, received, strict=True):
        require_same_id(view, slot, value, record_id)
