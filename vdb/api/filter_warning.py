"""The records that pass a filter, with a warning where it names a field that no record has.

Searches say it in ``hits.plan.reason``; a count, a number of deleted records and an iterator have
no room for words, so there the same words are a warning.
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

    Warns (UserWarning, at the line that called vdb) when nothing passes, or everything, and a field
    of the filter is in no record. Nothing has been changed yet where warnings are errors.
    """
    filter_set = query.matching(reader, view, where)
    if filter_set.remark:
        warnings.warn(filter_set.remark, UserWarning, stacklevel=_depth_of_caller())
    return filter_set


def _depth_of_caller() -> int:
    """The stacklevel of the first frame outside this package, as `warnings.warn` counts above."""
    package = __name__.partition(".")[0]
    frame, depth = inspect.currentframe(), 0
    while frame is not None and frame.f_globals.get("__name__", "").partition(".")[0] == package:
        frame, depth = frame.f_back, depth + 1
    return depth
