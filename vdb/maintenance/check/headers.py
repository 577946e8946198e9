"""The check of what a database says of itself: identity, headers, names, generations, journals.

Each function is a step; those that read headers and records enter them into the catalog.
"""

from __future__ import annotations

from collections.abc import Iterator

from vdb.errors import CorruptedError, FormatVersionError
from vdb.maintenance.check.catalog import UNKNOWN, Catalog
from vdb.maintenance.check.generations import check_roles
from vdb.maintenance.check.steps import problem_of
from vdb.model.problem import Problem
from vdb.query.score_convention import convention_of
from vdb.store import Snapshot
from vdb.store.format import blocks, journal, keys
from vdb.store.format.generation import GenerationRecord
from vdb.store.format.header_agreement import differences
from vdb.store.format.headers import CollectionHeader
from vdb.store.format.keys import KeyKind
from vdb.store.format.versions import ALIAS_VERSION, Identity

__all__ = ["aliases", "database", "generations", "headers", "identity", "journals", "names"]


def identity(reader: Snapshot, catalog: Catalog) -> Iterator[Problem]:
    """The identity record, which tells a database and its format version."""
    where = "key 00 (identity)"
    identity = Identity.decode(reader.get(keys.IDENTITY))
    try:
        identity.check()
    except FormatVersionError as error:
        yield Problem(where, str(error))
        return
    catalog.format_version = identity.version
    expected = Identity.of(identity.version).release
    if identity.release != expected:
        yield Problem(where, f"release: expected {expected!r}, got {identity.release!r}")


def database(reader: Snapshot, catalog: Catalog) -> Iterator[Problem]:
    """The database header."""
    header = catalog.database = reader.database_header()
    where = "key 01 (database header)"
    for name, expected, stored in (
        ("small_block", blocks.small_block(header.page_size), header.small_block),
        ("big_block", blocks.BIG_BLOCK, header.big_block),
        ("commit", reader.commit, header.commit),
    ):
        if expected != stored:
            yield Problem(where, f"{name}: expected {expected}, got {stored}")


def names(reader: Snapshot, catalog: Catalog) -> Iterator[Problem]:
    """Names of collections, which lead to their numbers."""
    for key, value in reader.items(bytes([KeyKind.NAME])):
        name = None
        try:
            name = keys.decode(key).name or ""
            body = reader.seal.unwrap(key, value)
        except CorruptedError as error:
            catalog.unreadable_names.add(name or "")
            yield problem_of(error)
            continue
        catalog.names[name] = int.from_bytes(body, "little")
        if len(body) != 4:
            yield Problem(f"name {name!r}", f"expected 4 bytes, got {len(body)}")


def headers(reader: Snapshot, catalog: Catalog) -> Iterator[Problem]:
    """Headers of collections, against the names that lead to them."""
    for key, value in reader.items(bytes([KeyKind.COLLECTION])):
        number = None
        try:
            number = keys.decode(key).collection
            header = CollectionHeader.decode(reader.seal.unwrap(key, value), number or 0)
        except CorruptedError as error:
            catalog.unreadable.add(UNKNOWN if number is None else number)
            yield problem_of(error)
            continue
        catalog.headers[header.number] = header
        yield from _fields_too_new(header, f"collection {header.name!r}", catalog)
        if catalog.database is not None and header.number >= catalog.database.next_collection:
            yield Problem(
                "key 01 (database header)",
                f"next_collection: expected more than {header.number}, which is taken, "
                f"got {catalog.database.next_collection}",
            )
        if (
            catalog.names.get(header.name) != header.number
            and header.name not in catalog.unreadable_names
        ):
            yield Problem(
                f"collection {header.name!r}",
                f"its header has number {header.number}, its name leads to "
                f"{catalog.names.get(header.name, 'nothing')}",
            )
    for name, number in catalog.names.items():
        owner = catalog.headers.get(number)
        if owner is None and number not in catalog.unreadable:
            yield Problem(f"name {name!r}", f"leads to collection {number}, which has no header")
        elif owner is not None and owner.name != name:
            yield Problem(
                f"name {name!r}", f"leads to collection {number}, whose name is {owner.name!r}"
            )


