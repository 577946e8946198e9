"""The check of the generations beside the one in use: one being built, one kept to go back to.

Their graphs lack what is in their logs, so that only what holds at every moment can be asked of
them: records, blocks with their checksums, and logs.
"""

from __future__ import annotations

from collections.abc import Iterator

from vdb.errors import CorruptedError
from vdb.format import changes, keys
from vdb.format.generation import GenerationRecord
from vdb.format.headers import CollectionHeader, DatabaseHeader
from vdb.format.keys import Key
from vdb.records import Problem
from vdb.store import Snapshot
from vdb.store.views import build

__all__ = ["check_beside", "check_roles", "homeless_change"]


def check_roles(
    header: CollectionHeader, found: dict[int, GenerationRecord], *, readable: bool
) -> Iterator[Problem]:
    """What a header says of generations that are not in use against the records there are."""
    where = f"collection {header.name!r}"
    roles = {header.building: "being built", header.kept: "kept"}
    roles.pop(0, None)
    for generation, role in roles.items():
        record = found.get(generation)
        if record is None:
            if readable:
                yield Problem(where, f"generation {generation}, which is {role}, has no record")
        elif record.build is None:
            yield Problem(where, f"generation {generation} is {role}, but says that it is in use")
    for generation, record in sorted(found.items()):
        if generation >= header.next_generation:
            yield Problem(where, f"generation {generation} was never given out")
        elif generation == header.generation:
            if record.build is not None:
                yield Problem(where, f"generation {generation} is in use, but says that it is not")
        elif generation not in roles:
            yield Problem(where, f"generation {generation} is not in use", "warning")


def check_beside(
    reader: Snapshot,
    database: DatabaseHeader,
    header: CollectionHeader,
    found: dict[int, GenerationRecord],
) -> Iterator[Problem]:
    """Blocks and logs of the generations that are being built or kept."""
    for generation in (header.building, header.kept):
        record = found.get(generation)
        if record is None:
            continue
        view = build(database, header, record)
        for table in view.tables[1:]:  # vectors are looked at with the generation in use
            for number in range(table.blocks):
                try:
                    table.check(reader.fetch, number)
                except CorruptedError as error:
                    yield Problem(error.where or f"collection {header.name!r}", error.message)
        yield from _log(reader, header, generation)


def _log(reader: Snapshot, header: CollectionHeader, generation: int) -> Iterator[Problem]:
    for key, value in reader.items(keys.changes_of(header.number, generation)):
        where = f"collection {header.name!r}, changes since generation {generation}"
        try:
            number = keys.decode(key).number or 0
            slots = changes.slots_in(reader.seal.unwrap(key, value), number, where)
        except CorruptedError as error:
            yield Problem(error.where or where, error.message)
            continue
        if slots.size and int(slots[-1]) >= header.slots:
            yield Problem(where, f"slot {slots[-1]} of {header.slots}")


def homeless_change(header: CollectionHeader, place: Key) -> str | None:
    """Why a part of a log should not be there, or None."""
    if place.generation not in (header.building, header.kept):
        return f"collection {header.name!r} has no generation {place.generation} to catch up"
    return None
