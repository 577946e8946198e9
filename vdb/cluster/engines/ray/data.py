"""Work on many things at once in processes of Ray's, by Ray Data.

Ray Data gives a task to a process when there is room, and again to another when one dies. So what
is done must bear being done twice, as a load's pieces do.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from vdb.cluster.engines.ray.library import ray
from vdb.cluster.engines.ray.replies import raised_error
from vdb.errors import EngineError

__all__ = ["each"]


def each(
    function: Callable[[Any], dict[str, Any]], things: Sequence[Any], workers: int | None = None
) -> Iterator[dict[str, Any]]:
    """What a function returns of each thing, in any order, as they are done.

    Ray Data puts results into tables of Arrow, which makes lists of tuples and gives dicts the keys
    of others; so they travel as texts of JSON.

    Args:
        function: Is sent to the processes, with what it holds; must bear being called twice.
            Returns an object of JSON.
        things: Are sent, too.
        workers: The most that are under way at a time. None: as many as there are processors.

    Raises:
        EngineError: Ray failed, a process ended again and again, or the function raised.
    """
    try:
        from ray import data  # noqa: PLC0415 - pandas and pyarrow come with it
    except ImportError as error:
        raise EngineError(
            f'Ray Data cannot be used: {error}; pip install "vdb[ray]" brings what it needs'
        ) from error
    called = ray.put((function, list(things)))

    def call(row: dict[str, Any]) -> dict[str, Any]:
        chosen, listed = ray.get(called)
        return {"result": json.dumps(chosen(listed[row["number"]]))}

    rows = [{"number": number} for number in range(len(things))]
    with _quiet(data):
        dataset = data.from_items(rows, override_num_blocks=len(rows))
        pool = data.TaskPoolStrategy(size=workers)
        try:
            for row in dataset.map(call, compute=pool, num_cpus=1).iter_rows():
                yield json.loads(row["result"])
        except ray.exceptions.RayTaskError as error:
            raise raised_error(error) from None
        except ray.exceptions.RayError as error:
            raise EngineError(f"Ray Data failed: {error}") from error


@contextmanager
def _quiet(data: Any) -> Iterator[None]:
    """No bars and no lines of Ray Data's: the caller has progress of its own."""
    context, log = data.DataContext.get_current(), logging.getLogger("ray.data")
    old = context.enable_progress_bars, context.print_on_execution_start, log.level
    context.enable_progress_bars = context.print_on_execution_start = False
    log.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        context.enable_progress_bars, context.print_on_execution_start = old[:2]
        log.setLevel(old[2])
