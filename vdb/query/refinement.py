"""Searches that do more with the ranking than cut its first k: pages, diversity, groups.

Each of them asks the plain search for more hits than it returns, and chooses among these.
"""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

from numpy.typing import ArrayLike

from vdb.errors import InvalidArgumentError
from vdb.index.types import Reader, View
from vdb.model import arguments
from vdb.model.config import LIMITS
from vdb.model.grouped_hits import GroupedHits
from vdb.model.hits import Hits
from vdb.query.cursors import cursor_argument, next_page
from vdb.query.diversity import DEFAULT_CANDIDATES, diverse
from vdb.query.groups import MOST_GROUPS, grouped
from vdb.query.hit_records import HitRecords, StoredRecords
from vdb.query.search import QuerySearch, SearchRequest, search

__all__ = ["Refinement", "refined_hits", "refined_search"]


class Refinement(NamedTuple):
    """The arguments of a search that choose among its hits, unchecked; see `Collection.search`."""

    offset: object = 0
    after: object = None
    diversity: object = None
    candidates: object = None
    group_by: object = None
    per_group: object = None


def refined_search(
    reader: Reader, view: View, q: ArrayLike, request: SearchRequest, refinement: Refinement
) -> Hits | GroupedHits:
    """The chosen hits of one query of shape (dim,); groups of them with ``group_by=``.

    Raises:
        InvalidArgumentError: An argument is out of range, or two do not go together.
        And what `search` raises.
    """
    records = StoredRecords(reader, view)
    return refined_hits(records, partial(search, reader, view, q), request, refinement)


def refined_hits(
    records: HitRecords,
    search: QuerySearch,
    request: SearchRequest,
    refinement: Refinement,
) -> Hits | GroupedHits:
    """The chosen hits among those that `search` returns; as `refined_search`."""
    offset, after, diversity, _, group_by, per_group = refinement
    start = arguments.whole("offset", offset, 0, LIMITS.slots)
    _require_one_way(refinement, start)
    if after is not None:
        cursor = cursor_argument(records, after)
        return next_page(records, search, request, cursor)
    if group_by is not None:
        k = _number("group_by", request.k, MOST_GROUPS)
        count = 1 if per_group is None else per_group
        return grouped(
            records, search, request._replace(k=k),
            path=group_by, per_group=arguments.whole("per_group", count, 1, MOST_GROUPS),
        )  # fmt: skip
    if diversity is not None:
        return _diverse(records, search, request, refinement)
    if start and request.k is not None:
        k = arguments.whole("k", request.k, 1, LIMITS.slots)
        request = request._replace(k=min(k + start, LIMITS.slots))
    hits = search(request)
    return hits[start:] if start else hits


def _require_one_way(refinement: Refinement, start: int) -> None:
    """Refuse arguments of two ways to choose, and those without the one they belong to."""
    _, after, diversity, candidates, group_by, per_group = refinement
    ways = {"offset": start or None, "after": after, "diversity": diversity, "group_by": group_by}
    given = [name for name, value in ways.items() if value is not None]
    if len(given) > 1:
        raise InvalidArgumentError(
            f"{given[0]} and {given[1]} do not go together",
            expected="one of them",
            received=tuple(given),
        )
    for name, value, partner in (
        ("candidates", candidates, "diversity"),
        ("per_group", per_group, "group_by"),
    ):
        if value is not None and partner not in given:
            raise InvalidArgumentError(
                f"{name} belongs to {partner}=, which is not given",
                expected=f"{partner}=",
                received=value,
            )


def _diverse(
    records: HitRecords,
    search: QuerySearch,
    request: SearchRequest,
    refinement: Refinement,
) -> Hits:
    share = arguments.number("diversity", refinement.diversity)
    if not 0 <= share <= 1:
        raise InvalidArgumentError(
            f"diversity must be between 0 and 1, got {share}", expected=(0, 1), received=share
        )
    k = _number("diversity", request.k, LIMITS.slots)
    width = min(DEFAULT_CANDIDATES * k, LIMITS.slots)
    if refinement.candidates is not None:
        width = arguments.whole("candidates", refinement.candidates, k, LIMITS.slots)
    hits = search(request._replace(k=width))
    return diverse(records, hits, k, share)


def _number(way: str, k: object, most: int) -> int:
    if k is None:
        raise InvalidArgumentError(
            f"{way} needs a number of hits, got k=None", expected="k", received=None
        )
    return arguments.whole("k", k, 1, most)
