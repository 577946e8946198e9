"""The same filter in fewer conditions: what is asked of one field again and again is asked at once.

Under ``$or``, equalities with single values of one field are one ``$in``, and ``$contains`` are one
``$any``; under ``$and``, inequalities are one ``$nin``, and ``$contains`` one ``$all``. Joints of
one kind inside each other are one, and a double negation is none.
"""

from __future__ import annotations

from vdb.model.filters import nodes
from vdb.model.filters.nodes import Condition, Filter, Joint, Not
from vdb.model.filters.values import Literal

__all__ = ["conditions", "simplified"]

_Pairs = dict[type[Condition], type[nodes.Membership]]

_TOGETHER: dict[type[Joint], _Pairs] = {
    nodes.Or: {
        nodes.Eq: nodes.In,
        nodes.In: nodes.In,
        nodes.Contains: nodes.Any_,
        nodes.Any_: nodes.Any_,
    },
    nodes.And: {nodes.Ne: nodes.NotIn, nodes.NotIn: nodes.NotIn, nodes.Contains: nodes.All},
}
"""In a joint: what is said of one value, and what says the same of several."""


def simplified(where: Filter) -> Filter:
    """A filter that passes the same payloads."""
    if isinstance(where, Not):
        part = simplified(where.part)
        return part.part if isinstance(part, Not) else Not(part)
    if not isinstance(where, Joint):
        return where
    kind = type(where)
    parts: list[Filter] = []
    for part in map(simplified, where.parts):
        parts += part.parts if type(part) is kind and isinstance(part, Joint) else (part,)
    joined = _together(parts, _TOGETHER[kind])
    return joined[0] if len(joined) == 1 else kind(tuple(joined))


def _together(parts: list[Filter], pairs: _Pairs) -> list[Filter]:
    """The parts, with one membership in the place of the first of those that it stands for."""
    alike: dict[tuple[str, type[nodes.Membership]], list[Condition]] = {}
    joined: list[Filter | list[Condition]] = []
    for part in parts:
        kind = pairs.get(type(part)) if isinstance(part, Condition) else None
        if kind is None or not isinstance(part, Condition):
            joined.append(part)
            continue
        group = alike.setdefault((part.path, kind), [])
        if not group:
            joined.append(group)
        group.append(part)
    made = iter([_membership(kind, group) for (_, kind), group in alike.items()])
    found: list[Filter] = []
    for one in joined:
        found += next(made) if isinstance(one, list) else (one,)
    return found


def _membership(kind: type[nodes.Membership], group: list[Condition]) -> list[Condition]:
    """One condition for all of these, or as few as hold so many values."""
    if len(group) == 1:
        return group
    values = [value for part in group for value in _values(part)]
    step = nodes.MOST_VALUES
    return [
        kind(group[0].path, tuple(values[i : i + step]))
        for i in range(0, max(1, len(values)), step)
    ]


def _values(part: Condition) -> tuple[Literal, ...]:
    if isinstance(part, nodes.Membership):
        return part.values
    assert isinstance(part, nodes.Comparison)  # noqa: S101 - nothing else is put together
    return (part.value,)


def conditions(where: Filter) -> list[Condition]:
    """All conditions of a filter, from left to right."""
    found: list[Condition] = []
    waiting = [where]
    while waiting:
        one = waiting.pop()
        if isinstance(one, Condition):
            found.append(one)
        elif isinstance(one, Not):
            waiting.append(one.part)
        elif isinstance(one, Joint):
            waiting += reversed(one.parts)
    return found
