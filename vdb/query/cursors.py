"""Pages behind a cursor: the hits that come behind one that was shown, by value and then by id."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from vdb.errors import ArgumentTypeError, InvalidArgumentError
from vdb.model import arguments, inputs
from vdb.model.config import LIMITS
from vdb.model.hits import Hits
from vdb.model.metrics import METRICS
from vdb.model.records import Hit, Id
from vdb.query.hit_records import HitRecords
from vdb.query.search import QuerySearch, SearchRequest

__all__ = ["Cursor", "cursor_argument", "next_page"]

_FACTOR = 4  # by which more hits are asked for while too few lie behind the cursor


class Cursor(NamedTuple):
    """A place in the order of hits by value, equal values by id.

    Attributes:
        value: The natural value.
        id: The id.
    """

    value: float
    id: Id


def cursor_argument(records: HitRecords, after: object) -> Cursor:
    """The cursor that ``after=`` names: a pair of value and id, a hit, or hits.

    Raises:
        ArgumentTypeError: It is none of these, or the id is of the other kind.
        InvalidArgumentError: It is an empty page, behind which there is no place.
    """
    if isinstance(after, Hits):
        after = after.cursor
        if after is None:
            raise InvalidArgumentError(
                "after is a page without hits, behind which nothing comes",
                expected="hits",
                received=0,
            )
    if isinstance(after, Hit):
        after = after.value, after.id
    if not isinstance(after, tuple | list) or len(after) != 2:
        raise ArgumentTypeError(
            "after must be a page of hits, a hit, or the pair that hits.cursor is, got "
            f"{type(after).__name__}",
            expected="Hits | Hit | (value, id)",
            received=type(after).__name__,
        )
    value = after[0]
    nan = isinstance(value, float) and math.isnan(value)
    plain = math.nan if nan else arguments.number("after[0]", value)
    record_id = inputs.one_id(after[1], "after[1]")
    inputs.require_id_kind(records.name, records.id_kind, [record_id], argument="after[1]")
    return Cursor(plain, record_id)


def next_page(
    records: HitRecords, search: QuerySearch, request: SearchRequest, cursor: Cursor
) -> Hits:
    """The k hits that come next behind a cursor, in the order of their scores.

    More and more hits are asked for until k of them lie behind it.
    """
    k = request.k
    if k is None:
        hits = search(request)
        return hits.take(_behind(hits, cursor, len(hits)))
    k = arguments.whole("k", k, 1, LIMITS.slots)
    width = _FACTOR * k
    while True:
        width = min(width, max(k, records.count), LIMITS.slots)
        hits = search(request._replace(k=width))
        places = _behind(hits, cursor, k)
        if len(places) == k or len(hits) < width or width >= records.count:
            return hits.take(places)
        width *= _FACTOR


def _behind(hits: Hits, cursor: Cursor, k: int) -> np.ndarray:
    """The places of the first k hits behind the cursor by value and id, in the order of hits."""
    sign = -1.0 if METRICS[hits.metric].direction == "higher" else 1.0

    def key(value: float, record_id: Id) -> tuple[float, Id]:
        return (math.inf if math.isnan(value) else sign * value), record_id

    end = key(*cursor)
    keys = map(key, hits.values.tolist(), hits.ids.tolist())
    behind = sorted((own, place) for place, own in enumerate(keys) if own > end)[:k]
    return np.array(sorted(place for _, place in behind), dtype=np.intp)
