"""`vdb create`: a new database, or a new collection in one."""

from __future__ import annotations

from typing import Annotated

import typer

from vdb import database
from vdb.cli import options, output
from vdb.cli.schema import Schema, index_from_options, required


def create(
    directory: options.Directory,
    name: options.OptionalName = None,
    *,
    dim: Annotated[
        int | None, typer.Option(metavar="N", help="Length of its vectors; needed with NAME.")
    ] = None,
    metric: options.Metric = None,
    index: options.Index = "hnsw",
    M: options.Links = None,
    ef_construction: options.EfConstruction = None,
    scores: options.Scores = "native",
    model: options.Model = None,
    lock_timeout: options.LockTimeout = 5.0,
    allow_network_fs: options.AllowNetwork = False,
    json: options.Json = False,
) -> None:
    """Make a database (when there is none) and, with NAME, an empty collection in it.

    A collection needs --dim and --metric. Both are fixed from then on.
    """
    schema = None
    if name is not None:
        schema = Schema(
            name,
            required("--dim", dim),
            required("--metric", metric),
            index_from_options(index, M, ef_construction),
            scores,
            model,
        )
    with database.open(
        directory, lock_timeout=lock_timeout, allow_network_fs=allow_network_fs
    ) as db:
        info = db.info() if schema is None else schema.make(db).info()
        count = len(db.collections())
    if json:
        output.json_object(info)
    elif schema is None:
        output.line(f"{directory}: a database with {count} collection{'' if count == 1 else 's'}")
    else:
        output.line(
            f"{directory}: made collection {schema.name} "
            f"({schema.dim} dimensions, {schema.metric}, {index})"
        )
