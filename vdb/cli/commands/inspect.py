"""`vdb inspect`: statistics of a stored collection, or of one record; reads all of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from vdb.api import database
from vdb.cli.arguments import options
from vdb.cli.arguments.command import command
from vdb.cli.arguments.ids import typed_id
from vdb.cli.render import output
from vdb.cli.render.pages import write_page
from vdb.errors import InvalidArgumentError

if TYPE_CHECKING:
    from vdb.analysis.inspection.report import Inspection, RecordInspection

BAR = 40  # characters of the longest bar


@command("inspect")
@options.directory
@options.name
@click.option("--id", metavar="ID", help="One record: its norm and its neighbours.")
@options.html
@options.allow_network_fs
@options.json
def inspect(
    directory: Path,
    name: str,
    *,
    id: str | None,  # noqa: A002 - the option is called --id
    html: Path | None,
    allow_network_fs: bool,
    json: bool,
) -> None:
    """Show statistics of a stored collection: norms, links, levels, blocks, bytes, generations.

    It reads all blocks, ids and records, which takes as long as reading them from the disk.
    """
    if html is not None and id is not None:
        raise InvalidArgumentError("--html shows a collection; leave out --id")
    with (
        database.open(
            directory, create=False, read_only=True, allow_network_fs=allow_network_fs
        ) as db,
        db.snapshot() as moment,
    ):
        collection = moment.collection(name)
        record = None if id is None else collection.inspect_record(typed_id(collection, id))
        report = None if record is not None else collection.inspect()
    if html is not None and report is not None:
        from vdb.analysis.pages.inspection import inspection_page

        write_page(html, inspection_page(report))
    if json:
        output.json_object(report if record is None else record)
    elif html is not None:
        output.line(f"{html}: the collection as a page")
    elif record is not None:
        _print_record(record)
    elif report is not None:
        _print(report)


def _print(report: Inspection) -> None:
    from vdb.analysis.pages.inspection import size

    info, norms, file = report.info, report.norms, report.file
    lag = "" if not file.reader_lag else f", the oldest {file.reader_lag:,} commits behind"
    output.table(
        f"{info.name}: {info.count:,} records, {info.dim or 'open'} dimensions, {info.metric}",
        None,
        [
            ("index", str(info.index)),
            ("generation", f"{info.generation} of {len(info.history)} in its history"),
            ("tuning", "-" if info.tuning is None else str(info.tuning)),
            ("free slots", f"{info.free_slots:,}"),
            ("reachable", f"{report.reached:,} of {info.count - info.without_vector:,}"),
            ("waiting for links", f"{report.unlinked:,}"),
            ("duplicates", f"{report.duplicates:,} of {report.duplicate_groups:,} vectors"),
            ("norms", f"{norms.min:.4g} .. {norms.median:.4g} .. {norms.max:.4g} (median)"),
            ("unit length", "yes" if norms.unit else "no"),
            ("file", f"{size(file.bytes)}, {file.fragmentation:.1%} free"),
            ("other readers", f"{file.readers}{lag}"),
        ],
    )
    _print_bars("norms", [f"{edge:.4g}" for edge in report.norm_histogram.edges], report)
    if report.levels:
        output.line("")
        output.table(
            "levels",
            ["level", "nodes", "mean links", "most", "room for", "full", "alone", "most in"],
            [
                (
                    str(level.level),
                    f"{level.nodes:,}",
                    f"{level.mean_degree:.1f}",
                    str(level.max_degree),
                    str(level.capacity),
                    f"{level.full:.0%}",
                    f"{level.alone:,}",
                    str(len(level.in_degrees) - 1),
                )
                for level in report.levels
            ],
            numbers=range(8),
        )
    output.line("")
    output.table(
        "blocks",
        ["kind", "level", "blocks", "size", "rows", "fill"],
        [
            (
                use.kind,
                str(use.level),
                f"{use.blocks:,}",
                size(use.bytes),
                f"{use.rows:,}",
                f"{use.fill:.0%}",
            )
            for use in report.blocks
        ],
        numbers=(1, 2, 3, 4, 5),
    )
    if report.beside:
        output.line("")
        output.table(
            "generations beside the one in use",
            ["generation", "", "metric", "dtype", "dim", "model", "index", "blocks", "size"],
            [
                (
                    str(generation.generation),
                    generation.role,
                    generation.metric or "-",
                    generation.dtype or "-",
                    "-" if generation.dim is None else str(generation.dim),
                    generation.model or "-",
                    "-" if generation.index is None else str(generation.index),
                    f"{generation.blocks:,}",
                    size(generation.bytes),
                )
                for generation in report.beside
            ],
            numbers=(0, 4, 7, 8),
        )
    output.line("")
    output.table(
        "bytes by kind",
        None,
        [(kind, size(count)) for kind, count in report.bytes.items()],
        numbers=(1,),
    )


def _print_bars(title: str, labels: list[str], report: Inspection) -> None:
    counts = report.norm_histogram.counts
    if not counts or len(set(labels)) == 1:
        return
    output.line("")
    output.table(
        title,
        None,
        [
            (label, f"{count:,}", "#" * max(round(BAR * count / max(counts)), int(count > 0)))
            for label, count in zip(labels, counts, strict=False)
        ],
        numbers=(0, 1),
    )


def _print_record(report: RecordInspection) -> None:
    duplicates = ", ".join(str(twin) for twin in report.duplicates[:10])
    output.table(
        f"{report.collection}: record {report.id}",
        None,
        [
            ("slot", f"{report.slot:,}"),
            ("norm", "none: it has no vector" if report.norm is None else f"{report.norm:.9g}"),
            ("same vector", duplicates or "-"),
            ("stands for it", "-" if report.representative is None else str(report.representative)),
        ],
    )
    for number, links in enumerate(report.levels):
        output.line("")
        output.table(
            f"level {number}: {len(links)} neighbours, closest by {report.metric} first",
            ["id", "value", "norm"],
            [(str(link.id), f"{link.value:.6g}", f"{link.norm:.6g}") for link in links],
            numbers=(1, 2),
        )
