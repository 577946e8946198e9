"""Arguments and options that several commands share, as decorators."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from vdb.cli.arguments.command import Target, argument
from vdb.cli.arguments.completion import collections, databases, files
from vdb.cli.arguments.numbers import a_number, a_whole_number
from vdb.cli.render.pages import a_page_place
from vdb.model import config
from vdb.model.codes import CODES
from vdb.model.dtypes import DTYPES
from vdb.model.metrics import METRICS


def a_path(text: str | Path) -> Path:
    """The path of a text; an empty one is refused, because it would be the current directory."""
    if text == "":
        raise click.BadParameter("an empty path")
    return Path(text)


def a_directory(text: str | Path) -> Path:
    """The path of a database, which must be UTF-8 for the store."""
    path = a_path(text)
    try:
        str(path).encode()
    except UnicodeEncodeError:
        raise click.BadParameter(f"{path} has bytes in it that are not UTF-8 text") from None
    return path


def path_argument(name: str, **attributes: Any) -> Callable[[Target], Target]:
    """An argument that takes the path of a file."""
    return argument(name, type=a_path, shell_complete=files, **attributes)


def path_option(*names: str, **attributes: Any) -> Callable[[Target], Target]:
    """An option that takes the path of a file."""
    return click.option(*names, type=a_path, **{"shell_complete": files} | attributes)


directory = argument(
    "directory",
    metavar="DIR",
    type=a_directory,
    shell_complete=databases,
    help="The database, which is a directory.",
)
name = argument("name", metavar="NAME", shell_complete=collections, help="The collection.")
optional_name = argument(
    "name", metavar="NAME", required=False, shell_complete=collections, help="The collection."
)
json = click.option("--json", is_flag=True, help="Print one JSON object instead of text.")
port = click.option(
    "--port",
    metavar="N",
    type=a_whole_number,
    default=0,
    help="The port of the page. [default: one that is free]",
)
lock_timeout = click.option(
    "--lock-timeout",
    metavar="SECONDS",
    type=a_number,
    default=5.0,
    help="How long to wait for another writer to finish.",
)
allow_network_fs = click.option(
    "--allow-network-fs",
    is_flag=True,
    help="Open it even on a network file system, where other machines must not have it open.",
)
html = click.option(
    "--html",
    metavar="FILE.html",
    type=a_page_place,
    shell_complete=files,
    help="Write a page with plots to this file, also in the place of another page; it opens in "
    "any browser, without a network.",
)
seed = click.option(
    "--seed",
    metavar="N",
    type=a_whole_number,
    default=0,
    help="Chooses samples; the same seed, the same figures.",
)
threads = click.option(
    "--threads", metavar="N", type=a_whole_number, help="Threads to search with. [default: all]"
)
build_threads = click.option(
    "--threads", metavar="N", type=a_whole_number, help="Threads to build with. [default: all]"
)

# Queries from files

queries = path_argument("queries", metavar="QUERIES.npy", help="Real numbers, one row a query.")
real_queries = path_option(
    "--queries", metavar="QUERIES.npy", help="Real queries. [default: a sample of stored vectors]"
)
sample = click.option(
    "--sample",
    metavar="N",
    type=a_whole_number,
    default=config.SAMPLE,
    help="How many stored vectors to take for queries.",
)
labels = path_option(
    "--labels",
    metavar="FILE.jsonl",
    help='What is relevant, one object a query: {"query": TEXT, "relevant": [ID, ...]}; '
    'with grades {"relevant": {ID: GRADE, ...}}. '
    "[default: QUERIES.jsonl where there is one]",
)
rows_of = path_option(
    "--rows-of",
    metavar="FILE.jsonl",
    help='"relevant" counts the lines of this file, from 0, which name the ids.',
)
ids_from = click.option(
    "--ids-from",
    metavar="FIELD",
    default="id",
    help="The field of that file that holds the id.",
)

# The schema of a new collection

SCHEMA = (
    click.option(
        "--metric", metavar="|".join(METRICS), help="The metric; fixed once the collection exists."
    ),
    click.option(
        "--dtype",
        metavar="|".join(DTYPES),
        help="How vectors are stored; hamming has bit and only bit. [default: float32]",
    ),
    click.option(
        "--index",
        metavar="hnsw|flat",
        help="hnsw: a graph, approximate and fast. flat: exact, looks at all. [default: hnsw]",
    ),
    click.option(
        "--M", "M", metavar="N", type=a_whole_number, help="hnsw: links of a node. [default: 16]"
    ),
    click.option(
        "--ef-construction",
        metavar="N",
        type=a_whole_number,
        help="hnsw: candidates per inserted vector. [default: 200]",
    ),
    click.option(
        "--codes",
        metavar="|".join([*CODES, "none"]),
        help="hnsw: scalar quantization (SQ8, SQ4) of the vectors that searches walk by, before "
        "the best candidates are reranked by their vectors. [default: none]",
    ),
    click.option(
        "--indexing-threshold",
        metavar="N",
        type=a_whole_number,
        help="hnsw: as long as there are at most N vectors, none is linked and searches compare "
        "all of them. [default: 0]",
    ),
    click.option(
        "--scores",
        metavar="NAME",
        help="The convention results are scored in by default. [default: native]",
    ),
    click.option("--model", metavar="TEXT", help="Where the vectors come from; free text."),
    click.option(
        "--field",
        "fields",
        metavar="NAME:TYPE",
        multiple=True,
        help="A payload field to index, such as pep:int; may be repeated. Types for filters: int, "
        "float, keyword, bool, datetime, and the same with [] for lists; to search by words: text, "
        "or text=ANALYZER, such as text=english.",
    ),
    click.option(
        "--optional-vectors",
        is_flag=True,
        help="Records may have no vector; searches pass over them.",
    ),
)


def schema(target: Target) -> Target:
    """All options that describe a collection, with the names that `Options` has for them."""
    for option in reversed(SCHEMA):
        target = option(target)
    return target
