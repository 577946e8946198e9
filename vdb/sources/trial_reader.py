"""What `vdb.sources.reading.trial` starts: opens a source, reads it, and asks its library once.

Errors that Python can raise are left to the process that asked, which meets them again; only a
process that did not come to its end says that the source cannot be read. Within limits damage is
an answer of its own, since without them the same may take any time and all memory.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from pathlib import Path
from typing import Final

from vdb.errors import SourceError, VdbError
from vdb.sources.opening import open_place, place_of
from vdb.sources.reading.libraries import needed
from vdb.sources.reading.trial import STARTED, Limits
from vdb.sources.registry import FORMATS
from vdb.sources.source import Source

__all__ = ["read"]

_LONGEST: Final = 1_000  # characters of an answer
_PAGES: Final = Path("/proc/self/statm")


def read(request: str) -> str:
    """Read the source of a request: its format, path, options, limits, and whether only its head.

    Returns:
        The damage that was met within limits, as JSON; else nothing.
    """
    format_name, path, options, limits, is_head = json.loads(request)
    options["trial"] = False
    if limits is not None:
        _import_library(format_name)
        _limit(Limits(*limits))
    try:
        with open_place(place_of(path), format_name, None, options) as source:
            if not is_head:
                _read_all(source)
    except (SourceError, MemoryError) as error:
        if limits is None:
            raise
        text, where = str(error)[:_LONGEST], getattr(error, "place", "")
        if isinstance(error, MemoryError) or isinstance(error.__cause__, MemoryError):
            memory = Limits(*limits).memory >> 20
            text = f"{path}: {where or 'reading it'} takes more than {memory:,} MiB of memory"
        return json.dumps([text, where])
    return ""


def _read_all(source: Source) -> None:
    vectors = None
    for batch in source.batches():
        vectors = batch.vectors[:1] if vectors is None and len(batch) else vectors
    source.ground_truth()
    engine = None if source.info.metric is None else source.engine(source.info.metric)
    if engine is not None and vectors is not None:
        engine.search(vectors, 1)


def _import_library(format_name: str) -> None:
    """So that its code does not count as memory that reading takes."""
    name = FORMATS[format_name].library
    if name is not None:
        with contextlib.suppress(ImportError):
            needed(name, name, "a trial")


def _limit(limits: Limits) -> None:
    try:
        import resource  # noqa: PLC0415 - Windows has none
    except ImportError:
        return
    used = resource.getrusage(resource.RUSAGE_SELF)
    seconds = int(used.ru_utime + used.ru_stime) + limits.seconds
    sizes = {resource.RLIMIT_CPU: seconds}
    with contextlib.suppress(OSError):  # where there is no /proc, addresses are not counted
        pages = int(_PAGES.read_text(encoding="ascii").split()[0])
        sizes[resource.RLIMIT_AS] = pages * resource.getpagesize() + limits.memory
    for kind, size in sizes.items():
        soft, hard = resource.getrlimit(kind)
        resource.setrlimit(
            kind, (size if soft == resource.RLIM_INFINITY else min(soft, size), hard)
        )


def main() -> None:
    """Answer the request of the command line."""
    # What a library prints is not taken for an answer.
    with os.fdopen(os.dup(1), "wb") as answers:
        os.dup2(2, 1)
        answers.write(STARTED)
        answers.flush()
        with contextlib.suppress(
            VdbError, ImportError, ValueError, ArithmeticError, OSError, MemoryError
        ):
            answers.write(read(sys.argv[1]).encode())


if __name__ == "__main__":
    main()
