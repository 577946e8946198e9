"""Long calls leave the interpreter to other threads, and many may search at once."""

import threading
from collections.abc import Callable

import numpy as np

from support.kernel_memory import MemoryIndex, nothing_stored


def steps_beside(work: Callable[[], object]) -> int:
    """How many steps this thread makes while another does the work."""
    thread = threading.Thread(target=work)
    steps = 0
    thread.start()
    while thread.is_alive():
        steps += 1
    thread.join()
    return steps


def test_building_and_searching_release_the_interpreter() -> None:
    index = MemoryIndex("l2", 64, M=16, ef_construction=200)
    rows = np.random.default_rng(1).normal(size=(3000, 64)).astype(np.float32)
    # Held throughout, the interpreter would be handed over a few dozen times at most.
    assert steps_beside(lambda: index.add(rows)) > 10_000
    assert steps_beside(lambda: index.search(rows, 10, 200)) > 10_000
    assert steps_beside(lambda: index.scan(rows[:600], 10)) > 1_000
    assert index.problems() == []


def test_searches_on_many_threads_agree_with_one() -> None:
    index = MemoryIndex("cosine", 32)
    rows = np.random.default_rng(2).normal(size=(2000, 32)).astype(np.float32)
    index.add(rows)
    expected = index.search(rows, 5, 40)
    answers: list[tuple[np.ndarray, ...]] = []

    def search() -> None:
        answers.append(index.index.search(nothing_stored, rows, 5, 40, 3))

    threads = [threading.Thread(target=search) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 6
    for answer in answers:
        for ours, theirs in zip(answer, expected, strict=True):
            np.testing.assert_array_equal(ours, theirs)
