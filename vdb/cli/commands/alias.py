"""`vdb alias`: further names of collections."""

from __future__ import annotations

from pathlib import Path

import click

from vdb.api import database
from vdb.cli.arguments import options
from vdb.cli.arguments.command import argument, command
from vdb.cli.render import output
from vdb.errors import InvalidArgumentError


@command("alias")
@options.directory
@argument("alias_name", metavar="ALIAS", required=False, help="The alias. [default: list them]")
@argument("name", metavar="NAME", required=False, help="The collection that it is to lead to.")
@click.option("--drop", is_flag=True, help="Remove the alias.")
@options.lock_timeout
@options.allow_network_fs
@options.json
def alias(
    directory: Path,
    alias_name: str | None,
    name: str | None,
    *,
    drop: bool,
    lock_timeout: float,
    allow_network_fs: bool,
    json: bool,
) -> None:
    """Let a second name lead to a collection, in one commit; or list such names, or remove one.

    Programs that ask for the alias get the collection that it leads to then.
    """
    if alias_name is not None and (name is None) != drop:
        raise InvalidArgumentError(
            "with an alias comes either the collection that it is to lead to, or --drop",
            expected="NAME or --drop",
            received=name,
        )
    if alias_name is None and drop:
        raise InvalidArgumentError("--drop goes with an alias", expected="ALIAS", received=None)
    with database.open(
        directory,
        create=False,
        read_only=alias_name is None,
        lock_timeout=lock_timeout,
        allow_network_fs=allow_network_fs,
    ) as db:
        if alias_name is not None and drop:
            db.drop_alias(alias_name)
        elif alias_name is not None and name is not None:
            db.set_alias(alias_name, name)
        aliases = db.aliases()
    if json:
        output.json_object({"aliases": aliases})
    elif alias_name is None:
        output.table(f"{directory}: aliases", ["alias", "collection"], list(aliases.items()))
    elif drop:
        output.line(f"{directory}: removed alias {alias_name}")
    else:
        output.line(f"{directory}: alias {alias_name} leads to collection {aliases[alias_name]}")
