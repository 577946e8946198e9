"""`vdb search`: the records nearest to a vector from a file, standard input or a record."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from vdb.api.collection_reader import CollectionReader
from vdb.cli.arguments import clusters, numbers, options
from vdb.cli.arguments.clusters import ClusterPlace, Connection
from vdb.cli.arguments.command import command
from vdb.cli.arguments.completion import files
from vdb.cli.arguments.ids import typed_id
from vdb.cli.arguments.where import where_from, where_option
from vdb.cli.queries.one_query import query_of
from vdb.cli.queries.words_query import WordsQuery
from vdb.cli.render import fused_hits, output
from vdb.cli.render import hits as render
from vdb.errors import InvalidArgumentError
from vdb.model.grouped_hits import GroupedHits, HitGroup
from vdb.model.hits import Hits
from vdb.model.records import Id

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vdb.analysis.explanation.explain import Explanation
    from vdb.fusion import FusedHits
    from vdb.lexical import TextExplanation


@command("search")
@clusters.place
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
    "--text",
    metavar="WORDS",
    help="The query by words: alone, or fused with --vector or --id; "
    '"in quotes" is a phrase, app* the beginning of a word.',
)
@click.option("--field", metavar="FIELD", help="The text field. [default: the only one]")
@click.option(
    "--fusion",
    metavar="NAME",
    help="How both lists become one, as an engine does it; vdb fusions lists them. "
    "[default: native]",
)
@click.option(
    "--weights",
    metavar="TEXT,VECTOR",
    help="The weights of both lists, such as 0.3,0.7. [default: the engine's]",
)
@click.option(
    "--window",
    metavar="N",
    type=numbers.a_whole_number,
    help="How many hits of each list enter. [default: as the engine has it]",
)
@click.option(
    "--parameter",
    metavar="NAME=VALUE",
    multiple=True,
    help="Another parameter of the fusion, such as rank_constant=10; repeatable.",
)
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
@clusters.partial
@clusters.connection_options
@options.allow_network_fs
@options.json
def search(
    directory: Path | ClusterPlace,
    name: str,
    *,
    vector: str | None,
    id: str | None,  # noqa: A002 - the option is called --id
    text: str | None,
    field: str | None,
    fusion: str | None,
    weights: str | None,
    window: int | None,
    parameter: tuple[str, ...],
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
    partial: bool,
    connection: Connection,
    allow_network_fs: bool,
    json: bool,
) -> None:
    """Find the records nearest to a vector, those with the words of a text, or both in one ranking.

    Prints a table with the payload's text cut to the width of the terminal; --json prints all.
    A cluster is searched by vectors.
    """
    if exact and ef is not None:
        raise InvalidArgumentError("--exact compares with every record; leave out --ef")
    _refuse_with_like(
        {
            "--not-like": not_like,
            "--vector": vector,
            "--id": id,
            "--text": text,
            "--model": model,
            "--explain": explain,
            "--explain-id": explain_id,
        },
        like=bool(like),
    )
    words = WordsQuery(text, field, fusion, weights, window, parameter)
    has_vector = vector is not None or id is not None
    fused = words.is_hybrid(vector=has_vector)
    with_fusion = {"--scores": scores, "--offset": offset, "--explain-id": explain_id}
    alone: dict[str, object] = {"--ef": ef, "--exact": exact}
    words.check(
        vector=has_vector,
        others={
            "--like": like,
            "--target-recall": target_recall,
            "--model": model,
            "--diversity": diversity,
            "--group-by": group_by,
            "--per-group": per_group,
            **(with_fusion if fused else alone),
        },
    )
    _refuse_of_place(directory, words, partial=partial)
    if k is None and threshold is None:
        k = 10
    condition = where_from(where)
    with clusters.reading(
        directory, name, connection, allow_network_fs=allow_network_fs
    ) as collection:
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
            **({"partial": "allow"} if partial else {}),
        }
        if fused:
            both = words.fused(
                collection,
                query_of(collection, vector, id) if has_vector else None,
                k=10 if k is None else k,
                where=condition,
                threshold=threshold,
                ef=ef,
                exact=exact,
            )
            _put_out_fused(name, both, show, explain=explain, json=json)
            return
        if words.text is not None:
            hits: Hits | GroupedHits = words.hits(
                collection,
                k,
                where=condition,
                scores=scores,
                threshold=threshold,
                offset=offset,
            )
            query = None
        elif like:
            hits = collection.more_like(
                _ids(collection, like),
                k,
                not_like=_ids(collection, not_like) if not_like else None,
                **options,
            )
            query = None
        else:
            query = query_of(collection, vector, id)
            hits = collection.search(query, k, model=model, **options)
        record_id = _record_to_explain(collection, hits, explain_id, explain=explain)
        limits = {"k": k or 10, "ef": ef, "target_recall": target_recall, "where": condition}
        explanation = _explanation(collection, words, query, record_id, scores=scores, **limits)
    _put_out(directory, name, hits, show, explain=explain, json=json, derivation=explanation)
    if explanation is not None and not json:
        output.line(f"record {record_id}")
        output.sections(explanation.sections)
    clusters.complain_of_missing(getattr(hits, "missing", ()))


def _put_out(
    directory: Path | ClusterPlace,
    name: str,
    hits: Hits | GroupedHits,
    show: str | None,
    *,
    explain: bool,
    json: bool,
    derivation: Explanation | TextExplanation | None,
) -> None:
    """Print the hits, and the plan where it was asked for or is worth a look."""
    # The filter passes no record, or every record: the plan may name a misspelt field.
    is_trivial = hits.plan is not None and hits.plan.selectivity in (0.0, 1.0)
    with_plan = hits.plan is not None and (explain or is_trivial)
    if not json:
        render.print_table(clusters.title(directory, name), hits, show)
        if with_plan:
            output.line(f"plan: {hits.plan}")
        return
    document = render.document(name, hits)
    if isinstance(directory, ClusterPlace):
        document |= {"cluster": str(directory), "missing": list(getattr(hits, "missing", ()))}
    if with_plan:
        document["plan"] = hits.plan
    output.json_object(document if derivation is None else {**document, "explanation": derivation})


def _refuse_of_place(directory: Path | ClusterPlace, words: WordsQuery, *, partial: bool) -> None:
    """Refuse what only databases, or only clusters, have."""
    if not isinstance(directory, ClusterPlace):
        if partial:
            raise InvalidArgumentError("--partial is for clusters, and DIR is a database")
    elif words.text is not None:
        raise InvalidArgumentError(
            "--text: a cluster is not searched by words", received=words.text
        )


def _explanation(
    collection: CollectionReader,
    words: WordsQuery,
    query: NDArray[Any] | None,
    record_id: Id | None,
    *,
    scores: str | None,
    **limits: Any,
) -> Explanation | TextExplanation | None:
    """The derivation of the score of a record, by words or by vector; None without a record."""
    if record_id is None:
        return None
    if words.text is not None:
        return words.explanation(collection, record_id, scores)
    if query is None:
        return None
    return collection.explain(query, record_id, scores=scores, **limits)


def _put_out_fused(
    name: str, hits: FusedHits, show: str | None, *, explain: bool, json: bool
) -> None:
    if json:
        output.json_object(fused_hits.document(name, hits))
    else:
        fused_hits.print_table(name, hits, show, explain=explain)


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
