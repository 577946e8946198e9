"""The beginning of an iteration over ids or records: the moment, and the ids at that moment."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from vdb.api import filter_warning, lazy_modules
from vdb.api.read_access import Access, Moment
from vdb.index import FilterSet
from vdb.model import arguments, config, filters, inputs
from vdb.model.records import Id
from vdb.store import Batch, CollectionView, Snapshot, WritableCollection

if TYPE_CHECKING:
    from vdb.query import id_range as id_range_module
else:
    id_range_module = lazy_modules.module("vdb.query.id_range")

__all__ = ["IdWalk", "begin_walk", "ids_at"]

View: TypeAlias = CollectionView | WritableCollection


class IdWalk(NamedTuple):
    """A moment, the view and the ids at that moment."""

    moment: Moment
    view: View
    ids: Iterator[Id]


def begin_walk(
    access: Access,
    view_of: Callable[[Snapshot | Batch], View],
    *,
    where: Mapping[str, Any] | filters.Filter | None,
    after: Id | None,
    limit: int | None,
) -> IdWalk:
    """At most `limit` ids behind `after`, of the records that pass a filter.

    Raises:
        ArgumentTypeError: `after` is of the other kind than the collection's ids.
        InvalidArgumentError: `limit` is out of range.
        InvalidFilterError: The filter is not valid.
    """
    start = [] if after is None else [inputs.one_id(after, "after")]
    most = None if limit is None else arguments.whole("limit", limit, 1, config.LIMITS.slots)
    moment = access.moment()
    with moment.reading() as reader:
        view = view_of(reader)
        inputs.require_id_kind(view.header.name, view.header.id_kind, start, argument="after")
        filter_set = None if where is None else filter_warning.matching(reader, view, where)
        behind = start[0] if start else None
        ids = ids_at(reader, view, filter_set, after=behind, limit=most)
        return IdWalk(moment, view, ids)


def ids_at(
    reader: Snapshot | Batch,
    view: View,
    filter_set: FilterSet | None,
    *,
    after: Id | None = None,
    limit: int | None = None,
) -> Iterator[Id]:
    """At most `limit` ids behind `after`, of the records in a filter set, as they are now."""
    ids = id_range_module.ids_in_range(reader, view, filter_set, after=after, limit=limit)
    # A batch may change during the iteration.
    return iter(list(ids)) if isinstance(reader, Batch) else ids
