"""Arguments and options that several commands share, as annotated types."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from vdb.cli.arguments.completion import collections, databases
from vdb.cli.arguments.numbers import a_number, a_whole_number
from vdb.cli.render.pages import a_page_place
from vdb.model.codes import CODES
from vdb.model.dtypes import DTYPES
from vdb.model.metrics import METRICS


def a_path(text: str | Path) -> Path:
    """The path of a text; an empty one is refused, because it would be the current directory."""
    if text == "":
        raise typer.BadParameter("an empty path")
    return Path(text)


def a_directory(text: str | Path) -> Path:
    """The path of a database, which must be UTF-8 for the store."""
    path = a_path(text)
    try:
        str(path).encode()
    except UnicodeEncodeError:
        raise typer.BadParameter(f"{path} has bytes in it that are not UTF-8 text") from None
    return path


Directory: TypeAlias = Annotated[
    Path,
    typer.Argument(
        metavar="DIR",
        parser=a_directory,
        autocompletion=databases,
        help="The database, which is a directory.",
    ),
]
_NAME = typer.Argument(metavar="NAME", autocompletion=collections, help="The collection.")
Name: TypeAlias = Annotated[str, _NAME]
OptionalName: TypeAlias = Annotated[str | None, _NAME]
Json: TypeAlias = Annotated[
    bool, typer.Option("--json", help="Print one JSON object instead of text.")
]
LockTimeout: TypeAlias = Annotated[
    float,
    typer.Option(
        metavar="SECONDS", parser=a_number, help="How long to wait for another writer to finish."
    ),
]
AllowNetwork: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--allow-network-fs",
        help="Open it even on a network file system, where other machines must not have it open.",
    ),
]

Html: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--html",
        metavar="FILE.html",
        parser=a_page_place,
        help="Write a page with plots to this file, also in the place of another page; it opens in "
        "any browser, without a network.",
    ),
]
Seed: TypeAlias = Annotated[
    int,
    typer.Option(
        metavar="N", parser=a_whole_number, help="Chooses samples; the same seed, the same figures."
    ),
]
Threads: TypeAlias = Annotated[
    int | None,
    typer.Option(metavar="N", parser=a_whole_number, help="Threads to search with. [default: all]"),
]

# Queries from files

Queries: TypeAlias = Annotated[
    Path,
    typer.Argument(metavar="QUERIES.npy", parser=a_path, help="Real numbers, one row a query."),
]
RealQueries: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        metavar="QUERIES.npy",
        parser=a_path,
        help="Real queries. [default: a sample of stored vectors]",
    ),
]
Sample: TypeAlias = Annotated[
    int,
    typer.Option(
        metavar="N", parser=a_whole_number, help="How many stored vectors to take for queries."
    ),
]
Labels: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE.jsonl",
        parser=a_path,
        help='What is relevant, one object a query: {"query": TEXT, "relevant": [ID, ...]}; '
        'with grades {"relevant": {ID: GRADE, ...}}. '
        "[default: QUERIES.jsonl where there is one]",
    ),
]
RowsOf: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE.jsonl",
        parser=a_path,
        help='"relevant" counts the lines of this file, from 0, which name the ids.',
    ),
]
IdsFrom: TypeAlias = Annotated[
    str, typer.Option(metavar="FIELD", help="The field of that file that holds the id.")
]

# The schema of a new collection

Metric: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="|".join(METRICS),
        help="The metric; fixed once the collection exists.",
    ),
]
DType: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="|".join(DTYPES),
        help="How vectors are stored; hamming has bit and only bit. [default: float32]",
    ),
]
Index: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="hnsw|flat",
        help="hnsw: a graph, approximate and fast. flat: exact, looks at all. [default: hnsw]",
    ),
]
Links: TypeAlias = Annotated[
    int | None,
    typer.Option(
        "--M", metavar="N", parser=a_whole_number, help="hnsw: links of a node. [default: 16]"
    ),
]
EfConstruction: TypeAlias = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        parser=a_whole_number,
        help="hnsw: candidates per inserted vector. [default: 200]",
    ),
]
Codes: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="|".join([*CODES, "none"]),
        help="hnsw: scalar quantization (SQ8, SQ4) of the vectors that searches walk by, before "
        "the best candidates are reranked by their vectors. [default: none]",
    ),
]
Scores: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="The convention results are scored in by default. [default: native]",
    ),
]
Fields: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--field",
        metavar="NAME:TYPE",
        help="A payload field to index for filters, such as pep:int; may be repeated. Types: int, "
        "float, keyword, bool, datetime, and the same with [] for lists.",
    ),
]
OptionalVectors: TypeAlias = Annotated[
    bool,
    typer.Option("--optional-vectors", help="Records may have no vector; searches pass over them."),
]
Model: TypeAlias = Annotated[
    str | None, typer.Option(metavar="TEXT", help="Where the vectors come from; free text.")
]
