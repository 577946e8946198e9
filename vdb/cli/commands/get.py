"""`vdb get`: records by their ids."""

from __future__ import annotations

from pathlib import Path

import click

from vdb.cli.arguments import clusters, options
from vdb.cli.arguments.clusters import ClusterPlace, Connection
from vdb.cli.arguments.command import argument, command
from vdb.cli.arguments.ids import typed_id
from vdb.cli.render import output
from vdb.cli.render.hits import payload_cells
from vdb.errors import NotFoundError
from vdb.model.records import Record


@command("get")
@clusters.place
@options.name
@argument("ids", metavar="ID...", nargs=-1, required=True, help="The ids of the records.")
@click.option("--vectors", is_flag=True, help="With --json: their vectors, too.")
@click.option(
    "--show",
    metavar="FIELD",
    help="The payload field to show in the table. [default: text, or else the payload]",
)
@clusters.connection_options
@options.allow_network_fs
@options.json
def get(
    directory: Path | ClusterPlace,
    name: str,
    ids: tuple[str, ...],
    *,
    vectors: bool,
    show: str | None,
    connection: Connection,
    allow_network_fs: bool,
    json: bool,
) -> None:
    """Show records by their ids; an id that is not there is an error."""
    with clusters.reading(
        directory, name, connection, allow_network_fs=allow_network_fs
    ) as collection:
        records = collection.get([typed_id(collection, text) for text in ids])
    absent = [text for text, record in zip(ids, records, strict=True) if record is None]
    if absent:
        raise NotFoundError(
            f"{'no record' if len(absent) == 1 else 'no records'} {', '.join(absent)} in "
            f"collection {name}",
            received=absent,
        )
    found = [record for record in records if record is not None]
    if json:
        documents = [_document(record, vectors=vectors) for record in found]
        output.json_object({"collection": name, "records": documents})
        return
    cells, heading = payload_cells([record.payload for record in found], show)
    output.table(
        f"{clusters.title(directory, name)}: {len(found)} record{'' if len(found) == 1 else 's'}",
        ["id", heading],
        [(str(record.id), cell) for record, cell in zip(found, cells, strict=True)],
        shorten=1,
    )


def _document(record: Record, *, vectors: bool) -> dict[str, object]:
    document: dict[str, object] = {"id": record.id, "payload": record.payload}
    if vectors:
        document["vector"] = None if record.vector is None else record.vector.tolist()
    return document
