"""`vdb rebuild`: changes metric, dtype, index or model of a collection while it is in use."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.exceptions import Exit

from vdb.api.collection import Collection
from vdb.cli.arguments import clusters, numbers, options
from vdb.cli.arguments.clusters import ClusterPlace, Connection
from vdb.cli.arguments.command import command
from vdb.cli.arguments.schema import codes_from
from vdb.cli.interrupted import Interrupted
from vdb.cli.render import output, progress_bar
from vdb.errors import InvalidArgumentError, VdbError
from vdb.model import config
from vdb.model.codes import CODES
from vdb.model.config import HNSW, Flat, IndexConfig
from vdb.model.dtypes import DTYPES
from vdb.model.results import plain

if TYPE_CHECKING:
    from vdb.maintenance.rebuild import RebuildPlan, RebuildProgress, RebuildReport


@command("rebuild")
@clusters.place
@options.name
@click.option("--metric", metavar="NAME", help="The new metric. [default: the present one]")
@click.option(
    "--dtype",
    metavar="|".join(DTYPES),
    help="How vectors are stored from then on: rounded to floats, refused where they do "
    "not fit. [default: as at present]",
)
@click.option(
    "--model", metavar="TEXT", help="Where the vectors of --vectors come from; free text."
)
@options.path_option(
    "--vectors",
    metavar="FILE",
    help="Vectors of another model, one for each record by its id: a .npy or .parquet "
    "file, as for vdb import. With --rollback or --commit: those of records written since.",
)
@options.path_option(
    "--records",
    metavar="FILE.jsonl",
    help="Ids of the rows of --vectors. [default: VECTORS.jsonl where there is one; else "
    "the ids are the row numbers]",
)
@click.option(
    "--ids-from", metavar="FIELD", help="The field, or the column, that holds the id. [default: id]"
)
@click.option(
    "--truncate",
    metavar="N",
    type=numbers.a_whole_number,
    help="Keep the first N numbers of each vector.",
)
@click.option("--normalize", is_flag=True, help="Scale each vector to length 1, after --truncate.")
@click.option("--flat", is_flag=True, help="No graph: every search looks at every vector.")
@click.option(
    "--M",
    "M",
    metavar="N",
    type=numbers.a_whole_number,
    help="Links of a node. [default: as at present, or 16]",
)
@click.option(
    "--ef-construction",
    metavar="N",
    type=numbers.a_whole_number,
    help="Candidates per inserted vector. [default: as at present, or 200]",
)
@click.option(
    "--seed",
    metavar="N",
    type=numbers.a_whole_number,
    help="Seed of the graph. [default: as at present, or 0]",
)
@click.option(
    "--codes",
    metavar="|".join([*CODES, "none"]),
    help="Scalar quantization of the vectors that searches walk by. [default: as at "
    "present, or none]",
)
@click.option("--scores", metavar="NAME", help="The default convention. [default: the present one]")
@click.option("--anew", is_flag=True, help="Build the same again: nothing else needs to be given.")
@click.option(
    "--reason", metavar="TEXT", default="", show_default=False, help="Why; for the history."
)
@click.option(
    "--dry-run",
    is_flag=True,
    help="Only say what would be done, and what it takes, or why it cannot be done.",
)
@click.option("--keep-previous", is_flag=True, help="Keep the present generation for --rollback.")
@click.option("--hold", is_flag=True, help="Build and validate, and leave the switch to --commit.")
@click.option("--commit", is_flag=True, help="Switch to the generation that --hold built.")
@click.option("--rollback", is_flag=True, help="Go back to the generation that was kept.")
@click.option("--drop-previous", is_flag=True, help="Remove the generation that was kept.")
@click.option("--resume", is_flag=True, help="Go on with an unfinished rebuild, whatever it is to.")
@click.option("--restart", is_flag=True, help="Begin anew, even where one could be gone on with.")
@click.option("--discard", is_flag=True, help="Remove an unfinished rebuild, or what --hold built.")
@click.option("--no-validate", is_flag=True, help="Use the new generation without looking at it.")
@click.option(
    "--least-recall",
    metavar="SHARE",
    type=numbers.a_number,
    help="Sampled recall that is required. [default: 0.5]",
)
@options.build_threads
@options.lock_timeout
@clusters.connection_options
@options.allow_network_fs
@options.json
def rebuild(
    directory: Path | ClusterPlace,
    name: str,
    *,
    metric: str | None,
    dtype: str | None,
    model: str | None,
    vectors: Path | None,
    records: Path | None,
    ids_from: str | None,
    truncate: int | None,
    normalize: bool,
    flat: bool,
    M: int | None,
    ef_construction: int | None,
    seed: int | None,
    codes: str | None,
    scores: str | None,
    anew: bool,
    reason: str,
    dry_run: bool,
    keep_previous: bool,
    hold: bool,
    commit: bool,
    rollback: bool,
    drop_previous: bool,
    resume: bool,
    restart: bool,
    discard: bool,
    no_validate: bool,
    least_recall: float | None,
    threads: int | None,
    lock_timeout: float,
    connection: Connection,
    allow_network_fs: bool,
    json: bool,
) -> None:
    """Rebuild a collection's index, for another metric, dtype or model, or other parameters.

    Searches and writes continue meanwhile; the switch to the new generation is one commit, with
    --hold a later one. After an interruption the same command continues. Thresholds do not carry
    over to another metric. All shards of a cluster switch at one moment.
    """
    has_target = _any_set(
        metric, dtype, model, truncate, normalize, flat, M, ef_construction, seed, codes, scores
    )
    _require_at_most_one(
        {
            "--dry-run": dry_run,
            "--commit": commit,
            "--rollback": rollback,
            "--drop-previous": drop_previous,
            "--discard": discard,
            "--resume": resume,
            "--restart": restart,
        }
    )
    _require_no_target(
        {
            "--commit": commit,
            "--rollback": rollback,
            "--drop-previous": drop_previous,
            "--discard": discard,
        },
        has_target=has_target or anew or hold,
        keep_previous=keep_previous,
        vectors=vectors,
    )
    if hold and keep_previous:
        raise InvalidArgumentError("--keep-previous goes with --commit, not with --hold")
    others = commit or rollback or drop_previous or discard
    if not (has_target or vectors or anew or resume or others):
        raise InvalidArgumentError(
            "nothing is to be changed; say what, such as --metric, or give --anew to build the "
            "same again"
        )
    config.thread_count(threads)
    validate = _validate(no_validate, least_recall)
    with clusters.opened(
        directory,
        connection,
        create=False,
        read_only=dry_run,
        lock_timeout=lock_timeout,
        allow_network_fs=allow_network_fs,
    ) as db:
        collection = db.collection(name)
        if discard or drop_previous:
            _drop(collection, json=json, previous=drop_previous)
            return
        index = _index(
            collection, flat=flat, M=M, ef_construction=ef_construction, seed=seed, codes=codes
        )
        table = None
        if vectors is not None:
            from vdb.cli.arguments.source_options import ChosenSource
            from vdb.cli.queries.vectors import table_from

            source = ChosenSource(str(vectors), None, {}, "--vectors")
            source.take_records(records, ids_from)
            source.require_ids()
            table = table_from(vectors, source.options)
        if dry_run:
            plan = collection.plan_rebuild(
                metric,
                index,
                dtype,
                model=model,
                vectors=table,
                truncate=truncate,
                normalize=normalize,
                scores=scores,
                threads=threads,
            )
            _print_plan(f"{directory}: {name}, rebuild (nothing was changed)", plan, json=json)
            return
        with _progress_bars(name) as show:
            if rollback:
                report = collection.rollback(
                    vectors=table, threads=threads, reason=reason, progress=show
                )
            elif commit:
                report = collection.commit_rebuild(
                    vectors=table, keep_previous=keep_previous, threads=threads, progress=show
                )
            else:
                report = collection.rebuild(
                    metric,
                    index,
                    dtype,
                    model=model,
                    vectors=table,
                    truncate=truncate,
                    normalize=normalize,
                    scores=scores,
                    threads=threads,
                    validate=validate,
                    keep_previous=keep_previous,
                    reason=reason,
                    resume=True if resume else False if restart else None,
                    hold=hold,
                    progress=show,
                )
    if json:
        output.json_object(report)
    else:
        output.line(_sentence(report))


def _print_plan(title: str, plan: RebuildPlan, *, json: bool) -> None:
    """Prints the plan; exit status 1 if the rebuild is not possible."""
    if json:
        output.json_object({**plain(plan), "feasible": plan.feasible})
        if not plan.feasible:
            raise Exit(1)
    elif plan.feasible:
        output.facts(title, plan)
    else:
        raise VdbError(f"cannot be done: {'; '.join(plan.obstacles)}")


@contextmanager
def _progress_bars(name: str) -> Iterator[Callable[[RebuildProgress], None]]:
    """A progress bar for each phase; Ctrl-C becomes Interrupted, with advice."""
    try:
        with progress_bar.stages() as show:
            yield lambda at: show(f"{name}: {at.phase}", at.done, at.total)
    except KeyboardInterrupt:
        raise Interrupted(
            f"collection {name} is as it was; the same command goes on, --discard removes what "
            "was built"
        ) from None


def _sentence(report: RebuildReport) -> str:
    metric = _change(report.previous_metric, report.metric)
    dtype = _change(report.previous_dtype, report.dtype)
    dim = f"dimensions {report.previous_dim} -> {report.dim}, "
    dim = "" if report.dim == report.previous_dim else dim
    model = f"model {report.previous_model or 'none'} -> {report.model}, "
    model = "" if report.model == report.previous_model else model
    ignored = f", {report.ignored:,} other ids ignored" if report.ignored else ""
    recall = "" if report.recall is None else f", recall {report.recall:.1%}"
    kept_note = f"; generation {report.previous} is kept" if report.previous_kept else ""
    changed_note = f", {report.caught_up:,} changed meanwhile" if report.caught_up else ""
    state = "is held" if report.held else "is in use"
    commit_note = "; --commit puts it to use" if report.held else ""
    return (
        f"{report.collection}: generation {report.generation} {state} ({metric}, {dtype}, "
        f"{dim}{model}{report.index.type}), {report.records:,} records{ignored}{changed_note}"
        f"{recall}, "
        f"{report.seconds:.1f} s{kept_note}{commit_note}"
    )


def _change(old: str, new: str) -> str:
    return new if new == old else f"{old} -> {new}"


def _drop(collection: Collection, *, json: bool, previous: bool) -> None:
    removed = collection.drop_previous() if previous else collection.discard_rebuild()
    if json:
        output.json_object({"collection": collection.name, "removed": removed})
        return
    subject = "generation kept to go back to" if previous else "unfinished or held rebuild"
    output.line(f"{collection.name}: {'removed the' if removed else 'there was no'} {subject}")


def _any_set(*values: object) -> bool:
    return any(value is not None and value is not False for value in values)


def _require_at_most_one(flags: dict[str, bool]) -> None:
    names = [option for option, value in flags.items() if value]
    if len(names) > 1:
        raise InvalidArgumentError(f"{names[0]} and {names[1]} do not go together")


def _require_no_target(
    flags: dict[str, bool], *, has_target: bool, keep_previous: bool, vectors: Path | None
) -> None:
    """Refuse the description of another generation beside an option that takes none."""
    for option, flag in flags.items():
        keeps = keep_previous and option != "--commit"
        needless = vectors if option not in ("--commit", "--rollback") else None
        if flag and (has_target or keeps or needless):
            raise InvalidArgumentError(f"{option} takes no other generation to be described")


def _validate(no_validate: bool, least_recall: float | None) -> bool | float:
    if no_validate and least_recall is not None:
        raise InvalidArgumentError("--no-validate and --least-recall do not go together")
    return least_recall if least_recall is not None else not no_validate


def _index(
    collection: Collection,
    *,
    flat: bool,
    M: int | None,
    ef_construction: int | None,
    seed: int | None,
    codes: str | None,
) -> IndexConfig | None:
    """The present index with the given options changed; None without such options."""
    has_graph_options = _any_set(M, ef_construction, seed, codes)
    if flat and has_graph_options:
        raise InvalidArgumentError("--flat has no graph: leave out its parameters")
    if flat:
        return Flat()
    if not has_graph_options:
        return None
    current = collection.index
    base = current if isinstance(current, HNSW) else HNSW()
    return replace(
        base,
        M=base.M if M is None else M,
        ef_construction=base.ef_construction if ef_construction is None else ef_construction,
        codes=base.codes if codes is None else codes_from(codes),
        seed=base.seed if seed is None else seed,
    )
