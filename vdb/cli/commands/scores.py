"""`vdb scores`: the table of score conventions, or one score in another convention."""

from __future__ import annotations

from math import isnan
from typing import Any

import click

from vdb import scores as conventions
from vdb.cli.arguments import numbers, options
from vdb.cli.arguments.command import argument, command
from vdb.cli.render import output
from vdb.errors import InvalidArgumentError
from vdb.scores.convention_text import convention_facts, conversion_steps
from vdb.scores.table import all_conventions, convention_named


# A negative score is not an option.
@command("scores", context_settings={"ignore_unknown_options": True})
@argument(
    "score",
    metavar="SCORE",
    type=numbers.a_number,
    required=False,
    help="A score to convert; without one, the table.",
)
@click.option("--metric", metavar="NAME", help="The metric: l2, ip, cosine, dot, l1 or hamming.")
@click.option("--engine", metavar="NAME", help="Only this convention of the table.")
@click.option(
    "--from", "source", metavar="NAME", help="The convention of SCORE; native by default."
)
@click.option("--to", "target", metavar="NAME", help="The convention wanted; native by default.")
@click.option(
    "--to-metric", metavar="NAME", help="The metric wanted, if another; needs --unit-norms."
)
@click.option("--unit-norms", is_flag=True, help="All vectors, queries included, have length 1.")
@click.option(
    "--dim", metavar="N", type=numbers.a_whole_number, help="The dimension, where a formula has it."
)
@click.option(
    "--dtype", metavar="NAME", help="The stored type: float32 (the default), float16, int8 or bit."
)
@click.option(
    "--explain", is_flag=True, help="Everything about a row; the formulas with the numbers in."
)
@click.option("--lexical", is_flag=True, help="The conventions of words instead of vectors.")
@options.json
def scores(
    score: float | None,
    *,
    metric: str | None,
    engine: str | None,
    source: str | None,
    target: str | None,
    to_metric: str | None,
    unit_norms: bool,
    dim: int | None,
    dtype: str | None,
    explain: bool,
    lexical: bool,
    json: bool,
) -> None:
    """Show the score conventions of engines, and convert scores between them.

    Without SCORE: the table, of one metric or engine if given. With --lexical: how engines score
    words; --engine NAME shows all about one.
    """
    if lexical:
        wrong = {
            "SCORE": score,
            "--metric": metric,
            "--from": source,
            "--to": target,
            "--to-metric": to_metric,
            "--unit-norms": unit_norms or None,
            "--dim": dim,
            "--dtype": dtype,
        }
        _lexical([name for name, value in wrong.items() if value is not None], engine, json=json)
        return
    if score is None:
        conversion_options = {
            "from": source,
            "to": target,
            "to-metric": to_metric,
            "unit-norms": unit_norms or None,
            "dim": dim,
            "dtype": dtype,
        }
        _refuse_without_score(
            [name for name, value in conversion_options.items() if value is not None]
        )
        _table(metric, engine, full=explain, json=json)
        return
    _refuse_with_score(score, metric, engine)
    assert metric is not None  # noqa: S101 - for mypy; checked above
    source, target = source or "native", target or "native"
    dtype = dtype or "float32"
    result = conventions.convert(
        score,
        metric=metric,
        source=source,
        target=target,
        to_metric=to_metric,
        unit_norms=unit_norms,
        dim=dim,
        dtype=dtype,
    )
    target_metric = metric if to_metric is None else to_metric
    giver = convention_named(source, metric, dtype=dtype)
    taker = convention_named(target, target_metric, dtype=dtype)
    steps = conversion_steps(score, giver, taker, dim)
    if json:
        answer = {
            "metric": metric,
            "from": source,
            "score": score,
            "to_metric": target_metric,
            "to": target,
            "result": result,
        }
        output.json_object(answer | ({"steps": steps} if explain else {}))
        return
    for step in steps if explain else ():
        output.line(step)
    output.line(f"{result:.9g}")


def _refuse_without_score(names: list[str]) -> None:
    if names:
        option_list = ", ".join(f"--{name}" for name in names)
        raise InvalidArgumentError(
            f"SCORE is missing: {option_list} belong to a conversion; the table takes --metric, "
            "--engine"
        )


def _refuse_with_score(score: float, metric: str | None, engine: str | None) -> None:
    if engine is not None:
        raise InvalidArgumentError(
            "engine must not be given with a score: it chooses rows of the table; "
            "--from and --to name the conventions of a conversion"
        )
    if metric is None:
        raise InvalidArgumentError("metric must be given with a score: its meaning depends on it")
    if isnan(score):
        raise InvalidArgumentError("SCORE must be a number, got NaN", received=score)


def _lexical(wrong: list[str], engine: str | None, *, json: bool) -> None:
    if wrong:
        raise InvalidArgumentError(
            f"{', '.join(wrong)} must not be given with --lexical: scores of words have no metric, "
            "and none can be converted"
        )
    from vdb import lexical  # nothing else here needs it
    from vdb.lexical.convention_text import lexical_facts

    rows = lexical.conventions() if engine is None else [lexical.describe(engine)]
    if json:
        entries = [
            {fact.replace(" ", "_"): value for fact, value in lexical_facts(row).items()}
            for row in rows
        ]
        output.json_object({"conventions": entries})
    elif engine is not None:
        facts = lexical_facts(rows[0])
        title = f"{facts.pop('convention')}, {facts.pop('engine')}"
        lines = [(name, str(fact)) for name, fact in facts.items() if fact not in ("", None)]
        output.table(title, None, lines)
    else:
        output.table(
            f"{len(rows)} lexical conventions (all about one: --engine NAME)",
            ["convention", "idf", "tf part", "better", "precision"],
            [(row.name, row.idf, row.tf_part, row.direction, row.dtype) for row in rows],
        )


def _table(metric: str | None, engine: str | None, *, full: bool, json: bool) -> None:
    rows = all_conventions()
    if metric is not None:
        names_of_metric = set(conventions.conventions(metric))  # an unknown metric raises
        rows = [row for row in rows if row.metric == metric]
        if engine is not None and engine not in names_of_metric:
            convention_named(engine, metric, argument="engine")
    if engine is not None:
        rows = [row for row in rows if row.name == engine]
        if not rows:
            names = sorted({row.name for row in all_conventions()})
            raise InvalidArgumentError(
                f"engine must be one of {', '.join(names)}; got {engine!r}", received=engine
            )
    if json:
        entries = [
            {fact.replace(" ", "_").lower(): value for fact, value in convention_facts(row).items()}
            for row in rows
        ]
        output.json_object({"conventions": entries})
    elif full:
        for row in rows:
            facts: dict[str, Any] = convention_facts(row)
            title = f"{facts.pop('convention')}, metric {facts.pop('metric')}"
            output.table(title, None, [(name, str(fact)) for name, fact in facts.items() if fact])
    else:
        output.table(
            f"{len(rows)} conventions (all about one: --engine NAME --explain)",
            ["metric", "convention", "score", "closer", "threshold"],
            [
                (
                    row.metric if row.dtype == "any" else f"{row.metric}, {row.dtype}",
                    row.name,
                    row.formula,
                    row.direction,
                    row.threshold,
                )
                for row in rows
            ],
        )
