"""The records that pass a filter, with a warning where it names a field that no record has.

Searches report it in ``hits.plan.reason``. A count, a number of deleted records and an iterator
have no place for a text, so there the same text is a warning.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from types import FrameType
from typing import TYPE_CHECKING, Any, NamedTuple

from vdb.api import lazy_modules
from vdb.index import FilterSet
from vdb.store import Batch, CollectionView, Snapshot, WritableCollection

if TYPE_CHECKING:
    from vdb.query import filter_match as filter_module
else:
    filter_module = lazy_modules.module("vdb.query.filter_match")

__all__ = ["Place", "at", "matching", "place_of_caller", "remark", "remarks"]


class Place(NamedTuple):
    """A line of a program, for `warnings.warn_explicit`."""

    path: str
    line: int
    names: dict[str, Any]  # the globals of its module


_OWN = f"{__name__.partition('.')[0]}."

_place: ContextVar[Place | None] = ContextVar("the line that called vdb", default=None)
_remarks: ContextVar[list[str] | None] = ContextVar("texts instead of warnings", default=None)


def matching(
    reader: Snapshot | Batch, view: CollectionView | WritableCollection, where: object
) -> FilterSet:
    """The records that pass; see `filter_match.matching`.

    Warns (UserWarning, at the line that called vdb) when no record passes, or every record, and a
    field of the filter is in no record. Callers warn before they change anything, because a program
    may turn warnings into errors.
    """
    filter_set = filter_module.matching(reader, view, where)
    if filter_set.remark:
        remark(filter_set.remark)
    return filter_set


def remark(text: str) -> None:
    """Warn with this text at the line that called vdb, or add it to the list of `remarks`."""
    texts = _remarks.get()
    if texts is not None:
        texts.append(text)
        return
    place = _place.get() or place_of_caller()
    warnings.warn_explicit(
        text,
        UserWarning,
        place.path,
        place.line,
        module=place.names.get("__name__"),
        registry=place.names.setdefault("__warningregistry__", {}),
    )


@contextmanager
def at(place: Place) -> Iterator[None]:
    """Inside, warnings are of that line: of a call that runs in another thread than its caller."""
    token = _place.set(place)
    try:
        yield
    finally:
        _place.reset(token)


@contextmanager
def remarks() -> Iterator[list[str]]:
    """Inside, the texts of warnings go to this list, for a caller who can show them."""
    texts: list[str] = []
    token = _remarks.set(texts)
    try:
        yield texts
    finally:
        _remarks.reset(token)


def place_of_caller() -> Place:
    """The nearest calling line outside this package."""
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001 - what inspect.currentframe calls
    while frame is not None and frame.f_back is not None:
        name = frame.f_globals.get("__name__")
        if name is None or not name.startswith(_OWN):
            break
        frame = frame.f_back
    assert frame is not None  # noqa: S101 - CPython has frames
    return Place(frame.f_code.co_filename, frame.f_lineno, frame.f_globals)
