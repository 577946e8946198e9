"""`vdb export`: writes a collection to files for `vdb import` and other tools."""

from __future__ import annotations

from pathlib import Path

import click

from vdb.api import database
from vdb.cli.arguments import options
from vdb.cli.arguments.command import command
from vdb.cli.formats.file_writer import Export
from vdb.cli.formats.registry import FORMATS
from vdb.cli.formats.schema_file import described
from vdb.cli.render import output, progress_bar
from vdb.model.dtypes import DTYPES


@command("export")
@options.directory
@options.name
@options.path_option(
    "--out",
    metavar="PREFIX",
    required=True,
    help="Where to: PREFIX.npy, PREFIX.jsonl and PREFIX.json, or PREFIX.parquet.",
)
@click.option(
    "--parquet",
    "as_parquet",
    is_flag=True,
    help="One Parquet file; needs pyarrow (the extra 'parquet').",
)
@click.option("--force", is_flag=True, help="Replace files that are there.")
@options.allow_network_fs
@options.json
def export(
    directory: Path,
    name: str,
    *,
    out: Path,
    as_parquet: bool,
    force: bool,
    allow_network_fs: bool,
    json: bool,
) -> None:
    """Write all records of a collection, as of this moment, into files.

    Vectors go to a .npy file, ids and payloads to the .jsonl file beside it, in the order of the
    ids, and the schema of the collection to a .json file; a Parquet file has all three. vdb import
    --create creates the same collection from them. The files appear when all are complete.
    """
    with (
        database.open(
            directory, create=False, read_only=True, allow_network_fs=allow_network_fs
        ) as db,
        db.snapshot() as moment,
    ):
        collection = moment.collection(name)
        info = collection.info()
        count, dtype = info.count, DTYPES[info.dtype]
        file_format = FORMATS["parquet" if as_parquet else "npy"]
        with progress_bar.counted(f"exporting {name}", count) as progress:
            files = file_format.write(
                Export(
                    records=collection.scan(),
                    count=count,
                    without_vector=info.without_vector,
                    optional_vectors=info.optional_vectors,
                    columns=0 if info.dim is None else dtype.columns(info.dim),
                    dtype=dtype.stored,
                    schema=described(info),
                    prefix=out,
                    force=force,
                    progress=progress,
                )
            )
    if json:
        output.json_object({"collection": name, "records": count, "files": list(map(str, files))})
    else:
        *others, last = map(str, files)
        file_names = f"{', '.join(others)} and {last}" if others else last
        output.line(f"{name}: {count:,} records in {file_names}")
