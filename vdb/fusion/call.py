"""The public functions: fusing lists, and looking a fusion up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from vdb.errors import ArgumentTypeError, InvalidArgumentError
from vdb.fusion.fused_hits import FusedHits
from vdb.fusion.fusion_row import Fusion
from vdb.fusion.ranked_list import RankedList, ranked_list
from vdb.fusion.registry import FUSIONS, fusion_named
from vdb.fusion.run import can_enter, fused, read_settings, within_window
from vdb.fusion.settings import Settings, require_one_each
from vdb.model import arguments
from vdb.model.records import Direction

__all__ = ["describe", "fuse", "fusions"]

_MOST = 2**31 - 1
_DIRECTIONS: tuple[Direction, ...] = ("higher", "lower")


def fusions() -> list[Fusion]:
    """Every fusion, in alphabetical order, "native" first.

    Example:
        [row.name for row in vdb.fusion.fusions() if row.enters == "ranks"]
    """
    return list(FUSIONS.values())


def describe(fusion: str) -> Fusion:
    """The row of one fusion.

    Raises:
        ArgumentTypeError: The name is not a str.
        InvalidArgumentError: There is no such fusion; the message suggests one.

    Example:
        vdb.fusion.describe("qdrant-rrf").rank_base
    """
    return fusion_named(fusion)


def fuse(
    lists: Any,
    fusion: str = "native",
    weights: Any = None,
    window: int | None = None,
    k: int | None = None,
    *,
    direction: Any = None,
    **parameters: Any,
) -> FusedHits:
    """Several ranked lists as one, as an engine makes it: its scores to the bit, in its order.

    Args:
        lists: The lists, each in rank order: pairs (id, score), hits of a search, a tuple (ids,
            scores) of two arrays or lists; or a dict {id: score} in any order. Engines that take
            two lists take words first, then vectors.
        fusion: The name of a fusion; `fusions` lists them.
        weights: One for each list; None for the engine's own.
        window: How many hits of each list count, 1 or more; None for all.
        k: The largest number of hits, 1 or more; None for all.
        direction: Which scores are better in the lists: "higher" or "lower", or one of these (or
            None) for each list. None: that of the hits of a search, else the engine's, else
            "higher".
        parameters: What else the engine takes; `describe` lists it.

    Returns:
        The fused hits, best first. The lists are not changed.

    Raises:
        ArgumentTypeError: A list, an id or an argument of another type, or an unknown parameter.
        InvalidArgumentError: An unknown fusion, a list out of order or with an id twice, a score
            or a weight that the engine refuses; the message names the list and the place.

    Example:
        hits = vdb.fusion.fuse([{"a": 12.5, "b": 9.0}, {"b": 0.9, "c": 0.7}], "elasticsearch-rrf")
    """
    row = fusion_named(fusion)
    if isinstance(lists, Mapping | str):
        raise ArgumentTypeError(
            f"lists must be a sequence of lists, got {type(lists).__name__}",
            expected="a sequence of lists",
            received=type(lists).__name__,
        )
    entries = arguments.sequence("lists", lists, 1000)
    _check_number(row, len(entries))
    settings = read_settings(row, weights, parameters, len(entries))
    first = None if window is None else arguments.whole("window", window, 1, _MOST)
    most = None if k is None else arguments.whole("k", k, 1, _MOST)
    most = within_window(row, first, most)
    directions = _directions(row, direction, entries, settings)
    ranked = [
        ranked_list(f"lists[{i}]", entry, each, row.reading).first(first)
        for i, (entry, each) in enumerate(zip(entries, directions, strict=True))
    ]
    _refuse_two_kinds(ranked)
    return fused(row, ranked, settings, most)


def _check_number(row: Fusion, number: int) -> None:
    if row.inputs != "any" and number != 2:
        raise InvalidArgumentError(
            f"lists must be two for {row.name}: {row.inputs}; got {number}",
            expected=2,
            received=number,
        )
    if number < row.fewest_lists:
        raise InvalidArgumentError(
            f"lists must be at least {row.fewest_lists} for {row.name}, got {number}",
            expected=row.fewest_lists,
            received=number,
        )


def _directions(row: Fusion, direction: Any, lists: list[Any], settings: Settings) -> list[Any]:
    if direction is None or isinstance(direction, str):
        named = [direction] * len(lists)
    else:
        named = arguments.sequence("direction", direction, len(lists))
        require_one_each("direction", named, len(lists))
    usual = [row.usual_direction(i, settings) for i in range(len(lists))]
    out = []
    for i, (name, entry) in enumerate(zip(named, lists, strict=True)):
        result = _named_direction(i, name, entry) or usual[i] or "higher"
        _refuse_direction(row, i, result, usual[i])
        out.append(result)
    return out


def _named_direction(i: int, name: Any, entry: Any) -> Direction | None:
    """The direction that was named for a list, or that hits have; both must agree."""
    own = getattr(entry, "direction", None)
    own = own if own in _DIRECTIONS else None
    if name is None:
        return own
    chosen = arguments.choice(f"direction of lists[{i}]", name, _DIRECTIONS)
    wanted: Direction = "lower" if chosen == "lower" else "higher"
    if own is not None and own != wanted:
        raise InvalidArgumentError(
            f"direction of lists[{i}] must be {own!r}, as the hits have it, got {wanted!r}",
            expected=own,
            received=wanted,
        )
    return wanted


def _refuse_direction(row: Fusion, i: int, direction: Direction, usual: Direction | None) -> None:
    if can_enter(row, direction, usual):
        return
    wanted = usual or "higher"
    hint = f"; search with scores={row.vector_scores!r}" if row.vector_scores else ""
    for one in row.parameters:
        if one.name in ("metric", "metrics"):
            hint = f"; {one.name}= says of which metric it is"
    raise InvalidArgumentError(
        f"lists[{i}] must have scores of which {wanted} is better: they enter {row.name} as "
        f"they are, and {direction} is better here{hint}",
        expected=wanted,
        received=direction,
    )


def _refuse_two_kinds(lists: Iterable[RankedList]) -> None:
    kinds = {type(one) for each in lists for one in each.ids}
    if len(kinds) > 1:
        raise ArgumentTypeError(
            "ids must be all ints or all strs, in all lists, got both",
            expected="one kind of ids",
            received="int and str",
        )
