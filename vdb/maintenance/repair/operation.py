"""Repair: a new file from what can be read of a damaged one, which stays beside it.

1. The database is checked; without errors nothing is done.
2. It is locked: no other process has it open from here on, and nothing is written.
3. Every collection is made anew in another file: records and vectors are copied
   (`record_salvage`), graph, codes, postings and counts are made from them.
4. The new file is checked, and takes the place of the damaged one, which is kept under another
   name, for what is not in the new one.

A crash before step 4 leaves the damaged file as it was; after it, the new one.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from vdb import index
from vdb.errors import CorruptedError, InvalidArgumentError, VdbError
from vdb.index import ingest
from vdb.index.text.analysis import NAMED, Analyzers
from vdb.maintenance.check import check
from vdb.maintenance.check.require_sound import problems_of
from vdb.maintenance.check.steps import Pinned
from vdb.maintenance.repair.header_salvage import salvage_header
from vdb.maintenance.repair.record_salvage import SalvagedRows, salvage_records, view_of
from vdb.maintenance.repair.report import LostRecord, RepairedCollection, RepairReport
from vdb.maintenance.repair.text_salvage import SalvagedTexts
from vdb.model.config import index_from_map
from vdb.model.inputs import RowParts
from vdb.model.records import Id
from vdb.scores.table import convention_named
from vdb.store import Environment, Snapshot, create_empty
from vdb.store.format import keys
from vdb.store.format.generation import GenerationRecord
from vdb.store.format.headers import CollectionHeader
from vdb.store.format.keys import KeyKind
from vdb.store.format.limits import NO_SLOT

__all__ = ["repair"]

Progress = Callable[[str, int, int], None]
"""Called with (collection, slots done, slots)."""

_COMMIT_BYTES = 1 << 27  # bytes of the new file that one commit takes, mostly


class _DamagedCatalog(NamedTuple):
    """The collections of the damaged file."""

    headers: list[CollectionHeader]
    lost: list[tuple[str, str]]
    notes: dict[int, tuple[str, ...]]  # by number of the collection: what its header lacks


def repair(
    env: Environment,
    pin: Callable[[], Pinned],
    *,
    threads: int,
    progress: Progress | None = None,
    analyzers: Analyzers = NAMED,
) -> RepairReport:
    """Check, and make anew where there are errors; see the top of this file.

    `pin` holds a commit, as for `check`; `analyzers` make words of texts again.

    Raises:
        BusyError: Another process has the database open, or something runs here for too long.
        ReadOnlyError: It is open for reading only.
        CorruptedError: Its own header cannot be read.
        DiskFullError: No room for a second file; nothing was changed.
    """
    problems = tuple(check(pin))
    if not any(problem.severity == "error" for problem in problems):
        return RepairReport(problems)
    with env.replacement() as place:
        create_empty(place)
        catalog = _catalog(env)
        target = Environment.open(place, create=False, durability="relaxed")
        try:
            repaired = [
                _make_collection(
                    env,
                    target,
                    header,
                    catalog,
                    threads=threads,
                    progress=progress,
                    analyzers=analyzers,
                )
                for header in catalog.headers
            ]
            _copy_aliases(env, target, catalog)
            _require_sound(target)
        finally:
            target.close()
        when = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        kept = env.replace(place, keep=f"data.mdb.damaged-{when}")
    return RepairReport(problems, tuple(repaired), tuple(catalog.lost), str(kept))


def _catalog(env: Environment) -> _DamagedCatalog:
    """Headers of all collections that can be made anew, by number; and what cannot."""
    catalog = _DamagedCatalog([], [], {})
    with env.snapshot() as reader:
        names = _names(reader)
    for number, name in sorted(names.items()):
        with env.snapshot() as reader:
            try:
                header = _header_of(reader, number, name, catalog)
                view_of(reader, header)
            except CorruptedError as error:
                catalog.lost.append((name, error.found))
                continue
        if header.name in {other.name for other in catalog.headers}:
            catalog.lost.append((name, "another collection has its name"))
            continue
        catalog.headers.append(header)
    return catalog


def _header_of(
    reader: Snapshot, number: int, name: str, catalog: _DamagedCatalog
) -> CollectionHeader:
    """The stored header, or what can be made of it."""
    try:
        return reader.header_of(number)
    except CorruptedError as error:
        try:
            printable = name.replace(" ", "-")  # "collection 7", where its name is lost too
            header, catalog.notes[number] = salvage_header(reader, number, printable)
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


def _make_collection(
    env: Environment,
    target: Environment,
    old: CollectionHeader,
    catalog: _DamagedCatalog,
    *,
    threads: int,
    progress: Progress | None,
    analyzers: Analyzers,
) -> RepairedCollection:
    """One collection in the new file, committed part by part."""
    with env.snapshot() as reader:
        before = reader.generation_record(old.number, old.generation)
        slots = view_of(reader, old).header.slots
    header, notes = _header(old, before)
    texts = SalvagedTexts(env, header, analyzers, number=old.number)
    header.text_fields = [line for line in header.text_fields if line["number"] not in texts.lost]
    notes += tuple(texts.notes)
    notes = catalog.notes.get(old.number, ()) + notes
    settings = index_from_map(before.index)
    record = index.new_generation(header.generation, header.metric, header.dtype, settings)
    header.put_to_use(record, when=time.time(), reason="repaired")
    with target.batch(room=_COMMIT_BYTES) as batch:
        batch.create_collection(header, record)
    lost: list[LostRecord] = []
    try:
        for rows in salvage_records(env, old):
            lost += rows.lost
            if rows.ids:
                _copy(target, old.name, rows, texts, threads)
            if progress is not None:
                progress(old.name, rows.done, slots)
    finally:
        texts.close()
    with target.snapshot() as new_reader, env.snapshot() as reader:
        view = new_reader.collection(old.name)
        lost = _with_ids(
            reader, old, lost, lambda copied: new_reader.slot_of(view, copied) is not None
        )
        return RepairedCollection(old.name, view.header.count, tuple(lost), notes)


def _copy_aliases(env: Environment, target: Environment, catalog: _DamagedCatalog) -> None:
    """The aliases that can be read, and whose collections are in the new file."""
    names = {header.number: header.name for header in catalog.headers}
    aliases: dict[str, int] = {}
    with env.snapshot() as reader:
        for key, value in reader.items(bytes([KeyKind.ALIAS])):
            alias = key[1:].decode(errors="replace")
            try:
                alias = keys.decode(key).name or ""
                aliases[alias] = int.from_bytes(reader.seal.unwrap(key, value), "little")
            except CorruptedError as error:
                catalog.lost.append((f"alias {alias}", error.found))
    if not aliases:
        return
    with target.batch() as batch:
        for alias, number in aliases.items():
            if number not in names or alias in names.values():
                catalog.lost.append((f"alias {alias}", "its collection is not there"))
            else:
                batch.put_alias(alias, names[number])


def _copy(
    target: Environment, name: str, salvaged: SalvagedRows, texts: SalvagedTexts, threads: int
) -> None:
    with target.batch(room=_COMMIT_BYTES) as batch:
        coll = batch.collection(name)
        vectors = np.ascontiguousarray(salvaged.vectors)
        kind = coll.header.dim, coll.header.metric, coll.header.dtype
        bare = salvaged.bare if salvaged.bare.any() else None
        if bare is not None and coll.header.bare is None:  # its header had lost that
            coll.header.bare = 0
        words = texts.words(salvaged.slots, salvaged.payloads)
        rows = ingest.Rows(salvaged.ids, RowParts([vectors]), salvaged.payloads, kind, bare, words)
        ingest.add(batch, coll, rows, threads=threads)


def _header(
    old: CollectionHeader, before: GenerationRecord
) -> tuple[CollectionHeader, tuple[str, ...]]:
    """The header of the same collection, empty, at a new generation."""
    header = old.copy()
    header.number = header.slots = header.count = 0
    header.free_head, header.free_count, header.id_kind = NO_SLOT, 0, None
    header.bare = None if old.bare is None else 0
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
        notes.append("a rebuild that was not finished, or was held, was given up")
    if old.kept:
        notes.append("the generation that was kept to go back to is gone")
    unfinished = [line["path"] for line in header.all_fields if line["built"] != NO_SLOT]
    if unfinished:
        header.fields = [line for line in header.fields if line["built"] == NO_SLOT]
        header.text_fields = [line for line in header.text_fields if line["built"] == NO_SLOT]
        notes.append(f"fields that were being indexed are not declared: {', '.join(unfinished)}")
    return header, tuple(notes)


def _with_ids(
    reader: Snapshot, old: CollectionHeader, lost: list[LostRecord], copied: Callable[[Id], bool]
) -> list[LostRecord]:
    """The lost records with the ids that lead to them, and ids that lead to no record.

    `copied` tells whether the new file has a record of that id.
    """
    by_slot = {one.slot: one for one in lost}
    prefix = keys.within(KeyKind.ID, old.number)
    try:
        for key, value in reader.items(prefix):
            try:
                record_id = keys.decode_id(
                    key[len(prefix) :], old.id_kind or "str", where=key.hex()
                )
            except CorruptedError:
                continue
            slot = int.from_bytes(value, "little")
            if copied(record_id):
                continue
            record = by_slot.get(slot)
            if record is None:
                by_slot[slot] = LostRecord(record_id, slot, "record", "missing")
            elif record.id is None or copied(record.id):
                by_slot[slot] = replace(record, id=record_id)
    except CorruptedError:
        pass  # the ids behind the damage stay unknown
    return [by_slot[slot] for slot in sorted(by_slot)]


def _require_sound(target: Environment) -> None:
    """Raise VdbError unless the check of the new file finds no problem."""
    for problem in problems_of(target):
        raise VdbError(f"the repaired file is not sound, and is not used: {problem}")
