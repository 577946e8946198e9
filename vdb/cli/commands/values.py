"""`vdb values`: the different values of a declared field, with their counts."""

from __future__ import annotations

from typing import Annotated

import typer

from vdb.api import database
from vdb.cli.arguments import numbers, options
from vdb.cli.arguments.where import Where, where_from
from vdb.cli.render import output
from vdb.model.results import plain


def values(
    directory: options.Directory,
    name: options.Name,
    field: Annotated[
        str, typer.Argument(metavar="FIELD", help="A declared field, as vdb info lists them.")
    ],
    *,
    where: Where = None,
    prefix: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Only strings that begin so.")
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(
            metavar="N", parser=numbers.a_whole_number, help="The largest number of values."
        ),
    ] = None,
    order: Annotated[
        str,
        typer.Option(metavar="value|count", help="Rising, or the most frequent first."),
    ] = "value",
    allow_network_fs: options.AllowNetwork = False,
    json: options.Json = False,
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
