"""Every promise about blocks, vectors and graph, looked at one by one."""

from __future__ import annotations

from collections.abc import Iterator

from vdb.errors import CorruptedError
from vdb.index.types import Reader, View
from vdb.index.vectors.kernel_view import opened
from vdb.model.problem import Problem

__all__ = ["verify"]


def verify(reader: Reader, view: View) -> Iterator[Problem]:
    """All problems of one collection; never writes, never stops at the first.

    Looks at every block (header, checksum), every vector (finite, its norm recomputed), the list of
    free slots, every link (bounds, degree, level, returned by the other side), the spanning tree,
    duplicates, and whether each vector can be reached from the entry point.
    """
    header = view.header
    name = f"collection {header.name!r}"
    try:
        index, fetch = opened(reader, view)
        findings = index.verify(fetch, header.free_head, header.free_count, header.bare or 0)
    except CorruptedError as error:
        yield Problem(where=name, what=error.found)
        return
    for where, what in findings:
        yield Problem(where=f"{name}, {where}", what=what)
