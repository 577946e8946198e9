"""The async face has what the sync one has: names, arguments, docstrings, types, answers."""

from __future__ import annotations

import asyncio
import inspect
import subprocess
import sys
import typing

import numpy as np
import pytest

import vdb

PAIRS = {
    vdb.Database: vdb.AsyncDatabase,
    vdb.Snapshot: vdb.AsyncSnapshot,
    vdb.CollectionReader: vdb.AsyncCollectionReader,
    vdb.Collection: vdb.AsyncCollection,
}
PLAIN = {"path", "read_only", "name", "commit"}
BLOCKS = {"batch", "snapshot"}
WALKS = {"ids", "scan"}
MEMBERS = [
    pytest.param(sync, name, id=f"{sync.__name__}.{name}")
    for sync in PAIRS
    for name in dir(sync)
    if not name.startswith("_")
]


def parameters(function):
    return [
        one.replace(annotation=str(one.annotation))
        for one in inspect.signature(inspect.unwrap(function)).parameters.values()
    ]


@pytest.mark.parametrize(("sync", "name"), MEMBERS)
def test_every_public_member_is_there_with_the_same_arguments(sync, name):
    ours, theirs = getattr(PAIRS[sync], name), getattr(sync, name)
    if name in PLAIN:
        assert isinstance(ours, property)
    elif isinstance(theirs, property):
        assert inspect.iscoroutinefunction(ours)
        assert list(inspect.signature(ours).parameters) == ["self"]
    elif name in WALKS:
        *same, rows = parameters(ours)
        assert same == parameters(theirs)
        assert (rows.name, rows.kind, rows.default) == ("rows", rows.KEYWORD_ONLY, 1000)
    else:
        assert parameters(ours) == parameters(theirs)
        assert inspect.iscoroutinefunction(ours) == (name not in BLOCKS)


@pytest.mark.parametrize(("sync", "name"), MEMBERS)
def test_every_public_member_has_the_docstring_and_the_types(sync, name):
    ours, theirs = getattr(PAIRS[sync], name), getattr(sync, name)
    words = inspect.getdoc(theirs).partition(".")[0].replace("``with", "``async with")
    if name not in BLOCKS:
        assert inspect.getdoc(ours).startswith(words)
    if inspect.isfunction(theirs):
        mine, its = typing.get_type_hints(ours)["return"], typing.get_type_hints(theirs)["return"]
        if name not in WALKS | BLOCKS:
            assert mine == PAIRS.get(its, its)


def test_opening_takes_the_same_arguments_and_one_more():
    *same, readers = parameters(vdb.open_async)
    assert same == parameters(vdb.open)
    assert (readers.name, readers.default) == ("max_readers", 4)
    assert inspect.iscoroutinefunction(vdb.open_async)


def test_a_wrong_parameter_gets_the_same_hint(path):
    async def story():
        with pytest.raises(vdb.ArgumentTypeError, match="did you mean 'path'"):
            await vdb.open_async(uri=path)
        async with await vdb.open_async(path) as db:
            docs = await db.create_collection("docs", dim=2, metric="l2")
            with pytest.raises(vdb.ArgumentTypeError, match="did you mean 'k'"):
                await docs.search([0, 0], limit=3)

    asyncio.run(story())


def test_errors_of_arguments_are_those_of_the_sync_face(path):
    async def story():
        async with await vdb.open_async(path) as db:
            docs = await db.create_collection("docs", dim=2, metric="l2")
            with pytest.raises(vdb.CollectionExistsError):
                await db.create_collection("docs", dim=2, metric="l2")
            with pytest.raises(vdb.DimensionMismatchError):
                await docs.add(1, [0, 0, 0])
            with pytest.raises(vdb.ArgumentTypeError, match="progress"):
                await docs.add(1, [0, 0], progress=3)
            with pytest.raises(vdb.ArgumentTypeError, match="rows"):
                docs.ids(rows=1.5)
            with pytest.raises(vdb.NotFoundError):
                await db.collection("other")
            assert not await db.check()
        for readers in (0, 257, "4"):
            with pytest.raises((vdb.InvalidArgumentError, vdb.ArgumentTypeError)):
                await vdb.open_async(path, max_readers=readers)
        with pytest.raises(vdb.NotFoundError):
            await vdb.open_async(path / "no" / "where")

    asyncio.run(story())


