"""What `vdb.sources.reading.trial` starts: reads a source to its end, and asks its library once.

It says nothing. Errors that Python can raise are left to the process that asked, which meets them
again; only a process that did not come to its end says that the source cannot be read.
"""

from __future__ import annotations

import json
import sys

from vdb.errors import VdbError
from vdb.sources.opening import open_place, place_of

__all__ = ["read"]


def read(request: str) -> None:
    """Read the source of a request: its format, its path, and the options of the format."""
    format_name, path, options = json.loads(request)
    options["trial"] = False
    vectors = None
    with open_place(place_of(path), format_name, None, options) as source:
        for batch in source.batches():
            vectors = batch.vectors[:1] if vectors is None and len(batch) else vectors
        engine = None if source.info.metric is None else source.engine(source.info.metric)
        if engine is not None and vectors is not None:
            engine.search(vectors, 1)


if __name__ == "__main__":
    try:
        read(sys.argv[1])
    except (VdbError, ImportError, ValueError, ArithmeticError, OSError, MemoryError):
        sys.exit(0)
