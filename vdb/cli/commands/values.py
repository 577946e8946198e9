"""`vdb values`: the different values of a declared field, with their counts."""

from __future__ import annotations

from pathlib import Path

import click

from vdb.api import database
from vdb.cli.arguments import numbers, options
from vdb.cli.arguments.command import argument, command
from vdb.cli.arguments.where import where_from, where_option
from vdb.cli.render import output
from vdb.model.results import plain


@command("values")
@options.directory
@options.name
@argument("field", metavar="FIELD", help="A declared field, as vdb info lists them.")
@where_option
@click.option("--prefix", metavar="TEXT", help="Only strings that begin so.")
@click.option(
    "--limit", metavar="N", type=numbers.a_whole_number, help="The largest number of values."
)
@click.option(
    "--order", metavar="value|count", default="value", help="Rising, or the most frequent first."
)
@options.allow_network_fs
@options.json
def values(
    directory: Path,
    name: str,
    field: str,
    *,
    where: str | None,
    prefix: str | None,
    limit: int | None,
    order: str,
    allow_network_fs: bool,
    json: bool,
) -> None:
    """List the different values of a declared field, and how many records have each.

    Reads the field's index, not the records. --where counts only records that pass a filter.
    """
    condition = where_from(where)
    with database.open(
        directory, create=False, read_only=True, allow_network_fs=allow_network_fs
    ) as db:
        found = db.collection(name).values(
            field, where=condition, prefix=prefix, limit=limit, order=order
        )
    if json:
        output.json_object(
            {
                "collection": name,
                "field": found.field,
                "type": found.type,
                "distinct": found.distinct,
                "min": found.min,
                "max": found.max,
                "values": found.to_dicts(),
            }
        )
        return
    shown = "" if len(found) == found.distinct else f", {len(found):,} of them shown"
    output.table(
        f"{name}: {found.distinct:,} values of {found.field} ({found.type}){shown}",
        ["value", "records"],
        [(str(plain(value)), f"{count:,}") for value, count in found],
        numbers=(1,),
        shorten=0,
    )