def test_a_collection_of_a_snapshot_refuses_to_write(path):
    async def story():
        async with await vdb.open_async(path) as db:
            docs = await db.create_collection("docs", dim=2, metric="l2")
            await docs.add([1, 2], [[0, 0], [1, 1]])
            async with db.snapshot() as moment:
                await docs.delete(1)
                then = await moment.collection("docs")
                assert isinstance(then, vdb.AsyncCollectionReader)
                assert (await then.count(), await docs.count()) == (2, 1)
                assert moment.commit + 1 == (await db.info()).commit
                with pytest.raises(vdb.SnapshotWriteError, match="add"):
                    await then.add(3, [0, 0])
                with pytest.raises(AttributeError, match="'nothing'"):
                    then.nothing  # noqa: B018 - reading it is the test
            with pytest.raises(vdb.ClosedError):
                await then.count()
            taken = await db.snapshot()
            await docs.add(3, [0, 0])
            assert await (await taken.collection("docs")).count() == 1
            await taken.close()
            with pytest.raises(vdb.ClosedError):
                await taken.collections()
            with pytest.raises(vdb.ClosedError, match="not taken"):
                await db.snapshot().collections()

    asyncio.run(story())


def test_a_warning_is_of_the_line_that_awaits(path):
    async def story():
        async with await vdb.open_async(path) as db:
            docs = await db.create_collection("docs", dim=2, metric="l2")
            await docs.add(1, [0, 0], {"year": 2000})
            with pytest.warns(UserWarning, match="yaer") as caught:
                await docs.count({"yaer": 2000})
            assert caught[0].filename == __file__

    asyncio.run(story())


def test_a_coroutine_cannot_be_a_progress_function(path):
    async def progress(*_):
        raise AssertionError

    async def story():
        async with await vdb.open_async(path) as db:
            docs = await db.create_collection("docs", dim=2, metric="l2")
            for call in (
                lambda: docs.add([1], [[1.0, 2.0]], progress=progress),
                lambda: docs.rebuild(metric="ip", progress=progress),
                lambda: db.backup(path.with_name("copy"), progress=progress),
            ):
                with pytest.raises(vdb.ArgumentTypeError, match="progress must be a plain fun"):
                    await call()
            assert await docs.count() == 0 and not await db.check()

    asyncio.run(story())


def test_progress_is_reported_and_a_raise_in_it_stops_the_call(path):
    async def story():
        reports = []
        async with await vdb.open_async(path) as db:
            docs = await db.create_collection("docs", dim=2, metric="l2")
            rows = np.random.default_rng(0).normal(size=(2000, 2))
            await docs.add(range(2000), rows, progress=lambda *state: reports.append(state))
            assert reports[-1] == (2000, 2000)

            def stop(*_):
                raise KeyError("enough")

            with pytest.raises(KeyError, match="enough"):
                await docs.add(range(2000, 4000), rows, progress=stop)
            assert not await db.check()

    asyncio.run(story())


def test_handles_are_not_pickled_and_have_short_reprs(path):
    import pickle

    async def story():
        async with await vdb.open_async(path) as db:
            docs = await db.create_collection("docs", dim=2, metric="l2")
            things = (db, docs, db.snapshot(), db.batch(), docs.ids())
            for one in things:
                with pytest.raises(vdb.ArgumentTypeError):
                    pickle.dumps(one)
                assert "test.vdb" in repr(one)
                assert len(repr(one)) < 200 + len(str(path))

    asyncio.run(story())


def test_importing_vdb_loads_neither_asyncio_nor_the_async_face():
    code = "import sys, vdb; assert 'open_async' in dir(vdb); print(*sys.modules)"
    names = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert "asyncio" not in names
    assert not [name for name in names if name.startswith("vdb.api.asynchronous")]


def test_another_event_loop_is_refused(path):
    async def use(db):
        with pytest.raises(vdb.InvalidArgumentError, match="another event loop"):
            await db.collections()
        with pytest.raises(vdb.InvalidArgumentError, match="another event loop"):
            async with db.snapshot():
                pass

    loop = asyncio.new_event_loop()
    try:
        db = loop.run_until_complete(vdb.open_async(path))
        asyncio.run(use(db))
        loop.run_until_complete(db.close())
    finally:
        loop.close()


def test_parameters_of_a_fusion_go_on_to_the_sync_face(path):
    async def story():
        async with await vdb.open_async(path) as db:
            fields = {"text": vdb.Text()}
            docs = await db.create_collection("docs", dim=2, metric="l2", fields=fields)
            await docs.add(["a", "b"], [[0, 1], [1, 0]], [{"text": "tea"}, {"text": "milk"}])
            hits = await docs.search_hybrid(text="tea", fusion="redis-rrf", rank_constant=1)
            assert hits.scores.tolist() == [0.5]
            with pytest.raises(vdb.ArgumentTypeError, match="did you mean 'k'"):
                await docs.search_hybrid(text="tea", limit=3)

    asyncio.run(story())
