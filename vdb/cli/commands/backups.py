"""`vdb backups`: lists the backups at a URL."""

from __future__ import annotations

import click

from vdb.api.restore import backups as backups_at
from vdb.api.restore import prune_backups
from vdb.cli.arguments import options
from vdb.cli.arguments.command import argument, command
from vdb.cli.arguments.numbers import a_whole_number
from vdb.cli.render import output


@command("backups")
@argument(
    "url",
    metavar="URL",
    help="Where the backups are: file:///PATH, s3://BUCKET/PREFIX, gs://, az://.",
)
@click.option(
    "--keep",
    metavar="N",
    type=a_whole_number,
    help="First remove all but the newest N. What only they needed is deleted a day later, "
    "by another such call.",
)
@options.json
def backups(
    url: str,
    *,
    keep: int | None,
    json: bool,
) -> None:
    """List the backups at a URL, newest first; vdb restore --at takes their names."""
    pruned = None if keep is None else prune_backups(url, keep=keep)
    infos = backups_at(url)
    if json:
        output.json_object({"backups": infos, "pruned": pruned})
        return
    rows = [
        (
            info.name,
            f"{info.commit:,}",
            f"{info.bytes:,}",
            f"{len(info.collections):,}",
            f"{sum(info.collections.values()):,}",
        )
        for info in infos
    ]
    columns = ("name", "commit", "bytes", "collections", "records")
    output.table(f"Backups ({len(infos):,})", columns, rows, numbers=(1, 2, 3, 4))
    if pruned is not None:
        output.line(
            f"{len(pruned.removed):,} removed; {pruned.chunks:,} chunks deleted "
            f"({pruned.bytes:,} bytes)"
        )
