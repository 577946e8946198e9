"""Running calls that wait for a network on a few threads, with a bound on what is under way."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Generator, Iterable
from queue import SimpleQueue
from threading import Event, Thread, current_thread, main_thread
from typing import Generic, TypeVar

__all__ = ["AHEAD", "THREADS", "in_order", "interruptible"]

A = TypeVar("A")
R = TypeVar("R")

THREADS = 4
"""Calls that run at one time."""

AHEAD = 8
"""Arguments that are in memory at one time."""

PATIENCE = 0.5
"""Seconds to wait, after a failure or Ctrl-C, for the calls that run."""


def interruptible(call: Callable[[], R]) -> R:
    """What a call returns that waits for a network, and answers to no signal meanwhile.

    In the main thread, which gets Ctrl-C, it runs on another thread: then Ctrl-C ends the waiting.
    """
    if current_thread() is not main_thread():
        return call()
    request: _Call[None, R] = _Call(None)

    def run() -> None:
        try:
            request.result = call()
        except BaseException as error:  # noqa: BLE001 - raised below
            request.error = error
        request.done.set()

    Thread(target=run, daemon=True).start()
    return request.outcome()


class _Call(Generic[A, R]):
    """One call: its argument, then its result or what it raised."""

    __slots__ = ("argument", "done", "error", "result")

    def __init__(self, argument: A) -> None:
        self.argument: A | None = argument
        self.result: R | None = None
        self.error: BaseException | None = None
        self.done = Event()

    def outcome(self) -> R:
        """Wait for the result, or raise what the call raised."""
        self.done.wait()
        if self.error is not None:
            raise self.error
        return self.result  # type: ignore[return-value]  # set where there is no error


def in_order(
    task: Callable[[A], R],
    arguments: Iterable[A],
    *,
    threads: int = THREADS,
    ahead: int = AHEAD,
) -> Generator[R]:
    """The results of a task for each argument, in the order of the arguments.

    Arguments are taken by the calling thread, at most `ahead` before their results are. What an
    argument or a call raises is raised here, and the calls that have not begun are dropped. The
    threads are daemons: a call that hangs does not keep the process from ending. Close the
    generator, so that they end.
    """
    queue: SimpleQueue[_Call[A, R] | None] = SimpleQueue()
    pending: deque[_Call[A, R]] = deque()
    workers: list[Thread] = []
    try:
        for argument in arguments:
            if len(workers) < threads:
                workers.append(Thread(target=_work, args=(queue, task), daemon=True))
                workers[-1].start()
            call: _Call[A, R] = _Call(argument)
            del argument  # only the call holds it, until it is done
            pending.append(call)
            queue.put(call)
            if len(pending) >= ahead:
                yield pending.popleft().outcome()
        while pending:
            yield pending.popleft().outcome()
    finally:
        for call in pending:
            call.done.set()
        for _ in workers:
            queue.put(None)
        deadline = time.monotonic() + PATIENCE
        for worker in workers:
            worker.join(max(0.0, deadline - time.monotonic()))


def _work(queue: SimpleQueue[_Call[A, R] | None], task: Callable[[A], R]) -> None:
    while (call := queue.get()) is not None:
        if call.done.is_set():  # dropped
            continue
        argument, call.argument = call.argument, None
        try:
            call.result = task(argument)  # type: ignore[arg-type]  # taken once
        except BaseException as error:  # noqa: BLE001 - raised where the result is asked for
            call.error = error
        del argument
        call.done.set()
