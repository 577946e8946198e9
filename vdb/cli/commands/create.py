"""`vdb create`: creates a database, or a collection in one."""

from __future__ import annotations

from typing import Annotated

import typer

from vdb.api import database
from vdb.api.collection import Collection
from vdb.cli.arguments import numbers, options
from vdb.cli.arguments.schema import Options, Schema, required
from vdb.cli.render import output
from vdb.errors import CollectionExistsError, InvalidArgumentError
from vdb.maintenance.info import CollectionInfo, DatabaseInfo
from vdb.model.config import OPEN


def create(
    directory: options.Directory,
    name: options.OptionalName = None,
    *,
    dim: Annotated[
        int | None,
        typer.Option(
            metavar="N|auto",
            parser=numbers.a_dimension,
            help="Length of its vectors, or auto: that of the first one; needed with NAME.",
        ),
    ] = None,
    metric: options.Metric = None,
    dtype: options.DType = None,
    index: options.Index = None,
    M: options.Links = None,
    ef_construction: options.EfConstruction = None,
    codes: options.Codes = None,
    scores: options.Scores = None,
    model: options.Model = None,
    field: options.Fields = None,
    optional_vectors: options.OptionalVectors = False,
    exist_ok: Annotated[
        bool,
        typer.Option(
            "--exist-ok",
            help="Accept a collection of that name that agrees with the options given.",
        ),
    ] = False,
    lock_timeout: options.LockTimeout = 5.0,
    allow_network_fs: options.AllowNetwork = False,
    json: options.Json = False,
) -> None:
    """Make a database (when there is none) and, with NAME, an empty collection in it.

    A collection needs --dim and --metric. Both are fixed from then on.
    """
    fields = tuple(field or ())
    schema_options = Options(
        metric,
        dtype,
        index,
        M,
        ef_construction,
        codes,
        scores,
        model,
        fields,
        optional_vectors or None,
    )
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
        output.json_object(info)
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
    db: database.Database, schema: Schema, schema_options: Options, *, exist_ok: bool
) -> tuple[Collection, bool]:
    """The collection, and whether it was made."""
    try:
        return schema.make(db), True
    except CollectionExistsError:
        if not exist_ok:
            raise
    dim = schema.dim if isinstance(schema.dim, int) else None
    collection = db.collection(schema.name, metric=schema.metric, dim=dim, model=schema.model)
    schema_options.compare(collection)
    return collection, False
