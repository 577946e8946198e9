"""The check of a whole database, without writing.

1. the identity and the database header;
2. every key: is it one of ours, and does what it belongs to exist?
3. the journals of the last commits;
4. names and collection headers, both ways;
5. of each collection: its records (`check_records`), its blocks and links (`index.verify`), the
   postings of its declared fields (`check_fields`), and the generations beside the one in use
   (`check_generations`); where nothing is wrong with its index, what searches find
   (`check_search`).

Each step sees one moment; where others commit meanwhile, the steps of a collection are each at the
newest, so that a check of hours does not keep the room of all that is replaced in them.

Damage in one place is a `Problem` and the walk goes on with the next: it never stops at the first.
Problems of a step are gathered before they are yielded, so that a check that is looked at slowly
keeps nobody waiting.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from typing import Protocol, TypeAlias

from vdb import index
from vdb.errors import CorruptedError, FormatVersionError
from vdb.maintenance.check.fields import check_fields
from vdb.maintenance.check.generations import check_beside, check_roles, homeless_change
from vdb.maintenance.check.records import Walks, check_vectors
from vdb.maintenance.check.searches import check_search
from vdb.model.records import Problem
from vdb.query.convention import convention_of
from vdb.store import CollectionView, Snapshot, build_view, require_slot_count
from vdb.store.format import blocks, journal, keys
from vdb.store.format.agreement import differences
from vdb.store.format.generation import GenerationRecord
from vdb.store.format.headers import CollectionHeader, DatabaseHeader
from vdb.store.format.keys import Key, KeyKind
from vdb.store.format.versions import Identity

__all__ = ["Pinned", "check"]

_FEW = 64  # collections that are found again in no time


class Pinned(Protocol):
    """One moment, held for as long as it is referred to."""

    def reading(self) -> AbstractContextManager[Snapshot]:
        """The snapshot of that moment, for the length of a step."""


@dataclass(slots=True)
class _Known:
    """What has been found to exist, for judging what refers to it."""

    database: DatabaseHeader | None = None
    names: dict[str, int] = field(default_factory=dict)
    headers: dict[int, CollectionHeader] = field(default_factory=dict)
    generations: dict[int, dict[int, GenerationRecord]] = field(default_factory=dict)
    unreadable_names: set[str] = field(default_factory=set)
    # Collections with a header, a name or a generation that cannot be read: their other keys are
    # not to be called orphans.
    unreadable: set[int] = field(default_factory=set)


Step: TypeAlias = Callable[[Snapshot, _Known], Iterator[Problem]]
_OfCollection: TypeAlias = Callable[[Snapshot, CollectionHeader, _Known], Iterator[Problem]]


class _Looks:
    """One look after another, each at one moment."""

    def __init__(self, pin: Callable[[], Pinned]) -> None:
        self._pin = pin
        self._pinned = pin()

    def look(self, step: Callable[[Snapshot], Iterator[Problem]], where: str) -> list[Problem]:
        """The problems of one step, and the damage that broke it off."""
        with self._pinned.reading() as reader:
            found = list(_guarded(step(reader), where))
        if found:
            self._recover()
        return found

    def renewed(self) -> Snapshot | None:
        """The newest moment, if others committed since the one that is seen: seen from now on."""
        with self._pinned.reading() as reader:
            if not reader.behind():
                return None
        self._pinned = self._pin()
        with self._pinned.reading() as reader:
            return reader

    def _recover(self) -> None:
        """LMDB reads no more in a transaction in which it met damage: another one of that commit.

        Where there is none any more, all that is left to be looked at is reported as damaged.
        """
        with self._pinned.reading() as reader:
            try:
                reader.get(keys.IDENTITY)
            except CorruptedError:
                commit = reader.commit
            else:
                return
        other = self._pin()
        with other.reading() as reader:
            if reader.commit == commit:
                self._pinned = other


def check(pin: Callable[[], Pinned]) -> Generator[Problem]:
    """Every problem of the moment that `pin` holds; see the top of this file."""
    return _check(_Looks(pin))


def _check(looks: _Looks) -> Generator[Problem]:
    known = _Known()
    for step in (_identity, _database, _names, _headers, _generations, _journals):
        yield from looks.look(_knowing(step, known), step.__name__.strip("_"))
    for first in range(256):
        prefix = bytes([first])
        _anew(looks, known)
        strays = partial(_stray, prefix=prefix, known=known)
        yield from looks.look(strays, f"keys that begin with {prefix.hex()}")
    for number in list(known.headers):
        yield from _collection(looks, known, number)


def _knowing(step: Step, known: _Known) -> Callable[[Snapshot], Iterator[Problem]]:
    return lambda reader: step(reader, known)


def _collection(looks: _Looks, known: _Known, number: int) -> Iterator[Problem]:
    found: list[Problem] = []
    walks = Walks()
    steps: Iterator[_OfCollection] = chain(
        (_claims,),
        (_without(step) for step in walks.over_ids()),
        (_without(walks.records(first)) for first in walks.firsts(known.headers[number])),
        (_without(walks.end), _beside, _blocks, _search, _fields),
    )
    for step in steps:
        if found and step is _search:
            continue
        header = _as_of_now(looks, known, number)
        if header is None:
            break  # dropped meanwhile
        where = f"collection {header.name!r}"
        more = looks.look(_about(step, header, known), where)
        found += more
        if more and step is _claims:
            break  # what is looked at next makes room for what the header says there is
    yield from found


def _anew(looks: _Looks, known: _Known) -> None:
    """Find out again what exists, where others committed; what is wrong with it was named."""
    if len(known.headers) > _FEW:
        return
    reader = looks.renewed()
    if reader is None:
        return
    again = _Known(unreadable_names=known.unreadable_names, unreadable=known.unreadable)
    with reader.use():
        for step in (_database, _names, _headers, _generations):
            for _ in _guarded(step(reader, again), ""):
                pass
    known.database, known.names = again.database or known.database, again.names
    known.headers, known.generations = again.headers, again.generations


def _as_of_now(looks: _Looks, known: _Known, number: int) -> CollectionHeader | None:
    """A collection at the newest moment; None where it was dropped."""
    before = known.headers[number]
    reader = looks.renewed()
    if reader is None:
        return before
    with reader.use():
        try:
            if reader.get(keys.collection(number)) is None:
                return None
            header = reader.header_of(number)
            known.database = reader.database_header()
        except CorruptedError:
            return before  # it was whole before: the next step says what is wrong
        known.headers[number] = header
        known.generations[number] = dict(_records_of(reader, number))
    return header


def _records_of(reader: Snapshot, number: int) -> Iterator[tuple[int, GenerationRecord]]:
    """The generations of a collection whose records can be read."""
    for key, value in reader.items(keys.within(KeyKind.GENERATION, number)):
        with suppress(CorruptedError):
            generation = keys.decode(key).generation or 0
            body = reader.seal.unwrap(key, value)
            yield generation, GenerationRecord.decode(body, number, generation)


def _beside(reader: Snapshot, header: CollectionHeader, known: _Known) -> Iterator[Problem]:
    """Generations beside the one in use."""
    if known.database is not None:
        found = known.generations.get(header.number, {})
        yield from check_beside(reader, database=known.database, header=header, found=found)


def _blocks(reader: Snapshot, header: CollectionHeader, known: _Known) -> Iterator[Problem]:
    """Blocks and links; vectors, where these can be read."""
    view = _view_of(known, header)
    if view is None:
        return
    sound = True
    for problem in index.verify(reader, view):
        sound = False
        yield problem
    if sound:
        yield from check_vectors(reader, view)


def _search(reader: Snapshot, header: CollectionHeader, known: _Known) -> Iterator[Problem]:
    """Whether it can be searched; asked where nothing else is wrong."""
    view = _view_of(known, header)
    if view is not None:
        yield from check_search(reader, view)


def _fields(reader: Snapshot, header: CollectionHeader, known: _Known) -> Iterator[Problem]:
    """Postings of declared fields."""
    view = _view_of(known, header)
    if view is not None:
        yield from check_fields(reader, view)


def _about(
    step: _OfCollection, header: CollectionHeader, known: _Known
) -> Callable[[Snapshot], Iterator[Problem]]:
    return lambda reader: step(reader, header, known)


def _without(
    step: Callable[[Snapshot, CollectionHeader], Iterator[Problem]],
) -> _OfCollection:
    """A step that needs nothing but the header."""
    return lambda reader, header, _: step(reader, header)


def _claims(reader: Snapshot, header: CollectionHeader, known: _Known) -> Iterator[Problem]:
    """What a header counts is there."""
    del known
    try:
        require_slot_count(reader, header)
    except CorruptedError as error:
        yield _problem(error)


def _guarded(step: Iterator[Problem], where: str) -> Iterator[Problem]:
    """The problems of a step, and the damage that broke it off."""
    try:
        yield from step
    except CorruptedError as error:
        yield _problem(error, where)


def _problem(error: CorruptedError, where: str = "") -> Problem:
    return Problem(error.where or where, error.message)


def _identity(reader: Snapshot, _known: _Known) -> Iterator[Problem]:
    try:
        Identity.decode(reader.get(keys.IDENTITY)).check()
    except FormatVersionError as error:
        yield Problem("key 00 (identity)", str(error))


def _database(reader: Snapshot, known: _Known) -> Iterator[Problem]:
    header = known.database = reader.database_header()
    where = "key 01 (database header)"
    for name, expected, stored in (
        ("small_block", blocks.small_block(header.page_size), header.small_block),
        ("big_block", blocks.BIG_BLOCK, header.big_block),
        ("commit", reader.commit, header.commit),
    ):
        if expected != stored:
            yield Problem(where, f"{name}: expected {expected}, got {stored}")


def _names(reader: Snapshot, known: _Known) -> Iterator[Problem]:
    for key, value in reader.items(bytes([KeyKind.NAME])):
        name = None
        try:
            name = keys.decode(key).name or ""
            body = reader.seal.unwrap(key, value)
        except CorruptedError as error:
            known.unreadable_names.add(name or "")
            yield _problem(error)
            continue
        known.names[name] = int.from_bytes(body, "little")
        if len(body) != 4:
            yield Problem(f"name {name!r}", f"expected 4 bytes, got {len(body)}")


def _headers(reader: Snapshot, known: _Known) -> Iterator[Problem]:
    for key, value in reader.items(bytes([KeyKind.COLLECTION])):
        number = None
        try:
            number = keys.decode(key).collection
            header = CollectionHeader.decode(reader.seal.unwrap(key, value), number or 0)
        except CorruptedError as error:
            known.unreadable.add(-1 if number is None else number)
            yield _problem(error)
            continue
        known.headers[header.number] = header
        if known.database is not None and header.number >= known.database.next_collection:
            yield Problem(
                "key 01 (database header)",
                f"next_collection: expected more than {header.number}, which is taken, "
                f"got {known.database.next_collection}",
            )
        if (
            known.names.get(header.name) != header.number
            and header.name not in known.unreadable_names
        ):
            yield Problem(
                f"collection {header.name!r}",
                f"its header has number {header.number}, its name leads to "
                f"{known.names.get(header.name, 'nothing')}",
            )
    for name, number in known.names.items():
        owner = known.headers.get(number)
        if owner is None and number not in known.unreadable:
            yield Problem(f"name {name!r}", f"leads to collection {number}, which has no header")
        elif owner is not None and owner.name != name:
            yield Problem(
                f"name {name!r}", f"leads to collection {number}, whose name is {owner.name!r}"
            )


def _generations(reader: Snapshot, known: _Known) -> Iterator[Problem]:
    for key, value in reader.items(bytes([KeyKind.GENERATION])):
        try:
            place = keys.decode(key)
            number, generation = place.collection or 0, place.generation or 0
        except CorruptedError:
            continue  # named by the walk over all keys
        known.generations.setdefault(number, {})
        try:
            record = GenerationRecord.decode(reader.seal.unwrap(key, value), number, generation)
        except CorruptedError as error:
            known.unreadable.add(number)
            yield _problem(error)
            continue
        known.generations[number][generation] = record
    for header in known.headers.values():
        yield from _generations_of(reader, header, known)


def _generations_of(reader: Snapshot, header: CollectionHeader, known: _Known) -> Iterator[Problem]:
    """What a header says of its generations against the records there are."""
    found = known.generations.get(header.number, {})
    where = f"collection {header.name!r}"
    current = found.get(header.generation)
    if current is None:
        if header.number not in known.unreadable:
            yield Problem(where, f"generation {header.generation} has no record")
    else:
        for what in differences(header, current, reader.small_block):
            yield Problem(where, what)
    try:
        convention_of(header, None)
    except CorruptedError as error:
        yield Problem(where, error.message)
    if header.generation not in {line["generation"] for line in header.history}:
        yield Problem(where, f"its history does not mention generation {header.generation}")
    yield from check_roles(header, found, readable=header.number not in known.unreadable)


def _journals(reader: Snapshot, _known: _Known) -> Iterator[Problem]:
    for key, value in reader.items(bytes([KeyKind.JOURNAL])):
        try:
            commit = keys.decode(key).commit or 0
            journal.decode(reader.seal.unwrap(key, value), commit)
        except CorruptedError as error:
            yield _problem(error)
            continue
        newest = reader.commit
        if commit > newest:
            yield Problem(
                f"journal of commit {commit}", f"the newest commit of the database is {newest}"
            )
        elif commit <= newest - journal.KEPT:
            yield Problem(
                f"journal of commit {commit}",
                f"should have been removed at commit {commit + journal.KEPT}",
                "warning",
            )


def _view_of(known: _Known, header: CollectionHeader) -> CollectionView | None:
    """A view of its own for the check, or None where its records do not allow one.

    The views that searches share remember which blocks they have verified; here every block is
    read and its checksum computed again.
    """
    generation = known.generations.get(header.number, {}).get(header.generation)
    if known.database is None or generation is None or generation.dtype != header.dtype:
        return None
    try:
        return build_view(known.database, header, generation)
    except CorruptedError:  # named with its generation
        return None


def _stray(reader: Snapshot, prefix: bytes, known: _Known) -> Iterator[Problem]:
    """Every key is one of ours and belongs to a collection (of blocks: to a table) that exists."""
    for key, _ in reader.items(prefix):
        try:
            place = keys.decode(key)
        except CorruptedError as error:
            if key[0] not in (KeyKind.NAME, KeyKind.JOURNAL):  # named by their own steps
                yield _problem(error)
            continue
        what = _homeless(reader, place, known)
        if what is not None:
            yield Problem(str(place), what)


def _homeless(reader: Snapshot, place: Key, known: _Known) -> str | None:
    """Why a key should not be there, or None."""
    number = place.collection
    if number is None or number in known.unreadable or -1 in known.unreadable:
        return None
    header = known.headers.get(number)
    if header is None:
        return f"there is no collection {number}"
    if place.kind is KeyKind.POSTINGS:
        if place.field in {line["number"] for line in header.fields}:
            return None
        return f"collection {header.name!r} has no declared field {place.field}"
    if place.kind is KeyKind.CHANGE:
        return homeless_change(header, place)
    if place.kind is not KeyKind.BLOCK or place.generation in header.leaving:
        return None
    return _homeless_block(reader, header, place, known.generations.get(number, {}))


def _homeless_block(
    reader: Snapshot,
    header: CollectionHeader,
    place: Key,
    generations: dict[int, GenerationRecord],
) -> str | None:
    """Why a block should not be there, or None."""
    kind, level = place.block_kind or 0, place.level or 0
    if kind == blocks.VECTORS:
        over = [one for one in generations.values() if one.vectors == place.generation]
        if not over:
            return f"no generation of collection {header.name!r} is over these vectors"
        row_size, span = blocks.vector_row_size(header.dim, over[0].dtype), 1
        fits = level == 0
    else:
        record = generations.get(place.generation or 0)
        if record is None:
            return f"collection {header.name!r} has no generation {place.generation}"
        M = record.index.get("M", 0)
        codes = record.index.get("codes")
        if kind == blocks.CODES:
            fits = codes is not None and level == 0
            row_size, span = (blocks.code_row_size(header.dim, codes), 1) if codes else (0, 1)
        else:
            fits = kind == blocks.LINKS and M > 0 and level < blocks.link_levels(M)
            row_size, span = (blocks.link_row_size(M, level), M**level) if fits else (0, 1)
    if not fits:
        return f"collection {header.name!r} has no such table of blocks"
    rows = blocks.rows_per_block(blocks.block_size(kind, reader.small_block), row_size, kind)
    if (place.number or 0) * rows * span >= header.slots:
        return f"collection {header.name!r} has {header.slots} slots, and none lies in this block"
    return None
