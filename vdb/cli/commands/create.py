"""`vdb create`: creates a database, or a collection in one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from vdb.api import database
from vdb.api.collection import Collection
from vdb.api.collection_schema import CollectionSchema
from vdb.cli.arguments import numbers, options
from vdb.cli.arguments.command import command
from vdb.cli.arguments.schema import Options, name_taken_error, required
from vdb.cli.render import output
from vdb.cli.render.plain import stored_facts
from vdb.errors import CollectionExistsError, InvalidArgumentError
from vdb.maintenance.info import CollectionInfo, DatabaseInfo
from vdb.model.config import OPEN


@command("create")
@options.directory
@options.optional_name
@click.option(
    "--dim",
    metavar="N|auto",
    type=numbers.a_dimension,
    help="Length of its vectors, or auto: that of the first one; needed with NAME.",
)
@options.schema
@click.option(
    "--exist-ok",
    is_flag=True,
    help="Accept a collection of that name that agrees with the options given.",
)
@options.lock_timeout
@options.allow_network_fs
@options.json
def create(
    directory: Path,
    name: str | None,
    *,
    dim: int | None,
    exist_ok: bool,
    lock_timeout: float,
    allow_network_fs: bool,
    json: bool,
    **description: Any,
) -> None:
    """Make a database (when there is none) and, with NAME, an empty collection in it.

    A collection needs --dim and --metric. Both are fixed from then on.
    """
    schema_options = Options(**description)
    if name is None:
        if exist_ok:
            raise InvalidArgumentError("--exist-ok is for a collection; give its NAME")
        option_names = [*([] if dim is None else ["--dim"]), *schema_options.by_option()]
        if option_names:
            raise InvalidArgumentError(
                f"{option_names[0]} describes a collection; give its NAME after the directory"
            )
        schema = None
    else:
        schema = schema_options.schema(name, required("--dim", dim))
    with database.open(
        directory, lock_timeout=lock_timeout, allow_network_fs=allow_network_fs
    ) as db:
        made = True
        info: DatabaseInfo | CollectionInfo = db.info()
        if schema is not None:
            collection, made = _collection(db, schema, schema_options, exist_ok=exist_ok)
            info = collection.info()
        count = len(db.collections()) if schema is None else 0
    if json:
        output.json_object(stored_facts(info))
    elif schema is None:
        output.line(f"{directory}: a database with {count} collection{'' if count == 1 else 's'}")
    else:
        kind = "" if schema.dtype == "float32" else f" of {schema.dtype}"
        size = "open dimension" if schema.dim == OPEN else f"{schema.dim} dimensions"
        output.line(
            f"{directory}: {'made' if made else 'there is'} collection {schema.name} "
            f"({size}, {schema.metric}{kind}, {schema.index.type})"
        )


def _collection(
    db: database.Database, schema: CollectionSchema, schema_options: Options, *, exist_ok: bool
) -> tuple[Collection, bool]:
    """The collection, and whether it was made."""
    try:
        return schema.make(db), True
    except CollectionExistsError:
        if not exist_ok:
            raise name_taken_error(schema.name) from None
    dim = schema.dim if isinstance(schema.dim, int) else None
    collection = db.collection(schema.name, metric=schema.metric, dim=dim, model=schema.model)
    schema_options.compare(collection)
    return collection, False
