"""What docstrings show runs; what can be asked of a collection shows an example."""

import ast
import asyncio
import inspect
import textwrap
from pathlib import Path

import numpy as np
import pytest

import vdb
from vdb import scores

CLASSES = (vdb.Database, vdb.Collection, vdb.CollectionReader, vdb.Snapshot)
ASYNC = (vdb.AsyncDatabase, vdb.AsyncCollection, vdb.AsyncCollectionReader, vdb.AsyncSnapshot)
# Their names say all of it.
WITHOUT = {"close", "collections"}


def methods_of(kind):
    for name, member in inspect.getmembers(kind, inspect.isfunction):
        if not name.startswith("_"):
            yield f"{kind.__name__}.{name}", member


def documented():
    """Every public function and method, by the name that users call it."""
    for kind in CLASSES:
        yield from methods_of(kind)
    for module in (vdb, scores):
        for name in module.__all__:
            value = getattr(module, name)
            if inspect.isfunction(value) and not inspect.iscoroutinefunction(value):
                yield f"{module.__name__}.{name}", value


def example_of(function):
    _, _, code = inspect.getdoc(function).partition("\nExample:\n")
    return textwrap.dedent(code)


COROUTINES = (vdb.open_async, vdb.restore_async, vdb.backups_async, vdb.prune_backups_async)
ASYNC_EXAMPLES = {f"vdb.{one.__name__}": example_of(one) for one in COROUTINES} | {
    name: code
    for kind in ASYNC
    for name, member in methods_of(kind)
    if (code := example_of(member))
}
EXAMPLES = {name: example_of(function) for name, function in documented()}


def fvecs(rows):
    """A file of vectors that each have their length before them."""
    return b"".join(np.int32(len(row)).tobytes() + row.astype("f4").tobytes() for row in rows)


@pytest.fixture
def names(tmp_path, monkeypatch):
    """What the examples take for granted: an open database, a collection, queries, backups."""
    monkeypatch.chdir(tmp_path)
    random = np.random.default_rng(0)
    with vdb.open("drinks.vdb") as db:
        fields = {"year": "int", "text": vdb.Text()}
        docs = db.create_collection("docs", dim=3, metric="cosine", fields=fields)
        rows = random.normal(size=(200, 3))
        payloads = [{"year": 1990 + i % 40, "text": f"Drink {i}"} for i in range(200)]
        docs.add(["tea", "coffee", *(f"d{i}" for i in range(198))], rows, payloads)
        db.backup("backup.vdb")
        Path("points.fvecs").write_bytes(fvecs(rows))
        np.save("points.npy", rows.astype("f4"))
        url = (tmp_path / "backups").as_uri()
        db.backup(url)
        other = db.create_collection("other", dim=3, metric="l2")
        other.add(["tea", "coffee"], rows[:2])
        q, Q = random.normal(size=3), random.normal(size=(20, 3))
        places = {"other": other, "url": url, "texts": [f"drink {i}" for i in range(20)]}
        yield {"vdb": vdb, "np": np, "db": db, "docs": docs, "q": q, "Q": Q, **places}


@pytest.mark.parametrize("name", [name for name, code in EXAMPLES.items() if code])
def test_the_example_of_every_docstring_runs(name, names):
    db = names["db"]
    exec(compile(EXAMPLES[name], name, "exec"), names)
    assert list(db.check()) == []


@pytest.mark.parametrize("name", ASYNC_EXAMPLES)
def test_the_example_of_every_coroutine_runs(name, names):
    names["db"].close()

    async def story():
        async with await vdb.open_async("drinks.vdb") as db:
            docs = await db.collection("docs")
            flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
            code = compile(ASYNC_EXAMPLES[name], name, "exec", flags=flags)
            running = eval(code, names | {"db": db, "docs": docs})
            if inspect.iscoroutine(running):
                await running
            assert list(await db.check()) == []

    asyncio.run(story())


@pytest.mark.parametrize("name", [name for name, code in EXAMPLES.items() if not code])
def test_only_what_needs_none_has_no_example(name):
    assert name.rpartition(".")[2] in WITHOUT
