"""A batch belongs to the thread and the task that began it; nobody else joins or sees into it."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import threading
import time

import pytest

import vdb
from support.stopped import StopError

WRITES = {
    "add": lambda db, notes: notes.add(2, [1, 1]),
    "upsert": lambda db, notes: notes.upsert(2, [1, 1]),
    "delete": lambda db, notes: notes.delete(1),
    "set_payloads": lambda db, notes: notes.set_payloads(1, "new"),
    "batch": lambda db, notes: db.batch().__enter__(),
    "create": lambda db, notes: db.create_collection("other", dim=1, metric="l2"),
    "drop": lambda db, notes: db.drop_collection("notes"),
    "compact": lambda db, notes: db.compact(),
    "close": lambda db, notes: db.close(),
}


@pytest.fixture
def db(path):
    with vdb.open(path, lock_timeout=0.5) as database:
        yield database


@pytest.fixture
def notes(db):
    return db.create_collection("notes", dim=2, metric="l2")


async def beside_a_batch(db, notes, inside):
    """What `inside` gives in one task while another one of the thread holds a batch open."""
    begun, done = asyncio.Event(), asyncio.Event()

    async def holder():
        with db.batch():
            notes.add(1, [0, 0])
            begun.set()
            await done.wait()
            raise StopError

    task = asyncio.create_task(holder())
    await begun.wait()
    try:
        return inside()
    finally:
        done.set()
        with pytest.raises(StopError):
            await task


@pytest.mark.parametrize("name", WRITES)
@pytest.mark.alone
def test_another_task_of_the_thread_is_refused_at_once(db, notes, name):
    def inside():
        before = time.monotonic()
        with pytest.raises(vdb.BusyError, match=r"task of this thread|in another task"):
            WRITES[name](db, notes)
        return time.monotonic() - before

    assert asyncio.run(beside_a_batch(db, notes, inside)) < 0.4
    assert list(notes.ids()) == []
    notes.add(2, [1, 1])


def test_another_task_sees_what_was_committed(db, notes):
    notes.add(7, [5, 5])

    def inside():
        return (
            list(notes.ids()),
            [r.id for r in notes.scan()],
            notes.search([0, 0], 1)[0].id,
            1 in notes,
        )

    assert asyncio.run(beside_a_batch(db, notes, inside)) == ([7], [7], 7, False)


def test_what_another_task_was_told_is_written_stays_when_the_batch_is_undone(db, notes):
    async def main():
        async def undone():
            with db.batch():
                notes.add(1, [0, 0])
                await asyncio.sleep(0.02)
                raise StopError

        async def other():
            while True:
                await asyncio.sleep(0.005)
                try:
                    notes.add(2, [1, 1])
                except vdb.BusyError:
                    continue
                return

        return await asyncio.gather(undone(), other(), return_exceptions=True)

    undone, other = asyncio.run(main())
    assert isinstance(undone, StopError)
    assert other is None
    assert list(notes.ids()) == [2]


def test_a_task_that_was_started_inside_does_not_join(db, notes):
    async def child():
        with pytest.raises(vdb.BusyError):
            notes.add(2, [1, 1])
        return list(notes.ids())

    async def main():
        with db.batch():
            notes.add(1, [0, 0])
            same = contextvars.copy_context()
            return await asyncio.gather(
                asyncio.create_task(child()), asyncio.create_task(child(), context=same)
            )

    assert asyncio.run(main()) == [[], []]
    assert list(notes.ids()) == [1]


def test_two_tasks_of_one_context_are_two(db, notes):
    async def main():
        shared = contextvars.copy_context()
        begun, done = asyncio.Event(), asyncio.Event()

        async def holder():
            with db.batch():
                notes.add(1, [0, 0])
                begun.set()
                await done.wait()
                notes.add(3, [0, 0])

        task = asyncio.create_task(holder(), context=shared)

        async def other():
            await begun.wait()
            with pytest.raises(vdb.BusyError):
                notes.add(2, [1, 1])
            assert list(notes.ids()) == []
            done.set()

        await asyncio.create_task(other(), context=shared)
        await task

    asyncio.run(main())
    assert list(notes.ids()) == [1, 3]


def test_a_task_that_waits_goes_on_with_its_batch(db, notes):
    async def main():
        with db.batch():
            notes.add(1, [0, 0])
            await asyncio.sleep(0)
            with db.batch():
                await asyncio.sleep(0.01)
                notes.add(2, [0, 0])
            assert list(notes.ids()) == [1, 2]

    asyncio.run(main())
    assert list(notes.ids()) == [1, 2]


def test_a_cancelled_task_leaves_nothing(db, notes):
    async def main():
        async def holder():
            with db.batch():
                notes.add(1, [0, 0])
                await asyncio.sleep(60)

        task = asyncio.create_task(holder())
        await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(main())
    assert list(notes.ids()) == []
    notes.add(2, [0, 0])


def test_a_callback_of_the_loop_does_not_join(db, notes):
    async def main():
        seen = asyncio.get_running_loop().create_future()
        with db.batch():
            notes.add(1, [0, 0])
            asyncio.get_running_loop().call_soon(lambda: seen.set_result(list(notes.ids())))
            return await seen

    assert asyncio.run(main()) == []


def test_a_worker_thread_of_the_task_does_not_join(db, notes):
    async def main():
        with db.batch():
            notes.add(1, [0, 0])
            assert await asyncio.to_thread(lambda: list(notes.ids())) == []
            with pytest.raises(vdb.BusyError, match="another thread"):
                await asyncio.to_thread(notes.add, 2, [1, 1])

    asyncio.run(main())
    assert list(notes.ids()) == [1]


class Loop:
    """Coroutines in turns, each in a context of its own, as every loop runs them."""

    def __init__(self):
        self._tasks = []

    def start(self, coroutine):
        self._tasks.append((coroutine, contextvars.copy_context()))

    def run(self):
        while self._tasks:
            coroutine, context = self._tasks.pop(0)
            try:
                context.run(coroutine.send, None)
            except StopIteration:
                continue
            self._tasks.append((coroutine, context))


class Turn:
    def __await__(self):
        yield


def test_tasks_of_any_other_loop_are_told_apart(db, notes):
    loop, seen = Loop(), []

    async def child():
        with pytest.raises(vdb.BusyError):
            notes.add(3, [0, 0])
        seen.append(list(notes.ids()))

    async def holder():
        with db.batch():
            notes.add(1, [0, 0])
            loop.start(child())
            await Turn()
            await Turn()
            notes.add(4, [0, 0])
            assert list(notes.ids()) == [1, 4]

    async def other():
        await child()
        while True:
            try:
                notes.add(2, [0, 0])
            except vdb.BusyError:
                await Turn()
            else:
                return

    loop.start(holder())
    loop.start(other())
    loop.run()
    assert seen == [[], []]
    assert list(notes.ids()) == [1, 2, 4]


def test_a_call_in_a_copy_of_the_context_does_not_join(db, notes):
    with db.batch():
        notes.add(1, [0, 0])
        copied = contextvars.copy_context()
        with pytest.raises(vdb.BusyError):
            copied.run(notes.add, 2, [0, 0])
        assert copied.run(len, notes) == 0
        notes.add(3, [0, 0])
    assert list(notes.ids()) == [1, 3]


def test_batches_of_two_databases_do_not_get_mixed_up(db, notes, tmp_path):
    with vdb.open(tmp_path / "second") as second:
        others = second.create_collection("others", dim=2, metric="l2")
        first_batch, second_batch = db.batch(), second.batch()
        first_batch.__enter__()
        second_batch.__enter__()
        notes.add(1, [0, 0])
        others.add(1, [0, 0])
        first_batch.__exit__(None, None, None)  # not in the order of a stack
        others.add(2, [0, 0])
        with db.batch():
            notes.add(2, [0, 0])
            others.add(3, [0, 0])
        second_batch.__exit__(None, None, None)
        assert list(notes.ids()) == [1, 2]
        assert list(others.ids()) == [1, 2, 3]


# Generators


def _generator(db, notes):
    with db.batch():
        notes.add(1, [0, 0])
        yield
        notes.add(2, [0, 0])


def test_a_generator_leaves_its_batch_open_for_who_goes_through_it(db, notes):
    for _ in _generator(db, notes):
        notes.add(3, [0, 0])
        assert list(notes.ids()) == [1, 3]
        with pytest.raises(vdb.BusyError, match="leave the with block"):
            db.close()
    assert list(notes.ids()) == [1, 2, 3]


def test_a_generator_that_is_closed_undoes_its_batch(db, notes):
    generator = _generator(db, notes)
    next(generator)
    generator.close()
    assert list(notes.ids()) == []
    notes.add(3, [0, 0])


def test_a_generator_that_another_task_goes_on_with_is_undone(db, notes):
    generator = _generator(db, notes)
    next(generator)
    with pytest.raises(vdb.BusyError):  # at its own second write
        contextvars.copy_context().run(next, generator, None)
    assert list(notes.ids()) == []

    def quiet():
        with db.batch():
            notes.add(1, [0, 0])
            yield

    generator = quiet()
    next(generator)
    with pytest.raises(vdb.ClosedError, match="was undone"):
        contextvars.copy_context().run(next, generator, None)
    assert list(notes.ids()) == []
    notes.add(3, [0, 0])


def _in_thread(function, *arguments):
    raised = []

    def call():
        try:
            function(*arguments)
        except Exception as error:  # noqa: BLE001 - whatever it is, the test looks at it
            raised.append(error)

    thread = threading.Thread(target=call)
    thread.start()
    thread.join()
    return raised[0] if raised else None


@pytest.mark.parametrize("end", ["next", "close", "forget"])
def test_a_generator_that_another_thread_ends_is_undone_by_its_own(db, notes, end):
    def quiet():
        with db.batch():
            notes.add(1, [0, 0])
            yield

    generators = [quiet()]
    next(generators[0])
    if end == "next":
        error = _in_thread(lambda: next(generators[0], None))
        assert isinstance(error, vdb.ClosedError)
    elif end == "close":
        assert _in_thread(generators[0].close) is None
    else:
        assert _in_thread(generators.clear) is None
    assert isinstance(_in_thread(notes.add, 2, [0, 0]), vdb.BusyError)  # not for ever: below
    assert list(notes.ids()) == []
    notes.add(3, [0, 0])
    assert _in_thread(notes.add, 2, [0, 0]) is None
    assert list(notes.ids()) == [2, 3]


def test_a_batch_of_a_thread_that_is_gone_is_undone_by_any_other(db, notes):
    generators = []

    def begin():
        generators.append(_generator(db, notes))
        next(generators[0])

    assert _in_thread(begin) is None
    generators.clear()
    gc.collect()
    notes.add(3, [0, 0])
    assert list(notes.ids()) == [3]


def test_an_asynchronous_generator_belongs_to_the_task_that_goes_through_it(db, notes):
    async def generator():
        with db.batch():
            notes.add(1, [0, 0])
            yield
            notes.add(2, [0, 0])

    async def main():
        async for _ in generator():
            notes.add(3, [0, 0])
        steps = generator()
        with pytest.raises(vdb.VdbError):  # there are 1 and 2 already
            await steps.__anext__()
        notes.delete([1, 2, 3])
        steps = generator()
        await steps.__anext__()
        with pytest.raises(vdb.BusyError):
            await asyncio.create_task(steps.__anext__())
        assert list(notes.ids()) == []

    asyncio.run(main())


def test_a_walk_begun_inside_is_not_read_outside(db, notes):
    notes.add([1, 2, 3], [[0, 0]] * 3)
    with db.batch():
        notes.delete(3)
        records = notes.scan()
        with pytest.raises(vdb.ClosedError):
            contextvars.copy_context().run(next, records)


# Closing


def test_closing_waits_for_a_batch_of_another_thread_also_beside_other_handles(path, db, notes):
    second = vdb.open(path, lock_timeout=0.2)
    begun, done = threading.Event(), threading.Event()

    def hold():
        with second.batch():
            second.collection("notes").add(1, [0, 0])
            begun.set()
            done.wait()

    thread = threading.Thread(target=hold)
    thread.start()
    begun.wait()
    with pytest.raises(vdb.BusyError, match="did not end"):
        second.close()
    done.set()
    thread.join()
    second.close()
    assert list(notes.ids()) == [1]
