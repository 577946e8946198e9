"""`vdb atlas`: a map of a collection, shown by embedding-atlas."""

from __future__ import annotations

import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np

from vdb.api import database
from vdb.cli import atlas_page
from vdb.cli.arguments import numbers, options
from vdb.cli.arguments.command import command
from vdb.cli.arguments.where import where_from, where_option
from vdb.cli.render import output, progress_bar
from vdb.model import filters
from vdb.model.filters import Filter

if TYPE_CHECKING:
    from vdb.api.collection_reader import CollectionReader
    from vdb.api.exporting.report import ExportReport


@command("atlas")
@options.directory
@options.name
@options.path_option(
    "--output",
    "target",
    metavar="FILE",
    help="Only write the Parquet file, and keep it; without its usual end it gets .parquet.",
)
@where_option
@click.option(
    "--sample",
    metavar="N",
    type=numbers.a_count,
    help="At most so many records, chosen at random by --seed. [default: all]",
)
@click.option(
    "--neighbors",
    "-k",
    metavar="N",
    type=numbers.a_count,
    default=15,
    help="How many neighbours of a record.",
)
@click.option(
    "--projection",
    metavar="umap|pca",
    type=click.Choice(["umap", "pca"]),
    help="Where x and y come from: UMAP of the neighbours, or the two principal axes. "
    "[default: umap where umap-learn is installed]",
)
@options.seed
@click.option(
    "--text",
    metavar="FIELD",
    help="The field of the texts that are shown. [default: the one of most characters]",
)
@click.option("--vector", is_flag=True, help="Write the vectors into the file too.")
@options.port
@click.option("--force", is_flag=True, help="Replace a file that is there.")
@options.allow_network_fs
@options.json
def atlas(
    directory: Path,
    name: str,
    *,
    target: Path | None,
    where: str | None,
    sample: int | None,
    neighbors: int,
    projection: str | None,
    seed: int,
    text: str | None,
    vector: bool,
    port: int,
    force: bool,
    allow_network_fs: bool,
    json: bool,
) -> None:
    """Show a collection as a map in a browser on this machine; Ctrl-C ends it.

    Every record is a point, near those that are its neighbours in the index. embedding-atlas shows
    it, with texts, fields to colour by, and the neighbours of a point. It is served on the loopback
    address and needs no network; it has no password, so that other users of this machine can open
    it. The extra 'atlas' installs it. --output writes the file for it, and shows nothing.
    """
    chosen = {
        "k": neighbors,
        "projection": projection,
        "seed": seed,
        "text": text,
        "vector": vector,
    }
    given = {key: value for key, value in chosen.items() if value is not None}
    passing = where_from(where)

    def write(path: Path, *, overwrite: bool) -> ExportReport:
        with (
            database.open(
                directory, create=False, read_only=True, allow_network_fs=allow_network_fs
            ) as db,
            db.snapshot() as moment,
            progress_bar.stages() as show,
        ):
            collection = moment.collection(name)
            return collection.export(
                path,
                "atlas",
                options=given,
                where=_sampled(collection, passing, sample, seed),
                overwrite=overwrite,
                progress=partial(show, f"mapping {name}"),
            )

    if target is not None:
        report = write(target, overwrite=force)
        _print(report, json=json)
        return
    atlas_page.require()
    with tempfile.TemporaryDirectory(prefix="vdb-atlas-") as folder:
        report = write(Path(folder, "records.parquet"), overwrite=False)
        with atlas_page.served(report.files[0], port) as (address, wait):
            if json:
                output.json_object({"address": address, **_facts(report)})
            else:
                output.line(f"{report.collection}: {report.records:,} records at {address}")
                _print_notes(report)
                output.line("Ctrl-C ends it.")
            sys.stdout.flush()
            wait()


def _sampled(
    collection: CollectionReader, passing: Filter | None, sample: int | None, seed: int
) -> Filter | None:
    """The filter, and that the id is one of so many that are drawn from those that pass."""
    if sample is None or collection.count(passing) <= sample:
        return passing
    ids = list(collection.ids(where=passing))
    rng = np.random.default_rng(seed)
    drawn = np.sort(rng.choice(len(ids), sample, replace=False)).tolist()
    return filters.ID.isin([ids[one] for one in drawn])


def _print(report: ExportReport, *, json: bool) -> None:
    if json:
        output.json_object(_facts(report))
        return
    output.line(f"{report.collection}: {report.records:,} records in {report.files[0]}")
    _print_notes(report)
    output.line(f"shown by: {atlas_page.shell_line(report.files[0])}")


def _print_notes(report: ExportReport) -> None:
    for note in report.notes:
        output.line(f"note: {note}")


def _facts(report: ExportReport) -> dict[str, Any]:
    return {
        "collection": report.collection,
        "file": str(report.files[0]),
        "records": report.records,
        "notes": report.notes,
        "seconds": report.seconds,
        "columns": atlas_page.columns_of(report.files[0]),
    }
