"""`vdb search`: the records nearest to a vector from a file, standard input or a record."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray

from vdb.api import database
from vdb.api.collection_reader import CollectionReader
from vdb.cli.arguments import numbers, options
from vdb.cli.arguments.command import command
from vdb.cli.arguments.completion import files
from vdb.cli.arguments.ids import typed_id
from vdb.cli.arguments.where import where_from, where_option
from vdb.cli.render import hits as render
from vdb.cli.render import output
from vdb.errors import InvalidArgumentError, NotFoundError
from vdb.model.grouped_hits import GroupedHits, HitGroup
from vdb.model.hits import Hits
from vdb.model.records import Id


@command("search")
@options.directory
@options.name
@click.option(
    "--vector",
    metavar="FILE.npy[:ROW]|-",
    shell_complete=files,
    help="The query: a row of a .npy file, counted from 0, or - for a JSON list of "
    "numbers on standard input.",
)
@click.option("--id", metavar="ID", help="The query: the vector of this record, itself included.")
@click.option(
    "--like",
    metavar="ID",
    multiple=True,
    help="More like this record, without it; may be repeated, for what several have in common.",
)
@click.option(
    "--not-like", metavar="ID", multiple=True, help="With --like: unlike this one; repeatable."
)
@click.option(
    "-k",
    metavar="N",
    type=numbers.a_whole_number,
    help="How many. [default: 10; all found with --threshold]",
)
@click.option(
    "--ef",
    metavar="N",
    type=numbers.a_whole_number,
    help="Candidates to keep; more finds more, slower.",
)
@click.option("--exact", is_flag=True, help="Compare with every record; misses nothing.")
@click.option(
    "--threshold",
    metavar="SCORE",
    type=numbers.a_number,
    help="Only records at least this close, in the unit of the convention's own threshold "
    "(vdb scores --explain says it): all found within. A graph may miss some; with "
    "--exact it is all there are.",
)
@where_option
@click.option("--scores", metavar="NAME", help="The convention to score in.")
@click.option(
    "--target-recall",
    metavar="RECALL",
    type=numbers.a_number,
    help="Instead of --ef: what tune measured to reach this.",
)
@click.option(
    "--model",
    metavar="TEXT",
    help="The model the query comes from; checked against the collection's.",
)
@click.option(
    "--offset",
    metavar="N",
    type=numbers.a_whole_number,
    default=0,
    help="Leave out so many of the best.",
)
@click.option(
    "--diversity",
    metavar="SHARE",
    type=numbers.a_number,
    help="Choose records unlike each other, 0 to 1 (maximal marginal relevance).",
)
@click.option(
    "--group-by", metavar="FIELD", help="The best -k groups by the value of a payload field."
)
@click.option(
    "--per-group",
    metavar="N",
    type=numbers.a_whole_number,
    help="Records of a group, with --group-by. [default: 1]",
)
@click.option(
    "--explain", is_flag=True, help="Say how the search was done, and derive the best score."
)
@click.option(
    "--explain-id", metavar="ID", help="The same for this record, whether it is found or not."
)
@click.option(
    "--show",
    metavar="FIELD",
    help="The payload field to show in the table. [default: text, or else the payload]",
)
@options.allow_network_fs
@options.json
def search(
    directory: Path,
    name: str,
    *,
    vector: str | None,
    id: str | None,  # noqa: A002 - the option is called --id
    like: tuple[str, ...],
    not_like: tuple[str, ...],
    k: int | None,
    ef: int | None,
    exact: bool,
    threshold: float | None,
    where: str | None,
    scores: str | None,
    target_recall: float | None,
    model: str | None,
    offset: int,
    diversity: float | None,
    group_by: str | None,
    per_group: int | None,
    explain: bool,
    explain_id: str | None,
    show: str | None,
    allow_network_fs: bool,
    json: bool,
) -> None:
    """Find the records nearest to a vector.

    Prints a table with the payload's text cut to the width of the terminal; --json prints all.
    """
    if exact and ef is not None:
        raise InvalidArgumentError("--exact compares with every record; leave out --ef")
    _refuse_with_like(
        {
            "--not-like": not_like,
            "--vector": vector,
            "--id": id,
            "--model": model,
            "--explain": explain,
            "--explain-id": explain_id,
        },
        like=bool(like),
    )
    if k is None and threshold is None:
        k = 10
    condition = where_from(where)
    with (
        database.open(
            directory, create=False, read_only=True, allow_network_fs=allow_network_fs
        ) as db,
        db.snapshot() as moment,
    ):
        collection = moment.collection(name)
        options: dict[str, Any] = {
            "ef": ef,
            "where": condition,
            "exact": exact,
            "threshold": threshold,
            "scores": scores,
            "target_recall": target_recall,
            "offset": offset,
            "diversity": diversity,
            "group_by": group_by,
            "per_group": per_group,
        }
        if like:
            hits: Hits | GroupedHits = collection.more_like(
                _ids(collection, like),
                k,
                not_like=_ids(collection, not_like) if not_like else None,
                **options,
            )
            query = None
        else:
            query = _query(collection, vector, id)
            hits = collection.search(query, k, model=model, **options)
        record_id = _record_to_explain(collection, hits, explain_id, explain=explain)
        explanation = (
            None
            if record_id is None or query is None
            else collection.explain(
                query,
                record_id,
                scores=scores,
                k=k or 10,
                ef=ef,
                target_recall=target_recall,
                where=condition,
            )
        )
    # The filter passes no record, or every record: the plan may name a misspelt field.
    is_trivial = hits.plan is not None and hits.plan.selectivity in (0.0, 1.0)
    if json:
        document = render.document(name, hits)
        if explain or is_trivial:
            document["plan"] = hits.plan
        output.json_object(
            document if explanation is None else {**document, "explanation": explanation}
        )
        return
    render.print_table(name, hits, show)
    if explain or is_trivial:
        output.line(f"plan: {hits.plan}")
    if explanation is not None:
        output.line(f"record {explanation.id}")
        output.sections(explanation.sections)


def _record_to_explain(
    collection: CollectionReader, hits: Hits | GroupedHits, id_text: str | None, *, explain: bool
) -> Id | None:
    """The record whose score is explained, if any."""
    if id_text is not None:
        return typed_id(collection, id_text)
    if not explain or not len(hits):
        return None
    best = hits[0]
    return best.hits[0].id if isinstance(best, HitGroup) else best.id


def _refuse_with_like(given: dict[str, object], *, like: bool) -> None:
    """Refuse options that --like does not take, and --not-like without it."""
    if not like:
        if given.pop("--not-like"):
            raise InvalidArgumentError("--not-like goes with --like", expected="--like")
        return
    del given["--not-like"]
    option = next((name for name, value in given.items() if value), None)
    if option is not None:
        raise InvalidArgumentError(f"--like and {option} do not go together", received=option)


def _ids(collection: CollectionReader, texts: Sequence[str]) -> list[Id]:
    return [typed_id(collection, text) for text in texts]


def _query(collection: CollectionReader, vector: str | None, id_text: str | None) -> NDArray[Any]:
    if vector is not None and id_text is None:
        return _vector_from_file(vector)
    if id_text is not None and vector is None:
        return _vector_of_record(collection, id_text)
    raise InvalidArgumentError("give one of --vector, --id and --like")


def _vector_from_file(vector: str) -> NDArray[Any]:
    """The query that ``--vector`` names."""
    if not vector:
        raise InvalidArgumentError("--vector is empty; it names a .npy file, or - for a JSON list")
    if vector == "-":
        return _from_standard_input()
    from vdb.cli.queries.vectors import query_from

    return query_from(vector)


def _from_standard_input() -> NDArray[Any]:
    """The query as a JSON list of numbers."""
    if sys.stdin is None:
        raise InvalidArgumentError("standard input is closed")
    from vdb.sources.reading.plain_json import PlainJsonError, plain_json

    try:
        numbers = plain_json(sys.stdin.read())
    except PlainJsonError as error:
        raise InvalidArgumentError(f"standard input {error}") from None
    if not isinstance(numbers, list) or not all(type(x) in (int, float, bool) for x in numbers):
        raise InvalidArgumentError("standard input must be one flat JSON list of numbers")
    try:
        return np.array(numbers, dtype=_type_of(numbers))
    except OverflowError as error:
        raise InvalidArgumentError(f"standard input: {error}") from None


def _type_of(numbers: list[Any]) -> type:
    """Numpy's type of a JSON list; integers and booleans keep their type, for int8 and bits."""
    kinds = {type(number) for number in numbers}
    if kinds == {bool}:
        return np.bool_
    return np.int64 if kinds == {int} and max(map(abs, numbers)) < 1 << 63 else np.float64


def _vector_of_record(collection: CollectionReader, text: str) -> NDArray[Any]:
    """The vector of the record that ``--id`` names."""
    record = collection.get(typed_id(collection, text))
    if record is None:
        raise NotFoundError(f"no record {text!r} in collection {collection.name}", received=text)
    if record.vector is None:
        raise InvalidArgumentError(f"record {text!r} has no vector to search with", received=text)
    return record.vector
