"""Repair: a new file from what can be read of a damaged one, which stays beside it.

1. The database is looked through; without errors nothing is done.
2. Nobody else has it open from here on, and nobody writes.
3. Every collection is made anew in a file of its own: records and vectors are copied
   (`salvage`), graph, codes, postings and counts are made from them.
4. The new file is checked, and takes the place of the damaged one, which is kept under another
   name: what is not in the new one may still be of use to somebody.

A crash before step 4 leaves the damaged file as it was; after it, the new one.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from vdb import index
from vdb.errors import CorruptedError, InvalidArgumentError, VdbError
from vdb.index import ingest
from vdb.maintenance.check import check
from vdb.maintenance.check.database import Pinned
from vdb.maintenance.check.soundness import found_in
from vdb.maintenance.repair.mended_header import mended_header
from vdb.maintenance.repair.salvage import LostRecord, Part, salvage, view_of
from vdb.model.config import index_from_map
from vdb.model.records import Id, Problem
from vdb.model.results import Result
from vdb.scores.table import convention_named
from vdb.store import Environment, Snapshot, create_empty
from vdb.store.format import keys
from vdb.store.format.generation import GenerationRecord
from vdb.store.format.headers import CollectionHeader
from vdb.store.format.keys import KeyKind
from vdb.store.format.limits import NO_SLOT

__all__ = ["RepairReport", "RepairedCollection", "repair"]

Progress = Callable[[str, int, int], None]
"""Called with (collection, slots done, slots)."""

_ROOM = 1 << 27  # bytes of a file that one of its commits takes, mostly


@dataclass(frozen=True, slots=True)
class RepairedCollection(Result):
    """One collection of the new file.

    Attributes:
        name: Its name.
        records: Records that it has.
        lost: Records of the damaged file that it has not, or not whole.
        notes: What else is different, in words.
    """

    name: str
    records: int
    lost: tuple[LostRecord, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RepairReport(Result):
    """What a repair did.

    Attributes:
        problems: What was wrong.
        collections: The collections of the new file; empty where nothing had to be done.
        lost: Collections of which nothing could be read, and why.
        kept: Where the damaged file lies now; None where nothing had to be done.
    """

    problems: tuple[Problem, ...]
    collections: tuple[RepairedCollection, ...] = ()
    lost: tuple[tuple[str, str], ...] = ()
    kept: str | None = None

    @property
    def complete(self) -> bool:
        """Whether every record and collection that there was is there."""
        return not self.lost and not any(one.lost for one in self.collections)


class _Found(NamedTuple):
    """What the damaged file says there is."""

    headers: list[CollectionHeader]
    lost: list[tuple[str, str]]
    notes: dict[int, tuple[str, ...]]  # by number of the collection: what its header lacked


def repair(
    env: Environment,
    pinned: Callable[[], Pinned],
    *,
    threads: int,
    progress: Progress | None = None,
) -> RepairReport:
    """Look through, and make anew where there are errors; see the top of this file.

    `pinned` gives a moment as `check` wants it.

    Raises:
        BusyError: Another process has the database open, or something runs here for too long.
        ReadOnlyError: It is open for reading only.
        CorruptedError: Its own header cannot be read.
        DiskFullError: No room for a second file; nothing was changed.
    """
    problems = tuple(check(pinned))
    if not any(problem.severity == "error" for problem in problems):
        return RepairReport(problems)
    with env.replacement() as place:
        create_empty(place)
        found = _collections(env)
        target = Environment.open(place, create=False, durability="relaxed")
        try:
            repaired = [
                _make(env, target, header, found, threads=threads, progress=progress)
                for header in found.headers
            ]
            _require_sound(target)
        finally:
            target.close()
        when = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        kept = env.replace(place, keep=f"data.mdb.damaged-{when}")
    return RepairReport(problems, tuple(repaired), tuple(found.lost), str(kept))


def _collections(env: Environment) -> _Found:
    """Headers of all collections that can be made anew, by number; and what cannot."""
    found = _Found([], [], {})
    with env.snapshot() as reader:
        names = _names(reader)
    for number, name in sorted(names.items()):
        with env.snapshot() as reader:
            try:
                header = _header_of(reader, number, name, found)
                view_of(reader, header)
            except CorruptedError as error:
                found.lost.append((name, error.found))
                continue
        if header.name in {other.name for other in found.headers}:
            found.lost.append((name, "another collection has its name"))
            continue
        found.headers.append(header)
    return found


def _header_of(reader: Snapshot, number: int, name: str, found: _Found) -> CollectionHeader:
    """The stored header, or what can be made of it."""
    try:
        return reader.header_of(number)
    except CorruptedError as error:
        try:
            named = name.replace(" ", "-")  # where its name is lost too
            header, found.notes[number] = mended_header(reader, number, named)
        except CorruptedError:
            raise error from None
        return header


def _names(reader: Snapshot) -> dict[int, str]:
    """Names by number, as both the keys of names and the headers have them."""
    names: dict[int, str] = {}
    for key, _ in reader.items(bytes([KeyKind.COLLECTION])):
        number = keys.decode(key).collection or 0
        names[number] = f"collection {number}"
    for key, value in reader.items(bytes([KeyKind.NAME])):
        try:
            name = keys.decode(key).name or ""
            names[int.from_bytes(reader.seal.unwrap(key, value), "little")] = name
        except CorruptedError:
            continue  # its header says it too
    return names


def _make(
    env: Environment,
    target: Environment,
    old: CollectionHeader,
    found: _Found,
    *,
    threads: int,
    progress: Progress | None,
) -> RepairedCollection:
    """One collection in the new file, committed part by part."""
    with env.snapshot() as reader:
        before = reader.generation_record(old.number, old.generation)
        slots = view_of(reader, old).header.slots
    header, notes = _header(old, before)
    notes = found.notes.get(old.number, ()) + notes
    settings = index_from_map(before.index)
    record = index.new_generation(header.generation, header.metric, header.dtype, settings)
    header.put_to_use(record, when=time.time(), reason="repaired")
    with target.batch(room=_ROOM) as batch:
        batch.create_collection(header, record)
    lost: list[LostRecord] = []
    for part in salvage(env, old):
        lost += part.lost
        if part.ids:
            _copy(target, old.name, part, threads)
        if progress is not None:
            progress(old.name, part.done, slots)
    with target.snapshot() as made, env.snapshot() as reader:
        view = made.collection(old.name)
        lost = _named(reader, old, lost, lambda given: made.slot_of(view, given) is not None)
        return RepairedCollection(old.name, view.header.count, tuple(lost), notes)


def _copy(target: Environment, name: str, part: Part, threads: int) -> None:
    with target.batch(room=_ROOM) as batch:
        coll = batch.collection(name)
        vectors = np.ascontiguousarray(part.vectors)
        kind = coll.header.metric, coll.header.dtype
        rows = ingest.Rows(part.ids, vectors, part.payloads, kind)
        ingest.add(batch, coll, rows, threads=threads)


def _header(
    old: CollectionHeader, before: GenerationRecord
) -> tuple[CollectionHeader, tuple[str, ...]]:
    """The header of the same collection, empty, at a generation of its own."""
    header = old.copy()
    header.number = header.slots = header.count = 0
    header.free_head, header.free_count, header.id_kind = NO_SLOT, 0, None
    header.generation, header.next_generation = old.next_generation, old.next_generation + 1
    header.building, header.kept, header.leaving = 0, 0, []
    notes = []
    if before.index.get("codes") is not None and old.metric != before.metric:
        header.metric = before.metric  # the one that has codes
        notes.append(f"its metric was {old.metric!r} in one place, {before.metric!r} in another")
    try:
        convention_named(header.scores, header.metric, dtype=header.dtype)
    except InvalidArgumentError:
        header.scores = "native"
        notes.append(f"its scores are native: {old.scores!r} is none of {header.metric!r}")
    if old.building:
        notes.append("a rebuild that was not finished was given up")
    if old.kept:
        notes.append("the generation that was kept to go back to is gone")
    unfinished = [line["path"] for line in header.fields if line["built"] != NO_SLOT]
    if unfinished:
        header.fields = [line for line in header.fields if line["built"] == NO_SLOT]
        notes.append(f"fields that were being indexed are not declared: {', '.join(unfinished)}")
    return header, tuple(notes)


def _named(
    reader: Snapshot, old: CollectionHeader, lost: list[LostRecord], kept: Callable[[Id], bool]
) -> list[LostRecord]:
    """What was lost, with the ids that lead there; and ids that lead to nothing."""
    by_slot = {one.slot: one for one in lost}
    prefix = keys.within(KeyKind.ID, old.number)
    try:
        for key, value in reader.items(prefix):
            try:
                given = keys.decode_id(key[len(prefix) :], old.id_kind or "str", where=key.hex())
            except CorruptedError:
                continue
            slot = int.from_bytes(value, "little")
            if kept(given):
                continue
            one = by_slot.get(slot)
            if one is None:
                by_slot[slot] = LostRecord(given, slot, "record", "missing")
            elif one.id is None or kept(one.id):
                by_slot[slot] = replace(one, id=given)
    except CorruptedError:
        pass  # those behind it keep their slots for names
    return [by_slot[slot] for slot in sorted(by_slot)]


def _require_sound(target: Environment) -> None:
    """The new file is not put in the place of anything before it was checked."""
    for problem in found_in(target):
        raise VdbError(f"the repaired file is not sound, and is not used: {problem}")
