"""The call `Database.import_source`: its arguments, the import, and the verification."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from typing import Any

from vdb.api.importing.report import ImportReport
from vdb.api.importing.run import IDS, Run
from vdb.api.importing.target import Arguments, ImportDatabase, Schema
from vdb.api.importing.verification import verify
from vdb.errors import ArgumentTypeError, CollectionExistsError, InvalidArgumentError
from vdb.index import ingest
from vdb.model import arguments, config
from vdb.model.records import Id, Progress
from vdb.sources import Source
from vdb.sources.opening import open_place, place_of

__all__ = ["Arguments", "ImportReport", "Options", "SourceArguments", "import_source"]

_MOST_QUERIES = 1_000_000


@dataclass(frozen=True, slots=True)
class SourceArguments:
    """The source as it was given: a path and how to open it, or one that is open."""

    source: object
    format: str | None
    options: object

    def opened(self, metric: str | None) -> AbstractContextManager[Source]:
        """The source; one that the caller opened stays open."""
        if isinstance(self.source, Source):
            if self.format is not None or self.options:
                raise InvalidArgumentError(
                    "format= and options= say how to open a path; this source is open already"
                )
            return nullcontext(self.source)
        options = {} if self.options is None else self.options
        if not isinstance(options, dict) or not all(isinstance(name, str) for name in options):
            raise ArgumentTypeError(
                f"options must be a dict with str keys, got {type(options).__name__}",
                expected="dict",
                received=type(options).__name__,
            )
        if "metric" in options:
            raise InvalidArgumentError("the metric is no option of a format; give it as metric=")
        return open_place(place_of(self.source, "source"), self.format, metric, options)


@dataclass(frozen=True, slots=True)
class Options:
    """How to import, unchecked; as `Database.import_source` names them."""

    ids: Any
    on_duplicate: Any
    exist_ok: Any
    resume: Any
    strict: Any
    verify: Any
    dry_run: Any
    batch_rows: Any
    threads: Any
    progress: Progress | None

    def checked(self) -> Options:
        """The same in their types.

        Raises:
            InvalidArgumentError, ArgumentTypeError: One is out of range, or two do not go together.
        """
        arguments.callback("progress", self.progress)
        rows = self.batch_rows
        made = Options(
            arguments.choice("ids", self.ids, IDS),
            arguments.choice("on_duplicate", self.on_duplicate, ingest.ON_DUPLICATE),
            arguments.truth("exist_ok", self.exist_ok),
            arguments.truth("resume", self.resume),
            arguments.truth("strict", self.strict),
            arguments.whole("verify", self.verify, 0, _MOST_QUERIES),
            arguments.truth("dry_run", self.dry_run),
            None if rows is None else arguments.whole("batch_rows", rows, 1, 1_000_000),
            config.thread_count(self.threads),
            self.progress,
        )
        if made.dry_run and made.verify:
            raise InvalidArgumentError(
                "verify= compares what was written; dry_run=True writes none"
            )
        return made


def import_source(
    db: ImportDatabase, name: str, place: SourceArguments, schema: Arguments, options: Options
) -> ImportReport:
    """As `Database.import_source`."""
    start = time.monotonic()
    name = config.collection_name(name)
    how = options.checked()
    metric = None if schema.metric is None else arguments.text("metric", schema.metric)
    with place.opened(metric) as source:
        full = Schema.of(name, source.info, schema)
        existing = None
        if name in db:
            if not (how.exist_ok or how.resume):
                raise CollectionExistsError(
                    f"there is a collection {name!r} already; exist_ok=True adds to it, and "
                    "resume=True goes on with an import that was interrupted",
                    expected="a name that is not taken",
                    received=name,
                )
            existing = full.make(db, exist_ok=True)
        run = Run(
            source,
            full,
            db,
            existing=existing,
            ids=how.ids,
            on_duplicate="skip" if how.resume else how.on_duplicate,
            strict=how.strict,
            threads=how.threads,
            progress=how.progress,
            rows=how.batch_rows,
        )
        if how.dry_run:
            run.rehearse()
            return run.report(start, written=False)
        collection = run.write()
        report = run.report(start, written=True)
        if how.verify:
            verification = verify(source, collection, how.verify, _own_id(how.ids))
            seconds = time.monotonic() - start
            report = replace(report, verification=verification, seconds=seconds)
        return report


def _own_id(kind: str) -> Callable[[Id], Id]:
    """How an id of the source becomes one of the collection."""
    return str if kind == "text" else lambda one: one
