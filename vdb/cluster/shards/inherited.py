"""Writes that were carried out by shards which others have replaced.

A shard does nothing twice because it knows the tokens of its last writes. A new shard must know
those of the shards whose slots it takes: a caller that had no answer asks again with the same
token, and by then the map may name the new shard. What such a token covers is the slots of the old
shard, which may be a part of the rows of the write that comes again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from vdb.api.collection import Collection
from vdb.cluster.metadata.map_parts import Slots, slot_ranges
from vdb.cluster.metadata.slots import SLOTS, slots_of
from vdb.cluster.shards.operations import Write
from vdb.cluster.shards.state import TOKENS, Inherited, decode_result, encode_result
from vdb.model import inputs
from vdb.model.records import Id
from vdb.model.results import WriteCounts

__all__ = ["KnownWrites", "inherited_tokens", "joined_results", "rest_of"]


class KnownWrites(NamedTuple):
    """The last writes of a shard; can be pickled.

    Attributes:
        slots: The slots of the shard.
        tokens: Tokens and results, as they are stored, oldest first.
    """

    slots: Slots
    tokens: Sequence[tuple[str, Mapping[str, Any]]]


def inherited_tokens(
    old: Iterable[KnownWrites], new: Sequence[Slots]
) -> list[list[tuple[str, dict[str, Any]]]]:
    """The tokens that each of some new shards inherits, as they are stored, oldest first.

    Args:
        old: The last writes of the shards that are replaced.
        new: The slots of the new ones.
    """
    listed = [_mask(slots) for slots in new]
    heirs: list[dict[str, Inherited]] = [{} for _ in new]
    ranges: dict[tuple[Any, ...], Slots] = {}  # those of most tokens are the same
    ages: dict[str, int] = {}  # in writes of the shard that had it last
    for shard in old:
        own = _mask(shard.slots)
        takers = [number for number, slots in enumerate(listed) if (slots & own).any()]
        for age, (token, encoded) in enumerate(reversed(shard.tokens)):
            ages[token] = min(age, ages.get(token, age))
            stored = decode_result(encoded, "a token")
            if isinstance(stored, Inherited):
                covered, result, whole = _mask(stored.slots) & own, stored.result, stored.whole
            else:
                covered, result, whole = own, stored, stored
            for number in takers:
                before = heirs[number].get(token, Inherited((), None, None))
                key = (number, before.slots, shard.slots, getattr(stored, "slots", None))
                if key not in ranges:
                    part = _mask(before.slots) | (covered & listed[number])
                    ranges[key] = slot_ranges(np.flatnonzero(part))
                heirs[number][token] = Inherited(
                    ranges[key],
                    joined_results(before.result, result),
                    # Callers sum up what all shards answer: one heir has it all.
                    joined_results(before.whole, whole if number == takers[0] else _nothing(whole)),
                )
    return [_newest(heir, ages) for heir in heirs]


def _newest(heir: dict[str, Inherited], ages: dict[str, int]) -> list[tuple[str, dict[str, Any]]]:
    """As many as a shard keeps beside the write that puts them."""
    oldest_first = sorted(heir, key=ages.__getitem__, reverse=True)
    return [(token, encode_result(heir[token])) for token in oldest_first[1 - TOKENS :]]


def rest_of(collection: Collection, write: Write, known: Inherited) -> tuple[Write | None, Any]:
    """What is left of a write that comes again, and the answer to what is done.

    None for nothing. `Id`s in slots that the old shards had are done.
    """
    token, operation, args, kwargs = write
    if operation in ("index_field", "drop_field"):
        return None, known.whole  # the schema of the map has them
    covered = _mask(known.slots)
    where = kwargs.get("where")
    if operation == "clear" or where is not None:
        ids = _outside(list(collection.ids(where=where)), covered)
        more = (args[1] if len(args) > 1 else kwargs["changes"],) if "update" in operation else ()
        method = "update_payloads" if more else "delete"
        return (Write(token, method, (ids, *more), {}) if ids else None), known.whole
    names = ("ids", "changes") if operation == "update_payloads" else ("ids", "vectors", "payloads")
    if operation == "set_payloads":
        names = ("ids", "payloads")
    columns = {**dict(zip(names, args, strict=False)), **kwargs}
    all_ids = inputs.id_list(columns["ids"], ordered=False)
    left = ~covered[slots_of(all_ids)] if all_ids else np.zeros(0, np.bool_)
    done = _part(known, len(all_ids) - int(left.sum()))
    if not left.any():
        return None, done
    places = np.flatnonzero(left)
    rows = {name: _taken(columns.get(name), places, len(all_ids)) for name in names}
    others = {name: value for name, value in kwargs.items() if name not in names}
    return Write(
        token, operation, (), {**rows, **others, "ids": [all_ids[i] for i in places]}
    ), done


def joined_results(one: Any, other: Any) -> Any:
    """The answer to two parts of a write."""
    if isinstance(one, WriteCounts) and isinstance(other, WriteCounts):
        return WriteCounts(
            one.added + other.added, one.replaced + other.replaced, one.skipped + other.skipped
        )
    if isinstance(one, int) and isinstance(other, int):
        return one + other
    return other if one is None else one


def _part(known: Inherited, rows: int) -> Any:
    """The answer to so many rows of a write that are done.

    Where all rows were dealt with alike it is known; else one heir answers for all.
    """
    counts = known.result
    if isinstance(counts, WriteCounts):
        kinds = (counts.added, counts.replaced, counts.skipped)
        if sum(kinds) == max(kinds):
            return WriteCounts(*(min(rows, count) for count in kinds))
    return known.whole


def _nothing(result: Any) -> Any:
    if isinstance(result, WriteCounts):
        return WriteCounts(0, 0, 0)
    return 0 if isinstance(result, int) else result


def _taken(column: Any, places: NDArray[np.intp], rows: int) -> Any:
    """Some rows of an argument that has one for each id; what is for all of them stays."""
    if isinstance(column, np.ndarray):
        return column[places]
    if isinstance(column, list) and len(column) == rows:
        return [column[place] for place in places.tolist()]
    return column


def _outside(ids: list[Id], covered: NDArray[np.bool_]) -> list[Id]:
    if not ids:
        return []
    return [ids[place] for place in np.flatnonzero(~covered[slots_of(ids)]).tolist()]


def _mask(slots: Slots) -> NDArray[np.bool_]:
    mask = np.zeros(SLOTS, np.bool_)
    for start, stop in slots:
        mask[start:stop] = True
    return mask
