"""`vdb index-field`: declares a field of a collection that has records."""

from __future__ import annotations

from pathlib import Path

import click

from vdb.api import database
from vdb.cli.arguments import options
from vdb.cli.arguments.command import argument, command
from vdb.cli.arguments.schema import field_kind
from vdb.cli.render import output


@command("index-field")
@options.directory
@options.name
@argument("field", metavar="FIELD", help="The field, a nested one as author.name.")
@argument("type_", metavar="[TYPE]", required=False, help="As --field of vdb create has it.")
@click.option("--drop", is_flag=True, help="Remove a declared field and its index instead.")
@options.lock_timeout
@options.allow_network_fs
@options.json
def index_field(
    directory: Path,
    name: str,
    field: str,
    type_: str | None,
    *,
    drop: bool,
    lock_timeout: float,
    allow_network_fs: bool,
    json: bool,
) -> None:
    """Declare a payload field of a collection and index it, or drop one.

    Others may read and write meanwhile. After an interruption the same command goes on. TYPE is
    int, float, keyword, bool or datetime, with [] for lists, for filters; text or text=ANALYZER for
    a search of words.
    """
    if drop == (type_ is not None):
        raise click.UsageError("give one of TYPE and --drop")
    with database.open(
        directory, create=False, lock_timeout=lock_timeout, allow_network_fs=allow_network_fs
    ) as db:
        docs = db.collection(name)
        if type_ is None:
            docs.drop_field(field)
        else:
            docs.index_field(field, field_kind(type_))
        info = docs.info()
    if json:
        output.json_object(info)
    elif type_ is None:
        output.line(f"{name}: {field} is not declared any more")
    else:
        output.line(f"{name}: {field} is indexed as {type_}")
