"""The call `Database.import_source`: its arguments, the import, and the verification."""

from __future__ import annotations

import time
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, replace
from typing import Any

from vdb.api.importing.report import ImportReport
from vdb.api.importing.run import IDS, Run
from vdb.api.importing.target import (
    Arguments,
    ImportDatabase,
    schema_of_collection,
    schema_of_source,
)
from vdb.api.importing.verification import verify
from vdb.errors import (
    CollectionExistsError,
    InvalidArgumentError,
    NotFoundError,
)
from vdb.index import ingest
from vdb.model import arguments, config
from vdb.model.records import Progress
from vdb.sources import Source
from vdb.sources.opening import format_of, open_place, place_of

__all__ = ["Arguments", "ImportReport", "Options", "SourceArguments", "import_source"]

_MOST_QUERIES = 1_000_000


@dataclass(frozen=True, slots=True)
class SourceArguments:
    """The source as it was given: a path and how to open it, or one that is open."""

    source: object
    format: str | None
    options: object

    def opened(
        self, metric: str | None, *, optional: bool = False
    ) -> AbstractContextManager[Source]:
        """The source; one that the caller opened stays open.

        `optional`: the collection takes records without a vector, which some formats must be told.
        """
        if isinstance(self.source, Source):
            if self.format is not None or self.options:
                raise InvalidArgumentError(
                    "format= and options= say how to open a path; this source is open already"
                )
            return nullcontext(self.source)
        options = arguments.named_options("options", self.options)
        if "metric" in options:
            raise InvalidArgumentError("the metric is no option of a format; give it as metric=")
        place = place_of(self.source, "source")
        if optional and format_of(place, self.format).takes("optional"):
            options = {"optional": True} | options
        return open_place(place, self.format, metric, options)


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
    memory_limit: Any
    threads: Any
    progress: Progress | None

    def checked(self) -> Options:
        """The same in their types.

        Raises:
            InvalidArgumentError, ArgumentTypeError: One is out of range, or two do not go together.
        """
        arguments.callback("progress", self.progress)
        rows, memory = self.batch_rows, self.memory_limit
        made = Options(
            arguments.choice("ids", self.ids, IDS),
            arguments.choice("on_duplicate", self.on_duplicate, ingest.ON_DUPLICATE),
            arguments.truth("exist_ok", self.exist_ok),
            arguments.truth("resume", self.resume),
            arguments.truth("strict", self.strict),
            arguments.whole("verify", self.verify, 0, _MOST_QUERIES),
            arguments.truth("dry_run", self.dry_run),
            None if rows is None else arguments.whole("batch_rows", rows, 1, 1_000_000),
            None if memory is None else arguments.whole("memory_limit", memory, 1, 2**63 - 1),
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
    if schema.optional_vectors is not None:
        arguments.truth("optional_vectors", schema.optional_vectors)
    existing = None
    with suppress(NotFoundError):
        existing = db.collection(name)
    if existing is not None and not (how.exist_ok or how.resume):
        raise CollectionExistsError(
            f"there is a collection {name!r} already; exist_ok=True adds to it, and "
            "resume=True goes on with an import that was interrupted",
            expected="a name that is not taken",
            received=name,
        )
    optional = schema.optional_vectors or (
        existing is not None and existing.info().optional_vectors
    )
    with place.opened(metric, optional=bool(optional)) as source:
        if existing is None:
            full = schema_of_source(name, source.info, schema)
        else:
            full = schema_of_collection(db, existing, source.info, schema)
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
            memory_limit=how.memory_limit,
        )
        if how.dry_run:
            run.rehearse()
            return run.report(start, written=False)
        collection = run.write()
        report = run.report(start, written=True)
        if how.verify:
            refused = {one.id for one in run.refusals}
            verification = verify(source, collection, how.verify, how.ids, refused)
            seconds = time.monotonic() - start
            report = replace(report, verification=verification, seconds=seconds)
        return report