def aliases(reader: Snapshot, catalog: Catalog) -> Iterator[Problem]:
    """Aliases, which lead to the numbers of collections."""
    for key, value in reader.items(bytes([KeyKind.ALIAS])):
        try:
            alias = keys.decode(key).name or ""
            body = reader.seal.unwrap(key, value)
        except CorruptedError as error:
            yield problem_of(error)
            continue
        where = f"alias {alias!r}"
        number = int.from_bytes(body, "little")
        if len(body) != 4:
            yield Problem(where, f"expected 4 bytes, got {len(body)}")
        elif number not in catalog.headers and number not in catalog.unreadable:
            yield Problem(where, f"leads to collection {number}, which has no header")
        if alias in catalog.names:
            yield Problem(where, "a collection has the same name, so that the alias is never used")
        if catalog.format_version < ALIAS_VERSION:
            yield Problem(
                where,
                f"is of format version {ALIAS_VERSION}, and the file of version "
                f"{catalog.format_version}",
            )


def _fields_too_new(
    record: CollectionHeader | GenerationRecord, where: str, catalog: Catalog
) -> Iterator[Problem]:
    """Fields that a file of this format version cannot have."""
    if record.format_version > catalog.format_version:
        yield Problem(
            where,
            f"has fields of format version {record.format_version}, and the file is of version "
            f"{catalog.format_version}",
        )


def generations(reader: Snapshot, catalog: Catalog) -> Iterator[Problem]:
    """Generation records, against the headers that name them."""
    for key, value in reader.items(bytes([KeyKind.GENERATION])):
        try:
            place = keys.decode(key)
            number, generation = place.collection or 0, place.generation or 0
        except CorruptedError:
            continue  # reported by the walk over all keys
        catalog.generations.setdefault(number, {})
        try:
            record = GenerationRecord.decode(reader.seal.unwrap(key, value), number, generation)
        except CorruptedError as error:
            catalog.unreadable.add(number)
            yield problem_of(error)
            continue
        catalog.generations[number][generation] = record
        where = f"generation {generation} of collection {number}"
        yield from _fields_too_new(record, where, catalog)
    for header in catalog.headers.values():
        yield from _generations_of(reader, header, catalog)


def _generations_of(
    reader: Snapshot, header: CollectionHeader, catalog: Catalog
) -> Iterator[Problem]:
    """What one header says of its generations, against the records there are."""
    records = catalog.generations.get(header.number, {})
    readable = header.number not in catalog.unreadable
    where = f"collection {header.name!r}"
    current = records.get(header.generation)
    if current is not None:
        for difference in differences(header, current, reader.small_block):
            yield Problem(where, difference)
    elif readable:
        yield Problem(where, f"generation {header.generation} has no record")
    try:
        convention_of(header, None)
    except CorruptedError as error:
        yield Problem(where, error.message)
    if header.generation not in {line["generation"] for line in header.history}:
        yield Problem(where, f"its history does not mention generation {header.generation}")
    yield from check_roles(header, records, readable=readable)


def journals(reader: Snapshot, _catalog: Catalog) -> Iterator[Problem]:
    """The journals of the last commits."""
    newest = reader.commit
    for key, value in reader.items(bytes([KeyKind.JOURNAL])):
        try:
            commit = keys.decode(key).commit or 0
            journal.decode(reader.seal.unwrap(key, value), commit)
        except CorruptedError as error:
            yield problem_of(error)
            continue
        where = f"journal of commit {commit}"
        if commit > newest:
            yield Problem(where, f"the newest commit of the database is {newest}")
        elif commit <= newest - journal.KEPT:
            yield Problem(
                where, f"should have been removed at commit {commit + journal.KEPT}", "warning"
            )
