"""The call `ShardedCollection.load`, from its arguments to the report."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from vdb.cluster.loading.columns import Columns
from vdb.cluster.loading.ledger import Ledger
from vdb.cluster.loading.outcome import report_of
from vdb.cluster.loading.piece import Piece, PieceReport
from vdb.cluster.loading.places import files_of
from vdb.cluster.loading.planning import planned
from vdb.cluster.loading.report import LoadProgress, LoadReport
from vdb.cluster.loading.worker import LoadPlan, Opener, Target, load_piece, load_there
from vdb.errors import InvalidArgumentError
from vdb.index import ingest
from vdb.model import arguments

__all__ = ["Each", "LoadArguments", "load"]

Outcome = dict[str, Any]
Each = Callable[[Callable[[Any], Outcome], Sequence[Any], int | None], Iterator[Outcome]]
"""How an engine does something with many things elsewhere: a function, the things, how many
workers; results come in any order. The local engine has none: its workers are threads."""

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_BATCH_BYTES: Final = 8 << 20
_MOST_ROWS: Final = 16_384
_THREADS: Final = 4


@dataclass(frozen=True, slots=True)
class LoadArguments:
    """A load as it was asked for, unchecked; as `ShardedCollection.load` names them."""

    places: Any
    format: Any = None
    id: Any = "id"
    vector: Any = None
    payload: Any = None
    packed: Any = False
    options: Any = None
    storage_options: Any = None
    name: Any = None
    on_duplicate: Any = "error"
    strict: Any = True
    verify: Any = True
    batch_rows: Any = None
    workers: Any = None
    timeout: Any = 300.0
    progress: Callable[[LoadProgress], object] | None = None


def load(
    target: Target,
    given: LoadArguments,
    *,
    optional: bool,
    elsewhere: tuple[Opener, Each] | None = None,
) -> LoadReport:
    """As `ShardedCollection.load`.

    Args:
        target: Where to write.
        given: The arguments.
        optional: Whether the collection takes records without a vector.
        elsewhere: What opens the target in another process, and the engine's way to use many of
            them; None: threads of this one.
    """
    start = time.monotonic()
    arguments.callback("progress", given.progress)
    columns = Columns.checked(
        given.id,
        given.vector,
        given.payload,
        packed=arguments.truth("packed", given.packed),
        optional=optional,
    )
    form = None if given.format is None else arguments.text("format", given.format)
    store_options = arguments.named_options("storage_options", given.storage_options)
    format_options = arguments.named_options("options", given.options)
    files = files_of(given.places, store_options)
    pieces = planned(files, form, columns)
    plan = _plan(target.collection, given, columns, pieces, {**store_options, **format_options})
    ledger = Ledger(target.store, plan.name)
    ledger.begin(_decisive(target.collection, plan), pieces)
    done = {
        number: report
        for number, report in ledger.done().items()
        if number < len(pieces) and report.key == pieces[number].key
    }
    resumed = len(done)
    left = [piece for piece in pieces if piece.number not in done]
    workers = None if given.workers is None else arguments.whole("workers", given.workers, 1, 4096)

    def show() -> None:
        if given.progress is not None:
            counts = [piece.rows for piece in pieces]
            rows = None if None in counts else sum(one or 0 for one in counts)
            read = sum(one.read for one in done.values())
            seconds = time.monotonic() - start
            given.progress(LoadProgress(len(pieces), len(done), rows, read, seconds))

    show()
    for number, report in _run(target, plan, left, workers, elsewhere):
        done[number] = report
        show()
    return _report(plan, pieces, done, resumed, time.monotonic() - start)


def _run(
    target: Target,
    plan: LoadPlan,
    pieces: list[Piece],
    workers: int | None,
    elsewhere: tuple[Opener, Each] | None,
) -> Iterator[tuple[int, PieceReport]]:
    """The reports of the pieces, as they are done."""
    if elsewhere is not None and len(pieces) > 1:
        opener, each = elsewhere
        outcomes = each(partial(load_there, opener, plan), pieces, workers)
        yield from map(report_of, outcomes)
        return
    here = partial(_numbered, partial(load_piece, target, plan))
    yield from _in_threads(here, pieces, workers or _THREADS)


def _numbered(function: Callable[[Piece], PieceReport], piece: Piece) -> tuple[int, PieceReport]:
    return piece.number, function(piece)


def _in_threads(
    function: Callable[[Piece], tuple[int, PieceReport]], pieces: Iterable[Piece], threads: int
) -> Iterator[tuple[int, PieceReport]]:
    """Few pieces are under way at a time; after an error no further one is begun."""
    rest = iter(pieces)
    with ThreadPoolExecutor(threads, thread_name_prefix="vdb-load") as pool:
        running: set[Future[tuple[int, PieceReport]]] = set()
        while True:
            for piece in rest:
                running.add(pool.submit(function, piece))
                if len(running) >= threads:
                    break
            if not running:
                return
            ready, running = wait(running, return_when=FIRST_COMPLETED)
            for future in ready:
                yield future.result()


def _plan(
    collection: Any,
    given: LoadArguments,
    columns: Columns,
    pieces: list[Piece],
    options: Mapping[str, Any],
) -> LoadPlan:
    rows = given.batch_rows
    if rows is None:
        rows = max(1, min(_MOST_ROWS, _BATCH_BYTES // (4 * max(1, collection.dim))))
    on_duplicate = arguments.choice("on_duplicate", given.on_duplicate, ingest.ON_DUPLICATE)
    strict = arguments.truth("strict", given.strict)
    name = given.name
    if name is None:
        name = _derived_name(collection.name, pieces, (on_duplicate, str(strict)))
    elif not isinstance(name, str) or not _NAME.fullmatch(name):
        raise InvalidArgumentError(
            f"name must be 1 to 100 letters, digits, . _ -, got {arguments.shown(name)}",
            received=name,
        )
    return LoadPlan(
        name,
        columns,
        arguments.whole("batch_rows", rows, 1, 1_000_000),
        on_duplicate,
        strict,
        arguments.truth("verify", given.verify),
        arguments.number("timeout", given.timeout),
        options,
    )


def _derived_name(collection: str, pieces: Sequence[Piece], rules: Sequence[str]) -> str:
    """A name that the same files with the same contents have, in the same order.

    With other rules for rows that are refused it is another load: the first may have been refused.
    """
    keys = "\n".join([*(one.key for one in pieces), *rules])
    return f"{collection[:80]}-{hashlib.blake2b(keys.encode(), digest_size=8).hexdigest()}"


def _decisive(collection: Any, plan: LoadPlan) -> dict[str, Any]:
    """The arguments that a later call must repeat, because tokens rest on them."""
    columns = plan.columns
    return {
        "collection": collection.name,
        "id": columns.id,
        "vector": columns.vector,
        "payload": None if columns.payload is None else list(columns.payload),
        "batch_rows": plan.batch_rows,
        "on_duplicate": plan.on_duplicate,
    }


def _report(
    plan: LoadPlan,
    pieces: list[Piece],
    done: Mapping[int, PieceReport],
    resumed: int,
    seconds: float,
) -> LoadReport:
    reports = list(done.values())
    checksum = sum(int(one.checksum, 16) for one in reports) % (1 << 64)
    return LoadReport(
        plan.name,
        len({one.place for one in pieces}),
        len(pieces),
        resumed,
        sum(one.read for one in reports),
        sum(one.added for one in reports),
        sum(one.replaced for one in reports),
        sum(one.skipped for one in reports),
        sum(one.refused for one in reports),
        sum(one.verified for one in reports),
        f"{checksum:016x}",
        seconds,
    )
