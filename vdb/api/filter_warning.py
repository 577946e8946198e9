"""The records that pass a filter, with a warning where it names a field that no record has.

Searches report it in ``hits.plan.reason``. A count, a number of deleted records and an iterator
have no place for a text, so there the same text is a warning.
"""

from __future__ import annotations

import inspect
import warnings

from vdb import query
from vdb.index import FilterSet
from vdb.store import Batch, CollectionView, Snapshot, WritableCollection

__all__ = ["matching"]


def matching(
    reader: Snapshot | Batch, view: CollectionView | WritableCollection, where: object
) -> FilterSet:
    """The records that pass; see `query.matching`.

    Warns (UserWarning, at the line that called vdb) when no record passes, or every record, and a
    field of the filter is in no record. Callers warn before they change anything, because a program
    may turn warnings into errors.
    """
    filter_set = query.matching(reader, view, where)
    if filter_set.remark:
        warnings.warn(filter_set.remark, UserWarning, stacklevel=_depth_of_caller())
    return filter_set


def _depth_of_caller() -> int:
    """The stacklevel of the first frame outside this package, for `warnings.warn`."""
    package = __name__.partition(".")[0]
    frame, depth = inspect.currentframe(), 0
    while frame is not None and frame.f_globals.get("__name__", "").partition(".")[0] == package:
        frame, depth = frame.f_back, depth + 1
    return depth
