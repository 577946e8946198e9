"""The check of a whole database, without writing.

1. the identity and the database header, names, collection headers and generation records, both
   ways, and the journals of the last commits (`headers`);
2. every key: is its form known, and does what it belongs to exist (`orphans`)?
3. of each collection: its records (`records`), the generations that are not in use
   (`generations`), its blocks and links (`verify`), what searches find where nothing is wrong
   so far (`searches`), the postings of its declared fields (`fields`), and its text fields
   (`texts`).

Each step reads one commit; where others commit meanwhile, each step of a collection reads the
newest, so that a check of hours does not pin the pages that are replaced during it.

Damage in one place is a `Problem` and the walk goes on with the next: it never stops at the first.
Problems of a step are gathered before they are yielded, so that a slow reader of them blocks
nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from itertools import chain
from typing import TypeAlias

from vdb.errors import CorruptedError
from vdb.index.vectors.verify import verify
from vdb.maintenance.check import headers
from vdb.maintenance.check.catalog import Catalog, readable_generations
from vdb.maintenance.check.fields import check_fields
from vdb.maintenance.check.generations import check_inactive
from vdb.maintenance.check.orphans import check_orphans
from vdb.maintenance.check.records import Walks, check_vectors
from vdb.maintenance.check.searches import check_search
from vdb.maintenance.check.steps import Pinned, StepRunner, guarded, problem_of
from vdb.model.problem import Problem
from vdb.store import Snapshot, require_slot_count
from vdb.store.format import keys
from vdb.store.format.headers import CollectionHeader

__all__ = ["check"]

_REREAD_HEADERS = 64  # of so many collections the catalog is read again for each new commit

_Step: TypeAlias = Callable[[Snapshot, Catalog], Iterator[Problem]]
_CollectionStep: TypeAlias = Callable[[Snapshot, CollectionHeader, Catalog], Iterator[Problem]]

_CATALOG_STEPS: tuple[_Step, ...] = (
    headers.database,
    headers.names,
    headers.headers,
    headers.aliases,
    headers.generations,
)


def check(pin: Callable[[], Pinned]) -> Generator[Problem]:
    """Every problem of the commit that `pin` holds; see the top of this file."""
    return _check(StepRunner(pin))


def _check(runner: StepRunner) -> Generator[Problem]:
    catalog = Catalog()
    for step in (headers.identity, *_CATALOG_STEPS, headers.journals):
        yield from runner.run(_bound(step, catalog), step.__name__)
    for first in range(256):
        prefix = bytes([first])
        _reread(runner, catalog)
        yield from runner.run(_orphans(prefix, catalog), f"keys that begin with {prefix.hex()}")
    for number in list(catalog.headers):
        yield from _check_collection(runner, catalog, number)


def _bound(step: _Step, catalog: Catalog) -> Callable[[Snapshot], Iterator[Problem]]:
    return lambda reader: step(reader, catalog)


def _orphans(prefix: bytes, catalog: Catalog) -> Callable[[Snapshot], Iterator[Problem]]:
    return lambda reader: check_orphans(reader, prefix, catalog)


def _bound_to(
    step: _CollectionStep, header: CollectionHeader, catalog: Catalog
) -> Callable[[Snapshot], Iterator[Problem]]:
    return lambda reader: step(reader, header, catalog)


def _check_collection(runner: StepRunner, catalog: Catalog, number: int) -> Iterator[Problem]:
    problems: list[Problem] = []
    walks = Walks()
    steps: Iterator[_CollectionStep] = chain(
        (_slot_count,),
        (_header_only(step) for step in walks.over_ids()),
        (_header_only(walks.records(first)) for first in walks.firsts(catalog.headers[number])),
        (_header_only(walks.end), _inactive_generations, _blocks, _searches, _fields, _texts),
    )
    for step in steps:
        if problems and step is _searches:
            continue
        header = _newest_header(runner, catalog, number)
        if header is None:
            break  # dropped meanwhile
        where = f"collection {header.name!r}"
        new_problems = runner.run(_bound_to(step, header, catalog), where)
        problems += new_problems
        if new_problems and step is _slot_count:
            break  # the next steps allocate memory for as many slots as the header counts
    yield from problems


def _reread(runner: StepRunner, catalog: Catalog) -> None:
    """Read the catalog again, where others committed; its problems were reported before."""
    if len(catalog.headers) > _REREAD_HEADERS:
        return
    reader = runner.renew()
    if reader is None:
        return
    newest = Catalog(unreadable_names=catalog.unreadable_names, unreadable=catalog.unreadable)
    with reader.use():
        for step in _CATALOG_STEPS:
            for _ in guarded(step(reader, newest), ""):
                pass
    catalog.database, catalog.names = newest.database or catalog.database, newest.names
    catalog.headers, catalog.generations = newest.headers, newest.generations


def _newest_header(runner: StepRunner, catalog: Catalog, number: int) -> CollectionHeader | None:
    """The header of a collection at the newest commit; None where it was dropped."""
    before = catalog.headers[number]
    reader = runner.renew()
    if reader is None:
        return before
    with reader.use():
        try:
            if reader.get(keys.collection(number)) is None:
                return None
            header = reader.header_of(number)
            catalog.database = reader.database_header()
        except CorruptedError:
            return before  # it was whole before: the next step says what is wrong
        catalog.headers[number] = header
        catalog.generations[number] = dict(readable_generations(reader, number))
    return header


# Steps of a collection


def _header_only(
    step: Callable[[Snapshot, CollectionHeader], Iterator[Problem]],
) -> _CollectionStep:
    """A step that needs nothing but the header."""
    return lambda reader, header, _: step(reader, header)


def _slot_count(reader: Snapshot, header: CollectionHeader, _catalog: Catalog) -> Iterator[Problem]:
    """As many slots as the header counts fit the file."""
    try:
        require_slot_count(reader, header)
    except CorruptedError as error:
        yield problem_of(error)


def _inactive_generations(
    reader: Snapshot, header: CollectionHeader, catalog: Catalog
) -> Iterator[Problem]:
    """Generations that are being built or kept."""
    if catalog.database is not None:
        records = catalog.generations.get(header.number, {})
        yield from check_inactive(reader, catalog.database, header, records)


def _blocks(reader: Snapshot, header: CollectionHeader, catalog: Catalog) -> Iterator[Problem]:
    """Blocks and links; then vectors of records, where nothing is wrong with these."""
    view = catalog.view(header)
    if view is None:
        return
    sound = True
    for problem in verify(reader, view):
        sound = False
        yield problem
    if sound:
        yield from check_vectors(reader, view)


def _searches(reader: Snapshot, header: CollectionHeader, catalog: Catalog) -> Iterator[Problem]:
    """What searches find; run where the steps before found no problem."""
    view = catalog.view(header)
    if view is not None:
        yield from check_search(reader, view)


def _fields(reader: Snapshot, header: CollectionHeader, catalog: Catalog) -> Iterator[Problem]:
    """Postings of declared fields."""
    view = catalog.view(header)
    if view is not None:
        yield from check_fields(reader, view)


def _texts(reader: Snapshot, header: CollectionHeader, catalog: Catalog) -> Iterator[Problem]:
    """Words of text fields."""
    view = catalog.view(header) if header.text_fields else None
    if view is not None:
        from vdb.maintenance.check.texts import check_texts

        yield from check_texts(reader, view)
