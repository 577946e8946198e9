"""The same filter in fewer conditions: several on one field become one.

Under ``$or``, equalities with single values of one field are one ``$in``, and ``$contains`` are one
``$any``; under ``$and``, inequalities are one ``$nin``, and ``$contains`` one ``$all``; but not
``$contains`` of a string, which holds for strings as well. Joints of one kind inside each other are
one, and a double negation is none.
"""

from __future__ import annotations

import operator

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
"""In a joint: a condition on one value, and the one on several that means the same."""


def simplified(where: Filter) -> Filter:
    """A filter that passes the same payloads."""
    if isinstance(where, Condition):
        return where
    if isinstance(where, Not):
        part = simplified(where.part)
        if isinstance(part, Not):
            return part.part
        return where if part is where.part else Not(part)
    assert isinstance(where, Joint)  # noqa: S101 - there is nothing else
    kind = type(where)
    parts: list[Filter] = []
    for part in where.parts:
        simple = part if isinstance(part, Condition) else simplified(part)
        if type(simple) is kind:
            parts += simple.parts
        else:
            parts.append(simple)
    joined = tuple(_together(parts, _TOGETHER[kind]))
    if len(joined) == 1:
        return joined[0]
    same = len(joined) == len(where.parts) and all(map(operator.is_, joined, where.parts))
    return where if same else kind(joined)


def _together(parts: list[Filter], pairs: _Pairs) -> list[Filter]:
    """The parts, with one membership in the place of the first of those that it stands for."""
    alike: dict[tuple[str, type[nodes.Membership]], list[Condition]] = {}
    joined: list[Filter | list[Condition]] = []
    for part in parts:
        kind = pairs.get(type(part))  # type: ignore[arg-type]  # joints are not there
        if kind is None or _is_substring(part):
            joined.append(part)
            continue
        assert isinstance(part, Condition)  # noqa: S101 - nothing else is put together
        group = alike.setdefault((part.path, kind), [])
        if not group:
            joined.append(group)
        group.append(part)
    if not alike:
        return parts
    made = iter([_membership(kind, group) for (_, kind), group in alike.items()])
    found: list[Filter] = []
    for one in joined:
        found += next(made) if isinstance(one, list) else (one,)
    return found


def _is_substring(part: Filter) -> bool:
    """Whether it holds for strings too, of which lists of literals know nothing."""
    return isinstance(part, nodes.Contains) and isinstance(part.value, str)


def _membership(kind: type[nodes.Membership], group: list[Condition]) -> list[Condition]:
    """One condition for all of these, or as few as hold so many values."""
    if len(group) == 1:
        return group
    values = [value for part in group for value in _values(part)]
    step = nodes.MOST_IDS if group[0].of_id else nodes.MOST_VALUES
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
    if isinstance(where, Condition):
        return [where]
    if isinstance(where, Not):
        return conditions(where.part)
    found: list[Condition] = []
    if isinstance(where, Joint):
        for part in where.parts:
            if isinstance(part, Condition):
                found.append(part)
            else:
                found += conditions(part)
    return found
