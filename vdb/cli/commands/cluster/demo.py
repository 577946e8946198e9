"""`vdb cluster demo`: three nodes on this machine; one goes, users are told, it comes back."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import click
import numpy as np

import vdb
from vdb.cli.arguments import numbers, options
from vdb.cli.arguments.command import command
from vdb.cli.commands.cluster.status import print_status
from vdb.cli.render import hits as render
from vdb.cli.render import output
from vdb.errors import VdbError
from vdb.model.hits import Hits

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vdb.cluster import Cluster

NODES = ("node-1", "node-2", "node-3")
LOST = NODES[1]
NAME = "paragraphs"
SHARDS = 6
SAMPLE = Path(vdb.__file__).parents[1] / "docs" / "sample"
TIMEOUT = 2.0


@command("demo")
@click.option(
    "--records",
    metavar="N",
    type=numbers.a_count,
    default=2000,
    help="How many records of the sample to load, at most.",
)
@options.json
def demo(*, records: int, json: bool) -> None:
    """Show a cluster of three nodes on this machine, of which one is lost and comes back.

    Each node is a directory with its shards, in a temporary place, which is removed at the end.
    """
    with tempfile.TemporaryDirectory(prefix="vdb-cluster-demo-") as folder:
        shown = _demonstrated(Path(folder), records, say=_silent if json else output.line)
    if json:
        output.json_object(shown)


def _silent(_text: str) -> None:
    pass


def _demonstrated(folder: Path, records: int, say: Any) -> dict[str, object]:
    """The demonstration, and its facts."""
    quiet = say is _silent
    vectors, payloads, query, question = _sample(records)
    say(f"Three nodes, {', '.join(NODES)}, are three directories in {folder}.")
    with _opened(folder, create=True) as cluster:
        collection = cluster.create_collection(
            NAME, dim=vectors.shape[1], metric="cosine", shards=SHARDS
        )
        start = perf_counter()
        collection.add(range(len(vectors)), vectors, payloads)
        say(
            f"{len(vectors):,} records in {SHARDS} shards, a commit on each: "
            f"{perf_counter() - start:.1f} s."
        )
        say("")
        before = collection.search(query, 5)
        if not quiet:
            print_status("demo", cluster.status())
            say("")
            say(f"The question: {question}")
            render.print_table(NAME, before, None)
    (folder / LOST).rename(folder / "away")
    say("")
    say(f"{LOST} is gone, and the directories of its shards with it.")
    say("")
    with _opened(folder) as cluster:
        collection = cluster.collection(NAME)
        refused = _refusal(lambda: collection.search(query, 5))
        say(f"search(...) raises {refused}")
        say("")
        part = collection.search(query, 5, partial="allow")
        say(f'search(..., partial="allow") answers, with hits.missing == {part.missing}:')
        if not quiet:
            render.print_table(NAME, part, None)
        ids, token = range(len(vectors), len(vectors) + 60), uuid4().hex
        unfinished = _refusal(lambda: collection.upsert(ids, vectors[:60], token=token))
        say("")
        say(f"upsert(...) of 60 records raises {unfinished}")
        say("")
        if not quiet:
            print_status("demo", cluster.status(timeout=TIMEOUT))
    (folder / "away").rename(folder / LOST)
    say("")
    say(f"{LOST} is back.")
    say("")
    with _opened(folder) as cluster:
        collection = cluster.collection(NAME)
        collection.upsert(ids, vectors[:60], token=token)
        count = collection.count()
        say(f"The same upsert(...) with its token: {count:,} records, none of them twice.")
        collection.delete(list(ids))
        same = _same(before, collection.search(query, 5))
        say(f"Without these, the answer is {'the one of before' if same else 'another'}.")
        problems = cluster.check()
        say(f"check: {'sound' if not problems else '; '.join(map(str, problems))}")
    return {
        "records": len(vectors),
        "shards": SHARDS,
        "refused": refused,
        "missing": list(part.missing),
        "unfinished": unfinished,
        "count": count,
        "same": same,
        "sound": not problems,
    }


@contextmanager
def _opened(folder: Path, *, create: bool = False) -> Iterator[Cluster]:
    from vdb import cluster

    disks = {node: folder / node for node in NODES} if create else None
    with cluster.open(folder / "objects", disks=disks, create=create, timeout=TIMEOUT) as opened:
        yield opened


def _refusal(call: Any) -> str:
    """The error of a call that must not succeed, in a line."""
    try:
        call()
    except VdbError as error:
        return f"{type(error).__name__}: {error}"
    raise VdbError(f"a call succeeded although {LOST} is gone")


def _same(one: Hits, other: Hits) -> bool:
    return bool(np.array_equal(one.ids, other.ids) and np.array_equal(one.scores, other.scores))


def _sample(most: int) -> tuple[NDArray[Any], list[Any], NDArray[Any], str]:
    """Vectors, payloads, a query and what it asks: of the sample, or drawn where that is not."""
    if (SAMPLE / "paragraphs.f16.npy").is_file():
        from vdb.sources.reading.plain_json import plain_json

        vectors = np.load(SAMPLE / "paragraphs.f16.npy", mmap_mode="r", allow_pickle=False)[:most]
        lines = (SAMPLE / "paragraphs.jsonl").read_text("utf-8").splitlines()[: len(vectors)]
        questions = (SAMPLE / "queries.jsonl").read_text("utf-8").splitlines()
        queries = np.load(SAMPLE / "queries.f16.npy", allow_pickle=False)
        question: Any = plain_json(questions[0])
        text = str(question.get("query", question) if isinstance(question, dict) else question)
        return vectors.astype(np.float32), [plain_json(one) for one in lines], queries[0], text
    random = np.random.default_rng(1)
    drawn = random.normal(size=(most, 64)).astype(np.float32)
    return drawn, [{"text": f"record {i}"} for i in range(most)], drawn[0] + 0.1, "near record 0"
