"""The short way of the most common search: one query, and no filter, threshold or page.

One call of the kernel checks the query, searches, and reads ids and payloads (`PlainSearch`). It is
prepared once for each state of a collection and each set of arguments. Whatever is not plain (a
list of numbers, a query that is refused, k that cuts equal values apart, a damaged record) is left
to the general path in `search`, which gives the same answer in every case that both can give.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vdb.index import Neighbors
from vdb.index.types import Reader, View
from vdb.index.vectors.kernel_view import index_of
from vdb.kernel import IdCache, PlainSearch
from vdb.model.config import LIMITS
from vdb.model.dtypes import DTYPES
from vdb.model.hits import Hits
from vdb.model.metrics import UNIT_TOLERANCE, Metric
from vdb.model.records import Ids
from vdb.query.search import CheckedRequest, SearchRequest, checked_request, settled_hits
from vdb.scores.table import Convention
from vdb.store import CacheSlot, CollectionView, Snapshot

__all__ = ["plain_hits"]

_MOST = 1024  # hits; reading more takes so long that others want the GIL meanwhile
_MOST_PREPARED = 64

# Squared lengths below this are left to the general path: sums of them lose digits in float32.
_SMALLEST_SQUARE = 1e-30


_INT64 = np.dtype(np.int64)

_Answer: TypeAlias = (
    tuple[int, Ids, list[int], list[bytes | None]]
    | tuple[NDArray[np.uint32], NDArray[np.float64], NDArray[np.uint32]]
    | None
)
"""What `PlainSearch.find` returns."""


class PreparedSearch(NamedTuple):
    """A plain search, of a view and a set of arguments.

    Attributes:
        find: The kernel's part: `PlainSearch.find`.
        k: The largest number of hits.
        texts: Whether ids are texts.
        native: Whether scores are values.
        checked: The request, as the general path has it.
    """

    find: Callable[..., _Answer]
    k: int
    texts: bool
    native: bool
    checked: CheckedRequest


_Key: TypeAlias = tuple[Any, ...]
"""k, ef, exact, scores and with_payloads, of just their types."""

_PREPARED = CacheSlot[dict[_Key, PreparedSearch | None]]("plain searches")
_IDS = CacheSlot[IdCache]("ids by slot, of plain searches")


def plain_hits(reader: Reader, view: View, q: ArrayLike, arguments: tuple[Any, ...]) -> Hits | None:
    """The hits of one query; None where the general path has to find them, or to refuse it.

    Args:
        reader: Whose moment is seen.
        view: The collection, from that reader.
        q: The query.
        arguments: k, ef, exact, scores and with_payloads, unchecked; see `SearchRequest`.

    Raises:
        InvalidArgumentError: An argument is out of range, and as in the general path.
        CorruptedError: A block on the way is damaged.
    """
    if (
        type(q) is not np.ndarray
        or type(view) is not CollectionView
        or type(reader) is not Snapshot
        or not _are_plain(*arguments)
    ):
        return None
    try:
        prepared = view.cache[_PREPARED][arguments]
    except KeyError:
        prepared = _prepared(reader, view, arguments)
    if prepared is None:
        return None
    find, k, texts, native, checked = prepared
    values = np.empty(k)
    numbers = None if texts else np.empty(k, _INT64)
    answer = find(reader.fetch, reader.lookup, q, numbers, values, checked.with_payloads)
    if answer is None:
        return None
    if len(answer) == 3:
        return settled_hits(reader, view, q, checked, Neighbors(*answer))
    count, ids, slots, encoded = answer
    if count < k:
        values, ids = values[:count], ids[:count]
    scores: NDArray[np.floating] = values
    if not native:
        convention = checked.scoring.convention
        scores = convention.scored(values, view.header.dim)
        if not _is_ordered(scores, convention):
            return None
    payloads = reader.payloads(view, encoded, slots) if checked.with_payloads else None
    return Hits(ids, values, scores, checked.description, payloads)


def _are_plain(k: object, ef: object, exact: object, scores: object, with_payloads: object) -> bool:
    """Whether each argument is of just its type: True is equal to 1, and yet no k."""
    return (
        type(k) is int
        and type(exact) is bool
        and type(with_payloads) is bool
        and (ef is None or type(ef) is int)
        and (scores is None or type(scores) is str)
    )


def _is_ordered(scores: NDArray[np.floating], convention: Convention) -> bool:
    """Whether the order of the values is that of their scores."""
    if convention.direction == "lower":
        return bool((scores[1:] >= scores[:-1]).all())
    return bool((scores[1:] <= scores[:-1]).all())


def _prepared(reader: Snapshot, view: CollectionView, key: _Key) -> PreparedSearch | None:
    """A search with these arguments, cached with the view; None where it is not plain."""
    k, ef, exact, scores, with_payloads = key
    request = SearchRequest(k, ef, None, exact, scores, with_payloads=with_payloads)
    prepared = _prepare(reader, view, checked_request(view, request, threads=1))
    cached = view.cache.setdefault(_PREPARED, {})
    if len(cached) >= _MOST_PREPARED:
        cached.clear()
    cached[key] = prepared
    return prepared


def _prepare(
    reader: Snapshot, view: CollectionView, checked: CheckedRequest
) -> PreparedSearch | None:
    header, params = view.header, checked.params
    metric, (convention, _), k = checked[:3]
    rule = convention.from_vectors
    if (
        not k
        or k > _MOST
        or header.id_kind not in ("int", "str")
        or (rule is not None and rule.applies(header.dtype))
    ):
        return None
    low, high = _squares(metric, header.dtype, convention)
    texts = header.id_kind == "str"
    search = PlainSearch(
        index=index_of(view),
        ids=view.cache.setdefault(_IDS, IdCache(slots=header.slots, text=texts)),
        k=k,
        neighbors=params.k,
        ef=max(params.k, params.ef),
        exact=params.exact or not view.links,
        low=low,
        high=high,
        collection=header.number,
        start=reader.seal.start,
    )
    return PreparedSearch(search.find, k, texts, convention.name == "native", checked)


def _squares(metric: Metric, dtype: str, convention: Convention) -> tuple[float, float]:
    """The smallest and the largest squared length of a query that is plain; see `numbers.is_fit`.

    The smallest is above zero where zero is refused, or is answered in another way.
    """
    if metric.asks_for_unit(DTYPES[DTYPES[dtype].queries]):
        return 1 - UNIT_TOLERANCE, 1 + UNIT_TOLERANCE
    refused = convention.zero.query == "refused" and convention.name != "native"
    tiny = metric.shortest > 0 or metric.name == "ip" or refused
    return max(metric.shortest**2, _SMALLEST_SQUARE) if tiny else 0.0, LIMITS.norm**2
